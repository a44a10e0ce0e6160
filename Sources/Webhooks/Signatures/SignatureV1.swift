// SPDX-License-Identifier: Apache-2.0

// The Conversations API's "Signature V1.0", which the Inbox's `cipherKey` uses as well: HMAC over the time stamp, a
// line feed and the body as sent, in unpadded Base64URL.

import Crypto
public import NIOHTTP1

/// Signs and verifies `x-signature`, `x-request-timestamp` and `x-signature-version`.
public struct SignatureV1: Sendable {
    /// The hash functions a customer may choose.
    public enum Algorithm: String, Sendable, Hashable, CaseIterable {
        case hmacSHA256 = "HMAC-SHA256"
        case hmacSHA512 = "HMAC-SHA512"
    }

    /// The signature.
    public static let signatureHeader = "x-signature"
    /// When this try was signed, in seconds since 1970.
    public static let timestampHeader = "x-request-timestamp"
    /// Always `V1.0`.
    public static let versionHeader = "x-signature-version"
    /// The version that this type speaks.
    public static let version = "V1.0"

    private let secret: WebhookSecret
    private let algorithm: Algorithm

    /// Signatures with this key.
    public init(secret: WebhookSecret, algorithm: Algorithm = .hmacSHA256) {
        self.secret = secret
        self.algorithm = algorithm
    }

    /// The three headers of a delivery signed at `timestamp` (seconds since 1970).
    public func headers(timestamp: Int64, body: [UInt8]) -> HTTPHeaders {
        [
            Self.signatureHeader: Base64.encode(code(timestamp: String(timestamp), body: body), .url),
            Self.timestampHeader: String(timestamp), Self.versionHeader: Self.version,
        ]
    }

    /// Checks the headers of a delivery in constant time; `now` and `tolerance` are in seconds.
    public func verify(
        headers: HTTPHeaders, body: [UInt8], now: Int64, tolerance: Int64 = 300
    ) throws(SignatureError) {
        guard let signature = headers.first(name: Self.signatureHeader), let code = Base64.decode(signature, .url),
            let stamp = headers.first(name: Self.timestampHeader), let timestamp = Int64(stamp),
            headers.first(name: Self.versionHeader) == Self.version
        else { throw .malformedHeaders }
        guard StandardWebhooks.isWithin(tolerance, timestamp, now) else { throw .outsideTolerance }
        guard StandardWebhooks.matches(code, self.code(timestamp: stamp, body: body)) else { throw .mismatch }
    }

    private func code(timestamp: String, body: [UInt8]) -> [UInt8] {
        switch algorithm {
        case .hmacSHA256: Self.code(HMAC<SHA256>.self, secret, timestamp, body)
        case .hmacSHA512: Self.code(HMAC<SHA512>.self, secret, timestamp, body)
        }
    }

    private static func code<Hash: HashFunction>(
        _: HMAC<Hash>.Type, _ secret: WebhookSecret, _ timestamp: String, _ body: [UInt8]
    ) -> [UInt8] {
        var hmac = HMAC<Hash>(key: SymmetricKey(data: secret.bytes))
        hmac.update(data: Array("\(timestamp)\n".utf8))
        hmac.update(data: body)
        return Array(hmac.finalize())
    }
}
