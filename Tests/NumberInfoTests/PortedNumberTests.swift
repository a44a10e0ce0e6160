// SPDX-License-Identifier: Apache-2.0
// Imports into both databases: all or nothing, whole tables and changes, and the clearing up behind them.

import Accounts
import EngineTestSupport
import Messaging
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import NumberInfo

@Suite struct PortedNumberTests {
    private static let table = """
        number,mcc,mnc,operator,date
        491701234567,262,02,,2025-03-01
        491701234568,262,03,O2,
        491701234569,,,Festnetz GmbH,
        """

    @Test(arguments: Engine.allCases)
    func `a number is found with its network and its day`(_ engine: Engine) async throws {
        try await DeskTester.run(engine) { tester in
            let result = try await tester.importTable(Self.table, replacing: true)
            #expect(result == PortedImportResult(imported: 3, removed: 0))
            let found = try #require(try await tester.desk.ported.find("491701234567"))
            #expect(found.network == PortedNetwork(mcc: "262", mnc: "02", operatorName: ""))
            #expect(found.portedAt == 1_740_787_200_000)
            #expect(try await tester.desk.ported.find("491701234569")?.network.operatorName == "Festnetz GmbH")
            #expect(try await tester.desk.ported.find("491701234560") == nil)
            let status = try await tester.desk.ported.status()
            #expect(status.numbers == 3)
            #expect(status.generations.map(\.state) == [.inForce])
        }
    }

    @Test(arguments: Engine.allCases)
    func `a whole table takes the place of everything at once, and the old rows go`(_ engine: Engine) async throws {
        try await DeskTester.run(engine) { tester in
            try await tester.importTable(Self.table, replacing: true)
            let result = try await tester.importTable("491701111111,262,01", replacing: true)
            #expect(result == PortedImportResult(imported: 1, removed: 3))
            #expect(try await tester.desk.ported.find("491701234567") == nil)
            #expect(try await tester.desk.ported.find("491701111111") != nil)
            #expect(try await tester.rows() == 4)
            try await tester.desk.ported.tidy()
            #expect(try await tester.rows() == 1)
            let status = try await tester.desk.ported.status()
            #expect(status.generations.map(\.state) == [.inForce, .removed])
        }
    }

    @Test(arguments: Engine.allCases)
    func `changes add, alter and remove, before and after they are written into the table`(
        _ engine: Engine
    ) async throws {
        try await DeskTester.run(engine) { tester in
            try await tester.importTable(Self.table, replacing: true)
            let result = try await tester.importTable(
                """
                number,mcc,mnc,action
                491701234567,262,01,
                491701234568,,,remove
                491702222222,262,02,add
                """)
            #expect(result == PortedImportResult(imported: 2, removed: 1))
            try await tester.importTable("number,mcc,mnc,action\n491702222222,262,03,\n491701234569,,,remove")
            for isTidy in [false, true] {
                if isTidy { try await tester.desk.ported.tidy() }
                #expect(try await tester.desk.ported.find("491701234567")?.network.mnc == "01")
                #expect(try await tester.desk.ported.find("491701234568") == nil)
                #expect(try await tester.desk.ported.find("491701234569") == nil)
                #expect(try await tester.desk.ported.find("491702222222")?.network.mnc == "03")
            }
            #expect(try await tester.rows() == 2)
            #expect(try await tester.desk.ported.status().numbers == 2)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a bad line at the end changes nothing, and its rows go`(_ engine: Engine) async throws {
        try await DeskTester.run(engine) { tester in
            try await tester.importTable(Self.table, replacing: true)
            let lines = (0..<50).map { "4917030000\(10 + $0),262,01" } + ["4917040000,262"]
            let error = await #expect(throws: PortedTableError.self) {
                try await tester.importTable(lines.joined(separator: "\n"), replacing: true)
            }
            #expect(error?.line == 51)
            #expect(try await tester.desk.ported.find("491701234567") != nil)
            #expect(try await tester.desk.ported.find("491703000010") == nil)
            try await tester.desk.ported.tidy()
            #expect(try await tester.rows() == 3)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a number that comes twice is named with its second line`(_ engine: Engine) async throws {
        try await DeskTester.run(engine) { tester in
            let error = await #expect(throws: PortedTableError.self) {
                try await tester.importTable("491701234567,262,01\n491701234568,262,01\n+491701234567,262,02")
            }
            #expect(
                error == PortedTableError(line: 3, column: "number", reason: "is a number that an earlier line has"))
        }
    }

    @Test(arguments: Engine.allCases)
    func `a number that comes again in a later run is named, too`(_ engine: Engine) async throws {
        try await DeskTester.run(engine) { tester in
            let table = try await tester.desk.ported.beginImport(isWhole: true)
            // More than one run is sorted at a time, in descending order.
            var text = ""
            for index in 0..<270_000 { text += "\(491_799_999_999 - index),262,01\n" }
            text += "491799999990,262,02\n"
            let error = await #expect(throws: PortedTableError.self) {
                try await table.feed(Array(text.utf8.prefix(6_000_000)))
                try await table.feed(Array(text.utf8.dropFirst(6_000_000)))
                _ = try await table.finish(as: .file)
            }
            #expect(error?.line == 270_001)
            await table.abandon()
        }
    }

    @Test(arguments: Engine.allCases)
    func `an empty table is refused`(_ engine: Engine) async throws {
        try await DeskTester.run(engine) { tester in
            try await tester.importTable(Self.table, replacing: true)
            for text in ["", "number,mcc,mnc\n"] {
                await #expect(throws: PortedTableError.self) { try await tester.importTable(text, replacing: true) }
            }
            #expect(try await tester.desk.ported.status().numbers == 3)
        }
    }

    @Test(arguments: Engine.allCases)
    func `there is one import at a time, and one whose node is gone makes room`(_ engine: Engine) async throws {
        try await DeskTester.run(engine) { tester in
            let first = try await tester.desk.ported.beginImport(isWhole: true)
            await #expect(throws: PortedImportError.busy) {
                _ = try await tester.desk.ported.beginImport(isWhole: true)
            }
            try await first.feed(Array("491701234567,262,01\n".utf8))
            // The node comes back under another lease, as after a crash.
            try await tester.node.engine.enter()
            let second = try await tester.desk.ported.beginImport(isWhole: true)
            await #expect(throws: PortedImportError.interrupted) { _ = try await first.finish(as: .file) }
            await first.abandon()
            try await second.feed(Array("491701234568,262,01\n".utf8))
            _ = try await second.finish(as: .file)
            #expect(try await tester.desk.ported.find("491701234567") == nil)
            #expect(try await tester.desk.ported.find("491701234568") != nil)
        }
    }

    @Test(arguments: Engine.allCases)
    func `many rows are merged and removed in slices`(_ engine: Engine) async throws {
        try await DeskTester.run(engine) { tester in
            func table(_ numbers: StrideTo<Int>, _ mnc: String) -> String {
                numbers.map { "\(491_700_000_000 + $0),262,\(mnc)" }.joined(separator: "\n")
            }
            try await tester.importTable(table(stride(from: 0, to: 6000, by: 1), "01"), replacing: true, pieces: 65_536)
            try await tester.importTable(table(stride(from: 0, to: 9000, by: 2), "02"), pieces: 65_536)
            try await tester.desk.ported.tidy()
            #expect(try await tester.rows() == 7500)
            #expect(try await tester.desk.ported.status().numbers == 7500)
            #expect(try await tester.desk.ported.find("491700000002")?.network.mnc == "02")
            #expect(try await tester.desk.ported.find("491700000003")?.network.mnc == "01")
            try await tester.importTable("491700000001,262,03", replacing: true)
            try await tester.desk.ported.tidy()
            #expect(try await tester.rows() == 1)
        }
    }

    @Test func `the audit log has the import`() async throws {
        try await DeskTester.run { tester in
            try await tester.importTable(Self.table, replacing: true)
            let row = try await tester.node.database.read { transaction in
                try transaction.queryOne("SELECT name, actor FROM audit WHERE action = 'imported'")
            }
            #expect(try row?.text("name") == "3 ported numbers")
        }
    }
}
