// SPDX-License-Identifier: Apache-2.0
// A SIP connector for other programs to talk to: `VoiceProbe <options as JSON> [<password>]` reads a request from each
// line of standard input and writes what happens as lines of JSON, as it happens. It ends when its input does and every
// call is over.
//
//     {"call": "441632960960", "from": "493012345678", "text": "1, 2, 3, 4", "language": "en"}
//         →  {"event":"submitted","to":"441632960960","id":"<Call-ID>"}, or "retry", "rejected", "uncertain"
//         →  {"event":"receipt","to":"441632960960","id":"<Call-ID>","state":"delivered","code":null,"reason":"answered"}
//     {"exchanges": true}
//         →  {"event":"exchange","what":"INVITE","status":null,"direction":"sent","id":"<Call-ID>"} …
//
// It starts with {"event":"up"} once calls can be placed, and says {"event":"problem",…} where the options are wrong.

import Accounts
import AsyncHTTPClient
import Connectors
import Foundation
import Logging
import Messaging
import NIOPosix
import Synchronization
import Wire

struct Line: Decodable {
    var call: String?
    var from: String?
    var text: String?
    var language: String?
    var exchanges: Bool?
}

struct NoMedia: MediaAccess {
    func open(_ mediaID: String, companyID: CompanyID) async throws -> (any ReadableMedia)? { nil }
    func fetch(_ url: String, companyID: CompanyID) async throws -> (any ReadableMedia)? { nil }
}

/// Writes what the connector says.
final class PrintingSink: ConnectorSink {
    private struct State: Sendable {
        var recipients: [UUIDv7: String] = [:]
        var open = 0
        var isUp = false
    }

    private let state = Mutex(State())
    let changes: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (changes, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    func opened(_ key: MessageKey, to recipient: String) {
        state.withLock { state in
            state.recipients[key.id] = recipient
            state.open += 1
        }
    }

    var openCalls: Int { state.withLock { $0.open } }

    func closed() {
        state.withLock { $0.open -= 1 }
        continuation.yield()
    }

    static func write(_ members: [(String, String?)]) {
        var writer = JSONWriter()
        let pairs = members.map { ($0.0, $0.1.map { JSONValue.string($0) } ?? .null) }
        writer.value(.object(Dictionary(pairs) { first, _ in first }))
        FileHandle.standardOutput.write(Data((writer.text + "\n").utf8))
    }

    func completed(_ outcomes: [(ticket: PartTicket, outcome: SendOutcome)], by connector: any Connector) {
        connector.settled(outcomes.count)
        for (ticket, outcome) in outcomes {
            let recipient = state.withLock { $0.recipients[ticket.key.id] }
            let to = ("to", recipient)
            switch outcome {
            case .submitted(let id): Self.write([("event", "submitted"), to, ("id", id)])
            case .retry(_, let reason): Self.write([("event", "retry"), to, ("reason", reason)])
            case .rejected(let code, let reason):
                Self.write([("event", "rejected"), to, ("code", code), ("reason", reason)])
            case .uncertain(let reason): Self.write([("event", "uncertain"), to, ("reason", reason)])
            }
            if case .submitted = outcome { continue }
            closed()
        }
    }

    func received(_ event: ConnectorEvent, answer: @escaping @Sendable (IntakeAnswer) -> Void) {
        if case .receipt(let receipt) = event {
            Self.write([
                ("event", "receipt"), ("to", receipt.recipient), ("id", receipt.providerID),
                ("state", "\(receipt.state)"), ("code", receipt.errorCode), ("reason", receipt.reason),
            ])
            closed()
        }
        answer(.stored)
    }

    func acknowledged(connectorID: Int64, fingerprints: [[UInt8]]) async {}

    func capacityChanged(_ connector: any Connector) {
        let isUp = connector.isUp
        let isNew = state.withLock { state in
            defer { state.isUp = isUp }
            return isUp && !state.isUp
        }
        if isNew { Self.write([("event", "up")]) }
        continuation.yield()
    }
}

/// Waits until `condition` holds; looks whenever something has changed.
func wait(_ sink: PrintingSink, until condition: () -> Bool) async {
    if condition() { return }
    for await _ in sink.changes where condition() { return }
}

@main
struct VoiceProbe {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard (2...3).contains(arguments.count), let options = try? JSONValue(parsing: arguments[1].utf8) else {
            print("usage: VoiceProbe <options as JSON> [<password>]")
            exit(64)
        }
        let settings = ConnectorSettings(
            id: 1, name: "trunk", kind: "sip", options: options, secret: arguments.count > 2 ? arguments[2] : "")
        let group = MultiThreadedEventLoopGroup.singleton
        let sink = PrintingSink()
        let client = ProviderClient.makeHTTPClient(group: group)
        let environment = ConnectorEnvironment(
            sink: sink, group: group,
            logger: Logger(label: "probe", factory: { StreamLogHandler.standardError(label: $0) }),
            media: NoMedia(), httpClient: client)
        if let connector = make(settings, environment) {
            connector.start()
            await wait(sink) { connector.isUp }
            while let line = await nextLine() { await perform(line, connector, sink) }
            await wait(sink) { sink.openCalls == 0 }
            await connector.stop()
            PrintingSink.write([("event", "stopped")])
        }
        try await client.shutdown()
    }

    static func make(_ settings: ConnectorSettings, _ environment: ConnectorEnvironment) -> (any Connector)? {
        do throws(ConnectorOptionError) {
            return try ConnectorRegistry.make(settings, environment)
        } catch {
            PrintingSink.write([("event", "problem"), ("reason", error.description)])
            return nil
        }
    }

    /// Reads on a thread that may wait.
    static func nextLine() async -> Line? {
        let text = try? await NIOThreadPool.singleton.runIfActive { readLine() }
        return text.flatMap { $0 }.flatMap { try? JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
    }

    static func perform(_ line: Line, _ connector: any Connector, _ sink: PrintingSink) async {
        if line.exchanges == true {
            for exchange in connector.exchanges?.entries() ?? [] {
                PrintingSink.write([
                    ("event", "exchange"), ("what", exchange.text.what), ("status", exchange.text.status),
                    ("direction", exchange.direction.rawValue), ("id", exchange.text.fields["callID"]?.string),
                ])
            }
        }
        guard let recipient = line.call else { return }
        await wait(sink) { connector.reserve(1) == 1 }
        let now = Timestamp.now()
        let key = MessageKey(companyID: 1, id: UUIDv7.next(now: now))
        sink.opened(key, to: recipient)
        connector.submit([
            Submission(
                ticket: PartTicket(key: key, step: 0, number: 1, attempt: 1), sender: line.from ?? "",
                recipient: recipient,
                content: .speech(SpeechContent(text: line.text ?? "", language: line.language ?? "en")), size: 1,
                expiresAt: now + 600_000, isPossibleDuplicate: false)
        ])
    }
}
