// SPDX-License-Identifier: Apache-2.0
// JSON answers from bytes that are already written.

internal import Hummingbird
internal import Wire

extension Response {
    /// An answer with the document that `writer` holds.
    init(status: HTTPResponse.Status = .ok, json writer: JSONWriter) { self.init(status: status, json: writer.bytes) }

    /// An answer whose body is the JSON in `bytes`.
    init(status: HTTPResponse.Status = .ok, json bytes: [UInt8]) {
        self.init(
            status: status, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}
