// SPDX-License-Identifier: Apache-2.0
// Tables as registries and operators write them, and what is wrong with some.

import EngineTestSupport
import Testing

@testable import NumberInfo

@Suite struct PortedTableReaderTests {
    private static func read(
        _ text: String, pieces: Int = 5, permitsRemoval: Bool = true
    ) throws(PortedTableError) -> (entries: [PortedEntry], networks: [PortedNetwork]) {
        try read(Array(text.utf8), pieces: pieces, permitsRemoval: permitsRemoval)
    }

    private static func read(
        _ bytes: [UInt8], pieces: Int = 5, permitsRemoval: Bool = true
    ) throws(PortedTableError) -> (entries: [PortedEntry], networks: [PortedNetwork]) {
        var reader = PortedTableReader(permitsRemoval: permitsRemoval)
        var entries: [PortedEntry] = []
        for start in stride(from: 0, to: bytes.count, by: pieces) {
            entries += try reader.feed(Array(bytes[start..<min(start + pieces, bytes.count)]))
        }
        entries += try reader.finish()
        return (entries, reader.networks)
    }

    private static let telekom = PortedNetwork(mcc: "262", mnc: "01", operatorName: "")

    @Test(arguments: [
        "491701234567,262,01",
        "+491701234567,262,01\n",
        "00491701234567;262;01\r\n",
        "491701234567\t262\t01\t\t",
        "491701234567|262|01||2026-01-31",
        "number,mcc,mnc\n491701234567,262,01",
        "mnc;number;mcc\n01;491701234567;262\n",
        "\u{FEFF}Number,MCC,MNC\n491701234567,262,01",
        "\"number\",\"mcc\",\"mnc\"\n\"491701234567\",\"262\",\"01\"",
        "\n\r\nnumber,mcc,mnc,operator,date,action\n\n491701234567,262,01,,,add\n\n",
        " 491701234567 , 262 , 01 ",
    ])
    func `a row is read however the table is written`(_ table: String) throws {
        for pieces in [1, 5, 1000] {
            let (entries, networks) = try Self.read(table, pieces: pieces)
            #expect(entries.map(\.number) == [491_701_234_567])
            #expect(networks == [Self.telekom])
        }
    }

    @Test func `names, days and removals are read`() throws {
        let (entries, networks) = try Self.read(
            #"""
            number,operator,mcc,mnc,date,action
            491701234567,"Söhne, ""GmbH""",,,1970-01-02,
            491701234568,Telekom,262,01,2026-01-31T08:00:00Z,add
            491701234569,,,,,remove
            4930123456,"Söhne, ""GmbH""",,,,
            """#)
        #expect(
            networks == [
                PortedNetwork(mcc: "", mnc: "", operatorName: "Söhne, \"GmbH\""),
                PortedNetwork(mcc: "262", mnc: "01", operatorName: "Telekom"),
            ])
        #expect(entries.map(\.network) == [0, 1, PortedEntry.removal, 0])
        #expect(entries.map(\.day) == [1, 20_484, PortedEntry.noDay, PortedEntry.noDay])
        #expect(entries.map(\.line) == [2, 3, 4, 5])
    }

    @Test(arguments: [
        ("number,mcc,mnc\n491701234567,262,01\n0170,262,01", 3, "number"),
        ("49170123456x,262,01", 1, "number"),
        ("4917012345678901,262,01", 1, "number"),
        (",262,01", 1, "number"),
        ("491701234567,26,01", 1, "mcc"),
        ("491701234567,2a2,01", 1, "mcc"),
        ("491701234567,,", 1, "mcc"),
        ("491701234567,262,", 1, "mnc"),
        ("491701234567,,01", 1, "mnc"),
        ("491701234567,262,1", 1, "mnc"),
        ("491701234567,262,01,\u{7}", 1, "operator"),
        ("491701234567,262,01,,31.01.2026", 1, "date"),
        ("491701234567,262,01,,2026-02-30", 1, "date"),
        ("491701234567,262,01,,2026-01-311", 1, "date"),
        ("number,action\n491701234567,delete", 2, "action"),
        ("number,mcc,mnc,colour\n", 1, "colour"),
        ("number,mcc,mcc\n", 1, "mcc"),
    ])
    func `a bad value is named with its line and column`(_ table: String, _ line: Int, _ column: String) throws {
        let error = #expect(throws: PortedTableError.self) { try Self.read(table) }
        #expect(error?.line == line)
        #expect(error?.column == column)
    }

    @Test(arguments: [
        ("number,mcc,mnc\n491701234567,262,01\n491701234568,262", 3),
        ("491701234567", 1),
        ("491701234567,262", 1),
        ("491701234567,262,01,a,2026-01-01,add", 1),
        ("491701234567,262,\"01", 1),
        ("491701234567,262,\"01\"x", 1),
        ("491701234567,262,01\n\"4917012\n34568\",262,01", 2),
    ])
    func `a bad line is named`(_ table: String, _ line: Int) throws {
        let error = #expect(throws: PortedTableError.self) { try Self.read(table) }
        #expect(error?.line == line)
    }

    @Test func `a table that replaces everything removes nothing by line`() throws {
        let error = #expect(throws: PortedTableError.self) {
            try Self.read("number,action\n491701234567,remove", permitsRemoval: false)
        }
        #expect(error?.column == "action")
    }

    @Test func `bytes that are not UTF-8 and endless lines are refused`() throws {
        #expect(throws: PortedTableError.self) { try Self.read(Array("491701234567,262,01,".utf8) + [0xFF, 0x0A]) }
        #expect(throws: PortedTableError.self) { try Self.read(Array(repeating: UInt8(ascii: "4"), count: 5000)) }
        #expect(throws: PortedTableError.self) {
            try Self.read(String(repeating: ",", count: 5000) + "\n")
        }
    }

    @Test func `any bytes in any pieces give rows or an error`() {
        var random = SeededGenerator(seed: 7)
        let alphabet = Array("0123456789,;\t|\"\r\n +-number,mcc\u{FEFF}".utf8) + [0, 0xFF]
        for _ in 0..<5000 {
            let bytes = (0..<Int.random(in: 0...80, using: &random)).map { _ in
                alphabet.randomElement(using: &random) ?? 0
            }
            let whole = Result { try Self.read(bytes, pieces: 1000).entries }
            let pieces = Result { try Self.read(bytes, pieces: Int.random(in: 1...9, using: &random)).entries }
            switch (whole, pieces) {
            case (.success(let one), .success(let other)): #expect(one == other)
            case (.failure(let one), .failure(let other)):
                #expect(one as? PortedTableError == other as? PortedTableError)
            default: Issue.record("the pieces made a difference: \(bytes)")
            }
        }
    }

    @Test func `a slice grows while it is quick, shrinks when it is slow, and keeps to its bounds`() {
        var size = SliceSize()
        for _ in 0..<100 { size.took(.microseconds(10), rows: size.rows) }
        #expect(size.rows == SliceSize.bounds.upperBound)
        size.took(.milliseconds(80), rows: size.rows)
        #expect(size.rows < SliceSize.bounds.upperBound / 2)
        for _ in 0..<100 { size.took(.seconds(1), rows: size.rows) }
        #expect(size.rows == SliceSize.bounds.lowerBound)
    }
}
