// SPDX-License-Identifier: Apache-2.0
// The ceiling of a WhatsApp cycle: a server that makes the same HTTP exchanges as Parley with the same clients, and does
// nothing besides. A request becomes a message to the Cloud API, statuses become callbacks; what has to be known of a
// message later travels with it.

import AsyncHTTPClient
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import NIOPosix
import Wire

final class WhatsAppFloor: Sendable {
    private let graph: String?
    private let provider: HTTPClient
    private let callbacks: HTTPClient

    /// Without a provider it takes customers' messages only. The connections are as many as Parley has to a provider and
    /// to one receiver of callbacks.
    init(graph: String?) {
        self.graph = graph
        provider = Self.client(connections: 256)
        callbacks = Self.client(connections: 16)
    }

    private static func client(connections: Int) -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
        configuration.httpVersion = .http1Only
        return HTTPClient(
            eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup.singleton), configuration: configuration)
    }

    func add(to router: Router<BasicRequestContext>) {
        router.post(RouterPath(String(WhatsAppSample.sendPath.dropFirst()))) { [self] request, _ in
            try send(try await Self.json(of: request))
        }
        router.post(RouterPath(String(WhatsAppSample.webhookPath.dropFirst()))) { [self] request, _ in
            tell(of: try await Self.json(of: request))
            return Response(status: .ok)
        }
    }

    private static func json(of request: Request) async throws -> JSONValue {
        let body = try await request.body.collect(upTo: 256 * 1024)
        guard let value = try? JSONValue(parsing: body.readableBytesView) else { throw HTTPError(.badRequest) }
        return value
    }

    /// Accepts, tells so, and sends.
    private func send(_ json: JSONValue) throws -> Response {
        guard let recipient = json["to"]?.string, let context = json["context"]?.string,
            let callback = json["overrides"]?["notificationCallbackUrl"]?.string
        else { throw HTTPError(.badRequest) }
        let note = "\(context) \(callback)"
        report("MessageStatus::accepted", note)
        if let graph {
            post(
                to: "\(graph)/v23.0/\(WhatsAppSample.numberID)/messages",
                WhatsAppSample.graph(to: recipient, note: note), provider,
                headers: ["authorization": "Bearer \(WhatsAppSample.accessToken)"])
        }
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("messageId", UUIDv7.next(now: Timestamp.now()).description)
            writer.member("acceptedAt", Timestamp.rfc3339(Timestamp.now()))
        }
        return Response(
            status: .accepted, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: writer.bytes)))
    }

    /// Callbacks for the statuses of which Parley's customers are told.
    private func tell(of webhook: JSONValue) {
        for entry in webhook["entry"]?.array ?? [] {
            for change in entry["changes"]?.array ?? [] {
                for status in change["value"]?["statuses"]?.array ?? [] {
                    guard let note = status["biz_opaque_callback_data"]?.string else { continue }
                    switch status["status"]?.string {
                    case "delivered": report("MessageStatus::delivered", note)
                    case "read": report("MessageStatus::seen", note)
                    default: break
                    }
                }
            }
        }
    }

    private func report(_ event: String, _ note: String) {
        let words = note.split(separator: " ", maxSplits: 1)
        guard words.count == 2 else { return }
        var writer = JSONWriter(capacity: 256)
        writer.object { writer in
            writer.member("event", event)
            writer.member("channel", "whatsapp")
            writer.member("timestamp", Timestamp.rfc3339(Timestamp.now()))
            writer.member("userContext", String(words[0]))
        }
        post(to: String(words[1]), writer.bytes, callbacks)
    }

    private func post(to url: String, _ body: [UInt8], _ client: HTTPClient, headers: HTTPHeaders = [:]) {
        var headers = headers
        headers.add(name: "content-type", value: "application/json")
        guard
            let request = try? HTTPClient.Request(
                url: url, method: .POST, headers: headers, body: .byteBuffer(ByteBuffer(bytes: body)))
        else { return }
        client.execute(request: request).whenComplete { _ in }
    }
}
