// SPDX-License-Identifier: Apache-2.0
// The thin layer between a channel and an `SMPPSession`: octets to frames, actions to writes, one flush per event. All of
// it runs on the channel's event loop; other threads reach it through `SessionLink`.

internal import Logging
internal import NIOCore

/// What a session tells its owner; batches are never empty. Called on the session's event loop.
protocol SessionOwner: AnyObject, Sendable {
    associatedtype Context: Sendable

    func sessionStarted(_ link: SessionLink<Self>)
    func sessionRequestedBind(_ bind: Bind, _ link: SessionLink<Self>)
    func sessionReceivedOutbind(_ outbind: Outbind, _ link: SessionLink<Self>)
    func sessionBound(_ mode: BindMode, _ response: BindResponse, _ link: SessionLink<Self>)
    func sessionReceived(_ pdu: PDU, _ token: InboundToken?, _ link: SessionLink<Self>)
    /// The session was bound and takes no more requests, though it may still wait for responses.
    func sessionStoppedTaking()
    func sessionCompleted(_ outcomes: [(context: Context, outcome: RequestOutcome)])
    func sessionClosed(_ reason: SessionEnd, unanswered: [UInt32])
    /// A whole PDU went either way.
    func sessionExchanged(_ pdu: PDU, _ direction: PDUDirection)
}

extension SessionOwner {
    func sessionExchanged(_ pdu: PDU, _ direction: PDUDirection) {}
}

/// What other threads ask of a session.
enum SessionCommand<Context: Sendable>: Sendable {
    case bind(Bind)
    case outbind(Outbind)
    case decideBind(BindResponse, CommandStatus, window: Int?, inboundWindow: Int?)
    case send(PDU.Body, Context)
    case respond(InboundToken, PDU.Body, CommandStatus)
    case unbind
    /// Close at once.
    case drop
}

final class SessionHandler<Owner: SessionOwner>: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    typealias Session = SMPPSession<Owner.Context>

    private let owner: Owner
    private let maximumPDUSize: Int
    private let logger: Logger
    private var session: Session
    private var link: SessionLink<Owner>?
    private var context: ChannelHandlerContext?
    private var received = ByteBuffer()
    private var outgoing = ByteBuffer()
    private var outcomes: [(context: Owner.Context, outcome: RequestOutcome)] = []
    /// Sequence numbers of responses in `outgoing`, and of those in the kernel's hands not yet.
    private var responsesWritten: [UInt32] = []
    private var responsesUnflushed: [[UInt32]] = []
    private var end: (reason: SessionEnd, unanswered: [UInt32])?
    private var timer: (at: NIODeadline, task: Scheduled<Void>)?
    private var isClosing = false
    private var isTaking = false
    private var readWaits = false
    private var lastError: (any Error)?

    init(
        owner: Owner, role: Session.Role, limits: Session.Limits, maximumPDUSize: Int, now: NIODeadline, logger: Logger
    ) {
        self.owner = owner
        self.maximumPDUSize = maximumPDUSize
        self.logger = logger
        self.session = Session(role: role, limits: limits, now: now)
    }

    func attach(_ link: SessionLink<Owner>) {
        self.link = link
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { started() }
    }

    func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        started()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var chunk = unwrapInboundIn(data)
        if received.readableBytes == 0 { received = chunk } else { received.writeBuffer(&chunk) }
        let now = NIODeadline.now()
        while !session.isClosed, let frame = PDU.next(from: &received, maximumLength: maximumPDUSize) {
            log(frame)
            if case .pdu(let pdu) = frame { owner.sessionExchanged(pdu, .received) }
            run(session.received(frame, now: now))
        }
        if received.readableBytes == 0 { received = ByteBuffer() } else { received.discardReadBytes() }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        finishEvent()
        context.fireChannelReadComplete()
    }

    /// An ESME that does not read what it asked for gets no more of its requests read. The other role always reads:
    /// were both sides to stop at once, neither would ever go on.
    func read(context: ChannelHandlerContext) {
        if session.role == .esme || context.channel.isWritable { context.read() } else { readWaits = true }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if readWaits, context.channel.isWritable {
            readWaits = false
            context.read()
        }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        lastError = lastError ?? error
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        run(session.disconnected(.connectionLost(lastError.map { "\($0)" } ?? "")))
        finishEvent()
        reportEnd()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.task.cancel()
        timer = nil
        self.context = nil
        link = nil
    }

    // MARK: Commands

    /// Runs everything other threads have asked for since the last time.
    func perform(_ commands: [SessionCommand<Owner.Context>]) {
        let now = NIODeadline.now()
        for command in commands {
            switch command {
            case .bind(let bind): run(session.bind(bind, now: now))
            case .outbind(let outbind): run(session.outbind(outbind))
            case .decideBind(let response, let status, let window, let inboundWindow):
                session.limits.window = window ?? session.limits.window
                session.limits.inboundWindow = inboundWindow ?? session.limits.inboundWindow
                run(session.decideBind(response, status: status, now: now))
            case .send(let body, let context): run(session.send(body, context: context, now: now))
            case .respond(let token, let body, let status):
                run(session.respond(token, body, status: status, now: now))
            case .unbind: run(session.unbind(now: now))
            case .drop: run(session.disconnected(.dropped))
            }
        }
        finishEvent()
    }

    private func started() {
        guard let link else { return }
        owner.sessionStarted(link)
        finishEvent()
    }

    // MARK: Actions

    private func run(_ actions: [Session.Action]) {
        for action in actions {
            switch action {
            case .write(let pdu): write(pdu)
            case .completed(let context, let outcome): outcomes.append((context, outcome))
            case .received(let pdu, let token): link.map { owner.sessionReceived(pdu, token, $0) }
            case .bindRequested(let bind): link.map { owner.sessionRequestedBind(bind, $0) }
            case .outbindReceived(let outbind): link.map { owner.sessionReceivedOutbind(outbind, $0) }
            case .bound(let mode, let response):
                isTaking = true
                link.map { owner.sessionBound(mode, response, $0) }
            case .unexpected(let command, let sequence):
                logger.debug("unexpected PDU", metadata: ["command": "\(command)", "sequence": "\(sequence)"])
            case .close(let reason, let unanswered): end = (reason, unanswered)
            }
        }
    }

    private func write(_ pdu: PDU) {
        do throws(PDUEncodingError) {
            try pdu.write(to: &outgoing)
            if pdu.commandID.isResponse { responsesWritten.append(pdu.sequence) }
            owner.sessionExchanged(pdu, .sent)
        } catch {
            if pdu.commandID.isResponse {
                writeFallback(for: pdu, error)
            } else if let context = session.abandon(sequence: pdu.sequence) {
                outcomes.append((context, .invalid(error)))
            }
        }
    }

    /// A response that cannot be encoded still has to be a response: the peer waits for it.
    private func writeFallback(for pdu: PDU, _ error: PDUEncodingError) {
        logger.error("response cannot be encoded", metadata: ["command": "\(pdu.commandID)", "error": "\(error)"])
        let request = CommandID(rawValue: pdu.commandID.rawValue & 0x7FFF_FFFF)
        let body = PDU.Body.emptyResponse(to: request) ?? .genericNack
        let fallback = PDU(body, sequence: pdu.sequence, status: .systemError)
        try? fallback.write(to: &outgoing)
        owner.sessionExchanged(fallback, .sent)
        responsesWritten.append(pdu.sequence)
    }

    /// The end of one event: everything written goes out in one piece, outcomes go to the owner in one batch.
    private func finishEvent() {
        flush()
        if isTaking, !session.isTaking {
            isTaking = false
            owner.sessionStoppedTaking()
        }
        if !outcomes.isEmpty {
            let batch = outcomes
            outcomes = []
            owner.sessionCompleted(batch)
        }
        if end != nil { closeChannel() } else { armTimer() }
    }

    private func flush() {
        guard let context, outgoing.readableBytes > 0 else { return }
        let buffer = outgoing
        outgoing = ByteBuffer()
        guard !responsesWritten.isEmpty else {
            return context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
        }
        responsesUnflushed.append(responsesWritten)
        responsesWritten = []
        let promise = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(wrapOutboundOut(buffer), promise: promise)
        promise.futureResult.assumeIsolated().whenSuccess { [self] in
            // Writes complete in their order.
            if !responsesUnflushed.isEmpty { responsesUnflushed.removeFirst() }
        }
    }

    // MARK: Closing and time

    /// Closes behind what is still being written, and in any case after the response time-out.
    private func closeChannel() {
        timer?.task.cancel()
        timer = nil
        guard let context, context.channel.isActive else { return reportEnd() }
        guard !isClosing else { return }
        isClosing = true
        if case .dropped? = end?.reason { return context.close(promise: nil) }
        let channel = context.channel
        let force = context.eventLoop.scheduleTask(in: session.limits.responseTimeout) {
            channel.close(promise: nil)
        }
        channel.closeFuture.whenComplete { _ in force.cancel() }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).whenComplete { _ in channel.close(promise: nil) }
    }

    /// Tells the owner once, when the channel is gone and what was flushed is known.
    private func reportEnd() {
        guard let end, link != nil else { return }
        link = nil
        let unanswered = end.unanswered + responsesUnflushed.joined() + responsesWritten
        owner.sessionClosed(end.reason, unanswered: unanswered)
    }

    private func armTimer() {
        guard let context, let next = session.nextDeadline, next < .distantFuture else { return }
        if let timer {
            guard next < timer.at else { return }
            timer.task.cancel()
        }
        let task = context.eventLoop.assumeIsolated().scheduleTask(deadline: next) { [self] in
            timer = nil
            run(session.timeout(now: .now()))
            finishEvent()
        }
        timer = (next, task)
    }

    private func log(_ frame: PDUFrame) {
        guard logger.logLevel <= .debug else { return }
        switch frame {
        case .pdu(let pdu):
            logger.trace("received", metadata: ["command": "\(pdu.commandID)", "sequence": "\(pdu.sequence)"])
        case .bad(let bad):
            logger.debug("bad PDU", metadata: ["command": "\(bad.commandID)", "status": "\(bad.status)"])
        case .broken(let length):
            logger.debug("broken framing", metadata: ["command_length": "\(length)"])
        }
    }
}
