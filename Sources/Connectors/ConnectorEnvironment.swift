// SPDX-License-Identifier: Apache-2.0
// What every connector is made with, whatever its provider: where its events go, and what it may use to do its work.

public import AsyncHTTPClient
public import Logging
public import Messaging
public import NIOCore
public import Wire

public struct ConnectorEnvironment: Sendable {
    public let sink: any ConnectorSink
    public let group: any EventLoopGroup
    public let logger: Logger
    /// What this connector and its provider say to each other.
    public let exchanges: ExchangeLog
    public let media: any MediaAccess
    /// Shared by all connectors; made by `ProviderClient.makeHTTPClient`, and shut down by whoever made it.
    public let httpClient: HTTPClient
    /// The wall clock; tests turn it.
    public let clock: @Sendable () -> Milliseconds

    public init(
        sink: any ConnectorSink, group: any EventLoopGroup, logger: Logger, exchanges: ExchangeLog = ExchangeLog(),
        media: any MediaAccess, httpClient: HTTPClient, clock: @escaping @Sendable () -> Milliseconds = Timestamp.now
    ) {
        self.sink = sink
        self.group = group
        self.logger = logger
        self.exchanges = exchanges
        self.media = media
        self.httpClient = httpClient
        self.clock = clock
    }
}
