// SPDX-License-Identifier: Apache-2.0
// Reads multipart/form-data (RFC 7578): the form in which media are uploaded. Any bytes give parts or nil.

struct MultipartPart: Hashable, Sendable {
    var name: String
    var filename: String?
    var contentType: String?
    var body: [UInt8]
}

enum Multipart {
    /// The parts of a body whose `Content-Type` header is given; nil when it is none.
    static func parse(contentType: String, body: [UInt8]) -> [MultipartPart]? {
        guard contentType.lowercased().hasPrefix("multipart/form-data"),
            let boundary = parameter("boundary", in: contentType), !boundary.isEmpty
        else { return nil }
        let delimiter = Array("--\(boundary)".utf8)
        var parts: [MultipartPart] = []
        guard var position = find(delimiter, in: body, from: 0) else { return nil }
        while true {
            position += delimiter.count
            if body[position...].starts(with: Array("--".utf8)) { return parts }
            guard body[position...].starts(with: [13, 10]),
                let end = find([13, 10] + delimiter, in: body, from: position),
                let headEnd = find([13, 10, 13, 10], in: body, from: position), headEnd <= end,
                let part = part(head: body[position..<headEnd], body: body[min(headEnd + 4, end)..<end])
            else { return nil }
            parts.append(part)
            position = end + 2
        }
    }

    private static func part(head: ArraySlice<UInt8>, body: ArraySlice<UInt8>) -> MultipartPart? {
        var part = MultipartPart(name: "", body: Array(body))
        for line in String(decoding: head, as: UTF8.self).split(whereSeparator: \.isNewline) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            switch line[..<colon].lowercased() {
            case "content-disposition":
                part.name = parameter("name", in: String(value)) ?? ""
                part.filename = parameter("filename", in: String(value))
            case "content-type": part.contentType = String(value)
            default: break
            }
        }
        return part.name.isEmpty ? nil : part
    }

    /// The value of `; name=value` or `; name="value"`.
    private static func parameter(_ name: String, in header: String) -> String? {
        for field in header.split(separator: ";").dropFirst() {
            let pair = field.split(separator: "=", maxSplits: 1)
            guard pair.count == 2, pair[0].drop(while: { $0 == " " }).lowercased() == name else { continue }
            let value = pair[1].prefix { $0 != "\r" && $0 != "\n" }
            return String(value.hasPrefix("\"") ? value.dropFirst().prefix { $0 != "\"" } : value)
        }
        return nil
    }

    private static func find(_ needle: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
        guard let first = needle.first, bytes.count >= needle.count else { return nil }
        var index = start
        while index <= bytes.count - needle.count {
            guard let hit = bytes[index...].firstIndex(of: first), hit <= bytes.count - needle.count else { return nil }
            if bytes[hit...].starts(with: needle) { return hit }
            index = hit + 1
        }
        return nil
    }
}
