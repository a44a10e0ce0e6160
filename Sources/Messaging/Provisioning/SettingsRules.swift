// SPDX-License-Identifier: Apache-2.0
// What the settings of companies and channels may be: the words and the bounds of the Conversations API, which the
// configuration file and the Admin API share.

internal import Accounts

extension CallbackSettings {
    public static let secretLengths = 8...125
    public static let headerKeyLengths = 4...125
    public static let headerValueLengths = 8...1024
    public static let maximumURLLength = 2000
    /// `dispatched` is taken and never sent in the versions that there are.
    public static let events = [
        "MessageStatus::accepted", "MessageStatus::channelFailed", "MessageStatus::deleted",
        "MessageStatus::delivered", "MessageStatus::dispatched", "MessageStatus::failed", "MessageStatus::seen",
        "MessageStatus::unknown",
    ]

    /// Header fields that are HTTP's own or that deliveries are signed and known by, in lower case.
    private static let ownHeaders: Set<String> = [
        "connection", "content-encoding", "content-length", "content-type", "expect", "host", "keep-alive",
        "proxy-authorization", "proxy-connection", "trailer", "transfer-encoding", "upgrade", "user-agent",
        "webhook-id", "webhook-signature", "webhook-timestamp", "x-request-timestamp", "x-signature",
        "x-signature-version",
    ]

    /// Why a header's name cannot be one that is added to deliveries; nil when it can.
    public static func refusal(ofHeaderKey key: String) -> String? {
        let isToken = key.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
            }
        }
        if !isToken { return "must be the name of a header field" }
        return ownHeaders.contains(key.lowercased()) ? "must not be \(key), which deliveries have themselves" : nil
    }

    /// Why a header cannot have the value; nil when it can.
    public static func refusal(ofHeaderValue value: String) -> String? {
        let isVisible = value.utf8.allSatisfy { (0x20...0x7E).contains($0) }
        let isTrimmed = !value.hasPrefix(" ") && !value.hasSuffix(" ")
        return isVisible && isTrimmed ? nil : "must be visible ASCII characters with spaces between them"
    }

    /// Everything but whether the URLs can be called.
    func check(path: String) throws(ProvisioningError) {
        for event in eventFilter ?? [] where !Self.events.contains(event) {
            throw .invalid(field: path + "eventFilter", reason: "must be of \(Self.events.joined(separator: ", "))")
        }
        for (field, url) in [("inboundMessageUrl", inboundMessageUrl), ("messageStatusUrl", messageStatusUrl)]
        where (url?.utf8.count ?? 0) > Self.maximumURLLength {
            throw .invalid(field: path + field, reason: "must have at most \(Self.maximumURLLength) characters")
        }
        if let signature {
            try Self.check(signature.secret, Self.secretLengths, path + "signature.secret")
        }
        if let header {
            try Self.check(header.key, Self.headerKeyLengths, path + "header.key")
            try Self.check(header.value, Self.headerValueLengths, path + "header.value")
            if let reason = Self.refusal(ofHeaderKey: header.key) {
                throw .invalid(field: path + "header.key", reason: reason)
            }
            if let reason = Self.refusal(ofHeaderValue: header.value) {
                throw .invalid(field: path + "header.value", reason: reason)
            }
        }
    }

    private static func check(
        _ text: String, _ lengths: ClosedRange<Int>, _ field: String
    ) throws(ProvisioningError) {
        guard lengths.contains(text.unicodeScalars.count) else {
            throw .invalid(field: field, reason: "must have \(lengths.lowerBound) to \(lengths.upperBound) characters")
        }
    }
}

extension CompanySettings {
    /// What a company's keys may do by themselves.
    public static let allScopes = [
        "channels:read", "callbacks:read", "callbacks:write", "credentials:read", "credentials:write", "media:read",
        "media:write",
    ]

    /// Those that it has.
    public var effectiveScopes: [String] { scopes ?? Self.allScopes }

    public func allows(_ scope: String) -> Bool { scopes?.contains(scope) ?? true }
}

extension ChannelSettings {
    /// What can be done on a channel of the kind.
    public static func allScopes(of kind: ChannelKind) -> [String] {
        let common = ["callbacks:read", "callbacks:write", "messages:write"]
        guard kind == .whatsapp else { return common }
        return common + ["messages:read", "profile:read", "profile:write", "templates:read", "templates:write"]
    }

    /// Those that the channel has.
    public func effectiveScopes(of kind: ChannelKind) -> [String] { scopes ?? Self.allScopes(of: kind) }

    public func allows(_ scope: String) -> Bool { scopes?.contains(scope) ?? true }
}

extension Provisioner {
    static let retentionDays = 1...3650

    /// What identifies a channel of a kind.
    static func check(_ address: ChannelAddress) throws(ProvisioningError) {
        guard address.kind != .voice else {
            throw .invalid(field: "kind", reason: "has no channels: calls take the routes of the gateway VOICE")
        }
        let (text, isDigits) = (address.address, address.address.utf8.allSatisfy(isDigit))
        let (isValid, form) =
            switch address.kind {
            case .sms: ((3...15).contains(text.utf8.count) && isDigits, "3 to 15 digits")
            case .mms: (text.utf8.count == 11 && isDigits, "11 digits")
            case .whatsapp, .viber, .voice: ((4...15).contains(text.utf8.count) && isDigits, "4 to 15 digits")
            case .echo: (isAccountName(text), "1 to 60 letters, digits, dots, hyphens and underscores")
            }
        if !isValid { throw .invalid(field: "address", reason: "must be \(form)") }
    }

    private static func isAccountName(_ text: String) -> Bool {
        (1...60).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                isDigit(byte) || (0x61...0x7A).contains(byte | 0x20) || ".-_".utf8.contains(byte)
            }
    }

    static func check(_ settings: ChannelSettings, of kind: ChannelKind) throws(ProvisioningError) {
        try check(
            settings.scopes, among: ChannelSettings.allScopes(of: kind) + ["credentials:read", "credentials:write"])
        if settings.viberService != nil, kind != .viber {
            throw .invalid(field: "viberService", reason: "is for channels of the kind viber")
        }
        if let id = settings.phoneNumberID {
            guard kind == .whatsapp else {
                throw .invalid(field: "phoneNumberId", reason: "is for channels of the kind whatsapp")
            }
            guard (1...30).contains(id.utf8.count), id.utf8.allSatisfy(isDigit) else {
                throw .invalid(field: "phoneNumberId", reason: "must be at most 30 digits")
            }
        }
        if let name = settings.accountName { try checkName(name, field: "accountName", limit: 256) }
        if let days = settings.dataRetentionInDays, !retentionDays.contains(days) {
            throw .invalid(
                field: "dataRetentionInDays",
                reason: "must be a whole number from \(retentionDays.lowerBound) to \(retentionDays.upperBound)")
        }
    }

    static func check(_ scopes: [String]?, among known: [String]) throws(ProvisioningError) {
        for scope in scopes ?? [] where !known.contains(scope) {
            throw .invalid(field: "scopes", reason: "must be of \(known.joined(separator: ", "))")
        }
    }
}
