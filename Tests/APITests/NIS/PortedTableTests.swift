// SPDX-License-Identifier: Apache-2.0
// The table of ported numbers in the Admin API: its import, its state, one number, and what each source says.

import EngineTestSupport
import HTTPTypes
import HummingbirdTesting
import NumberInfo
import SQLTestSupport
import Testing
import Wire

@testable import API

@Suite struct PortedTableTests {
    private static let path = "/ported-numbers"

    @Test(arguments: Engine.allCases)
    func `a table is imported and looked at`(_ engine: Engine) async throws {
        try await NISTester.run(engine) { tester, _ in
            let answer = try await tester.importTable(
                Self.path + "/import?replace=true", "number;mcc;mnc;date\n+491701234567;262;02;2025-03-01\n")
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.json == ["imported": 1, "removed": 0])
            let found = try await tester.admin(.get, Self.path + "/491701234567")
            #expect(
                found.json == [
                    "number": "491701234567", "mcc": "262", "mnc": "02", "operator": "", "date": "2025-03-01",
                ])
            #expect(try await tester.admin(.get, Self.path + "/491701234568").status == 404)
            #expect(try await tester.admin(.get, Self.path + "/x").status == 404)
            let status = try await tester.admin(.get, Self.path)
            #expect(status.json["numbers"] == 1)
            #expect(status.json["importing"] == false)
            #expect(status.json["imports"]?.array?.first?["state"] == "in-force")
            let gnp = try await tester.get("/nis/v1/gnp?msisdn=491701234567")
            #expect(gnp.string("ported") == "true")
            #expect(gnp.string("mnc") == "02")
        }
    }

    @Test(arguments: TestingTransport.allCases)
    func `a bad line is named and changes nothing`(_ transport: TestingTransport) async throws {
        try await NISTester.run(over: transport.setup) { tester, _ in
            // What comes behind the bad line is more than a socket takes at once.
            let rest = String(repeating: "491701234569,262,01\n", count: 400_000)
            let answer = try await tester.importTable(
                Self.path + "/import", "491701234567,262,01\n491701234568,26,01\n" + rest)
            #expect(answer.status == 400)
            #expect(answer.refusedFields == ["line 2: mcc"])
            #expect(try await tester.admin(.get, Self.path).json["numbers"] == 0)
        }
    }

    @Test func `only a table is taken, from operators alone`() async throws {
        try await NISTester.run { tester, _ in
            let path = Self.path + "/import"
            let text = try await tester.importTable(path, "x", contentType: "text/plain")
            #expect(text.status == 415)
            let customer = try await tester.importTable(path, "x", key: TestSetup.acmeKey)
            #expect(customer.status == 403)
            for (path, table) in [(path, ""), (path + "?replace=perhaps", "491701234567,262,01")] {
                let answer = try await tester.importTable(path, table)
                #expect(answer.status == 400)
            }
            let (_, reseller, _) = try await tester.makeReseller()
            for path in [Self.path, Self.path + "/491701234567", "/numbers/4930123456"] {
                #expect(try await tester.admin(.get, path, key: reseller).status == 403)
            }
        }
    }

    @Test func `one import runs at a time`() async throws {
        try await NISTester.run { tester, desk in
            let running = try await desk.ported.beginImport(isWhole: true)
            #expect(try await tester.importTable(Self.path + "/import", "491701234567,262,01").status == 409)
            #expect(try await tester.admin(.get, Self.path).json["importing"] == true)
            await running.abandon()
            #expect(try await tester.importTable(Self.path + "/import", "491701234567,262,01").status == 200)
        }
    }

    @Test func `an operator sees what each source says`() async throws {
        let hlr = StaticSource { facts in
            facts.presence = .yes
            facts.imsi = "262011234567890"
        }
        try await NISTester.run(sources: [hlr]) { tester, _ in
            let answer = try await tester.admin(.get, "/numbers/+491701234567?question=gnv")
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.string("country") == "DE")
            #expect(answer.string("lineType") == "mobile")
            #expect(answer.json["facts"]?["presence"] == "true")
            let sources = try #require(answer.json["sources"]?.array)
            #expect(sources.map { $0["source"]?.string } == ["ported", "enum", "ranges"])
            #expect(sources.map { $0["result"]?.string } == ["nothing", "answer", "answer"])
            #expect(try await tester.admin(.get, "/numbers/999123456789").status == 404)
            #expect(try await tester.admin(.get, "/numbers/491701234567?question=hlr").status == 400)
        }
    }
}

/// Whether requests go straight to the router or over a socket.
enum TestingTransport: CaseIterable {
    case router, live

    var setup: TestingSetup { self == .router ? .router : .live }
}
