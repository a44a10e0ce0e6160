// SPDX-License-Identifier: Apache-2.0
// A chain of channels as a model: every state that three channels can reach through outcomes, receipts and timers in any
// order is visited once, and in none does the status go back, a message end twice, or anything leave after a success.

import EngineTestSupport
import Testing
import Wire

@testable import Messaging

struct ChainTests {
    private static let key = MessageKey(companyID: 1, id: MessageID(high: 7, low: 8))

    /// Something that may happen to the chain.
    private enum Happening: CustomStringConvertible {
        case mark
        case taken(step: Int)
        case refused(step: Int)
        case retry(step: Int)
        case reported(step: Int, PartState)
        case timeIsUp(step: Int)
        case expired

        var description: String {
            switch self {
            case .mark: "mark"
            case .taken(let step): "taken on \(step)"
            case .refused(let step): "refused on \(step)"
            case .retry(let step): "retried on \(step)"
            case .reported(let step, let state): "\(state) on \(step)"
            case .timeIsUp(let step): "time is up on \(step)"
            case .expired: "expired"
            }
        }

        static var all: [Happening] {
            var all: [Happening] = [.mark, .expired]
            for step in 0..<3 {
                all += [.taken(step: step), .refused(step: step), .retry(step: step), .timeIsUp(step: step)]
                for state in [PartState.delivered, .seen, .undeliverable, .failed] {
                    all.append(.reported(step: step, state))
                }
            }
            return all
        }
    }

    /// What the database holds.
    private struct Stored {
        var message: Message
        var parts: [Part] = []
        /// How often the message has come to an end on the way here.
        var ends = 0

        /// Two states of the same name have the same future.
        var name: String {
            let parts = parts.map { "\($0.step):\($0.state)" }.joined(separator: " ")
            return "\(message.status) at \(message.step), \(parts)"
        }

        var hasJob: Bool {
            !MessageProgress(message: message, parts: parts).isDispatched
        }
    }

    private static func message(_ steps: [MessageStep]) -> Message {
        var message = Message(
            companyID: 1, id: key.id, surface: .chat, kind: steps[0].kind, sender: steps[0].sender,
            recipient: steps[0].recipient, content: .rich(RichContent(.text(TextBody("Hello")))), size: 1, gateway: "",
            createdAt: 0, expiresAt: 1_000_000)
        message.extra = MessageExtra()
        message.extra?.chain = steps
        return message
    }

    private static func steps(
        fallbackAfter: Int?, awaiting success: MessageStep.SuccessStatus? = nil
    ) -> [MessageStep] {
        [ChannelKind.whatsapp, .viber, .echo].map { kind in
            MessageStep(
                kind: kind, sender: "4930", recipient: "4917", content: .rich(RichContent(.text(TextBody("\(kind)")))),
                size: 1, gateway: "", fallbackAfter: fallbackAfter, successStatus: success)
        }
    }

    /// The state after a happening; nil where it cannot happen.
    private static func after(_ happening: Happening, _ stored: Stored) -> Stored? {
        var stored = stored
        func ticket(_ step: Int) -> PartTicket { PartTicket(key: key, step: step, number: 1, attempt: 1) }
        func state(_ step: Int) -> PartState? { stored.parts.first { $0.step == step }?.state }
        var progress = MessageProgress(message: stored.message, parts: stored.parts)
        switch happening {
        case .mark:
            guard stored.hasJob, state(stored.message.step) ?? .queued == .queued else { return nil }
            let step = stored.message.step
            stored.parts.removeAll { $0.step == step }
            stored.parts.append(Part(step: step, number: 1, attempt: 1, connectorID: 1, state: .submitting))
            return stored
        case .taken(let step):
            guard state(step) == .submitting else { return nil }
            progress.apply(PartChange(ticket: ticket(step), fact: .submitted(providerID: "x\(step)"), at: 1))
        case .refused(let step):
            guard state(step) == .submitting else { return nil }
            progress.apply(PartChange(ticket: ticket(step), fact: .refused(code: "c", reason: "r"), at: 1))
        case .retry(let step):
            guard state(step) == .submitting else { return nil }
            progress.apply(PartChange(ticket: ticket(step), fact: .requeued, at: 1))
        case .reported(let step, let report):
            guard let state = state(step), state >= .sent else { return nil }
            progress.apply(PartChange(key: key, step: step, number: 1, report: report, errorCode: nil, at: 1))
        case .timeIsUp(let step):
            guard stored.message.extra?.chain[step].fallbackAfter != nil, step == stored.message.step else {
                return nil
            }
            guard progress.fallBack(from: step, at: 1) else { return nil }
        case .expired:
            guard !stored.message.status.isTerminal else { return nil }
            progress.end(as: .expired, errorCode: nil, reason: nil, at: 1)
        }
        progress.settle(at: 2)
        stored.message = progress.message
        stored.parts = progress.parts
        if progress.hasEnded { stored.ends += 1 }
        return stored
    }

    @Test(
        arguments: [
            (nil, nil), (60, nil), (60, .sent), (60, .seen),
        ] as [(Int?, MessageStep.SuccessStatus?)])
    func `whatever happens in whatever order, a chain ends once and sends nothing after a success`(
        _ fallbackAfter: Int?, _ success: MessageStep.SuccessStatus?
    ) throws {
        var queue = [Stored(message: Self.message(Self.steps(fallbackAfter: fallbackAfter, awaiting: success)))]
        var seen: Set<String> = [queue[0].name]
        var statuses: Set<MessageStatus> = []
        var deepest = 0
        while let stored = queue.popLast() {
            for happening in Happening.all {
                guard let next = Self.after(happening, stored) else { continue }
                let what = "\(happening) in [\(stored.name)] leads to [\(next.name)]"
                #expect(next.message.status >= stored.message.status, "\(what)")
                if stored.message.status.isTerminal {
                    let mayFollow =
                        next.message.status == stored.message.status
                        || (stored.message.status == .delivered && next.message.status == .seen)
                    #expect(mayFollow, "\(what)")
                }
                #expect(next.ends <= 1, "\(what)")
                #expect(next.message.status.isTerminal == (next.ends == 1), "\(what)")
                #expect(next.message.step >= stored.message.step, "\(what)")
                if case .mark = happening {
                    let awaited = success?.status ?? .delivered
                    let arrived = stored.parts.contains {
                        $0.step < stored.message.step && $0.state.isFinal && $0.state.messageStatus <= .seen
                            && $0.state.messageStatus >= awaited
                    }
                    #expect(!arrived, "\(what): it has arrived on another channel")
                }
                statuses.insert(next.message.status)
                deepest = max(deepest, next.message.step)
                if seen.insert(next.name).inserted { queue.append(next) }
            }
        }
        #expect(deepest == 2)
        #expect(statuses.isSuperset(of: [.sent, .delivered, .seen, .expired, .undeliverable, .failed, .rejected]))
    }

    @Test func `a channel that fails is told of, and the next one has its own words`() {
        var stored = Stored(message: Self.message(Self.steps(fallbackAfter: nil)))
        for happening in [Happening.mark, .taken(step: 0)] { stored = Self.after(happening, stored) ?? stored }
        var progress = MessageProgress(message: stored.message, parts: stored.parts)
        progress.apply(
            PartChange(key: Self.key, step: 0, number: 1, report: .failed, errorCode: "whatsapp::error::131026", at: 5))
        progress.settle(at: 6)
        #expect(progress.failures.map(\.code) == ["whatsapp::error::131026"])
        #expect(progress.failures.map(\.kind) == [.whatsapp])
        #expect(progress.message.kind == .viber)
        #expect(progress.message.content == .rich(RichContent(.text(TextBody("viber")))))
        #expect(!progress.message.status.isTerminal)
        #expect(progress.events.map(\.kind) == [.channelFailed])
    }
}
