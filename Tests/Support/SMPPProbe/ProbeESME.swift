// SPDX-License-Identifier: Apache-2.0
// The ESME of the probe: submits its messages as capacity allows and prints what comes back, one JSON object a line.

import Foundation
import NIOCore
import NIOPosix
import SMPP
import Synchronization

final class ProbeESME: SMPPClientDelegate {
    private struct State {
        /// Tickets not handed over yet, or handed back.
        var waiting: [UInt64]
        var answered = 0
        var receipts = 0
        var isFinished = false
        var waiter: CheckedContinuation<Bool, Never>?
    }

    private let count: Int
    private let state: Mutex<State>

    init(count: Int) {
        self.count = count
        self.state = Mutex(State(waiting: (0..<UInt64(max(0, count))).map { UInt64(count) - $0 }))
    }

    /// True once everything is answered and reported; false when the time is up first.
    func finished(within limit: TimeAmount) async -> Bool {
        await withCheckedContinuation { continuation in
            let isFinished = state.withLock { state in
                if !state.isFinished { state.waiter = continuation }
                return state.isFinished
            }
            if isFinished { return continuation.resume(returning: true) }
            MultiThreadedEventLoopGroup.singleton.next().scheduleTask(in: limit) { [self] in
                takeWaiter()?.resume(returning: false)
            }
        }
    }

    private func takeWaiter() -> CheckedContinuation<Bool, Never>? {
        state.withLock { state in
            defer { state.waiter = nil }
            return state.waiter
        }
    }

    private func advance(_ change: (inout State) -> Void) {
        let waiter = state.withLock { state in
            change(&state)
            guard state.answered >= count, state.receipts >= count else {
                return nil as CheckedContinuation<Bool, Never>?
            }
            state.isFinished = true
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: true)
    }

    private func submitMore(_ client: SMPPClient) {
        let tickets = state.withLock { state in
            let tickets = Array(state.waiting.suffix(client.capacity).reversed())
            state.waiting.removeLast(tickets.count)
            return tickets
        }
        client.submit(
            tickets.map { ticket in
                Submission(
                    ticket: ticket,
                    SubmitSM(
                        source: Address(ton: .alphanumeric, value: "Probe"),
                        destination: Address(ton: .international, npi: .isdn, value: "4917000\(ticket)"),
                        registeredDelivery: 1, shortMessage: Array("Message \(ticket)".utf8)))
            })
    }

    // MARK: SMPPClientDelegate

    func smppClient(_ client: SMPPClient, completed results: [(ticket: UInt64, result: SubmitResult)]) {
        for (ticket, result) in results {
            switch result {
            case .response(let response):
                let status = "\(response.status)"
                Output.json(["type": "response", "ticket": "\(ticket)", "status": status, "id": response.messageID])
            case .notSent:
                state.withLock { $0.waiting.append(ticket) }
                continue
            case .invalid, .uncertain:
                Output.json(["type": "lost", "ticket": "\(ticket)", "reason": "\(result)"])
            }
            advance { $0.answered += 1 }
        }
        submitMore(client)
    }

    func smppClient(_ client: SMPPClient, received request: InboundRequest) {
        request.respond()
        guard case .deliver(let deliver) = request.message else { return }
        guard let receipt = DeliveryReceipt(deliver) else {
            let text = String(decoding: deliver.shortMessage, as: UTF8.self)
            return Output.json(["type": "message", "from": deliver.source.value, "text": text])
        }
        let state = receipt.state.map { "\($0)" } ?? ""
        Output.json(["type": "receipt", "id": receipt.messageID ?? "", "state": state])
        advance { $0.receipts += 1 }
    }

    func smppClientCapacityAvailable(_ client: SMPPClient) { submitMore(client) }
    func smppClientStateChanged(_ client: SMPPClient) {}
    func smppClient(_ client: SMPPClient, bindLost bindID: UInt64, unanswered: [UInt32]) {}
}

/// Whole lines on standard output, written at once.
enum Output {
    static func line(_ text: String) {
        FileHandle.standardOutput.write(Data((text + "\n").utf8))
    }

    static func json(_ object: [String: String]) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        guard let data = try? encoder.encode(object) else { return }
        line(String(decoding: data, as: UTF8.self))
    }
}
