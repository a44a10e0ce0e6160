// SPDX-License-Identifier: Apache-2.0
// TLS with certificates that the test makes: a renewed one is seen by the next connection, without a restart, and a
// broken one changes nothing.

import EngineTestSupport
import Foundation
import Logging
import NIOSSL
import Prometheus
import SQLTestSupport
import Testing

@testable import API

/// A folder with a certificate for localhost and its key, made by openssl.
private final class CertificateFiles: Sendable {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("parley-tls-\(UUID())")

    var chain: String { folder.appendingPathComponent("tls.crt").path }
    var key: String { folder.appendingPathComponent("tls.key").path }

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try renew()
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// Replaces both files.
    func renew() throws {
        let openssl = Process()
        openssl.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        openssl.arguments = [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
            "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", chain,
        ]
        openssl.standardError = FileHandle.nullDevice
        try openssl.run()
        openssl.waitUntilExit()
        try #require(openssl.terminationStatus == 0)
    }

    /// A client that trusts the certificate as it is now, and nothing else.
    func client(maximum: TLSVersion? = nil) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(chain))
        if let maximum {
            configuration.minimumTLSVersion = .tlsv1
            configuration.maximumTLSVersion = maximum
        }
        return try NIOSSLContext(configuration: configuration)
    }

    func certificates() throws -> TLSCertificates {
        try TLSCertificates(certificateChain: chain, privateKey: key, logger: TestDatabase.quiet)
    }
}

@Suite struct TLSTests {
    private static let health = LiveServer.get("/health")

    @Test func `requests are served over TLS 1.2 and 1.3 and not below`() async throws {
        let files = try CertificateFiles()
        var options = APIOptions()
        options.certificates = try files.certificates()
        try await LiveServer.run(options) { server async throws in
            for version in [TLSVersion.tlsv12, .tlsv13] {
                let answer = try await server.exchange(Self.health, tls: try files.client(maximum: version))
                #expect(answer.hasPrefix("HTTP/1.1 200"), "\(version)")
            }
            await #expect(throws: (any Error).self) {
                _ = try await server.exchange(Self.health, tls: try files.client(maximum: .tlsv11))
            }
            let plain = try? await server.exchange(Self.health)
            #expect(plain?.contains("200") != true)
            let text = String(decoding: server.registry.text(), as: UTF8.self)
            let line = try #require(
                text.split(separator: "\n").first { $0.hasPrefix("parley_tls_certificate_expiry_timestamp_seconds ") })
            let seconds = try #require(line.split(separator: " ").last.flatMap { Double($0) })
            #expect(abs(seconds - Date.now.timeIntervalSince1970 - 172_800) < 3600)
        }
    }

    @Test func `a renewed certificate is seen by the connections that come after`() async throws {
        let files = try CertificateFiles()
        let old = try files.client()
        var options = APIOptions()
        options.certificates = try files.certificates()
        try await LiveServer.run(options) { server async throws in
            #expect(try await server.exchange(Self.health, tls: old).hasPrefix("HTTP/1.1 200"))
            try files.renew()
            let new = try files.client()
            _ = try await eventually("the renewed certificate") {
                try? await server.exchange(Self.health, tls: new)
            }
            await #expect(throws: (any Error).self) { try await server.exchange(Self.health, tls: old) }
        }
    }

    @Test func `asked to, the server reads the files at once`() async throws {
        let files = try CertificateFiles()
        let certificates = try files.certificates()
        var options = APIOptions()
        options.certificates = certificates
        try await LiveServer.run(options) { server async throws in
            try files.renew()
            try certificates.reload()
            let answer = try await server.exchange(Self.health, tls: try files.client())
            #expect(answer.hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test func `a renewal that cannot be used leaves the old certificate`() async throws {
        let files = try CertificateFiles()
        let old = try files.client()
        let certificates = try files.certificates()
        let before = certificates.expiresAt
        try Data("-----BEGIN CERTIFICATE-----\n".utf8).write(to: URL(fileURLWithPath: files.chain))
        #expect(throws: TLSCertificateError.self) { try certificates.reload() }
        #expect(certificates.expiresAt == before)
        var options = APIOptions()
        options.certificates = certificates
        try await LiveServer.run(options) { server async throws in
            #expect(try await server.exchange(Self.health, tls: old).hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test func `a key of another certificate is refused with the names of the files`() throws {
        let (one, other) = (try CertificateFiles(), try CertificateFiles())
        let error = #expect(throws: TLSCertificateError.self) {
            try TLSCertificates(certificateChain: one.chain, privateKey: other.key, logger: TestDatabase.quiet)
        }
        #expect(error?.description.contains(one.chain) == true)
        #expect(error?.description.contains(other.key) == true)
        let missing = #expect(throws: TLSCertificateError.self) {
            try TLSCertificates(certificateChain: one.chain, privateKey: "/nowhere/tls.key", logger: TestDatabase.quiet)
        }
        #expect(missing?.description.hasPrefix("/nowhere/tls.key: ") == true)
    }
}
