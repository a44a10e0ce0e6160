// SPDX-License-Identifier: Apache-2.0
// Who may ask: keys in the header and in the query, scopes, expiry, and the walls between companies.

import Accounts
import EngineTestSupport
import HTTPTypes
import Messaging
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import API

@Suite struct AuthenticationTests {
    private static let message = "/messaging/v1/messages/01890000-0000-7000-8000-000000000000"

    @Test func `a key is taken from the header in any case or from the query, the header first`() async throws {
        try await APITester.run { api async throws in
            for name in ["apikey", "APIKEY", "apiKey"] {
                let answer = try await api.call(.get, Self.message, key: nil, headers: [(name, TestSetup.acmeKey)])
                #expect(answer.status == 404)
            }
            #expect(try await api.get(Self.message + "?apiKey=\(TestSetup.acmeKey)", key: nil).status == 404)
            #expect(try await api.get(Self.message + "?apiKey=\(TestSetup.acmeKey)", key: "wrong").status == 401)
        }
    }

    @Test func `a missing or unknown key is 401 on every address`() async throws {
        try await APITester.run { api async throws in
            for key in [nil, "", "wrong", TestSetup.acmeKey + "x"] {
                for answer in [
                    try await api.get(Self.message, key: key),
                    try await api.get("/messaging/v1/sms?to=1", key: key),
                    try await api.send(key: key),
                    try await api.post("/messaging/v1/conversion", json: ["requestId": "x"], key: key),
                ] {
                    #expect(answer.status == 401)
                    #expect(answer.string("title") == "Unauthorized")
                    #expect(answer.headers[.wwwAuthenticate] != nil)
                }
            }
        }
    }

    @Test func `a key without the scope is 403`() async throws {
        try await APITester.run { api async throws in
            let answer = try await api.get(Self.message, key: TestSetup.adminKey)
            #expect(answer.status == 403)
            #expect(answer.string("type") == "https://httpstatuses.com/403")
        }
    }

    @Test func `an expired key is 401`() async throws {
        try await APITester.run { api async throws in
            let acme = api.node.acme
            try await api.node.database.write { transaction in
                try transaction.execute(
                    "UPDATE api_keys SET expires_at = $1 WHERE company_id = $2",
                    [.integer(TestClock.start + 1000), .integer(acme)])
            }
            try await api.node.directory.reload()
            #expect(try await api.get(Self.message).status == 404)
            api.node.clock.advance(by: 1000)
            #expect(try await api.get(Self.message).status == 401)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a message of another company does not exist`(_ engine: Engine) async throws {
        try await APITester.run(engine) { api async throws in
            let answer = try await api.send(["conversion": true])
            let id = try #require(answer.string("requestId"))
            let path = "/messaging/v1/messages/" + id
            #expect(try await api.get(path).status == 200)
            #expect(try await api.get(path, key: TestSetup.otherKey).status == 404)
            let conversion = try await api.post(
                "/messaging/v1/conversion", json: ["requestId": .string(id)], key: TestSetup.otherKey)
            #expect(conversion.status == 404)
        }
    }
}
