// SPDX-License-Identifier: Apache-2.0
// A running connector with a server for a provider, and the media and sinks that it works with.

import AsyncHTTPClient
import Logging
import Messaging
import NIOCore
import NIOPosix
import Synchronization
import Wire

@testable import Connectors

/// A running connector; `body` ends it.
func withConnector(
    _ members: [String: JSONValue] = [:], media: SampleMedia = SampleMedia(),
    script: @escaping ScriptedViber.Script,
    body: (WhatsAppConnector, ScriptedViber, inout Outcomes) async throws -> Void
) async throws {
    let server = try await ScriptedViber(script)
    let sink = ViberSink()
    let http = ProviderClient.makeHTTPClient(group: MultiThreadedEventLoopGroup.singleton)
    let environment = ConnectorEnvironment(
        sink: sink, group: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: "test"), media: media,
        httpClient: http, clock: { WhatsAppSamples.now })
    let options: [String: JSONValue] = ["baseURL": .string(server.url)]
    let connector = try WhatsAppConnector(
        settings: WhatsAppSamples.settings(options.merging(members) { $1 }), environment: environment)
    connector.start()
    var outcomes = Outcomes(iterator: sink.outcomes.makeAsyncIterator())
    try await body(connector, server, &outcomes)
    await connector.stop()
    try await server.stop()
    try await http.shutdown()
}

/// Outcomes in their order.
struct Outcomes {
    var iterator: AsyncStream<SendOutcome>.Iterator

    mutating func next() async -> SendOutcome? { await iterator.next(isolation: #isolation) }
}

/// Media as a test has them.
struct SampleMedia: MediaAccess {
    var own: [String: [UInt8]] = [:]
    var urls: [String: [UInt8]] = [:]

    func open(_ mediaID: String, companyID: Int64) async throws -> (any ReadableMedia)? { own[mediaID].map(Piece.init) }
    func fetch(_ url: String, companyID: Int64) async throws -> (any ReadableMedia)? { urls[url].map(Piece.init) }

    private final class Piece: ReadableMedia {
        let contentType = "image/png"
        let filename: String? = "a\"b.png"
        let size: Int?
        private let bytes: Mutex<[UInt8]?>

        init(_ bytes: [UInt8]) {
            size = bytes.count
            self.bytes = Mutex(bytes)
        }

        func next() async throws -> [UInt8]? {
            bytes.withLock { bytes in
                defer { bytes = nil }
                return bytes
            }
        }
    }
}

final class CollectingSink: MediaSink {
    struct Taken: Equatable {
        var contentType: String?
        var filename: String?
        var bytes: [UInt8] = []
    }

    private let state = Mutex(Taken())

    var taken: Taken { state.withLock { $0 } }

    func begin(contentType: String?, filename: String?) async throws {
        state.withLock { $0 = Taken(contentType: contentType, filename: filename) }
    }

    func write(_ bytes: [UInt8]) async throws { state.withLock { $0.bytes += bytes } }
}
