// SPDX-License-Identifier: Apache-2.0
// Tables of routes and prices: written, read again, refused by the line, all or nothing.

import Accounts
import EngineTestSupport
import HTTPTypes
import Messaging
import NIOCore
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import API

@Suite struct TableTests {
    private static let header = "company,direction,prefix,mcc,mnc,ttid,currency,price,from"

    @Test(arguments: Engine.allCases)
    func `prices go out as a table and come back the same`(_ engine: Engine) async throws {
        try await APITester.run(engine) { api async throws in
            _ = try await api.made("/companies", ["name": #"Quotes "and", commas"#])
            let table = """
                \(Self.header)\r
                "Quotes ""and"", commas",outbound,43,232,01,77000,EUR,0.05,2026-01-01T00:00:00Z\r
                ,outbound,33,208,10,77001,EUR,0.06,2026-01-01T00:00:00.250Z\r
                Acme,inbound,,,,,USD,-0.001,1970-01-01T00:00:00Z\r

                """
            let answer = try await api.importTable("/prices/import", table)
            #expect(answer.status == 200)
            #expect(answer.headers[.contentType] == "application/x-ndjson")
            #expect(
                answer.lines == [#"{"rows":0,"of":3}"#, #"{"rows":3,"of":3}"#, #"{"imported":3,"removed":0}"#])
            let price = api.node.directory.current.prices.price(
                for: "331234", direction: .outbound, companyID: api.node.acme, now: api.node.clock.now)
            #expect(price?.amount == Money("0.06"))

            let exported = try await api.exportTable("/prices")
            #expect(exported.headers[.contentType] == "text/csv; charset=utf-8")
            #expect(exported.text.hasPrefix(Self.header + "\r\n"))
            #expect(exported.text.hasSuffix(String(table.dropFirst(Self.header.count + 2))))
            let again = try await api.importTable("/prices/import?replace=true", exported.text)
            #expect(again.lines.last == #"{"imported":6,"removed":3}"#)
            #expect(try await api.exportTable("/prices").text == exported.text)
            #expect(try await api.exportTable("/prices?prefix=43").text.split(separator: "\r\n").count == 2)
            let log = try await api.audit(.price)
            #expect(log.map(\.action) == [.imported, .imported])
            #expect(log[1].changes["removed"]?["to"] == 3)
        }
    }

    @Test(arguments: Engine.allCases)
    func `routes go out as a table and come back the same`(_ engine: Engine) async throws {
        var setup = TestSetup()
        setup.connectors = ["fake", "spare"]
        try await APITester.run(engine, setup: setup) { api async throws in
            let table = "\u{FEFF}connectors,gateway,prefix\nspare fake,DEFAULT,49\nfake,\"PREMIUM\",\n"
            let answer = try await api.importTable("/routes/import", table, contentType: "text/csv; charset=utf-8")
            #expect(answer.lines.last == #"{"imported":2,"removed":0}"#, "\(answer.text)")
            let exported = try await api.exportTable("/routes")
            #expect(
                exported.text
                    == "gateway,prefix,connectors\r\nDEFAULT,,fake spare\r\nDEFAULT,49,spare fake\r\nPREMIUM,,fake\r\n")
            #expect(try await api.importTable("/routes/import", exported.text).status == 200)
            #expect(try await api.exportTable("/routes").text == exported.text)
            let replaced = try await api.importTable("/routes/import?replace=true", "connectors,prefix\nfake,1\n")
            #expect(replaced.lines.last == #"{"imported":1,"removed":2}"#)
            #expect(try await api.admin(.get, "/routes").ids.count == 2, "the file's and the table's")
        }
    }

    @Test(arguments: Engine.allCases)
    func `an import changes rows of operators and leaves those of the file`(_ engine: Engine) async throws {
        try await APITester.run(engine) { api async throws in
            let id = try await api.made("/prices", ["prefix": "43", "price": "0.05"])
            let changed = try await api.importTable("/prices/import", "prefix,price\n43,0.07\n")
            #expect(changed.lines.last == #"{"imported":1,"removed":0}"#)
            #expect(try await api.admin(.get, "/prices/\(id)").string("price") == "0.07")
            let table = "prefix,price,from,mcc,mnc,ttid\n33,0.01,,,,\n49,0.5,2020-01-01T00:00:00Z,262,01,77292\n"
            let refused = try await api.importTable("/prices/import?replace=true", table)
            #expect(refused.status == 409 && refused.string("detail")?.hasPrefix("Line 3:") == true)
            #expect(try await api.admin(.get, "/prices?prefix=33").ids == [])
            #expect(try await api.admin(.get, "/prices/\(id)").status == 200)
        }
    }

    @Test func `bad lines are named and nothing is written`() async throws {
        try await APITester.run { api async throws in
            let cases: [(path: String, table: String, fields: [String])] = [
                ("prices", "", ["line 1"]),
                ("prices", "prefix,price,colour\n", ["line 1"]),
                ("prices", "prefix,prefix,price\n", ["line 1"]),
                ("prices", "prefix\n49\n", ["line 1"]),
                ("prices", "prefix,price\n49\n", ["line 2"]),
                ("prices", "prefix,price\n49,0.1,x\n", ["line 2"]),
                ("prices", "prefix,price\n41,cheap\n\n43,\n", ["line 2: price", "line 4: price"]),
                ("prices", "direction,price,from\nup,1,now\n", ["line 2: direction", "line 2: from"]),
                ("prices", "prefix,price\n41,1\n4x,1\n", ["line 3: prefix"]),
                ("prices", "company,price\nNobody,1\n", ["line 2: company"]),
                ("prices", "prefix,price\n41,1\n\"4\n2\",1\n", ["line 3: prefix"]),
                ("prices", "prefix,price\n41,1\n41,2\n", ["line 3: prefix"]),
                ("prices", "prefix,price\n41,1\n4\"2,1\n", ["line 3"]),
                ("prices", "prefix,price\n\"41\"x,1\n", ["line 2"]),
                ("prices", "prefix,price\n\"41,1\n", ["line 2"]),
                ("prices", "prefix,price\r41,1\n", ["line 1"]),
                ("routes", "connectors\nnobody\n", ["line 2: connectors"]),
                ("routes", "connectors\n\"\"\n", ["line 2: connectors"]),
                ("routes", "prefix,connectors\n+1,fake\n", ["line 2: prefix"]),
            ]
            for (path, table, fields) in cases {
                let answer = try await api.importTable("/\(path)/import", table)
                #expect(answer.status == 400 && answer.refusedFields == fields, "\(table): \(answer.text)")
            }
            let octets = Array("prefix,price\n41,".utf8) + [0xFF, 0x0A]
            let answer = try await api.call(
                .post, "/admin/v1/prices/import", body: octets, contentType: "text/csv", key: TestSetup.adminKey)
            #expect(answer.refusedFields == ["line 2"])
            #expect(try await api.importTable("/prices/import", "price\n1\n", contentType: "text/plain").status == 415)
            #expect(try await api.importTable("/prices/import?replace=1", "price\n1\n").refusedFields == ["replace"])
            #expect(try await api.admin(.get, "/prices").ids.count == 3)
            #expect(try await api.audit(.price).isEmpty)
        }
    }

    @Test func `a large table tells how far it is`() async throws {
        try await APITester.run { api async throws in
            var table = "prefix,price\n"
            for number in 0..<12_000 { table += "9\(10_000 + number),0.01\n" }
            let answer = try await api.importTable("/prices/import", table)
            #expect(
                answer.lines == [
                    #"{"rows":0,"of":12000}"#, #"{"rows":5000,"of":12000}"#, #"{"rows":10000,"of":12000}"#,
                    #"{"rows":12000,"of":12000}"#, #"{"imported":12000,"removed":0}"#,
                ])
            #expect(try await api.exportTable("/prices").text.split(separator: "\r\n").count == 12_004)
        }
    }

    // MARK: The parser

    private func rows(_ bytes: [UInt8], pieces: Int) throws(CSVError) -> [CSVRow] {
        var parser = CSVParser()
        var rows: [CSVRow] = []
        for start in stride(from: 0, to: bytes.count, by: pieces) {
            rows += try parser.feed(bytes[start..<min(start + pieces, bytes.count)])
        }
        return try rows + parser.finish()
    }

    @Test(arguments: [
        ("a,b\r\nc,d", [["a", "b"], ["c", "d"]], [1, 2]),
        ("a\n\n\nb\n", [["a"], ["b"]], [1, 4]),
        (#""a,""b""""# + ",\n\"x\r\ny\",z\nlast", [[#"a,"b""#, ""], ["x\r\ny", "z"], ["last"]], [1, 2, 4]),
        ("\"\"\n,\n", [[""], ["", ""]], [1, 2]),
        ("\u{FEFF}\"a\"\n", [["a"]], [1]),
        ("\u{FEFE}a\n", [["\u{FEFE}a"]], [1]),
        ("é,日本\n", [["é", "日本"]], [1]),
        ("", [], []),
    ])
    func `rows are read however they arrive`(_ text: String, _ fields: [[String]], _ lines: [Int]) throws {
        for pieces in [1, 2, 3, 7, 1000] {
            let rows = try rows(Array(text.utf8), pieces: pieces)
            #expect(rows.map(\.fields) == fields)
            #expect(rows.map(\.line) == lines)
        }
    }

    @Test func `whatever is written is read again`() throws {
        var random = SeededGenerator(seed: 20)
        let alphabet = Array("a,\"\n\r é;'\u{FEFF}")
        for _ in 0..<2000 {
            let table = (0..<Int.random(in: 1...4, using: &random)).map { _ in
                ["x"]
                    + (0..<Int.random(in: 0...3, using: &random)).map { _ in
                        String(
                            (0..<Int.random(in: 0...6, using: &random)).compactMap { _ in
                                alphabet.randomElement(using: &random)
                            })
                    }
            }
            var writer = CSVWriter()
            for row in table { writer.row(row) }
            let read = try rows(writer.bytes, pieces: Int.random(in: 1...9, using: &random))
            #expect(read.map(\.fields) == table)
        }
    }

    @Test func `no octets harm the parser`() {
        var random = SeededGenerator(seed: 21)
        let likely = Array(",,\"\"\"\r\n\n a\u{FEFF}".utf8) + [0xFF, 0x00]
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...40, using: &random)).compactMap { _ in
                likely.randomElement(using: &random)
            }
            let whole = Result { () throws(CSVError) in try rows(bytes, pieces: 1000) }
            let inPieces = Result { () throws(CSVError) in try rows(bytes, pieces: 1) }
            #expect(whole == inPieces)
            if case .failure(let error) = whole { #expect(error.line >= 1) }
        }
    }

    @Test func `a field or a row without end is refused`() {
        #expect(throws: CSVError.self) { try rows(Array(repeating: 0x61, count: 2001), pieces: 100) }
        #expect(throws: CSVError.self) { try rows(Array(repeating: 0x2C, count: 40), pieces: 100) }
    }
}
