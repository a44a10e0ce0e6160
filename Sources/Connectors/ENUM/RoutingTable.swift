// SPDX-License-Identifier: Apache-2.0
// Which network a routing number, a carrier code or a provider code stands for: a table that the operator configures,
// since every country has its own. What is not in it is no network's.

public import NumberInfo

/// The networks behind the codes that portability databases answer with.
public struct RoutingTable: Sendable, Equatable {
    /// By the beginning of the routing number: "+447958", or "D010" where numbers are a country's own.
    public var routingNumbers: [String: NetworkFacts] = [:]
    /// By the carrier identification code (`cic`).
    public var carriers: [String: NetworkFacts] = [:]
    /// By the service provider's code (`spn`).
    public var providers: [String: NetworkFacts] = [:]

    public init() {}

    /// What a URI says of the number that it was found for; nil when that is nothing.
    func facts(of uri: PortingURI, for number: String) -> NumberFacts? {
        var facts = NumberFacts()
        var network = NetworkFacts()
        if let routingNumber = uri.routingNumber, !Self.isNumber(number, routingNumber) {
            facts.ported = .yes
            if let known = find(routingNumber, in: uri.routingContext) { network.fill(from: known) }
        } else if uri.isDipped {
            facts.ported = .no
        }
        if let mcc = uri.mcc { network.fill(from: .mobile(mcc: mcc, paddedMNC: uri.mnc ?? "")) }
        if let known = uri.carrier.flatMap({ carriers[$0] }) { network.fill(from: known) }
        if let known = uri.provider.flatMap({ providers[$0] }) { network.fill(from: known) }
        if !network.isEmpty { facts.current = network }
        return facts.isEmpty ? nil : facts
    }

    /// A database that routes a number to itself says that it was not ported.
    private static func isNumber(_ number: String, _ routingNumber: String) -> Bool {
        routingNumber == number || routingNumber == "+" + number
    }

    /// The network of the longest beginning that the table has, of the number as it stands or with its context.
    private func find(_ routingNumber: String, in context: String?) -> NetworkFacts? {
        let whole = routingNumber.hasPrefix("+") ? nil : context.map { $0 + routingNumber }
        for text in [whole, routingNumber] {
            guard let text else { continue }
            for length in stride(from: text.count, to: 0, by: -1) {
                if let network = routingNumbers[String(text.prefix(length))] { return network }
            }
        }
        return nil
    }
}
