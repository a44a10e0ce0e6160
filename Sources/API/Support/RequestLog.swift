// SPDX-License-Identifier: Apache-2.0
// One log line per request, and the id by which a customer and an operator talk about it. The line holds no content, no
// key and no query string.

internal import Hummingbird
internal import Logging
internal import Wire

struct RequestLog: RouterMiddleware {
    typealias Context = APIRequestContext

    let level: Logger.Level

    func handle(
        _ request: Request, context: APIRequestContext,
        next: @concurrent (Request, APIRequestContext) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        let id = Self.sane(request.headers[.requestID]) ?? UUIDv7.next(now: Timestamp.now()).description
        context.trace.note(requestID: id)
        if let trace = TraceContext(of: request.headers) { context.trace.note(trace) }
        var response = try await next(request, context)
        response.headers[.requestID] = id
        context.logger.log(
            level: response.status.code >= 500 ? .error : level, "request",
            metadata: Self.metadata(request, response, duration: start.duration(to: .now), trace: context.trace))
        return response
    }

    private static func metadata(
        _ request: Request, _ response: Response, duration: Duration, trace: RequestTrace
    ) -> Logger.Metadata {
        let (seconds, attoseconds) = duration.components
        let microseconds = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
        return [
            "method": "\(request.method)", "path": "\(request.uri.path)", "status": "\(response.status.code)",
            "us": "\(microseconds)",
        ].merging(trace.metadata) { own, _ in own }
    }

    /// A client's own id is taken over when it can do no harm in a log: letters, digits and `-_.:`, 128 at the most.
    static func sane(_ id: String?) -> String? {
        guard let id, (1...128).contains(id.utf8.count) else { return nil }
        let isSane = id.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "-_.:".utf8.contains(byte)
            }
        }
        return isSane ? id : nil
    }
}
