// SPDX-License-Identifier: Apache-2.0
// Encrypts what Parley must be able to read again: carrier passwords, provider tokens, webhook secrets. AES-256-GCM with
// the operator's master key; a sealed text names its purpose as authenticated data, so it cannot be moved to another row.

internal import Crypto
internal import Foundation

/// Seals and opens secrets with the master key.
public struct SecretBox: Sendable {
    private let key: SymmetricKey

    /// `masterKey` is 32 bytes; nil for any other length.
    public init?(masterKey: [UInt8]) {
        guard masterKey.count == 32 else { return nil }
        key = SymmetricKey(data: masterKey)
    }

    /// 32 random bytes.
    public static func generateMasterKey() -> [UInt8] {
        SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) }
    }

    /// The sealed form of `secret` as Base64 text: nonce, ciphertext and tag.
    public func seal(_ secret: String, purpose: String) throws -> String {
        let box = try AES.GCM.seal(Data(secret.utf8), using: key, authenticating: Data(purpose.utf8))
        guard let combined = box.combined else { throw SecretBoxError.notSealed }
        return combined.base64EncodedString()
    }

    /// Opens what `seal` made for the same purpose; throws when it was altered or sealed with another key.
    public func open(_ sealed: String, purpose: String) throws -> String {
        guard let combined = Data(base64Encoded: sealed) else { throw SecretBoxError.notSealed }
        do {
            let box = try AES.GCM.SealedBox(combined: combined)
            let secret = try AES.GCM.open(box, using: key, authenticating: Data(purpose.utf8))
            return String(decoding: secret, as: UTF8.self)
        } catch {
            throw SecretBoxError.wrongKey
        }
    }

    /// HMAC-SHA256 of `secret` under a key made from the master key for this purpose alone: by it a secret is recognised
    /// that nobody need read again.
    public func authenticationCode(of secret: String, purpose: String) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Data(secret.utf8), using: derivedKey(for: purpose)))
    }

    /// Whether `authenticationCode` made the code of `secret`; compared in constant time.
    public func isAuthenticationCode(_ code: [UInt8], of secret: String, purpose: String) -> Bool {
        HMAC<SHA256>.isValidAuthenticationCode(
            code, authenticating: Data(secret.utf8), using: derivedKey(for: purpose))
    }

    private func derivedKey(for purpose: String) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: key, info: Data("authentication \(purpose)".utf8), outputByteCount: 32)
    }
}

public enum SecretBoxError: Error, Sendable {
    /// The text is not what `seal` makes.
    case notSealed
    /// The text was sealed with another master key or for another purpose, or altered since.
    case wrongKey
}
