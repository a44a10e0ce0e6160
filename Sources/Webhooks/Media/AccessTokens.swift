// SPDX-License-Identifier: Apache-2.0

// OAuth2 access tokens by client credentials (RFC 6749 §4.4), kept until shortly before they expire. What to send and
// what to make of the answer is here; sending is `CustomerMediaClient`'s.

internal import Messaging
import Synchronization
internal import Wire

/// The token endpoint's request and answer.
enum TokenExchange {
    static let longestAnswer = 64 * 1024
    /// How long a token is used whose lifetime the server does not state, ms.
    static let usualLifetime: Int64 = 300_000
    /// How long before its end a token is not used any more, ms.
    static let margin: Int64 = 30_000
    private static let longestLifetime: Int64 = 86_400_000

    static let form = "grant_type=client_credentials"

    /// `Authorization` with the client's id and secret, form-encoded each (RFC 6749 §2.3.1).
    static func authorization(clientID: String, clientSecret: String) -> String {
        let pair = "\(encoded(clientID)):\(encoded(clientSecret))"
        return "Basic " + Base64.encode(Array(pair.utf8))
    }

    /// The form for servers that take the client's id and secret in the body alone.
    static func form(clientID: String, clientSecret: String) -> String {
        "\(form)&client_id=\(encoded(clientID))&client_secret=\(encoded(clientSecret))"
    }

    /// The token in an answer (RFC 6749 §5.1) and until when it is used; nil when there is none that can be sent as a
    /// bearer token.
    static func token(in body: [UInt8], now: Int64) -> (token: String, until: Int64)? {
        guard let answer = try? JSONValue(parsing: body), let token = answer["access_token"]?.string,
            (1...16_384).contains(token.utf8.count), token.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        if let type = answer["token_type"]?.string, type.lowercased() != "bearer" { return nil }
        let seconds = answer["expires_in"]?.double ?? answer["expires_in"]?.string.flatMap(Double.init)
        guard let seconds, seconds.isFinite, seconds >= 0 else { return (token, now + usualLifetime) }
        let lifetime = min(Int64(min(seconds, 1e9) * 1000), longestLifetime)
        return (token, now + max(lifetime - margin, lifetime / 2))
    }

    /// `application/x-www-form-urlencoded`.
    static func encoded(_ text: String) -> String {
        var out: [UInt8] = []
        let digits = Array("0123456789ABCDEF".utf8)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                out.append(byte)
            default: out += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}

/// The tokens that are in force.
final class AccessTokens: Sendable {
    struct Client: Hashable {
        let url: String
        let clientID: String
        let clientSecret: String
    }

    private static let capacity = 10_000
    private let tokens = Mutex<[Client: (token: String, until: Int64)]>([:])

    func token(of client: Client, now: Int64) -> String? {
        tokens.withLock { tokens in
            guard let known = tokens[client], known.until > now else { return nil }
            return known.token
        }
    }

    func keep(_ token: String, of client: Client, until: Int64, now: Int64) {
        tokens.withLock { tokens in
            if tokens.count >= Self.capacity { tokens = tokens.filter { $0.value.until > now } }
            if tokens.count >= Self.capacity { tokens = [:] }
            tokens[client] = (token, until)
        }
    }

    /// The token was refused; one that somebody has got since stays.
    func forget(_ token: String, of client: Client) {
        tokens.withLock { tokens in
            if tokens[client]?.token == token { tokens[client] = nil }
        }
    }
}
