// SPDX-License-Identifier: Apache-2.0
// One call: hands what the SIP stack says to the state machine and does what that says. It lives on the loop's thread.

internal import CSIP
internal import Wire

final class SIPCall: @unchecked Sendable {
    /// What the connector hears of a call, each at most once.
    struct Events: Sendable {
        var submitted: @Sendable (_ callID: String) -> Void
        var retry: @Sendable (_ reason: String) -> Void
        var ended: @Sendable (VoiceVerdict) -> Void
    }

    private let parties: SIPParties
    private let announcement: Announcement
    private let events: Events
    private var machine: VoiceCall
    private var handle: OpaquePointer?
    private var callID = ""
    /// Called when the stack's side of the call is gone.
    var whenOver: (() -> Void)?

    init(parties: SIPParties, announcement: Announcement, events: Events) {
        self.parties = parties
        self.announcement = announcement
        self.events = events
        machine = VoiceCall(firstReading: announcement.firstReading)
    }

    // MARK: What comes in

    /// Calls; returns the Call-ID, nil when the call could not be placed, which has then been said.
    func open(_ agent: OpaquePointer, _ options: SIPOptions) -> String? {
        let context = Unmanaged.passRetained(self)
        let error = openHandle(agent, options, context.toOpaque())
        guard error == 0, let handle, let id = csip_call_id(handle) else {
            context.release()
            failed("the call cannot be placed: \(SIPLoop.text(error))")
            return nil
        }
        callID = String(cString: id)
        csip_call_alarm(handle, UInt64(options.answerTimeout))
        return callID
    }

    private func openHandle(_ agent: OpaquePointer, _ options: SIPOptions, _ context: UnsafeMutableRawPointer) -> Int32
    {
        var handlers = csip_call_handlers(
            answered: { context in SIPCall.of(context)?.answered() },
            played: { context in SIPCall.of(context)?.played() },
            alarmed: { context in SIPCall.of(context)?.alarmed() },
            ended: { context, error, status, phrase in
                SIPCall.of(context)?.ended(
                    error: error, status: Int(status), phrase: phrase.map { String(cString: $0) } ?? "")
            })
        return withCStrings([
            parties.target, parties.from, parties.display, parties.user, options.route, parties.headers,
        ]) { texts in
            let codecs = options.codecs.map(\.payloadType)
            var settings = csip_call_settings()
            settings.target = texts[0]
            settings.from = texts[1]
            settings.display = texts[2]
            settings.user = texts[3]
            settings.route = texts[4]
            settings.headers = texts[5]
            settings.codecs = (codecs.first ?? -1, codecs.count > 1 ? codecs[1] : -1)
            return csip_call_open(&handle, agent, &settings, &handlers, context)
        }
    }

    private static func of(_ context: UnsafeMutableRawPointer?) -> SIPCall? {
        context.map { Unmanaged<SIPCall>.fromOpaque($0).takeUnretainedValue() }
    }

    func failed(_ reason: String) { perform(machine.failed(reason)) }

    func invited() { perform(machine.invited()) }

    func cut() { perform(machine.cut(position: position)) }

    func ended(error: Int32, status: Int, phrase: String) {
        let ending = VoiceCall.Ending(
            error: error == 0 ? nil : SIPLoop.text(error), status: status, phrase: phrase)
        perform(machine.ended(ending, position: position))
    }

    private func answered() { perform(machine.answered()) }

    private func played() { perform(machine.played()) }

    private func alarmed() { perform(machine.alarmed()) }

    private var position: Int { handle.map { csip_call_position($0) } ?? 0 }

    // MARK: What goes out

    private func perform(_ actions: [VoiceCall.Action]) {
        for action in actions {
            switch action {
            case .submitted: events.submitted(callID)
            case .retry(let reason): events.retry(reason)
            case .play: play()
            case .hangUp: close()
            case .ended(let verdict): events.ended(verdict)
            }
        }
    }

    private func play() {
        guard let handle else { return }
        let error = announcement.samples.withUnsafeBufferPointer { csip_call_play(handle, $0.baseAddress, $0.count) }
        if error != 0 { perform(machine.cut(position: 0)) }
    }

    private func close() {
        guard let handle else { return }
        self.handle = nil
        csip_call_close(handle)
        whenOver?()
        // What `open` retained; the caller holds on to it while it is in here.
        Unmanaged.passUnretained(self).release()
    }
}
