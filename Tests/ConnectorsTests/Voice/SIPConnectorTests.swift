// SPDX-License-Identifier: Apache-2.0
// The SIP connector and the simulated telephone network, over loopback: what a telephone hears, and what the core does.

import Accounts
import AsyncHTTPClient
import Logging
import Messaging
import NIOPosix
import Simulators
import Synchronization
import Testing
import Wire

@testable import Connectors

/// Hands what the connector says to whoever waits for it.
final class CallSink: ConnectorSink {
    struct Ended: Equatable {
        var outcome: SendOutcome
        var receipt: Receipt?
    }

    private struct State: Sendable {
        var outcomes: [UUIDv7: SendOutcome] = [:]
        var waiting: [UUIDv7: CheckedContinuation<Ended, Never>] = [:]
        var keys: [String: UUIDv7] = [:]
        var refusals = 0
        var isUp: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    /// How many receipts are not stored at the first try.
    init(refusals: Int = 0) { state.withLock { $0.refusals = refusals } }

    func end(of id: UUIDv7, _ submit: () -> Void) async -> Ended {
        await withCheckedContinuation { continuation in
            state.withLock { $0.waiting[id] = continuation }
            submit()
        }
    }

    func up(_ connector: any Connector) async {
        await withCheckedContinuation { continuation in
            state.withLock { $0.isUp.append(continuation) }
            capacityChanged(connector)
        }
    }

    func completed(_ outcomes: [(ticket: PartTicket, outcome: SendOutcome)], by connector: any Connector) {
        connector.settled(outcomes.count)
        for (ticket, outcome) in outcomes {
            let id = ticket.key.id
            let continuation = state.withLock { state -> CheckedContinuation<Ended, Never>? in
                state.outcomes[id] = outcome
                guard case .submitted(let providerID) = outcome else { return state.waiting.removeValue(forKey: id) }
                state.keys[providerID] = id
                return nil
            }
            continuation?.resume(returning: Ended(outcome: outcome, receipt: nil))
        }
    }

    func received(_ event: ConnectorEvent, answer: @escaping @Sendable (IntakeAnswer) -> Void) {
        guard case .receipt(let receipt) = event else { return answer(.stored) }
        let isRefused = state.withLock { state in
            state.refusals -= 1
            return state.refusals >= 0
        }
        if isRefused { return answer(.unavailable) }
        let (continuation, outcome) = state.withLock { state in
            let id = state.keys[receipt.providerID]
            return (id.flatMap { state.waiting.removeValue(forKey: $0) }, id.flatMap { state.outcomes[$0] })
        }
        if continuation == nil { Issue.record("a receipt that nobody waits for: \(receipt)") }
        continuation?.resume(returning: Ended(outcome: outcome ?? .uncertain(reason: "no outcome"), receipt: receipt))
        answer(.stored)
    }

    func acknowledged(connectorID: Int64, fingerprints: [[UInt8]]) async {}

    func capacityChanged(_ connector: any Connector) {
        guard connector.isUp else { return }
        let waiting = state.withLock { state in
            defer { state.isUp = [] }
            return state.isUp
        }
        for continuation in waiting { continuation.resume() }
    }
}

private struct NoMedia: MediaAccess {
    func open(_ mediaID: String, companyID: CompanyID) async throws -> (any ReadableMedia)? { nil }
    func fetch(_ url: String, companyID: CompanyID) async throws -> (any ReadableMedia)? { nil }
}

/// A connector, the network that it calls, and what it says.
struct Trunk {
    let simulator: VoiceSimulator
    let connector: SIPConnector
    let sink: CallSink

    static func run(
        credentials: VoiceSimulator.Credentials? = nil, options: [String: JSONValue] = [:], secret: String = "",
        refusals: Int = 0, _ body: (Trunk) async throws -> Void
    ) async throws {
        var configuration = VoiceSimulator.Configuration()
        configuration.ringing = .milliseconds(50)
        configuration.credentials = credentials
        let group = MultiThreadedEventLoopGroup.singleton
        let simulator = VoiceSimulator(configuration: configuration, group: group)
        let port = try await simulator.start()
        let client = ProviderClient.makeHTTPClient(group: group)
        let sink = CallSink(refusals: refusals)
        let members: [String: JSONValue] = [
            "host": .string("127.0.0.1"), "port": .number(Double(port)), "repeat": .number(1),
        ]
        let environment = ConnectorEnvironment(
            sink: sink, group: group, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
            media: NoMedia(), httpClient: client)
        let connector = try SIPConnector(
            settings: ConnectorSettings(
                id: 7, name: "trunk", kind: "sip", options: .object(members.merging(options) { $1 }), secret: secret),
            environment: environment)
        connector.start()
        await sink.up(connector)
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(Trunk(simulator: simulator, connector: connector, sink: sink)))
        } catch {
            result = .failure(error)
        }
        await connector.stop()
        await simulator.shutdown()
        try await client.shutdown()
        try result.get()
    }

    func call(_ number: String, from sender: String = "4930123", content: MessageContent? = nil) async -> CallSink.Ended
    {
        let now = Timestamp.now()
        let key = MessageKey(companyID: 1, id: UUIDv7.next(now: now))
        return await sink.end(of: key.id) {
            #expect(connector.reserve(1) == 1)
            connector.submit([
                Submission(
                    ticket: PartTicket(key: key, step: 0, number: 1, attempt: 1), sender: sender, recipient: number,
                    content: content ?? .speech(SpeechContent(text: "1, 2", language: "en")), size: 1,
                    expiresAt: now + 60_000, isPossibleDuplicate: false)
            ])
        }
    }
}

struct SIPConnectorTests {
    @Test(arguments: ["PCMU", "PCMA"])
    func `a telephone rings, shows the caller, and hears the speech`(_ codec: String) async throws {
        try await Trunk.run(options: ["codecs": .array([.string(codec)])]) { trunk in
            let ended = await trunk.call("441632960960")
            let receipt = try #require(ended.receipt)
            #expect(ended.outcome == .submitted(providerID: receipt.providerID))
            #expect(receipt.state == .delivered)
            #expect(receipt.errorCode == nil)
            #expect(receipt.reason == "answered")
            #expect(receipt.connectorID == 7)
            #expect(receipt.recipient == "441632960960")
            // BYE was sent when the receipt came; the telephone has it a moment later.
            let call = try await finished(trunk.simulator, "441632960960")
            #expect(call.caller == "+4930123")
            #expect(call.assertedIdentity == "sip:+4930123@127.0.0.1")
            #expect(call.callID == receipt.providerID)
            try await expectSpeech(call)
        }
    }

    /// The call once the telephone knows of its end.
    private func finished(_ simulator: VoiceSimulator, _ number: String) async throws -> SimulatedCall {
        for _ in 0..<500 {
            if let call = simulator.calls(to: number).last, call.endedAt != nil { return call }
            try await Task.sleep(for: .milliseconds(10))
        }
        return try #require(simulator.calls(to: number).last)
    }

    /// What was heard is what was said, but for G.711's rounding: 30 dB below the speech.
    private func expectSpeech(_ call: SimulatedCall) async throws {
        let options = try SIPOptionTests.options(#"{"host":"192.0.2.1","repeat":1}"#).speech
        let said = try await SpeechSynthesizer(options: options).announcement(
            SpeechContent(text: "1, 2", language: "en"))
        #expect(call.samples.count >= said.samples.count)
        #expect(call.audioLength == Int64(call.samples.count) / 8)
        var noise = 0.0
        var signal = 0.0
        for (heard, meant) in zip(call.samples, said.samples) {
            noise += Double(Int(heard) - Int(meant)) * Double(Int(heard) - Int(meant))
            signal += Double(meant) * Double(meant)
        }
        #expect(signal > 1000 * noise, "\(signal / noise)")
        #expect(WaveSamples(call.wav) == WaveSamples(rate: 8000, samples: call.samples))
    }

    @Test(arguments: [
        ("441632960002", "voice::unreachable", "404 Not Found"), ("441632960004", "voice::rejected", "603 Decline"),
        ("441632960003", "voice::no-answer", "nobody answered in time"),
        ("441632960005", "voice::busy", "486 Busy Here"),
        ("441632960006", "voice::unreachable", "503 Service Unavailable"),
        ("441632960008", "voice::hung-up", "hung up before the end"),
        ("441632960009", "voice::no-answer", "480 Temporarily Unavailable"),
    ])
    func `a call that comes to nothing says why`(_ number: String, _ code: String, _ reason: String) async throws {
        try await Trunk.run(options: ["answerTimeout": .number(5)]) { trunk in
            let receipt = try #require(await trunk.call(number).receipt)
            #expect(receipt.state == .undeliverable)
            #expect(receipt.errorCode == code)
            #expect(receipt.reason == reason)
        }
    }

    @Test
    func `it registers and calls with its password, and stays down with another`() async throws {
        let credentials = VoiceSimulator.Credentials(username: "parley", password: "secret")
        let options: [String: JSONValue] = ["username": .string("parley"), "register": .bool(true)]
        try await Trunk.run(credentials: credentials, options: options, secret: "secret") { trunk in
            #expect(await trunk.call("441632960960").receipt?.state == .delivered)
            #expect(trunk.connector.linkState.phases == [.bound])
            let said = trunk.connector.exchanges?.entries().map(\.text.what) ?? []
            #expect(said.starts(with: ["REGISTER", "REGISTER", "REGISTER", "REGISTER", "INVITE", "INVITE", "ACK"]))
        }
    }

    @Test
    func `a wrong password refuses the call`() async throws {
        let credentials = VoiceSimulator.Credentials(username: "parley", password: "secret")
        try await Trunk.run(credentials: credentials, options: ["username": .string("parley")], secret: "other") {
            trunk in
            let receipt = try #require(await trunk.call("441632960960").receipt)
            #expect(receipt.errorCode == "voice::rejected")
            #expect(receipt.reason == "407 Proxy Authentication Required")
        }
    }

    @Test
    func `a receipt is offered until it is stored`() async throws {
        try await Trunk.run(refusals: 2) { trunk in
            #expect(await trunk.call("441632960005").receipt?.errorCode == "voice::busy")
        }
    }

    @Test
    func `there are as many lines as there may be calls, and each is free again`() async throws {
        try await Trunk.run(options: ["concurrentCalls": .number(4)]) { trunk in
            #expect(trunk.connector.reserve(10) == 4)
            #expect(trunk.connector.reserve(1) == 0)
            trunk.connector.release(4)
            await withTaskGroup(of: CallSink.Ended.self) { group in
                for number in 0..<4 { group.addTask { await trunk.call("44163296010\(number)") } }
                for await ended in group { #expect(ended.receipt?.state == .delivered) }
            }
        }
    }

    @Test
    func `stopping waits for the call that is going on, and takes no other`() async throws {
        try await Trunk.run { trunk in
            async let ended = trunk.call("441632960960")
            while trunk.simulator.calls(to: "441632960960").isEmpty { try await Task.sleep(for: .milliseconds(5)) }
            await trunk.connector.stop()
            #expect(await ended.receipt?.state == .delivered)
            #expect(trunk.connector.reserve(1) == 0)
            #expect(trunk.connector.linkState.phases == [.stopped])
            trunk.connector.start()
            await trunk.sink.up(trunk.connector)
            #expect(await trunk.call("441632960005").receipt?.errorCode == "voice::busy")
        }
    }

    @Test
    func `only speech is spoken, and only numbers are called`() async throws {
        try await Trunk.run { trunk in
            let text = await trunk.call("441632960960", content: .rich(RichContent(.text(TextBody("1")))))
            #expect(text.outcome == .rejected(code: "voice::rejected", reason: "only speech can be spoken"))
            let word = await trunk.call("nobody")
            #expect(word.outcome == .rejected(code: "voice::unreachable", reason: "the recipient is no number"))
        }
    }

    @Test
    func `a trunk that nobody is behind is tried again`() async throws {
        try await Trunk.run(options: ["transport": .string("tcp")]) { trunk in
            guard case .retry = await trunk.call("441632960960").outcome else {
                Issue.record("not tried again")
                return
            }
            #expect(trunk.connector.linkState.problem != nil)
        }
    }
}
