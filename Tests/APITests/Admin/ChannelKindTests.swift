// SPDX-License-Identifier: Apache-2.0
// Channels of the chat kinds through the Admin API: their connector and what else is set for them.

import EngineTestSupport
import HTTPTypes
import Messaging
import SQLTestSupport
import Testing
import Wire

@testable import API

@Suite("Channels of all kinds")
struct ChannelKindTests {
    private static func addConnector(_ api: APITester) async throws {
        try await api.node.provision { provisioner in
            _ = try provisioner.createConnector(name: "wa", kind: "fake", options: .object([:]), secret: "")
        }
    }

    @Test(arguments: Engine.allCases)
    func `a WhatsApp number is made, changed and shown`(_ engine: Engine) async throws {
        try await APITester.run(engine) { api in
            try await Self.addConnector(api)
            let made: [String: JSONValue] = [
                "companyId": .integer(api.node.acme), "kind": "whatsapp", "address": "4915200000001", "name": "Support",
                "connector": "wa", "scopes": .array(["messages:write"]), "phoneNumberId": "106540352242922",
                "accountName": "Acme WABA", "dataRetentionInDays": 30,
            ]
            let id = try await api.made("/channels", made)
            var shown = try #require(try await api.admin(.get, "/channels/\(id)").json.object)
            #expect(shown["origin"] == "admin")
            for (name, value) in made { #expect(shown[name] == value, "\(name)") }
            let patched = try await api.admin(
                .patch, "/channels/\(id)", ["name": .null, "connector": .null, "scopes": .null, "accountName": "New"])
            #expect(patched.status == 200, "\(patched.text)")
            for name in ["name", "connector", "scopes"] { shown[name] = nil }
            shown["accountName"] = "New"
            #expect(patched.json == .object(shown))
            // A key for the channel alone.
            let key = try await api.admin(
                .post, "/keys",
                [
                    "companyId": .integer(api.node.acme), "name": "wa",
                    "objects": .array(["whatsapp:4915200000001"]),
                ])
            #expect(key.status == 201, "\(key.text)")
        }
    }

    @Test(
        arguments: [
            (["kind": "viber", "address": "10001", "phoneNumberId": "1"], 400, "phoneNumberId"),
            (["kind": "viber", "address": "10001", "viberService": "both"], 400, "viberService"),
            (["kind": "viber", "address": "10001", "inboundUrl": "https://a.example/"], 400, "inboundUrl"),
            (["kind": "viber", "address": "10001", "dataRetentionInDays": 0], 400, "dataRetentionInDays"),
            (["kind": "viber", "address": "ten", "viberService": "session"], 400, "address"),
            (["kind": "mms", "address": "1"], 400, "address"),
            (["kind": "whatsapp", "address": "4915200000001", "connector": "none"], 409, "connector"),
            (["address": "49301110000", "connector": "wa"], 400, "connector"),
        ] as [([String: JSONValue], Int, String)])
    func `what a kind does not have is refused`(_ body: [String: JSONValue], status: Int, field: String) async throws {
        try await APITester.run { api in
            try await Self.addConnector(api)
            let members = body.merging(["companyId": .integer(api.node.acme)]) { value, _ in value }
            let answer = try await api.admin(.post, "/channels", members)
            #expect((answer.status, answer.refusedFields) == (status, [field]), "\(answer.text)")
        }
    }

    @Test func `a reseller does not choose connectors`() async throws {
        try await APITester.run { api in
            try await Self.addConnector(api)
            let reseller: (id: Int64, key: String, child: Int64) = try await api.makeReseller()
            let members: [String: JSONValue] = [
                "companyId": .integer(reseller.child), "kind": "viber", "address": "10001",
            ]
            let chosen = members.merging(["connector": "wa"]) { value, _ in value }
            #expect(try await api.admin(.post, "/channels", chosen, key: reseller.key).status == 403)
            let id = try await api.made("/channels", members, key: reseller.key)
            #expect(try await api.admin(.patch, "/channels/\(id)", ["connector": "wa"]).status == 200)
            // Whoever changes the name leaves the connector as it is.
            let renamed = try await api.admin(.patch, "/channels/\(id)", ["name": "Shop"], key: reseller.key)
            #expect((renamed.status, renamed.string("name")) == (200, "Shop"))
            let taken = try await api.admin(.patch, "/channels/\(id)", ["connector": .null], key: reseller.key)
            #expect(taken.status == 403)
        }
    }
}
