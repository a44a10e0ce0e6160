// SPDX-License-Identifier: Apache-2.0

// What a company has set for all its callbacks of the Conversations and Chat APIs: a signature of its own, beside those
// that every delivery carries, and one header.

internal import Messaging
internal import NIOHTTP1
internal import Wire

enum AccountHeaders {
    /// Adds them to a delivery signed at `timestamp` (seconds since 1970). The header is the receiver's own: it
    /// replaces nothing that a delivery carries anyhow.
    static func add(_ callback: CallbackSettings, to headers: inout HTTPHeaders, timestamp: Int64, body: [UInt8]) {
        if let signature = callback.signature.flatMap(signer) {
            headers.add(contentsOf: signature.headers(timestamp: timestamp, body: body))
        }
        if let header = callback.header, isName(header.key), isValue(header.value), !headers.contains(name: header.key)
        {
            headers.add(name: header.key, value: header.value)
        }
    }

    /// The secret's bytes are the key, whatever they begin with; nil for an empty one, which turns signing off.
    private static func signer(_ signature: CallbackSettings.Signature) -> SignatureV1? {
        WebhookSecret(bytes: Array(signature.secret.utf8)).map { secret in
            switch signature.method {
            case .hs256: SignatureV1(secret: secret, algorithm: .hmacSHA256)
            case .hs512: SignatureV1(secret: secret, algorithm: .hmacSHA512)
            }
        }
    }

    /// A token (RFC 9110 §5.6.2).
    private static func isName(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "a")...UInt8(ascii: "z"):
                    true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }

    /// Without control characters, so that no header ends early (RFC 9110 §5.5).
    private static func isValue(_ text: String) -> Bool { text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F } }
}
