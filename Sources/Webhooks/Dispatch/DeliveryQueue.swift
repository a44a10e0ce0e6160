// SPDX-License-Identifier: Apache-2.0
// The deliveries of this node, by endpoint, as a pure value: each endpoint has a gate that says how many may be under way,
// so that a slow or dead receiver holds up nobody else's reports.

internal import DequeModule
internal import Messaging

/// What shares a gate: one company's URL without its query.
struct EndpointKey: Hashable, Sendable {
    let companyID: Int64
    let method: String
    let url: String

    init(_ delivery: Delivery) {
        companyID = delivery.companyID
        method = delivery.rendered.method.rawValue
        url = String(delivery.rendered.url.prefix { $0 != "?" })
    }
}

/// How one endpoint stands on this node; shown to operators.
public struct EndpointState: Sendable, Hashable {
    public let companyID: Int64
    public let method: String
    /// Without its query.
    public let url: String
    public let health: EndpointHealth
    /// When it may be asked again, where that is not now (milliseconds since 1970).
    public let pausedUntil: Int64?
    public let inFlight: Int
    /// Deliveries in memory.
    public let waiting: Int
}

struct DeliveryQueue: Sendable {
    /// A delivery that may be sent now.
    struct Start: Sendable {
        let delivery: Delivery
        let endpoint: EndpointKey
        let permit: EndpointGate.Permit
    }

    /// What to do with the deliveries that were looked at.
    struct Plan: Sendable {
        var start: [Start] = []
        /// To be given back to the database until the endpoint may be asked again.
        var postpone: [(delivery: Delivery, until: Int64, reason: String)] = []
        /// Their endpoint answered 410.
        var stop: [Delivery] = []
    }

    private struct Endpoint: Sendable {
        var gate = EndpointGate()
        var waiting: Deque<Delivery> = []
    }

    /// How many deliveries of one endpoint wait in memory; with more of them a slow endpoint would leave no room for others.
    static let waitingLimit = 512
    /// How long deliveries beyond that are left to the database.
    static let overflowPause: Int64 = 10_000
    /// How long the last failure of an endpoint that nobody writes to any more is remembered, and how long a 410 counts:
    /// afterwards one delivery, a replayed one perhaps, asks again.
    static let memory: Int64 = 3_600_000

    private var endpoints: [EndpointKey: Endpoint] = [:]
    /// Endpoints with something to look at.
    private var pending: Set<EndpointKey> = []
    private(set) var inFlight = 0
    private var nextForgetting: Int64 = .min

    /// How each endpoint stands.
    func states(now: Int64) -> [EndpointState] {
        endpoints.map { key, endpoint in
            EndpointState(
                companyID: key.companyID, method: key.method, url: key.url, health: endpoint.gate.health,
                pausedUntil: endpoint.gate.pausedUntil(now: now), inFlight: endpoint.gate.inFlight,
                waiting: endpoint.waiting.count)
        }
    }

    /// What each endpoint has done lately.
    var health: [EndpointKey: EndpointHealth] { endpoints.mapValues(\.gate.health) }

    /// How many deliveries wait or are under way.
    var count: Int { endpoints.values.reduce(inFlight) { $0 + $1.waiting.count } }

    mutating func add(_ deliveries: [Delivery]) {
        for delivery in deliveries {
            let key = EndpointKey(delivery)
            endpoints[key, default: Endpoint()].waiting.append(delivery)
            pending.insert(key)
        }
    }

    /// Starts what the gates let through, up to `limit` deliveries under way in all.
    mutating func plan(now: Int64, limit: Int) -> Plan {
        var plan = Plan()
        forget(now: now)
        for key in pending {
            guard var endpoint = endpoints.removeValue(forKey: key) else {
                pending.remove(key)
                continue
            }
            let isSettled = Self.admit(&endpoint, key: key, now: now, room: limit - inFlight - plan.start.count, &plan)
            if isSettled { pending.remove(key) }
            keep(endpoint, at: key)
        }
        inFlight += plan.start.count
        return plan
    }

    /// False when the endpoint has to be looked at again without an event of its own.
    private static func admit(
        _ endpoint: inout Endpoint, key: EndpointKey, now: Int64, room: Int, _ plan: inout Plan
    ) -> Bool {
        var room = room
        let health = endpoint.gate.health
        if health.phase == .stopped, now - (health.lastFailureAt ?? now) >= memory { endpoint.gate.resume() }
        while let delivery = endpoint.waiting.first {
            guard room > 0 else { return false }
            switch endpoint.gate.admit(now: now) {
            case .go(let permit):
                plan.start.append(Start(delivery: delivery, endpoint: key, permit: permit))
                room -= 1
            case .full:
                guard endpoint.gate.health.phase != .healthy else {
                    while endpoint.waiting.count > waitingLimit {
                        plan.postpone.append(
                            (endpoint.waiting.removeLast(), now + overflowPause, "the endpoint is busy"))
                    }
                    return true
                }
                // One probe is out; the others must not fill the memory meanwhile.
                plan.postpone.append((delivery, now + 1000, "the endpoint is failing"))
            case .notBefore(let time): plan.postpone.append((delivery, time, "the endpoint is failing"))
            case .stopped: plan.stop.append(delivery)
            }
            endpoint.waiting.removeFirst()
        }
        return true
    }

    /// A started delivery has come to an outcome. True when there is something to plan.
    @discardableResult
    mutating func completed(
        _ start: Start, _ outcome: EndpointGate.Outcome, retryAfter: Int64?, now: Int64
    ) -> Bool {
        inFlight -= 1
        var endpoint = endpoints.removeValue(forKey: start.endpoint) ?? Endpoint()
        endpoint.gate.completed(start.permit, outcome, retryAfter: retryAfter, now: now)
        if !endpoint.waiting.isEmpty { pending.insert(start.endpoint) }
        keep(endpoint, at: start.endpoint)
        return !pending.isEmpty
    }

    /// Puts an endpoint back, unless there is nothing to remember of it.
    private mutating func keep(_ endpoint: Endpoint, at key: EndpointKey) {
        let isForgettable = endpoint.waiting.isEmpty && endpoint.gate.isIdle && endpoint.gate.isWideOpen
        if !isForgettable { endpoints[key] = endpoint }
    }

    /// Lets go of what is known of endpoints that have been quiet for long; looks at the most once a minute.
    private mutating func forget(now: Int64) {
        guard now >= nextForgetting else { return }
        nextForgetting = now + 60_000
        endpoints = endpoints.filter { _, endpoint in
            let health = endpoint.gate.health
            return !endpoint.waiting.isEmpty || endpoint.gate.inFlight > 0
                || now - (health.lastFailureAt ?? now) < Self.memory
        }
    }

    /// Forgets what waits; what is under way goes on. Returns how much that was.
    mutating func removeWaiting() -> Int {
        var count = 0
        for key in endpoints.keys {
            count += endpoints[key]?.waiting.count ?? 0
            endpoints[key]?.waiting.removeAll()
        }
        return count
    }
}
