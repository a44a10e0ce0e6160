// SPDX-License-Identifier: Apache-2.0

// Brings exchanges to connections. The book is `PoolState`; here are its lock, and what follows from its entries.
// Nothing is called with the lock held.

import NIOCore
import Synchronization

final class ConnectionPool: Sendable {
    /// Opens a connection for the pool, which tells of its success itself; a failure is told by `openFailed`.
    typealias Open = @Sendable (Endpoint, ConnectionPool) -> Void

    private struct State: Sendable {
        var book: PoolState<WebhookConnection, Exchange>
        /// All that are not closed, those being opened included.
        var connections: [ObjectIdentifier: WebhookConnection] = [:]
        var isClosed = false
    }

    private let openConnection: Open
    /// For the deadlines of those that wait.
    private let clock: any EventLoop
    private let state: Mutex<State>

    init(
        limits: PoolState<WebhookConnection, Exchange>.Limits, eventLoop: any EventLoop,
        open: @escaping Open
    ) {
        clock = eventLoop
        openConnection = open
        state = Mutex(State(book: PoolState(limits: limits)))
    }

    /// How many endpoints are remembered.
    var endpointCount: Int { state.withLock { $0.book.count } }
    /// How many connections there are, in whatever state.
    var connectionCount: Int { state.withLock { $0.connections.count } }

    /// One of the endpoints, preferring one that could be reached.
    func preferred(of endpoints: [Endpoint]) -> Endpoint? {
        state.withLock { $0.book.preferred(of: endpoints) }
    }

    /// Gives the exchange a connection, now or later, or ends it.
    func run(_ exchange: Exchange) {
        let (lease, closing) = state.withLock { $0.book.lease(exchange.endpoint, for: exchange, now: .now()) }
        for connection in closing { connection.close() }
        switch lease {
        case .run(let connection): connection.run(exchange)
        case .refused: exchange.finish(.failed(ExchangeFailure.cancelled, requestSent: false))
        case .wait: exchange.limitWaiting(on: clock)
        case .open:
            exchange.limitWaiting(on: clock)
            openConnection(exchange.endpoint, self)
        }
    }

    /// Takes an exchange out that waits no longer.
    func withdraw(_ exchange: Exchange) {
        state.withLock { $0.book.withdraw(exchange, exchange.endpoint) }
    }

    /// Closes all connections. Exchanges under way end, as answered where the answer has begun; later ones are refused.
    func shutdown() async {
        let (waiters, connections) = state.withLock { state in
            state.isClosed = true
            return (state.book.close(), Array(state.connections.values))
        }
        for exchange in waiters { exchange.finish(.failed(ExchangeFailure.cancelled, requestSent: false)) }
        for connection in connections { connection.shutDown() }
        for connection in connections { try? await connection.channel.closeFuture.get() }
    }

    // MARK: What connections report, on their event loops

    /// The connection stands; returns the exchange that it is to run first.
    func opened(_ connection: WebhookConnection, keptUntil: NIODeadline) -> Exchange? {
        let next = state.withLock { $0.book.opened(connection, connection.endpoint, keptUntil: keptUntil) }
        return exchange(in: next, connection)
    }

    /// The connection has run its exchange; returns the one that it is to run next. Without `keptUntil` it is lost.
    func giveBack(_ connection: WebhookConnection, keptUntil: NIODeadline?) -> Exchange? {
        let next = state.withLock { $0.book.giveBack(connection, connection.endpoint, keptUntil: keptUntil) }
        return exchange(in: next, connection)
    }

    /// The connection never stood.
    func openFailed(_ endpoint: Endpoint, _ error: any Error) {
        let (kind, _) = FailureKind.of(error, requestSent: false)
        let (failed, next) = state.withLock { $0.book.openFailed(endpoint, isUnreachable: kind == .connect) }
        failed?.finish(.failed(error, requestSent: false))
        if case .open = next { openConnection(endpoint, self) }
    }

    /// Takes an unused connection out; false when an exchange is on its way to it.
    func retire(_ connection: WebhookConnection) -> Bool {
        state.withLock { $0.book.retire(connection, connection.endpoint) }
    }

    private func exchange(
        in next: PoolState<WebhookConnection, Exchange>.Next, _ connection: WebhookConnection
    ) -> Exchange? {
        switch next {
        case .run(let exchange): return exchange
        case .nothing: break
        case .open: openConnection(connection.endpoint, self)
        case .close: connection.close()
        }
        return nil
    }

    // MARK: For those who open connections

    /// A connection that is about to be opened; throws when the pool is closed.
    func register(_ connection: WebhookConnection) throws {
        let key = ObjectIdentifier(connection)
        try state.withLock { state in
            if state.isClosed { throw ExchangeFailure.cancelled }
            state.connections[key] = connection
        }
        connection.channel.closeFuture.whenComplete { _ in
            self.state.withLock { _ = $0.connections.removeValue(forKey: key) }
        }
    }
}
