// SPDX-License-Identifier: Apache-2.0
// Channels, connectors, routes, prices and SMPP accounts through the Admin API, and the rule that what the file declares
// is the file's.

import Accounts
import EngineTestSupport
import HTTPTypes
import Messaging
import SQL
import SQLTestSupport
import Synchronization
import Testing
import Wire

@testable import API

@Suite struct RoutingAdminTests {
    @Test(arguments: Engine.allCases)
    func `a channel is made, changed and removed`(_ engine: Engine) async throws {
        try await APITester.run(engine) { api async throws in
            let (acme, other) = (api.node.acme, api.node.other)
            let id = try await api.made(
                "/channels",
                ["companyId": .integer(acme), "address": "4930999", "inboundUrl": "https://acme.example/in"])
            let shown = try await api.admin(.get, "/channels/\(id)")
            #expect(
                shown.text
                    == #"{"id":\#(id),"companyId":\#(acme),"kind":"sms","address":"4930999","#
                    + #""inboundUrl":"https://acme.example/in","inboundMethod":"POST","origin":"admin"}"#)
            let changed = try await api.admin(
                .patch, "/channels/\(id)", ["companyId": .integer(other), "inboundUrl": .null])
            #expect(changed.json["inboundUrl"] == nil && changed.json["companyId"] == .integer(other))
            #expect(try await api.admin(.get, "/channels?companyId=\(other)").ids == [id])
            #expect(try await api.admin(.get, "/channels?companyId=4711").ids == [])
            #expect(try await api.admin(.delete, "/channels/\(id)").status == 204)
            #expect(try await api.admin(.get, "/channels/\(id)").status == 404)
            #expect(try await api.audit(.channel, id: id).map(\.action) == [.created, .changed, .removed])
        }
    }

    @Test(arguments: Engine.allCases)
    func `a connector is made, changed, operated and removed, its password never shown`(_ engine: Engine) async throws {
        try await APITester.run(engine) { api async throws in
            let answer = try await api.admin(
                .post, "/connectors",
                [
                    "name": "carrier-b", "kind": "fake", "password": "hunter22",
                    "options": .object(["host": "smsc.example", "window": 10, "tls": .object(["verify": false])]),
                ])
            #expect(answer.status == 201 && answer.json["hasSecret"] == true)
            let id = try #require(answer.json["id"]?.int64)
            let changed = try await api.admin(
                .patch, "/connectors/\(id)",
                ["options": .object(["window": .null, "tls": .object(["ca": "/ca.pem"])])])
            #expect(changed.status == 200)
            let options: JSONValue = .object([
                "host": "smsc.example", "tls": .object(["verify": false, "ca": "/ca.pem"]),
            ])
            #expect(changed.json["options"] == options)
            #expect(api.node.directory.current.connectors[id]?.secret == "hunter22")
            #expect(try await api.admin(.post, "/connectors/\(id)/stop").json["stopped"] == true)
            #expect(api.node.directory.current.connectors[id]?.isStopped == true)
            #expect(try await api.admin(.post, "/connectors/\(id)/start").json["stopped"] == false)
            let generation = try #require(api.node.directory.current.connectors[id]?.generation)
            #expect(try await api.admin(.post, "/connectors/\(id)/rebind").status == 200)
            #expect(api.node.directory.current.connectors[id]?.generation == generation + 1)
            #expect(try await api.admin(.patch, "/connectors/\(id)", ["password": .null]).json["hasSecret"] == false)
            #expect(try await api.admin(.get, "/connectors").ids.contains(id))
            #expect(try await api.admin(.delete, "/connectors/\(id)").status == 204)
            #expect(try await api.admin(.get, "/connectors/\(id)").status == 404)
            let log = try await api.audit(.connector, id: id)
            #expect(
                log.map(\.action) == [.created, .changed, .stopped, .started, .rebound, .changed, .removed])
            #expect(log.allSatisfy { !"\($0.changes)".contains("hunter22") })
        }
    }

    @Test func `a connector shows how it does`() async throws {
        var options = APITester.options
        var state = ConnectorLiveState(isUp: true)
        state.binds = [
            ConnectorLiveState.Bind(
                index: 0, mode: "transceiver", phase: "bound", outstanding: 3, window: 10, peerSystemID: "SMSC")
        ]
        state.messagesPerSecond = 12.345
        state.windowUsed = 3
        state.windowSize = 10
        let live = state
        options.admin.connectorState = { _ in live }
        try await APITester.run(options: options) { api async throws in
            let shown = try await api.admin(.get, "/connectors/\(api.node.connector.id)")
            let found = try #require(shown.json["state"])
            #expect(found["up"] == true && found["messagesPerSecond"] == 12.35 && found["rate"] == nil)
            #expect(found["binds"]?.array?.first?["peerSystemId"] == "SMSC")
        }
    }

    @Test(arguments: Engine.allCases)
    func `a route is made, changed and removed`(_ engine: Engine) async throws {
        try await APITester.run(engine) { api async throws in
            let id = try await api.made("/routes", ["prefix": "49", "connectors": .array(["fake"])])
            let shown = try await api.admin(.get, "/routes/\(id)")
            #expect(
                shown.text
                    == #"{"id":\#(id),"gateway":"DEFAULT","prefix":"49","connectors":["fake"],"origin":"admin"}"#)
            #expect(api.node.directory.current.routes.route(gateway: "DEFAULT", recipient: "4917")?.id == id)
            let changed = try await api.admin(.patch, "/routes/\(id)", ["gateway": "PREMIUM", "prefix": .null])
            #expect(changed.string("gateway") == "PREMIUM" && changed.string("prefix") == "")
            #expect(api.node.directory.current.routes.hasGateway("PREMIUM"))
            let taken = try await api.admin(.post, "/routes", ["gateway": "PREMIUM", "connectors": .array(["fake"])])
            #expect(taken.status == 409)
            #expect(try await api.admin(.delete, "/routes/\(id)").status == 204)
            #expect(!api.node.directory.current.routes.hasGateway("PREMIUM"))
            #expect(try await api.admin(.get, "/routes/\(id)").status == 404)
            #expect(try await api.audit(.route).map(\.action) == [.created, .changed, .removed])
        }
    }

    @Test(arguments: Engine.allCases)
    func `a price is made, changed, filtered and removed`(_ engine: Engine) async throws {
        try await APITester.run(engine) { api async throws in
            let acme = api.node.acme
            let id = try await api.made(
                "/prices",
                [
                    "companyId": .integer(acme), "prefix": "43", "mcc": "232", "mnc": "01", "ttid": "77000",
                    "price": "0.05", "from": "2026-01-01T00:00:00.5Z",
                ])
            let shown = try await api.admin(.get, "/prices/\(id)")
            #expect(shown.string("from") == "2026-01-01T00:00:00.500Z" && shown.string("direction") == "outbound")
            let changed = try await api.admin(
                .patch, "/prices/\(id)", ["price": "0.06", "companyId": .null, "mnc": .null, "from": .null])
            #expect(changed.string("price") == "0.06" && changed.json["companyId"] == nil)
            #expect(changed.string("mnc") == "" && changed.string("from") == "1970-01-01T00:00:00Z")
            let price = api.node.directory.current.prices.price(
                for: "4312345", direction: .outbound, companyID: acme, now: api.node.clock.now)
            #expect(price?.amount == Money("0.06"))
            #expect(try await api.admin(.get, "/prices?prefix=4").ids.count == 4)
            #expect(try await api.admin(.get, "/prices?prefix=43").ids == [id])
            #expect(try await api.admin(.get, "/prices?direction=inbound").ids.count == 1)
            #expect(try await api.admin(.get, "/prices?companyId=\(acme)").ids == [])
            #expect(try await api.admin(.get, "/prices?companyId=4711").status == 404)
            #expect(
                try await api.admin(.get, "/prices?prefix=x&direction=up").refusedFields == ["direction", "prefix"])
            #expect(try await api.admin(.delete, "/prices/\(id)").status == 204)
            #expect(try await api.admin(.get, "/prices/\(id)").status == 404)
            #expect(try await api.audit(.price).map(\.action) == [.created, .changed, .removed])
        }
    }

    @Test(arguments: Engine.allCases)
    func `an SMPP account is made, changed, disconnected and removed`(_ engine: Engine) async throws {
        let ended = Mutex<[Int64]>([])
        var options = APITester.options
        options.admin.smppSessions = { _ in
            [SMPPSessionState(id: 7, mode: "transceiver", address: "192.0.2.1", boundAt: 0, outstanding: 1)]
        }
        let end: @Sendable (Int64) -> Int = { id in
            ended.withLock { $0.append(id) }
            return 2
        }
        options.admin.disconnectSMPPAccount = end
        try await APITester.run(engine, options: options) { api async throws in
            let answer = try await api.admin(
                .post, "/smpp-accounts",
                [
                    "companyId": .integer(api.node.acme), "systemId": "acme1",
                    "options": .object(["window": 5.0, "messageIds": "decimal"]),
                ])
            #expect(answer.status == 201)
            let id = try #require(answer.json["id"]?.int64)
            let password = try #require(answer.string("password"))
            let stored = try #require(api.node.directory.current.smppAccounts["acme1"])
            #expect(password.utf8.count == 8 && PasswordHash.verify(password, stored.passwordHash))
            #expect(answer.json["options"]?["receiptIds"] == "decimal")

            let shown = try await api.admin(.get, "/smpp-accounts/\(id)")
            #expect(shown.json["password"] == nil && shown.json["sessions"]?.array?.first?["id"] == 7)
            let changed = try await api.admin(
                .patch, "/smpp-accounts/\(id)",
                ["password": "secret2", "enabled": false, "options": .object(["window": .null, "maxBinds": 4])])
            #expect(changed.status == 200 && changed.json["enabled"] == false, "\(changed.text)")
            #expect(changed.json["options"]?["window"] == 50 && changed.json["options"]?["maxBinds"] == 4)
            let after = try #require(api.node.directory.current.smppAccounts["acme1"])
            #expect(PasswordHash.verify("secret2", after.passwordHash))
            #expect(try await api.admin(.post, "/smpp-accounts/\(id)/disconnect").json["disconnected"] == 2)
            #expect(ended.withLock { $0 } == [id])
            #expect(try await api.admin(.delete, "/smpp-accounts/\(id)").status == 204)
            #expect(try await api.admin(.get, "/smpp-accounts/\(id)").status == 404)
            let log = try await api.audit(.smppAccount, id: id)
            #expect(log.map(\.action) == [.created, .changed, .disconnected, .removed])
            #expect(log.allSatisfy { !"\($0.changes)".contains("secret2") && !"\($0.changes)".contains(password) })
        }
    }

    @Test(arguments: Engine.allCases)
    func `what the file declares is the file's to change`(_ engine: Engine) async throws {
        try await APITester.run(engine) { api async throws in
            let node = api.node
            let keys = try await api.admin(.get, "/keys")
            let routes = try await api.admin(.get, "/routes")
            let prices = try await api.admin(.get, "/prices")
            let owned: [(path: String, patch: [String: JSONValue])] = [
                ("/companies/\(node.acme)", ["name": "Mine"]), ("/keys/\(keys.ids[0])", ["name": "mine"]),
                ("/channels/\(node.identities.channel)", ["address": "4930000"]),
                ("/connectors/\(node.connector.id)", ["name": "mine"]), ("/routes/\(routes.ids[0])", ["prefix": "1"]),
                ("/prices/\(prices.ids[0])", ["price": "1"]),
            ]
            for (path, patch) in owned {
                let changed = try await api.admin(.patch, path, patch)
                #expect(changed.status == 409, "\(path): \(changed.text)")
                #expect(changed.string("detail")?.contains("configuration file") == true)
                #expect(try await api.admin(.delete, path).status == 409)
                #expect(try await api.admin(.get, path).json["origin"] == "file")
            }
            #expect(try await api.admin(.post, "/connectors/\(node.connector.id)/stop").json["stopped"] == true)
            let moved = try await api.admin(.post, "/companies/\(node.acme)/ledger", ["amount": "1"])
            #expect(moved.status == 201)
        }
    }

    @Test func `a connector that a route names stays`() async throws {
        try await APITester.run { api async throws in
            let id = try await api.made("/connectors", ["name": "b", "kind": "fake"])
            let route = try await api.made("/routes", ["prefix": "49", "connectors": .array(["b"])])
            #expect(try await api.admin(.delete, "/connectors/\(id)").status == 409)
            #expect(try await api.admin(.delete, "/routes/\(route)").status == 204)
            #expect(try await api.admin(.delete, "/connectors/\(id)").status == 204)
            #expect(try await api.made("/connectors", ["name": "b", "kind": "fake"]) == id, "comes back with its id")
        }
    }

    @Test func `what cannot be is refused by its name`() async throws {
        var options = APITester.options
        options.admin.checks.callbackRefusal = { $0.hasPrefix("https://") ? nil : "must begin with https://" }
        options.admin.checks.connector = { settings in
            settings.kind == "fake" ? nil : .invalid(field: "kind", reason: "is not a connector")
        }
        try await APITester.run(options: options) { api async throws in
            let acme = JSONValue.integer(api.node.acme)
            let cases: [(path: String, body: [String: JSONValue], fields: [String])] = [
                ("/channels", [:], ["companyId", "address"]),
                ("/channels", ["companyId": acme, "address": "+4930"], ["address"]),
                ("/channels", ["companyId": acme, "address": "4930", "kind": "fax"], ["kind"]),
                ("/channels", ["companyId": acme, "address": "4930", "inboundUrl": "ftp://x"], ["inboundUrl"]),
                ("/channels", ["companyId": acme, "address": "4930", "inboundMethod": "PUT"], ["inboundMethod"]),
                ("/connectors", [:], ["name", "kind"]),
                ("/connectors", ["name": "a b", "kind": "fake"], ["name"]),
                ("/connectors", ["name": "b", "kind": "pigeon"], ["kind"]),
                ("/connectors", ["name": "b", "kind": "fake", "options": "none"], ["options"]),
                ("/routes", [:], ["connectors"]),
                ("/routes", ["connectors": .array([])], ["connectors"]),
                ("/routes", ["connectors": .array(["fake", "fake"])], ["connectors"]),
                ("/routes", ["connectors": .array(["fake"]), "prefix": "+49"], ["prefix"]),
                ("/prices", [:], ["price"]),
                ("/prices", ["price": 0.5], ["price"]),
                ("/prices", ["price": "1", "direction": "up"], ["direction"]),
                ("/prices", ["price": "1", "mcc": "2620"], ["mcc"]),
                ("/prices", ["price": "1", "currency": "EURO"], ["currency"]),
                ("/smpp-accounts", [:], ["companyId", "systemId"]),
                ("/smpp-accounts", ["companyId": acme, "systemId": "longer than fifteen"], ["systemId"]),
                ("/smpp-accounts", ["companyId": acme, "systemId": "a", "password": "123456789"], ["password"]),
                ("/smpp-accounts", ["companyId": acme, "systemId": "a", "options": .object(["x": 1])], ["options.x"]),
                (
                    "/smpp-accounts", ["companyId": acme, "systemId": "a", "options": .object(["window": 0])],
                    ["options.window"]
                ),
            ]
            for (path, body, fields) in cases {
                let answer = try await api.admin(.post, path, body)
                #expect(answer.status == 400 && answer.refusedFields == fields, "\(path) \(body): \(answer.text)")
            }
            let nobody = try await api.admin(.post, "/routes", ["connectors": .array(["nobody"])])
            #expect(nobody.status == 409 && nobody.refusedFields == ["connectors"])
            let number = try await api.admin(
                .post, "/channels", ["companyId": acme, "address": .string(TestSetup.number)])
            #expect(number.status == 409)
            #expect(try await api.admin(.post, "/connectors", ["name": "fake", "kind": "fake"]).status == 409)
            for kind in ["channels", "connectors", "routes", "prices", "smpp-accounts"] {
                #expect(try await api.admin(.get, "/\(kind)/4711").status == 404)
                #expect(try await api.admin(.patch, "/\(kind)/4711", [:]).status == 404)
                #expect(try await api.admin(.delete, "/\(kind)/4711").status == 404)
            }
        }
    }

    @Test func `bodies are JSON objects`() async throws {
        try await APITester.run { api async throws in
            func post(_ body: String, _ type: String?) async throws -> Int {
                try await api.call(
                    .post, "/admin/v1/companies", body: Array(body.utf8), contentType: type, key: TestSetup.adminKey
                ).status
            }
            #expect(try await post(#"{"name":"X"}"#, "application/json; charset=utf-8") == 201)
            #expect(try await post(#"{"name":"Y"}"#, "text/plain") == 415)
            #expect(try await post(#"{"name":"Y"}"#, nil) == 415)
            #expect(try await post("name=Y", "application/x-www-form-urlencoded") == 415)
            #expect(try await post("[]", "application/json") == 400)
            #expect(try await post("{", "application/json") == 400)
            #expect(try await post("", "application/json") == 400)
            #expect(try await post(String(repeating: " ", count: 300_000), "application/json") == 413)
            #expect(try await api.admin(.put, "/companies", [:]).status == 405)
            let table = try await api.admin(.put, "/prices/import", [:])
            #expect(table.status == 405 && table.headers[.allow] == "POST")
        }
    }

    @Test func `a reload tells what it changed, or what is wrong with the file`() async throws {
        try await APITester.run { api async throws in
            let answer = try await api.admin(.post, "/reload")
            #expect(answer.status == 422 && answer.string("detail")?.contains("configuration file") == true)
        }
        var options = APITester.options
        options.admin.reload = { throw ReloadRefusal("parley.yaml:3: routes[0]: needs connectors") }
        try await APITester.run(options: options) { api async throws in
            #expect(
                try await api.admin(.post, "/reload").string("detail") == "parley.yaml:3: routes[0]: needs connectors")
        }
        let declared = Mutex<DirectoryCache?>(nil)
        options.admin.reload = {
            let directory = declared.withLock { $0 }
            return try await directory?.provision(as: .file, now: 0) { provisioner in
                _ = try provisioner.create(CompanyDraft(name: "Declared"))
                return provisioner.changes
            } ?? []
        }
        try await APITester.run(options: options) { api async throws in
            declared.withLock { $0 = api.node.directory }
            let answer = try await api.admin(.post, "/reload")
            #expect(answer.text == #"{"changes":[{"action":"created","kind":"company","name":"Declared"}]}"#)
        }
    }
}
