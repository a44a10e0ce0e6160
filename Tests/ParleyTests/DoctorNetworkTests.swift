// SPDX-License-Identifier: Apache-2.0
// Carriers and callback URLs as the doctor reaches for them, on loopback.

import Foundation
import Messaging
import Testing
import Wire

@testable import Parley

struct DoctorNetworkTests {
    private static func connector(_ options: [String: JSONValue], isStopped: Bool = false) async -> DoctorCheck {
        let all = ["host": .string("127.0.0.1"), "systemId": .string("a")].merging(options) { $1 }
        let settings = ConnectorSettings(id: 1, name: "carrier", kind: "smpp", options: .object(all), secret: "b")
        return await ConnectorProbe(settings: settings, isStopped: isStopped, binds: false).check()
    }

    private static func tls(_ members: [String: JSONValue] = [:]) throws -> JSONValue {
        let trust: [String: JSONValue] = ["ca": .string(try DoctorMaterial.file(DoctorMaterial.certificate))]
        return .object(trust.merging(members) { $1 })
    }

    @Test func `a carrier that takes connections is well, one that does not fails`() async throws {
        let open = try await DoctorMaterial.listening { await Self.connector(["port": .integer(Int64($0))]) }
        #expect(open.outcome == .ok)
        #expect(open.name == "connector carrier")
        let port = try await DoctorMaterial.closedPort()
        let closed = await Self.connector(["port": .integer(Int64(port))])
        #expect(closed.outcome == .failure)
        #expect(closed.detail == "127.0.0.1:\(port): the connection is refused")
    }

    @Test func `a name without an address, a wrong option and a stopped connector are told`() async {
        let nameless = await Self.connector(["host": .string("carrier.invalid")])
        #expect(nameless.outcome == .failure)
        #expect(nameless.detail.hasPrefix("carrier.invalid: "))
        #expect(await Self.connector(["window": .integer(0)]).outcome == .failure)
        #expect(await Self.connector(["host": .string("carrier.invalid")], isStopped: true).outcome == .ok)
    }

    @Test func `a carrier's certificate is checked as the connector would`() async throws {
        try await DoctorMaterial.listening(tls: true) { port in
            let port = JSONValue.integer(Int64(port))
            let untrusted = await Self.connector(["port": port, "tls": .bool(true)])
            #expect(untrusted.outcome == .failure)
            #expect(untrusted.detail.hasSuffix("its certificate is not trusted"))
            let right = try Self.tls(["serverName": .string("localhost")])
            #expect(await Self.connector(["port": port, "tls": right]).outcome == .ok)
            let named = try Self.tls(["serverName": .string("other.example")])
            let other = await Self.connector(["port": port, "tls": named])
            #expect(other.detail.hasSuffix("its certificate is for another name"))
            #expect(await Self.connector(["port": port, "tls": .object(["verify": .bool(false)])]).outcome == .ok)
        }
    }

    @Test func `a carrier that ends the connection where TLS is wanted fails`() async throws {
        let check = try await DoctorMaterial.listening { port in
            // The listener says nothing: there is no handshake in time.
            await Self.connector(["port": .integer(Int64(port)), "tls": .bool(true)])
        }
        #expect(check.outcome == .failure)
        #expect(check.detail.hasSuffix("no TLS handshake in time"))
    }

    // MARK: Callbacks

    private static func callback(_ url: String, _ change: (inout Configuration.Callbacks) -> Void = { _ in }) async
        -> DoctorCheck
    {
        var callbacks = Configuration.Callbacks()
        callbacks.allowsPlainHTTP = true
        callbacks.allowsPrivateAddresses = true
        change(&callbacks)
        return await CallbackProbe(url: url, numbers: ["491"], callbacks: callbacks).check()
    }

    @Test func `a callback URL that is refused at delivery is refused here`() async throws {
        let cases: [(String, (inout Configuration.Callbacks) -> Void, String)] = [
            ("http://localhost:8080/in", { $0.allowsPrivateAddresses = false }, "loopback"),
            ("http://127.0.0.1:8080/in", { $0.allowsPrivateAddresses = false }, "loopback"),
            ("http://169.254.169.254/in", { _ in }, "link-local"), ("http://127.0.0.1:25/in", { _ in }, "port 25"),
            ("http://a.example/in", { $0.allowsPlainHTTP = false }, "use https"), ("ftp://a.example/", { _ in }, "ftp"),
            ("nonsense", { _ in }, "URL"),
        ]
        for (url, change, words) in cases {
            let check = await Self.callback(url, change)
            #expect(check.outcome == .failure, "\(url)")
            #expect(check.detail.hasPrefix(url) && check.detail.contains(words), "\(check.detail)")
        }
    }

    @Test func `a receiver that is down fails, one that is up is well, and a query is never shown`() async throws {
        let port = try await DoctorMaterial.closedPort()
        let down = await Self.callback("http://127.0.0.1:\(port)/in?token=private")
        #expect(down.outcome == .failure)
        #expect(down.detail == "http://127.0.0.1:\(port)/in: the connection is refused")
        let up = try await DoctorMaterial.listening { await Self.callback("http://localhost:\($0)/in?token=private") }
        #expect(up.outcome == .ok)
        #expect(!up.detail.contains("private"))
    }

    @Test func `a receiver's certificate leads to a trusted root or fails`() async throws {
        let roots = try DoctorMaterial.file(DoctorMaterial.certificate)
        try await DoctorMaterial.listening(tls: true) { port in
            let untrusted = await Self.callback("https://localhost:\(port)/in")
            #expect(untrusted.outcome == .failure)
            #expect(untrusted.detail.hasSuffix("its certificate is not trusted"))
            #expect(await Self.callback("https://localhost:\(port)/in") { $0.trustRoots = roots }.outcome == .ok)
            let other = await Self.callback("https://127.0.0.1:\(port)/in") { $0.trustRoots = roots }
            #expect(other.detail.hasSuffix("its certificate is for another name"))
        }
        let missing = await Self.callback("https://localhost:1/in") { $0.trustRoots = "/nowhere.pem" }
        #expect(missing.outcome == .failure)
    }
}
