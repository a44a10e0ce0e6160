// SPDX-License-Identifier: Apache-2.0

// For media: an HTTP client that can connect to one address only, while `Host`, server name and certificate check stay
// those of the host name. A connection that nevertheless ends elsewhere is closed before a byte of the request is sent.

import AsyncHTTPClient
import NIOCore
import NIOSSL
internal import Wire

enum PinnedClient {
    /// A connection went to another address than the one that was checked.
    struct WrongAddress: Error {}

    /// `readTimeout`, in ms, bounds the pauses within an answer.
    static func make(
        _ key: ClientPool.Key, configuration: WebhookClient.Configuration, tls: TLSConfiguration,
        eventLoopGroup: any EventLoopGroup, readTimeout: Int64? = nil
    ) -> HTTPClient {
        var settings = HTTPClient.Configuration(tlsConfiguration: tls, redirectConfiguration: .disallow)
        settings.dnsOverride = [key.host: key.address.description]
        settings.timeout = .init(
            connect: .milliseconds(configuration.connectTimeout), read: readTimeout.map { .milliseconds($0) })
        settings.connectionPool = .init(
            idleTimeout: .milliseconds(configuration.keepAlive),
            concurrentHTTP1ConnectionsPerHostSoftLimit: configuration.connectionsPerEndpoint)
        settings.connectionPool.retryConnectionEstablishment = false
        settings.decompression = .disabled
        settings.httpVersion = .http1Only
        // Without a tracer of our own the client would prepare spans for one that does nothing.
        settings.tracing.tracer = nil
        settings.http1_1ConnectionDebugInitializer = { channel in
            verify(channel, leadsTo: key.address)
        }
        return HTTPClient(eventLoopGroupProvider: .shared(eventLoopGroup), configuration: settings)
    }

    private static func verify(_ channel: any Channel, leadsTo address: IPAddress) -> EventLoopFuture<Void> {
        if channel.remoteAddress.flatMap({ IPAddress($0) }) == address {
            return channel.eventLoop.makeSucceededVoidFuture()
        }
        channel.close(promise: nil)
        return channel.eventLoop.makeFailedFuture(WrongAddress())
    }
}

/// The certificates trusted for `https`, parsed once and shared by all clients: each media client has a TLS context of
/// its own, and reading the system's bundle anew for each would cost milliseconds and a megabyte every time.
enum TrustStore {
    /// A client configuration that trusts the system's certificates and those in the PEM file, if any.
    static func clientConfiguration(additionalFile: String?) throws -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        if !system.isEmpty { tls.trustRoots = .certificates(system) }
        if let additionalFile {
            tls.additionalTrustRoots = [.certificates(try NIOSSLCertificate.fromPEMFile(additionalFile))]
        }
        return tls
    }

    /// Where distributions keep their bundle; empty when it is nowhere, and the TLS library's own search applies.
    private static let system: [NIOSSLCertificate] = {
        let bundles = [
            "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem",
            "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/ca-bundle.pem",
        ]
        for bundle in bundles {
            if let certificates = try? NIOSSLCertificate.fromPEMFile(bundle), !certificates.isEmpty {
                return certificates
            }
        }
        return []
    }()
}
