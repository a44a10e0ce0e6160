// SPDX-License-Identifier: Apache-2.0

// Signatures by the Standard Webhooks specification 1.0: HMAC-SHA256 over `id.timestamp.body`. During a key rotation
// a delivery carries one signature per key, so that receivers with the old or the new key accept it.

import Crypto
public import NIOHTTP1

/// The `webhook-id`, `webhook-timestamp` and `webhook-signature` headers.
public enum StandardWebhooks {
    /// Identifies the event; the same in every try.
    public static let idHeader = "webhook-id"
    /// When this try was signed, in seconds since 1970.
    public static let timestampHeader = "webhook-timestamp"
    /// One or more of `v1,<Base64>`, separated by spaces.
    public static let signatureHeader = "webhook-signature"

    /// The three headers of a delivery signed at `timestamp` (seconds since 1970), the newest secret first.
    public static func headers(
        id: String, timestamp: Int64, body: [UInt8], secrets: [WebhookSecret]
    ) -> HTTPHeaders {
        [
            idHeader: id, timestampHeader: String(timestamp),
            signatureHeader: signature(id: id, timestamp: timestamp, body: body, secrets: secrets),
        ]
    }

    /// The value of `webhook-signature`.
    public static func signature(
        id: String, timestamp: Int64, body: [UInt8], secrets: [WebhookSecret]
    ) -> String {
        secrets.map { "v1," + Base64.encode(code(id: id, timestamp: String(timestamp), body: body, secret: $0)) }
            .joined(separator: " ")
    }

    /// Checks the headers of a delivery against any of the secrets, in constant time per signature.
    ///
    /// `now` and `tolerance` are in seconds. Signatures of other versions are passed over.
    public static func verify(
        headers: HTTPHeaders, body: [UInt8], secrets: [WebhookSecret], now: Int64, tolerance: Int64 = 300
    ) throws(SignatureError) {
        guard let id = headers.first(name: idHeader), let stamp = headers.first(name: timestampHeader),
            let timestamp = Int64(stamp), let signatures = headers.first(name: signatureHeader)
        else { throw .malformedHeaders }
        guard isWithin(tolerance, timestamp, now) else { throw .outsideTolerance }
        for signature in signatures.split(separator: " ", maxSplits: 16) {
            guard signature.hasPrefix("v1,"), let code = Base64.decode(signature.dropFirst(3)) else { continue }
            for secret in secrets {
                if matches(code, Array(Self.code(id: id, timestamp: stamp, body: body, secret: secret))) { return }
            }
        }
        throw .mismatch
    }

    private static func code(id: String, timestamp: String, body: [UInt8], secret: WebhookSecret) -> HMAC<SHA256>.MAC {
        var hmac = HMAC<SHA256>(key: SymmetricKey(data: secret.bytes))
        hmac.update(data: Array("\(id).\(timestamp).".utf8))
        hmac.update(data: body)
        return hmac.finalize()
    }

    static func isWithin(_ tolerance: Int64, _ timestamp: Int64, _ now: Int64) -> Bool {
        let (difference, overflow) = now.subtractingReportingOverflow(timestamp)
        return !overflow && difference.magnitude <= UInt64(max(0, tolerance))
    }

    /// Compares without a branch that depends on where the bytes differ.
    static func matches(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        guard a.count == b.count else { return false }
        var difference: UInt8 = 0
        for index in a.indices { difference |= a[index] ^ b[index] }
        return difference == 0
    }
}
