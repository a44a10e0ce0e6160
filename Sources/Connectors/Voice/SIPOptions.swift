// SPDX-License-Identifier: Apache-2.0
// The settings of a SIP connector, read from its JSON; unknown members and wrong types are refused by name, and so is
// anything that could not stand in a SIP header. The secret is the password of the trunk's digest authentication.

public import Messaging
public import Wire

public struct SIPOptions: Sendable, Equatable {
    public enum Transport: String, Sendable, CaseIterable {
        case udp, tcp, tls

        /// What a URI says of it; nothing for the one that needs no saying.
        var parameter: String { self == .udp ? "" : ";transport=\(rawValue)" }
    }

    /// Both are G.711 at 8,000 Hz.
    public enum Codec: String, Sendable, CaseIterable {
        case pcmu = "PCMU"
        case pcma = "PCMA"

        /// RFC 3551 §6.
        var payloadType: Int32 { self == .pcmu ? 0 : 8 }
    }

    public struct TLS: Sendable, Equatable {
        public var verifies = true
        /// The name that the trunk's certificate bears; nil for `host`.
        public var serverName: String?
        /// PEM file of the certificates that are trusted; nil for the system's.
        public var ca: String?
    }

    /// The trunk, or the proxy that leads to it: a name or an address. Names without a port are looked up as RFC 3263
    /// has it. With an address and UDP, packets from anywhere else are dropped.
    public var host: String
    public var port: Int?
    public var transport: Transport
    /// What stands behind the @ of numbers; nil for `host`, which then needs no Route header.
    public var domain: String?
    public var username: String?
    public var password: String
    public var registers: Bool
    /// Seconds.
    public var registrationExpires: Int
    /// The local address; nil for the one that leads to the trunk.
    public var address: String?
    /// 0 for any.
    public var localPort: Int
    public var mediaPorts: ClosedRange<Int>
    public var concurrentCalls: Int
    public var answerTimeout: Milliseconds
    public var codecs: [Codec]
    /// The caller of messages that have none.
    public var caller: String?
    public var assertsIdentity: Bool
    /// Whether numbers are written with a plus, as E.164 has it.
    public var writesPlus: Bool
    public var tls: TLS
    public var speech: SpeechOptions

    public static let names: Set<String> = [
        "host", "port", "transport", "domain", "username", "register", "registerExpires", "address", "localPort",
        "rtpPorts", "concurrentCalls", "answerTimeout", "codecs", "caller", "assertedIdentity", "plus", "tls",
        "uncertain", "espeak", "voices", "repeat", "pause", "wordsPerMinute",
    ]

    public init(_ settings: ConnectorSettings) throws(ConnectorOptionError) {
        let reader = OptionReader(settings.options)
        try reader.refuseUnknown(Self.names)
        host = try Self.name("host", try reader.string("host"), reader)
        port = try reader.integer("port", in: 1...65_535)
        transport =
            Transport(
                rawValue: try reader.choice("transport", of: Transport.allCases.map(\.rawValue)) ?? "udp") ?? .udp
        domain = try reader.optionalString("domain").map { value throws(ConnectorOptionError) in
            try Self.name("domain", value, reader)
        }
        username = try Self.username(reader)
        password = settings.secret
        registers = try reader.flag("register") ?? false
        registrationExpires = try reader.integer("registerExpires", in: 60...86_400) ?? 600
        address = try Self.address(reader)
        localPort = try reader.integer("localPort", in: 0...65_535) ?? 0
        mediaPorts = try Self.ports(reader)
        concurrentCalls = try reader.integer("concurrentCalls", in: 1...500) ?? 10
        answerTimeout = Int64(try reader.integer("answerTimeout", in: 5...180) ?? 45) * 1000
        codecs = try Self.codecs(settings.options["codecs"])
        caller = try Self.caller(reader)
        assertsIdentity = try reader.flag("assertedIdentity") ?? true
        writesPlus = try reader.flag("plus") ?? true
        tls = try Self.tls(settings.options["tls"])
        speech = try SpeechOptions(reader, voices: settings.options["voices"])
        _ = try reader.choice("uncertain", of: UncertainPolicy.allCases.map(\.rawValue))
        try check(reader)
    }

    private func check(_ reader: OptionReader) throws(ConnectorOptionError) {
        if registers && username == nil { throw reader.failure("username", "is missing: register needs it") }
        if username != nil && password.isEmpty {
            throw ConnectorOptionError(option: "password", reason: "must be the password of username")
        }
        if tls != TLS() && transport != .tls { throw reader.failure("tls", "needs transport: tls") }
        guard mediaPorts.count >= 2 * concurrentCalls else {
            throw reader.failure("rtpPorts", "must be two ports for each of the concurrentCalls")
        }
    }

    // MARK: Members

    /// A host name, or an address: whatever else goes into a URI must not be able to end it.
    private static func name(
        _ option: String, _ text: String, _ reader: OptionReader
    ) throws(ConnectorOptionError) -> String {
        let isName = text.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }
        guard !text.isEmpty, text.utf8.count <= 253, isName || isAddress(text) else {
            throw reader.failure(option, "must be a host name or an address")
        }
        return text
    }

    private static func username(_ reader: OptionReader) throws(ConnectorOptionError) -> String? {
        guard let text = try reader.optionalString("username") else { return nil }
        let marks = Array("-_.!~*'()&=+$,".utf8)
        guard !text.isEmpty, text.utf8.count <= 128, text.utf8.allSatisfy({ isAlphanumeric($0) || marks.contains($0) })
        else { throw reader.failure("username", "must be letters, digits and -_.!~*'()&=+$,") }
        return text
    }

    private static func address(_ reader: OptionReader) throws(ConnectorOptionError) -> String? {
        guard let text = try reader.optionalString("address") else { return nil }
        guard isAddress(text) else { throw reader.failure("address", "must be an address of this machine") }
        return text
    }

    private static func ports(_ reader: OptionReader) throws(ConnectorOptionError) -> ClosedRange<Int> {
        guard let text = try reader.optionalString("rtpPorts") else { return 20_000...29_999 }
        let numbers = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard numbers.count == 2, let first = numbers[0], let last = numbers[1], first >= 1024, last <= 65_535,
            first < last
        else { throw reader.failure("rtpPorts", "must be two ports above 1023, such as 20000-29999") }
        return first...last
    }

    private static func codecs(_ value: JSONValue?) throws(ConnectorOptionError) -> [Codec] {
        guard let value, value != .null else { return [.pcma, .pcmu] }
        let found = (value.array ?? []).map { $0.string.flatMap(Codec.init) }
        guard (1...2).contains(found.count), found.allSatisfy({ $0 != nil }), Set(found).count == found.count else {
            throw ConnectorOptionError(option: "codecs", reason: "must be a list of PCMU and PCMA, or of one of them")
        }
        return found.compactMap(\.self)
    }

    private static func caller(_ reader: OptionReader) throws(ConnectorOptionError) -> String? {
        guard let text = try reader.optionalString("caller") else { return nil }
        guard SIPParties.isNumber(text) else { throw reader.failure("caller", "must be 1 to 20 digits") }
        return text
    }

    private static func tls(_ value: JSONValue?) throws(ConnectorOptionError) -> TLS {
        var tls = TLS()
        guard let value, value != .null else { return tls }
        let reader = OptionReader(value, path: "tls.")
        try reader.refuseUnknown(["verify", "serverName", "ca"])
        tls.verifies = try reader.flag("verify") ?? true
        tls.serverName = try reader.optionalString("serverName").map { value throws(ConnectorOptionError) in
            try name("serverName", value, reader)
        }
        tls.ca = try reader.optionalString("ca")
        guard tls.ca.map(PosixFile.isReadable) != false else {
            throw reader.failure("ca", "cannot be read")
        }
        return tls
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            true
        default: false
        }
    }

    private static func isAddress(_ text: String) -> Bool { PosixFile.isAddress(text) }

    // MARK: URIs

    /// `host:port` as a URI has it.
    var trunk: String { Self.bracketed(host) + (port.map { ":\($0)" } ?? "") + transport.parameter }

    /// What stands behind the @ of our own addresses.
    var realm: String { Self.bracketed(domain ?? host) }

    /// Where requests go when their URI does not lead there.
    var route: String? { domain == nil || domain == host ? nil : "sip:\(trunk)" }

    private static func bracketed(_ host: String) -> String { host.contains(":") ? "[\(host)]" : host }
}
