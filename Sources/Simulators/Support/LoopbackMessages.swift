// SPDX-License-Identifier: Apache-2.0
// HTTP requests and answers as the provider simulators see them: whole, and free of the sockets they came through.

internal import NIOCore
internal import NIOHTTP1
internal import Wire

/// One request, its body complete.
struct LoopbackRequest: Sendable {
    var method: HTTPMethod
    /// Without the query, percent-decoded part by part.
    var path: [String]
    var query: [String: String]
    var headers: HTTPHeaders
    var body: [UInt8]

    init(method: HTTPMethod, uri: String, headers: HTTPHeaders, body: [UInt8]) {
        let parts = uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = (parts.first ?? "").split(separator: "/").map { Self.decoded($0, isQuery: false) }
        query = parts.count > 1 ? Self.fields(parts[1]) : [:]
        self.method = method
        self.headers = headers
        self.body = body
    }

    /// The token of `Authorization: Bearer …`.
    var bearerToken: String? {
        guard let value = headers.first(name: "Authorization"), value.lowercased().hasPrefix("bearer ") else {
            return nil
        }
        return String(value.dropFirst(7))
    }

    var json: JSONValue? { try? JSONValue(parsing: body) }

    private static func fields(_ query: Substring) -> [String: String] {
        var fields: [String: String] = [:]
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            fields[decoded(parts[0], isQuery: true)] = parts.count > 1 ? decoded(parts[1], isQuery: true) : ""
        }
        return fields
    }

    /// What is no valid escape stays as it is.
    static func decoded(_ text: Substring, isQuery: Bool) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let escape = Hex.decode(String(decoding: rest.prefix(2), as: UTF8.self))
            {
                bytes += escape
                rest = rest.dropFirst(2)
            } else {
                bytes.append(isQuery && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Every byte that is not unreserved (RFC 3986 §2.3) as an escape.
    static func encoded(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default: result += "%" + Hex.encode([byte]).uppercased()
            }
        }
        return result
    }
}

/// One answer.
struct LoopbackResponse: Sendable {
    var status: HTTPResponseStatus
    var headers: HTTPHeaders
    var body: [UInt8]

    init(_ status: HTTPResponseStatus, contentType: String = "text/plain", body: [UInt8] = []) {
        self.status = status
        headers = ["Content-Type": contentType]
        self.body = body
    }

    static func json(_ value: JSONValue, status: HTTPResponseStatus = .ok) -> LoopbackResponse {
        LoopbackResponse(status, contentType: "application/json; charset=utf-8", body: value.bytes)
    }
}

/// What becomes of a request.
enum LoopbackReply: Sendable {
    case respond(LoopbackResponse, after: TimeAmount = .zero)
    /// The connection is closed without a word.
    case cut
}

extension JSONValue {
    /// The document's bytes, members sorted by name.
    var bytes: [UInt8] {
        var writer = JSONWriter()
        writer.value(self)
        return writer.bytes
    }

    /// An object of the members that are not nil.
    static func members(_ pairs: KeyValuePairs<String, JSONValue?>) -> JSONValue {
        var members: [String: JSONValue] = [:]
        for (name, value) in pairs { members[name] = value }
        return .object(members)
    }

    /// A string, or nothing.
    static func optional(_ text: String?) -> JSONValue? { text.map(JSONValue.string) }
}
