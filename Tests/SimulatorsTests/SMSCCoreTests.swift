// SPDX-License-Identifier: Apache-2.0
// The simulated SMSC without a socket: what it decides, at which time, in which order.

import NIOCore
import SMPP
import Testing

@testable import Simulators

@Suite struct SMSCCoreTests {
    typealias Core = SMSCCore<Int>

    static func at(_ milliseconds: Int64) -> Core.Instant {
        Core.Instant(
            deadline: .uptimeNanoseconds(UInt64(milliseconds) * 1_000_000), wall: 1_763_697_600_000 + milliseconds)
    }

    static func core(_ change: (inout SMSCSimulator.Configuration) -> Void = { _ in }) -> Core {
        var configuration = SMSCSimulator.Configuration()
        configuration.firstMessageNumber = 1
        change(&configuration)
        return Core(configuration: configuration, now: at(0))
    }

    static func submittal(
        _ destination: String, text: String = "Hello", _ change: (inout SubmitSM) -> Void = { _ in }
    ) -> Submittal {
        var pdu = SubmitSM(
            source: Address(value: "49301234567"), destination: Address(value: destination), registeredDelivery: 1,
            shortMessage: Array(text.utf8))
        change(&pdu)
        return Submittal(pdu, account: "parley")
    }

    /// One word for each action.
    static func words(_ actions: [Core.Action]) -> [String] {
        actions.map { action in
            switch action {
            case .journal(.accepted(let message, _)): "journal \(message.key)"
            case .journal(.handset(let key, _, _)): "journal handset \(key)"
            case .journal(.done(let key)): "done \(key)"
            case .respond(let request, let answer): "respond \(request) \(answer.status.rawValue) \(answer.messageID)"
            case .ignore(let request): "ignore \(request)"
            case .drop(let request): "drop \(request)"
            case .deliver(let key, let account, _): "deliver \(key) \(account)"
            case .received(let message): "received \(message.key)"
            case .verdict(_, let verdict): "verdict \(verdict)"
            }
        }
    }

    static func submit(_ core: inout Core, _ destination: String, _ request: Int, at time: Int64 = 0) -> [String] {
        core.submit(submittal(destination), request: request, now: at(time))
        return words(core.takeActions())
    }

    // MARK: Order and time

    @Test func `The record comes before the answer, and the answer before the receipt`() {
        var core = Self.core()
        core.receiverBound("parley", now: Self.at(0))
        #expect(Self.submit(&core, "491001", 7) == ["journal 1", "respond 7 0 1", "received 1", "deliver 1 parley"])
        core.delivered(1, account: "parley", .response(.ok, []), now: Self.at(1))
        #expect(Self.words(core.takeActions()) == ["done 1"])
        #expect(core.counters.receiptsPending == 0)
    }

    @Test func `Latency comes before the answer and the receipt delay after it`() {
        var core = Self.core {
            $0.responseLatency = .milliseconds(10)
            $0.receiptDelay = .milliseconds(100)
        }
        core.receiverBound("parley", now: Self.at(0))
        #expect(Self.submit(&core, "491001", 1) == ["journal 1"])
        #expect(core.timeline.next == Self.at(10).deadline)
        core.advance(now: Self.at(10))
        #expect(Self.words(core.takeActions()) == ["respond 1 0 1"])
        core.advance(now: Self.at(109))
        #expect(core.takeActions().isEmpty)
        core.advance(now: Self.at(110))
        #expect(Self.words(core.takeActions()) == ["received 1", "deliver 1 parley"])
    }

    @Test func `Jitter adds at most itself and is the same for one seed`() {
        func times(seed: UInt64) -> [Int64] {
            var core = Self.core {
                $0.responseLatency = .milliseconds(5)
                $0.responseJitter = .milliseconds(20)
                $0.seed = seed
            }
            return (1...50).map { request in
                _ = Self.submit(&core, "491007", request)
                let due = core.timeline.next ?? .distantFuture
                core.advance(now: Self.at(1000))
                _ = core.takeActions()
                return (due - .uptimeNanoseconds(0)).nanoseconds
            }
        }
        #expect(times(seed: 1) == times(seed: 1))
        #expect(times(seed: 1) != times(seed: 2))
        #expect(times(seed: 1).allSatisfy { (5_000_000...25_000_000).contains($0) })
        #expect(Set(times(seed: 1)).count > 40)
    }

    @Test func `A scheduled message becomes final at its time`() {
        var core = Self.core()
        let submittal = Self.submittal("491001") { $0.scheduleDeliveryTime = "000000001000000R" }
        core.submit(submittal, request: 1, now: Self.at(0))
        #expect(Self.words(core.takeActions()) == ["journal 1", "respond 1 0 1"])
        core.advance(now: Self.at(599_999))
        #expect(core.takeActions().isEmpty)
        core.advance(now: Self.at(600_000))
        #expect(Self.words(core.takeActions()) == ["received 1"])
    }

    @Test(
        "What is wrong with a submit is answered with its status",
        arguments: [
            ("", "", "", CommandStatus.invalidDestinationAddress), ("abc", "", "", .invalidDestinationAddress),
            ("+", "", "", .invalidDestinationAddress), ("491001", "tomorrow", "", .invalidScheduledDeliveryTime),
            ("491001", "", "for ever", .invalidValidityPeriod),
        ])
    func invalid(destination: String, schedule: String, validity: String, status: CommandStatus) {
        var core = Self.core()
        let submittal = Self.submittal(destination) {
            $0.scheduleDeliveryTime = schedule
            $0.validityPeriod = validity
        }
        core.submit(submittal, request: 1, now: Self.at(0))
        #expect(Self.words(core.takeActions()) == ["respond 1 \(status.rawValue) "])
    }

    // MARK: Limits

    @Test func `The throttle lets a second's worth pass and refills with time`() {
        var core = Self.core { $0.messagesPerSecond = 10 }
        func accepted(at time: Int64) -> Int {
            (0..<20).count {
                Self.submit(&core, "491007", $0, at: time).contains { $0.hasSuffix("0 \(core.counters.accepted)") }
            }
        }
        #expect(accepted(at: 0) == 10)
        #expect(accepted(at: 0) == 0)
        #expect(accepted(at: 500) == 5)
        #expect(accepted(at: 60_000) == 10)
        #expect(core.counters.throttled == 80 - 25)
    }

    @Test func `Deliberate failures are counted for each message, part and destination, and forgotten`() {
        var core = Self.core()
        func statuses(_ submittal: Submittal, at time: Int64, times: Int) -> [CommandStatus] {
            (0..<times).map { request in
                core.submit(submittal, request: request, now: Self.at(time))
                for case .respond(_, let answer) in core.takeActions() { return answer.status }
                return .unknownError
            }
        }
        let part1 = Self.submittal("491006", text: "\u{5}\u{0}\u{3}\u{1}\u{2}\u{1}a") { $0.esmClass = 0x40 }
        let part2 = Self.submittal("491006", text: "\u{5}\u{0}\u{3}\u{1}\u{2}\u{2}a") { $0.esmClass = 0x40 }
        #expect(statuses(part1, at: 0, times: 2) == [.throttled, .throttled])
        #expect(statuses(part2, at: 0, times: 4) == [.throttled, .throttled, .throttled, .ok])
        #expect(statuses(part1, at: 0, times: 2) == [.throttled, .ok])
        // Delivered means forgotten: the same again is a new message.
        #expect(statuses(part1, at: 0, times: 2) == [.throttled, .throttled])
        #expect(statuses(part1, at: 601_000, times: 4) == [.throttled, .throttled, .throttled, .ok])
    }

    @Test func `The memory of failures is bounded`() {
        var memory = FaultMemory(span: .hours(1))
        let now = NIODeadline.uptimeNanoseconds(1)
        for fingerprint in 0..<30_000 { memory.failed(fingerprint, now: now) }
        #expect(memory.count == FaultMemory.limit)
        #expect(memory.failures(of: 29_999, now: now) == 1)
        #expect(memory.failures(of: 0, now: now) == 0)
        #expect(memory.failures(of: 29_999, now: now + .hours(1)) == 0)
    }

    @Test func `Beyond the pending limit submits are answered ESME_RMSGQFUL until receipts are acknowledged`() {
        var core = Self.core { $0.pendingLimit = 2 }
        #expect(Self.submit(&core, "491001", 1).contains("respond 1 0 1"))
        #expect(Self.submit(&core, "491001", 2).contains("respond 2 0 2"))
        #expect(Self.submit(&core, "491001", 3) == ["respond 3 20 "])
        core.receiverBound("parley", now: Self.at(1))
        core.delivered(1, account: "parley", .response(.ok, []), now: Self.at(1))
        _ = core.takeActions()
        #expect(Self.submit(&core, "491001", 4).contains("respond 4 0 3"))
    }

    @Test func `Retired messages are kept up to the record limit`() {
        var core = Self.core { $0.recordLimit = 3 }
        for request in 1...10 { _ = Self.submit(&core, "491007", request) }
        #expect(core.messages.keys.sorted() == [8, 9, 10])
        #expect(core.keys.count == 3)
    }

    // MARK: Faults

    @Test func `Faults of one seed are alike and about as frequent as asked for`() {
        func run(seed: UInt64) -> ([String], SMSCSimulator.Counters) {
            var core = Self.core {
                $0.seed = seed
                $0.faults.dropsLink = 0.05
                $0.faults.refuses = 0.1
                $0.faults.keepsSilent = 0.1
                $0.faults.duplicatesReceipt = 0.2
                $0.faults.delaysReceipt = 0.2
            }
            core.receiverBound("parley", now: Self.at(0))
            let words = (1...1000).flatMap { Self.submit(&core, "491001", $0, at: Int64($0)) }
            return (words, core.counters)
        }
        let (words, counters) = run(seed: 42)
        #expect(words == run(seed: 42).0)
        #expect(words != run(seed: 43).0)
        #expect((25...80).contains(counters.linksDropped))
        #expect((60...140).contains(counters.refused))
        #expect((50...130).contains(counters.unanswered))
        #expect(words.count { $0.hasPrefix("ignore") } == counters.unanswered)
        #expect(words.count { $0.hasPrefix("deliver") } > counters.receiptsPending - 10)
    }

    @Test func `A late receipt comes late and a duplicate is sent once and never again`() {
        var core = Self.core {
            $0.faults.delaysReceipt = 1
            $0.faults.duplicatesReceipt = 1
            $0.faults.receiptLateness = .seconds(3)
        }
        core.receiverBound("parley", now: Self.at(0))
        #expect(Self.submit(&core, "491001", 1) == ["journal 1", "respond 1 0 1"])
        core.advance(now: Self.at(3000))
        #expect(Self.words(core.takeActions()) == ["received 1", "deliver 1 parley", "deliver 2 parley"])
        core.delivered(2, account: "parley", .uncertain(.responseTimeout), now: Self.at(3001))
        core.delivered(1, account: "parley", .response(.ok, []), now: Self.at(3001))
        core.advance(now: Self.at(60_000))
        #expect(Self.words(core.takeActions()) == ["done 1"])
    }

    // MARK: Retries

    @Test(
        "What asks for a retry is sent again later, and whatever is not acknowledged on the next bind",
        arguments: [
            (DeliverResult.response(.temporaryReceiverError, []), true), (.uncertain(.responseTimeout), true),
            (.uncertain(.sessionClosed), true), (.notSent, true), (.response(.permanentReceiverError, []), false),
        ])
    func retries(result: DeliverResult, isLater: Bool) {
        var core = Self.core { $0.retryDelay = .seconds(5) }
        core.receiverBound("parley", now: Self.at(0))
        _ = Self.submit(&core, "491001", 1)
        core.delivered(1, account: "parley", result, now: Self.at(0))
        core.advance(now: Self.at(4999))
        #expect(core.takeActions().isEmpty)
        core.advance(now: Self.at(5000))
        #expect(Self.words(core.takeActions()) == (isLater ? ["deliver 1 parley"] : []))
        if isLater { core.delivered(1, account: "parley", result, now: Self.at(5000)) }
        core.receiverGone("parley")
        core.advance(now: Self.at(60_000))
        #expect(core.takeActions().isEmpty)
        core.receiverBound("parley", now: Self.at(60_000))
        #expect(Self.words(core.takeActions()) == ["deliver 1 parley"])
        // Sent once for the bind, whatever timers still ran.
        core.advance(now: Self.at(120_000))
        #expect(core.takeActions().isEmpty)
    }

    @Test func `A handset's message refused for good is given up, one put off is tried again`() {
        var core = Self.core()
        core.receiverBound("parley", now: Self.at(0))
        let part = DeliverSM(source: Address(value: "491"), destination: Address(value: "492"))
        _ = core.send([part], to: "parley", now: Self.at(0))
        #expect(Self.words(core.takeActions()) == ["journal handset 2", "deliver 2 parley"])
        core.delivered(2, account: "parley", .response(.receiverRejected, []), now: Self.at(0))
        #expect(Self.words(core.takeActions()) == ["done 2", "verdict refused(\(CommandStatus.receiverRejected))"])
        _ = core.send([part, part], to: "parley", now: Self.at(0))
        _ = core.takeActions()
        core.delivered(4, account: "parley", .response(.ok, []), now: Self.at(0))
        core.delivered(5, account: "parley", .response(.temporaryReceiverError, []), now: Self.at(0))
        #expect(Self.words(core.takeActions()).last?.contains("retrying") == true)
        core.advance(now: Self.at(5000))
        #expect(Self.words(core.takeActions()) == ["deliver 5 parley"])
        core.delivered(5, account: "parley", .response(.ok, []), now: Self.at(5000))
        #expect(Self.words(core.takeActions()) == ["done 5"])
        #expect(core.handsetPartsPending == 0)
    }

    @Test func `At the end everything that waits for an answer gets it`() {
        var core = Self.core { $0.responseLatency = .seconds(5) }
        core.receiverBound("parley", now: Self.at(0))
        _ = Self.submit(&core, "491001", 1)
        _ = Self.submit(&core, "491008", 2)
        core.answerEverything()
        #expect(Self.words(core.takeActions()) == ["respond 1 0 1", "respond 2 0 2"])
    }

    @Test func `The timeline gives events by time, and by entry where times are equal`() {
        var timeline = Timeline<Int>()
        var generator = SeededGenerator(seed: 3)
        let dues = (0..<500).map { _ in UInt64.random(in: 1...50, using: &generator) }
        for (index, due) in dues.enumerated() { timeline.add(index, due: .uptimeNanoseconds(due)) }
        var popped: [Int] = []
        while let event = timeline.pop(now: .uptimeNanoseconds(25)) { popped.append(event) }
        while let event = timeline.pop(now: .uptimeNanoseconds(50)) { popped.append(event) }
        #expect(popped == dues.indices.sorted { (dues[$0], $0) < (dues[$1], $1) })
    }
}
