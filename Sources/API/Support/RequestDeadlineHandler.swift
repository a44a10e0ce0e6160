// SPDX-License-Identifier: Apache-2.0
// Bounds how long a client may take to send one request. It stands in the channel's pipeline, so that a request that
// arrives whole costs a timer and no task.
//
//   idle ──head──▶ reading (timer runs) ──end──▶ idle
//                     └─timer─▶ late: the body's reader gets `RequestTooSlow`; the connection ends with the answer

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

    private let deadline: TimeAmount
    private var timer: Scheduled<Void>?
    private var isLate = false

    init(deadline: TimeAmount) { self.deadline = deadline }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            schedule(context, in: Self.isLarge(head) ? deadline * Self.largeBodyFactor : deadline) {
                handler, context in handler.becomeLate(context)
            }
        case .body:
            break
        case .end:
            cancelTimer()
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

    /// Whether a whole table or a medium is on its way, see `TableImport` and `UploadMedia`.
    private static func isLarge(_ head: HTTPRequest) -> Bool {
        guard let path = head.path?.prefix(while: { $0 != "?" }) else { return false }
        if path.hasPrefix("/admin/v1/") { return path.hasSuffix("/import") }
        return head.method == .post && path == "/conversations/v3/media"
    }

    private func becomeLate(_ context: ChannelHandlerContext) {
        isLate = true
        context.fireErrorCaught(RequestTooSlow())
        schedule(context, in: Self.grace) { _, context in context.close(promise: nil) }
    }

    private func schedule(
        _ context: ChannelHandlerContext, in delay: TimeAmount,
        _ action: @escaping (RequestDeadlineHandler, ChannelHandlerContext) -> Void
    ) {
        cancelTimer()
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: delay) { [self] in
            timer = nil
            action(self, context)
        }
    }

    private func cancelTimer() {
        timer?.cancel()
        timer = nil
    }
}
