// SPDX-License-Identifier: Apache-2.0
// Bounds how many connections are served at once. One too many is told so, with 503 and `Retry-After`, and closed; it
// never reaches a handler, and one that asks nothing within two seconds is closed without a word.

internal import HTTPTypes
internal import NIOCore
internal import NIOHTTPTypes
internal import Synchronization

/// Counts the connections of a listener.
final class ConnectionLimit: Sendable {
    let maximum: Int
    private let open = Atomic<Int>(0)
    private let refusals = Atomic<Int>(0)

    init(maximum: Int) { self.maximum = maximum }

    /// How many connections are served.
    var count: Int { open.load(ordering: .relaxed) }
    /// How many were refused so far.
    var refused: Int { refusals.load(ordering: .relaxed) }

    /// Takes a place; false when there is none.
    func enter() -> Bool {
        if open.wrappingAdd(1, ordering: .relaxed).newValue <= maximum { return true }
        leave()
        refusals.wrappingAdd(1, ordering: .relaxed)
        return false
    }

    func leave() { open.wrappingSubtract(1, ordering: .relaxed) }
}

/// Takes a place for its connection and gives it back at its end, or refuses what the connection asks.
final class ConnectionLimitHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundOut = HTTPResponsePart

    /// How long a connection without a place may take to ask.
    private static let patience = TimeAmount.seconds(2)

    private let limit: ConnectionLimit
    private var isRefused = false

    init(limit: ConnectionLimit) { self.limit = limit }

    func handlerAdded(context: ChannelHandlerContext) {
        isRefused = !limit.enter()
        guard isRefused else {
            let limit = limit
            context.channel.closeFuture.whenComplete { _ in limit.leave() }
            return
        }
        let channel = context.channel
        _ = context.eventLoop.scheduleTask(in: Self.patience) { channel.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard isRefused else { return context.fireChannelRead(data) }
        guard case .head = unwrapInboundIn(data) else { return }
        Problem.tooManyConnections.write(to: context)
        context.close(promise: nil)
    }
}
