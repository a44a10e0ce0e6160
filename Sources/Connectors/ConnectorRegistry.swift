// SPDX-License-Identifier: Apache-2.0
// Which connector a kind names. A new channel adds one line to each function.

public import Logging
public import Messaging
public import NIOCore

public enum ConnectorRegistry {
    /// Makes the connector that `settings` describe; it does not connect before `start`.
    public static func make(
        _ settings: ConnectorSettings, _ environment: ConnectorEnvironment
    ) throws(ConnectorOptionError) -> any Connector {
        switch settings.kind {
        case "smpp":
            try SMPPConnector(
                settings: settings, sink: environment.sink, group: environment.group, logger: environment.logger,
                exchanges: environment.exchanges)
        case "whatsapp": try WhatsAppConnector(settings: settings, environment: environment)
        case "viber", "viber-bot": try ViberConnector(settings: settings, environment: environment)
        case "sip": try SIPConnector(settings: settings, environment: environment)
        case "echo": try EchoConnector(settings: settings, sink: environment.sink, clock: environment.clock)
        default: throw unknownKind(settings)
        }
    }

    /// Makes a connector of a kind that needs neither media nor HTTP.
    public static func make(
        _ settings: ConnectorSettings, sink: any ConnectorSink, group: any EventLoopGroup, logger: Logger,
        exchanges: ExchangeLog = ExchangeLog()
    ) throws(ConnectorOptionError) -> any Connector {
        switch settings.kind {
        case "smpp":
            try SMPPConnector(settings: settings, sink: sink, group: group, logger: logger, exchanges: exchanges)
        default: throw unknownKind(settings)
        }
    }

    /// Refuses settings of which no connector can be made.
    public static func check(_ settings: ConnectorSettings) throws(ConnectorOptionError) {
        switch settings.kind {
        case "smpp": _ = try SMPPConnectorOptions(settings)
        case "whatsapp": _ = try WhatsAppOptions(settings)
        case "viber", "viber-bot": _ = try ViberOptions(settings)
        case "sip": _ = try SIPOptions(settings)
        case "echo": try EchoConnector.check(settings)
        default: throw unknownKind(settings)
        }
    }

    /// The names of a kind's options; nil for an unknown kind.
    public static func optionNames(ofKind kind: String) -> Set<String>? {
        switch kind {
        case "smpp": SMPPConnectorOptions.names
        case "whatsapp": WhatsAppOptions.names
        case "viber": ViberOptions.businessNames
        case "viber-bot": ViberOptions.botNames
        case "sip": SIPOptions.names
        case "echo": EchoConnector.optionNames
        default: nil
        }
    }

    private static func unknownKind(_ settings: ConnectorSettings) -> ConnectorOptionError {
        ConnectorOptionError(
            option: "kind",
            reason:
                "\(settings.kind) is not a connector; the connectors are echo, sip, smpp, viber, viber-bot, whatsapp")
    }
}
