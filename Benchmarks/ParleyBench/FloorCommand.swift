// SPDX-License-Identifier: Apache-2.0
// `parley-bench floor`: the least that a server on Hummingbird as it comes can do with an SMS request: decode the body,
// echo it as the answer. With `--callbacks` it also posts one report for each request, and is the server of the
// ceiling: the exchanges of a full cycle without a database or a carrier. On WhatsApp's addresses it is the floor of what
// customers write, and with `--graph` the ceiling of a cycle there.

import ArgumentParser
import AsyncHTTPClient
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Wire

struct FloorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "floor", abstract: "Decode and echo SMS bodies on Hummingbird.")

    @Option(help: "The port to listen on.") var port: Int
    @Flag(help: "Post a report to each request's callbackUrl.") var callbacks = false
    @Option(help: "The Cloud API's base URL; WhatsApp messages are sent there.") var graph: String?

    func run() async throws {
        let router = Router(context: BasicRequestContext.self)
        let reporter = callbacks ? Reporter() : nil
        router.get("ready") { _, _ in HTTPResponse.Status.ok }
        router.post("messaging/v1/sms") { request, _ in
            let body = try await request.body.collect(upTo: 256 * 1024)
            guard let message = EchoedMessage(body) else { throw HTTPError(.badRequest) }
            reporter?.report(message)
            return Response(
                status: .ok, headers: [.contentType: "application/json"],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: message.answer("ACCEPTED"))))
        }
        WhatsAppFloor(graph: graph).add(to: router)
        let application = Application(
            router: router, server: .http1(configuration: HTTP1Channel.Configuration(idleTimeout: .seconds(60))),
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: port)),
            logger: ParleyBench.quietLogger)
        try await application.runService()
    }
}

/// An SMS request, decoded as far as the echo and the report need it.
private struct EchoedMessage: Sendable {
    private let from: String
    private let to: String
    private let text: String
    private let reference: String?
    let callbackURL: String?

    init?(_ body: ByteBuffer) {
        guard let value = try? JSONValue(parsing: body.readableBytesView), let members = value.object,
            let from = members["from"]?.string, let to = members["to"]?.string,
            let text = members["message"]?.string
        else { return nil }
        self.from = from
        self.to = to
        self.text = text
        reference = members["reference"]?.string
        callbackURL = members["callbackUrl"]?.string
    }

    func answer(_ status: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("from", from)
            writer.member("to", to)
            writer.member("message", text)
            writer.member("reference", reference)
            writer.member("status", status)
        }
        return writer.bytes
    }
}

/// Posts reports through the HTTP client that Parley's webhooks use, with as many connections as they have.
private final class Reporter: Sendable {
    private let client: HTTPClient

    init() {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 16
        configuration.httpVersion = .http1Only
        client = HTTPClient(
            eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup.singleton), configuration: configuration)
    }

    func report(_ message: EchoedMessage) {
        guard let url = message.callbackURL,
            let request = try? HTTPClient.Request(
                url: url, method: .POST, headers: ["content-type": "application/json"],
                body: .bytes(message.answer("DELIVERED")))
        else { return }
        client.execute(request: request).whenComplete { _ in }
    }
}
