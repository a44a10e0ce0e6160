// SPDX-License-Identifier: Apache-2.0
// Which connectors carry a message: the routes of its gateway, the longest matching prefix first.

public import Accounts

/// A way to the numbers that begin with a prefix.
public struct Route: Sendable, Equatable {
    public let id: Int64
    /// What a sender names in `gateway`; `DEFAULT` when it names none.
    public let gateway: String
    /// Leading digits of the recipient, without `+`; empty for every number.
    public let prefix: String
    /// In order of priority: the next is used while the ones before are down.
    public let connectorIDs: [Int64]
    public let origin: Origin

    public static let defaultGateway = "DEFAULT"
    /// The gateway whose routes voice calls take.
    public static let voiceGateway = "VOICE"

    public init(id: Int64, gateway: String, prefix: String, connectorIDs: [Int64], origin: Origin = .admin) {
        self.id = id
        self.origin = origin
        self.gateway = gateway
        self.prefix = prefix
        self.connectorIDs = connectorIDs
    }

    func with(id: Int64, origin: Origin) -> Route {
        Route(id: id, gateway: gateway, prefix: prefix, connectorIDs: connectorIDs, origin: origin)
    }
}

/// The routes, ready for look-ups.
public struct RouteTable: Sendable {
    private var byGateway: [String: [Substring: Route]] = [:]
    private var longestPrefix = 0

    public init(_ routes: [Route] = []) {
        for route in routes {
            byGateway[route.gateway, default: [:]][route.prefix[...]] = route
            longestPrefix = max(longestPrefix, route.prefix.utf8.count)
        }
    }

    public func hasGateway(_ gateway: String) -> Bool { byGateway[gateway] != nil }

    /// The route for `recipient` (digits), the longest prefix winning.
    public func route(gateway: String, recipient: String) -> Route? {
        guard let routes = byGateway[gateway] else { return nil }
        for length in stride(from: min(longestPrefix, recipient.utf8.count), through: 0, by: -1) {
            if let route = routes[recipient.prefix(length)] { return route }
        }
        return nil
    }
}
