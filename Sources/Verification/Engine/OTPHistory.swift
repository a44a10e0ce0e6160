// SPDX-License-Identifier: Apache-2.0
// What happened to a one-time password: its own events, and those of its messages under the names that this API has for
// them. The messages' are read from their own log, so no report is ever noted twice.

internal import Messaging
internal import Wire

enum OTPHistory {
    /// Everything in the order of time; where two have the same, what we did comes before what the network said.
    static func merged(
        _ record: OTPRecord, own: [OTPEvent], sends: [(channel: OTPChannel, events: [StoredEvent])], now: Milliseconds
    ) -> [OTPEvent] {
        var state = record.state
        let told = sends.flatMap { send in send.events.compactMap { event(send.channel, $0) } }
        let all = own + state.passTime(to: now) + told
        return all.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element)
    }

    /// The event of a message, or nil where it is of no interest here.
    static func event(_ channel: OTPChannel, _ event: StoredEvent) -> OTPEvent? {
        let isCall = channel == .voice
        switch event.kind {
        case .sent:
            return OTPEvent(isCall ? .voiceSent : .smsSent, status: .success, at: event.at)
        case .delivered:
            return OTPEvent(
                isCall ? .voiceAnswered : .smsDelivered, status: .success,
                statusText: isCall ? "answered" : "DELIVERED",
                at: event.at)
        case .expired, .undeliverable, .failed, .rejected, .deleted:
            return OTPEvent(
                isCall ? .voiceFailed : .smsFailed, status: .failed,
                statusText: isCall ? result(of: event) : state(of: event), at: event.at)
        case .accepted, .scheduled, .seen, .late, .uncertain, .released, .received, .converted, .channelFailed,
            .withdrawn, .read:
            return nil
        }
    }

    /// A failed short message's state in the words of the SMS API.
    private static func state(of event: StoredEvent) -> String {
        switch event.kind {
        case .expired: "EXPIRED"
        case .rejected: "REJECTED"
        default: "UNDELIVERABLE"
        }
    }

    /// Why a call failed: what follows `voice::` in its code.
    private static func result(of event: StoredEvent) -> String {
        let prefix = "voice::"
        guard let code = event.code, code.hasPrefix(prefix) else { return event.kind.rawValue }
        return String(code.dropFirst(prefix.count))
    }
}
