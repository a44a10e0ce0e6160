// SPDX-License-Identifier: Apache-2.0
// How far a reseller reaches: its own company and those it owns; nobody else's things exist for it, and it cannot give
// itself or others more than it has.

import Accounts
import EngineTestSupport
import HTTPTypes
import Messaging
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import API

@Suite struct ResellerTests {
    @Test(arguments: Engine.allCases)
    func `a reseller sees its own companies alone`(_ engine: Engine) async throws {
        try await APITester.run(engine) { api async throws in
            let (own, key, child) = try await api.makeReseller()
            #expect(try await api.admin(.get, "/companies", key: key).ids == [own, child])
            let childKey = try await api.made("/keys", ["companyId": .integer(child), "name": "main"], key: key)
            #expect(try await api.admin(.get, "/keys", key: key).ids.count == 2)
            #expect(try await api.admin(.get, "/keys?companyId=\(child)", key: key).ids == [childKey])
            let channel = try await api.made(
                "/channels", ["companyId": .integer(child), "address": "4930999"], key: key)
            #expect(try await api.admin(.get, "/channels", key: key).ids == [channel])
            let account = try await api.made(
                "/smpp-accounts", ["companyId": .integer(child), "systemId": "child"], key: key)
            #expect(try await api.admin(.get, "/smpp-accounts", key: key).ids == [account])
            let renamed = try await api.admin(.patch, "/companies/\(child)", ["name": "Kid"], key: key)
            #expect(renamed.string("name") == "Kid" && renamed.json["resellerId"] == .integer(own))
            #expect(try await api.admin(.post, "/companies/\(child)/webhook-secrets", key: key).status == 201)
            for path in [
                "/keys/\(childKey)", "/channels/\(channel)", "/smpp-accounts/\(account)", "/companies/\(child)",
            ] {
                #expect(try await api.admin(.get, path, key: key).status == 200)
                #expect(try await api.admin(.delete, path, key: key).status == 204)
            }
            let log = try await api.audit(.channel, id: channel)
            #expect(log.map(\.actor) == ["key:operate", "key:operate"])
        }
    }

    @Test func `what belongs to others does not exist for a reseller`() async throws {
        try await APITester.run { api async throws in
            let key = try await api.makeReseller().key
            let acme = api.node.acme
            let foreignKey = try #require(try await api.admin(.get, "/keys?companyId=\(acme)").ids.first)
            let account = try await api.made("/smpp-accounts", ["companyId": .integer(acme), "systemId": "acme"])
            let price = try await api.made("/prices", ["companyId": .integer(acme), "price": "1"])
            let paths = [
                "/companies/\(acme)", "/keys/\(foreignKey)", "/channels/\(api.node.identities.channel)",
                "/smpp-accounts/\(account)",
            ]
            for path in paths {
                #expect(try await api.admin(.get, path, key: key).status == 404)
                #expect(try await api.admin(.patch, path, ["name": "mine"], key: key).status == 404)
                #expect(try await api.admin(.delete, path, key: key).status == 404)
            }
            for path in ["balance", "ledger"] {
                #expect(try await api.admin(.get, "/companies/\(acme)/\(path)", key: key).status == 404)
            }
            let movement = try await api.admin(.post, "/companies/\(acme)/ledger", ["amount": "1"], key: key)
            #expect(movement.status == 404)
            #expect(try await api.admin(.post, "/companies/\(acme)/webhook-secrets", key: key).status == 404)
            #expect(try await api.admin(.post, "/smpp-accounts/\(account)/disconnect", key: key).status == 404)
            #expect(try await api.admin(.get, "/prices/\(price)", key: key).status == 404)
            #expect(!(try await api.admin(.get, "/prices", key: key).ids.contains(price)))
            #expect(try await api.admin(.get, "/prices", key: key).ids.count == 3)
            #expect(!(try await api.exportTable("/prices", key: key).text.contains("Acme")))
            for kind in ["keys", "channels", "smpp-accounts", "prices"] {
                #expect(try await api.admin(.get, "/\(kind)?companyId=\(acme)", key: key).status == 404)
            }
            let bodies: [(String, [String: JSONValue])] = [
                ("/keys", ["companyId": .integer(acme), "name": "mine"]),
                ("/channels", ["companyId": .integer(acme), "address": "4930999"]),
                ("/smpp-accounts", ["companyId": .integer(acme), "systemId": "mine"]),
            ]
            for (path, body) in bodies { #expect(try await api.admin(.post, path, body, key: key).status == 404) }
        }
    }

    @Test func `the server's things are not a reseller's`() async throws {
        try await APITester.run { api async throws in
            let key = try await api.makeReseller().key
            let connector = api.node.connector.id
            for path in ["/connectors", "/connectors/\(connector)", "/routes", "/routes/1"] {
                #expect(try await api.admin(.get, path, key: key).status == 403)
            }
            for path in ["/connectors", "/routes", "/prices", "/reload", "/connectors/\(connector)/stop"] {
                #expect(try await api.admin(.post, path, [:], key: key).status == 403)
            }
            for path in ["/prices/1", "/routes/1", "/connectors/\(connector)"] {
                #expect(try await api.admin(.patch, path, [:], key: key).status == 403)
                #expect(try await api.admin(.delete, path, key: key).status == 403)
            }
            #expect(try await api.importTable("/prices/import", "price\n1\n", key: key).status == 403)
            #expect(try await api.importTable("/routes/import", "connectors\nfake\n", key: key).status == 403)
            #expect(try await api.admin(.get, "/companies", key: TestSetup.acmeKey).status == 403, "a customer's key")
        }
    }

    @Test func `a reseller gives nobody more than it may`() async throws {
        try await APITester.run { api async throws in
            let (own, key, child) = try await api.makeReseller(prepaid: true)
            let acme = JSONValue.integer(api.node.acme)
            let refused: [(HTTPRequest.Method, String, [String: JSONValue], String)] = [
                (.post, "/keys", ["companyId": .integer(child), "name": "x", "scopes": .array(["admin"])], "scopes"),
                (
                    .post, "/keys", ["companyId": .integer(own), "name": "x", "scopes": .array(["api", "reseller"])],
                    "scopes"
                ),
                (.post, "/companies", ["name": "x", "reseller": true], "reseller"),
                (.post, "/companies", ["name": "x", "resellerId": acme], "resellerId"),
                (.post, "/companies", ["name": "x", "prepaid": false], "prepaid"),
                (.post, "/companies", ["name": "x", "currency": "USD"], "currency"),
                (.patch, "/companies/\(child)", ["prepaid": .null], "prepaid"),
                (.patch, "/companies/\(child)", ["resellerId": .null], "resellerId"),
                (.patch, "/companies/\(own)", ["prepaid": false], "prepaid"),
                (.patch, "/companies/\(own)", ["reseller": false], "reseller"),
            ]
            for (method, path, body, field) in refused {
                let answer = try await api.admin(method, path, body, key: key)
                #expect(answer.status == 403 && answer.refusedFields == [field], "\(path) \(body): \(answer.text)")
            }
            let administration = try #require(try await api.admin(.get, "/keys?companyId=\(own)", key: key).ids.first)
            let extended = try await api.admin(.patch, "/keys/\(administration)", ["addresses": .null], key: key)
            #expect(extended.status == 403)
            #expect(try await api.admin(.delete, "/keys/\(administration)", key: key).status == 403)
            #expect(try await api.admin(.delete, "/companies/\(own)", key: key).status == 403)
            #expect(try await api.admin(.post, "/companies/\(own)/ledger", ["amount": "1"], key: key).status == 403)
        }
    }

    @Test(arguments: Engine.allCases)
    func `what a reseller puts on a balance comes off its own`(_ engine: Engine) async throws {
        try await APITester.run(engine) { api async throws in
            let (own, key, child) = try await api.makeReseller(prepaid: true, balance: "10")
            func balances() async throws -> [String?] {
                var found: [String?] = []
                for id in [own, child] {
                    found.append(try await api.admin(.get, "/companies/\(id)/balance", key: key).string("balance"))
                }
                return found
            }
            let path = "/companies/\(child)/ledger"
            let moved = try await api.admin(.post, path, ["amount": "4", "note": "July"], key: key)
            #expect(moved.status == 201 && moved.string("amount") == "4")
            #expect(try await balances() == ["6", "4"])
            #expect(try await api.admin(.post, path, ["amount": "6.000001"], key: key).status == 409)
            #expect(try await api.admin(.post, path, ["amount": "-4.5"], key: key).status == 409)
            #expect(try await balances() == ["6", "4"])
            #expect(try await api.admin(.post, path, ["amount": "-1"], key: key).string("amount") == "-1")
            #expect(try await balances() == ["7", "3"])
            let made = try await api.admin(.post, "/companies", ["name": "Second", "initialBalance": "7"], key: key)
            #expect(made.status == 201 && made.string("balance") == "7" && made.json["prepaid"] == true)
            let third = try await api.admin(.post, "/companies", ["name": "Third", "initialBalance": "0.01"], key: key)
            #expect(third.status == 409)
            #expect(try await api.admin(.get, "/companies", key: key).ids.count == 3, "nothing of the third")
            #expect(try await balances() == ["0", "3"])
            let ledger = try await api.admin(.get, "/companies/\(own)/ledger", key: key)
            let amounts = (ledger.json["items"]?.array ?? []).compactMap { $0["amount"]?.string }
            #expect(amounts == ["-7", "1", "-4", "10"])
            #expect(try await api.audit(.balance).filter { $0.actor == "key:operate" }.count == 6)
        }
    }

    @Test func `a reseller that pays afterwards may owe, and one that is none any more is shut out`() async throws {
        try await APITester.run { api async throws in
            let (own, key, child) = try await api.makeReseller(prepaid: false, balance: "0")
            #expect(try await api.admin(.post, "/companies/\(child)/ledger", ["amount": "5"], key: key).status == 201)
            #expect(try await api.admin(.get, "/companies/\(own)/balance").string("balance") == "-5")
            #expect(try await api.admin(.delete, "/companies/\(own)").status == 409, "it still owns a company")
            #expect(try await api.admin(.delete, "/companies/\(child)").status == 204)
            #expect(try await api.admin(.patch, "/companies/\(child)", ["resellerId": .null]).status == 200)
            #expect(try await api.admin(.patch, "/companies/\(own)", ["reseller": false]).status == 200)
            #expect(try await api.admin(.get, "/companies", key: key).status == 403)
        }
    }
}
