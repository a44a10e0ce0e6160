// SPDX-License-Identifier: Apache-2.0
// Passwords that people and carriers' customers choose. They may be short, so each is hashed slowly with its own salt;
// the stored text names the method and its cost, so that the cost can rise without losing anybody.

internal import Crypto
internal import CryptoExtras
internal import Foundation

public enum PasswordHash {
    /// Iterations of PBKDF2 with SHA-256 (OWASP's figure).
    private static let rounds = 600_000
    private static let saltLength = 16
    private static let length = 32

    /// `pbkdf2-sha256$ROUNDS$SALT$HASH`, the last two in Base64. Takes a good part of a second.
    public static func hash(_ password: String) throws -> String {
        let salt = SymmetricKey(size: .bits128).withUnsafeBytes { Data($0) }
        let hash = try derive(password, salt: salt, rounds: rounds)
        return "pbkdf2-sha256$\(rounds)$\(salt.base64EncodedString())$\(hash.base64EncodedString())"
    }

    /// Whether `password` is the one; in a time that does not depend on how much of it is right.
    public static func verify(_ password: String, _ stored: String) -> Bool {
        let fields = stored.split(separator: "$", omittingEmptySubsequences: false)
        guard fields.count == 4, fields[0] == "pbkdf2-sha256", let rounds = Int(fields[1]), rounds > 0,
            let salt = Data(base64Encoded: String(fields[2])), let expected = Data(base64Encoded: String(fields[3])),
            let hash = try? derive(password, salt: salt, rounds: rounds), hash.count == expected.count
        else { return false }
        return zip(hash, expected).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    private static func derive(_ password: String, salt: Data, rounds: Int) throws -> Data {
        let key = try KDF.Insecure.PBKDF2.deriveKey(
            from: Data(password.utf8), salt: salt, using: .sha256, outputByteCount: length,
            unsafeUncheckedRounds: rounds)
        return key.withUnsafeBytes { Data($0) }
    }
}
