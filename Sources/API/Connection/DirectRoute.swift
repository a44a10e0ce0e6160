// SPDX-License-Identifier: Apache-2.0
// An operation that is carried out where its request was read: on the event loop of its connection, without a task, a
// router and a hop to another thread, which together cost as much as the operation itself. It is for what comes by thousands
// a second and waits for nothing but the acceptor. Request ids, keys, rates, metrics, log lines and problems are those of
// every other request; the router has the operation, too, and answers what does not come as it usually does.

internal import HTTPTypes
internal import Hummingbird
internal import Messaging
internal import NIOCore
internal import NIOHTTP1

protocol DirectOperation: Sendable {
    /// Whether it can begin with such a request at once; otherwise the request goes to the router.
    func takes(_ head: HTTPRequestHead) -> Bool

    /// The message that a request asks to send whose caller is known, and the JSON that it is answered with once the message
    /// is accepted.
    func message(
        of request: Request, _ body: ByteBuffer, context: APIRequestContext
    ) throws -> (message: Message, answer: [UInt8])
}

struct DirectRoute: Sendable {
    /// What a request is answered with.
    enum Answer {
        /// A JSON document with status 200, and what its head has besides.
        case json([UInt8], fields: HTTPFields, requestID: String)
        case response(Response)
    }

    /// Bytes. While a body is read, the other connections of the event loop wait: for 30 µs as a rule, and for two
    /// milliseconds where a text of this length is to be rewritten in the alphabet of its carrier.
    private static let bodyLimit = 2 * 1024

    private let method: HTTPMethod
    private let path: String
    private let operation: any DirectOperation
    private let frame: RequestFrame
    private let authentication: APIKeyAuthentication
    private let instruments: RequestInstruments.Route

    /// `path` has no parameters.
    init(
        _ method: HTTPMethod, _ path: String, _ operation: any DirectOperation, frame: RequestFrame,
        authentication: APIKeyAuthentication
    ) {
        self.method = method
        self.path = path
        self.operation = operation
        self.frame = frame
        self.authentication = authentication
        instruments = frame.route(path, HTTPRequest.Method(method.rawValue) ?? .get)
    }

    func takes(_ head: HTTPRequestHead, _ body: ByteBuffer) -> Bool {
        head.method == method && body.readableBytes <= Self.bodyLimit && head.uri.pathText == path
            && operation.takes(head)
    }

    /// Calls `reply` once, on the event loop.
    func answer(
        _ request: Request, _ body: ByteBuffer, _ context: APIRequestContext, _ collector: AcceptCollector,
        reply: @escaping @Sendable (Answer) -> Void
    ) {
        let opening = frame.open(request, context: context)
        do {
            let rate = try authentication.admit(request, context: context)
            let (message, answer) = try operation.message(of: request, body, context: context)
            collector.add(message) { result in
                reply(
                    finish(
                        opening, Result { try result.bytes(answer) }, rate: rate, request: request, context: context))
            }
        } catch {
            reply(finish(opening, .failure(error), rate: nil, request: request, context: context))
        }
    }

    private func finish(
        _ opening: RequestFrame.Opening, _ result: Result<[UInt8], any Error>, rate: Verdict?, request: Request,
        context: APIRequestContext
    ) -> Answer {
        let answer: Answer
        let status: HTTPResponse.Status
        switch result {
        case .success(let json):
            answer = .json(json, fields: rate?.headers ?? HTTPFields(), requestID: opening.id)
            status = .ok
        case .failure(let error):
            var response = frame.response(to: error, request: request, context: context)
            response.headers.append(HTTPField(name: .requestID, value: opening.id))
            answer = .response(response)
            status = response.status
        }
        frame.close(opening, status: status, request: request, context: context, route: instruments)
        return answer
    }
}
