// SPDX-License-Identifier: Apache-2.0
// The one form of every error answer: a problem document (RFC 7807). It says what the client can do about it and
// nothing of the server's inside.

public import Hummingbird
internal import NIOCore
internal import Wire

/// One field of a request that cannot be accepted, and why.
public struct Violation: Sendable, Equatable {
    public let field: String
    public let message: String

    public init(field: String, message: String) {
        self.field = field
        self.message = message
    }
}

/// An error answer; throw it from a handler.
public struct Problem: Error, Sendable, Equatable {
    public let status: HTTPResponse.Status
    /// A URI that names the kind of problem.
    public let type: String
    public let title: String
    public let detail: String
    /// What is wrong field by field, for a request that was understood but not accepted.
    public let violations: [Violation]
    var headers: HTTPFields = [:]

    public init(_ status: HTTPResponse.Status, title: String? = nil, detail: String) {
        self.init(status, type: "https://httpstatuses.com/\(status.code)", title: title, detail: detail)
    }

    private init(
        _ status: HTTPResponse.Status, type: String, title: String?, detail: String, violations: [Violation] = []
    ) {
        self.status = status
        self.type = type
        self.title = title ?? status.reasonPhrase
        self.detail = detail
        self.violations = violations
    }

    func with(_ headers: HTTPFields) -> Problem {
        var problem = self
        for field in headers { problem.headers[field.name] = field.value }
        return problem
    }
}

extension Problem {
    private static let namedTypes = "https://docs.tyntec.com/problems/"

    public static let unauthorized = Problem(
        .unauthorized, detail: "The request needs a valid API key, in the header apikey or in the query as apiKey."
    ).with([.wwwAuthenticate: "ApiKey"])

    public static func forbidden(scope: String) -> Problem {
        Problem(.forbidden, detail: "The API key does not have the scope \(scope).")
    }

    /// The key is not for requests from where this one came from.
    static let forbiddenAddress = Problem(
        .forbidden, detail: "The API key may not be used from the address that the request came from.")

    /// A value that others may use and this key may not.
    static func forbidden(_ violation: Violation) -> Problem {
        Problem(
            .forbidden, type: "https://httpstatuses.com/403", title: nil,
            detail: "\(violation.field) \(violation.message)", violations: [violation])
    }

    /// A value that is well formed and contradicts what is there.
    static func conflict(_ violation: Violation) -> Problem {
        Problem(
            .conflict, type: "https://httpstatuses.com/409", title: nil,
            detail: "\(violation.field) \(violation.message)", violations: [violation])
    }

    /// Too many requests, or too many wrong keys.
    static func tooManyRequests(_ detail: String, wait: Milliseconds) -> Problem {
        let seconds = max(1, (wait + 999) / 1000)
        return Problem(.tooManyRequests, detail: "\(detail) Try again in \(seconds) s.")
            .with([.retryAfter: String(seconds)])
    }

    /// The body or the query is not in the form that it claims to be in.
    public static func notParseable(_ detail: String) -> Problem {
        Problem(
            .badRequest, type: namedTypes + "DataNotParseable", title: "Data given was not parseable", detail: detail)
    }

    /// The request is well formed; its values are not acceptable.
    public static func violations(_ violations: [Violation]) -> Problem {
        Problem(
            .badRequest, type: namedTypes + "ConstraintViolation", title: "Constraint Violation",
            detail: violations.map { "\($0.field) \($0.message)" }.joined(separator: "; "), violations: violations)
    }

    public static func notFound(_ detail: String) -> Problem { Problem(.notFound, detail: detail) }

    public static func methodNotAllowed(_ methods: [String]) -> Problem {
        let names = methods.joined(separator: ", ")
        return Problem(.methodNotAllowed, detail: "This address knows \(names) only.").with([.allow: names])
    }

    static let tooLarge = Problem(
        .contentTooLarge, detail: "A request body may have at most \(APIRequestContext.bodyLimit) bytes.")

    /// The client did not send its request in time; the connection ends with the answer.
    static let tooSlow = Problem(.requestTimeout, detail: "The request did not arrive in time.")
        .with([.connection: "close"])

    /// The bytes are no HTTP request.
    static let notHTTP = Problem(.badRequest, detail: "This is not an HTTP/1.1 request.")

    static let headersTooLarge = Problem(
        .requestHeaderFieldsTooLarge, detail: "The header fields of the request are too many or too long.")

    static let tooManyConnections = Problem(
        .serviceUnavailable, detail: "There are too many connections at the moment. Try again later."
    ).with([.retryAfter: "1"])

    static let insufficientBalance = Problem(
        .init(code: 402, reasonPhrase: "Payment Required"), detail: "The prepaid balance does not cover the message.")

    static let idempotencyKeyReused = Problem(
        .conflict, detail: "The Idempotency-Key was used for another request within the last 24 hours.")

    /// The reason may pass: nothing was stored, and the same request may be sent again.
    public static let unavailable = Problem(
        .serviceUnavailable, detail: "The request cannot be stored at the moment. Nothing was sent; try again later."
    ).with([.retryAfter: "5"])

    /// The database went away in the middle of it.
    public static let unknownFate = Problem(
        .serviceUnavailable,
        detail: "The database went away while it stored the request, which may have been accepted. A request with an "
            + "Idempotency-Key can be repeated safely."
    ).with([.retryAfter: "5"])

    static let internalError = Problem(.internalServerError, detail: "Something went wrong on the server.")
}

extension Problem: HTTPResponseError {
    public func response(from request: Request, context: some RequestContext) -> Response {
        if TwoFactorRoutes.owns(request.uri.path) { return TwoFactorError(self).response() }
        var response = Response(status: status, json: json)
        if Self.hasOwnMediaType(request.uri.path) { response.headers[.contentType] = Self.mediaType }
        for field in headers { response.headers[field.name] = field.value }
        return response
    }

    /// RFC 7807 §6.1.
    static let mediaType = "application/problem+json"

    /// Whether problems of the surface at `path` have their own media type; elder surfaces answer with plain JSON.
    private static func hasOwnMediaType(_ path: String) -> Bool { path.hasPrefix("/\(ConversationsRoutes.root)/") }

    /// The whole answer of a connection that ends with it, where there is no request to answer.
    var closingAnswer: ByteBuffer {
        let json = json
        var fields = headers
        fields[.contentType] = "application/json"
        fields[.contentLength] = String(json.count)
        var serializer = ResponseSerializer(capacity: 384 + json.count)
        serializer.head(
            status, fields, date: Timestamp.httpDate(Timestamp.now()), framing: .announced, connection: "close")
        serializer.body(ByteBuffer(bytes: json), framing: .announced)
        return serializer.buffer
    }

    /// The document.
    var json: [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("type", type)
            writer.member("title", title)
            writer.member("status", status.code)
            writer.member("detail", detail)
            guard !violations.isEmpty else { return }
            writer.member(
                "violations",
                array: { writer in
                    for violation in violations {
                        writer.object { writer in
                            writer.member("field", violation.field)
                            writer.member("message", violation.message)
                        }
                    }
                })
        }
        return writer.bytes
    }
}
