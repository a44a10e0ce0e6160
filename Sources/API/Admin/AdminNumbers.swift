// SPDX-License-Identifier: Apache-2.0
// /admin/v1/ported-numbers: the table of ported numbers, its import and its state; and /admin/v1/numbers: what each source
// says of a number. For operators.

internal import Accounts
internal import Hummingbird
internal import Messaging
internal import NIOCore
internal import NumberInfo
internal import PhoneNumbers
internal import SQL
internal import Wire

struct AdminNumbers: Sendable {
    let surface: AdminSurface
    let desk: NumberDesk

    func add(to group: RouterGroup<APIRequestContext>) {
        group.get("numbers/:number", use: inspect)
        group.group("ported-numbers")
            .get(use: status)
            .post("import", use: importTable)
            .get(":number", use: find)
    }

    // MARK: Reading

    @Sendable private func status(_ request: Request, context: APIRequestContext) async throws -> Response {
        _ = try surface.operatorCaller(context)
        let status = try await desk.ported.status()
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("numbers", status.numbers)
            writer.member("importing", status.isImporting)
            writer.member(
                "imports",
                array: { writer in
                    for generation in status.generations {
                        writer.object { writer in
                            writer.member("id", generation.id)
                            writer.member("whole", generation.isWhole)
                            writer.member("state", generation.state.word)
                            writer.member("rows", generation.rows)
                            writer.member("createdAt", instant: generation.createdAt)
                            writer.member("activatedAt", instant: generation.activatedAt)
                        }
                    }
                })
        }
        return Response(json: writer)
    }

    @Sendable private func find(_ request: Request, context: APIRequestContext) async throws -> Response {
        _ = try surface.operatorCaller(context)
        let digits = try Self.digits(in: context)
        guard let found = try await desk.ported.find(digits) else {
            throw Problem.notFound("The table has no such number.")
        }
        var writer = JSONWriter(capacity: 160)
        writer.object { writer in
            writer.member("number", digits)
            writer.member("mcc", found.network.mcc)
            writer.member("mnc", found.network.mnc)
            writer.member("operator", found.network.operatorName)
            writer.member("date", found.portedAt.map { String(Timestamp.rfc3339($0).prefix(10)) })
        }
        return Response(json: writer)
    }

    @Sendable private func inspect(_ request: Request, context: APIRequestContext) async throws -> Response {
        _ = try surface.operatorCaller(context)
        let digits = try Self.digits(in: context)
        var query = try AdminQuery(request)
        let question = query.choice("question", among: Question.self) ?? .gnp
        try query.check()
        guard let number = try? PhoneNumber(parsing: "+" + digits) else {
            throw Problem.notFound("No number plan has such a number.")
        }
        let found = await desk.inspect(number, question == .gnp ? .portability : .subscriber)
        var writer = JSONWriter(capacity: 1024)
        writer.object { writer in
            writer.member("number", number.digits)
            writer.member("valid", number.isValid)
            writer.member("country", number.region)
            writer.member("lineType", number.lineType.rawValue)
            writer.member("facts", value: found.facts.tree)
            writer.member("sources", array: { writer in for report in found.reports { report.write(to: &writer) } })
        }
        return Response(json: writer)
    }

    private enum Question: String, CaseIterable { case gnp, gnv }

    /// The number in the path; throws 404 for what is none.
    private static func digits(in context: APIRequestContext) throws(Problem) -> String {
        guard let text = context.parameters.get("number"), let digits = SMSAddress.recipient(text) else {
            throw .notFound("This is no phone number in international format.")
        }
        return digits
    }

    // MARK: Importing

    @Sendable private func importTable(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.operatorCaller(context)
        var query = try AdminQuery(request)
        let replacing = query.flag("replace") ?? false
        try query.check()
        let type = request.headers[.contentType].map { $0.prefix { $0 != ";" }.lowercased().filter { $0 != " " } }
        guard type == "text/csv" else { throw Problem(.unsupportedMediaType, detail: "The body is text/csv.") }
        let result: PortedImportResult
        do {
            result = try await importBody(of: request, replacing: replacing, caller.actor)
        } catch let error as PortedTableError {
            throw Problem.badLines([Violation(line: error.line, field: error.column, message: error.reason)])
        } catch PortedImportError.busy {
            throw Problem(.conflict, detail: "Another import is running.")
        } catch PortedImportError.interrupted {
            throw Problem.unavailable
        } catch DatabaseError.commitUnknown(_) {
            throw Problem.unknownChange
        }
        var writer = JSONWriter(capacity: 64)
        writer.object { writer in
            writer.member("imported", result.imported)
            writer.member("removed", result.removed)
        }
        return Response(json: writer)
    }

    /// Reads the table as it arrives: the client sends no faster than the database takes. When a line is refused the rest
    /// is read and dropped, so that the client, which is still sending, hears why.
    private func importBody(
        of request: Request, replacing: Bool, _ actor: Actor
    ) async throws -> PortedImportResult {
        let table = try await desk.ported.beginImport(isWhole: replacing)
        var failure: (any Error)?
        var length = 0
        do {
            for try await buffer in request.body {
                length += buffer.readableBytes
                guard failure == nil else { continue }
                do {
                    try await table.feed(Array(buffer.readableBytesView))
                } catch {
                    failure = error
                    await table.abandon()
                }
            }
            if let announced = request.headers[.contentLength].flatMap({ Int($0) }), length < announced {
                throw RequestParameters.truncated
            }
            if failure == nil { return try await table.finish(as: actor) }
        } catch {
            if failure == nil { await table.abandon() }
            throw failure ?? Self.readable(error)
        }
        throw failure ?? Problem.internalError
    }

    private static func readable(_ error: any Error) -> any Error {
        switch error {
        case is RequestTooSlow: Problem.tooSlow
        case is Problem, is DatabaseError, is PortedTableError, is PortedImportError: error
        default: RequestParameters.truncated
        }
    }
}

extension PortedGeneration.State {
    fileprivate var word: String {
        switch self {
        case .loading: "importing"
        case .inForce: "in-force"
        case .replaced: "replaced"
        case .removed: "removed"
        }
    }
}

extension SourceReport {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("source", source)
            switch outcome {
            case .answer(let facts, let validFor):
                writer.member("result", "answer")
                writer.member("validForSeconds", validFor.map { $0 / 1000 })
                writer.member("facts", value: facts.tree)
            case .nothing:
                writer.member("result", "nothing")
            case .failed(let reason):
                writer.member("result", "failed")
                writer.member("reason", reason)
            }
            writer.member("microseconds", duration.microseconds)
        }
    }
}

extension Duration {
    fileprivate var microseconds: Int64 { components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000 }
}

extension NumberFacts {
    /// What is known, under the names of the fields; what is not is left out.
    fileprivate var tree: JSONValue {
        var members: [String: JSONValue] = ["errorCode": .string(errorCode)]
        for (name, word) in [("ported", ported), ("roaming", roaming), ("presence", presence)] where word != .unknown {
            members[name] = .string(word.rawValue)
        }
        for (name, text) in [("imsi", imsi), ("hlr", hlrNumber), ("msc", mscNumber)] where !text.isEmpty {
            members[name] = .string(text)
        }
        let networks = [
            ("currentNetwork", current), ("rangeHolder", rangeHolder), ("subscriptionNetwork", subscription),
            ("hlrNetwork", hlr), ("mscNetwork", msc),
        ]
        for (name, network) in networks {
            if let network, !network.isEmpty { members[name] = network.tree }
        }
        return .object(members)
    }
}

extension NetworkFacts {
    fileprivate var tree: JSONValue {
        let fields = [
            ("mcc", mcc), ("mnc", mnc), ("ttid", ttid), ("operator", operatorName), ("country", country),
            ("timeZone", timeZone), ("technology", technology), ("countryCode", countryCode),
            ("nationalDestinationCode", nationalDestinationCode),
        ]
        return .object(
            Dictionary(uniqueKeysWithValues: fields.filter { !$0.1.isEmpty }.map { ($0.0, JSONValue.string($0.1)) }))
    }
}
