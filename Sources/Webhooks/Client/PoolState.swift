// SPDX-License-Identifier: Apache-2.0

// The book of all connections, without I/O: which are unused, how many are in use or being opened, and who waits. Per
// endpoint these invariants hold: idle + in use + opening ≤ limit; while one is idle nobody waits; for each one that
// waits a connection is being opened, or the endpoint has all that it may have.

import DequeModule
import NIOCore
internal import Wire

struct PoolState<Connection: AnyObject & Sendable, Waiter: AnyObject & Sendable>: Sendable {
    struct Limits: Sendable {
        var connectionsPerEndpoint: Int
        /// Endpoints that are remembered; those with exchanges under way stay, even above it.
        var endpoints: Int
    }

    /// What someone gets who wants to exchange something.
    enum Lease: Sendable {
        /// The pool is closed.
        case refused
        /// An unused connection; in use from now on.
        case run(Connection)
        /// A place in the queue.
        case wait
        /// A place in the queue, and a connection has to be opened.
        case open
    }

    /// What comes after a change.
    enum Next: Sendable {
        case nothing
        /// The connection serves this one.
        case run(Waiter)
        /// A connection has to be opened.
        case open
        /// The pool is closed, and so shall be the connection.
        case close
    }

    private struct Idle: Sendable {
        let connection: Connection
        let until: NIODeadline
    }

    private struct Entry: Sendable {
        /// The one used last is used next, so that those too many grow old.
        var idle: [Idle] = []
        var inUse = 0
        var opening = 0
        var waiters: Deque<Waiter> = []
        var lastUse: UInt64 = 0
        var connectFailed = false

        var isUnused: Bool { inUse == 0 && opening == 0 && waiters.isEmpty }
    }

    private let limits: Limits
    private var entries: [Endpoint: Entry] = [:]
    private var uses: UInt64 = 0
    private var isClosed = false

    init(limits: Limits) {
        self.limits = limits
    }

    /// How many endpoints are remembered.
    var count: Int { entries.count }

    /// One of the endpoints: one that could be reached, else one that was not tried, else the first.
    func preferred(of endpoints: [Endpoint]) -> Endpoint? {
        if endpoints.count == 1 { return endpoints.first }
        return endpoints.first { entries[$0]?.connectFailed == false }
            ?? endpoints.first { entries[$0] == nil } ?? endpoints.first
    }

    /// A connection for this exchange, or a place in the queue; `closing` are of no more use.
    mutating func lease(
        _ endpoint: Endpoint, for waiter: Waiter, now: NIODeadline
    ) -> (lease: Lease, closing: [Connection]) {
        if isClosed { return (.refused, []) }
        uses += 1
        var closing: [Connection] = []
        guard let index = entries.index(forKey: endpoint) else {
            closing = evictOne()
            entries[endpoint] = Entry(opening: 1, waiters: [waiter], lastUse: uses)
            return (.open, closing)
        }
        entries.values[index].lastUse = uses
        if let idle = entries.values[index].idle.popLast() {
            if now < idle.until {
                entries.values[index].inUse += 1
                return (.run(idle.connection), [])
            }
            // All the others have been unused for longer.
            closing = [idle.connection] + entries.values[index].idle.map(\.connection)
            entries.values[index].idle = []
        }
        entries.values[index].waiters.append(waiter)
        return (opensOne(at: index) ? .open : .wait, closing)
    }

    /// A new connection stands.
    mutating func opened(_ connection: Connection, _ endpoint: Endpoint, keptUntil: NIODeadline) -> Next {
        guard let index = entries.index(forKey: endpoint) else { return .close }
        entries.values[index].opening -= 1
        entries.values[index].connectFailed = false
        return place(connection, at: index, until: keptUntil)
    }

    /// A connection could not be opened: `failed` is told why, and the others go on waiting.
    mutating func openFailed(_ endpoint: Endpoint, isUnreachable: Bool) -> (failed: Waiter?, next: Next) {
        guard let index = entries.index(forKey: endpoint) else { return (nil, .nothing) }
        entries.values[index].opening -= 1
        if isUnreachable { entries.values[index].connectFailed = true }
        let failed = entries.values[index].waiters.popFirst()
        return (failed, opensOne(at: index) ? .open : .nothing)
    }

    /// An exchange is over; without `keptUntil` the connection is lost.
    mutating func giveBack(_ connection: Connection, _ endpoint: Endpoint, keptUntil: NIODeadline?) -> Next {
        guard let index = entries.index(forKey: endpoint) else { return .close }
        entries.values[index].inUse -= 1
        if let keptUntil { return place(connection, at: index, until: keptUntil) }
        return opensOne(at: index) ? .open : .nothing
    }

    /// Takes an unused connection out; false when it is not unused any more.
    mutating func retire(_ connection: Connection, _ endpoint: Endpoint) -> Bool {
        guard let index = entries.index(forKey: endpoint),
            let position = entries.values[index].idle.firstIndex(where: { $0.connection === connection })
        else { return false }
        entries.values[index].idle.remove(at: position)
        return true
    }

    /// Takes one out that waits no longer.
    mutating func withdraw(_ waiter: Waiter, _ endpoint: Endpoint) {
        guard let index = entries.index(forKey: endpoint) else { return }
        entries.values[index].waiters.removeAll { $0 === waiter }
    }

    /// Refuses everything from now on; returns those that wait.
    mutating func close() -> [Waiter] {
        isClosed = true
        let waiters = entries.values.flatMap(\.waiters)
        entries = [:]
        return waiters
    }

    private mutating func place(
        _ connection: Connection, at index: Dictionary<Endpoint, Entry>.Index, until: NIODeadline
    ) -> Next {
        if let waiter = entries.values[index].waiters.popFirst() {
            entries.values[index].inUse += 1
            return .run(waiter)
        }
        entries.values[index].idle.append(Idle(connection: connection, until: until))
        return .nothing
    }

    /// Whether somebody waits for whom a connection can be opened; it counts from now on.
    private mutating func opensOne(at index: Dictionary<Endpoint, Entry>.Index) -> Bool {
        let entry = entries.values[index]
        guard entry.waiters.count > entry.opening, entry.inUse + entry.opening < limits.connectionsPerEndpoint else {
            return false
        }
        entries.values[index].opening += 1
        return true
    }

    /// Forgets the endpoint that was unused longest; returns its connections.
    private mutating func evictOne() -> [Connection] {
        guard entries.count >= limits.endpoints,
            let oldest = entries.filter({ $0.value.isUnused }).min(by: { $0.value.lastUse < $1.value.lastUse })
        else { return [] }
        entries[oldest.key] = nil
        return oldest.value.idle.map(\.connection)
    }
}
