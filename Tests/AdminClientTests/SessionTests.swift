// SPDX-License-Identifier: Apache-2.0
// What all commands share: where they connect, pages, names, refusals, questions, secrets.

import ArgumentParser
import Foundation
import Testing
import Wire

@testable import AdminClient

@Suite(.serialized) struct ConnectionTests {
    @Test func `options go before the environment, and the environment before a file`() throws {
        let terminal = { (environment: [String: String]) in
            Terminal(write: { _ in }, warn: { _ in }, readInput: { [] }, environment: { environment[$0] })
        }
        AdminClient.configurationLookup = { file in ("https://\(file).example/", "file-key") }
        defer { AdminClient.configurationLookup = nil }
        let both = terminal(["PARLEY_SERVER": "http://environment:1/", "PARLEY_KEY": "environment-key"])
        let resolve = { (words: [String], terminal: Terminal) throws -> String in
            let (server, key) = try ConnectionOptions.parse(words).resolved(terminal)
            return "\(server) \(key)"
        }
        #expect(try resolve(["--server", "http://a:1", "--key", "k"], both) == "http://a:1 k")
        #expect(try resolve(["--key", "k"], both) == "http://environment:1 k")
        #expect(try resolve([], both) == "http://environment:1 environment-key")
        #expect(try resolve(["-c", "f"], terminal([:])) == "https://f.example file-key")
        #expect(try resolve(["-c", "f"], terminal(["PARLEY_KEY": "e"])) == "https://f.example e")
        // A key from a file that nobody named does not go to another server.
        #expect(throws: Failure.self) { try resolve(["--server", "http://other:1"], terminal([:])) }
        #expect(try resolve(["--server", "http://o:1", "-c", "f"], terminal([:])) == "http://o:1 file-key")
    }

    @Test func `a file with a mistake is told as its reader tells it`() async {
        struct Mistake: Error, CustomStringConvertible { let description = "f.yaml:3: http.prot: unknown key" }
        AdminClient.configurationLookup = { _ in throw Mistake() }
        defer { AdminClient.configurationLookup = nil }
        let outcome = await parley(["status", "--config", "f.yaml"])
        #expect(outcome.err == "parley: f.yaml:3: http.prot: unknown key\n")
        #expect(outcome.status == 64)
    }

    @Test(arguments: ["example.com", "ftp://a", "http://", "http://a/?x=1", "https://a/#b", "http:// a"])
    func `what is no server's address is refused`(address: String) async {
        let outcome = await parley(["status", "--server", address, "--key", "k"])
        #expect(outcome.status == 64)
        #expect(outcome.err.hasSuffix("is no server's address, such as https://sms.example.com\n"))
    }

    @Test func `without a server or a key one line says what to do`() async {
        let nothing = await parley(["status"])
        #expect(nothing.status == 64)
        #expect(nothing.err.contains("PARLEY_SERVER") && nothing.err.split(separator: "\n").count == 1)
        let noKey = await parley(["status", "--server", "http://127.0.0.1:1"])
        #expect(noKey.err == "parley: which key? Set PARLEY_KEY, or give --key\n")
        #expect(await parley(["status", "--server", "http://a", "--key", "a\nb"]).status == 64)
    }

    @Test func `a server that cannot be reached is unavailable`() async throws {
        let url = try await AdminServer.with({ _ in .nothing }) { $0.url }
        let outcome = await parley(["status", "--server", url, "--key", "k"])
        #expect(outcome.err == "parley: cannot reach \(url): nothing listens there (connection refused)\n")
        #expect(outcome.status == 69)
    }

    @Test func `a server without TLS is told from one that is away`() async throws {
        try await AdminServer.with({ _ in .nothing }) { server in
            let url = server.url.replacingOccurrences(of: "http:", with: "https:")
            let outcome = await parley(["status", "--server", url, "--key", "k"])
            #expect(outcome.err == "parley: cannot reach \(url): there is no TLS to be had\n")
            #expect(outcome.status == 69)
        }
    }

    @Test func `a certificate file that is none is a mistake of the command line`() async {
        let outcome = await parley(["status", "--server", "https://127.0.0.1:1", "--key", "k", "--ca", "/nowhere"])
        #expect(outcome.err == "parley: --ca: /nowhere is not a readable PEM file of certificates\n")
        #expect(outcome.status == 64)
    }
}

struct RefusalTests {
    @Test(arguments: [
        (
            400,
            #"{"detail":"x","violations":[{"field":"prefix","message":"must be digits"},{"field":"a","message":"b"}]}"#,
            "parley: prefix: must be digits\nparley: a: b\n", 1
        ),
        (409, #"{"title":"Conflict","detail":"The file declares it."}"#, "parley: The file declares it.\n", 1),
        (404, #"{"title":"Not Found"}"#, "parley: Not Found\n", 1),
        (
            422, #"{"detail":"parley.yaml:3: bad\nparley.yaml:9: worse"}"#,
            "parley: parley.yaml:3: bad\nparley: parley.yaml:9: worse\n", 1
        ),
        (403, #"{"detail":"Not for resellers."}"#, "parley: Not for resellers.\n", 77),
        (401, #"{"detail":"A key, please."}"#, "parley: SERVER does not accept the key: A key, please.\n", 77),
        (503, "", "parley: SERVER answered 503, without saying why\n", 69),
        (500, "<html>", "parley: SERVER answered 500, without saying why\n", 1),
        (302, "", "parley: SERVER answered 302, without saying why\n", 1),
        (
            200, "<html>",
            "parley: SERVER answered /status with something that is not JSON: unexpected character at byte 0\n", 1
        ),
    ])
    func `a refusal becomes lines and a status`(code: Int, body: String, err: String, status: Int32) async throws {
        try await AdminServer.with({ _ in .json(body, status: code) }) { server in
            let outcome = await parley(["status"], at: server)
            #expect(outcome.err == err.replacingOccurrences(of: "SERVER", with: server.url))
            #expect(outcome.status == status)
            #expect(outcome.out.isEmpty)
        }
    }
}

struct ListTests {
    /// Five companies in pages of two, whatever limit is asked for.
    @Sendable static func pages(_ asked: Asked) -> Told {
        let query = asked.path.split(separator: "?").last.map(String.init) ?? ""
        let cursor =
            query.split(separator: "&").first { $0.hasPrefix("cursor=") }.map { Int($0.dropFirst(7)) ?? 0 } ?? 0
        let items = (cursor..<min(cursor + 2, 5)).map { #"{"id":\#($0),"name":"c\#($0)","companyId":3}"# }
        let next = cursor + 2 < 5 ? #","next":"\#(cursor + 2)""# : ""
        return .json(#"{"items":[\#(items.joined(separator: ","))]\#(next)}"#)
    }

    @Test func `a list has all pages`() async throws {
        try await AdminServer.with(Self.pages) { server in
            let outcome = await parley(["companies", "list", "--json"], at: server)
            #expect(outcome.json?.array?.compactMap { $0["id"]?.int64 } == [0, 1, 2, 3, 4])
            #expect(server.lines.count == 3)
        }
    }

    @Test func `a long list ends at its limit and says that it goes on`() async throws {
        try await AdminServer.with(Self.pages) { server in
            let outcome = await parley(["receipts", "--limit", "4"], at: server)
            #expect(outcome.lines.count == 5)
            #expect(outcome.err.hasPrefix("There is more"))
            #expect(server.lines == ["GET /receipts/unmatched?limit=4", "GET /receipts/unmatched?limit=2&cursor=2"])
            let all = await parley(["receipts", "--all"], at: server)
            #expect(all.lines.count == 6)
            #expect(all.err.isEmpty)
        }
    }

    @Test func `a cursor that leads nowhere ends the list`() async throws {
        try await AdminServer.with({ _ in .json(#"{"items":[],"next":"same"}"#) }) { server in
            let outcome = await parley(["companies", "list"], at: server)
            #expect(outcome.out == "(none)\n")
            #expect(server.lines.count == 2)
        }
    }

    @Test func `tables name companies, and JSON does not ask for their names`() async throws {
        try await AdminServer.with(Self.pages) { server in
            let outcome = await parley(["keys", "list"], at: server)
            #expect(outcome.lines.first?.hasPrefix("id  company  name") == true)
            #expect(outcome.lines.dropFirst().allSatisfy { $0.contains(" c3 ") })
            let before = server.lines.count
            _ = await parley(["keys", "list", "--json"], at: server)
            #expect(server.lines.count == before + 3)
        }
    }

    @Test func `a table is cut to the terminal and not to a pipe`() async throws {
        let url = "https://acme.example/" + String(repeating: "x", count: 200)
        let answer = { @Sendable (_: Asked) in Told.json(#"{"items":[{"id":1,"inboundUrl":"\#(url)"}]}"#) }
        try await AdminServer.with(answer) { server in
            var surroundings = Surroundings()
            #expect(await parley(["channels", "list"], at: server, surroundings).out.contains(url))
            surroundings.width = 80
            let outcome = await parley(["channels", "list"], at: server, surroundings)
            #expect(outcome.lines.allSatisfy { $0.count <= 80 })
            #expect(outcome.out.contains("…"))
        }
    }
}

struct NameTests {
    @Sendable static func answer(_ asked: Asked) -> Told {
        let companies = #"{"items":[{"id":1,"name":"Acme"},{"id":2,"name":"42"},{"id":42,"name":"Zoe"}]}"#
        let channels = #"{"items":[{"id":5,"address":"12345"},{"id":12345,"address":"49301"},{"id":8,"address":"7"}]}"#
        let keys = #"{"items":[{"id":3,"name":"app","companyId":1},{"id":4,"name":"app","companyId":2}]}"#
        switch asked.path.prefix(while: { $0 != "?" }) {
        case "/companies": return .json(companies)
        case "/companies/42": return .json(#"{"id":42,"name":"Zoe"}"#)
        case "/channels": return .json(channels)
        case "/keys": return .json(keys)
        default: return asked.method == "DELETE" ? .nothing : .problem(404, "There is no such object.")
        }
    }

    @Test(arguments: [
        ("companies close Acme", "DELETE /companies/1"), ("companies close 42", "DELETE /companies/42"),
        ("channels remove 49301", "DELETE /channels/12345"), ("channels remove +49301", "DELETE /channels/12345"),
        ("channels remove id:5", "DELETE /channels/5"), ("channels remove 8", "DELETE /channels/8"),
    ])
    func `an argument is a name or an id`(words: String, line: String) async throws {
        try await AdminServer.with({ asked in
            asked.method == "GET" && asked.path == "/channels/5" ? .json(#"{"id":5}"#) : Self.answer(asked)
        }) { server in
            let outcome = await parley(words.split(separator: " ").map(String.init), at: server)
            #expect(outcome.status == 0, "\(outcome.err)")
            #expect(server.lines.last == line)
        }
    }

    @Test(arguments: [
        ("companies close Nobody", "parley: no company is called Nobody\n", 1),
        ("companies close 99", "parley: no company is called 99\n", 1),
        ("channels remove 12345", "parley: 12345 may mean id:5 (12345) or id:12345 (49301): say which\n", 64),
        ("keys remove app", "parley: app may mean id:3 (app, company 1) or id:4 (app, company 2): say which\n", 64),
        ("keys remove id:x", "parley: id:x: an id is a number\n", 64),
        ("keys remove id:9", "parley: There is no such object.\n", 1),
    ])
    func `what nothing or several are called is never guessed`(words: String, err: String, status: Int32) async throws {
        try await AdminServer.with(Self.answer) { server in
            let outcome = await parley(words.split(separator: " ").map(String.init), at: server)
            #expect(outcome.err == err)
            #expect(outcome.status == status)
            #expect(server.asked.allSatisfy { $0.method == "GET" })
        }
    }
}

struct QuestionTests {
    @Test(arguments: [("y", true), ("YES", true), ("n", false), ("", false), ("remove", false)])
    func `what destroys asks a person first`(reply: String, isDone: Bool) async throws {
        try await AdminServer.with(NameTests.answer) { server in
            var surroundings = Surroundings()
            surroundings.reply = reply
            let outcome = await parley(["companies", "close", "Acme"], at: server, surroundings)
            #expect(server.lines.contains("DELETE /companies/1") == isDone)
            #expect(
                outcome.err.hasPrefix("Close company 1 (Acme) and remove its keys, channels and SMPP accounts? [y/N] "))
            #expect(outcome.status == (isDone ? 0 : 1))
            #expect(outcome.err.contains("nothing was done") != isDone)
        }
    }

    @Test func `--yes and a script are not asked`() async throws {
        try await AdminServer.with(NameTests.answer) { server in
            var surroundings = Surroundings()
            surroundings.reply = "n"
            let outcome = await parley(["companies", "close", "Acme", "--yes"], at: server, surroundings)
            #expect(outcome.out == "Closed company 1 (Acme).\n")
            #expect(outcome.err.isEmpty)
            #expect(await parley(["companies", "close", "Acme"], at: server).status == 0)
        }
    }

    @Test func `a secret stands alone and is said to be shown once`() async throws {
        let answer = #"{"id":3,"name":"app","key":"pk_123456789"}"#
        try await AdminServer.with({ $0.path == "/companies/1" ? .json(#"{"id":1}"#) : .json(answer, status: 201) }) {
            server in
            let outcome = await parley(["keys", "create", "app", "--company", "1"], at: server)
            #expect(
                outcome.lines == [
                    "id    3", "name  app", "", "key: pk_123456789",
                    "Keep it now: it is shown this once and cannot be read again.",
                ])
            let json = await parley(["keys", "create", "app", "--company", "1", "--json"], at: server)
            #expect(json.json?["key"]?.string == "pk_123456789")
        }
    }
}
