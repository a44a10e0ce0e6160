// SPDX-License-Identifier: Apache-2.0
// Companies, their webhook secrets, balances and keys through the Admin API: made, changed, listed, removed, with the
// audit rows of each.

import Accounts
import EngineTestSupport
import HTTPTypes
import Messaging
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import API

@Suite struct AccountAdminTests {
    @Test(arguments: Engine.allCases)
    func `a company is made, changed, closed and opened again`(_ engine: Engine) async throws {
        try await APITester.run(engine) { api async throws in
            let answer = try await api.admin(
                .post, "/companies", ["name": "Umbrella", "prepaid": true, "initialBalance": "12.5"])
            #expect(answer.status == 201)
            let id = try #require(answer.json["id"]?.int64)
            #expect(answer.json["webhookSecrets"]?.array?.count == 1)
            #expect(answer.string("balance") == "12.5")
            #expect(answer.string("createdAt") == "2026-01-15T12:00:00Z")

            let shown = try await api.admin(.get, "/companies/\(id)")
            #expect(shown.json["webhookSecrets"] == nil && shown.json["webhookSecretCount"] == 1)
            #expect(shown.json["origin"] == "admin" && shown.json["prepaid"] == true)

            let changed = try await api.admin(.patch, "/companies/\(id)", ["name": "Umbrella GmbH", "prepaid": .null])
            #expect(changed.status == 200)
            #expect(changed.string("name") == "Umbrella GmbH" && changed.json["prepaid"] == false)
            #expect(changed.string("currency") == "EUR")

            #expect(try await api.admin(.get, "/companies").ids == [api.node.acme, api.node.other, id])
            #expect(try await api.admin(.delete, "/companies/\(id)").status == 204)
            #expect(try await api.admin(.get, "/companies").ids == [api.node.acme, api.node.other])
            #expect(try await api.admin(.get, "/companies?closed=true").ids == [id])
            #expect(try await api.admin(.get, "/companies/\(id)").string("closedAt") != nil)
            let opened = try await api.admin(.patch, "/companies/\(id)", ["closed": false])
            #expect(opened.status == 200 && opened.json["closedAt"] == nil)

            let log = try await api.audit(.company, id: id)
            #expect(log.map(\.action) == [.created, .changed, .closed, .reopened])
            #expect(log.allSatisfy { $0.actor == "key:operator" && $0.requestID != nil })
            #expect(log[1].changes["name"]?["to"] == "Umbrella GmbH")
        }
    }

    @Test func `closing a company takes its keys, channels and SMPP accounts with it`() async throws {
        try await APITester.run { api async throws in
            let id = try await api.made("/companies", ["name": "Umbrella"])
            let answer = try await api.admin(.post, "/keys", ["companyId": .integer(id), "name": "main"])
            let key = try #require(answer.string("key"))
            _ = try await api.made("/channels", ["companyId": .integer(id), "address": "4930999"])
            _ = try await api.made("/smpp-accounts", ["companyId": .integer(id), "systemId": "umbrella"])
            #expect(try await api.send(key: key).status == 200)
            #expect(try await api.admin(.delete, "/companies/\(id)").status == 204)
            #expect(try await api.send(key: key).status == 401)
            for kind in ["keys", "channels", "smpp-accounts"] {
                #expect(try await api.admin(.get, "/\(kind)?companyId=\(id)").ids == [])
            }
            let late = try await api.admin(.post, "/keys", ["companyId": .integer(id), "name": "late"])
            #expect(late.status == 409)
        }
    }

    @Test(arguments: Engine.allCases)
    func `webhook secrets are added in front and the old ones dropped`(_ engine: Engine) async throws {
        try await APITester.run(engine) { api async throws in
            let id = try await api.made("/companies", ["name": "Umbrella"])
            let first = try #require(try await api.admin(.post, "/companies/\(id)/webhook-secrets").string("secret"))
            let second = try #require(try await api.admin(.post, "/companies/\(id)/webhook-secrets").string("secret"))
            #expect(api.node.directory.current.companies[id]?.webhookSecrets.prefix(2) == [second, first])
            #expect(try await api.admin(.get, "/companies/\(id)").json["webhookSecretCount"] == 3)
            #expect(try await api.admin(.delete, "/companies/\(id)/webhook-secrets").status == 204)
            #expect(api.node.directory.current.companies[id]?.webhookSecrets == [second])
            let log = try await api.audit(.company, id: id)
            #expect(log.map(\.action) == [.created, .changed, .changed, .changed])
            #expect(log.allSatisfy { !"\($0.changes)".contains(second) })
            #expect(log[1].changes["webhookSecrets"]?["to"] == "(hidden)")
        }
    }

    @Test(arguments: Engine.allCases)
    func `money is put on and taken off, and the ledger tells by whom`(_ engine: Engine) async throws {
        try await APITester.run(engine) { api async throws in
            let path = "/companies/\(api.node.acme)"
            let added = try await api.admin(.post, path + "/ledger", ["amount": "10.25", "note": "invoice 7"])
            #expect(added.status == 201)
            #expect(added.string("kind") == "top_up" && added.string("actor") == "key:operator")
            #expect(added.string("note") == "invoice 7")
            #expect(try await api.admin(.post, path + "/ledger", ["amount": "-0.25"]).string("kind") == "correction")
            let balance = try await api.admin(.get, path + "/balance")
            #expect(balance.text == #"{"balance":"10","currency":"EUR","prepaid":false}"#)
            let page = try await api.admin(.get, path + "/ledger?limit=1")
            #expect(page.json["items"]?.array?.first?["amount"] == "-0.25")
            let next = try #require(page.string("next"))
            let rest = try await api.admin(.get, path + "/ledger?cursor=" + next)
            #expect(rest.json["items"]?.array?.map { $0["amount"] } == ["10.25"] && rest.json["next"] == nil)
            #expect(try await api.audit(.balance).map(\.action) == [.moved, .moved])
            for amount in ["0", "", "1e3", "1.0000001", "1000000000"] as [JSONValue] + [7] {
                let refused = try await api.admin(.post, path + "/ledger", ["amount": amount])
                #expect(refused.status == 400 && refused.refusedFields == ["amount"])
            }
        }
    }

    @Test(arguments: Engine.allCases)
    func `a key is shown once, limited, and works at once`(_ engine: Engine) async throws {
        try await APITester.run(engine) { api async throws in
            let acme = JSONValue.integer(api.node.acme)
            let answer = try await api.admin(
                .post, "/keys",
                [
                    "companyId": acme, "name": "shop", "objects": .array(["sms:Acme"]),
                    "addresses": .array(["10.0.0.0/8"]), "requestsPerSecond": 5, "expiresAt": "2027-01-01T00:00:00Z",
                ])
            #expect(answer.status == 201)
            let id = try #require(answer.json["id"]?.int64)
            let key = try #require(answer.string("key"))
            #expect(answer.string("hint") == String(key.prefix(7)))
            let shown = try await api.admin(.get, "/keys/\(id)")
            #expect(shown.json["key"] == nil && !shown.text.contains(key))
            #expect(shown.json["addresses"] == .array(["10.0.0.0/8"]))
            #expect(shown.json["scopes"] == .array(["api"]))
            #expect(try await api.send(key: key).status == 403, "from an address that is not known")

            let changed = try await api.admin(
                .patch, "/keys/\(id)",
                ["addresses": .null, "requestsPerSecond": .null, "expiresAt": .null, "name": "shop-2"])
            #expect(changed.status == 200, "\(changed.text)")
            #expect(changed.json["requestsPerSecond"] == nil && changed.json["expiresAt"] == nil)
            #expect(changed.json["objects"] == .array(["sms:Acme"]))
            #expect(try await api.send(key: key).status == 200)
            #expect(try await api.send(["from": "Else"], key: key).status == 403)
            #expect(try await api.admin(.get, "/keys/\(id)").string("lastUsedAt") == "2026-01-15T12:00:00Z")
            #expect(try await api.admin(.get, "/keys?companyId=\(api.node.acme)").ids.last == id)
            #expect(try await api.admin(.delete, "/keys/\(id)").status == 204)
            #expect(try await api.send(key: key).status == 401)
            #expect(try await api.admin(.get, "/keys/\(id)").status == 404)
            let log = try await api.audit(.key, id: id)
            #expect(log.map(\.action) == [.created, .changed, .removed])
            #expect(log.allSatisfy { !"\($0.changes)".contains(key) && $0.companyID == api.node.acme })
        }
    }

    @Test func `what cannot be is refused by its name`() async throws {
        try await APITester.run { api async throws in
            let acme = JSONValue.integer(api.node.acme)
            let cases: [(path: String, body: [String: JSONValue], fields: [String])] = [
                ("/companies", [:], ["name"]),
                ("/companies", ["name": 7, "prepaid": "yes"], ["name", "prepaid"]),
                ("/companies", ["name": "X", "currency": "euro"], ["currency"]),
                ("/companies", ["name": "X", "webhookSecrets": .array(["short"])], ["webhookSecrets"]),
                ("/companies", ["name": "X", "webhookSecrets": .array(["sixteen and more"])], ["webhookSecrets"]),
                ("/companies", ["name": "X", "initialBalance": "-1"], ["initialBalance"]),
                ("/companies", ["name": "line\nbreak"], ["name"]),
                ("/keys", [:], ["companyId", "name"]),
                ("/keys", ["companyId": "1", "name": "x"], ["companyId"]),
                ("/keys", ["companyId": acme, "name": "x", "scopes": .array([])], ["scopes"]),
                ("/keys", ["companyId": acme, "name": "x", "scopes": .array(["root"])], ["scopes"]),
                ("/keys", ["companyId": acme, "name": "x", "addresses": .array(["here"])], ["addresses"]),
                ("/keys", ["companyId": acme, "name": "x", "objects": .array(["Acme"])], ["objects"]),
                ("/keys", ["companyId": acme, "name": "x", "requestsPerSecond": 0], ["requestsPerSecond"]),
                ("/keys", ["companyId": acme, "name": "x", "expiresAt": "soon"], ["expiresAt"]),
            ]
            for (path, body, fields) in cases {
                let answer = try await api.admin(.post, path, body)
                #expect(answer.status == 400 && answer.refusedFields == fields, "\(body): \(answer.text)")
            }
            #expect(try await api.admin(.post, "/companies", ["name": "Acme"]).status == 409)
            #expect(try await api.admin(.post, "/keys", ["companyId": acme, "name": "main"]).status == 409)
            #expect(try await api.admin(.post, "/keys", ["companyId": 4711, "name": "x"]).status == 404)
            #expect(try await api.admin(.post, "/companies", ["name": "X", "resellerId": acme]).status == 409)
            #expect(try await api.admin(.post, "/companies", ["name": "X", "resellerId": 4711]).status == 404)
            let both = try await api.admin(
                .post, "/companies", ["name": "X", "reseller": true, "resellerId": acme])
            #expect(both.status == 409)
            #expect(try await api.admin(.post, "/companies/4711/ledger", ["amount": "1"]).status == 404)
            #expect(try await api.admin(.get, "/keys?companyId=0").refusedFields == ["companyId"])
            let scoped = try await api.admin(
                .post, "/keys", ["companyId": acme, "name": "x", "scopes": .array(["reseller"])])
            #expect(scoped.status == 409)
            for path in ["/companies/4711", "/companies/x", "/keys/4711", "/keys/-1"] {
                #expect(try await api.admin(.get, path).status == 404)
                #expect(try await api.admin(.patch, path, ["name": "y"]).status == 404)
                #expect(try await api.admin(.delete, path).status == 404)
            }
            #expect(try await api.audit(.company).isEmpty)
            #expect(try await api.audit(.key).isEmpty)
        }
    }

    @Test func `unknown members do no harm`() async throws {
        try await APITester.run { api async throws in
            let id = try await api.made("/companies", ["name": "Umbrella", "colour": "red", "id": 1])
            #expect(try await api.admin(.patch, "/companies/\(id)", ["colour": .null]).status == 200)
            #expect(try await api.audit(.company, id: id).map(\.action) == [.created])
        }
    }

    @Test func `lists come in pages`() async throws {
        try await APITester.run { api async throws in
            for number in 0..<5 { _ = try await api.made("/companies", ["name": .string("Company \(number)")]) }
            var seen: [Int64] = []
            var cursor: String?
            repeat {
                let page = try await api.admin(.get, "/companies?limit=3" + (cursor.map { "&cursor=" + $0 } ?? ""))
                #expect(page.ids.count <= 3)
                seen += page.ids
                cursor = page.string("next")
            } while cursor != nil
            #expect(seen == seen.sorted() && seen.count == 7 && Set(seen).count == 7)
            for query in ["limit=0", "limit=501", "limit=x", "limit=", "limit=%2B5"] {
                #expect(try await api.admin(.get, "/companies?" + query).refusedFields == ["limit"])
            }
            #expect(try await api.admin(.get, "/companies?cursor=%00").refusedFields == ["cursor"])
            #expect(try await api.admin(.get, "/companies?closed=yes").refusedFields == ["closed"])
        }
    }
}
