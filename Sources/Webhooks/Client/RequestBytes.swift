// SPDX-License-Identifier: Apache-2.0

// A request as the bytes of HTTP/1.1 (RFC 9112 §3), head and body in one buffer, so that it leaves in one call. No
// name or value of a header can end its line: a request with one that tries is never written.

import NIOCore
import NIOHTTP1

enum RequestBytes {
    /// A header that the grammar of RFC 9110 §5.1 and §5.5 forbids.
    struct ForbiddenHeader: Error {}

    /// Throws `ForbiddenHeader`. `userAgent` is the operator's word and not checked, as little as the judged URL.
    static func make(
        _ request: WebhookRequest, _ url: CallbackURL, userAgent: String
    ) throws(ForbiddenHeader) -> ByteBuffer {
        let body = request.method == .get ? [] : request.body
        var buffer = ByteBufferAllocator().buffer(capacity: 512 + url.target.utf8.count + body.count)
        buffer.writeString(request.method.rawValue)
        buffer.writeStaticString(" ")
        buffer.writeString(url.target)
        buffer.writeStaticString(" HTTP/1.1\r\nHost: ")
        buffer.writeString(url.hostHeader)
        buffer.writeStaticString("\r\nUser-Agent: ")
        buffer.writeString(userAgent)
        for (name, value) in request.headers where !isOurs(name) {
            guard isToken(name), isFieldValue(value) else { throw ForbiddenHeader() }
            buffer.writeStaticString("\r\n")
            buffer.writeString(name)
            buffer.writeStaticString(": ")
            buffer.writeString(value)
        }
        if request.method != .get {
            buffer.writeStaticString("\r\nContent-Length: ")
            buffer.writeString(String(body.count))
        }
        buffer.writeStaticString("\r\n\r\n")
        buffer.writeBytes(body)
        return buffer
    }

    /// Whether the client alone sets this header: what frames the message and says where it goes.
    private static func isOurs(_ name: String) -> Bool {
        switch name.utf8.count {
        case 4: equals(name, "host")
        case 6: equals(name, "expect")
        case 10: equals(name, "connection") || equals(name, "user-agent")
        case 14: equals(name, "content-length")
        case 17: equals(name, "transfer-encoding")
        default: false
        }
    }

    private static func equals(_ name: String, _ lowercased: StaticString) -> Bool {
        lowercased.withUTF8Buffer { expected in
            name.utf8.elementsEqual(expected) { $0 == $1 || $0 | 0x20 == $1 && (0x41...0x5A).contains($0) }
        }
    }

    private static func isToken(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x5E...0x7A, 0x7C, 0x7E: true  // digits, letters, ^ _ ` | ~
                case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E: true  // ! # $ % & ' * + - .
                default: false
                }
            }
    }

    /// No control characters but the tabulator.
    private static func isFieldValue(_ value: String) -> Bool {
        value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
    }
}
