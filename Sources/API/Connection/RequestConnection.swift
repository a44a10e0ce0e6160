// SPDX-License-Identifier: Apache-2.0
// One HTTP/1.1 connection as Hummingbird's server runs it: SwiftNIO's parser, and one handler that does the rest.

internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOHTTP1

/// What a connection may take.
struct ConnectionBounds: Sendable {
    /// How long a client may take to send one request.
    let requestDeadline: TimeAmount
    /// How long a connection may be quiet.
    let idleTimeout: TimeAmount
    let connections: ConnectionLimit
    /// Bytes of a request's head, and of one of its fields.
    static let headLimit = 80 * 1024
    static let fieldCountLimit = 1000
}

struct RequestConnection: ServerChildChannel {
    struct Value: ServerChildChannelValue {
        let channel: any Channel
        /// Succeeds when the channel is closed and nobody works on a request of it any more.
        let ended: EventLoopFuture<Void>
    }

    let responder: RequestResponder
    let bounds: ConnectionBounds
    let collectors: AcceptCollectors

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            var limits = NIOHTTPDecoderLimitConfiguration()
            limits.maxHeaderFieldSize = ConnectionBounds.headLimit
            limits.maxHeaderListSize = ConnectionBounds.headLimit
            limits.maxHeaderFieldCount = ConnectionBounds.fieldCountLimit
            let decoder = HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: limits)
            let ended = channel.eventLoop.makePromise(of: Void.self)
            let handler = ConnectionHandler(
                responder: responder, collector: collectors.collector(of: channel.eventLoop), bounds: bounds,
                channel: channel, ended: ended)
            do {
                try channel.pipeline.syncOperations.addHandlers([ByteToMessageHandler(decoder), handler])
            } catch {
                // The client is gone already.
                handler.close()
                throw error
            }
            return Value(channel: channel, ended: ended.futureResult)
        }
    }

    func handle(value: Value, logger: Logger) async {
        await withTaskCancellationHandler {
            // The promise never fails.
            try? await value.ended.get()
        } onCancel: {
            value.channel.pipeline.fireUserInboundEventTriggered(ConnectionHandler.Abandon())
        }
    }
}
