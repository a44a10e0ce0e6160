// SPDX-License-Identifier: Apache-2.0
// How a message goes from one of its channels to the next:
//
//   step n ── awaited status ───────────────────────────▶ the message's own end; no further step
//     │  └── failure, or no awaited status in time ──▶ step n + 1, or the end after the last
//     └── while step n + 1 runs: a late word that step n has arrived ──▶ the message's end; what waits is not sent
//
// The message has one final status: what any channel has reached, else the failure of the last.

internal import Wire

extension MessageProgress {
    /// The code of the event when the awaited status did not come in time.
    static let noStatusCode = "parley::error::noStatusInTime"

    private var chain: [MessageStep] { message.extra?.chain ?? [] }

    private var hasNext: Bool { message.step + 1 < chain.count }

    /// The status that ends the search for a channel on one step.
    private func awaited(on step: Int) -> MessageStatus {
        guard step < chain.count, step + 1 < chain.count else { return .delivered }
        return chain[step].successStatus?.status ?? .delivered
    }

    private func status(ofStep step: Int, in parts: [Part]) -> MessageStatus {
        let size = step < chain.count ? chain[step].size : message.size
        let parts = parts.filter { $0.step == step }
        return parts.isEmpty ? .accepted : Self.status(of: parts, size: size, initial: .accepted)
    }

    private func status(ofStep step: Int) -> MessageStatus { status(ofStep: step, in: parts) }

    /// The best that channels before the current one have reached; nil when none has arrived.
    private var earlierSuccess: (step: Int, status: MessageStatus)? {
        (0..<message.step).map { ($0, status(ofStep: $0)) }
            .filter { $0.1 == .delivered || $0.1 == .seen }.max { $0.1 < $1.1 }
    }

    /// What the message's status is, given that of its current channel; moves on to the next channel where it has to.
    mutating func settleChain(_ status: MessageStatus, at: Milliseconds) -> MessageStatus {
        if message.step > 0, let earlier = earlierSuccess, earlier.status >= awaited(on: earlier.step) {
            withdrawWaiting(at: at)
            decidingStep = earlier.step
            return earlier.status
        }
        noteDispatch(at: at)
        let isFailure = status > .seen && status != .deleted
        if isFailure, message.surface.namesChannels { noteFailure(at: at) }
        guard hasNext else {
            return isFailure ? best(status) : status
        }
        if isFailure {
            if isEnding { return best(status) }
            advance()
            return max(message.status, .dispatched)
        }
        // Delivered is not yet what is waited for.
        if status == .delivered, awaited(on: message.step) == .seen, chain[message.step].fallbackAfter != nil {
            if self.status(ofStep: message.step, in: partsBefore) != .delivered { note(.delivered, at: at) }
            return .sent
        }
        return status
    }

    /// What an earlier channel has reached, when the last has failed.
    private mutating func best(_ failure: MessageStatus) -> MessageStatus {
        guard let earlier = earlierSuccess else { return failure }
        decidingStep = earlier.step
        return earlier.status
    }

    /// That a further channel's provider has taken the message does not raise its status, and is told all the same.
    private mutating func noteDispatch(at: Milliseconds) {
        let step = message.step
        guard message.status == .sent, status(ofStep: step) == .sent, status(ofStep: step, in: partsBefore) < .sent
        else {
            return
        }
        note(.sent, at: at)
    }

    /// The channel that the message's status speaks of.
    var decidingKind: ChannelKind {
        decidingStep.flatMap { $0 < chain.count ? chain[$0].kind : nil } ?? message.kind
    }

    /// The awaited status did not come in time: on to the next channel. False when that is no longer so.
    mutating func fallBack(from step: Int, at: Milliseconds) -> Bool {
        guard !message.status.isTerminal, message.step == step, hasNext, status(ofStep: step) < awaited(on: step) else {
            return false
        }
        let failure = StepFailure(
            step: step, kind: message.kind, code: Self.noStatusCode,
            reason: "no word that it was \(awaited(on: step)) in time", at: at)
        failures.append(failure)
        note(.channelFailed, at: at, detail: failure.code, reason: failure.reason)
        advance()
        return true
    }

    /// Until when the current step's status is awaited, for a step that begins now; nil for as long as it takes.
    func fallbackDue(from start: Milliseconds) -> Milliseconds? {
        message.status.isTerminal ? nil : message.extra?.fallbackDue(ofStep: message.step, from: start)
    }

    /// The company's balance does not cover the step that has begun: it fails before anything is sent.
    mutating func refuseStep(code: String, reason: String, at: Milliseconds) {
        let step = message.step
        message.errorReason = reason
        endUnfinished(as: .rejected, errorCode: code, at: at) { $0.step == step && $0.state == .queued }
        settle(at: at)
    }

    private mutating func noteFailure(at: Milliseconds) {
        let worst = currentParts.max { $0.state < $1.state }
        let failure = StepFailure(
            step: message.step, kind: message.kind, code: worst?.errorCode, reason: message.errorReason, at: at)
        failures.append(failure)
        note(.channelFailed, at: at, detail: failure.code, reason: failure.reason)
    }

    private mutating func advance() {
        let next = chain[message.step + 1]
        message.step += 1
        message.kind = next.kind
        message.sender = next.sender
        message.recipient = next.recipient
        message.content = MessageContent(json: next.content, kind: next.kind)
        message.size = next.size
        message.gateway = next.gateway
        message.quote = next.quote
        message.errorReason = nil
    }

    /// An earlier channel has arrived after all: what has not left is not sent.
    private mutating func withdrawWaiting(at: Milliseconds) {
        let step = message.step
        endUnfinished(as: .deleted, errorCode: nil, at: at) { $0.step == step && $0.state == .queued }
    }
}
