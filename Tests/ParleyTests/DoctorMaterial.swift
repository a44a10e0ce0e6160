// SPDX-License-Identifier: Apache-2.0
// What the doctor's tests look at: files, listeners on loopback, and a self-signed certificate for the name localhost that
// is worth nothing outside of these tests.

import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import SQLTestSupport

enum DoctorMaterial {
    static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBlDCCATugAwIBAgIUZH1FdO+ZSOYDAEvsY6BAhUvvEzUwCgYIKoZIzj0EAwIw
        FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTA3NDIwMFoYDzIxMjYxMDI4
        MDc0MjAwWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
        PQMBBwNCAATQcuoljyy2PlAj2uN5Z58kOSGTGLOl7qpTB3qcLpH7TL+fqjTVJBWG
        wT8VbSNFwZu9LPm8UIjF7bSI5GXiYmyXo2kwZzAdBgNVHQ4EFgQUKBCejSlnKfB/
        ki3QCMVpI2+LcGswHwYDVR0jBBgwFoAUKBCejSlnKfB/ki3QCMVpI2+LcGswDwYD
        VR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwID
        RwAwRAIgJRgD8LWtmt1CWWkAtgg6yqWA6rNrMYrkXsekakeoSgICIC4LJmpNq5hb
        R0WS94wkvmM0aNXCjadBdSVPxBiMhlhR
        -----END CERTIFICATE-----
        """

    static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg2RJbetixOmVVn7Ax
        G4iA+kkMNerounzbvRf10rtN+G6hRANCAATQcuoljyy2PlAj2uN5Z58kOSGTGLOl
        7qpTB3qcLpH7TL+fqjTVJBWGwT8VbSNFwZu9LPm8UIjF7bSI5GXiYmyX
        -----END PRIVATE KEY-----
        """

    /// Of no certificate here.
    static let otherKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQggioV04BNfI3iZNWW
        XyNkbbkINg7Qqv6ktTmShqPTCwOhRANCAAQKvJZuabOTmLwcovAqHbResOjUo5/o
        2WoYPyl8KWaMyYEZyTpQTBIDBGqlxhGFWY+bqDVLB/9V9B27TT6fJuPQ
        -----END PRIVATE KEY-----
        """

    /// A new file with this text; it goes with the process.
    static func file(_ text: String, mode: Int = 0o600) throws -> String {
        let path = try TemporaryFolder.shared.get().newPath("txt")
        try Data(text.utf8).write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        return path
    }

    /// A new, empty folder.
    static func folder() throws -> String {
        let path = try TemporaryFolder.shared.get().newPath("folder")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    /// Runs `body` with the port of a listener that takes connections and says nothing, with TLS or without.
    static func listening<T>(tls: Bool = false, _ body: (Int) async throws -> T) async throws -> T {
        let context = try tls ? serverContext() : nil
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let context else { return }
                    try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let result: Result<T, any Error>
        do {
            result = .success(try await body(channel.localAddress?.port ?? 0))
        } catch {
            result = .failure(error)
        }
        try await channel.close()
        return try result.get()
    }

    private static func serverContext() throws -> NIOSSLContext {
        try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: try NIOSSLCertificate.fromPEMBytes(Array(certificate.utf8)).map { .certificate($0) },
                privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem))))
    }

    /// A port on which nobody listens.
    static func closedPort() async throws -> Int { try await listening { $0 } }
}
