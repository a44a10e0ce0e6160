// SPDX-License-Identifier: Apache-2.0
// An ESME that remembers what it was told and lets a test wait for it, and a frame that starts and stops both ends.

import Logging
import NIOCore
import NIOPosix
import SMPP
import Synchronization
import Testing

@testable import Simulators

/// State that tests wait on: every change looks at the waiting conditions again.
final class Watched<Value: Sendable>: Sendable {
    private struct Waiter {
        var condition: @Sendable (Value) -> Bool
        var continuation: CheckedContinuation<Bool, Never>
    }

    private struct Inner {
        var value: Value
        var waiters: [UInt64: Waiter] = [:]
        var next: UInt64 = 0
    }

    private let inner: Mutex<Inner>

    init(_ value: Value) {
        inner = Mutex(Inner(value: value))
    }

    var value: Value { inner.withLock { $0.value } }

    func change(_ body: (inout Value) -> Void) {
        let ready = inner.withLock { inner in
            body(&inner.value)
            let met = inner.waiters.filter { $0.value.condition(inner.value) }
            for id in met.keys { inner.waiters[id] = nil }
            return met.values.map(\.continuation)
        }
        for continuation in ready { continuation.resume(returning: true) }
    }

    /// Waits for a condition; after ten seconds the test fails instead.
    func until(
        _ what: Comment, sourceLocation: SourceLocation = #_sourceLocation,
        _ condition: @escaping @Sendable (Value) -> Bool
    ) async {
        let isMet = await withCheckedContinuation { (continuation: CheckedContinuation<Bool, Never>) in
            let id: UInt64? = inner.withLock { inner in
                guard !condition(inner.value) else { return nil }
                inner.next += 1
                inner.waiters[inner.next] = Waiter(condition: condition, continuation: continuation)
                return inner.next
            }
            guard let id else { return continuation.resume(returning: true) }
            MultiThreadedEventLoopGroup.singleton.next().scheduleTask(in: .seconds(10)) { [self] in
                inner.withLock { $0.waiters.removeValue(forKey: id) }?.continuation.resume(returning: false)
            }
        }
        #expect(isMet, what, sourceLocation: sourceLocation)
    }
}

let quietLogger = Logger(label: "simulators-tests") { _ in SwiftLogNoOpLogHandler() }

/// One transceiver bound to a simulator.
final class ESME: SMPPClientDelegate {
    /// What happened, in its order.
    enum Entry: Sendable {
        case answered(ticket: UInt64, SubmitResult)
        case delivered(DeliverSM)
        case data(DataSM)
    }

    struct Log: Sendable {
        var entries: [Entry] = []
        var isUp = false
        var binds = 0
        var lastError: String?

        var results: [UInt64: SubmitResult] {
            var results: [UInt64: SubmitResult] = [:]
            for case .answered(let ticket, let result) in entries { results[ticket] = result }
            return results
        }

        var deliveries: [DeliverSM] {
            entries.compactMap { if case .delivered(let pdu) = $0 { pdu } else { nil } }
        }

        var receipts: [DeliveryReceipt] {
            entries.compactMap { entry in
                switch entry {
                case .delivered(let pdu): DeliveryReceipt(pdu)
                case .data(let pdu): DeliveryReceipt(pdu)
                case .answered: nil
                }
            }
        }

        /// The ids of accepted submissions by ticket.
        var ids: [UInt64: String] {
            results.compactMapValues { result in
                guard case .response(let response) = result, response.status == .ok else { return nil }
                return response.messageID
            }
        }

        func status(_ ticket: UInt64) -> CommandStatus? {
            guard case .response(let response) = results[ticket] else { return nil }
            return response.status
        }
    }

    let log = Watched(Log())
    /// How the n-th delivery is answered, counted from 0; nil leaves it without an answer.
    let answer: @Sendable (Int) -> CommandStatus?
    let client: Mutex<SMPPClient?> = Mutex(nil)

    init(answer: @escaping @Sendable (Int) -> CommandStatus? = { _ in .ok }) {
        self.answer = answer
    }

    func bind(port: Int, _ change: (inout SMPPClient.Configuration) -> Void = { _ in }) async {
        connect(port: port, change)
        await log.until("bound") { $0.isUp }
    }

    func connect(port: Int, _ change: (inout SMPPClient.Configuration) -> Void) {
        var configuration = SMPPClient.Configuration(
            host: "127.0.0.1", port: port, systemID: "parley", password: "parley")
        configuration.reconnectMinimum = .milliseconds(5)
        configuration.reconnectMaximum = .milliseconds(20)
        change(&configuration)
        let client = SMPPClient(
            configuration: configuration, group: MultiThreadedEventLoopGroup.singleton, delegate: self,
            logger: quietLogger)
        self.client.withLock { $0 = client }
        client.start()
    }

    func submit(
        _ ticket: UInt64, to destination: String, text: String = "Hello", receipt: UInt8 = 1,
        _ change: (inout SubmitSM) -> Void = { _ in }
    ) {
        var pdu = SubmitSM(
            source: Address(ton: .international, npi: .isdn, value: "49301234567"),
            destination: Address(ton: .international, npi: .isdn, value: destination), registeredDelivery: receipt,
            shortMessage: Array(text.utf8))
        change(&pdu)
        client.withLock { $0 }?.submit([Submission(ticket: ticket, pdu)])
    }

    func shutdown() async {
        await client.withLock { $0 }?.shutdown()
    }

    func smppClient(_ client: SMPPClient, completed results: [(ticket: UInt64, result: SubmitResult)]) {
        log.change { log in log.entries += results.map { .answered(ticket: $0.ticket, $0.result) } }
    }

    func smppClient(_ client: SMPPClient, received request: InboundRequest) {
        var number = 0
        log.change { log in
            number = log.entries.count { if case .answered = $0 { false } else { true } }
            switch request.message {
            case .deliver(let pdu): log.entries.append(.delivered(pdu))
            case .data(let pdu): log.entries.append(.data(pdu))
            case .alert: break
            }
        }
        if let status = answer(number) { request.respond(status) }
    }

    func smppClientCapacityAvailable(_ client: SMPPClient) {}

    func smppClientStateChanged(_ client: SMPPClient) {
        let state = client.state
        let isUp = state.isUp
        log.change { log in
            if isUp, !log.isUp { log.binds += 1 }
            log.isUp = isUp
            log.lastError = state.lastError
        }
    }

    func smppClient(_ client: SMPPClient, bindLost bindID: UInt64, unanswered: [UInt32]) {}
}

func makeSimulator(
    _ change: (inout SMSCSimulator.Configuration) -> Void = { _ in }
) -> SMSCSimulator {
    var configuration = SMSCSimulator.Configuration()
    configuration.port = 0
    configuration.retryDelay = .milliseconds(20)
    change(&configuration)
    return SMSCSimulator(
        configuration: configuration, group: MultiThreadedEventLoopGroup.singleton, logger: quietLogger)
}

/// A simulator with an ESME bound to it, both gone afterwards.
func withSimulator(
    _ change: (inout SMSCSimulator.Configuration) -> Void = { _ in },
    answer: @escaping @Sendable (Int) -> CommandStatus? = { _ in .ok },
    _ body: (SMSCSimulator, ESME) async throws -> Void
) async throws {
    let simulator = makeSimulator(change)
    let port = try await simulator.start()
    let esme = ESME(answer: answer)
    await esme.bind(port: port)
    let result: Result<Void, any Error>
    do { result = .success(try await body(simulator, esme)) } catch { result = .failure(error) }
    // The links first: an ESME that leaves deliveries unanswered would hold up the orderly end.
    simulator.dropLinks()
    await esme.shutdown()
    await simulator.shutdown()
    try result.get()
}
