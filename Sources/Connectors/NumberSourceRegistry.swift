// SPDX-License-Identifier: Apache-2.0
// Which sources of number information lie outside: those that ask somebody over the network. Number ranges and imported
// ports are the core's own.

public import AsyncHTTPClient
public import Messaging
public import NumberInfo
public import Wire

public enum NumberSourceRegistry {
    /// Makes the source that `settings` describe; it asks nobody before `start`.
    public static func make(
        _ settings: ConnectorSettings, http: HTTPClient, exchanges: ExchangeLog = ExchangeLog(),
        clock: @escaping @Sendable () -> Milliseconds = Timestamp.now
    ) throws(ConnectorOptionError) -> any NumberSource {
        switch settings.kind {
        case "enum": try ENUMSource(settings: settings, exchanges: exchanges, clock: clock)
        case "hlr": try HLRSource(settings: settings, http: http, exchanges: exchanges, clock: clock)
        default: throw unknownKind(settings)
        }
    }

    /// Refuses settings of which no source can be made.
    public static func check(_ settings: ConnectorSettings) throws(ConnectorOptionError) {
        switch settings.kind {
        case "enum": _ = try ENUMOptions(settings)
        case "hlr": _ = try HLROptions(settings)
        default: throw unknownKind(settings)
        }
    }

    /// The names of a kind's options; nil for an unknown kind.
    public static func optionNames(ofKind kind: String) -> Set<String>? {
        switch kind {
        case "enum": ENUMOptions.names
        case "hlr": HLROptions.names
        default: nil
        }
    }

    private static func unknownKind(_ settings: ConnectorSettings) -> ConnectorOptionError {
        ConnectorOptionError(
            option: "kind", reason: "\(settings.kind) is not a source of number information; there are enum and hlr")
    }
}
