// SPDX-License-Identifier: Apache-2.0
// Stands where a channel has no connector: refuses every submission with the reason, so that a message says why it
// failed, and a chain goes on to its next channel.

internal import Synchronization
internal import Wire

final class NoConnector: Connector {
    let id: Int64 = 0
    let name = "none"
    let isUp = true
    let uncertainPolicy = UncertainPolicy.fail
    private struct Target { weak var dispatcher: Dispatcher? }
    private let target = Mutex(Target())

    func connect(_ dispatcher: Dispatcher) { target.withLock { $0.dispatcher = dispatcher } }

    func reserve(_ count: Int) -> Int { count }
    func release(_ count: Int) {}

    func submit(_ submissions: [Submission]) {
        let dispatcher = target.withLock { $0.dispatcher }
        let outcome = SendOutcome.rejected(
            code: "parley::error::noConnector", reason: "no connector is configured for the channel")
        dispatcher?.completed(submissions.map { ($0.ticket, outcome) }, by: self)
    }

    func start() {}
    func stop() async {}
}
