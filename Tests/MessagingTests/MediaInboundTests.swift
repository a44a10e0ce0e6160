// SPDX-License-Identifier: Apache-2.0
// Media of inbound messages are fetched from their provider once, by whoever asks first; media at a customer's own URL
// with the customer's credentials.

import Accounts
import EngineTestSupport
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import Messaging

@Suite("Inbound media")
struct MediaInboundTests {
    @Test(arguments: Engine.allCases)
    func `a medium is fetched when it is first asked for, and once`(_ engine: Engine) async throws {
        try await MediaTester.run(engine) { tester in
            let bytes = pattern(700_000)
            tester.provider.set("m1", .bytes(bytes, type: "image/webp", name: "photo.webp"))
            let id = try await tester.inbound("m1")
            #expect(tester.provider.downloads == 0)
            tester.provider.hold()
            try await withThrowingTaskGroup(of: [UInt8]?.self) { group in
                for _ in 0..<8 {
                    group.addTask { try await tester.library.download(id, companyID: tester.acme)?.bytes() }
                }
                _ = try await eventually("a download") { tester.provider.downloads > 0 ? true : nil }
                tester.provider.release()
                for try await copy in group { #expect(copy == bytes) }
            }
            #expect(tester.provider.downloads == 1)
            let again = try #require(try await tester.library.download(id, companyID: tester.acme))
            #expect((again.contentType, again.filename, again.size) == ("image/webp", "photo.webp", bytes.count))
            #expect(tester.provider.downloads == 1)
            #expect(try await tester.count("media") == 1)
            #expect(try await tester.library.download(id, companyID: tester.other) == nil)
            // Customers' uploads are counted, not what strangers send them.
            #expect(try await tester.library.usage(of: tester.acme) == 0)
            #expect(try await tester.library.delete(id, companyID: tester.acme))
            #expect(try await tester.count("media_chunks") == 0)
        }
    }

    @Test(arguments: Engine.allCases)
    func `two nodes that fetch at once leave one copy`(_ engine: Engine) async throws {
        try await MediaTester.run(engine) { tester in
            let bytes = pattern(300_000)
            let second = MediaProvider(id: tester.connectorID)
            for provider in [tester.provider, second] {
                provider.set("m1", .bytes(bytes))
                provider.hold()
            }
            let libraries = [tester.library, tester.secondLibrary(second)]
            let id = try await tester.inbound("m1")
            try await withThrowingTaskGroup(of: [UInt8]?.self) { group in
                for library in libraries {
                    group.addTask { try await library.download(id, companyID: tester.acme)?.bytes() }
                }
                _ = try await eventually("two downloads") {
                    tester.provider.downloads == 1 && second.downloads == 1 ? true : nil
                }
                tester.provider.release()
                second.release()
                for try await copy in group { #expect(copy == bytes) }
            }
            #expect(try await tester.count("media") == 1)
            #expect(try await tester.count("media_chunks") == 2)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a failed fetch is told, leaves nothing and can be repeated`(_ engine: Engine) async throws {
        var options = MediaOptions()
        options.maximumInboundSize = 400_000
        try await MediaTester.run(engine, options: options) { tester in
            let id = try await tester.inbound("m1")
            let failure = MediaFetchError(isGone: false, reason: "the provider answered 500")
            tester.provider.set("m1", .failure(failure))
            await #expect(throws: failure) { _ = try await tester.library.download(id, companyID: tester.acme) }
            tester.provider.set("m1", .bytes(pattern(400_001)))
            await #expect(throws: MediaFetchError.self) {
                _ = try await tester.library.download(id, companyID: tester.acme)
            }
            #expect(try await tester.count("media_chunks") == 0)
            tester.provider.set("m1", .bytes(pattern(400_000), type: nil))
            let medium = try #require(try await tester.library.download(id, companyID: tester.acme))
            #expect(medium.contentType == "image/jpeg")
            #expect(try await medium.bytes().count == 400_000)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a medium whose connector is not in use cannot be fetched`(_ engine: Engine) async throws {
        try await MediaTester.run(engine) { tester in
            let id = try await tester.inbound("m1")
            let library = tester.secondLibrary(MediaProvider(id: 4711))
            await #expect(throws: MediaFetchError.self) {
                _ = try await library.download(id, companyID: tester.acme)
            }
        }
    }

    @Test(arguments: Engine.allCases)
    func `an inbound medium goes after 30 days, fetched or not`(_ engine: Engine) async throws {
        try await MediaTester.run(engine) { tester in
            tester.provider.set("m1", .bytes(pattern(300_000)))
            let fetched = try await tester.inbound("m1")
            _ = try await tester.inbound("m2")
            _ = try await tester.library.download(fetched, companyID: tester.acme)
            tester.clock.advance(by: 30 * 86_400_000 - 1)
            _ = try await tester.library.removeExpired(now: tester.clock.now, limit: 10)
            #expect(try await tester.count("media") == 2)
            tester.clock.advance(by: 1)
            #expect(try await tester.library.download(fetched, companyID: tester.acme) == nil)
            _ = try await tester.library.removeExpired(now: tester.clock.now, limit: 10)
            #expect(try await tester.count("media") == 0)
            #expect(try await tester.count("media_chunks") == 0)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a customer's URL is fetched only for a company with credentials`(_ engine: Engine) async throws {
        try await MediaTester.run(
            engine,
            customerFetch: { url, credentials in
                guard url == "https://acme.example/a.png", credentials == .basic(username: "u", password: "p") else {
                    throw MediaFetchError(isGone: true, reason: "other")
                }
                return FixedMedium()
            }
        ) { tester in
            let (library, acme) = (tester.library, tester.acme)
            #expect(try await library.fetch("https://acme.example/a.png", companyID: acme) == nil)
            try await tester.directory.provision(as: .file, now: tester.clock.now) { provisioner in
                try provisioner.changeSettings(ofCompany: acme) {
                    $0.mediaCredentials = .basic(username: "u", password: "p")
                }
            }
            #expect(try await library.fetch("https://acme.example/a.png", companyID: acme)?.contentType == "image/png")
            #expect(try await library.fetch("https://acme.example/a.png", companyID: tester.other) == nil)
        }
    }
}

private struct FixedMedium: ReadableMedia {
    let contentType = "image/png"
    let filename: String? = nil
    let size: Int? = 0
    func next() async throws -> [UInt8]? { nil }
}
