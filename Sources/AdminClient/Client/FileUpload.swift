// SPDX-License-Identifier: Apache-2.0
// A file on its way to the server, piece by piece: a table of ten million lines is in no memory as a whole. The server
// takes no more than it can store, so what was sent is what was taken.

import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Synchronization
import Wire

extension AdminAPI {
    /// Uploads the file and returns the last line of the answer, `{"imported":n,"removed":m}`.
    func importFile(
        _ path: String, _ file: UploadFile, replacing: Bool, onProgress: @escaping @Sendable (ImportProgress) -> Void
    ) async throws(Failure) -> JSONValue {
        var request = request(.POST, path, [("replace", replacing ? "true" : nil)])
        request.headers.add(name: "content-type", value: "text/csv; charset=utf-8")
        request.headers.add(name: "accept", value: "application/json")
        let size = file.size
        let pieces = FilePieces(file: file) { onProgress(.sent($0, of: size ?? $0)) }
        request.body = .stream(pieces, length: size.map { .known(Int64($0)) } ?? .unknown)
        return try await importAnswer(to: request, onProgress)
    }
}

/// A file that is read once, from its beginning; `-` is standard input.
struct UploadFile: Sendable {
    private let handle: FileHandle
    /// Bytes; nil where that is not known before the end.
    let size: Int?

    init(_ path: String) throws(Failure) {
        if path == "-" {
            handle = .standardInput
            size = nil
            return
        }
        guard let handle = FileHandle(forReadingAtPath: path) else { throw Failure("\(path) cannot be read", .usage) }
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        guard attributes?[.type] as? FileAttributeType != .typeDirectory else {
            throw Failure("\(path) cannot be read", .usage)
        }
        self.handle = handle
        size = attributes?[.type] as? FileAttributeType == .typeRegular ? attributes?[.size] as? Int : nil
    }

    fileprivate func read(_ count: Int) throws -> [UInt8] { Array(try handle.read(upToCount: count) ?? Data()) }

    func close() { try? handle.close() }
}

/// The bytes of a file in pieces, telling after each how many have gone.
private struct FilePieces: AsyncSequence, Sendable {
    private static let size = 256 << 10

    let file: UploadFile
    let onPiece: @Sendable (Int) -> Void

    func makeAsyncIterator() -> Iterator { Iterator(pieces: self) }

    struct Iterator: AsyncIteratorProtocol {
        let pieces: FilePieces
        var position = 0

        mutating func next() async throws -> ByteBuffer? {
            if position > 0 { pieces.onPiece(position) }
            let bytes = try pieces.file.read(FilePieces.size)
            position += bytes.count
            return bytes.isEmpty ? nil : ByteBuffer(bytes: bytes)
        }
    }
}
