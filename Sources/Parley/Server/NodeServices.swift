// SPDX-License-Identifier: Apache-2.0
// The parts of a node as services: what a graceful shutdown does to each. They stop in the reverse of the order in which
// they are listed, which is the order in which work flows.

import API
import CustomerSMPP
import Logging
import Messaging
import NumberInfo
import SQL
import ServiceLifecycle
import Verification
import Webhooks

/// A part that runs until it is told to stop.
struct RunningPart: Service {
    let runs: @Sendable () async throws -> Void
    let stops: @Sendable () -> Void

    func run() async throws {
        try await withGracefulShutdownHandler {
            try await runs()
        } onGracefulShutdown: {
            stops()
        }
    }
}

extension RunningPart {
    /// A graceful shutdown drains the engine.
    init(_ engine: MessagingEngine) {
        self.init(runs: { await engine.run() }, stops: { Task { await engine.stop() } })
    }

    /// A graceful shutdown finishes what is under way.
    init(_ webhooks: WebhookDispatcher) {
        self.init(runs: { await webhooks.run() }, stops: { webhooks.stop() })
    }

    init(_ supervisor: ConnectorSupervisor) {
        self.init(runs: { await supervisor.run() }, stops: { supervisor.stop() })
    }

    init(_ files: ExchangeFiles) {
        self.init(runs: { await files.run() }, stops: { files.stop() })
    }

    /// What is under way and not stored is done by the next run.
    init(_ numbers: NumberDesk) {
        self.init(runs: { await numbers.run() }, stops: { numbers.stop() })
    }

    /// Once a minute, ends one-time passwords that have expired and removes what nobody needs any more.
    init(sweeping verifier: Verifier, _ gate: VerificationGate, context: EngineContext) {
        self.init(
            runs: {
                await cancelWhenGracefulShutdown {
                    while (try? await Task.sleep(for: .seconds(60))) != nil {
                        do {
                            try await verifier.sweep()
                            let now = context.clock()
                            while try await context.database.write({ try gate.sweep(in: $0, now: now) }) {}
                        } catch {
                            context.logger.error("housekeeping of codes failed", metadata: ["error": "\(error)"])
                        }
                    }
                }
            }, stops: {})
    }

    /// Customers' sessions finish what is unanswered, and are unbound.
    init(_ customers: CustomerSMPPServer) {
        self.init(
            runs: {
                try? await gracefulShutdown()
                await customers.stop()
            }, stops: {})
    }

    /// Writes down when keys were used, now and then and at the end.
    init(_ keyUse: KeyUseRecorder, directory: DirectoryCache, logger: Logger) {
        self.init(
            runs: {
                await cancelWhenGracefulShutdown { await keyUse.run(directory, logger: logger) }
            }, stops: {})
    }
}
