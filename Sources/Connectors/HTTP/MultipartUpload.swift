// SPDX-License-Identifier: Apache-2.0
// A medium on its way to a provider as multipart/form-data (RFC 7578), piece by piece: at no time is the whole of it in
// memory.

internal import AsyncHTTPClient
internal import Messaging
internal import NIOCore
internal import NIOHTTP1
internal import Wire

struct MultipartUpload: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    let medium: any ReadableMedia
    private let boundary: String
    private let head: [UInt8]
    private let tail: [UInt8]

    /// The medium comes behind the fields, in a part named `file`.
    init(
        medium: any ReadableMedia, fields: [(name: String, value: String)],
        boundary: String = "parley-" + Hex.encode((0..<16).map { _ in UInt8.random(in: 0...255) })
    ) {
        self.medium = medium
        self.boundary = boundary
        var head = ""
        for (name, value) in fields {
            head += "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n"
        }
        head += "--\(boundary)\r\nContent-Disposition: form-data; name=\"file\"; "
        head += "filename=\"\(Self.quoted(medium.filename ?? "file"))\"\r\n"
        head += "Content-Type: \(Self.contentType(of: medium))\r\n\r\n"
        self.head = Array(head.utf8)
        tail = Array("\r\n--\(boundary)--\r\n".utf8)
    }

    var contentType: String { "multipart/form-data; boundary=\(boundary)" }

    /// Bytes; nil when it is not known before the end.
    var length: Int? { medium.size.map { $0 + head.count + tail.count } }

    /// The medium's own type where it can stand in a header.
    static func contentType(of medium: any ReadableMedia) -> String {
        let type = medium.contentType
        let isPlain = !type.isEmpty && type.utf8.allSatisfy { (0x20...0x7E).contains($0) }
        return isPlain ? type : "application/octet-stream"
    }

    /// A file name as it stands between quotes: what would end them, or the line, is percent-encoded.
    static func quoted(_ filename: String) -> String {
        var result = ""
        for scalar in filename.unicodeScalars {
            switch scalar {
            case "\"": result += "%22"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F: result += "%" + Hex.encode([UInt8(scalar.value)])
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    func makeAsyncIterator() -> Iterator { Iterator(upload: self) }

    struct Iterator: AsyncIteratorProtocol {
        private enum Phase { case head, medium, end }

        private let upload: MultipartUpload
        private var phase = Phase.head

        init(upload: MultipartUpload) { self.upload = upload }

        mutating func next() async throws -> ByteBuffer? {
            switch phase {
            case .head:
                phase = .medium
                return ByteBuffer(bytes: upload.head)
            case .medium:
                if let piece = try await upload.medium.next() { return ByteBuffer(bytes: piece) }
                phase = .end
                return ByteBuffer(bytes: upload.tail)
            case .end: return nil
            }
        }
    }
}

extension ProviderClient {
    /// Uploads a medium; throws when no answer came.
    func upload(
        _ upload: MultipartUpload, to url: String, headers: [(String, String)], timeout: Milliseconds, what: String
    ) async throws -> ProviderReply {
        note(.sent, what, status: nil, body: [])
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers = HTTPHeaders(
            [("user-agent", Self.userAgent), ("content-type", upload.contentType)] + headers)
        request.body = .stream(upload, length: upload.length.map { .known(Int64($0)) } ?? .unknown)
        do {
            let response = try await http.execute(request, timeout: .milliseconds(timeout))
            let body = try await response.body.collect(upTo: Self.longestReply)
            let reply = ProviderReply(
                status: Int(response.status.code), body: Array(body.readableBytesView),
                retryAfter: response.headers.first(name: "retry-after").flatMap(ReplyReader.delay))
            note(.received, what, status: String(reply.status), body: reply.body)
            return reply
        } catch {
            note(.received, what, status: ReplyReader.reason(error), body: [])
            throw error
        }
    }

    /// Gets bytes of any number; hands the answer's status, headers and body to `take`.
    func download(
        _ url: String, headers: [(String, String)], timeout: Milliseconds, what: String,
        take: (HTTPClientResponse) async throws -> Void
    ) async throws {
        note(.sent, what, status: nil, body: [])
        var request = HTTPClientRequest(url: url)
        request.headers = HTTPHeaders([("user-agent", Self.userAgent)] + headers)
        do {
            let response = try await http.execute(request, timeout: .milliseconds(timeout))
            note(.received, what, status: String(response.status.code), body: [])
            try await take(response)
        } catch {
            note(.received, what, status: ReplyReader.reason(error), body: [])
            throw error
        }
    }
}
