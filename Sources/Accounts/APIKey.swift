// SPDX-License-Identifier: Apache-2.0
// API keys. Only the SHA-256 of a key is ever stored: keys are random (256 bits when Parley makes them), so no slow hash
// is needed, and a stolen database opens no door.

internal import Crypto
public import Wire

/// What a key may be used for.
public enum KeyScope: String, Sendable, Hashable, CaseIterable {
    /// Every API surface of the key's company.
    case api
    /// The operators' surface, for the whole server.
    case admin
    /// The operators' surface, for the companies of the key's own company, which is a reseller.
    case reseller
}

/// What a key opens, and for whom; the part of it that an operator can change.
public struct KeyLimits: Sendable, Equatable {
    public var scopes: Set<KeyScope>
    /// The channels that the key is for, as `sms:49301234567` or `sms:Name`; empty for all of the company's.
    public var objects: [String]
    /// Where requests may come from; empty for anywhere.
    public var addresses: [AddressRange]
    /// Requests a second; nil for the server's usual limit.
    public var requestsPerSecond: Int?
    public var expiresAt: Milliseconds?

    public init(
        scopes: Set<KeyScope> = [.api], objects: [String] = [], addresses: [AddressRange] = [],
        requestsPerSecond: Int? = nil, expiresAt: Milliseconds? = nil
    ) {
        self.scopes = scopes
        self.objects = objects
        self.addresses = addresses
        self.requestsPerSecond = requestsPerSecond
        self.expiresAt = expiresAt
    }
}

/// A stored key; the key itself is not among its fields.
public struct APIKey: Sendable, Equatable {
    public let id: Int64
    public let companyID: CompanyID
    public let name: String
    /// SHA-256 of the key, 32 bytes.
    public let hash: [UInt8]
    /// The first characters of the key, by which its owner knows it.
    public let hint: String
    public let limits: KeyLimits
    public let lastUsedAt: Milliseconds?
    public let createdAt: Milliseconds
    public let origin: Origin

    public init(
        id: Int64, companyID: CompanyID, name: String, hash: [UInt8], hint: String = "",
        limits: KeyLimits = KeyLimits(), lastUsedAt: Milliseconds? = nil, createdAt: Milliseconds = 0,
        origin: Origin = .admin
    ) {
        self.id = id
        self.companyID = companyID
        self.name = name
        self.hash = hash
        self.hint = hint
        self.limits = limits
        self.lastUsedAt = lastUsedAt
        self.createdAt = createdAt
        self.origin = origin
    }

    public var scopes: Set<KeyScope> { limits.scopes }
    public var expiresAt: Milliseconds? { limits.expiresAt }

    /// Whether the key may be used to send from `sender` on channels of `kind`.
    public func covers(kind: String, address: String) -> Bool {
        limits.objects.isEmpty || limits.objects.contains("\(kind):\(address)")
    }

    /// Whether a request may come from `address`; nil is an address that is not known.
    public func admits(_ address: IPAddress?) -> Bool {
        guard !limits.addresses.isEmpty else { return true }
        // An IPv4 address inside a 6to4 or ISATAP one proves nothing: whoever has such a network chooses it freely.
        guard let address = address?.unmapped else { return false }
        return limits.addresses.contains { $0.contains(address) }
    }

    /// The hash under which a key is stored and looked up.
    public static func hash(of key: String) -> [UInt8] { Array(SHA256.hash(data: Array(key.utf8))) }

    /// What of a key may be shown: too little to guess the rest, and nothing of a short key.
    public static func hint(of key: String) -> String { key.utf8.count >= 24 ? String(key.prefix(7)) : "" }

    /// A new random key of 256 bits, with a prefix by which secret scanners know it.
    public static func generate() -> String {
        var random = SystemRandomNumberGenerator()
        let bytes = (0..<4).flatMap { _ in withUnsafeBytes(of: random.next()) { Array($0) } }
        return "pk_" + Hex.encode(bytes)
    }
}
