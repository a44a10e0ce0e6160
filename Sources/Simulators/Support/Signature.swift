// SPDX-License-Identifier: Apache-2.0
// The digests that providers put on their callbacks and media.

internal import Crypto
internal import Wire

enum Signature {
    /// HMAC-SHA256 in lower-case hexadecimal.
    static func hmac(_ body: [UInt8], key: String) -> String {
        Hex.encode(HMAC<SHA256>.authenticationCode(for: body, using: SymmetricKey(data: Array(key.utf8))))
    }

    static func sha256(_ bytes: [UInt8]) -> String { Hex.encode(SHA256.hash(data: bytes)) }
}
