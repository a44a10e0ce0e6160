// SPDX-License-Identifier: Apache-2.0
// A connector's side of the SIP stack: its socket, its registration and its calls. Everything in it happens on the
// loop's thread; that is what makes it safe to share.

internal import CSIP
internal import Messaging

final class SIPAgent: @unchecked Sendable {
    struct Events: Sendable {
        /// A registration was answered; `problem` is nil when it went through.
        var registered: @Sendable (_ problem: String?) -> Void
        /// A message was sent or came.
        var traced: @Sendable (SIPTrace, Exchange.Direction) -> Void
    }

    private static let software = "Parley"

    let options: SIPOptions
    private let events: Events
    private var handle: OpaquePointer?
    private var calls: [ObjectIdentifier: SIPCall] = [:]
    private var byCallID: [String: SIPCall] = [:]
    /// The Call-ID of an INVITE that went out before its call knew its own.
    private var invited: String?
    private var whenClosed: (@Sendable () -> Void)?

    init(options: SIPOptions, events: Events) {
        self.options = options
        self.events = events
    }

    // MARK: Life

    /// Binds the socket and registers; returns what is in the way, nil when nothing is.
    func open() -> String? {
        precondition(SIPLoop.shared.isCurrent)
        guard handle == nil else { return nil }
        let context = Unmanaged.passRetained(self)
        let error = openHandle(context.toOpaque())
        guard error == 0 else {
            context.release()
            return "the SIP socket cannot be opened: \(SIPLoop.text(error))"
        }
        guard options.registers, let handle, let username = options.username else { return nil }
        // The registrar's address of record is the account's (RFC 3261 §10.2).
        let registrar = "sip:\(options.route == nil ? options.trunk : options.realm)"
        let failure = csip_agent_register(
            handle, registrar, "sip:\(username)@\(options.realm)", username, options.route,
            UInt32(options.registrationExpires))
        if failure != 0 { events.registered("cannot register: \(SIPLoop.text(failure))") }
        return nil
    }

    private func openHandle(_ context: UnsafeMutableRawPointer) -> Int32 {
        var handlers = csip_agent_handlers(
            registered: { context, error, status, phrase in
                SIPAgent.of(context)?.registered(error, Int(status), phrase.map { String(cString: $0) } ?? "")
            },
            traced: { context, sent, bytes, count in
                SIPAgent.of(context)?.traced(sent, UnsafeBufferPointer(start: bytes, count: count))
            },
            closed: { context in SIPAgent.of(context)?.closed() })
        return withCStrings([
            options.address, options.host, options.tls.ca, options.tls.serverName ?? options.host, options.username,
            options.password, Self.software,
        ]) { texts in
            var settings = csip_agent_settings()
            settings.transport =
                switch options.transport {
                case .udp: CSIP_UDP
                case .tcp: CSIP_TCP
                case .tls: CSIP_TLS
                }
            settings.address = texts[0]
            settings.port = UInt16(options.localPort)
            settings.peer = texts[1]
            settings.peer_port = UInt16(options.port ?? 5060)
            settings.ca_file = texts[2]
            settings.server_name = texts[3]
            settings.verifies = options.tls.verifies
            settings.username = texts[4]
            settings.password = texts[5]
            settings.media_first = UInt16(options.mediaPorts.lowerBound)
            settings.media_last = UInt16(options.mediaPorts.upperBound)
            settings.software = texts[6]
            return csip_agent_open(&handle, &settings, &handlers, context)
        }
    }

    /// Ends what is left and frees the socket; `done` follows within about two seconds.
    func close(_ done: @escaping @Sendable () -> Void) {
        precondition(SIPLoop.shared.isCurrent)
        guard let handle else { return done() }
        cut()
        self.handle = nil
        whenClosed = done
        csip_agent_close(handle)
    }

    private static func of(_ context: UnsafeMutableRawPointer?) -> SIPAgent? {
        context.map { Unmanaged<SIPAgent>.fromOpaque($0).takeUnretainedValue() }
    }

    private func closed() {
        let done = whenClosed
        Unmanaged.passUnretained(self).release()
        done?()
    }

    // MARK: Calls

    func place(_ call: SIPCall) {
        precondition(SIPLoop.shared.isCurrent)
        guard let handle else { return call.failed("the connector is not connected") }
        invited = nil
        guard let id = call.open(handle, options) else { return }
        calls[ObjectIdentifier(call)] = call
        byCallID[id] = call
        // Over UDP the INVITE has been sent meanwhile.
        if invited == id { call.invited() }
        call.whenOver = { [unowned self, unowned call] in
            calls[ObjectIdentifier(call)] = nil
            byCallID[id] = nil
        }
    }

    /// Ends every call.
    func cut() {
        precondition(SIPLoop.shared.isCurrent)
        for call in Array(calls.values) { call.cut() }
    }

    // MARK: What happens

    private func registered(_ error: Int32, _ status: Int, _ phrase: String) {
        switch (error, status) {
        case (0, 200...299): events.registered(nil)
        case (0, _): events.registered("\(status) \(phrase)")
        default: events.registered("cannot register: \(SIPLoop.text(error))")
        }
    }

    private func traced(_ sent: Bool, _ bytes: UnsafeBufferPointer<UInt8>) {
        guard let trace = SIPTrace(bytes) else { return }
        events.traced(trace, sent ? .sent : .received)
        guard trace.method == "INVITE" else { return }
        if sent, trace.status == nil {
            invited = trace.callID
            byCallID[trace.callID]?.invited()
        } else if !sent, let status = trace.status, (300...399).contains(status) {
            // The stack would follow it, to wherever it leads.
            byCallID[trace.callID]?.ended(error: 0, status: status, phrase: trace.phrase)
        }
    }
}

/// Runs `body` with each text as a C string; nil stays nil.
func withCStrings<Result>(_ texts: [String?], _ body: ([UnsafePointer<CChar>?]) throws -> Result) rethrows -> Result {
    let buffers = texts.map { text in
        text.map { text in
            let bytes = Array(text.utf8CString)
            let buffer = UnsafeMutableBufferPointer<CChar>.allocate(capacity: bytes.count)
            _ = buffer.initialize(from: bytes)
            return buffer
        }
    }
    defer { for buffer in buffers { buffer?.deallocate() } }
    return try body(buffers.map { $0.flatMap { UnsafePointer($0.baseAddress) } })
}
