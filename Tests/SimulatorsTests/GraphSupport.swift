// SPDX-License-Identifier: Apache-2.0
// What the tests of the HTTP simulators share: a receiver of callbacks, a client, and a simulator that is shut down.

import AsyncHTTPClient
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import Wire

@testable import Simulators

/// Receives callbacks on loopback, answers them as told, and hands them on in order.
final class CallbackSink: Sendable {
    struct Received: Sendable {
        var headers: HTTPHeaders
        var body: [UInt8]
        var json: JSONValue
        var status: HTTPResponseStatus
    }

    private let server: Mutex<LoopbackServer?> = Mutex(nil)
    private let answers = Mutex<[HTTPResponseStatus]>([])
    private let stream: AsyncStream<Received>
    private let input: AsyncStream<Received>.Continuation
    private let address = Mutex("")

    var url: String { address.withLock { $0 } }

    init() { (stream, input) = AsyncStream.makeStream() }

    /// The next callbacks are answered so; those after them 200.
    func answer(_ statuses: HTTPResponseStatus...) { answers.withLock { $0 += statuses } }

    func start(verifyToken: String = "verify me") async throws {
        let server = LoopbackServer(group: .singletonMultiThreadedEventLoopGroup) { [self] request, respond in
            if request.method == .GET {
                let isRight =
                    request.query["hub.mode"] == "subscribe" && request.query["hub.verify_token"] == verifyToken
                let challenge = Array((request.query["hub.challenge"] ?? "").utf8)
                return respond(.respond(LoopbackResponse(isRight ? .ok : .forbidden, body: isRight ? challenge : [])))
            }
            let status = answers.withLock { $0.isEmpty ? HTTPResponseStatus.ok : $0.removeFirst() }
            input.yield(
                Received(headers: request.headers, body: request.body, json: request.json ?? .null, status: status))
            respond(.respond(LoopbackResponse(status)))
        }
        let port = try await server.start(host: "127.0.0.1", port: 0)
        self.server.withLock { $0 = server }
        address.withLock { $0 = "http://127.0.0.1:\(port)/hook" }
    }

    func shutdown() async { await server.withLock { $0 }?.shutdown() }

    /// The next `count` callbacks, refused ones included.
    func next(_ count: Int) async -> [Received] {
        var received: [Received] = []
        var iterator = stream.makeAsyncIterator()
        while received.count < count, let one = await iterator.next() { received.append(one) }
        return received
    }
}

/// An answer to a request of a test.
struct Answer: Sendable {
    var status: Int
    var headers: HTTPHeaders
    var body: [UInt8]

    var json: JSONValue { (try? JSONValue(parsing: body)) ?? .null }
}

struct TestClient: Sendable {
    var baseURL: String
    var headers: HTTPHeaders

    /// Throws when there is no answer.
    func send(
        _ method: HTTPMethod, _ path: String, _ body: [UInt8]? = nil, headers: HTTPHeaders? = nil,
        timeout: TimeAmount = .seconds(10)
    ) async throws -> Answer {
        let url = path.hasPrefix("http") ? path : baseURL + path
        let request = try HTTPClient.Request(
            url: url, method: method, headers: headers ?? self.headers, body: body.map { .bytes($0) })
        let client = HTTPClient.shared
        let response = try await client.execute(
            request: request, eventLoop: .delegateAndChannel(on: client.eventLoopGroup.next()),
            deadline: .now() + timeout
        ).get()
        return Answer(
            status: Int(response.status.code), headers: response.headers,
            body: response.body.map { Array($0.readableBytesView) } ?? [])
    }

    func post(_ path: String, _ json: String) async throws -> Answer { try await send(.POST, path, Array(json.utf8)) }
}

/// A Graph API with its receiver, for one test.
struct GraphBench: Sendable {
    static let number = "106540352242922"
    static let path = "/v23.0/106540352242922/messages"

    var graph: GraphSimulator
    var sink: CallbackSink
    var client: TestClient

    static func run(
        _ change: (inout GraphSimulator.Configuration) -> Void = { _ in },
        _ body: (GraphBench) async throws -> Void
    ) async throws {
        let sink = CallbackSink()
        try await sink.start()
        var configuration = GraphSimulator.Configuration()
        configuration.callbackURL = sink.url
        configuration.enforcesWindow = false
        configuration.retries.first = .milliseconds(10)
        change(&configuration)
        let graph = GraphSimulator(
            configuration: configuration, group: .singletonMultiThreadedEventLoopGroup, logger: Logger(label: "test"))
        try await graph.start()
        let client = TestClient(
            baseURL: graph.baseURL,
            headers: ["Authorization": "Bearer EAASimulated", "Content-Type": "application/json"])
        let result: Result<Void, any Error>
        do {
            try await body(GraphBench(graph: graph, sink: sink, client: client))
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await graph.shutdown()
        await sink.shutdown()
        try result.get()
    }

    /// Sends a text and returns the answer.
    func text(to recipient: String) async throws -> Answer {
        try await client.post(
            Self.path,
            #"{"messaging_product":"whatsapp","to":"\#(recipient)","type":"text","text":{"body":"Hello"}}"#)
    }
}

extension JSONValue {
    /// The member at a path such as `entry.0.changes.0.value`.
    func at(_ path: String) -> JSONValue? {
        var value: JSONValue? = self
        for name in path.split(separator: ".") {
            if let index = Int(name), let array = value?.array {
                value = array.indices.contains(index) ? array[index] : nil
            } else {
                value = value?[String(name)]
            }
        }
        return value
    }

    /// The `value` of the only change of a Graph webhook.
    var graphValue: JSONValue? { at("entry.0.changes.0.value") }
    /// `sent`, `delivered` …, with the code of an error.
    var graphStatus: String? {
        guard let status = graphValue?.at("statuses.0") else { return nil }
        let code = status.at("errors.0.code")?.int64
        return (status["status"]?.string ?? "") + (code.map { " \($0)" } ?? "")
    }
}

/// SplitMix64.
struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// Bytes made of good ones by cutting, doubling and overwriting.
func mangled(_ bytes: [UInt8], _ random: inout Seeded) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
        let index = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.removeSubrange(index..<min(bytes.count, index + Int.random(in: 1...20, using: &random)))
        case 2: bytes.insert(contentsOf: bytes[index..<min(bytes.count, index + 12)], at: index)
        default: bytes[index] = Array("{}[]\":,0-".utf8).randomElement(using: &random) ?? 0
        }
    }
    return bytes
}
