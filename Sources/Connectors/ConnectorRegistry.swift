// SPDX-License-Identifier: Apache-2.0
// Which connector a kind names. A new channel adds one line to each function.

public import Logging
public import Messaging
public import NIOCore

public enum ConnectorRegistry {
    /// Makes the connector that `settings` describe; it does not connect before `start`.
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
        default: throw unknownKind(settings)
        }
    }

    /// The names of a kind's options; nil for an unknown kind.
    public static func optionNames(ofKind kind: String) -> Set<String>? {
        switch kind {
        case "smpp": SMPPConnectorOptions.names
        default: nil
        }
    }

    private static func unknownKind(_ settings: ConnectorSettings) -> ConnectorOptionError {
        ConnectorOptionError(option: "kind", reason: "\(settings.kind) is not a connector; the connectors are smpp")
    }
}
