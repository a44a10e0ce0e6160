// SPDX-License-Identifier: Apache-2.0
// The settings of the Viber connectors, read from their JSON; unknown members and wrong types are refused by name. The
// secret is the token: of a bot the one that Viber shows its administrator, of a service what was agreed, or nothing.

public import Messaging
internal import Wire

/// Which of Viber's two APIs a connector speaks.
public enum ViberService: Sendable, Equatable {
    /// Viber Business Messages: to phone numbers, from a service id.
    case business(Business)
    /// The bot API: to subscribers.
    case bot(Bot)

    public struct Business: Sendable, Equatable {
        /// The service that messages are from; nil to take each message's sender.
        public var serviceID: String?
        /// Whether callbacks without a signature are taken, from a provider that is known by its address instead.
        public var takesUnsignedCallbacks: Bool
    }

    public struct Bot: Sendable, Equatable {
        /// The address of the bot's channel.
        public var account: String
        /// What customers see; at most 28 characters.
        public var senderName: String
        public var senderAvatar: String?
        /// Parley's own address as Viber reaches it, without a slash at its end; nil when the webhook is set otherwise.
        public var publicURL: String?
    }
}

public struct ViberOptions: Sendable, Equatable {
    public var service: ViberService
    /// Without a slash at its end.
    public var baseURL: String
    /// Empty for none.
    public var token: String
    /// How many messages may be without a stored outcome.
    public var window: Int
    /// How long an answer may take.
    public var timeout: Duration

    static let shared: Set<String> = ["baseURL", "window", "timeout", "uncertain"]
    public static let businessNames = shared.union(["serviceID", "unsignedCallbacks"])
    public static let botNames = shared.union(["account", "senderName", "senderAvatar", "publicURL"])

    /// Of kind `viber` or `viber-bot`.
    public init(_ settings: ConnectorSettings) throws(ConnectorOptionError) {
        let isBot = settings.kind == "viber-bot"
        let reader = OptionReader(settings.options)
        try reader.refuseUnknown(isBot ? Self.botNames : Self.businessNames)
        token = settings.secret
        window = try reader.integer("window", in: 1...1000) ?? 20
        timeout = .seconds(try reader.number("timeout") ?? 30)
        _ = try reader.choice("uncertain", of: UncertainPolicy.allCases.map(\.rawValue))
        if isBot {
            service = .bot(try Self.bot(reader))
            baseURL = try Self.address("baseURL", reader) ?? "https://chatapi.viber.com"
            guard !token.isEmpty else {
                throw ConnectorOptionError(option: "password", reason: "must be the bot's token")
            }
        } else {
            let business = try Self.business(reader)
            service = .business(business)
            guard let address = try Self.address("baseURL", reader) else {
                throw ConnectorOptionError(option: "baseURL", reason: "is missing")
            }
            baseURL = address
            guard !token.isEmpty || business.takesUnsignedCallbacks else {
                throw ConnectorOptionError(
                    option: "password", reason: "must be the token; only with unsignedCallbacks is none needed")
            }
        }
    }

    private static func business(_ reader: OptionReader) throws(ConnectorOptionError) -> ViberService.Business {
        let serviceID = try reader.optionalString("serviceID")
        if let serviceID, Int64(serviceID).map({ $0 > 0 }) != true {
            throw ConnectorOptionError(option: "serviceID", reason: "must be a number")
        }
        return ViberService.Business(
            serviceID: serviceID, takesUnsignedCallbacks: try reader.flag("unsignedCallbacks") ?? false)
    }

    private static func bot(_ reader: OptionReader) throws(ConnectorOptionError) -> ViberService.Bot {
        let name = try reader.string("senderName")
        guard name.count <= 28 else {
            throw ConnectorOptionError(option: "senderName", reason: "must be at most 28 characters")
        }
        return ViberService.Bot(
            account: try reader.string("account"), senderName: name,
            senderAvatar: try reader.optionalString("senderAvatar"), publicURL: try address("publicURL", reader))
    }

    private static func address(_ name: String, _ reader: OptionReader) throws(ConnectorOptionError) -> String? {
        guard var text = try reader.optionalString(name) else { return nil }
        guard text.hasPrefix("https://") || text.hasPrefix("http://") else {
            throw ConnectorOptionError(option: name, reason: "must begin with https:// or http://")
        }
        while text.hasSuffix("/") { text.removeLast() }
        return text
    }

    /// Where messages go.
    var messagesURL: String {
        switch service {
        case .business: baseURL + "/vibersrvc/1/send_message"
        case .bot: baseURL + "/pa/send_message"
        }
    }
}
