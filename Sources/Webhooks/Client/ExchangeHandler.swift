// SPDX-License-Identifier: Apache-2.0

// The last handler of a connection: writes a request as one buffer, takes the decoded answer in, and tells pool and
// caller. What happens when is `ConnectionState`'s to say. Of many exchanges one after another only the first sets a
// timer: it stays, and looks when it fires what is due.

import NIOCore
import NIOHTTP1
import NIOTLS

final class ExchangeHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    private let pool: ConnectionPool
    private let isEncrypted: Bool
    private let decoder: HTTPResponseDecoder
    private var state: ConnectionState
    private var exchange: Exchange?
    /// The connection as the pool knows it; nil once it is gone.
    private var connection: WebhookConnection?
    private var context: ChannelHandlerContext?
    /// Writes before the decoder, which would take requests apart and not whole.
    private var wire: ChannelHandlerContext?
    private var timer: (scheduled: Scheduled<Void>, at: NIODeadline)?

    init(pool: ConnectionPool, isEncrypted: Bool, state: ConnectionState) {
        self.pool = pool
        self.isEncrypted = isEncrypted
        self.state = state
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = 16_384
        limits.maxHeaderListSize = 65_536
        limits.maxHeaderFieldCount = 128
        decoder = HTTPResponseDecoder(
            leftOverBytesStrategy: .dropBytes, informationalResponseStrategy: .drop, limitConfiguration: limits)
    }

    /// Adds this handler, with the decoder before it, at the end of the channel's pipeline.
    func join(_ channel: any Channel, to endpoint: Endpoint) throws -> WebhookConnection {
        let pipeline = channel.pipeline.syncOperations
        let decoding = ByteToMessageHandler(decoder)
        try pipeline.addHandler(decoding)
        wire = try pipeline.context(handler: decoding)
        try pipeline.addHandler(self)
        let connection = WebhookConnection(channel: channel, endpoint: endpoint, handler: self)
        self.connection = connection
        return connection
    }

    // MARK: From the pool and the callers

    /// Runs the exchange, or sends it back to the pool when the connection ended before it came here: nothing was
    /// written then.
    func run(_ exchange: Exchange, on connection: WebhookConnection) {
        guard state.isIdle, let wire, wire.channel.isActive else {
            _ = pool.giveBack(connection, keptUntil: nil)
            pool.run(exchange)
            return
        }
        guard exchange.claim(connection) else {
            let next = pool.giveBack(connection, keptUntil: state.due)
            // The timer may have fired meanwhile and left the connection to this exchange.
            if let due = state.due { setTimer(for: due) }
            runNext(next)
            return
        }
        self.exchange = exchange
        state.start(deadline: exchange.deadline)
        setTimer(for: exchange.deadline)
        decoder.write(data: .head(exchange.method == .GET ? Self.getHead : Self.postHead))
        wire.writeAndFlush(NIOAny(exchange.bytes), promise: nil)
    }

    /// Ends this exchange, or whichever it is, and the connection.
    func abandon(_ exchange: Exchange?) {
        guard exchange == nil || exchange === self.exchange else { return }
        perform(state.failed(ExchangeFailure.cancelled))
    }

    /// All that the decoder needs to know of a request.
    private static let getHead = HTTPRequestHead(version: .http1_1, method: .GET, uri: "")
    private static let postHead = HTTPRequestHead(version: .http1_1, method: .POST, uri: "")

    private func runNext(_ exchange: Exchange?) {
        if let exchange, let connection { run(exchange, on: connection) }
    }

    // MARK: From the channel

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelActive(context: ChannelHandlerContext) {
        if isEncrypted {
            if let due = state.due { setTimer(for: due) }
        } else {
            opened()
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent { opened() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        perform(state.received(unwrapInboundIn(data)))
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // Asked for only where it matters: at the end of an answer.
        guard state.isAnswerComplete else { return }
        perform(state.readComplete(now: .now(), isWritten: isWritten(context.channel)))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { perform(state.failed(error)) }

    func channelInactive(context: ChannelHandlerContext) {
        perform(state.failed(ExchangeFailure.closedWithoutAnswer))
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.scheduled.cancel()
        timer = nil
        self.context = nil
        wire = nil
        connection = nil
    }

    /// Whether all of the request has left: an answer may overtake it.
    private func isWritten(_ channel: any Channel) -> Bool {
        guard channel.isActive else { return false }
        return (try? channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0 == 0
    }

    private func opened() {
        guard let connection, let keptUntil = state.opened(now: .now()) else { return }
        setTimer(for: keptUntil)
        runNext(pool.opened(connection, keptUntil: keptUntil))
    }

    // MARK: Steps

    private func perform(_ step: ConnectionState.Step) {
        switch step {
        case .nothing: break
        case .look(let instant): setTimer(for: instant)
        case .complete(let outcome, let keptUntil): complete(outcome, keptUntil: keptUntil)
        case .failedToOpen(let error):
            if let connection { pool.openFailed(connection.endpoint, error) }
            context?.close(promise: nil)
        case .close:
            if let connection { _ = pool.retire(connection) }
            context?.close(promise: nil)
        case .retire:
            guard let connection, pool.retire(connection) else { return }
            state.retired()
            context?.close(promise: nil)
        }
    }

    /// The connection goes back before the caller goes on, so that the caller's next exchange finds it.
    private func complete(_ outcome: ExchangeOutcome, keptUntil: NIODeadline?) {
        let exchange = exchange
        self.exchange = nil
        let next = connection.flatMap { pool.giveBack($0, keptUntil: keptUntil) }
        exchange?.finish(outcome)
        if keptUntil == nil { context?.close(promise: nil) }
        runNext(next)
    }

    // MARK: The timer

    private func setTimer(for instant: NIODeadline) {
        guard let context, timer.map({ $0.at > instant }) ?? true else { return }
        timer?.scheduled.cancel()
        let scheduled = context.eventLoop.assumeIsolated().scheduleTask(deadline: instant) { [self] in
            timer = nil
            perform(state.timePassed(now: .now()))
        }
        timer = (scheduled, instant)
    }
}
