// SPDX-License-Identifier: Apache-2.0
// The head of a request in the types of handlers.

internal import HTTPTypes
internal import NIOHTTP1
internal import NIOHTTPTypesHTTP1

extension HTTPRequest {
    /// Throws for a method that is no token. An address in absolute form (RFC 9112 §3.2.2) becomes its path.
    init(of head: HTTPRequestHead) throws {
        guard head.uri.utf8.first == UInt8(ascii: "/") else {
            self = try HTTPRequest(head, secure: false, splitCookie: false)
            return
        }
        var fields = HTTPFields()
        fields.reserveCapacity(head.headers.count)
        var authority: String?
        for (name, value) in head.headers {
            guard let name = HTTPField.Name(name) else { continue }
            if authority == nil, name.canonicalName == "host" {
                authority = value
            } else {
                fields.append(HTTPField(name: name, value: value))
            }
        }
        self.init(
            method: try HTTPRequest.Method(head.method), scheme: "http", authority: authority, path: head.uri,
            headerFields: fields)
    }
}
