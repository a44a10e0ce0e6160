// SPDX-License-Identifier: Apache-2.0
// What happens on a connection: requests are read one after the other, each is answered by a task of its own, and the next
// has its turn when that is done and the request is read to its end. A small request is handed over whole, so that its task
// never waits for the socket.
//
//   nothing ──head──▶ collecting ──end──▶ nothing, answering
//      │                   └─deadline─▶ over: the handler gets `RequestTooSlow`; the connection ends with the answer
//      └──head──▶ streaming, answering ──end──▶ nothing, answering
//                     └─answered─▶ skipping ──end──▶ nothing

internal import HTTPTypes
internal import HummingbirdCore
internal import NIOCore
internal import NIOHTTP1

/// The client did not send all of its request in time.
struct RequestTooSlow: Error {}

/// The client closed its side in the middle of a body.
private struct BodyBrokeOff: Error {}

final class ConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    /// Tells the handler that the server will not wait any longer.
    struct Abandon: Sendable {}

    private enum Reading {
        case nothing
        case collecting(HTTPRequestHead, ByteBuffer)
        case streaming(RequestBodySource)
        /// The rest of a body that nobody reads.
        case skipping
        /// What still comes has no place to go.
        case over
    }

    /// Why nothing more comes from the client.
    private enum Ending {
        case closed
        /// It is told so when all that came before is answered.
        case refused(Problem)
    }

    /// How long a connection that is one too many may take to ask.
    private static let patience = TimeAmount.seconds(2)
    /// How long an answer to a late request may take before the connection is closed without one.
    private static let grace = TimeAmount.seconds(5)
    /// Parts of further requests that are taken in while one is answered.
    private static let waitingLimit = 64

    private let responder: RequestResponder
    private let collector: AcceptCollector
    private let bounds: ConnectionBounds
    private let channel: any Channel
    private let ended: EventLoopPromise<Void>
    private var context: ChannelHandlerContext?

    private var reading = Reading.nothing
    /// Whether a request is being answered.
    private var isAnswering = false
    /// Answers it, unless that needs no task.
    private var task: Task<Void, Never>?
    /// Parts of requests that wait for their turn.
    private var waiting = CircularBuffer<HTTPServerRequestPart>()
    private var isPaused = false
    private var wantsRead = false

    private let isRefused: Bool
    private var isLate = false
    private var isClosed = false
    private var closesAfterAnswer = false
    private var ending: Ending?

    /// When the request that is being read must be here; nil between requests.
    private var due: NIODeadline?
    private var lastRead = NIODeadline.now()
    /// Since when the client takes nothing of a streamed answer.
    private var writingSince: NIODeadline?
    private var timer: (scheduled: Scheduled<Void>, at: NIODeadline)?

    init(
        responder: RequestResponder, collector: AcceptCollector, bounds: ConnectionBounds, channel: any Channel,
        ended: EventLoopPromise<Void>
    ) {
        self.collector = collector
        self.responder = responder
        self.bounds = bounds
        self.channel = channel
        self.ended = ended
        isRefused = !bounds.connections.enter()
    }

    // MARK: Events of the channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        look()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        close()
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        lastRead = .now()
        let part = unwrapInboundIn(data)
        guard waiting.isEmpty, !isBusy else {
            waiting.append(part)
            if waiting.count >= Self.waitingLimit { isPaused = true }
            return
        }
        take(part)
    }

    func channelInactive(context: ChannelHandlerContext) {
        close()
        context.fireChannelInactive()
    }

    func read(context: ChannelHandlerContext) {
        if isPaused { wantsRead = true } else { context.read() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError else {
            stopReading(with: error)
            context.close(promise: nil)
            return
        }
        switch error {
        case .invalidEOFState: end(.closed)
        case .headerOverflow: end(.refused(.headersTooLarge))
        default: end(.refused(.notHTTP))
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent: closeWhenAnswered()
        case ChannelEvent.inputClosed: end(.closed)
        case is Abandon:
            task?.cancel()
            closeWhenAnswered()
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    // MARK: Reading

    /// Whether what comes now belongs to a later request than the one that is answered.
    private var isBusy: Bool {
        guard isAnswering, case .nothing = reading else { return false }
        return true
    }

    private func take(_ part: HTTPServerRequestPart) {
        switch (reading, part) {
        case (.nothing, .head(let head)):
            begin(head)
        case (.collecting(let head, var body), .body(let bytes)):
            // The buffer has one owner while it grows.
            reading = .nothing
            body.writeImmutableBuffer(bytes)
            reading = .collecting(head, body)
        case (.collecting(let head, let body), .end):
            reading = .nothing
            due = nil
            start(head, body)
        case (.streaming(let source), .body(let bytes)):
            if !source.add(bytes) { isPaused = true }
        case (.streaming(let source), .end):
            source.finish()
            reading = .nothing
            due = nil
        case (.skipping, .end):
            reading = .nothing
            proceed()
        default: break
        }
    }

    private func begin(_ head: HTTPRequestHead) {
        if isRefused {
            reading = .over
            return refuse(.tooManyConnections)
        }
        let due = .now() + bounds.requestDeadline * RequestPace.factor(of: head)
        self.due = due
        // A timer that fires earlier looks again then.
        if timer.map({ $0.at > due }) ?? true { schedule(at: due) }
        if head.headers.first(name: "expect")?.lowercased() == "100-continue" {
            write(ByteBuffer(staticString: "HTTP/1.1 100 Continue\r\n\r\n")).whenFailure { _ in }
        }
        let length = head.headers.first(name: "content-length").map { Int($0) ?? .max }
        let isChunked = head.headers.contains(name: "transfer-encoding")
        if !isChunked, (length ?? 0) <= APIRequestContext.bodyLimit {
            reading = .collecting(head, channel.allocator.buffer(capacity: length ?? 0))
        } else {
            let connection = NIOLoopBound(self, eventLoop: channel.eventLoop)
            let loop = channel.eventLoop
            let source = RequestBodySource { loop.execute { connection.value.resumeReading() } }
            reading = .streaming(source)
            start(head, source.body)
        }
    }

    /// Ends what is being read with an error, for the one who reads it.
    private func stopReading(with error: any Error) {
        due = nil
        if case .streaming(let source) = reading { source.finish(error) }
        reading = .over
    }

    private func end(_ ending: Ending) {
        if self.ending == nil { self.ending = ending }
        if waiting.isEmpty { finish() }
    }

    /// Nothing more comes, and nothing waits.
    private func finish() {
        switch (reading, ending) {
        case (.over, _), (_, nil): break
        case (.collecting(let head, _), .closed?):
            stopReading(with: BodyBrokeOff())
            closesAfterAnswer = true
            start(head, RequestBodySource.failing(with: BodyBrokeOff()))
        case (.collecting, .refused(let problem)?):
            stopReading(with: BodyBrokeOff())
            refuse(problem)
        case (.streaming, _), (.skipping, _):
            stopReading(with: BodyBrokeOff())
            closeWhenAnswered()
        case (.nothing, _) where isAnswering: break
        case (.nothing, .closed?): context?.close(promise: nil)
        case (.nothing, .refused(let problem)?): refuse(problem)
        }
    }

    private func resumeReading() {
        guard isPaused else { return }
        isPaused = false
        guard wantsRead else { return }
        wantsRead = false
        context?.read()
    }

    // MARK: Answering

    /// Begins to answer a request that is here as a whole.
    private func start(_ head: HTTPRequestHead, _ body: ByteBuffer) {
        guard let route = responder.directRoute(for: head, body) else { return start(head, RequestBody(buffer: body)) }
        isAnswering = true
        exchange(head).begin(body, route, responder, collector)
    }

    private func start(_ head: HTTPRequestHead, _ body: RequestBody) {
        isAnswering = true
        let exchange = exchange(head)
        let responder = responder
        task = Task { await exchange.run(body, responder) }
    }

    private func exchange(_ head: HTTPRequestHead) -> RequestExchange {
        RequestExchange(
            connection: NIOLoopBound(self, eventLoop: channel.eventLoop), eventLoop: channel.eventLoop,
            channel: channel, head: head, isKeptAlive: head.isKeepAlive && !closesAfterAnswer)
    }

    /// The answer, or the rest of one that was streamed, is written.
    func answered(_ bytes: ByteBuffer, isLast: Bool) {
        isAnswering = false
        task = nil
        if isClosed { return ended.succeed() }
        if isLast { closesAfterAnswer = true }
        if bytes.readableBytes > 0 { context?.writeAndFlush(wrapOutboundOut(bytes), promise: nil) }
        if case .streaming = reading { reading = .skipping }
        proceed()
    }

    /// An answer cannot be finished.
    func abandonAnswer() {
        isAnswering = false
        task = nil
        if isClosed { return ended.succeed() }
        context?.close(promise: nil)
    }

    /// Writes a part of a streamed answer; succeeds when the socket has taken it.
    func write(_ bytes: ByteBuffer) -> EventLoopFuture<Void> {
        guard let context, !isClosed else { return channel.eventLoop.makeFailedFuture(ChannelError.ioOnClosedChannel) }
        writingSince = .now()
        let written = context.writeAndFlush(wrapOutboundOut(bytes))
        written.assumeIsolated().whenComplete { _ in self.writingSince = nil }
        return written
    }

    /// An answer without a request that a handler has seen; the connection ends with it.
    private func refuse(_ problem: Problem) {
        context?.writeAndFlush(wrapOutboundOut(problem.closingAnswer), promise: nil)
        context?.close(promise: nil)
    }

    /// Goes on to the next request, when the last one is read and answered.
    private func proceed() {
        guard !isAnswering else { return }
        if case .skipping = reading { return resumeReading() }
        if closesAfterAnswer {
            context?.close(promise: nil)
            return
        }
        due = nil
        while !isBusy, let part = waiting.popFirst() { take(part) }
        guard waiting.isEmpty else { return }
        resumeReading()
        if ending != nil { finish() }
    }

    private func closeWhenAnswered() {
        closesAfterAnswer = true
        // The request that is being read is answered, too.
        if !isAnswering, case .collecting = reading { return }
        if !isAnswering, waiting.isEmpty { context?.close(promise: nil) }
    }

    /// The connection is over, or never began.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        timer?.scheduled.cancel()
        timer = nil
        stopReading(with: ChannelError.inputClosed)
        waiting.removeAll()
        if !isRefused { bounds.connections.leave() }
        if !isAnswering { ended.succeed() }
    }

    // MARK: Time

    /// Looks whether the client has had its time, and when to look again.
    private func look() {
        timer = nil
        guard !isClosed else { return }
        let now = NIODeadline.now()
        if let due, due <= now {
            guard becomeLate(now) else { return }
        }
        let quietUntil = lastRead + (isRefused ? Self.patience : bounds.idleTimeout)
        // While reading is paused it is not the client who is slow.
        let isQuiet = quietUntil <= now && !isBusy && !isPaused
        if isQuiet || writingSince.map({ $0 + bounds.idleTimeout <= now }) ?? false {
            context?.close(promise: nil)
            return
        }
        // A connection that is quiet because an answer takes long, or never ends, is looked at now and then.
        let next = quietUntil > now ? quietUntil : now + .nanoseconds(bounds.idleTimeout.nanoseconds / 4)
        schedule(at: due.map { min($0, next) } ?? next)
    }

    /// False when the connection is over.
    private func becomeLate(_ now: NIODeadline) -> Bool {
        if isLate || !isAnswering && !isCollecting {
            context?.close(promise: nil)
            return false
        }
        isLate = true
        closesAfterAnswer = true
        let collected = collectedHead
        stopReading(with: RequestTooSlow())
        due = now + Self.grace
        if let collected { start(collected, RequestBodySource.failing(with: RequestTooSlow())) }
        return true
    }

    private var collectedHead: HTTPRequestHead? {
        if case .collecting(let head, _) = reading { head } else { nil }
    }

    private var isCollecting: Bool { collectedHead != nil }

    private func schedule(at instant: NIODeadline) {
        timer?.scheduled.cancel()
        let scheduled = channel.eventLoop.assumeIsolated().scheduleTask(deadline: instant) { [self] in look() }
        timer = (scheduled, instant)
    }
}
