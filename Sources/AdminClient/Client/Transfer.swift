// SPDX-License-Identifier: Apache-2.0
// CSV files to and from the server: an upload that is answered line by line while it is taken in, and a download.

import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Wire

extension AdminAPI {
    /// The most that the server takes at once.
    static let largestUpload = 64 << 20
    private static let pieceSize = 64 << 10
    private static let transferPatience = TimeAmount.hours(1)

    /// What an import says on its way.
    enum ImportProgress {
        case sent(Int, of: Int)
        case rows(Int64, of: Int64)
    }

    /// Uploads CSV and returns the last line of the answer, `{"imported":n,"removed":m}`.
    func importCSV(
        _ path: String, _ csv: [UInt8], _ query: Query, onProgress: @escaping @Sendable (ImportProgress) -> Void
    ) async throws(Failure) -> JSONValue {
        var request = request(.POST, path, query)
        request.headers.add(name: "content-type", value: "text/csv; charset=utf-8")
        request.headers.add(name: "accept", value: "application/x-ndjson, application/json")
        let pieces = Pieces(bytes: csv, size: Self.pieceSize) { onProgress(.sent($0, of: csv.count)) }
        request.body = .stream(pieces, length: .known(Int64(csv.count)))
        return try await importAnswer(to: request, onProgress)
    }

    /// Sends an import and returns the last line of its answer.
    func importAnswer(
        to request: HTTPClientRequest, _ onProgress: @escaping @Sendable (ImportProgress) -> Void
    ) async throws(Failure) -> JSONValue {
        let response = try await response(to: request, patience: Self.transferPatience)
        do {
            return try await result(of: response.body, onProgress)
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(noAnswerFrom: server, because: error)
        }
    }

    private func result(
        of body: HTTPClientResponse.Body, _ onProgress: (ImportProgress) -> Void
    ) async throws -> JSONValue {
        var lines = LineSplitter()
        var result: JSONValue?
        for try await buffer in body {
            for line in lines.add(buffer.readableBytesView) {
                result = try read(line, onProgress) ?? result
            }
        }
        if let line = lines.rest { result = try read(line, onProgress) ?? result }
        guard let result else {
            throw Failure("\(server) ended its answer before it said that the import is done", .unavailable)
        }
        return result
    }

    /// The result if the line is it. A failure can come as a line, `{"error":"…"}`, for the answer's status was sent
    /// before; then nothing was written.
    private func read(_ line: [UInt8], _ onProgress: (ImportProgress) -> Void) throws -> JSONValue? {
        let document = try JSONValue(parsing: line)
        if document["imported"] != nil { return document }
        if let error = document["error"]?.string { throw Failure(Cell.printable(error)) }
        if let rows = document["rows"]?.int64 { onProgress(.rows(rows, of: document["of"]?.int64 ?? rows)) }
        return nil
    }

    /// Downloads a list as CSV, piece by piece.
    func exportCSV(
        _ path: String, _ query: Query, write: ([UInt8]) throws -> Void
    ) async throws(Failure) {
        var request = request(.GET, path, query)
        request.headers.add(name: "accept", value: "text/csv")
        let response = try await response(to: request, patience: Self.transferPatience)
        do {
            for try await buffer in response.body { try write(Array(buffer: buffer)) }
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(noAnswerFrom: server, because: error)
        }
    }
}

/// Bytes in pieces, telling after each how many have gone.
private struct Pieces: AsyncSequence, Sendable {
    let bytes: [UInt8]
    let size: Int
    let onPiece: @Sendable (Int) -> Void

    func makeAsyncIterator() -> Iterator { Iterator(pieces: self) }

    struct Iterator: AsyncIteratorProtocol {
        let pieces: Pieces
        var position = 0

        mutating func next() async -> ByteBuffer? {
            if position > 0 { pieces.onPiece(position) }
            guard position < pieces.bytes.count else { return nil }
            let end = Swift.min(position + pieces.size, pieces.bytes.count)
            defer { position = end }
            return ByteBuffer(bytes: pieces.bytes[position..<end])
        }
    }
}

/// Cuts a stream of bytes at its line feeds; empty lines are left out.
struct LineSplitter {
    private var open: [UInt8] = []

    /// What came after the last line feed.
    var rest: [UInt8]? { open.isEmpty ? nil : open }

    mutating func add(_ bytes: some Collection<UInt8>) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        for byte in bytes {
            if byte != UInt8(ascii: "\n") {
                open.append(byte)
            } else if !open.isEmpty {
                lines.append(open)
                open = []
            }
        }
        return lines
    }
}
