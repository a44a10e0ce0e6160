// SPDX-License-Identifier: Apache-2.0
// Answers as bytes (RFC 9112 §4, §6, §7.1). A short answer is one buffer, and so one packet.

internal import HTTPTypes
internal import HummingbirdCore
internal import NIOCore

/// How an answer tells where it ends.
enum ResponseFraming {
    /// By the `Content-Length` among its fields, or because its status has no body.
    case announced
    case chunked
    /// With the connection; for clients of HTTP/1.0.
    case untilClose
}

struct ResponseSerializer {
    private(set) var buffer: ByteBuffer

    init(capacity: Int) { buffer = ByteBufferAllocator().buffer(capacity: capacity) }

    /// The status line and the fields, up to the empty line. `connection` is the value of the field of that name, unless
    /// it is among the fields.
    mutating func head(
        _ status: HTTPResponse.Status, _ fields: HTTPFields, date: String, framing: ResponseFraming,
        connection: StaticString?
    ) {
        buffer.writeStaticString("HTTP/1.1 ")
        buffer.writeString(String(status.code))
        buffer.writeStaticString(" ")
        buffer.writeString(status.reasonPhrase)
        let namesConnection = write(fields)
        if framing == .chunked { buffer.writeStaticString("\r\ntransfer-encoding: chunked") }
        end(date: date, connection: namesConnection ? nil : connection)
    }

    /// Whether the field `Connection` was among them.
    @discardableResult
    private mutating func write(_ fields: HTTPFields) -> Bool {
        var namesConnection = false
        for field in fields {
            if field.name == .connection { namesConnection = true }
            buffer.writeStaticString("\r\n")
            buffer.writeString(field.name.rawName)
            buffer.writeStaticString(": ")
            buffer.writeString(field.value)
        }
        return namesConnection
    }

    /// The last fields, and the empty line.
    private mutating func end(date: String, connection: StaticString?) {
        buffer.writeStaticString("\r\ndate: ")
        buffer.writeString(date)
        if let connection {
            buffer.writeStaticString("\r\nconnection: ")
            buffer.writeStaticString(connection)
        }
        buffer.writeStaticString("\r\n\r\n")
    }

    /// A whole answer with a JSON document, status 200.
    mutating func answer(
        _ json: [UInt8], _ fields: HTTPFields, requestID: String, date: String, connection: StaticString?
    ) {
        buffer.writeStaticString("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ")
        buffer.writeString(String(json.count))
        write(fields)
        buffer.writeStaticString("\r\nx-request-id: ")
        buffer.writeString(requestID)
        end(date: date, connection: connection)
        buffer.writeBytes(json)
    }

    /// A part of the body.
    mutating func body(_ bytes: ByteBuffer, framing: ResponseFraming) {
        guard framing == .chunked else {
            buffer.writeImmutableBuffer(bytes)
            return
        }
        // An empty chunk would end the body.
        guard bytes.readableBytes > 0 else { return }
        buffer.writeString(String(bytes.readableBytes, radix: 16))
        buffer.writeStaticString("\r\n")
        buffer.writeImmutableBuffer(bytes)
        buffer.writeStaticString("\r\n")
    }

    /// The end of the body.
    mutating func end(framing: ResponseFraming) {
        if framing == .chunked { buffer.writeStaticString("0\r\n\r\n") }
    }
}

extension HTTPResponse.Status {
    /// Whether an answer with it never has a body (RFC 9110 §6.4.1).
    var isWithoutBody: Bool { code < 200 || code == 204 || code == 304 }
}
