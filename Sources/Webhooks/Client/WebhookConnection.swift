// SPDX-License-Identifier: Apache-2.0

// A connection as seen from other threads: each call is one hop to its event loop, where `ExchangeHandler` does the
// work.

import NIOCore

final class WebhookConnection: Sendable {
    let channel: any Channel
    let endpoint: Endpoint
    private let handler: NIOLoopBound<ExchangeHandler>

    /// On the channel's event loop.
    init(channel: any Channel, endpoint: Endpoint, handler: ExchangeHandler) {
        self.channel = channel
        self.endpoint = endpoint
        self.handler = NIOLoopBound(handler, eventLoop: channel.eventLoop)
    }

    /// Runs an exchange for which the pool chose this connection.
    func run(_ exchange: Exchange) {
        channel.eventLoop.execute { self.handler.value.run(exchange, on: self) }
    }

    /// Ends the exchange, if it is the one under way, and the connection with it.
    func abandon(_ exchange: Exchange) {
        channel.eventLoop.execute { self.handler.value.abandon(exchange) }
    }

    /// Ends whatever exchange is under way, and the connection.
    func shutDown() {
        channel.eventLoop.execute { self.handler.value.abandon(nil) }
    }

    /// Closes a connection that the pool no longer knows.
    func close() {
        channel.close(promise: nil)
    }
}
