// SPDX-License-Identifier: Apache-2.0
// What a company's own signature and header do to a delivery. The signatures in the tables were made by another
// implementation of HMAC and Base64URL:
//
//   python3: base64.urlsafe_b64encode(hmac.new(secret, timestamp + b"\n" + body, "sha256").digest()).rstrip(b"=")

import Accounts
import EngineTestSupport
import Messaging
import NIOHTTP1
import SQLTestSupport
import Testing

@testable import Webhooks

@Suite(.serialized)
struct AccountHeadersTests {
    private static let body = "{\"text\":\"Grüße\"}"
    // The key is the text itself, also where it begins like the key of another scheme.
    private static let secret = "whsec_acme-secret"
    private static let sha256 = "9ZM7X8Wet6IH71t2YNFS_cdXFZd71Fpw5WRgvgnBb1A"
    private static let sha512 =
        "TYb3L57W8Cmy0dr1p2wjgWy2N6SfpCM-TOzS2dWwl_PLNGr4OfFyc8y0Yp5cLF67sr_lH4YXrvkzaTIz-6_TXw"
    /// Of the same body ten seconds later, with `second-secret`.
    private static let second512 =
        "KSEN5eZWnQq3sE71uFMW0lovdeclSJcW4hrQv6OSMmls-jaP6kAXPj08v5K0hHgZE39d7DU7XmS46dZGOqY8Xw"
    private static let names = ["x-signature", "x-request-timestamp", "x-signature-version", "x-acme"]

    private static func callback(
        _ secret: String?, _ method: CallbackSettings.Signature.Method = .hs256,
        header: (key: String, value: String)? = nil
    ) -> CallbackSettings {
        var callback = CallbackSettings()
        callback.signature = secret.map { CallbackSettings.Signature(secret: $0, method: method) }
        callback.header = header.map { CallbackSettings.Header(key: $0.key, value: $0.value) }
        return callback
    }

    private static func set(_ callback: CallbackSettings?, _ node: DispatcherNode) async throws {
        let company = node.company
        try await node.context.directory.provision(as: .file, now: 0) { provisioner in
            try provisioner.changeSettings(ofCompany: company) { $0.callback = callback }
        }
    }

    @Test(arguments: [(CallbackSettings.Signature.Method.hs256, sha256), (.hs512, sha512)])
    func `a delivery is signed with the company's secret and carries its header, beside the usual signature`(
        _ method: CallbackSettings.Signature.Method, signature: String
    ) async throws {
        try await LoopbackServer.with({ _ in .answer(200) }) { server in
            try await DispatcherNode.run(.sqlite) { node in
                try await Self.set(Self.callback(Self.secret, method, header: ("X-Acme", "12345678")), node)
                let delivery = try await node.store(
                    server.url(), body: Self.body, carriesAccountHeaders: true, lease: nil)
                try await node.wait(delivery.id, for: .delivered)
                let request = try #require(server.received.first)
                let headers = request.head.headers
                #expect(headers["x-signature"] == [signature])
                #expect(headers["x-request-timestamp"] == ["1768478400"])
                #expect(headers["x-signature-version"] == ["V1.0"])
                #expect(headers["x-acme"] == ["12345678"])
                #expect(request.body == Array(Self.body.utf8))
                try StandardWebhooks.verify(
                    headers: headers, body: request.body,
                    secrets: [try #require(WebhookSecret(TestSetup.webhookSecret))], now: node.clock.now / 1000)
            }
        }
    }

    @Test(arguments: Engine.allCases)
    func `a retry is signed anew, with the secret and the header of its time`(_ engine: Engine) async throws {
        let isUp = Watched(false)
        try await LoopbackServer.with({ _ in .answer(isUp.current ? 200 : 503) }) { server in
            try await DispatcherNode.run(engine) { node in
                try await Self.set(Self.callback(Self.secret), node)
                let id = try await node.add(
                    server.url(), body: Self.body, promise: .twoMore, carriesAccountHeaders: true)
                try await node.wait(id, "failed once") { $0.attempts == 1 }
                try await Self.set(Self.callback("second-secret", .hs512, header: ("X-Acme", "12345678")), node)
                isUp.update { $0 = true }
                node.clock.advance(by: 10_000)
                try await node.wait(id, for: .delivered)
                let headers = server.received.map(\.head.headers)
                #expect(headers.map { $0["x-signature"] } == [[Self.sha256], [Self.second512]])
                #expect(headers.map { $0["x-request-timestamp"] } == [["1768478400"], ["1768478410"]])
                #expect(headers.map { $0["x-acme"] } == [[], ["12345678"]])
                #expect(headers[0]["webhook-id"] == headers[1]["webhook-id"])
            }
        }
    }

    @Test(arguments: Engine.allCases)
    func `other families' deliveries and companies without settings have none of it`(_ engine: Engine) async throws {
        try await LoopbackServer.with({ _ in .answer(200) }) { server in
            try await DispatcherNode.run(engine) { node in
                try await node.wait(
                    try await node.add(server.url("/none"), carriesAccountHeaders: true), for: .delivered)
                try await Self.set(Self.callback(Self.secret, header: ("X-Acme", "12345678")), node)
                try await node.wait(try await node.add(server.url("/sms")), for: .delivered)
                #expect(server.received.count == 2)
                for request in server.received {
                    #expect(Self.names.allSatisfy { request.head.headers[$0].isEmpty }, "\(request.head.uri)")
                    #expect(request.head.headers["webhook-signature"].count == 1)
                }
            }
        }
    }

    @Test(arguments: [
        // What a delivery has anyhow stays as it is.
        ("Content-Type", "text/plain"), ("WEBHOOK-ID", "forged-id"), ("x-signature", "forged-signature"),
        ("X-Signature-Version", "V9.9"),
        // Nothing of these is one header.
        ("X-Acme: a\r\nX-Other", "12345678"), ("X-Acme", "1234\r\nX-Other: 5678"), ("", "12345678"),
        ("X Acme", "12345678"), ("X-Ä", "12345678"), ("X-Acme", "1234\u{0}5678"),
    ])
    func `the header replaces nothing and adds nothing else`(_ key: String, value: String) {
        var headers: HTTPHeaders = ["content-type": "application/json", "webhook-id": "msg_1"]
        AccountHeaders.add(
            Self.callback(Self.secret, header: (key, value)), to: &headers, timestamp: 1, body: [])
        #expect(
            headers.map(\.name) == [
                "content-type", "webhook-id", "x-signature", "x-request-timestamp", "x-signature-version",
            ])
        #expect(headers.first(name: "content-type") == "application/json")
        #expect(headers.first(name: "webhook-id") == "msg_1")
    }

    @Test func `an empty secret turns signing off`() {
        var headers: HTTPHeaders = [:]
        AccountHeaders.add(Self.callback("", header: ("X-Acme", "ünïcode!")), to: &headers, timestamp: 1, body: [])
        #expect(headers.map(\.name) == ["X-Acme"])
        AccountHeaders.add(CallbackSettings(), to: &headers, timestamp: 1, body: [])
        #expect(headers.count == 1)
    }
}
