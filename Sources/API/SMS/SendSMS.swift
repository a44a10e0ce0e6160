// SPDX-License-Identifier: Apache-2.0
// POST and GET /messaging/v1/sms: take a message and answer when it is on disk. Both verbs do the same but for the
// default of `trate`; an `Idempotency-Key` counts on POST.

internal import Accounts
internal import Crypto
internal import Hummingbird
internal import Messaging
internal import NIOCore
internal import NIOHTTP1
internal import Wire

final class SendSMS: DirectOperation {
    private let engine: MessagingEngine
    private let options: APIOptions
    private let references = PartReferences()

    init(engine: MessagingEngine, options: APIOptions) {
        self.engine = engine
        self.options = options
    }

    @Sendable func post(_ request: Request, context: APIRequestContext) async throws -> Response {
        let parameters = try await RequestParameters.inQueryAndBody(of: request)
        return try await send(
            parameters, usualTrate: 0, idempotencyKey: try IdempotencyKey.read(from: request), request: request,
            caller: try context.callerKey(), trace: context.traceContext)
    }

    /// A key may have an answer, which is looked for in the database.
    func takes(_ head: HTTPRequestHead) -> Bool { !head.headers.contains(name: "idempotency-key") }

    func message(
        of request: Request, _ body: ByteBuffer, context: APIRequestContext
    ) throws -> (message: Message, answer: [UInt8]) {
        let parameters = try RequestParameters.inQueryAndBody(of: request, body)
        let caller = try context.callerKey()
        var reader = ParameterReader(parameters)
        guard
            let message = compose(
                &reader, usualTrate: 0, companyID: caller.companyID, trace: context.traceContext)
        else { throw Problem.violations(reader.violations) }
        try caller.checkSender(of: message)
        return (message, answer(to: request, message))
    }

    private func answer(to request: Request, _ message: Message) -> [UInt8] {
        SMSMessageBody(message: message, parts: [], baseURL: options.baseURL(for: request)).json.bytes
    }

    @Sendable func get(_ request: Request, context: APIRequestContext) async throws -> Response {
        try await send(
            try RequestParameters.inQuery(of: request), usualTrate: 1, idempotencyKey: nil, request: request,
            caller: try context.callerKey(), trace: context.traceContext)
    }

    private func send(
        _ parameters: [String: JSONValue], usualTrate: Double, idempotencyKey: String?, request: Request,
        caller: APIKey, trace: TraceContext?
    ) async throws -> Response {
        let companyID = caller.companyID
        let hash = idempotencyKey.map { _ in Self.hash(of: parameters) }
        var reader = ParameterReader(parameters)
        guard let message = compose(&reader, usualTrate: usualTrate, companyID: companyID, trace: trace) else {
            // A repetition is answered as the first time even if it would not be accepted any more.
            if let idempotencyKey, let hash,
                let result = try await engine.acceptor.storedAnswer(
                    key: idempotencyKey, requestHash: hash, companyID: companyID)
            {
                return Response(json: try result.bytes([]))
            }
            throw Problem.violations(reader.violations)
        }
        try caller.checkSender(of: message)
        let answer = answer(to: request, message)
        var claim: IdempotencyClaim?
        if let idempotencyKey, let hash {
            claim = IdempotencyClaim(key: idempotencyKey, requestHash: hash, answer: answer)
        }
        return Response(json: try await engine.acceptor.accept(message, idempotency: claim).bytes(answer))
    }

    private func compose(
        _ reader: inout ParameterReader, usualTrate: Double, companyID: CompanyID, trace: TraceContext?
    ) -> Message? {
        let now = engine.context.clock()
        let request = SMSRequest(
            reader: &reader, usualTrate: usualTrate, now: now, callbackRefusal: options.callbackRefusal)
        let composer = SMSComposer(
            directory: engine.context.directory.current, companyID: companyID, now: now,
            concatenationReference: references.next(), trace: trace)
        return composer.message(for: request, reader: &reader)
    }

    /// What the request asks for, whether it came in the query, in a form or as JSON.
    private static func hash(of parameters: [String: JSONValue]) -> [UInt8] {
        Array(SHA256.hash(data: ParameterReader.fingerprint(of: parameters, names: SMSRequest.parameterNames)))
    }
}
