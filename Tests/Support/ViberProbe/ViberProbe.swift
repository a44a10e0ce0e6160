// SPDX-License-Identifier: Apache-2.0
// A Viber bot's connector for other programs to talk to: `ViberProbe <base URL> <token>` reads a request from each line
// of standard input and writes its answer as one line.
//
//     {"send": {…RichContent…}, "to": "01234567890A="}   →  submitted <id> | rejected <code> | …
//     {"callback": "<body>", "signature": "<hex>"}       →  <HTTP status> <event or nothing>
//     {"sign": "<text>"}                                 →  <hex>

import Accounts
import AsyncHTTPClient
import Connectors
import Foundation
import Logging
import Messaging
import NIOPosix
import Wire

struct Line: Decodable {
    var send: RichContent?
    var to: String?
    var callback: String?
    var signature: String?
    var sign: String?
}

struct NoMedia: MediaAccess {
    func open(_ mediaID: String, companyID: CompanyID) async throws -> (any ReadableMedia)? { nil }
    func fetch(_ url: String, companyID: CompanyID) async throws -> (any ReadableMedia)? { nil }
}

final class OutcomeSink: ConnectorSink {
    let outcomes: AsyncStream<SendOutcome>
    private let continuation: AsyncStream<SendOutcome>.Continuation

    init() { (outcomes, continuation) = AsyncStream.makeStream() }

    func completed(_ outcomes: [(ticket: PartTicket, outcome: SendOutcome)], by connector: any Connector) {
        for outcome in outcomes { continuation.yield(outcome.outcome) }
    }

    func received(_ event: ConnectorEvent, answer: @escaping @Sendable (IntakeAnswer) -> Void) { answer(.stored) }
    func acknowledged(connectorID: Int64, fingerprints: [[UInt8]]) async {}
    func capacityChanged(_ connector: any Connector) {}
}

func describe(_ outcome: SendOutcome?) -> String {
    switch outcome {
    case .submitted(let id): "submitted \(id)"
    case .rejected(let code, let reason): "rejected \(code) \(reason)"
    case .retry(_, let reason): "retry \(reason)"
    case .uncertain(let reason): "uncertain \(reason)"
    case nil: "nothing"
    }
}

func describe(_ event: ConnectorEvent) -> String {
    switch event {
    case .receipt(let receipt): "receipt \(receipt.providerID) \(receipt.state)"
    case .message(let message):
        "message \(message.providerID) \(message.sender[0].value) \(message.content.body.contentType)"
    case .inbound, .deleted: "other"
    }
}

func describe(_ reading: ProviderReading) -> String {
    switch reading {
    case .answer(let answer): "\(answer.status)"
    case .events(let events, let answer): "\(answer.status) " + events.map(describe).joined(separator: ", ")
    }
}

/// The connector and what it says.
struct Probe {
    let connector: ViberConnector
    let token: String
    private let client: HTTPClient
    private var outcomes: AsyncStream<SendOutcome>.Iterator

    init(url: String, token: String) throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let sink = OutcomeSink()
        client = ProviderClient.makeHTTPClient(group: group)
        outcomes = sink.outcomes.makeAsyncIterator()
        self.token = token
        let options: JSONValue = .object([
            "baseURL": .string(url), "account": .string("demo"), "senderName": .string("Demo"),
        ])
        connector = try ViberConnector(
            settings: ConnectorSettings(id: 1, name: "bot", kind: "viber-bot", options: options, secret: token),
            environment: ConnectorEnvironment(
                sink: sink, group: group, logger: Logger(label: "probe", factory: { _ in SwiftLogNoOpLogHandler() }),
                media: NoMedia(), httpClient: client))
        connector.start()
    }

    mutating func answer(_ line: String) async -> String {
        guard let request = try? JSONDecoder().decode(Line.self, from: Data(line.utf8)) else { return "unreadable" }
        if let text = request.sign { return ViberSignature.sign(Array(text.utf8), token: token) }
        if let body = request.callback {
            let headers = request.signature.map { ["x-viber-content-signature": $0] } ?? [:]
            return describe(
                connector.read(ProviderRequest(method: "POST", query: [], headers: headers, body: Array(body.utf8))))
        }
        guard let content = request.send, connector.reserve(1) == 1 else { return "nothing to send" }
        let now = Timestamp.now()
        let key = MessageKey(companyID: 1, id: UUIDv7.next(now: now))
        connector.submit([
            Submission(
                ticket: PartTicket(key: key, step: 0, number: 1, attempt: 1), sender: "demo",
                recipient: request.to ?? "", content: .rich(content), size: 1, expiresAt: now + 60_000,
                isPossibleDuplicate: false)
        ])
        let outcome = await outcomes.next(isolation: #isolation)
        connector.settled(1)
        return describe(outcome)
    }

    func stop() async throws {
        await connector.stop()
        try await client.shutdown()
    }
}

@main
struct ViberProbe {
    static func main() async throws {
        guard CommandLine.arguments.count == 3 else {
            print("usage: ViberProbe <base URL> <token>")
            exit(64)
        }
        var probe = try Probe(url: CommandLine.arguments[1], token: CommandLine.arguments[2])
        while let line = readLine() {
            print(await probe.answer(line))
            fflush(nil)
        }
        try await probe.stop()
    }
}
