// SPDX-License-Identifier: Apache-2.0
// The settings of an SMPP connector, read from its JSON. `docs/configuration.md` describes each; unknown members and wrong
// types are refused here, by name, before anything connects.

public import Messaging
internal import NIOSSL
public import SMPP
public import SMSText
internal import Wire

/// Why a connector cannot be made of its settings.
public struct ConnectorOptionError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The member at fault.
    public let option: String
    public let reason: String

    public var description: String { "\(option): \(reason)" }
}

/// An SMPP connector's settings.
public struct SMPPConnectorOptions: Sendable {
    public enum ValidityFormat: String, Sendable, CaseIterable { case relative, absolute, none }
    public enum ErrorRadix: String, Sendable, CaseIterable { case decimal, hex }

    public var client: SMPPClient.Configuration
    public var addresses = AddressRules()
    public var alphabet = DefaultAlphabet.gsm7
    /// How the carrier is told which parts belong together.
    public var concatenation = Concatenation.userDataHeader
    /// How `validity_period` is written.
    public var validity = ValidityFormat.relative
    /// How the digits of a receipt's `err:` are read.
    public var errorRadix = ErrorRadix.decimal
    /// The carrier's own `err:` texts, to codes of the GSM list.
    public var errorCodes: [String: String] = [:]
    public var serviceType = ""

    /// How many submits may be without an outcome, over all binds.
    var totalWindow: Int { client.window * client.binds }

    /// Every member that an SMPP connector may have.
    public static let names: Set<String> = [
        "host", "port", "systemId", "systemType", "serviceType", "bind", "binds", "window", "throughput", "tls",
        "responseTimeout", "enquireLink", "inactivityTimeout", "reconnectMinimum", "reconnectMaximum", "alphabet",
        "concatenation", "reference", "nationalTables", "uncertain", "validity", "errors", "errorCodes", "addresses",
    ]

    public init(_ settings: ConnectorSettings) throws(ConnectorOptionError) {
        let reader = OptionReader(settings.options)
        try reader.refuseUnknown(Self.names)
        client = SMPPClient.Configuration(
            host: try reader.string("host"), port: try reader.integer("port", in: 1...65_535) ?? 2775,
            systemID: try reader.string("systemId"), password: settings.secret)
        client.systemType = try reader.optionalString("systemType") ?? ""
        // The fields of a bind, SMPP 3.4 §4.1.1: one octet of each is the terminator.
        for (name, text, limit) in [
            ("systemId", client.systemID, 15), ("password", client.password, 8), ("systemType", client.systemType, 12),
        ] where text.utf8.count > limit {
            throw ConnectorOptionError(option: name, reason: "must be at most \(limit) octets, as SMPP has it")
        }
        client.bindMode =
            switch try reader.choice("bind", of: ["transceiver", "transmitter", "receiver", "separate"]) {
            case "transmitter": .transmitter
            case "receiver": .receiver
            case "separate": .separate
            default: .transceiver
            }
        client.binds = try reader.integer("binds", in: 1...64) ?? 1
        client.window = try reader.integer("window", in: 1...1000) ?? 10
        client.messagesPerSecond = try reader.number("throughput")
        try readTimes(reader)
        client.tls = try Self.tls(settings.options["tls"])
        serviceType = try reader.optionalString("serviceType") ?? ""
        if let name = try reader.choice("alphabet", of: DefaultAlphabet.allCases.map(\.rawValue)) {
            alphabet = DefaultAlphabet(rawValue: name) ?? .gsm7
        }
        if let name = try reader.choice("validity", of: ValidityFormat.allCases.map(\.rawValue)) {
            validity = ValidityFormat(rawValue: name) ?? .relative
        }
        if let name = try reader.choice("errors", of: ErrorRadix.allCases.map(\.rawValue)) {
            errorRadix = ErrorRadix(rawValue: name) ?? .decimal
        }
        if let name = try reader.choice("concatenation", of: ["udh", "sar", "payload"]) {
            concatenation = Concatenation(storedName: name) ?? .userDataHeader
        }
        _ = try reader.choice("uncertain", of: UncertainPolicy.allCases.map(\.rawValue))
        _ = try reader.choice("reference", of: ["8", "16"])
        try Self.checkTables(settings.options["nationalTables"])
        try readErrorCodes(settings.options["errorCodes"])
        try readAddresses(settings.options["addresses"])
    }

    private static func checkTables(_ value: JSONValue?) throws(ConnectorOptionError) {
        guard let value, value != .null else { return }
        let names = NationalLanguage.allCases.map { "\($0)" }
        guard let tables = value.array, tables.allSatisfy({ $0.string.flatMap(NationalTable.init(storedName:)) != nil })
        else {
            throw ConnectorOptionError(
                option: "nationalTables",
                reason: "must be a list of \(names.joined(separator: ", ")), each also with -locking behind it")
        }
    }

    private mutating func readErrorCodes(_ value: JSONValue?) throws(ConnectorOptionError) {
        guard let value, value != .null else { return }
        let reader = OptionReader(value, path: "errorCodes.")
        guard let members = value.object else {
            throw ConnectorOptionError(option: "errorCodes", reason: "must be a mapping")
        }
        for text in members.keys.sorted() {
            let code = try reader.string(text)
            guard code.utf8.count == 4, UInt16(code, radix: 16) != nil else {
                throw reader.failure(text, "must be four hexadecimal digits, such as 001b")
            }
            errorCodes[text] = code.lowercased()
        }
    }

    private mutating func readTimes(_ reader: OptionReader) throws(ConnectorOptionError) {
        if let seconds = try reader.number("responseTimeout") { client.responseTimeout = .seconds(seconds) }
        if let seconds = try reader.number("enquireLink") { client.enquireLinkInterval = .seconds(seconds) }
        if let seconds = try reader.number("inactivityTimeout") { client.inactivityTimeout = .seconds(seconds) }
        if let seconds = try reader.number("reconnectMinimum") { client.reconnectMinimum = .seconds(seconds) }
        if let seconds = try reader.number("reconnectMaximum") { client.reconnectMaximum = .seconds(seconds) }
    }

    private static func tls(_ value: JSONValue?) throws(ConnectorOptionError) -> SMPPClientTLS? {
        guard let value, value != .bool(false) else { return nil }
        var tls = SMPPClientTLS()
        if value == .bool(true) { return tls }
        if value == .null { return nil }
        let reader = OptionReader(value, path: "tls.")
        try reader.refuseUnknown(["verify", "serverName", "ca"])
        tls.verifiesCertificate = try reader.flag("verify") ?? true
        tls.serverName = try reader.optionalString("serverName")
        if let file = try reader.optionalString("ca") {
            do {
                tls.trustRoots = try NIOSSLCertificate.fromPEMFile(file)
            } catch {
                throw ConnectorOptionError(option: "tls.ca", reason: "cannot read certificates from \(file)")
            }
        }
        return tls
    }

    private mutating func readAddresses(_ value: JSONValue?) throws(ConnectorOptionError) {
        guard let value else { return }
        let reader = OptionReader(value, path: "addresses.")
        try reader.refuseUnknown(["international", "alphanumeric", "shortCode", "shortCodeDigits", "keepPlus"])
        if let form = try reader.form("international") { addresses.international = form }
        if let form = try reader.form("alphanumeric") { addresses.alphanumeric = form }
        if let form = try reader.form("shortCode") { addresses.shortCode = form }
        if let digits = try reader.integer("shortCodeDigits", in: 0...15) {
            addresses.shortCodeDigits = min(3, digits)...digits
        }
        addresses.removesPlus = try reader.flag("keepPlus") != true
    }
}

/// Reads members of a JSON object and names the one that is wrong.
struct OptionReader {
    private let options: JSONValue
    private let path: String

    init(_ options: JSONValue, path: String = "") {
        self.options = options
        self.path = path
    }

    func failure(_ name: String, _ reason: String) -> ConnectorOptionError {
        ConnectorOptionError(option: path + name, reason: reason)
    }

    func refuseUnknown(_ known: Set<String>) throws(ConnectorOptionError) {
        guard let members = options.object else {
            throw ConnectorOptionError(option: String(path.dropLast()), reason: "must be a mapping")
        }
        if let name = members.keys.sorted().first(where: { !known.contains($0) }) {
            throw failure(name, "is not an option; the options are \(known.sorted().joined(separator: ", "))")
        }
    }

    func optionalString(_ name: String) throws(ConnectorOptionError) -> String? {
        guard let value = options[name], value != .null else { return nil }
        if let number = value.int64 { return String(number) }
        guard let text = value.string else { throw failure(name, "must be text, not \(value.kindName)") }
        return text
    }

    func string(_ name: String) throws(ConnectorOptionError) -> String {
        guard let text = try optionalString(name), !text.isEmpty else { throw failure(name, "is missing") }
        return text
    }

    func integer(_ name: String, in range: ClosedRange<Int>) throws(ConnectorOptionError) -> Int? {
        guard let value = options[name], value != .null else { return nil }
        // JSON does not tell 60 from 60.0.
        guard let integer = value.double.flatMap({ Int(exactly: $0) }), range.contains(integer) else {
            throw failure(name, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return integer
    }

    /// A number of seconds or messages a second; the bound is beyond any use and within what times can be.
    func number(_ name: String) throws(ConnectorOptionError) -> Double? {
        guard let value = options[name], value != .null else { return nil }
        guard let number = value.double, number > 0, number <= 1_000_000 else {
            throw failure(name, "must be a number above 0 and at most 1000000")
        }
        return number
    }

    func flag(_ name: String) throws(ConnectorOptionError) -> Bool? {
        guard let value = options[name], value != .null else { return nil }
        guard let flag = value.bool else { throw failure(name, "must be true or false") }
        return flag
    }

    func choice(_ name: String, of choices: [String]) throws(ConnectorOptionError) -> String? {
        guard let text = try optionalString(name) else { return nil }
        guard choices.contains(text) else {
            throw failure(name, "must be one of \(choices.joined(separator: ", "))")
        }
        return text
    }

    /// A type of number and a numbering plan, written `1/1`.
    func form(_ name: String) throws(ConnectorOptionError) -> AddressRules.Form? {
        guard let text = try optionalString(name) else { return nil }
        let numbers = text.split(separator: "/", omittingEmptySubsequences: false).map { UInt8($0) }
        guard numbers.count == 2, let ton = numbers[0], let npi = numbers[1] else {
            throw failure(name, "must be TON/NPI, such as 1/1")
        }
        return AddressRules.Form(ton: TypeOfNumber(rawValue: ton), npi: NumberingPlan(rawValue: npi))
    }
}
