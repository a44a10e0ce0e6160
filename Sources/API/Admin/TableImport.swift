// SPDX-License-Identifier: Apache-2.0
// POST …/import: a table as text/csv. It is read as it arrives, then checked as a whole and written in one transaction;
// from the moment when every line is known to be good the answer tells how far the writing is, a JSON object a line.
// `TableUpload` is that; `TableImport` is one of the configuration's tables, which operators alone import.

internal import Accounts
internal import Hummingbird
internal import Messaging
internal import NIOCore
internal import SQL
internal import Wire

struct TableImport<Value: Sendable>: Sendable {
    typealias Apply =
        @Sendable (Provisioner, [ImportLine<Value>], _ replacing: Bool, _ progress: (Int) -> Void) throws ->
        ImportResult

    let surface: AdminSurface
    let columns: [String]
    let required: [String]
    /// Reads a row; what is wrong with it goes into the list, field by field.
    let read: @Sendable (_ row: CSVRow, _ columns: CSVColumns, _ violations: inout [Violation]) -> Value
    let apply: Apply

    func handle(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.operatorCaller(context)
        var query = try AdminQuery(request)
        let replacing = query.flag("replace") ?? false
        try query.check()
        return try await TableUpload(columns: columns, required: required, read: read).respond(
            to: request
        ) { lines, progress in
            try await surface.change(caller) { try apply($0, lines, replacing, progress) }
        }
    }
}

struct TableUpload<Value: Sendable>: Sendable {
    /// Stores the lines; `progress` is told how many are stored, first 0.
    typealias Store =
        @Sendable (_ lines: [ImportLine<Value>], _ progress: @escaping @Sendable (Int) -> Void) async throws ->
        ImportResult

    private enum Step: Sendable {
        case progress(Int)
        case done(ImportResult)
        case failed(Problem)
    }

    let columns: [String]
    let required: [String]
    /// Reads a row; what is wrong with it goes into the list, field by field.
    let read: @Sendable (_ row: CSVRow, _ columns: CSVColumns, _ violations: inout [Violation]) -> Value

    func respond(to request: Request, store: @escaping Store) async throws -> Response {
        let type = request.headers[.contentType].map { $0.prefix { $0 != ";" }.lowercased().filter { $0 != " " } }
        guard type == "text/csv" else { throw Problem(.unsupportedMediaType, detail: "The body is text/csv.") }
        let lines = try await lines(of: request)
        // A task of its own: a client that goes away half-way does not take the transaction back.
        let (steps, continuation) = AsyncStream.makeStream(of: Step.self)
        Task { await Self.run(lines, store, continuation) }
        var iterator = steps.makeAsyncIterator()
        guard let first = await iterator.next(isolation: nil) else { throw Problem.internalError }
        if case .failed(let problem) = first { throw problem }
        return Self.answer(first, steps, count: lines.count)
    }

    private static func run(
        _ lines: [ImportLine<Value>], _ store: Store, _ continuation: AsyncStream<Step>.Continuation
    ) async {
        do {
            continuation.yield(.done(try await store(lines) { continuation.yield(.progress($0)) }))
        } catch let refusal as ImportRefusal {
            continuation.yield(
                .failed(.badLines([Violation(line: refusal.line, field: refusal.field, message: refusal.reason)])))
        } catch let problem as Problem {
            continuation.yield(.failed(problem))
        } catch let error as DatabaseError where error.isTransient {
            continuation.yield(.failed(.unavailable))
        } catch {
            continuation.yield(.failed(.internalError))
        }
        continuation.finish()
    }

    private static func answer(_ first: Step, _ steps: AsyncStream<Step>, count: Int) -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/x-ndjson"],
            body: ResponseBody { writer in
                try await writer.write(line(for: first, count: count))
                for await step in steps { try await writer.write(line(for: step, count: count)) }
                try await writer.finish(nil)
            })
    }

    private static func line(for step: Step, count: Int) -> ByteBuffer {
        var line = JSONWriter(capacity: 64)
        line.object { line in
            switch step {
            case .progress(let rows):
                line.member("rows", rows)
                line.member("of", count)
            case .done(let result):
                line.member("imported", result.imported)
                line.member("removed", result.removed)
            case .failed(let problem):
                // Nothing was written after all.
                line.member("error", problem.detail)
            }
        }
        return ByteBuffer(bytes: line.bytes + [UInt8(ascii: "\n")])
    }

    // MARK: Reading

    private func lines(of request: Request) async throws -> [ImportLine<Value>] {
        var table = TableReader(columns: columns, required: required, read: read)
        var length = 0
        do {
            for try await buffer in request.body {
                length += buffer.readableBytes
                guard length <= tableLimit else { throw Problem.tableTooLarge }
                try table.feed(buffer)
            }
        } catch is RequestTooSlow {
            throw Problem.tooSlow
        } catch let problem as Problem {
            throw problem
        } catch {
            throw Problem.notParseable("The body ends before its announced end.")
        }
        if let announced = request.headers[.contentLength].flatMap({ Int($0) }), length < announced {
            throw Problem.notParseable("The body ends before its announced end.")
        }
        return try table.finish()
    }
}

/// How long a table may be, bytes.
private let tableLimit = 64 * 1024 * 1024

/// Rows to values, with the header's help.
private struct TableReader<Value: Sendable> {
    /// Nobody reads more complaints than this at once.
    private static var mostComplaints: Int { 20 }

    let columns: [String]
    let required: [String]
    let read: (CSVRow, CSVColumns, inout [Violation]) -> Value
    private var parser = CSVParser()
    private var header: CSVColumns?
    private var lines: [ImportLine<Value>] = []
    private var complaints: [Violation] = []

    init(
        columns: [String], required: [String], read: @escaping (CSVRow, CSVColumns, inout [Violation]) -> Value
    ) {
        self.columns = columns
        self.required = required
        self.read = read
    }

    mutating func feed(_ buffer: ByteBuffer) throws(Problem) {
        do throws(CSVError) {
            for row in try parser.feed(buffer.readableBytesView) { try take(row) }
        } catch {
            throw Problem.badLines(complaints + [Violation(line: error.line, field: nil, message: error.reason)])
        }
        if complaints.count >= Self.mostComplaints { throw Problem.badLines(complaints) }
    }

    mutating func finish() throws(Problem) -> [ImportLine<Value>] {
        do throws(CSVError) {
            for row in try parser.finish() { try take(row) }
            if header == nil { throw CSVError(line: 1, reason: "there is no header line") }
        } catch {
            throw Problem.badLines(complaints + [Violation(line: error.line, field: nil, message: error.reason)])
        }
        guard complaints.isEmpty else { throw Problem.badLines(complaints) }
        return lines
    }

    private mutating func take(_ row: CSVRow) throws(CSVError) {
        guard let header else {
            header = try CSVColumns(header: row, known: columns, required: required)
            return
        }
        guard row.fields.count == header.count else {
            throw CSVError(
                line: row.line, reason: "has \(row.fields.count) fields where the header has \(header.count)")
        }
        var violations: [Violation] = []
        let value = read(row, header, &violations)
        complaints += violations.map { Violation(line: row.line, field: $0.field, message: $0.message) }
        // What is behind a bad line is only looked at for further complaints.
        if complaints.isEmpty { lines.append(ImportLine(row.line, value)) }
    }
}

extension Violation {
    /// `line 17: price`.
    init(line: Int, field: String?, message: String) {
        self.init(field: field.map { "line \(line): \($0)" } ?? "line \(line)", message: message)
    }
}

extension Problem {
    static func badLines(_ violations: [Violation]) -> Problem { .violations(violations) }

    static let tableTooLarge = Problem(
        .contentTooLarge, detail: "A table may have at most \(tableLimit) bytes.")
}
