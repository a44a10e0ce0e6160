// SPDX-License-Identifier: Apache-2.0
// A 2FA application: what the codes of one login page look like, how long they live and what the messages say. Every
// company has one by the name of "default", made on its first use.

public import Accounts
public import Wire

public typealias ApplicationID = UUIDv7

/// How a code reaches its recipient.
public enum OTPChannel: String, Sendable, CaseIterable {
    case sms = "SMS"
    case voice = "VOICE"
}

/// A company's configuration of one-time passwords.
public struct VerificationApplication: Sendable, Equatable {
    public let id: ApplicationID
    public let companyID: CompanyID
    /// Whether it is the one for requests that name none. It cannot be deleted or called otherwise.
    public let isDefault: Bool
    public let createdAt: Milliseconds
    public var settings: ApplicationSettings
    /// What the messages say; there always is a text for English on every channel.
    public var templates: [TemplateKey: String]

    public init(
        id: ApplicationID, companyID: CompanyID, isDefault: Bool, createdAt: Milliseconds,
        settings: ApplicationSettings, templates: [TemplateKey: String]
    ) {
        self.id = id
        self.companyID = companyID
        self.isDefault = isDefault
        self.createdAt = createdAt
        self.settings = settings
        self.templates = templates
    }

    public var name: String { settings.name }
}

/// What can be set of an application.
public struct ApplicationSettings: Sendable, Equatable {
    /// 1 to 100 characters; empty in a new one for `App-<epoch ms>`.
    public var name: String
    /// Characters of a generated code, 4 to 10.
    public var pinLength = 4
    /// Whether generated codes have lower-case letters beside digits.
    public var isAlphanumeric = false
    /// How often a code may be tried, 1 to 10.
    public var attempts = 3
    /// How long a code is valid from its first delivery request on, 30 to 7200 s.
    public var expire = 300
    /// The sender of short messages: digits of a number, or a name of up to 11 characters.
    public var sender = "VERIFY"
    /// The number that voice calls come from, in digits; nil for anonymous calls.
    public var caller: String?

    public init(name: String = "") { self.name = name }
}

/// What is to change in an application's settings; nil members stay.
public struct ApplicationChange: Sendable, Equatable {
    public var name: String?
    public var pinLength: Int?
    public var isAlphanumeric: Bool?
    public var attempts: Int?
    public var expire: Int?
    public var sender: String?
    public var caller: String?
    /// Calls are anonymous from now on; `caller` has no say then.
    public var removesCaller = false

    public init() {}
}

/// Which messages a template is for.
public struct TemplateKey: Sendable, Hashable, Comparable {
    /// ISO 639-1 code in lower case.
    public let language: String
    /// Nil for channels without a template of their own.
    public let channel: OTPChannel?

    public init(language: String, channel: OTPChannel? = nil) {
        self.language = language
        self.channel = channel
    }

    /// The template that is always there.
    public static let fallback = TemplateKey(language: "en")

    public static func < (left: TemplateKey, right: TemplateKey) -> Bool {
        (left.language, left.channel?.rawValue ?? "") < (right.language, right.channel?.rawValue ?? "")
    }
}
