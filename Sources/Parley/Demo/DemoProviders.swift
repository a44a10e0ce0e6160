// SPDX-License-Identifier: Apache-2.0
// The demo's providers: WhatsApp's Graph API and Viber's business service, simulated on loopback, with the connectors and
// channels that use them.

import Foundation
import Logging
import Messaging
import NIOPosix
import Simulators
import Wire

struct DemoProviders: Sendable {
    static let whatsAppNumber = "4915200000001"
    static let viberService = "10001"
    static let echoAccount = "echo"
    static let mmsNumber = "15551234567"
    private static let verifyToken = "demo"

    let whatsApp: GraphSimulator
    let viber: ViberSimulator

    /// Starts both, which call back the node on `port`.
    static func start(port: Int, logger: Logger) async throws -> DemoProviders {
        var graph = GraphSimulator.Configuration()
        graph.deliveredDelay = .milliseconds(200)
        graph.readDelay = .milliseconds(300)
        // The node knows who has written, and still does after a restart, which the simulator does not.
        graph.enforcesWindow = false
        graph.callbackURL = "http://127.0.0.1:\(port)/connectors/whatsapp"
        var viber = ViberSimulator.Configuration()
        viber.deliveredDelay = .milliseconds(200)
        viber.seenDelay = .milliseconds(300)
        viber.enforcesSessions = false
        let group = MultiThreadedEventLoopGroup.singleton
        let providers = DemoProviders(
            whatsApp: GraphSimulator(configuration: graph, group: group, logger: logger),
            viber: ViberSimulator(configuration: viber, group: group, logger: logger))
        _ = try await providers.whatsApp.start()
        _ = try await providers.viber.start()
        providers.viber.setCallbackURL("http://127.0.0.1:\(port)/connectors/viber", of: viberService)
        return providers
    }

    func shutdown() async {
        await whatsApp.shutdown()
        await viber.shutdown()
    }

    var connectors: [Configuration.ConnectorEntry] {
        let graph = whatsApp.configuration
        let account = graph.accounts[0]
        var secret = JSONWriter()
        secret.object { writer in
            writer.member("accessToken", graph.accessToken)
            writer.member("appSecret", graph.appSecret)
            writer.member("verifyToken", Self.verifyToken)
        }
        return [
            Configuration.ConnectorEntry(
                name: "whatsapp", kind: "whatsapp", secret: secret.text,
                options: .object([
                    "baseURL": .string(whatsApp.baseURL), "phoneNumberID": .string(account.numbers[0].id),
                    "accountID": .string(account.id),
                ])),
            Configuration.ConnectorEntry(
                name: "viber", kind: "viber", secret: viber.configuration.services[0].token ?? "",
                options: .object(["baseURL": .string(viber.baseURL), "serviceID": .string(Self.viberService)])),
            Configuration.ConnectorEntry(name: "echo", kind: "echo", secret: "", options: .object([:])),
        ]
    }

    static var channels: [Declaration.Channel] {
        var whatsApp = ChannelSettings()
        whatsApp.phoneNumberID = GraphSimulator.PhoneNumber().id
        whatsApp.accountName = "Demo WABA"
        var viber = ChannelSettings()
        viber.viberService = .twoWay
        return [
            Declaration.Channel(
                ChannelAddress(kind: .whatsapp, address: whatsAppNumber), name: "Demo WABA", connector: "whatsapp",
                settings: whatsApp),
            Declaration.Channel(
                ChannelAddress(kind: .viber, address: viberService), name: "Demo Viber", connector: "viber",
                settings: viber),
            Declaration.Channel(ChannelAddress(kind: .echo, address: echoAccount), name: "Echo", connector: "echo"),
            // Without a connector: what is sent fails and says so.
            Declaration.Channel(ChannelAddress(kind: .mms, address: mmsNumber), name: "MMS without a connector"),
        ]
    }
}
