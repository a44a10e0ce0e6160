// SPDX-License-Identifier: Apache-2.0
// Sources and simulators for tests, on one group of event loops.

import AsyncHTTPClient
import Connectors
import Logging
import Messaging
import NIOPosix
import NumberInfo
import PhoneNumbers
import Simulators
import Wire

enum SourceSupport {
    static func settings(_ kind: String, _ options: [String: JSONValue], secret: String = "") -> ConnectorSettings {
        ConnectorSettings(id: 1, name: kind, kind: kind, options: .object(options), secret: secret)
    }

    static func withENUM(
        _ configuration: DNSSimulator.Configuration = DNSSimulator.Configuration(),
        options: [String: JSONValue] = [:], exchanges: ExchangeLog = ExchangeLog(),
        _ body: (ENUMSource, DNSSimulator) async throws -> Void
    ) async throws {
        let simulator = DNSSimulator(
            configuration: configuration, group: .singletonMultiThreadedEventLoopGroup, logger: Logger(label: "test"))
        let port = try await simulator.start()
        var settings: [String: JSONValue] = [
            "servers": .array([.string("127.0.0.1:\(port)")]), "timeout": .integer(10), "tries": .integer(1),
            "timeLimit": .integer(15),
            "networks": .array([
                .object([
                    "routingNumber": .string("D010"), "mcc": .string("262"), "mnc": .string("02"),
                    "operator": .string("Vodafone"),
                ])
            ]),
        ]
        settings.merge(options) { $1 }
        let source = try ENUMSource(settings: Self.settings("enum", settings), exchanges: exchanges)
        await source.start()
        do {
            try await body(source, simulator)
        } catch {
            await source.stop()
            await simulator.shutdown()
            throw error
        }
        await source.stop()
        await simulator.shutdown()
    }

    static func withHLR(
        options: [String: JSONValue] = [:], secret: String = HLRSimulator.Configuration().token,
        exchanges: ExchangeLog = ExchangeLog(), _ body: (HLRSource, HLRSimulator) async throws -> Void
    ) async throws {
        let simulator = HLRSimulator(
            configuration: HLRSimulator.Configuration(), group: .singletonMultiThreadedEventLoopGroup,
            logger: Logger(label: "test"))
        _ = try await simulator.start()
        let http = ProviderClient.makeHTTPClient(group: .singletonMultiThreadedEventLoopGroup)
        let settings = ["url": JSONValue.string(simulator.lookUpURL), "timeout": .integer(20)]
        do {
            let source = try HLRSource(
                settings: Self.settings("hlr", settings.merging(options) { $1 }, secret: secret), http: http,
                exchanges: exchanges)
            try await body(source, simulator)
        } catch {
            await simulator.shutdown()
            try await http.shutdown()
            throw error
        }
        await simulator.shutdown()
        try await http.shutdown()
    }

    /// What the source says of a number.
    static func ask(
        _ source: any NumberSource, _ digits: String, for question: NumberQuestion
    ) async throws -> SourceOutcome {
        await source.look(up: try number(digits), for: question)
    }

    static func number(_ digits: String) throws -> PhoneNumber { try PhoneNumber(parsing: "+" + digits) }
}

extension SourceOutcome {
    var facts: NumberFacts? {
        if case .answer(let facts, _) = self { facts } else { nil }
    }

    var isFailure: Bool {
        if case .failed = self { true } else { false }
    }
}
