// SPDX-License-Identifier: Apache-2.0
// API keys. Only the SHA-256 of a key is ever stored: keys are random (256 bits when Parley makes them), so no slow hash
// is needed, and a stolen database opens no door.

internal import Crypto
public import Wire

/// What a key may be used for.
public enum KeyScope: String, Sendable, Hashable, CaseIterable {
    /// Every API surface of the key's company.
    case api
    /// The operators' surface.
    case admin
}

/// A stored key; the key itself is not among its fields.
public struct APIKey: Sendable, Equatable {
    public let id: Int64
    public let companyID: CompanyID
    public let name: String
    /// SHA-256 of the key, 32 bytes.
    public let hash: [UInt8]
    public let scopes: Set<KeyScope>
    public let expiresAt: Milliseconds?

    public init(
        id: Int64, companyID: CompanyID, name: String, hash: [UInt8], scopes: Set<KeyScope>, expiresAt: Milliseconds?
    ) {
        self.id = id
        self.companyID = companyID
        self.name = name
        self.hash = hash
        self.scopes = scopes
        self.expiresAt = expiresAt
    }

    /// The hash under which a key is stored and looked up.
    public static func hash(of key: String) -> [UInt8] { Array(SHA256.hash(data: Array(key.utf8))) }

    /// A new random key of 256 bits, with a prefix by which secret scanners know it.
    public static func generate() -> String {
        var random = SystemRandomNumberGenerator()
        let bytes = (0..<4).flatMap { _ in withUnsafeBytes(of: random.next()) { Array($0) } }
        return "pk_" + Hex.encode(bytes)
    }
}
