// SPDX-License-Identifier: Apache-2.0
// The signature of Viber's callbacks: HMAC-SHA256 of the bytes as they came, keyed with the token, in hexadecimal, in
// `X-Viber-Content-Signature`.

internal import Crypto
internal import Wire

public enum ViberSignature {
    /// By lower-case name, as `ProviderRequest` has it.
    static let header = "x-viber-content-signature"

    /// Lower-case hexadecimal digits.
    public static func sign(_ body: [UInt8], token: String) -> String {
        Hex.encode(HMAC<SHA256>.authenticationCode(for: body, using: key(token)))
    }

    /// Whether `signature` is the one of these bytes; takes the same time for every wrong one.
    public static func isValid(_ signature: String, of body: [UInt8], token: String) -> Bool {
        guard !token.isEmpty, signature.utf8.count == 64, let code = Hex.decode(signature) else { return false }
        return HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: body, using: key(token))
    }

    private static func key(_ token: String) -> SymmetricKey { SymmetricKey(data: Array(token.utf8)) }
}
