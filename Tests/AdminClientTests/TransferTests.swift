// SPDX-License-Identifier: Apache-2.0
// CSV in and out, and the link's exchanges as they come.

import ArgumentParser
import Foundation
import Synchronization
import Testing
import Wire

@testable import AdminClient

struct TransferTests {
    private static let ndjson = Told(
        type: "application/x-ndjson",
        pieces: [
            #"{"rows":1000,"of"#, "\":2000}\n{\"rows\":2000,\"of\":2000}\n", "{\"imported\":2000,\"removed\":3}\n",
        ])

    @Test func `an import sends the file whole and tells the result`() async throws {
        try await AdminServer.with({ _ in Self.ndjson }) { server in
            var surroundings = Surroundings()
            surroundings.input = String(repeating: "DEFAULT,49,carrier-a\n", count: 20_000)
            let outcome = await parley(["routes", "import", "-", "--replace"], at: server, surroundings)
            #expect(outcome.out == "2000 routes imported, 3 removed.\n")
            #expect(outcome.err.isEmpty)
            let asked = try #require(server.asked.first)
            #expect(asked.line == "POST /routes/import?replace=true")
            #expect(asked.headers["content-type"] == "text/csv; charset=utf-8")
            #expect(asked.headers["content-length"] == "420000")
            #expect(asked.body == surroundings.input)
        }
    }

    @Test func `contacts go to their company's address, with the region of their numbers`() async throws {
        let answer = { @Sendable (asked: Asked) in
            asked.method == "GET" ? Told.json(#"{"items":[{"id":7,"name":"Acme"}]}"#) : Self.ndjson
        }
        try await AdminServer.with(answer) { server in
            var surroundings = Surroundings()
            surroundings.input = "name,phone\nJane,0170 1234567\n"
            let words = ["contacts", "import", "-", "--company", "Acme", "--region", "DE"]
            let outcome = await parley(words, at: server, surroundings)
            #expect(outcome.out == "2000 contacts imported, 3 removed.\n", "\(outcome.err)")
            #expect(server.asked.last?.line == "POST /companies/7/contacts/import?region=DE")
            #expect(server.asked.last?.body == surroundings.input)
        }
    }

    @Test func `progress is bytes first and rows then`() async throws {
        try await AdminServer.with({ _ in Self.ndjson }) { server in
            var surroundings = Surroundings()
            surroundings.input = String(repeating: "x", count: 300_000)
            let outcome = await parley(["prices", "import", "-", "--progress", "--json"], at: server, surroundings)
            let lines = outcome.err.split(separator: "\n").map(String.init)
            #expect(lines.first == "sent 0.1 of 0.3 MB")
            #expect(lines.suffix(3) == ["sent 0.3 of 0.3 MB", "prices: 1000 of 2000", "prices: 2000 of 2000"])
            #expect(outcome.json?["imported"]?.int64 == 2000)
        }
    }

    @Test(arguments: [
        (
            Told.json(
                #"{"detail":"x","violations":[{"field":"line 17: price","message":"must be decimal"}]}"#, status: 400),
            "parley: line 17: price: must be decimal\n", Int32(1)
        ),
        (
            Told(pieces: ["{\"rows\":5,\"of\":9}\n", "{\"error\":\"Changed meanwhile.\"}\n"]),
            "parley: Changed meanwhile.\n", 1
        ),
        (
            Told(pieces: ["{\"rows\":5,\"of\":9}\n"]),
            "parley: SERVER ended its answer before it said that the import is done\n", 69
        ),
        (
            Told(pieces: ["{\"rows\":5,\"of\":9}\n"], isWhole: false),
            "parley: cannot reach SERVER: it closed the connection\n", 69
        ),
    ])
    func `an import that was not confirmed has failed`(told: Told, err: String, status: Int32) async throws {
        try await AdminServer.with({ _ in told }) { server in
            var surroundings = Surroundings()
            surroundings.input = "gateway,prefix,connectors\n"
            let outcome = await parley(["routes", "import", "-"], at: server, surroundings)
            #expect(outcome.err == err.replacingOccurrences(of: "SERVER", with: server.url))
            #expect(outcome.status == status)
            #expect(outcome.out.isEmpty)
        }
    }

    @Test func `a file that is not there is told before anything is sent`() async throws {
        try await AdminServer.with({ _ in Self.ndjson }) { server in
            let outcome = await parley(["routes", "import", "/nowhere/routes.csv"], at: server)
            #expect(outcome.err == "parley: /nowhere/routes.csv cannot be read\n")
            #expect(outcome.status == 64)
            #expect(server.asked.isEmpty)
        }
    }

    @Test func `an export is the file as it is`() async throws {
        let csv = Told(type: "text/csv", pieces: ["company,price\r\n", "Zoë,0.0075\r\n"])
        try await AdminServer.with({ _ in csv }) { server in
            let outcome = await parley(["prices", "export", "--direction", "inbound"], at: server)
            #expect(outcome.out == "company,price\r\nZoë,0.0075\r\n")
            #expect(server.asked.first?.line == "GET /prices?direction=inbound")
            #expect(server.asked.first?.headers["accept"] == "text/csv")
        }
    }

    @Test func `an exported file appears only when it is complete`() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("parley-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("routes.csv")
        let isCut = Mutex(true)
        let answer = { @Sendable (_: Asked) in
            Told(type: "text/csv", pieces: ["gateway,prefix\n"], isWhole: !isCut.withLock { $0 })
        }
        try await AdminServer.with(answer) { server in
            let words = ["routes", "export", "--output", file.path]
            #expect(await parley(words, at: server).status == 69)
            let leftovers = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            #expect(leftovers.isEmpty)
            isCut.withLock { $0 = false }
            #expect(await parley(words, at: server).out.isEmpty)
            let text = try String(contentsOf: file, encoding: .utf8)
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            #expect(text == "gateway,prefix\n")
            #expect(names == ["routes.csv"])
        }
    }

    @Test func `exchanges are followed, each shown once, until it is interrupted`() async throws {
        let newest = Mutex(2)
        let answer = { @Sendable (asked: Asked) -> Told in
            guard asked.path.contains("/exchanges") else { return .json(#"{"id":7,"name":"c"}"#) }
            let query = asked.path.split(separator: "?").last ?? ""
            let after =
                query.split(separator: "&").first { $0.hasPrefix("after=") }.flatMap { Int($0.dropFirst(6)) } ?? 0
            let top = newest.withLock { newest in
                newest = min(newest + 1, 6)
                return newest
            }
            let items = after < top ? (after + 1...top).map { #"{"sequence":\#($0),"what":"submit_sm"}"# } : []
            return .json(#"{"items":[\#(items.joined(separator: ","))]}"#)
        }
        try await AdminServer.with(answer) { server in
            let (environment, seen) = (["PARLEY_SERVER": server.url, "PARLEY_KEY": "k"], Text())
            let task = Task {
                var terminal = Terminal(
                    write: { seen.add($0) }, warn: { _ in }, readInput: { [] }, environment: { environment[$0] })
                terminal.followInterval = .milliseconds(1)
                let words = ["7", "--follow", "--json"]
                let command = try ConnectorsCommand.Exchanges.parse(words)
                try await Terminal.$current.withValue(terminal) { try await command.run() }
            }
            while seen.value.split(separator: "\n").count < 6 { await Task.yield() }
            task.cancel()
            _ = await task.result
            let numbers = seen.value.split(separator: "\n").compactMap { line in
                (try? JSONValue(parsing: line.utf8))?["sequence"]?.int64
            }
            #expect(numbers == [1, 2, 3, 4, 5, 6])
        }
    }

    @Test func `what was shown is not shown again`() {
        let item = { (sequence: Int64) in JSONValue.object(["sequence": .integer(sequence)]) }
        var feed = ExchangeFeed()
        #expect(feed.new([item(8), item(9)]).count == 2)
        #expect(feed.new([item(9), .object([:]), item(10)]) == [item(10)])
        #expect(feed.last == 10)
    }
}
