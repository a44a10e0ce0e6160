// SPDX-License-Identifier: Apache-2.0
// Reads the configuration file again, at SIGHUP or when an operator asks through the Admin API. Companies, keys, numbers,
// SMPP accounts, connectors, routes and prices change at once; the settings of the node itself wait for its next start.

import API
import Accounts
import Foundation
import Logging
import Messaging
import SQL
import ServiceLifecycle
import UnixSignals
import Wire

struct ConfigurationReload: Sendable {
    /// Nil for a node that has no file, such as the demo's.
    let file: String?
    let database: Database
    let directory: DirectoryCache
    let secrets: SecretBox
    let checks: ProvisioningChecks
    let logger: Logger

    /// Applies the file as it is now. What is wrong with it is thrown before anything is changed.
    func callAsFunction() async throws -> [Provisioner.Change] {
        guard let file else { return [] }
        let configuration = try Configuration(file: file, environment: ProcessInfo.processInfo.environment)
        let changes = try await ConfigurationApplier(configuration: configuration, secrets: secrets, checks: checks)
            .apply(to: database, now: Timestamp.now())
        try await directory.reload()
        logger.notice("configuration read again", metadata: ["file": "\(file)", "changes": "\(changes.count)"])
        return changes
    }
}

/// Reads the file again at every SIGHUP.
struct ReloadService: Service {
    let reload: ConfigurationReload
    let certificates: TLSCertificates?

    func run() async throws {
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
            do {
                _ = try await reload()
            } catch {
                reload.logger.error("configuration not read again", metadata: ["error": "\(error)"])
            }
            do {
                try certificates?.reload()
            } catch {
                reload.logger.error("certificates not read again", metadata: ["error": "\(error)"])
            }
        }
    }
}
