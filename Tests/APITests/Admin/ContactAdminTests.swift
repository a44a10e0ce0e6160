// SPDX-License-Identifier: Apache-2.0
// /admin/v1/companies/{id}/contacts: bodies, numbers as people write them, tables, and who may.

import Accounts
import EngineTestSupport
import HTTPTypes
import Messaging
import SMSText
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import API

@Suite struct ContactAdminTests {
    private static let header = "name,phone,email,waId,bsuid,viberId,jid"

    private static func path(_ api: APITester) -> String { "/companies/\(api.node.acme)/contacts" }

    private static func given(_ identities: [String: [String]], name: String? = nil) -> [String: JSONValue] {
        var body: [String: JSONValue] = ["identities": .object(identities.mapValues { .array($0.map { .string($0) }) })]
        body["name"] = name.map { .string($0) }
        return body
    }

    private static func values(_ answer: Answer, _ kind: String) -> [String]? {
        answer.json["identities"]?[kind]?.array?.compactMap(\.string)
    }

    @Test(arguments: Engine.allCases)
    func `a contact is made, shown, listed, changed and removed`(_ engine: Engine) async throws {
        try await APITester.run(engine) { api async throws in
            let path = Self.path(api)
            var body = Self.given(["phone": ["0170 1234567"], "email": ["Jane@Example.com"]], name: "Jane")
            body["region"] = "de"
            let made = try await api.admin(.post, path, body)
            #expect(made.status == 201, "\(made.text)")
            let id = try #require(made.json["id"]?.int64)
            let identities = #"{"email":["jane@example.com"],"phone":["491701234567"]}"#
            #expect(made.text.contains(#""name":"Jane","identities":\#(identities),"createdAt":""#), "\(made.text)")
            #expect(made.json["companyId"] == .integer(api.node.acme))
            #expect(try await api.admin(.get, "\(path)/\(id)").text == made.text)
            _ = try await api.made(path, Self.given(["viberId": ["v=="]], name: "Joe"))
            for query in [
                "phone=%2B491701234567", "phone=0170/1234567&region=DE", "phone=491701234567", "email=JANE@example.com",
                "name=ja", "name=Jane&phone=491701234567",
            ] { #expect(try await api.admin(.get, "\(path)?\(query)").ids == [id], "\(query)") }
            #expect(try await api.admin(.get, "\(path)?name=Jane&phone=4917099").ids == [])
            #expect(try await api.admin(.get, "\(path)?limit=1").string("next") == String(id))
            #expect(try await api.admin(.get, "\(path)?cursor=\(id)").ids.count == 1)

            let changed = try await api.admin(
                .patch, "\(path)/\(id)", Self.given(["email": ["roe@example.com"], "jid": ["roe@x"]], name: "Roe"))
            #expect(changed.status == 200 && changed.string("name") == "Roe", "\(changed.text)")
            #expect(Self.values(changed, "phone") == ["491701234567"], "kinds that were not named stay")
            #expect(Self.values(changed, "email") == ["roe@example.com"])
            let less = try await api.admin(
                .patch, "\(path)/\(id)", ["name": .null, "identities": .object(["email": .null, "jid": .array([])])])
            #expect(less.json["name"] == nil)
            #expect(less.json["identities"]?.object?.keys.sorted() == ["phone"])
            #expect(try await api.admin(.delete, "\(path)/\(id)").status == 204)
            #expect(try await api.admin(.get, "\(path)/\(id)").status == 404)
            #expect(try await api.admin(.delete, "\(path)/\(id)").status == 404)
            let log = try await api.audit(.contact, id: id)
            #expect(log.map(\.action) == [.created, .changed, .changed, .removed])
            #expect(try await api.admin(.get, "/audit?kind=contact").json["items"]?.array?.count == 5)
        }
    }

    @Test(arguments: [
        ("+49 170 1234567", nil, "491701234567"), ("0049 (170) 123-4567", nil, "491701234567"),
        ("491701234567", nil, "491701234567"), ("0170 1234567", "DE", "491701234567"),
        ("1701234567", "de", "491701234567"), ("+43 660 1234567", "DE", "436601234567"),
        ("+39 06 1234 5678", nil, "390612345678"), ("٠١٧٠١٢٣٤٥٦٧", "DE", "491701234567"),
    ])
    func `a number is stored as messages find it`(_ text: String, _ region: String?, _ digits: String) {
        #expect(ContactNumber(region: region).read(text) == .success(digits))
        #expect(ContactNumber(region: region).sought(text) == digits)
    }

    @Test(arguments: [
        ("", nil), ("Google", nil), ("0170 1234567", nil), ("+49 170 1234567 x5", nil), ("+999 1234567", nil),
        ("12345", "DE"), ("+49 1", nil), ("+49 170 123456789012345", nil), ("+1 555 1234567", nil), ("4471", "GB"),
    ])
    func `what is no number is refused with a reason`(_ text: String, _ region: String?) {
        guard case .failure(let refusal) = ContactNumber(region: region).read(text) else {
            Issue.record("\(text) was taken")
            return
        }
        #expect(!refusal.reason.isEmpty)
        #expect(ContactNumber(region: region).sought(text) == text)
    }

    @Test func `what is wrong is named field by field`() async throws {
        try await APITester.run { api async throws in
            let path = Self.path(api)
            let cases: [([String: JSONValue], [String])] = [
                ([:], ["identities"]),
                (["name": "Jane", "identities": .object([:])], ["identities"]),
                (["name": 5, "identities": "x", "region": "Germany"], ["region", "name", "identities"]),
                (Self.given(["phone": ["0170 1234567"]]), ["phone"]),
                (Self.given(["phone": ["x", "y"], "email": ["z"]]), ["phone", "phone", "email"]),
                (["identities": .object(["phone": "491701234567"])], ["phone"]),
                (Self.given(["jid": ["a b"]]), ["jid"]),
                (Self.given(["phone": ["491701234567"]], name: "a\u{7}b"), ["name"]),
                (Self.given(["phone": ["491701234567"]], name: "a\0b"), ["name"]),
            ]
            for (body, fields) in cases {
                let answer = try await api.admin(.post, path, body)
                #expect(answer.status == 400 && answer.refusedFields == fields, "\(body): \(answer.text)")
            }
            let queries = try await api.admin(.get, "\(path)?region=XX&limit=0&cursor=x&name=%00")
            #expect(Set(queries.refusedFields) == ["region", "limit", "cursor", "name"])
            let id = try await api.made(path, Self.given(["phone": ["491701234567"]], name: "Jane"))
            let taken = try await api.admin(.post, path, Self.given(["phone": ["+49 170 1234567"]]))
            #expect(taken.status == 409)
            #expect(taken.string("detail") == "The phone 491701234567 belongs to contact \(id) (Jane).")
            let last = try await api.admin(.patch, "\(path)/\(id)", ["identities": .object(["phone": .null])])
            #expect(last.status == 400 && last.refusedFields == ["identities"])
            for path in ["\(path)/0", "\(path)/x", "\(path)/4711", "/companies/4711/contacts", "/companies/x/contacts"]
            {
                #expect(try await api.admin(.get, path).status == 404, "\(path)")
            }
            #expect(try await api.admin(.post, "/companies/4711/contacts", Self.given(["jid": ["x"]])).status == 404)
            let listed = try await api.admin(.get, path)
            #expect(listed.ids == [id])
        }
    }

    @Test func `a number that is there already is not read anew under another region`() async throws {
        try await APITester.run { api async throws in
            let path = Self.path(api)
            // With DE this would be +49 160 12345678.
            let id = try await api.made(path, Self.given(["phone": ["+1 601 234 5678"]]))
            var patch = Self.given(["phone": ["16012345678", "0170 1234567"]])
            patch["region"] = "DE"
            let changed = try await api.admin(.patch, "\(path)/\(id)", patch)
            #expect(Self.values(changed, "phone") == ["16012345678", "491701234567"], "\(changed.text)")
        }
    }

    // MARK: Tables

    @Test(arguments: Engine.allCases)
    func `contacts go out as a table and come back the same`(_ engine: Engine) async throws {
        try await APITester.run(engine) { api async throws in
            let path = Self.path(api)
            let table = "name,phone,email\n\"Doe, Jane\",0170 1234567; +43 660 1234567,Jane@example.com\n,,joe@x.de\n"
            let answer = try await api.importTable("\(path)/import?region=DE", table)
            #expect(answer.headers[.contentType] == "application/x-ndjson")
            #expect(answer.lines == [#"{"rows":0,"of":2}"#, #"{"rows":2,"of":2}"#, #"{"imported":2,"removed":0}"#])
            let exported = try await api.exportTable(path)
            #expect(exported.headers[.contentType] == "text/csv; charset=utf-8")
            #expect(
                exported.text == Self.header
                    + "\r\n\"Doe, Jane\",436601234567;491701234567,jane@example.com,,,,\r\n,,joe@x.de,,,,\r\n")
            #expect(try await api.importTable("\(path)/import", exported.text).lines.last == answer.lines.last)
            #expect(try await api.exportTable(path).text == exported.text)
            #expect(try await api.exportTable("\(path)?email=joe@x.de").text.split(separator: "\r\n").count == 2)
            let other = "/companies/\(api.node.other)/contacts"
            #expect(try await api.exportTable(other).text == Self.header + "\r\n")
            #expect(try await api.exportTable("/companies/4711/contacts").status == 404)
            let whole = try await api.importTable(
                "\(other)/import", Self.header + "\nAll,+491701234567,a@b.de,w,b,v==,j@x\n")
            #expect(whole.lines.last == #"{"imported":1,"removed":0}"#)
            #expect(try await api.exportTable(other).text.hasSuffix("\r\nAll,491701234567,a@b.de,w,b,v==,j@x\r\n"))
        }
    }

    @Test func `bad lines are named and nothing is written`() async throws {
        try await APITester.run { api async throws in
            let path = Self.path(api)
            let cases: [(String, [String])] = [
                ("", ["line 1"]),
                ("name,fax\n", ["line 1"]),
                ("name,phone\nJane\n", ["line 2"]),
                ("name\nJane\n", ["line 2: identities"]),
                ("phone\n+491701234567\n0170 1234568\n\nx;y\n", ["line 3: phone", "line 5: phone", "line 5: phone"]),
                ("phone,email\n+491701234567,x\n", ["line 2: email"]),
                ("name,phone\n\"a\nb\",+491701234567\n", ["line 2: name"]),
                ("name,phone\na\0b,+491701234567\n", ["line 2: name"]),
                ("phone\n+491701234567\n0049 170 1234567\n", ["line 3: phone"]),
                ("jid\na b\n", ["line 2: jid"]),
            ]
            for (table, fields) in cases {
                let answer = try await api.importTable("\(path)/import", table)
                #expect(answer.status == 400 && answer.refusedFields == fields, "\(table): \(answer.text)")
            }
            #expect(try await api.importTable("\(path)/import", "phone\n", contentType: "text/plain").status == 415)
            #expect(try await api.importTable("\(path)/import?region=1", "phone\n").refusedFields == ["region"])
            #expect(try await api.importTable("/companies/4711/contacts/import", "phone\n").status == 404)
            let empty = try await api.importTable("\(path)/import", "phone\n")
            #expect(empty.lines.last == #"{"imported":0,"removed":0}"#)
            #expect(try await api.admin(.get, path).ids == [])
        }
    }

    @Test(arguments: Engine.allCases)
    func `whoever wrote before gets a name by a table`(_ engine: Engine) async throws {
        try await APITester.run(engine) { api async throws in
            let path = Self.path(api)
            let part = InboundPart(
                connectorID: 1, kind: .sms, sender: "491701234567", recipient: TestSetup.number,
                content: ReceivedText(octets: [0x48], dataCoding: 0, header: nil, alphabet: .gsm7), concatenation: nil,
                sentAt: nil, fingerprint: [1], bind: "a")
            #expect(await api.node.receive(.inbound(part)) == .stored)
            let before = try await api.admin(.get, "\(path)?phone=%2B491701234567")
            let id = try #require(before.ids.first)
            _ = try await api.importTable("\(path)/import?region=DE", "name,phone\nJane,0170 1234567\n")
            let after = try await api.admin(.get, "\(path)/\(id)")
            #expect(after.string("name") == "Jane")
            #expect(try await api.admin(.get, path).ids == [id])
        }
    }

    // MARK: Who may

    @Test func `resellers reach the contacts of their companies alone`() async throws {
        try await APITester.run { api async throws in
            let (own, key, child) = try await api.makeReseller()
            let foreign = try await api.made(Self.path(api), Self.given(["phone": ["491701234567"]], name: "Jane"))
            for company in [own, child] {
                let path = "/companies/\(company)/contacts"
                let id = try await api.made(path, Self.given(["phone": ["491701234567"]]), key: key)
                #expect(try await api.admin(.get, path, key: key).ids == [id])
                #expect(try await api.importTable("\(path)/import", "jid\nx\n", key: key).status == 200)
                // The contact of another company is not one of this.
                #expect(try await api.admin(.get, "\(path)/\(foreign)", key: key).status == 404)
                #expect(try await api.admin(.delete, "\(path)/\(foreign)", key: key).status == 404)
                #expect(try await api.admin(.patch, "\(path)/\(foreign)", ["name": "x"], key: key).status == 404)
                #expect(try await api.admin(.delete, "\(path)/\(id)", key: key).status == 204)
            }
            for path in [Self.path(api), "\(Self.path(api))/\(foreign)"] {
                #expect(try await api.admin(.get, path, key: key).status == 404)
                #expect(try await api.admin(.get, path, key: TestSetup.acmeKey).status == 403)
            }
            let intruders: [(HTTPRequest.Method, String)] = [
                (.patch, "/\(foreign)"), (.delete, "/\(foreign)"), (.post, ""),
            ]
            for (method, end) in intruders {
                let answer = try await api.admin(
                    method, Self.path(api) + end, method == .delete ? nil : Self.given(["jid": ["x"]]), key: key)
                #expect(answer.status == 404)
            }
            #expect(try await api.importTable("\(Self.path(api))/import", "jid\nx\n", key: key).status == 404)
            #expect(try await api.exportTable(Self.path(api), key: key).status == 404)
            #expect(try await api.admin(.get, "\(Self.path(api))/\(foreign)").string("name") == "Jane")
        }
    }

    @Test func `a closed company's contacts can be looked at and removed`() async throws {
        try await APITester.run { api async throws in
            let company = try await api.made("/companies", ["name": "Gone"])
            let path = "/companies/\(company)/contacts"
            let id = try await api.made(path, Self.given(["phone": ["491701234567"]]))
            #expect(try await api.admin(.delete, "/companies/\(company)").status == 204)
            #expect(try await api.admin(.get, path).ids == [id])
            #expect(try await api.admin(.post, path, Self.given(["jid": ["x"]])).status == 409)
            #expect(try await api.importTable("\(path)/import", "jid\nx\n").status == 409)
            #expect(try await api.admin(.delete, "\(path)/\(id)").status == 204)
        }
    }
}
