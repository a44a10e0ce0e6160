// SPDX-License-Identifier: Apache-2.0
// The certificate of the HTTP listener. It is read again when its files change, looked at by the connections that come
// in and at most once a second, and when somebody asks. Files that cannot be used change nothing: the last good
// certificate stays.

public import Logging
internal import NIOSSL
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Why a certificate cannot be used; the text names the file and is for the operator.
public struct TLSCertificateError: Error, Equatable, CustomStringConvertible {
    public let description: String
}

public final class TLSCertificates: Sendable {
    /// What tells one version of a file from another.
    private struct Stamp: Equatable {
        let device: UInt64
        let inode: UInt64
        let size: Int64
        let seconds: Int64
        let nanoseconds: Int64

        init?(path: String) {
            var found = stat()
            guard stat(path, &found) == 0 else { return nil }
            device = UInt64(found.st_dev)
            inode = UInt64(found.st_ino)
            size = Int64(found.st_size)
            #if canImport(Darwin)
                let changed = found.st_mtimespec
            #else
                let changed = found.st_mtim
            #endif
            seconds = Int64(changed.tv_sec)
            nanoseconds = Int64(changed.tv_nsec)
        }
    }

    private struct Loaded {
        let context: NIOSSLContext
        /// Until when the leaf certificate is valid, seconds since 1970.
        let expiresAt: Int64
    }

    private struct State {
        var loaded: Loaded
        var stamps: [Stamp?]
        var nextLook: ContinuousClock.Instant
    }

    private static let interval = Duration.seconds(1)

    private let certificateChain: String
    private let privateKey: String
    private let logger: Logger
    private let state: Mutex<State>

    /// Reads the PEM files: the chain, its leaf first, and the leaf's key without a passphrase.
    public init(certificateChain: String, privateKey: String, logger: Logger) throws(TLSCertificateError) {
        self.certificateChain = certificateChain
        self.privateKey = privateKey
        self.logger = logger
        let stamps = [Stamp(path: certificateChain), Stamp(path: privateKey)]
        let loaded = try Self.load(certificateChain, privateKey)
        state = Mutex(State(loaded: loaded, stamps: stamps, nextLook: .now.advanced(by: Self.interval)))
    }

    /// Until when the certificate in use is valid, seconds since 1970.
    public var expiresAt: Int64 { state.withLock { $0.loaded.expiresAt } }

    /// Reads the files now, whether they have changed or not.
    public func reload() throws(TLSCertificateError) {
        let stamps = stamps
        let loaded = try Self.load(certificateChain, privateKey)
        state.withLock { state in
            state.loaded = loaded
            state.stamps = stamps
        }
        logger.notice("the TLS certificate was read again", metadata: ["file": "\(certificateChain)"])
    }

    /// What the next connection is to use.
    var context: NIOSSLContext {
        if isDue, stamps != state.withLock({ $0.stamps }) {
            let stamps = stamps
            do throws(TLSCertificateError) {
                try reload()
            } catch {
                // Not tried again before the files change once more: a half-written pair is whole soon.
                state.withLock { $0.stamps = stamps }
                logger.error("the renewed TLS certificate cannot be used", metadata: ["error": "\(error)"])
            }
        }
        return state.withLock { $0.loaded.context }
    }

    private var stamps: [Stamp?] { [Stamp(path: certificateChain), Stamp(path: privateKey)] }

    private var isDue: Bool {
        let now = ContinuousClock.now
        return state.withLock { state in
            guard now >= state.nextLook else { return false }
            state.nextLook = now.advanced(by: Self.interval)
            return true
        }
    }

    private static func load(_ certificateChain: String, _ privateKey: String) throws(TLSCertificateError) -> Loaded {
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(certificateChain)
            guard let leaf = chain.first else {
                throw TLSCertificateError(description: "\(certificateChain): holds no certificate")
            }
            let key = try key(in: privateKey)
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
            configuration.minimumTLSVersion = .tlsv12
            configuration.applicationProtocols = ["http/1.1"]
            return Loaded(
                context: try NIOSSLContext(configuration: configuration), expiresAt: Int64(leaf.notValidAfter))
        } catch let error as TLSCertificateError {
            throw error
        } catch {
            throw TLSCertificateError(
                description: "\(certificateChain) and \(privateKey) are no certificate with its key: \(error)")
        }
    }

    private static func key(in path: String) throws -> NIOSSLPrivateKey {
        do {
            return try NIOSSLPrivateKey(file: path, format: .pem)
        } catch {
            throw TLSCertificateError(description: "\(path): holds no private key in PEM without a passphrase")
        }
    }
}
