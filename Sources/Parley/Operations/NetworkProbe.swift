// SPDX-License-Identifier: Apache-2.0
// Reaches a host the way the server would, and no further: its name's addresses, a connection, a TLS handshake. Nothing is
// sent over what was connected.

import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS
import Wire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How far it is to a host.
enum NetworkProbe {
    enum Failure: Error, Equatable {
        case name(String)
        case connection(String)
        case tls(String)
    }

    /// TLS towards the host: what to trust, and the name to ask for; nil checks the certificate against the address.
    struct TLS: Sendable {
        var configuration: TLSConfiguration
        var serverName: String?
    }

    private static let connectLimit = TimeAmount.seconds(3)
    private static let handshakeLimit = TimeAmount.seconds(2)

    /// The addresses of a host, itself where it is one already. Blocks a thread of the pool, not the caller.
    static func addresses(of host: String) async throws -> [IPAddress] {
        if let address = IPAddress(host) { return [address] }
        return try await NIOThreadPool.singleton.runIfActive { try lookUp(host) }
    }

    /// Connects to the first address that lets it, and shakes hands where `tls` says so. Returns that address.
    static func reach(_ addresses: [IPAddress], port: Int, tls: TLS?) async throws -> IPAddress {
        var last = Failure.connection("no address")
        for address in addresses.prefix(2) {
            do {
                try await reach(address, port: port, tls: tls)
                return address
            } catch let failure as Failure {
                last = failure
            }
        }
        throw last
    }

    private static func reach(_ address: IPAddress, port: Int, tls: TLS?) async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let handshake = loop.makePromise(of: Void.self)
        if tls == nil { handshake.succeed() }
        let context: NIOSSLContext?
        do {
            context = try tls.map { try NIOSSLContext(configuration: $0.configuration) }
        } catch {
            handshake.fail(error)
            throw Failure.tls("\(error)")
        }
        let channel: any Channel
        do {
            channel = try await ClientBootstrap(group: loop).connectTimeout(connectLimit)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        guard let context else { return }
                        try channel.pipeline.syncOperations.addHandlers([
                            try NIOSSLClientHandler(context: context, serverHostname: tls?.serverName),
                            HandshakeWatch(handshake),
                        ])
                    }
                }
                .connect(to: try SocketAddress(ipAddress: address.description, port: port)).get()
        } catch {
            handshake.fail(error)
            throw Failure.connection(Self.text(ofConnection: error))
        }
        let timer = loop.scheduleTask(in: handshakeLimit) { handshake.fail(Failure.tls("no TLS handshake in time")) }
        defer {
            timer.cancel()
            channel.close(promise: nil)
        }
        do {
            try await handshake.futureResult.get()
        } catch {
            throw Failure.tls(Self.text(ofHandshake: error))
        }
    }

    private static func text(ofConnection error: any Error) -> String {
        switch error {
        case let error as IOError where error.errnoCode == ECONNREFUSED: "the connection is refused"
        case let error as IOError: String(cString: strerror(error.errnoCode))
        case ChannelError.connectTimeout: "no connection within \(connectLimit.nanoseconds / 1_000_000_000) s"
        default: String("\(error)".prefix(200))
        }
    }

    private static func text(ofHandshake error: any Error) -> String {
        if case Failure.tls(let text) = error { return text }
        let text = "\(error)"
        if text.contains("CERTIFICATE_VERIFY_FAILED") { return "its certificate is not trusted" }
        if text.contains("WRONG_VERSION_NUMBER") { return "what answers there does not speak TLS" }
        if error is NIOSSLExtraError { return "its certificate is for another name" }
        return String(text.prefix(200))
    }

    private static func lookUp(_ host: String) throws -> [IPAddress] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_protocol = Int32(IPPROTO_TCP)
        hints.ai_flags = AI_ADDRCONFIG
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, &hints, &list)
        guard code == 0 else {
            throw Failure.name(gai_strerror(code).map { String(cString: $0) } ?? "code \(code)")
        }
        defer { freeaddrinfo(list) }
        var addresses: [IPAddress] = []
        var entry = list
        while let current = entry {
            entry = current.pointee.ai_next
            guard let raw = current.pointee.ai_addr else { continue }
            var text = [CChar](repeating: 0, count: 64)
            let length = socklen_t(current.pointee.ai_addrlen)
            guard getnameinfo(raw, length, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0 else { continue }
            let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            let name = String(decoding: bytes, as: UTF8.self).prefix { $0 != "%" }
            if let address = IPAddress(name), !addresses.contains(address) { addresses.append(address) }
        }
        return addresses
    }
}

/// Keeps a promise when the handshake is done or has failed.
private final class HandshakeWatch: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private struct Closed: Error, CustomStringConvertible {
        let description = "the connection was closed in the TLS handshake"
    }

    private let promise: EventLoopPromise<Void>

    init(_ promise: EventLoopPromise<Void>) { self.promise = promise }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent { promise.succeed() }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        promise.fail(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        promise.fail(Closed())
        context.fireChannelInactive()
    }
}
