// SPDX-License-Identifier: Apache-2.0
// Keeps the running connectors in line with the configuration: whenever the directory was read anew, connectors that are
// new are made, those that changed are made again, and those that are gone or stopped are taken down. What stayed the
// same goes on undisturbed.

import AsyncHTTPClient
import Connectors
import Logging
import Messaging
import NIOCore
import NIOPosix
import Synchronization

final class ConnectorSupervisor: Sendable {
    private struct Running {
        let settings: ConnectorSettings
        let connector: any Connector
    }

    private let engine: MessagingEngine
    private let logger: Logger
    private let group: any EventLoopGroup
    /// How many exchanges each connector remembers.
    private let exchangeCapacity: Int
    private let media: any MediaAccess
    private let httpClient: HTTPClient
    private let running = Mutex<[Int64: Running]>([:])
    private let changed = Signal()
    private let isStopping = Mutex(false)

    init(
        engine: MessagingEngine, logger: Logger, exchangeCapacity: Int, media: any MediaAccess, httpClient: HTTPClient,
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) {
        self.engine = engine
        self.exchangeCapacity = exchangeCapacity
        self.media = media
        self.httpClient = httpClient
        self.logger = logger
        self.group = group
    }

    /// The running connector of that id.
    func connector(_ id: Int64) -> (any Connector)? { running.withLock { $0[id]?.connector } }

    /// Those that run.
    var connectors: [any Connector] { running.withLock { $0.values.map(\.connector) } }

    /// The directory may have changed.
    func look() { changed.raise() }

    /// Reconciles at every `look` until `stop`.
    func run() async {
        while !isStopping.withLock({ $0 }) {
            await reconcile()
            await changed.wait()
        }
    }

    func stop() {
        isStopping.withLock { $0 = true }
        changed.raise()
    }

    /// Makes what should run run. A connector that was changed is down before its successor goes up: carriers count binds.
    func reconcile() async {
        let wanted = engine.context.directory.current.connectors.filter { $0.value.isEnabled && !$0.value.isStopped }
        let kept = running.withLock { running in
            running = running.filter { id, item in wanted[id]?.makesSameConnector(as: item.settings) == true }
            return running
        }
        await engine.setConnectors(kept.values.map(\.connector))
        var all = kept
        for (id, settings) in wanted where kept[id] == nil {
            do {
                let environment = ConnectorEnvironment(
                    sink: engine, group: group, logger: logger, exchanges: ExchangeLog(capacity: exchangeCapacity),
                    media: media, httpClient: httpClient)
                let connector = try ConnectorRegistry.make(settings, environment)
                all[id] = Running(settings: settings, connector: connector)
            } catch {
                logger.error(
                    "connector cannot be made", metadata: ["connector": "\(settings.name)", "error": "\(error)"])
            }
        }
        running.withLock { $0 = all }
        if all.count > kept.count { await engine.setConnectors(all.values.map(\.connector)) }
    }
}
