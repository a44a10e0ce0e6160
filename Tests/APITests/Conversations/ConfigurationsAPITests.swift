// SPDX-License-Identifier: Apache-2.0
// Configurations through the Conversations API: what is set holds at once, on every node, and is shown to those who may
// see it; nothing of another company's.

import Accounts
import EngineTestSupport
import HTTPTypes
import Messaging
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import API

@Suite("Conversations configurations")
struct ConfigurationsAPITests {
    private static let callback: [String: JSONValue] = [
        "callbackVersion": "2.13", "inboundMessageUrl": "https://acme.example/in",
        "messageStatusUrl": "https://acme.example/status",
        "eventFilter": .array(["MessageStatus::delivered", "MessageStatus::failed"]),
        "signature": ["secret": "0123456789", "method": "HS512"],
        "header": ["key": "x-acme", "value": "12345678"],
    ]

    private static let number = "/configurations/channels/whatsapp/phone-numbers/\(ConfigurationTester.whatsapp)"

    @Test(arguments: Engine.allCases)
    func `the account's callback is set, shown and replaced as a whole`(_ engine: Engine) async throws {
        try await ConfigurationTester.run(engine) { tester in
            let before = try await tester.get("/configurations")
            #expect(before.json["scopes"]?.array?.count == 7)
            #expect(before.json["callback"] == ["callbackVersion": "2.12", "eventFilter": .array([])])
            #expect(before.json["config"] == .object([:]))
            let set = try await tester.put("/configurations/callbacks", .object(Self.callback))
            #expect(set.status == 200, "\(set.text)")
            #expect(set.json["callback"] == .object(Self.callback))
            // Another node has it from the database.
            let second = DirectoryCache(database: tester.node.database, secrets: try #require(TestSetup.secrets))
            try await second.reload()
            let stored = second.current.companySettings[tester.node.acme]?.callback
            #expect(stored?.signature == CallbackSettings.Signature(secret: "0123456789", method: .hs512))
            #expect(second.current.version == tester.node.directory.current.version)
            // A PUT replaces: what it leaves out is gone.
            let replaced = try await tester.put(
                "/configurations/callbacks", ["messageStatusUrl": "https://acme.example/s"])
            #expect(
                replaced.json["callback"] == [
                    "callbackVersion": "2.12", "messageStatusUrl": "https://acme.example/s", "eventFilter": .array([]),
                ])
            #expect(try await tester.get("/configurations").json == replaced.json)
            #expect(try await tester.get("/configurations", key: TestSetup.otherKey).json == before.json)
        }
    }

    @Test(arguments: Engine.allCases)
    func `media credentials are set, replaced and removed beside the callback`(_ engine: Engine) async throws {
        try await ConfigurationTester.run(engine) { tester in
            _ = try await tester.put("/configurations/callbacks", .object(Self.callback))
            let oauth2: JSONValue = [
                "type": "oauth2",
                "oauth2": ["clientId": "id", "clientSecret": "secret", "url": "https://login.example/token"],
            ]
            let set = try await tester.put("/configurations/mediaCredentials", oauth2)
            #expect(set.json["config"] == ["mediaCredentials": oauth2], "\(set.text)")
            #expect(set.json["callback"] == .object(Self.callback))
            let basic: JSONValue = ["basic": ["username": "u", "password": "p"]]
            let second = try await tester.put("/configurations/mediaCredentials", basic)
            #expect(second.json["config"]?["mediaCredentials"]?["type"] == "basic")
            #expect(
                tester.node.directory.current.companySettings[tester.node.acme]?.mediaCredentials
                    == .basic(username: "u", password: "p"))
            let removed = try await tester.delete("/configurations/mediaCredentials")
            #expect((removed.status, removed.json["config"]) == (200, .object([:])))
            #expect(removed.json["callback"] == .object(Self.callback))
        }
    }

    @Test func `secrets are in no audit row and in no plain text of the database`() async throws {
        try await ConfigurationTester.run { tester in
            _ = try await tester.put("/configurations/callbacks", .object(Self.callback))
            _ = try await tester.put(
                "/configurations/mediaCredentials", ["basic": ["username": "u", "password": "pass-word-4711"]])
            let rows = try await tester.api.audit(.company)
            #expect(rows.map(\.actor) == ["key:main", "key:main"])
            var writer = JSONWriter()
            for row in rows { writer.value(row.changes) }
            #expect(writer.text.contains("https://acme.example/in"))
            #expect(writer.text.contains("(hidden)"))
            let stored = try await tester.node.database.read { transaction in
                try transaction.queryOne("SELECT settings FROM company_settings")?.text("settings") ?? ""
            }
            for secret in ["0123456789", "12345678", "pass-word-4711"] {
                #expect(!writer.text.contains(secret))
                #expect(!stored.contains(secret))
            }
        }
    }

    @Test(
        arguments: [
            (["callbackVersion": "2.10"], ["callbackVersion"]),
            (["inboundMessageUrl": "http://acme.example/in"], ["inboundMessageUrl"]),
            (["inboundMessageUrl": "acme"], ["inboundMessageUrl"]),
            (
                ["messageStatusUrl": .string("https://acme.example/" + String(repeating: "x", count: 1980))],
                ["messageStatusUrl"]
            ),
            (["eventFilter": "MessageStatus::seen"], ["eventFilter"]),
            (["eventFilter": .array(["MessageStatus::seen", "seen", 7])], ["eventFilter[1]", "eventFilter[2]"]),
            (["signature": ["secret": "1234567", "method": "HS256"]], ["signature.secret"]),
            (["signature": ["secret": "12345678", "method": "HS384"]], ["signature.method"]),
            (["signature": ["secret": "12345678"]], ["signature.method"]),
            (["signature": ["method": "HS256"]], ["signature.secret"]),
            (["signature": 7], ["signature"]),
            (["header": ["key": "abc", "value": "12345678"]], ["header.key"]),
            (["header": ["key": "a b c d", "value": "12345678"]], ["header.key"]),
            (["header": ["key": "Content-Type", "value": "12345678"]], ["header.key"]),
            (["header": ["key": "x-signature", "value": "12345678"]], ["header.key"]),
            (["header": ["key": "x-acme", "value": "1234567"]], ["header.value"]),
            (["header": ["key": "x-acme", "value": "1234\r\n5678"]], ["header.value"]),
            (["inboundMessageUrl": 1, "callbackVersion": 2], ["callbackVersion", "inboundMessageUrl"]),
        ] as [([String: JSONValue], [String])])
    func `a callback that cannot be is refused by its fields`(_ body: [String: JSONValue], fields: [String])
        async throws
    {
        try await ConfigurationTester.run { tester in
            let answer = try await tester.put("/configurations/callbacks", .object(body))
            #expect((answer.status, answer.refusedFields) == (400, fields), "\(answer.text)")
            #expect(answer.string("title") == "Constraint Violation")
        }
    }

    @Test(
        arguments: [
            ["signature": ""], ["signature": .object([:])], ["signature": ["secret": "", "method": "HS256"]],
            ["signature": ["secret": "", "method": ""]], ["signature": .null], ["header": .object([:])], ["header": ""],
        ] as [[String: JSONValue]])
    func `an empty signature or header is none`(_ body: [String: JSONValue]) async throws {
        try await ConfigurationTester.run { tester in
            _ = try await tester.put("/configurations/callbacks", .object(Self.callback))
            let answer = try await tester.put("/configurations/callbacks", .object(body))
            #expect(
                answer.json["callback"] == ["callbackVersion": "2.12", "eventFilter": .array([])], "\(answer.text)")
        }
    }

    @Test(
        arguments: [
            ([:], ["oauth2"]), (["type": "digest"], ["type", "oauth2"]), (["type": "basic"], ["basic"]),
            (["type": "oauth2", "oauth2": ["clientId": "a"]], ["oauth2.url", "oauth2.clientSecret"]),
            (["oauth2": ["clientId": "a", "clientSecret": "b", "url": "http://x.example"]], ["oauth2.url"]),
            (["basic": ["username": "a:b", "password": "c"]], ["basic.username"]),
            (["basic": ["username": "", "password": "c"]], ["basic.username"]),
        ] as [([String: JSONValue], [String])])
    func `credentials that cannot be are refused`(_ body: [String: JSONValue], fields: [String]) async throws {
        try await ConfigurationTester.run { tester in
            let answer = try await tester.put("/configurations/mediaCredentials", .object(body))
            #expect(answer.status == 400)
            #expect(answer.refusedFields == fields, "\(answer.text)")
        }
    }

    @Test func `an account sees and changes what its scopes allow`() async throws {
        try await ConfigurationTester.run { tester in
            _ = try await tester.put("/configurations/callbacks", .object(Self.callback))
            _ = try await tester.put(
                "/configurations/mediaCredentials", ["basic": ["username": "u", "password": "p"]])
            try await tester.setScopes(["media:read"])
            let shown = try await tester.get("/configurations")
            #expect(shown.json == ["scopes": .array(["media:read"]), "config": .object([:])])
            #expect(try await tester.put("/configurations/callbacks", [:]).status == 403)
            #expect(try await tester.put("/configurations/mediaCredentials", [:]).status == 403)
            #expect(try await tester.delete("/configurations/mediaCredentials").status == 403)
            #expect(try await tester.get("/configurations/channels").status == 403)
            #expect(try await tester.get(Self.number).status == 403)
            try await tester.setScopes(["channels:read"])
            #expect(try await tester.get(Self.number).json["callback"] == nil)
            try await tester.setScopes(["callbacks:read", "credentials:read"])
            let both = try await tester.get("/configurations").json
            #expect(both["callback"] == .object(Self.callback))
            #expect(both["config"]?["mediaCredentials"] != nil)
        }
    }

    @Test func `channels are listed by their kinds`() async throws {
        try await ConfigurationTester.run { tester in
            let all = try await tester.get("/configurations/channels")
            #expect(all.json.array?.compactMap { $0["channel"]?.string } == ["sms", "mms", "viber", "whatsapp"])
            #expect(all.headers[HTTPField.Name.totalItems] == "4")
            for (kind, id) in [
                ("sms", ["phoneNumber": .string(TestSetup.number)]),
                ("mms", ["phoneNumber": .string(ConfigurationTester.mms)]),
                ("viber", ["serviceId": .string(ConfigurationTester.viber)]),
                ("whatsapp", ["phoneNumber": .string(ConfigurationTester.whatsapp)]),
            ] as [(String, [String: JSONValue])] {
                let list = try await tester.get("/configurations/channels/\(kind)")
                #expect(list.json.array?.count == 1)
                let channel = try #require(list.json.array?.first)
                #expect(channel["id"] == .object(id))
                #expect(channel["channel"]?.string == kind)
                #expect(channel["scopes"]?.array?.contains("callbacks:write") == true)
                let base = kind == "viber" ? "service-ids" : "phone-numbers"
                let address = try #require(id.values.first?.string)
                #expect(try await tester.get("/configurations/channels/\(kind)/\(base)/\(address)").json == channel)
            }
            let viber = try await tester.get("/configurations/channels/viber/service-ids/10001")
            #expect(viber.json["config"] == ["serviceType": "session"])
            #expect(
                try await tester.get("/configurations/channels/whatsapp/phone-numbers/+4915200000001").status == 200)
            #expect(try await tester.get(Self.number).string("name") == "Support")
            let second = try await tester.get("/configurations/channels?size=3&page=2")
            #expect(second.json.array?.count == 1)
            #expect(
                second.headers[HTTPField.Name.link]?.contains("/configurations/channels?page=1&size=3>; rel=\"prev\"")
                    == true)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a channel's callback goes field by field over the account's`(_ engine: Engine) async throws {
        try await ConfigurationTester.run(engine) { tester in
            _ = try await tester.put("/configurations/callbacks", .object(Self.callback))
            let account = try await tester.get(Self.number)
            #expect(
                account.json["callback"] == [
                    "callbackVersion": "2.13", "inboundMessageUrl": "https://acme.example/in",
                    "messageStatusUrl": "https://acme.example/status",
                    "eventFilter": .array(["MessageStatus::delivered", "MessageStatus::failed"]),
                ])
            let set = try await tester.put(
                Self.number + "/callbacks",
                ["callbackVersion": "2.11", "messageStatusUrl": "https://acme.example/wa", "signature": 7])
            #expect(set.status == 200, "\(set.text)")
            #expect(
                set.json["callback"] == [
                    "callbackVersion": "2.11", "inboundMessageUrl": "https://acme.example/in",
                    "messageStatusUrl": "https://acme.example/wa",
                    "eventFilter": .array(["MessageStatus::delivered", "MessageStatus::failed"]),
                ])
            let all = try await tester.put(Self.number + "/callbacks", ["eventFilter": .array([])])
            #expect(all.json["callback"]?["eventFilter"] == .array([]))
            #expect(all.json["callback"]?["messageStatusUrl"] == "https://acme.example/status")
            let viber = try await tester.get("/configurations/channels/viber/service-ids/10001")
            #expect(viber.json["callback"]?["messageStatusUrl"] == "https://acme.example/status")
            let refused = try await tester.put(Self.number + "/callbacks", ["inboundMessageUrl": "x"])
            #expect((refused.status, refused.refusedFields) == (400, ["inboundMessageUrl"]))
            #expect(try await tester.api.audit(.channel).map(\.action) == [.changed, .changed])
        }
    }

    @Test func `a channel without the scope keeps its callback to itself`() async throws {
        try await ConfigurationTester.run { tester in
            let node = tester.node
            let id = try #require(
                node.directory.current.channels[ChannelAddress(kind: .whatsapp, address: ConfigurationTester.whatsapp)]?
                    .id)
            try await node.provision { provisioner in
                var settings = ChannelSettings()
                settings.scopes = ["messages:write"]
                _ = try provisioner.change(
                    channelID: id, companyID: node.acme,
                    address: ChannelAddress(kind: .whatsapp, address: ConfigurationTester.whatsapp), inbound: nil,
                    details: ChannelDetails(settings: settings))
            }
            let shown = try await tester.get(Self.number)
            #expect(shown.json["scopes"] == .array(["messages:write"]))
            #expect(shown.json["callback"] == nil)
            #expect(try await tester.put(Self.number + "/callbacks", [:]).status == 403)
        }
    }

    @Test(arguments: [
        "whatsapp/phone-numbers/4915200000002", "whatsapp/phone-numbers/1", "whatsapp/phone-numbers/x%20y",
        "sms/phone-numbers/4915200000001", "viber/service-ids/99999", "mms/phone-numbers/123", "echo/accounts/echo",
    ])
    func `what is not the account's own is not there`(_ channel: String) async throws {
        try await ConfigurationTester.run { tester in
            let shown = try await tester.get("/configurations/channels/\(channel)")
            #expect(shown.status == 404)
            #expect(try await tester.put("/configurations/channels/\(channel)/callbacks", [:]).status == 404)
        }
    }

    @Test func `a key for some channels sees those and sets nothing for all`() async throws {
        try await ConfigurationTester.run { tester in
            let acme = tester.node.acme
            try await tester.node.provision { provisioner in
                _ = try provisioner.createKey(
                    "viber-key-0123456", name: "viber", companyID: acme,
                    limits: KeyLimits(objects: ["viber:\(ConfigurationTester.viber)"]))
            }
            let key = "viber-key-0123456"
            #expect(try await tester.get("/configurations/channels", key: key).json.array?.count == 1)
            #expect(try await tester.get(Self.number, key: key).status == 404)
            #expect(try await tester.put("/configurations/callbacks", [:], key: key).status == 403)
            #expect(
                try await tester.put("/configurations/channels/viber/service-ids/10001/callbacks", [:], key: key).status
                    == 200)
        }
    }

    @Test(arguments: Engine.allCases)
    func `sixteen changes at once lose nothing`(_ engine: Engine) async throws {
        try await ConfigurationTester.run(engine) { tester in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for index in 0..<16 {
                    group.addTask {
                        index.isMultiple(of: 2)
                            ? try await tester.put("/configurations/callbacks", .object(Self.callback)).status
                            : try await tester.put(
                                "/configurations/mediaCredentials", ["basic": ["username": "u", "password": "p"]]
                            ).status
                    }
                }
                for try await status in group { #expect(status == 200) }
            }
            let shown = try await tester.get("/configurations").json
            #expect(shown["callback"] == .object(Self.callback))
            #expect(shown["config"]?["mediaCredentials"]?["type"] == "basic")
        }
    }
}
