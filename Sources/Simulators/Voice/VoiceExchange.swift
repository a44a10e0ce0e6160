// SPDX-License-Identifier: Apache-2.0
// The network's socket: finds the call that a message belongs to, asks who calls where that is wanted, and does what
// the call's state machine says. Everything happens on the channel's event loop.

internal import Crypto
internal import NIOCore
internal import NIOPosix
internal import Synchronization
internal import Wire

final class VoiceExchange: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    typealias OutboundOut = AddressedEnvelope<ByteBuffer>

    /// A call, from its INVITE until a while after its end, for requests that come again.
    private final class Line {
        var machine: VoiceLine
        let call: SimulatedCall
        let caller: SocketAddress
        let ear: Ear
        let channel: any Channel

        init(machine: VoiceLine, call: SimulatedCall, caller: SocketAddress, ear: Ear, channel: any Channel) {
            self.machine = machine
            self.call = call
            self.caller = caller
            self.ear = ear
            self.channel = channel
        }
    }

    private static let t1 = TimeAmount.milliseconds(500)
    private static let lingering = TimeAmount.seconds(5)

    private let simulator: VoiceSimulator
    private let digest: SIPDigest?
    private var lines: [String: Line] = [:]
    /// Calls whose RTP socket is being opened.
    private var opening: Set<String> = []
    private var serial: UInt64 = 0

    init(simulator: VoiceSimulator) {
        self.simulator = simulator
        let nonce = Hex.encode(SymmetricKey(size: .bits128).withUnsafeBytes { Array($0) })
        digest = simulator.configuration.credentials.map { SIPDigest(credentials: $0, nonce: nonce) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = unwrapInboundIn(data)
        guard let message = SIPMessage(Array(envelope.data.readableBytesView)), message.method != nil,
            let callID = message["call-id"], message["via"] != nil, message["cseq"] != nil
        else { return }
        let sender = envelope.remoteAddress
        if let line = lines[callID] {
            return perform(line.machine.received(message), of: line, callID, context)
        }
        guard !opening.contains(callID), message.method != "ACK" else { return }
        guard isAllowed(message, from: sender, context) else { return }
        switch message.method {
        case "INVITE": open(message, callID: callID, caller: sender, context)
        case "REGISTER":
            let headers = message.all("contact") + [(name: "Expires", value: message["expires"] ?? "3600")]
            send(message.response(200, "OK", tag: nextTag(), headers: headers), to: sender, context)
        case "OPTIONS": send(message.response(200, "OK", tag: nextTag()), to: sender, context)
        default:
            send(
                message.response(481, "Call/Transaction Does Not Exist", tag: nextTag()), to: sender, context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // An ICMP error of somebody who is gone; the socket lives on.
    }

    func channelInactive(context: ChannelHandlerContext) {
        for line in lines.values { line.channel.close(promise: nil) }
        lines = [:]
    }

    private func nextTag() -> String {
        serial += 1
        return "t\(serial)"
    }

    private func send(_ message: SIPMessage, to address: SocketAddress, _ context: ChannelHandlerContext) {
        let envelope = AddressedEnvelope(
            remoteAddress: address, data: context.channel.allocator.buffer(bytes: message.bytes))
        context.writeAndFlush(wrapOutboundOut(envelope), promise: nil)
    }

    /// Asks for credentials where they are wanted and not there.
    private func isAllowed(
        _ message: SIPMessage, from sender: SocketAddress, _ context: ChannelHandlerContext
    ) -> Bool {
        guard let digest, let method = message.method, method == "INVITE" || method == "REGISTER" else { return true }
        let isRegistrar = method == "REGISTER"
        let answer = message[isRegistrar ? "authorization" : "proxy-authorization"]
        if let answer, digest.accepts(answer, method: method) { return true }
        let challenge = [(name: isRegistrar ? "WWW-Authenticate" : "Proxy-Authenticate", value: digest.challenge)]
        let response =
            isRegistrar
            ? message.response(401, "Unauthorized", tag: nextTag(), headers: challenge)
            : message.response(407, "Proxy Authentication Required", tag: nextTag(), headers: challenge)
        send(response, to: sender, context)
        return false
    }

    // MARK: A call

    private func open(
        _ invite: SIPMessage, callID: String, caller: SocketAddress, _ context: ChannelHandlerContext
    ) {
        let number = VoiceSimulator.digits(SIPMessage.user(of: invite.uri ?? ""))
        let outcome = simulator.configuration.outcomeRule(number)
        let call = SimulatedCall(
            callID: callID, caller: SIPMessage.user(of: invite["from"] ?? ""),
            assertedIdentity: invite["p-asserted-identity"].map(SIPMessage.uri), recipient: number, outcome: outcome,
            startedAt: Timestamp.now())
        simulator.add(call)
        opening.insert(callID)
        let ear = Ear(seconds: simulator.configuration.recordingLimit)
        let tag = nextTag()
        let configuration = simulator.configuration
        let address = "\(configuration.host):\(context.channel.localAddress?.port ?? 0)"
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        DatagramBootstrap(group: context.eventLoop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(ear) }
            }
            .bind(host: configuration.host, port: 0).whenSuccess { channel in
                let this = handler.value
                this.opening.remove(callID)
                let machine = VoiceLine(
                    invite: invite, outcome: outcome, tag: tag, address: address,
                    mediaPort: channel.localAddress?.port ?? 0)
                let line = Line(machine: machine, call: call, caller: caller, ear: ear, channel: channel)
                this.lines[callID] = line
                this.perform(line.machine.begin(), of: line, callID, bound.value)
            }
    }

    private func perform(
        _ actions: [VoiceLine.Action], of line: Line, _ callID: String, _ context: ChannelHandlerContext
    ) {
        for action in actions {
            switch action {
            case .send(let message): send(message, to: line.caller, context)
            case .ring: later(simulator.configuration.ringing, callID, context) { $0.machine.rung() }
            case .expectACK(let times):
                later(.nanoseconds(Self.t1.nanoseconds), callID, context) { $0.machine.unacknowledged(times: times) }
            case .recordAnswer: simulator.change(line.call) { $0.answeredAt = Timestamp.now() }
            case .loseInterest: later(simulator.configuration.patience, callID, context) { $0.machine.hangUp() }
            case .end: end(line, callID, context)
            }
        }
    }

    private func later(
        _ delay: Duration, _ callID: String, _ context: ChannelHandlerContext,
        _ event: @escaping (Line) -> [VoiceLine.Action]
    ) {
        let bound = NIOLoopBound((self, context, event), eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: TimeAmount(delay)) {
            let (this, context, event) = bound.value
            guard let line = this.lines[callID] else { return }
            this.perform(event(line), of: line, callID, context)
        }
    }

    private func end(_ line: Line, _ callID: String, _ context: ChannelHandlerContext) {
        let samples = line.ear.recording.samples
        simulator.change(line.call) { call in
            call.endedAt = Timestamp.now()
            call.samples = samples
        }
        line.channel.close(promise: nil)
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: Self.lingering) { bound.value.lines[callID] = nil }
    }
}

/// Hears one call. It lives on the same event loop as the exchange.
private final class Ear: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>

    var recording: VoiceRecording

    init(seconds: Int) { recording = VoiceRecording(seconds: seconds) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        recording.receive(Array(unwrapInboundIn(data).data.readableBytesView))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {}
}
