// SPDX-License-Identifier: Apache-2.0
// /2fa/v1/application: the default application, creation in every form, changes, templates and deletion.

import EngineTestSupport
import Messaging
import Testing
import Wire

@testable import API

@Suite struct ApplicationRequestTests {
    @Test(arguments: ["/application", "/application/"])
    func `a company has a default application from its first request on`(_ path: String) async throws {
        try await TwoFactorTester.run { tester in
            let answer = try await tester.get(path)
            #expect(answer.status == 200)
            let applications = try #require(answer.json.array)
            #expect(applications.count == 1)
            var application = try #require(applications.first?.object)
            let id = try #require(application.removeValue(forKey: "applicationId")?.string)
            #expect(
                application == [
                    "accountId": .string(String(tester.node.acme)), "name": "default", "alphanumeric": false,
                    "attempts": 3, "expire": 300, "pinLength": 4, "sender": "VERIFY", "caller": .null,
                    "template": ["en": "OTP code: {{OTP}}. Valid for {{SEC}} seconds."], "channelTemplate": [:],
                    "created": .integer(TestClock.start),
                ])
            #expect(try await tester.get("/application/default").string("applicationId") == id)
            #expect(try await tester.get("/application/\(id)").string("name") == "default")
        }
    }

    private static let settings =
        "name=Shop&pinLength=6&alphaNumeric=true&attempts=5&expire=120&sender=SHOP&caller=%2B493099"

    @Test func `an application is created from JSON, a form or the query alike`() async throws {
        try await TwoFactorTester.run { tester in
            let json: [String: JSONValue] = [
                "name": "Shop", "pinLength": 6, "alphanumeric": true, "attempts": 5, "expire": 120, "sender": "SHOP",
                "caller": "+493099",
            ]
            for answer in [
                try await tester.post("/application", json),
                try await tester.post("/application/", json),
                try await tester.postForm("/application", Self.settings),
                try await tester.post("/application?" + Self.settings),
                try await tester.post("/application?" + Self.settings, ["name": "Other", "alphanumeric": false]),
                try await tester.post("/application?ALPHANUMERIC=TRUE", json.merging(["alphaNumeric": "false"]) { $1 }),
            ] {
                #expect(answer.status == 200, "\(answer.text)")
                var members = try #require(answer.json.object)
                for name in ["accountId", "applicationId", "template", "channelTemplate", "created"] {
                    #expect(members.removeValue(forKey: name) != nil)
                }
                #expect(
                    members == [
                        "name": "Shop", "pinLength": 6, "alphanumeric": true, "attempts": 5, "expire": 120,
                        "sender": "SHOP", "caller": "493099",
                    ])
            }
            #expect(try await tester.get("/application").json.array?.count == 7)
        }
    }

    @Test func `what is not given has its default, and the name is made of the time`() async throws {
        try await TwoFactorTester.run { tester in
            for answer in [try await tester.post("/application"), try await tester.post("/application", [:])] {
                #expect(answer.string("name") == "App-\(TestClock.start)")
                #expect(answer.json["pinLength"] == 4)
            }
        }
    }

    @Test func `an application keeps what a change does not name`() async throws {
        try await TwoFactorTester.run { tester in
            let id = try await tester.application(["name": "Shop", "caller": "4930", "attempts": 5])
            let answer = try await tester.post("/application/\(id)?pinLength=8&expire=7200", ["expire": 30])
            #expect(answer.status == 200)
            #expect(answer.json["pinLength"] == 8 && answer.json["expire"] == 7200 && answer.json["attempts"] == 5)
            #expect(answer.string("name") == "Shop" && answer.string("caller") == "4930")
            let without = try await tester.post("/application/\(id)", ["deleteCaller": true])
            #expect(without.json["caller"] == .null && without.json["pinLength"] == 8)
            #expect(try await tester.get("/application/\(id)").body == without.body)
            let standard = try await tester.post("/application/default?attempts=2")
            #expect(standard.json["attempts"] == 2)
        }
    }

    @Test func `templates are set and deleted by language and channel`() async throws {
        try await TwoFactorTester.run { tester in
            let path = "/application/\(try await tester.application())/language"
            _ = try await tester.post(path, ["language": "DE", "text": "Code {{OTP}}"])
            _ = try await tester.post(path + "?language=de&channel=voice&text=Ihr%20Code:%20%7B%7BOTP%7D%7D")
            let answer = try await tester.postForm(path, "language=en&text=Code+{{OTP}}+for+{{SEC}}")
            #expect(answer.status == 200)
            #expect(answer.json["template"] == ["en": "Code {{OTP}} for {{SEC}}", "de": "Code {{OTP}}"])
            #expect(answer.json["channelTemplate"] == ["VOICE": ["de": "Ihr Code: {{OTP}}"]])
            let deleted = try await tester.delete(path + "?language=de")
            #expect(deleted.status == 200)
            #expect(deleted.json["template"] == ["en": "Code {{OTP}} for {{SEC}}"])
            #expect(deleted.json["channelTemplate"] == ["VOICE": ["de": "Ihr Code: {{OTP}}"]])
            #expect(try await tester.delete(path + "?language=de&channel=VOICE").json["channelTemplate"] == [:])
            let again = try await tester.delete(path + "?language=de")
            #expect(again.status == 404 && again.body.isEmpty)
            let english = try await tester.delete(path + "?language=en")
            #expect(english.status == 400 && english.string("code") == "1034")
        }
    }

    @Test func `a deleted application is gone, and the default one stays`() async throws {
        try await TwoFactorTester.run { tester in
            let id = try await tester.application(["name": "Shop"])
            let deleted = try await tester.delete("/application/\(id)")
            #expect(deleted.status == 200 && deleted.string("name") == "Shop")
            let missing = try await tester.get("/application/\(id)")
            #expect(missing.status == 404 && missing.body.isEmpty)
            for answer in [
                try await tester.delete("/application/\(id)"),
                try await tester.post("/application/\(id)?attempts=2"),
                try await tester.post("/application/\(id)/language?language=de&text={{OTP}}"),
                try await tester.delete("/application/no-uuid"),
            ] {
                #expect(answer.status == 404 && answer.string("code") == "1030", "\(answer.text)")
            }
            let standard = try await tester.delete("/application/default")
            #expect(standard.status == 400 && standard.string("code") == "1033")
            #expect(try await tester.get("/application").json.array?.count == 1)
        }
    }

    /// Parameters that are not acceptable, and the code of the error.
    static let refusals: [(parameters: [String: JSONValue], code: String)] = [
        (["pinLength": 3], "1006"), (["pinLength": 11], "1006"), (["pinLength": "x"], "1006"),
        (["pinLength": 4.5], "1006"), (["expire": 29], "1008"), (["expire": "7201"], "1008"),
        (["expire": .array([])], "1008"),
        (["name": "default"], "1017"), (["name": "Default"], "1017"), (["name": "a\u{0}b"], "1005"),
        (["name": .string(String(repeating: "x", count: 101))], "1005"), (["name": true], "1005"),
        (["attempts": 0], "1004"), (["attempts": 11], "1004"), (["alphanumeric": "yes"], "1007"),
        (["sender": "TWELVE CHARS"], "1009"), (["sender": "12"], "1009"), (["sender": "000012"], "1009"),
        (["caller": "Shop"], "1010"),
    ]

    @Test(arguments: refusals)
    func `a value that is not acceptable is 400 with the code of its field`(
        _ parameters: [String: JSONValue], _ code: String
    ) async throws {
        try await TwoFactorTester.run { tester in
            let id = try await tester.application(["name": "Shop"])
            for path in ["/application", "/application/\(id)"] {
                let answer = try await tester.post(path, parameters)
                #expect(answer.status == 400 && answer.string("code") == code, "\(parameters): \(answer.text)")
                #expect(answer.json.object?.keys.sorted() == ["code", "message", "timestamp"])
                #expect(answer.json["timestamp"]?.int64 != nil && answer.string("message")?.isEmpty == false)
            }
        }
    }

    @Test(arguments: [
        ("language=xx&text={{OTP}}", "1012"), ("text={{OTP}}", "1012"), ("language=de", "1013"),
        ("language=de&text=Code", "1013"), ("language=de&text={{OTP}}&channel=FAX", "1014"),
    ])
    func `a template needs a language that exists and a place for the code`(_ query: String, _ code: String)
        async throws
    {
        try await TwoFactorTester.run { tester in
            let answer = try await tester.post("/application/default/language?" + query)
            #expect(answer.status == 400 && answer.string("code") == code, "\(answer.text)")
        }
    }
}
