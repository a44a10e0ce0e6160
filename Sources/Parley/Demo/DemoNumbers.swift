// SPDX-License-Identifier: Apache-2.0
// The demo's telephone network and what is known of its numbers, on loopback: somebody who answers SIP calls, an ENUM zone
// and an HLR provider. The last digits of a number choose what becomes of it.

import Foundation
import Logging
import Messaging
import NIOPosix
import NumberInfo
import Simulators
import Wire

struct DemoNumbers: Sendable {
    let voice: VoiceSimulator
    let names: DNSSimulator
    let registers: HLRSimulator
    private let voicePort: Int
    private let namePort: Int

    static func start(logger: Logger) async throws -> DemoNumbers {
        let group = MultiThreadedEventLoopGroup.singleton
        var zone = DNSSimulator.Configuration()
        // What the registers say of a number may change while somebody tries things out.
        zone.zone.ttl = 1
        let voice = VoiceSimulator(group: group)
        let names = DNSSimulator(configuration: zone, group: group, logger: logger)
        let registers = HLRSimulator(configuration: HLRSimulator.Configuration(), group: group, logger: logger)
        let voicePort = try await voice.start()
        let namePort = try await names.start()
        _ = try await registers.start()
        return DemoNumbers(
            voice: voice, names: names, registers: registers, voicePort: voicePort, namePort: namePort)
    }

    func shutdown() async {
        await voice.shutdown()
        await names.shutdown()
        await registers.shutdown()
    }

    /// The trunk over which calls go.
    var connector: Configuration.ConnectorEntry {
        Configuration.ConnectorEntry(
            name: "telephone", kind: "sip", secret: "",
            options: .object([
                "host": .string("127.0.0.1"), "port": .integer(Int64(voicePort)), "caller": .string(DemoFolder.number),
                "address": .string("127.0.0.1"), "answerTimeout": .integer(10),
            ]))
    }

    var numberInfo: Configuration.Numbers {
        var numbers = Configuration.Numbers()
        numbers.options.cacheLifetime = 10_000
        numbers.options.sourceTimeout = 3000
        numbers.sources = [
            Configuration.ConnectorEntry(
                name: "enum", kind: "enum", secret: "",
                options: .object([
                    "servers": .array([.string("127.0.0.1:\(namePort)")]), "timeout": .number(0.5),
                    "timeLimit": .integer(2),
                    "networks": .array([
                        .object([
                            "routingNumber": .string(names.configuration.zone.routingNumber),
                            "mcc": .string(registers.configuration.other.mcc),
                            "mnc": .string(registers.configuration.other.mnc),
                        ])
                    ]),
                ])),
            Configuration.ConnectorEntry(
                name: "hlr", kind: "hlr", secret: registers.configuration.token,
                options: .object(["url": .string(registers.lookUpURL), "timeout": .integer(2)])),
        ]
        return numbers
    }
}
