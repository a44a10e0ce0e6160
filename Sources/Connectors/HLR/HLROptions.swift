// SPDX-License-Identifier: Apache-2.0
// The settings of an HLR provider, read from their JSON; unknown members and wrong types are refused by name. There is no
// standard for such providers: the map says where in the provider's answer each fact is.

public import Messaging
internal import Wire

public struct HLROptions: Sendable, Equatable {
    /// How the provider knows who asks.
    public enum Authorization: String, Sendable, CaseIterable {
        /// `Authorization: Bearer …`.
        case bearer
        /// `Authorization: Basic …` of `user` and the password.
        case basic
        /// The password alone in the header that `header` names.
        case header
        case none
    }

    public enum NumberForm: String, Sendable, CaseIterable {
        /// "4915112345678".
        case digits
        /// "+4915112345678".
        case e164
    }

    /// A fact that an answer may hold.
    public enum Fact: String, Sendable, CaseIterable {
        case imsi, hlr, msc, mcc, mnc, presence, roaming, ported, error
    }

    /// Without the number.
    public var url: String
    /// The name of the query parameter with the number.
    public var parameter: String
    public var numberForm: NumberForm
    public var authorization: Authorization
    /// The name of the header for `.header`.
    public var header: String
    public var user: String
    public var password: String
    public var timeout: Duration
    /// From each fact to the members that lead to it in the answer, the outermost first.
    public var map: [Fact: [String]]
    /// The provider's own words for yes and no, in lower case, beside the usual ones.
    public var yes: Set<String>
    public var no: Set<String>
    /// Whether errors are written in hexadecimal digits, as 3GPP TS 29.002 has them, or in decimal ones.
    public var errorsAreHexadecimal: Bool
    /// The provider's own error texts, to hexadecimal MAP errors; "0" for those that are none.
    public var errorCodes: [String: String]
    /// Whether it is asked for GNP too.
    public var answersPortability: Bool

    public static let names: Set<String> = [
        "url", "parameter", "number", "authorization", "header", "user", "timeout", "map", "yes", "no", "errors",
        "errorCodes", "portability",
    ]

    public init(_ settings: ConnectorSettings) throws(ConnectorOptionError) {
        let (options, reader) = (settings.options, OptionReader(settings.options))
        try reader.refuseUnknown(Self.names)
        url = try reader.string("url")
        guard url.hasPrefix("https://") || url.hasPrefix("http://"), !url.contains("#") else {
            throw reader.failure("url", "must begin with https:// or http://, and have no #")
        }
        parameter = try reader.optionalString("parameter") ?? "number"
        numberForm = try Self.word("number", reader) ?? .digits
        authorization = try Self.word("authorization", reader) ?? .bearer
        header = try reader.optionalString("header") ?? ""
        user = try reader.optionalString("user") ?? ""
        password = settings.secret
        timeout = .seconds(try reader.number("timeout") ?? 5)
        map = try Self.map(options["map"])
        yes = try Self.words("yes", options)
        no = try Self.words("no", options)
        errorsAreHexadecimal = try reader.choice("errors", of: ["hex", "decimal"]) != "decimal"
        errorCodes = try Self.errorCodes(options["errorCodes"])
        answersPortability = try reader.flag("portability") ?? false
        try check(reader)
    }

    private func check(_ reader: OptionReader) throws(ConnectorOptionError) {
        if authorization != .none, password.isEmpty {
            throw ConnectorOptionError(option: "password", reason: "must be the provider's token or password")
        }
        if authorization == .basic, user.isEmpty { throw reader.failure("user", "is missing") }
        if authorization == .header, CallbackSettings.refusal(ofHeaderKey: header) != nil || header.isEmpty {
            throw reader.failure("header", "must be the name of a header field")
        }
        guard password.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) || authorization == .basic else {
            throw ConnectorOptionError(option: "password", reason: "must be visible ASCII characters")
        }
        guard !parameter.isEmpty, parameter.utf8.allSatisfy(Self.isUnreserved) else {
            throw reader.failure("parameter", "must be letters, digits, hyphens, dots and underscores")
        }
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "-._~".utf8.contains(byte)
        }
    }

    private static func word<Word: CaseIterable & RawRepresentable>(
        _ name: String, _ reader: OptionReader
    ) throws(ConnectorOptionError) -> Word? where Word.RawValue == String {
        try reader.choice(name, of: Word.allCases.map(\.rawValue)).flatMap(Word.init(rawValue:))
    }

    private static func map(_ value: JSONValue?) throws(ConnectorOptionError) -> [Fact: [String]] {
        var map = Dictionary(uniqueKeysWithValues: Fact.allCases.map { ($0, [$0.rawValue]) })
        guard let value, value != .null else { return map }
        let reader = OptionReader(value, path: "map.")
        try reader.refuseUnknown(Set(Fact.allCases.map(\.rawValue)))
        for fact in Fact.allCases {
            guard let path = try reader.optionalString(fact.rawValue) else { continue }
            let members = path.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
            guard members.count <= 8, !members.contains("") else {
                throw reader.failure(fact.rawValue, "must be the names of members with dots between them")
            }
            map[fact] = members
        }
        return map
    }

    private static func words(_ name: String, _ options: JSONValue) throws(ConnectorOptionError) -> Set<String> {
        guard let value = options[name], value != .null else { return [] }
        guard let texts = value.array?.map(\.string), !texts.contains(nil) else {
            throw ConnectorOptionError(option: name, reason: "must be a list of texts")
        }
        return Set(texts.compactMap { $0?.lowercased() })
    }

    private static func errorCodes(_ value: JSONValue?) throws(ConnectorOptionError) -> [String: String] {
        guard let value, value != .null else { return [:] }
        let reader = OptionReader(value, path: "errorCodes.")
        guard let members = value.object else { throw reader.failure("", "must be a mapping") }
        var codes: [String: String] = [:]
        for text in members.keys.sorted() {
            guard let code = UInt8(try reader.string(text), radix: 16) else {
                throw reader.failure(text, "must be one or two hexadecimal digits, such as 1b")
            }
            codes[text.lowercased()] = String(code, radix: 16)
        }
        return codes
    }
}
