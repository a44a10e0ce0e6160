// SPDX-License-Identifier: Apache-2.0
// One-time passwords from request to check. What counts is in the database before anybody is answered; no code is in
// memory longer than a call takes, and none is ever in an error, an event or a log.

internal import Logging
public import Messaging
public import SQL

/// The applications and one-time passwords of all companies, on one node.
public struct Verifier: Sendable {
    let context: EngineContext
    let acceptor: Acceptor
    let gate: any SendingGate
    let metrics: GuardMetrics?
    let references = PartReferences()

    /// Without `metrics` nothing is counted.
    public init(engine: MessagingEngine, gate: any SendingGate = OpenGate(), metrics: GuardMetrics? = nil) {
        context = engine.context
        acceptor = engine.acceptor
        self.gate = gate
        self.metrics = metrics
    }

    /// The tables of this target.
    public static let migrations: [Migration] = VerificationMigrations.all

    /// Runs a transaction that writes. The work's own errors pass; what the database says becomes `unavailable`.
    func write<T: Sendable>(
        _ body: @escaping @Sendable (Transaction) throws -> T
    ) async throws(VerificationError) -> T {
        do {
            return try await context.database.write(body)
        } catch {
            throw translated(error)
        }
    }

    /// The same without writing.
    func read<T: Sendable>(
        _ body: @escaping @Sendable (Transaction) throws -> T
    ) async throws(VerificationError) -> T {
        do {
            return try await context.database.read(body)
        } catch {
            throw translated(error)
        }
    }

    private func translated(_ error: any Error) -> VerificationError {
        if let error = error as? VerificationError { return error }
        context.logger.error("verification: the database failed", metadata: ["error": "\(error)"])
        return .unavailable
    }
}
