// SPDX-License-Identifier: Apache-2.0
// Where a request's parameters come from: the query, and a body of JSON or form fields. A name in the query wins over
// the same name in the body; of a repeated name the last counts.

internal import Hummingbird
internal import NIOCore
internal import Wire

enum RequestParameters {
    /// The parameters of a request whose body is not looked at.
    static func inQuery(of request: Request) throws -> [String: JSONValue] {
        guard let query = request.head.path?.queryText else { return [:] }
        guard let fields = FormText.fields(of: query) else {
            throw Problem.notParseable("The query is not valid percent-encoded UTF-8.")
        }
        return values(of: fields)
    }

    /// The parameters in the query and in the body.
    static func inQueryAndBody(of request: Request) async throws -> [String: JSONValue] {
        let query = try inQuery(of: request)
        return try merged(query, try await body(of: request), of: request)
    }

    /// The same where the whole `body` is there.
    static func inQueryAndBody(of request: Request, _ body: ByteBuffer) throws -> [String: JSONValue] {
        try merged(try inQuery(of: request), body, of: request)
    }

    private static func merged(
        _ query: [String: JSONValue], _ body: ByteBuffer, of request: Request
    ) throws -> [String: JSONValue] {
        let body = try parse(body, contentType: request.headers.value(.contentType))
        return query.isEmpty ? body : body.merging(query) { _, fromQuery in fromQuery }
    }

    private static func values(of fields: [(name: String, value: String)]) -> [String: JSONValue] {
        Dictionary(fields.map { ($0.name, .string($0.value)) }, uniquingKeysWith: { _, last in last })
    }

    /// The whole body. Throws 413 when it is too long, 408 when it is too slow and 400 when it ends early.
    static func body(of request: Request) async throws -> ByteBuffer {
        let limit = APIRequestContext.bodyLimit
        let announced = request.headers.value(.contentLength).flatMap { Int($0) }
        if let announced, announced > limit { throw Problem.tooLarge }
        let body: ByteBuffer
        do {
            body = try await request.body.collect(upTo: limit)
        } catch is RequestTooSlow {
            throw Problem.tooSlow
        } catch is NIOTooManyBytesError {
            throw Problem.tooLarge
        } catch {
            // The client closed its side in the middle of the body.
            throw Self.truncated
        }
        if let announced, body.readableBytes < announced { throw Self.truncated }
        return body
    }

    static let truncated = Problem.notParseable("The body ends before its announced end.")

    private static func parse(_ body: ByteBuffer, contentType: String?) throws -> [String: JSONValue] {
        guard body.readableBytes > 0 else { return [:] }
        if contentType == "application/json" { return try json(body) }
        let mediaType = contentType.map { $0.prefix { $0 != ";" }.lowercased().filter { $0 != " " } }
        switch mediaType {
        case "application/json"?:
            return try json(body)
        case "application/x-www-form-urlencoded"?:
            guard let fields = FormText.fields(of: body.readableBytesView) else {
                throw Problem.notParseable("The form is not valid percent-encoded UTF-8.")
            }
            return values(of: fields)
        default:
            throw Problem(
                .unsupportedMediaType,
                detail: "A body is application/json or application/x-www-form-urlencoded.")
        }
    }

    static func json(_ body: ByteBuffer) throws -> [String: JSONValue] {
        let value: JSONValue
        do {
            value = try JSONValue(parsing: body.readableBytesView)
        } catch {
            throw Problem.notParseable("The body is not JSON: \(error).")
        }
        guard let members = value.object else {
            throw Problem.notParseable("The body is \(value.kindName), where a JSON object is expected.")
        }
        return members
    }
}
