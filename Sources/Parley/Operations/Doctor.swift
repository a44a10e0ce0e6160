// SPDX-License-Identifier: Apache-2.0
// Looks at a deployment from its configuration file outward: the file, the key, the database, the machine, the node, the
// carriers, the customers' URLs. It changes nothing, sends nothing, and says what to do about whatever is wrong.

import Accounts
import Connectors
import Foundation
import Logging
import Messaging
import SQL
import Webhooks
import Wire

struct Doctor: Sendable {
    let file: String
    var environment = ProcessInfo.processInfo.environment
    /// Whether each carrier is also bound to, which takes one of the account's binds for a moment.
    var binds = false
    var now: Milliseconds = Timestamp.now()
    let run = DoctorRun()

    /// Everything that was found. Never throws: whatever happens is a finding.
    func examine() async -> DoctorReport {
        let configuration: Configuration
        do {
            configuration = try Configuration(file: file, environment: environment)
        } catch {
            return DoctorReport(checks: [
                .failure("configuration", "\(error)", advice: "Correct the file; docs/configuration.md has every key.")
            ])
        }
        let key = MasterKeyState(configuration.masterKey)
        let database = await DatabaseFindings.gather(configuration.database, key: key, now: now)
        let first: [DoctorCheck] =
            [.ok("configuration", file), DoctorHost.masterKey(configuration.masterKey, key, fits: database.keyFits)]
            + database.checks
        let rest = await run(tasks(configuration, database))
        return DoctorReport(checks: first + rest)
    }

    private func tasks(_ configuration: Configuration, _ database: DatabaseFindings) -> [DoctorTask] {
        host(configuration) + [nodeTask(configuration, database)]
            + connectorTasks(configuration, database) + callbackTasks(configuration, database)
    }

    private func host(_ configuration: Configuration) -> [DoctorTask] {
        let now = now
        var tasks: [DoctorTask] = []
        if case .sqlite(let path, _) = configuration.database {
            let folder = FileManager.default.resolved(URL(filePath: path).deletingLastPathComponent().path)
            tasks.append(
                DoctorTask("disk of the database") { [DoctorHost.disk("disk of the database", folder: folder)] })
            tasks.append(
                DoctorTask("file system") { [DoctorHost.fileSystem(of: folder, mounts: MountTable.current())] })
        }
        if let folder = configuration.logging.exchanges {
            tasks.append(DoctorTask("disk of exchanges") { [DoctorHost.disk("disk of exchanges", folder: folder)] })
        }
        tasks.append(DoctorTask("clock") { [DoctorHost.clock(isSynchronised: HostFacts.isClockSynchronised)] })
        let (connections, sessions) = (configuration.http.maximumConnections, configuration.smpp?.maximumSessions ?? 0)
        tasks.append(
            DoctorTask("open files") {
                [DoctorHost.openFiles(HostFacts.openFileLimit, connections: connections, sessions: sessions)]
            })
        let certificates = [
            ("certificate of http", configuration.http.tls), ("certificate of smpp", configuration.smpp?.tls),
        ]
        for (name, tls) in certificates {
            guard let tls else { continue }
            tasks.append(DoctorTask(name) { [DoctorCertificate.check(name, tls, now: now)] })
        }
        return tasks
    }

    private func nodeTask(_ configuration: Configuration, _ database: DatabaseFindings) -> DoctorTask {
        let probe = NodeProbe(http: configuration.http, node: configuration.node, alive: database.nodes)
        return DoctorTask("node") { [await probe.check()] }
    }

    /// The file's connectors as the file has them, and those that were made through the Admin API.
    private func connectorTasks(_ configuration: Configuration, _ database: DatabaseFindings) -> [DoctorTask] {
        let stored = Dictionary(database.connectors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let declared = configuration.connectors.map { $0.settings(id: stored[$0.name]?.id ?? 0) }
        let names = Set(declared.map(\.name))
        let others = database.connectors.filter { $0.isEnabled && !names.contains($0.name) }
        let binds = binds
        return (declared + others).map { settings in
            let isStopped = stored[settings.name]?.isStopped ?? false
            let probe = ConnectorProbe(settings: settings, isStopped: isStopped, binds: binds)
            return DoctorTask(probe.name, limit: .seconds(binds ? 15 : 10)) { [await probe.check()] }
        }
    }

    /// One check for each URL, however many numbers lead there.
    private func callbackTasks(_ configuration: Configuration, _ database: DatabaseFindings) -> [DoctorTask] {
        let declared = configuration.companies.flatMap { company in
            company.numbers.compactMap { number in number.inbound.map { (number.number, $0.url) } }
        }
        let numbers = Set(configuration.companies.flatMap { $0.numbers.map(\.number) })
        let others = database.channels.filter { !numbers.contains($0.address) }.compactMap { channel in
            channel.inbound.map { (channel.address, $0.url) }
        }
        var seen: [String: Int] = [:]
        var groups: [(url: String, numbers: [String])] = []
        for (number, url) in declared + others {
            if let index = seen[url] {
                groups[index].numbers.append(number)
            } else {
                seen[url] = groups.count
                groups.append((url, [number]))
            }
        }
        return groups.map { group in
            let probe = CallbackProbe(url: group.url, numbers: group.numbers, callbacks: configuration.callbacks)
            return DoctorTask(probe.name, limit: .seconds(12)) { [await probe.check()] }
        }
    }
}
