// SPDX-License-Identifier: Apache-2.0
// A message's progress as a model: thousands of random histories, whose facts come in any order, twice or for tries long
// past, never take a status back and always end in exactly one.

import Accounts
import EngineTestSupport
import Testing
import Wire

@testable import Messaging

struct ProgressTests {
    private static let key = MessageKey(companyID: 1, id: MessageID(high: 5, low: 6))

    private static func message(size: Int) -> Message {
        Message(
            companyID: 1, id: key.id, surface: .sms, kind: .sms, sender: "Acme", recipient: "491701234567",
            content: nil, size: size, gateway: "DEFAULT", createdAt: 0, expiresAt: 1000)
    }

    /// One history: what the database would hold after each step, driven by random facts.
    private struct History {
        var message: Message
        var parts: [Part] = []
        var terminals: [MessageStatus] = []
        var generator: SeededGenerator
        var problems: [String] = []

        init(seed: UInt64) {
            generator = SeededGenerator(seed: seed)
            message = ProgressTests.message(size: Int.random(in: 1...4, using: &generator))
        }

        mutating func mark() {
            let number = Int.random(in: 1...message.size, using: &generator)
            if let index = parts.firstIndex(where: { $0.number == number }) {
                guard parts[index].state == .queued else { return }
                parts[index].state = .submitting
                parts[index].attempt += 1
            } else if !message.status.isTerminal {
                parts.append(Part(number: number, attempt: 1, connectorID: 1, state: .submitting))
                parts.sort { $0.number < $1.number }
            }
        }

        mutating func fact() -> PartChange {
            let number = Int.random(in: 1...message.size, using: &generator)
            let attempt = Int.random(in: 1...3, using: &generator)
            let ticket = PartTicket(key: ProgressTests.key, step: 0, number: number, attempt: attempt)
            let finals: [PartState] = [.sent, .delivered, .expired, .undeliverable, .failed, .rejected, .deleted]
            switch Int.random(in: 0..<8, using: &generator) {
            case 0...2: return PartChange(ticket: ticket, fact: .submitted(providerID: "x"), at: 1)
            case 3: return PartChange(ticket: ticket, fact: .refused(code: "0001", reason: "no"), at: 1)
            case 4: return PartChange(ticket: ticket, fact: .requeued, at: 1)
            case 5:
                let policy = UncertainPolicy.allCases.randomElement(using: &generator) ?? .resend
                return PartChange(ticket: ticket, fact: .uncertain(policy), at: 1)
            default:
                let state = finals.randomElement(using: &generator) ?? .sent
                return PartChange(key: ProgressTests.key, step: 0, number: number, report: state, errorCode: nil, at: 1)
            }
        }

        mutating func commit(_ body: (inout MessageProgress) -> Void) {
            var progress = MessageProgress(message: message, parts: parts)
            body(&progress)
            progress.settle(at: 2)
            if progress.message.status < message.status { problems.append("\(message.status) went back") }
            for old in parts where old.state.isFinal {
                let new = progress.parts.first { $0.number == old.number }
                if new?.state != old.state { problems.append("a final part moved") }
            }
            if progress.hasEnded { terminals.append(progress.message.status) }
            if progress.message.status.isTerminal != (progress.message.doneAt != nil) { problems.append("doneAt") }
            message = progress.message
            parts = progress.parts
        }

        /// Nothing went wrong on the way, and the end is the worst part's.
        var isSound: Bool {
            problems.isEmpty && terminals.count == 1 && parts.count == message.size
                && parts.allSatisfy { $0.state.isFinal }
                && message.status == parts.map(\.state).max()?.messageStatus
        }

        mutating func run() {
            for _ in 0..<Int.random(in: 3...30, using: &generator) {
                if Bool.random(using: &generator) { mark() }
                let facts = (0..<Int.random(in: 1...3, using: &generator)).map { _ in fact() }
                commit { progress in for fact in facts { progress.apply(fact) } }
            }
            commit { $0.end(as: .expired, errorCode: nil, reason: nil, at: 3) }
            commit { $0.end(as: .expired, errorCode: nil, reason: nil, at: 4) }
        }
    }

    @Test
    func `whatever comes in whatever order, a message rises to exactly one end`() {
        var ends: Set<MessageStatus> = []
        var failures: [Int] = []
        for seed in 1...4000 {
            var history = History(seed: UInt64(seed))
            history.run()
            if !history.isSound { failures.append(seed) }
            ends.formUnion(history.terminals)
        }
        #expect(failures.isEmpty, "seeds whose history is not sound")
        // The histories are worth something only when they reach every end.
        #expect(ends == [.delivered, .expired, .undeliverable, .failed, .rejected, .deleted])
    }

    @Test(arguments: [
        ([PartState.queued], 1, MessageStatus.accepted), ([.submitting], 1, .dispatched), ([.held], 1, .dispatched),
        ([.sent], 1, .sent), ([.sent], 2, .dispatched), ([.sent, .queued], 2, .dispatched), ([.sent, .sent], 2, .sent),
        ([.sent, .delivered], 2, .sent), ([.delivered], 2, .dispatched), ([.delivered, .delivered], 2, .delivered),
        ([.delivered, .expired], 2, .expired), ([.undeliverable, .expired], 2, .undeliverable),
        ([.rejected, .submitting], 2, .dispatched), ([], 1, .accepted),
    ])
    func `the status is that of the parts`(_ parts: [PartState], _ size: Int, _ status: MessageStatus) {
        #expect(MessageStatus.of(parts: parts, size: size, initial: .accepted) == status)
    }

    @Test
    func `a fact of a try that is over changes nothing`() {
        let part = Part(number: 1, attempt: 2, connectorID: 1, state: .submitting)
        var message = Self.message(size: 1)
        message.status = .dispatched
        var progress = MessageProgress(message: message, parts: [part])
        let ticket = PartTicket(key: Self.key, step: 0, number: 1, attempt: 1)
        progress.apply(PartChange(ticket: ticket, fact: .submitted(providerID: "x"), at: 1))
        progress.settle(at: 1)
        #expect(progress.parts == [part])
        #expect(!progress.hasChanged)
        #expect(progress.changed.isEmpty)
    }

    @Test
    func `what never left is given back once`() {
        var message = Self.message(size: 3)
        message.quote = Quote(amount: Money(micros: 100), currency: "EUR", effectiveFrom: 0, mccmnc: "", ttid: "")
        message.reserved = Money(micros: 300)
        let parts = [
            Part(number: 1, attempt: 1, connectorID: 1, state: .sent, submittedAt: 1),
            Part(number: 2, attempt: 1, connectorID: 1, state: .submitting),
        ]
        var progress = MessageProgress(message: message, parts: parts)
        let early = progress.settleReservation()
        #expect(early == nil)
        let ticket = PartTicket(key: Self.key, step: 0, number: 2, attempt: 1)
        progress.apply(PartChange(ticket: ticket, fact: .refused(code: "0001", reason: "no"), at: 1))
        progress.settle(at: 1)
        #expect(progress.isDispatched)
        #expect(progress.message.status == .dispatched || progress.message.status == .sent)
        let refund = progress.settleReservation()
        let again = progress.settleReservation()
        #expect(refund == Money(micros: 200))
        #expect(again == nil)
        #expect(progress.message.reserved == .zero)
    }
}
