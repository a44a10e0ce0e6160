// SPDX-License-Identifier: Apache-2.0
// The settings of a connector to the WhatsApp Cloud API: one business phone number. Its secret is either the access token
// alone, or a JSON object:
//
//     {"accessToken": "EAA…", "appSecret": "…", "verifyToken": "…"}
//
// The app secret signs what WhatsApp sends us, the verify token is what an operator types into the app's webhook page.
// Without them nothing is received: every webhook is refused.

public import Messaging
internal import Wire

public struct WhatsAppOptions: Sendable {
    /// Scheme and host, without a slash behind.
    public var baseURL = "https://graph.facebook.com"
    public var version = "v23.0"
    public var phoneNumberID: String
    /// Of the WhatsApp Business Account.
    public var accountID: String?
    /// What the number may send; Meta's usual limit is 80.
    public var messagesPerSecond = 80.0
    /// To one recipient: a message in so many seconds, and so many at once.
    public var pairInterval = 6.0
    public var pairBurst = 45
    /// How many messages may be without a stored outcome.
    public var window = 64
    /// Seconds for an answer.
    public var responseTimeout = 30.0
    /// Seconds for uploading or downloading a medium.
    public var mediaTimeout = 120.0
    var credentials: Credentials

    struct Credentials: Sendable, Equatable {
        var accessToken: String
        var appSecret: String?
        var verifyToken: String?
    }

    /// Every member that a WhatsApp connector may have.
    public static let names: Set<String> = [
        "baseURL", "version", "phoneNumberID", "accountID", "messagesPerSecond", "pairInterval", "pairBurst", "window",
        "responseTimeout", "mediaTimeout", "uncertain",
    ]

    public init(_ settings: ConnectorSettings) throws(ConnectorOptionError) {
        let reader = OptionReader(settings.options)
        try reader.refuseUnknown(Self.names)
        phoneNumberID = try reader.string("phoneNumberID")
        accountID = try reader.optionalString("accountID")
        credentials = try Credentials(secret: settings.secret)
        if let url = try reader.optionalString("baseURL") { baseURL = try Self.base(url) }
        if let version = try reader.optionalString("version") { self.version = version }
        for (name, text) in [("phoneNumberID", phoneNumberID), ("version", version)] where !Self.isPathSegment(text) {
            throw ConnectorOptionError(option: name, reason: "may have letters, digits, dots and dashes only")
        }
        messagesPerSecond = try reader.number("messagesPerSecond") ?? messagesPerSecond
        pairInterval = try reader.number("pairInterval") ?? pairInterval
        pairBurst = try reader.integer("pairBurst", in: 1...100_000) ?? pairBurst
        window = try reader.integer("window", in: 1...1000) ?? window
        responseTimeout = try reader.number("responseTimeout") ?? responseTimeout
        mediaTimeout = try reader.number("mediaTimeout") ?? mediaTimeout
        _ = try reader.choice("uncertain", of: UncertainPolicy.allCases.map(\.rawValue))
    }

    /// The URL of a node or an edge of the Graph API.
    func url(_ path: String) -> String { "\(baseURL)/\(version)/\(path)" }

    /// Whether a text can stand in a URL's path as it is.
    static func isPathSegment(_ text: String) -> Bool {
        !text.isEmpty && text != "." && text != ".."
            && text.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || [0x2D, 0x2E, 0x5F].contains(byte)
            }
    }

    private static func base(_ text: String) throws(ConnectorOptionError) -> String {
        var url = text
        while url.hasSuffix("/") { url.removeLast() }
        let isBare = !url.contains { $0 == "?" || $0 == "#" || $0.isWhitespace }
        guard url.hasPrefix("https://") || url.hasPrefix("http://"), isBare, url.split(separator: "/").count >= 2 else {
            throw ConnectorOptionError(option: "baseURL", reason: "must be a URL such as https://graph.facebook.com")
        }
        return url
    }
}

extension WhatsAppOptions.Credentials {
    init(secret: String) throws(ConnectorOptionError) {
        guard secret.utf8.first == UInt8(ascii: "{") else {
            self.init(accessToken: secret)
            try check()
            return
        }
        guard let members = try? JSONValue(parsing: secret.utf8).object else {
            throw Self.failure("is no JSON object")
        }
        for name in members.keys.sorted() where !["accessToken", "appSecret", "verifyToken"].contains(name) {
            throw Self.failure("has \(name); its members are accessToken, appSecret and verifyToken")
        }
        self.init(
            accessToken: members["accessToken"]?.string ?? "", appSecret: members["appSecret"]?.string.nonEmpty,
            verifyToken: members["verifyToken"]?.string.nonEmpty)
        try check()
    }

    /// A token goes into a header: printable ASCII only.
    private func check() throws(ConnectorOptionError) {
        guard !accessToken.isEmpty, accessToken.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw Self.failure("has no usable access token")
        }
    }

    private static func failure(_ reason: String) -> ConnectorOptionError {
        ConnectorOptionError(option: "secret", reason: reason)
    }
}
