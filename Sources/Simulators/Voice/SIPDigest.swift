// SPDX-License-Identifier: Apache-2.0
// Digest authentication as a SIP server checks it (RFC 3261 §22, RFC 2617).

internal import Crypto
internal import Wire

struct SIPDigest: Sendable {
    static let realm = "simulated-trunk"

    let credentials: VoiceSimulator.Credentials
    let nonce: String

    /// The value of WWW-Authenticate and Proxy-Authenticate.
    var challenge: String { #"Digest realm="\#(Self.realm)", nonce="\#(nonce)", algorithm=MD5, qop="auth""# }

    /// Whether an Authorization header answers the challenge.
    func accepts(_ header: String, method: String) -> Bool {
        let fields = Self.fields(header)
        guard fields["username"] == credentials.username, fields["realm"] == Self.realm, fields["nonce"] == nonce,
            let uri = fields["uri"], let response = fields["response"]
        else { return false }
        let first = Self.md5("\(credentials.username):\(Self.realm):\(credentials.password)")
        let second = Self.md5("\(method):\(uri)")
        guard fields["qop"] == "auth" else { return response == Self.md5("\(first):\(nonce):\(second)") }
        let middle = [fields["nc"] ?? "", fields["cnonce"] ?? "", "auth"].joined(separator: ":")
        return response == Self.md5("\(first):\(nonce):\(middle):\(second)")
    }

    static func md5(_ text: String) -> String { Hex.encode(Array(Insecure.MD5.hash(data: Array(text.utf8)))) }

    /// `Digest name="value", name=value`.
    static func fields(_ header: String) -> [String: String] {
        var fields: [String: String] = [:]
        var rest = Substring(header)
        guard let scheme = rest.firstIndex(of: " "), rest[..<scheme].lowercased() == "digest" else { return [:] }
        rest = rest[rest.index(after: scheme)...]
        while let equals = rest.firstIndex(of: "=") {
            let name = rest[..<equals].drop { $0 == " " || $0 == "," }
            rest = rest[rest.index(after: equals)...]
            let isQuoted = rest.first == "\""
            if isQuoted { rest = rest.dropFirst() }
            let end = rest.firstIndex(of: isQuoted ? "\"" : ",") ?? rest.endIndex
            fields[name.lowercased()] = String(rest[..<end])
            rest = rest[end...].dropFirst()
        }
        return fields
    }
}
