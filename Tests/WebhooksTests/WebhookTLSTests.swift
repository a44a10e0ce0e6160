// SPDX-License-Identifier: Apache-2.0

// TLS against a server whose certificate is for hook.example alone: the pinned address must not weaken the check of
// the name. The key below protects nothing and exists for these tests only.

import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Testing
import Wire

@testable import Webhooks

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

@Suite("Webhook client over TLS")
struct WebhookTLSTests {
    /// Runs a test with a TLS server and a client that trusts its certificate or not; all names lead to loopback.
    private func with(
        trust: Bool, run: (WebhookClient, LoopbackServer) async throws -> Void
    ) async throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent(
            "hook-\(UInt64.random(in: 0 ... .max)).pem")
        try Data(Self.certificate.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let tls = try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: [
                    .certificate(try NIOSSLCertificate(bytes: Array(Self.certificate.utf8), format: .pem))
                ],
                privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(Self.privateKey.utf8), format: .pem))))
        try await LoopbackServer.with(tls: tls) { _ in
            .answer(200)
        } run: { server in
            try await withClient(
                policy: .init(allowsPrivateAddresses: true), resolver: HostResolver { _ in [.v4(0x7F00_0001)] },
                configure: { if trust { $0.additionalTrustRootsFile = file.path } }
            ) { client in
                try await run(client, server)
            }
        }
    }

    @Test func `the certificate is checked against the host name, not the address`() async throws {
        try await with(trust: true) { client, server in
            let url = server.url(host: "HOOK.example", scheme: "https")
            let good = await client.send(WebhookRequest(id: "1", url: url, body: [1]))
            #expect(good.isSuccess, "\(good)")
            #expect(server.received.first?.head.headers["host"] == ["hook.example:\(server.port)"])
            for host in ["other.example", "127.0.0.1"] {
                let other = WebhookRequest(id: "2", url: server.url(host: host, scheme: "https"))
                #expect(await client.send(other).failure == .tls)
            }
            #expect(server.received.count == 1)
        }
    }

    @Test func `a connection is kept, and its handshake made once`() async throws {
        try await with(trust: true) { client, server in
            let url = server.url(host: "hook.example", scheme: "https")
            for _ in 0..<20 {
                let result = await client.send(WebhookRequest(id: "1", url: url, body: Array(repeating: 1, count: 400)))
                #expect(result.isSuccess)
            }
            #expect(server.received.count == 20)
            #expect(Set(server.received.map(\.connection)).count == 1)
            #expect(client.openConnections == 1)
        }
    }

    @Test func `a certificate that nobody vouches for is refused`() async throws {
        try await with(trust: false) { client, server in
            let result = await client.send(
                WebhookRequest(id: "1", url: server.url(host: "hook.example", scheme: "https")))
            #expect(result.failure == .tls)
            #expect(server.received.isEmpty)
        }
    }

    @Test func `https to a server that does not speak TLS is a TLS failure`() async throws {
        try await LoopbackServer.with { _ in
            .answer(200)
        } run: { server in
            let result = try await withClient {
                await $0.send(WebhookRequest(id: "1", url: server.url(scheme: "https"), timeout: 3000))
            }
            #expect(result.failure == .tls)
        }
    }

    @Test func `missing trust roots are told at once`() {
        var configuration = WebhookClient.Configuration(version: "1")
        configuration.additionalTrustRootsFile = "/nowhere/roots.pem"
        #expect(throws: (any Error).self) { try WebhookClient(configuration: configuration) }
    }

    private static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBnjCCAUSgAwIBAgIUMOPeR9Ig+z9AG5HWA4aR4uR/6twwCgYIKoZIzj0EAwIw
        FzEVMBMGA1UEAwwMaG9vay5leGFtcGxlMCAXDTI2MTEyMTAzNTI1OVoYDzIxMjYx
        MDI4MDM1MjU5WjAXMRUwEwYDVQQDDAxob29rLmV4YW1wbGUwWTATBgcqhkjOPQIB
        BggqhkjOPQMBBwNCAARAOGoGDh44Nb+mvj1BfHCkbCijLrP+8DRQoOIAax6kAMts
        J/ClyAOCvaEejbmHWGtRqZLQoxTybontrG+MyzXqo2wwajAdBgNVHQ4EFgQUVrkz
        EUVji+oPQdSyKI/srrrEZKswHwYDVR0jBBgwFoAUVrkzEUVji+oPQdSyKI/srrrE
        ZKswDwYDVR0TAQH/BAUwAwEB/zAXBgNVHREEEDAOggxob29rLmV4YW1wbGUwCgYI
        KoZIzj0EAwIDSAAwRQIgK0fob/kVR3GvI1pXbIg8UHTf6Ud9O84FFyuu/toPTUMC
        IQCoGKtDHWVG/A38v+mmiz34Pi/j+LGE56+G1yhsNRH+wQ==
        -----END CERTIFICATE-----
        """

    private static let privateKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg4E0ilN0BZ0zdAhcA
        xLZEpup2EcLKpTfIeP7AJTUzTQmhRANCAARAOGoGDh44Nb+mvj1BfHCkbCijLrP+
        8DRQoOIAax6kAMtsJ/ClyAOCvaEejbmHWGtRqZLQoxTybontrG+MyzXq
        -----END PRIVATE KEY-----
        """
}
