// SPDX-License-Identifier: Apache-2.0
// What the tests of look-ups share: a source that says what a test wants, and a desk on a whole node.

import Accounts
import EngineTestSupport
import Messaging
import PhoneNumbers
import SQL
import SQLTestSupport
import Synchronization
import Wire

@testable import NumberInfo

/// A source that answers by a script and remembers what it was asked.
final class FakeSource: NumberSource {
    typealias Script = @Sendable (PhoneNumber) async -> SourceOutcome

    let name: String
    private let questions: Set<NumberQuestion>
    private let script: Script
    private let asked = Mutex<[String]>([])

    init(_ name: String, for questions: Set<NumberQuestion> = Set(NumberQuestion.allCases), _ script: @escaping Script)
    {
        self.name = name
        self.questions = questions
        self.script = script
    }

    convenience init(
        _ name: String, for questions: Set<NumberQuestion> = Set(NumberQuestion.allCases), _ outcome: SourceOutcome
    ) {
        self.init(name, for: questions) { _ in outcome }
    }

    /// The numbers that it was asked about.
    var numbers: [String] { asked.withLock { $0 } }

    func answers(_ question: NumberQuestion) -> Bool { questions.contains(question) }

    func look(up number: PhoneNumber, for question: NumberQuestion) async -> SourceOutcome {
        asked.withLock { $0.append(number.digits) }
        return await script(number)
    }
}

extension SourceOutcome {
    /// An answer made of what `change` says.
    static func facts(validFor: Milliseconds? = nil, _ change: (inout NumberFacts) -> Void) -> SourceOutcome {
        var facts = NumberFacts()
        change(&facts)
        return .answer(facts, validFor: validFor)
    }

    /// Ported to Telekom.
    static var ported: SourceOutcome {
        .facts { facts in
            facts.ported = .yes
            facts.current = NetworkFacts(mcc: "262", mnc: "01", operatorName: "Telekom")
        }
    }

    /// On, at home.
    static var present: SourceOutcome {
        .facts { facts in
            facts.presence = .yes
            facts.roaming = .no
            facts.imsi = "262011234567890"
        }
    }
}

/// A gate that sources can be made to wait at.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    func pass() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }
}

/// A node with a desk.
struct DeskTester {
    static let mobile = "491701234567"

    let node: TestNode
    let desk: NumberDesk

    /// Runs `body` with a node whose desk is not running: the test does what the background would.
    static func run(
        _ engine: Engine = .sqlite, balance: Money? = nil, sources: [any NumberSource] = [],
        options: NumberInfoOptions = NumberInfoOptions(), _ body: (DeskTester) async throws -> Void
    ) async throws {
        var setup = TestSetup()
        setup.balance = balance
        let migrations = MessagingMigrations.all + NumberInfoMigrations.all
        try await TestDatabase.with(engine, migrations: migrations) { database in
            try await TestNode.run(on: database, setup) { node in
                try await body(DeskTester(node: node, desk: try desk(of: node, sources, options)))
            }
        }
    }

    static func desk(
        of node: TestNode, _ sources: [any NumberSource], _ options: NumberInfoOptions = NumberInfoOptions()
    ) throws -> NumberDesk {
        try NumberDesk(context: node.context, options: options, sources: sources) { information, url in
            RenderedDelivery(
                event: "gnp", promise: .numberInformation, url: url, method: .post, contentType: "text/plain",
                body: Array(
                    "\(information.number) \(information.facts.ported.rawValue) \(information.price)".utf8))
        }
    }

    /// Sets what look-ups of German numbers cost.
    func setPrice(_ amount: String, _ direction: Price.Direction = .gnp) async throws {
        try await node.provision { provisioner in
            try provisioner.create([
                Price(
                    id: 0, companyID: nil, direction: direction, prefix: "49", mcc: "", mnc: "", ttid: "",
                    currency: "EUR", amount: Money(amount) ?? .zero, effectiveFrom: 1_577_836_800_000)
            ])
        }
    }

    func request(
        _ number: String = DeskTester.mobile, _ question: NumberQuestion = .portability, callback: String? = nil
    ) -> NumberRequest {
        var request = NumberRequest(companyID: node.acme, question: question, number: number)
        request.callbackURL = callback
        return request
    }

    func balance() async throws -> Money {
        let acme = node.acme
        return try await node.database.read { try BalanceStore($0).balance(of: acme) }
    }

    /// The kinds of the ledger's rows that belong to look-ups, in order.
    func ledger() async throws -> [String] {
        try await node.database.read { transaction in
            try transaction.query("SELECT kind FROM ledger WHERE message_id IS NOT NULL ORDER BY id")
                .map { try $0.text("kind") }
        }
    }

    /// Imports a table.
    @discardableResult
    func importTable(_ text: String, replacing: Bool = false, pieces: Int = 7) async throws -> PortedImportResult {
        let table = try await desk.ported.beginImport(isWhole: replacing)
        do {
            let bytes = Array(text.utf8)
            for start in stride(from: 0, to: bytes.count, by: pieces) {
                try await table.feed(Array(bytes[start..<min(start + pieces, bytes.count)]))
            }
            return try await table.finish(as: .file)
        } catch {
            await table.abandon()
            throw error
        }
    }

    /// How many rows the tables hold, visible or not.
    func rows() async throws -> Int {
        try await node.database.read { try $0.queryOne("SELECT COUNT(*) AS n FROM ported_numbers")?.int("n") ?? 0 }
    }
}

extension NumberReply {
    var information: NumberInformation? {
        if case .information(let information) = self { information } else { nil }
    }
}
