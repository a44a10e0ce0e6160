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
        var postpone: [(delivery: Delivery, until: Int64)] = []
        /// Their endpoint answered 410.
        var stop: [Delivery] = []
    }

    private struct Endpoint: Sendable {
        var gate = EndpointGate()
        var waiting: Deque<Delivery> = []
    }

    private var endpoints: [EndpointKey: Endpoint] = [:]
    /// Endpoints with something to look at.
    private var pending: Set<EndpointKey> = []
    private(set) var inFlight = 0

    /// What each endpoint has done lately.
    var health: [EndpointKey: EndpointHealth] { endpoints.mapValues(\.gate.health) }

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
        for key in pending {
            guard var endpoint = endpoints.removeValue(forKey: key) else { continue }
            let isSettled = Self.admit(&endpoint, key: key, now: now, room: limit - inFlight - plan.start.count, &plan)
            if isSettled { pending.remove(key) }
            if !(endpoint.waiting.isEmpty && endpoint.gate.isIdle) { endpoints[key] = endpoint }
        }
        inFlight += plan.start.count
        return plan
    }

    /// False when the endpoint has to be looked at again without an event of its own.
    private static func admit(
        _ endpoint: inout Endpoint, key: EndpointKey, now: Int64, room: Int, _ plan: inout Plan
    ) -> Bool {
        var room = room
        while let delivery = endpoint.waiting.first {
            guard room > 0 else { return false }
            switch endpoint.gate.admit(now: now) {
            case .go(let permit):
                plan.start.append(Start(delivery: delivery, endpoint: key, permit: permit))
                room -= 1
            case .full:
                guard endpoint.gate.health.phase != .healthy else { return true }
                // One probe is out; the others must not fill the memory meanwhile.
                plan.postpone.append((delivery, now + 1000))
            case .notBefore(let time): plan.postpone.append((delivery, time))
            case .stopped: plan.stop.append(delivery)
            }
            endpoint.waiting.removeFirst()
        }
        return true
    }

    /// A started delivery has come to an outcome.
    mutating func completed(
        _ start: Start, _ outcome: EndpointGate.Outcome, retryAfter: Int64?, now: Int64
    ) {
        inFlight -= 1
        endpoints[start.endpoint, default: Endpoint()].gate
            .completed(start.permit, outcome, retryAfter: retryAfter, now: now)
        pending.insert(start.endpoint)
    }

    /// Lets a stopped endpoint be used again.
    mutating func resume(_ key: EndpointKey) {
        endpoints[key]?.gate.resume()
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
