// SPDX-License-Identifier: Apache-2.0
// A node whose connectors are bound over loopback to simulated carriers, both gone afterwards; and a sink that can hold
// back the answers to what a carrier delivers.

import EngineTestSupport
import Logging
import Messaging
import NIOPosix
import SMSText
import SQLTestSupport
import Simulators
import Synchronization
import Wire

@testable import Connectors

/// Passes everything on; answers to what came in can be held.
final class HoldingSink: ConnectorSink {
    private struct State {
        var isHolding = false
        var held: [@Sendable () -> Void] = []
    }

    private let sink: any ConnectorSink
    private let state = Mutex(State())
    /// How often something came in, and with which answers.
    let arrivals = Watched<[ConnectorEvent]>([])
    let answers = Watched<[IntakeAnswer]>([])

    init(_ sink: any ConnectorSink) { self.sink = sink }

    func hold() { state.withLock { $0.isHolding = true } }

    func release() {
        let held = state.withLock { state in
            defer { state = State() }
            return state.held
        }
        for answer in held { answer() }
    }

    func completed(_ outcomes: [(ticket: PartTicket, outcome: SendOutcome)], by connector: any Connector) {
        sink.completed(outcomes, by: connector)
    }

    func received(_ event: ConnectorEvent, answer: @escaping @Sendable (IntakeAnswer) -> Void) {
        sink.received(event) { [self] given in
            arrivals.update { $0.append(event) }
            let isHeld = state.withLock { state in
                if state.isHolding { state.held.append { answer(given) } }
                return state.isHolding
            }
            if !isHeld { answer(given) }
            answers.update { $0.append(given) }
        }
    }

    func acknowledged(connectorID: Int64, fingerprints: [[UInt8]]) async {
        await sink.acknowledged(connectorID: connectorID, fingerprints: fingerprints)
    }

    func capacityChanged(_ connector: any Connector) { sink.capacityChanged(connector) }
}

/// One simulated carrier and the settings of the connector to it.
struct Carrier: Sendable {
    var options: [String: JSONValue] = [:]
    var simulator: @Sendable (inout SMSCSimulator.Configuration) -> Void = { _ in }
}

struct CarrierNode: Sendable {
    let node: TestNode
    let sink: HoldingSink
    /// In the order in which the route prefers them.
    let connectors: [SMPPConnector]
    let simulators: [SMSCSimulator]

    var connector: SMPPConnector { connectors[0] }
    var simulator: SMSCSimulator { simulators[0] }

    static func run(
        _ engine: Engine = .sqlite, _ carriers: [Carrier] = [Carrier()],
        _ body: (CarrierNode) async throws -> Void
    ) async throws {
        try await TestDatabase.with(engine, migrations: MessagingMigrations.all) { database in
            var setup = TestSetup()
            setup.connectors = carriers.indices.map { "carrier\($0)" }
            // The connector reckons validity by the real time.
            try await TestNode.run(on: database, setup, clock: TestClock(Timestamp.now())) { node in
                let carrierNode = try await start(node, carriers)
                let result: Result<Void, any Error>
                do { result = .success(try await body(carrierNode)) } catch { result = .failure(error) }
                carrierNode.sink.release()
                for simulator in carrierNode.simulators { simulator.dropLinks() }
                await node.engine.setConnectors([])
                for simulator in carrierNode.simulators { await simulator.shutdown() }
                try result.get()
            }
        }
    }

    private static func start(_ node: TestNode, _ carriers: [Carrier]) async throws -> CarrierNode {
        let sink = HoldingSink(node.engine)
        var simulators: [SMSCSimulator] = []
        var connectors: [SMPPConnector] = []
        for (carrier, id) in zip(carriers, node.identities.connectors) {
            var configuration = SMSCSimulator.Configuration()
            configuration.port = 0
            configuration.retryDelay = .milliseconds(20)
            carrier.simulator(&configuration)
            let simulator = SMSCSimulator(
                configuration: configuration, group: MultiThreadedEventLoopGroup.singleton, logger: TestDatabase.quiet)
            let port = try await simulator.start()
            var options: [String: JSONValue] = [
                "port": .integer(Int64(port)), "reconnectMinimum": .number(0.005), "reconnectMaximum": .number(0.02),
            ]
            options.merge(carrier.options) { $1 }
            let settings = smppSettings(options, id: id, name: "carrier\(connectors.count)", secret: "parley")
            connectors.append(
                try SMPPConnector(
                    settings: settings, sink: sink, group: MultiThreadedEventLoopGroup.singleton,
                    logger: TestDatabase.quiet))
            simulators.append(simulator)
        }
        await node.engine.setConnectors(connectors)
        let carrierNode = CarrierNode(node: node, sink: sink, connectors: connectors, simulators: simulators)
        for connector in connectors { try await carrierNode.waitForLink(connector, isUp: true) }
        return carrierNode
    }

    func waitForLink(_ connector: SMPPConnector, isUp: Bool) async throws {
        _ = try await eventually("link of \(connector.name) up: \(isUp)") { connector.isUp == isUp ? true : nil }
    }

    /// Waits for a status while time passes, so that what is to be tried again later is.
    @discardableResult
    func wait(for status: MessageStatus, of key: MessageKey) async throws -> (message: Message, parts: [Part]) {
        try await eventually("status \(status) of \(key.id)") {
            let found = try await node.stored(key)
            if found.message.status == status { return found }
            if found.parts.allSatisfy({ $0.state == .queued }) {
                node.clock.advance(by: 100)
                await node.engine.lookAtTime()
            }
            return nil
        }
    }

    /// Sends a text cut as `segmentation` says.
    func send(
        to recipient: String, _ text: String, _ segmentation: SegmentationOptions, isFlash: Bool = false
    ) async throws -> MessageKey {
        var message = node.message(to: recipient, "x")
        message.content = .sms(
            SMSContent(text: text, segmentation: segmentation, isFlash: isFlash, concatenationReference: 0x1234))
        message.size = try Segmenter.segment(text, options: segmentation).get().parts.count
        return try await node.send(message)
    }

    /// How many inbound messages are stored.
    func inboundMessages() async throws -> Int {
        try await node.count("messages", where: "direction = \(Direction.inbound.rawValue)")
    }
}
