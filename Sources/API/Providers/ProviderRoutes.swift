// SPDX-License-Identifier: Apache-2.0
// Where providers call: `/connectors/{name}`, without a key, for every provider shows in its own way who it is. What a
// request tells is stored before it is answered; what could not be stored the provider is asked to send again.

internal import Hummingbird
internal import Messaging
internal import NIOCore
internal import Synchronization

struct ProviderRoutes: Sendable {
    /// Bytes of a provider's request; Graph's may have up to 3 MiB.
    private static let bodyLimit = 4 * 1024 * 1024

    let engine: MessagingEngine

    func add(to router: Router<APIRequestContext>) {
        router.get("connectors/:name", use: handle)
        router.post("connectors/:name", use: handle)
    }

    @Sendable private func handle(_ request: Request, context: APIRequestContext) async throws -> Response {
        let name = try context.parameters.require("name")
        guard let connector = engine.runningConnectors.first(where: { $0.name == name }) as? any WebhookConnector else {
            throw Problem.notFound("No connector of this name is running here.")
        }
        let body: ByteBuffer
        do {
            body = try await request.body.collect(upTo: Self.bodyLimit)
        } catch is NIOTooManyBytesError {
            throw Problem.tooLarge
        }
        switch connector.read(Self.providerRequest(request, body: body)) {
        case .answer(let answer): return Response(answer)
        case .events(let events, let answer):
            // A number that is nobody's any more will not become somebody's by a repetition.
            for await stored in store(events) where stored == .unavailable { throw Problem.unavailable }
            return Response(answer)
        }
    }

    /// Hands all events over at once, so that they share a commit; the answers as they come.
    private func store(_ events: [ConnectorEvent]) -> AsyncStream<IntakeAnswer> {
        let (answers, continuation) = AsyncStream.makeStream(of: IntakeAnswer.self)
        let open = Countdown(events.count) { continuation.finish() }
        for event in events {
            engine.received(event) { answer in
                continuation.yield(answer)
                open.count()
            }
        }
        return answers
    }

    private static func providerRequest(_ request: Request, body: ByteBuffer) -> ProviderRequest {
        var headers: [String: String] = [:]
        for field in request.headers where headers[field.name.canonicalName] == nil {
            headers[field.name.canonicalName] = field.value
        }
        return ProviderRequest(
            method: request.method.rawValue,
            query: request.uri.queryParameters.map { (name: String($0.key), value: String($0.value)) },
            headers: headers, body: Array(body.readableBytesView))
    }
}

/// Calls back when so many things have happened; at once for none.
private final class Countdown: Sendable {
    private let left: Mutex<Int>
    private let done: @Sendable () -> Void

    init(_ count: Int, done: @escaping @Sendable () -> Void) {
        left = Mutex(count)
        self.done = done
        if count == 0 { done() }
    }

    func count() {
        let isDone = left.withLock { left in
            left -= 1
            return left == 0
        }
        if isDone { done() }
    }
}

extension Response {
    fileprivate init(_ answer: ProviderAnswer) {
        self.init(
            status: .init(code: answer.status), headers: [.contentType: answer.contentType],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body)))
    }
}
