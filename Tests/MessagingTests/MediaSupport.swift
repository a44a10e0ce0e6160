// SPDX-License-Identifier: Apache-2.0
// A library over a fresh database, and a connector whose provider hands out media.

import Accounts
import EngineTestSupport
import Messaging
import SQL
import SQLTestSupport
import Synchronization
import Testing
import Wire

/// A library of two companies' media, with a clock to turn.
struct MediaTester: Sendable {
    let database: Database
    let directory: DirectoryCache
    let clock: TestClock
    let library: MediaLibrary
    let provider: MediaProvider
    let acme: CompanyID
    let other: CompanyID
    let connectorID: Int64

    static func run(
        _ engine: Engine, options: MediaOptions = MediaOptions(), customerFetch: MediaLibrary.CustomerFetch? = nil,
        _ body: (MediaTester) async throws -> Void
    ) async throws {
        let secrets = try #require(TestSetup.secrets)
        try await TestDatabase.with(engine, migrations: MessagingMigrations.all) { database in
            let identities = try await TestSetup().write(to: database)
            let directory = DirectoryCache(database: database, secrets: secrets)
            try await directory.reload()
            let clock = TestClock()
            let provider = MediaProvider(id: identities.connectors[0])
            let library = Self.library(database, directory, options, provider, customerFetch, clock)
            try await body(
                MediaTester(
                    database: database, directory: directory, clock: clock, library: library, provider: provider,
                    acme: identities.acme, other: identities.other, connectorID: identities.connectors[0]))
        }
    }

    /// Another node's library over the same database.
    func secondLibrary(_ provider: MediaProvider) -> MediaLibrary {
        Self.library(database, directory, MediaOptions(), provider, nil, clock)
    }

    private static func library(
        _ database: Database, _ directory: DirectoryCache, _ options: MediaOptions, _ provider: MediaProvider,
        _ customerFetch: MediaLibrary.CustomerFetch?, _ clock: TestClock
    ) -> MediaLibrary {
        MediaLibrary(
            database: database, directory: directory, options: options,
            connector: { $0 == provider.id ? provider : nil }, customerFetch: customerFetch, clock: { clock.now })
    }

    /// Uploads bytes in pieces of a network's size.
    @discardableResult
    func upload(
        _ bytes: [UInt8], company: CompanyID? = nil, validity: Milliseconds? = nil, isOneTime: Bool = false,
        filename: String? = nil
    ) async throws -> MediaUpload.Result {
        let upload = try await library.beginUpload(
            companyID: company ?? acme, contentType: "image/png", filename: filename, validity: validity,
            isOneTime: isOneTime)
        for start in stride(from: 0, to: bytes.count, by: 60_000) {
            try await upload.write(Array(bytes[start..<min(start + 60_000, bytes.count)]))
        }
        return try await upload.finish()
    }

    /// A medium that came with a message and that the provider keeps.
    func inbound(_ reference: String, lifetime: Milliseconds = MediaStore.inboundLifetime) async throws -> String {
        let (acme, connectorID, now) = (acme, connectorID, clock.now)
        return try await database.write { transaction in
            try MediaStore(transaction).noteInbound(
                ProviderMedia(reference: reference, contentType: "image/jpeg"), connectorID: connectorID,
                companyID: acme, now: now, lifetime: lifetime)
        }.description
    }

    func count(_ table: String) async throws -> Int {
        try await database.read { try $0.queryOne("SELECT COUNT(*) AS n FROM \(table)")?.int("n") ?? 0 }
    }
}

extension ReadableMedia {
    /// All of it.
    func bytes() async throws -> [UInt8] {
        var all: [UInt8] = []
        while let piece = try await next() { all += piece }
        return all
    }
}

/// Bytes that differ from place to place.
func pattern(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) } }

/// A connector whose provider has media by reference.
final class MediaProvider: MediaConnector {
    enum Answer: Sendable {
        case bytes([UInt8], type: String? = "image/jpeg", name: String? = nil)
        case failure(MediaFetchError)
    }

    let id: Int64
    let name = "provider"
    let isUp = true
    let uncertainPolicy = UncertainPolicy.resend
    private let answers = Mutex<[String: Answer]>([:])
    private let asked = Mutex(0)
    private let gate = Mutex<[CheckedContinuation<Void, Never>]?>(nil)

    init(id: Int64) { self.id = id }

    /// How often media were fetched.
    var downloads: Int { asked.withLock { $0 } }

    func set(_ reference: String, _ answer: Answer) { answers.withLock { $0[reference] = answer } }

    /// Holds downloads back until `release`.
    func hold() { gate.withLock { $0 = [] } }

    func release() {
        let waiting = gate.withLock { gate in
            defer { gate = nil }
            return gate ?? []
        }
        for continuation in waiting { continuation.resume() }
    }

    func download(_ media: ProviderMedia, into sink: any MediaSink) async throws {
        asked.withLock { $0 += 1 }
        await withCheckedContinuation { continuation in
            let isHeld = gate.withLock { gate in
                gate?.append(continuation)
                return gate != nil
            }
            if !isHeld { continuation.resume() }
        }
        switch answers.withLock({ $0[media.reference] }) {
        case .bytes(let bytes, let type, let name)?:
            try await sink.begin(contentType: type, filename: name)
            for start in stride(from: 0, to: bytes.count, by: 100_000) {
                try await sink.write(Array(bytes[start..<min(start + 100_000, bytes.count)]))
            }
        case .failure(let error)?: throw error
        case nil: throw MediaFetchError(isGone: true, reason: "unknown")
        }
    }

    var linkState: LinkState { LinkState(phases: [.bound]) }
    func reserve(_ count: Int) -> Int { 0 }
    func release(_ count: Int) {}
    func submit(_ submissions: [Submission]) {}
    func start() {}
    func stop() async {}
}
