// SPDX-License-Identifier: Apache-2.0
// Bounds how long a client may take to send one request. It stands in the channel's pipeline, so that a request that
// arrives whole costs no task, and of many that come one after another only the first a timer: the timer stays, and looks
// when it fires whether a request's time is over.
//
//   idle ──head──▶ reading ──end──▶ idle
//                     └─deadline─▶ late: the body's reader gets `RequestTooSlow`; the connection ends with the answer

internal import HTTPTypes
internal import NIOCore
internal import NIOHTTPTypes

/// The client did not send all of its request in time.
struct RequestTooSlow: Error {}

final class RequestDeadlineHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// How long an answer to a late request may take before the connection is closed without one.
    private static let grace = TimeAmount.seconds(5)

    /// A body of many megabytes may take so many times as long.
    private static let largeBodyFactor: Int64 = 20
    /// A table of ten million rows is taken no faster than the database writes them.
    private static let hugeBodyFactor: Int64 = 240

    private let deadline: TimeAmount
    /// When the request that is being read must be here; nil between requests.
    private var due: NIODeadline?
    private var timer: (scheduled: Scheduled<Void>, at: NIODeadline)?
    private var isLate = false

    init(deadline: TimeAmount) { self.deadline = deadline }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            let due = .now() + deadline * Self.factor(of: head)
            self.due = due
            // A timer that fires earlier looks again then.
            if timer.map({ $0.at > due }) ?? true { schedule(context, at: due) }
        case .body:
            break
        case .end:
            if !isLate { due = nil }
        }
        // After the error the reader is gone; what still comes has no place to go.
        if !isLate { context.fireChannelRead(data) }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard isLate, case .end = unwrapOutboundIn(data) else {
            context.write(data, promise: promise)
            return
        }
        context.writeAndFlush(data, promise: promise)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        cancelTimer()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { cancelTimer() }

    /// How much more time a whole table or a medium has, see `TableImport`, `AdminNumbers` and `UploadMedia`.
    private static func factor(of head: HTTPRequest) -> Int64 {
        guard let path = head.path?.prefix(while: { $0 != "?" }) else { return 1 }
        if path == "/admin/v1/ported-numbers/import" { return hugeBodyFactor }
        let isLarge =
            path.hasPrefix("/admin/v1/")
            ? path.hasSuffix("/import") : head.method == .post && path == "/conversations/v3/media"
        return isLarge ? largeBodyFactor : 1
    }

    private func schedule(_ context: ChannelHandlerContext, at instant: NIODeadline) {
        cancelTimer()
        let scheduled = context.eventLoop.assumeIsolated().scheduleTask(deadline: instant) { [self] in
            timer = nil
            fired(context)
        }
        timer = (scheduled, instant)
    }

    private func fired(_ context: ChannelHandlerContext) {
        guard let due else { return }
        if due > .now() {
            schedule(context, at: due)
        } else if isLate {
            context.close(promise: nil)
        } else {
            becomeLate(context)
        }
    }

    private func becomeLate(_ context: ChannelHandlerContext) {
        isLate = true
        let end = NIODeadline.now() + Self.grace
        due = end
        context.fireErrorCaught(RequestTooSlow())
        schedule(context, at: end)
    }

    private func cancelTimer() {
        timer?.scheduled.cancel()
        timer = nil
    }
}
