// SPDX-License-Identifier: Apache-2.0
// The settings of an ENUM source, read from their JSON; unknown members and wrong types are refused by name.
//
//     { "servers": ["192.0.2.53", "[2001:db8::53]:5353"], "suffix": "e164.arpa", "timeout": 1, "tries": 2,
//       "timeLimit": 5, "networks": [ { "routingNumber": "D010", "mcc": "262", "mnc": "02", "operator": "Vodafone" },
//       { "carrier": "+12025", … }, { "provider": "SPN1", … } ] }

public import Messaging
internal import NumberInfo
public import Wire

public struct ENUMOptions: Sendable, Equatable {
    /// "192.0.2.53" or "[2001:db8::53]:5353"; empty for the servers that the system asks.
    public var servers: [String] = []
    /// The domain under which the numbers are.
    public var suffix = "e164.arpa"
    /// How long one server's first answer may take; each further round doubles it.
    public var timeout: Milliseconds = 1000
    /// Rounds over the servers.
    public var tries = 2
    /// After this no further domain is asked for.
    public var timeLimit: Milliseconds = 5000
    public var networks = RoutingTable()

    public static let names: Set<String> = ["servers", "suffix", "timeout", "tries", "timeLimit", "networks"]
    private static let networkNames: Set<String> = [
        "routingNumber", "carrier", "provider", "mcc", "mnc", "ttid", "operator", "country", "technology",
    ]
    /// The words of the NIS API.
    static let technologies = [
        "GSM", "MVNO GSM", "GSM/CDMA", "Satellite", "CDMA", "iDen", "iDen/GSM", "Pager", "Fixed",
    ]

    public init() {}

    public init(_ settings: ConnectorSettings) throws(ConnectorOptionError) {
        let reader = OptionReader(settings.options)
        try reader.refuseUnknown(Self.names)
        servers = try Self.servers(settings.options["servers"])
        if let text = try reader.optionalString("suffix") {
            guard let name = DNSName(text) else { throw reader.failure("suffix", "must be a domain") }
            suffix = name.text
        }
        timeout = try Self.milliseconds("timeout", reader) ?? timeout
        timeLimit = try Self.milliseconds("timeLimit", reader) ?? timeLimit
        tries = try reader.integer("tries", in: 1...10) ?? tries
        try readNetworks(settings.options["networks"])
    }

    private static func milliseconds(
        _ name: String, _ reader: OptionReader
    ) throws(ConnectorOptionError) -> Milliseconds? {
        guard let seconds = try reader.number(name) else { return nil }
        guard (0.01...60).contains(seconds) else { throw reader.failure(name, "must be from 0.01 to 60 seconds") }
        return Milliseconds(seconds * 1000)
    }

    private static func servers(_ value: JSONValue?) throws(ConnectorOptionError) -> [String] {
        guard let value, value != .null else { return [] }
        guard let texts = value.array.map({ $0.compactMap(\.string) }), texts.count == value.array?.count,
            texts.count <= 8, texts.allSatisfy(isServer)
        else {
            throw ConnectorOptionError(
                option: "servers",
                reason: "must be a list of at most 8 IP addresses, each with a port behind it or without")
        }
        return texts
    }

    private static func isServer(_ text: String) -> Bool {
        if IPAddress(text) != nil { return true }
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), port > 0 else {
            return text.hasPrefix("[") && text.hasSuffix("]") && IPAddress(text.dropFirst().dropLast()) != nil
        }
        let host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { return IPAddress(host.dropFirst().dropLast()) != nil }
        return !host.contains(":") && IPAddress(host) != nil
    }

    private mutating func readNetworks(_ value: JSONValue?) throws(ConnectorOptionError) {
        guard let value, value != .null else { return }
        guard let entries = value.array else {
            throw ConnectorOptionError(option: "networks", reason: "must be a list")
        }
        for (place, entry) in entries.enumerated() {
            let reader = OptionReader(entry, path: "networks[\(place)].")
            try reader.refuseUnknown(Self.networkNames)
            let network = try Self.network(reader)
            let code = try reader.optionalString("routingNumber")
            let carrier = try reader.optionalString("carrier")
            let provider = try reader.optionalString("provider")
            switch (code, carrier, provider) {
            case (let code?, nil, nil):
                networks.routingNumbers[try Self.code("routingNumber", code, reader)] = network
            case (nil, let carrier?, nil):
                networks.carriers[try Self.code("carrier", carrier, reader)] = network
            case (nil, nil, let provider?): networks.providers[provider] = network
            default:
                throw reader.failure("routingNumber", "must be there, or carrier or provider, and only one of them")
            }
        }
    }

    private static func code(
        _ name: String, _ text: String, _ reader: OptionReader
    ) throws(ConnectorOptionError) -> String {
        guard let code = PortingURI.routingCode(text) else {
            throw reader.failure(name, "must be digits and letters from A to F, with or without + before them")
        }
        return code
    }

    private static func network(_ reader: OptionReader) throws(ConnectorOptionError) -> NetworkFacts {
        let (mcc, mnc) = (try reader.optionalString("mcc") ?? "", try reader.optionalString("mnc") ?? "")
        for (name, text, lengths) in [("mcc", mcc, 3...3), ("mnc", mnc, 2...3)] where !text.isEmpty {
            guard lengths.contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
                throw reader.failure(name, "must be \(name == "mcc" ? "3" : "2 or 3") digits, in quotes")
            }
        }
        var network = mcc.isEmpty ? NetworkFacts() : NetworkFacts.mobile(mcc: mcc, mnc: mnc)
        if let name = try reader.optionalString("operator") { network.operatorName = name }
        if let country = try reader.optionalString("country") {
            guard country.utf8.count == 3, country.utf8.allSatisfy({ (0x41...0x5A).contains($0) }) else {
                throw reader.failure("country", "must be a country's three letters, such as DEU")
            }
            network.country = country
        }
        network.ttid = try reader.optionalString("ttid") ?? ""
        network.technology = try reader.choice("technology", of: technologies) ?? ""
        guard network.isIdentified else { throw reader.failure("operator", "is missing, or mcc and mnc") }
        return network
    }
}
