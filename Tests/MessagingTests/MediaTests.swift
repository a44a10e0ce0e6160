// SPDX-License-Identifier: Apache-2.0
// What customers upload comes back as it was, is seen by nobody else, and goes away when it has to.

import Accounts
import EngineTestSupport
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import Messaging

@Suite("Uploaded media")
struct MediaTests {
    static let chunk = MediaStore.chunkSize

    @Test(
        arguments: Engine.allCases,
        [1, chunk - 1, chunk, chunk + 1, 4 * chunk, 4 * chunk + 1, 9 * chunk + 17])
    func `a medium comes back byte for byte`(_ engine: Engine, size: Int) async throws {
        try await MediaTester.run(engine) { tester in
            let result = try await tester.upload(pattern(size), filename: "a.png")
            #expect(result.usage == Int64(size))
            let medium = try #require(
                try await tester.library.open(result.id.description, companyID: tester.acme))
            #expect((medium.contentType, medium.filename, medium.size) == ("image/png", "a.png", size))
            #expect(try await medium.bytes() == pattern(size))
            #expect(try await tester.count("media_chunks") == (size + Self.chunk - 1) / Self.chunk)
        }
    }

    @Test(arguments: Engine.allCases)
    func `another company's medium does not exist`(_ engine: Engine) async throws {
        try await MediaTester.run(engine) { tester in
            let id = try await tester.upload(pattern(10)).id.description
            #expect(try await tester.library.exists(id, companyID: tester.acme))
            #expect(try await !tester.library.exists(id, companyID: tester.other))
            #expect(try await tester.library.open(id, companyID: tester.other) == nil)
            #expect(try await !tester.library.delete(id, companyID: tester.other))
            #expect(try await !tester.library.exists("not an id", companyID: tester.acme))
            #expect(try await tester.library.delete(id, companyID: tester.acme))
            #expect(try await !tester.library.delete(id, companyID: tester.acme))
            #expect(try await tester.count("media_chunks") == 0)
        }
    }

    @Test(arguments: Engine.allCases)
    func `an interrupted upload leaves nothing`(_ engine: Engine) async throws {
        try await MediaTester.run(engine) { tester in
            let library = tester.library
            func begin() async throws -> MediaUpload {
                try await library.beginUpload(
                    companyID: tester.acme, contentType: nil, filename: nil, validity: nil)
            }
            let cancelled = try await begin()
            try await cancelled.write(pattern(5 * Self.chunk))
            #expect(try await tester.count("media_chunks") == 5)
            #expect(try await library.list(companyID: tester.acme, offset: 0, limit: 10).total == 0)
            await cancelled.cancel()
            #expect(try await tester.count("media_chunks") == 0)
            #expect(try await tester.count("media") == 0)

            // The node was killed: nobody cancels.
            let abandoned = try await begin()
            try await abandoned.write(pattern(5 * Self.chunk))
            #expect(try await library.usage(of: tester.acme) == Int64(5 * Self.chunk))
            #expect(try await !library.removeExpired(now: tester.clock.now, limit: 10))
            #expect(try await tester.count("media") == 1)
            tester.clock.advance(by: MediaStore.arrivalTime + 1)
            _ = try await library.removeExpired(now: tester.clock.now, limit: 10)
            #expect(try await tester.count("media_chunks") == 0)
            #expect(try await tester.count("media") == 0)
            await #expect(throws: MediumGone.self) { try await abandoned.finish() }
            #expect(try await tester.count("media_chunks") == 0)
        }
    }

    @Test(arguments: Engine.allCases)
    func `no upload is larger than allowed, nor all of them together`(_ engine: Engine) async throws {
        var options = MediaOptions()
        options.maximumSize = 2 * Self.chunk
        options.quota = Int64(3 * Self.chunk)
        try await MediaTester.run(engine, options: options) { tester in
            await #expect(throws: MediaRefusal.tooLarge(limit: 2 * Self.chunk)) {
                try await tester.upload(pattern(2 * Self.chunk + 1))
            }
            await #expect(throws: MediaRefusal.tooLarge(limit: 2 * Self.chunk)) {
                _ = try await tester.library.beginUpload(
                    companyID: tester.acme, contentType: nil, filename: nil, validity: nil,
                    announcedSize: 2 * Self.chunk + 1)
            }
            let first = try await tester.upload(pattern(2 * Self.chunk))
            #expect((first.usage, first.quota) == (Int64(2 * Self.chunk), Int64(3 * Self.chunk)))
            await #expect(throws: MediaRefusal.self) { try await tester.upload(pattern(Self.chunk + 1)) }
            await #expect(throws: MediaRefusal.quotaExceeded(quota: first.quota, usage: first.usage)) {
                _ = try await tester.library.beginUpload(
                    companyID: tester.acme, contentType: nil, filename: nil, validity: nil,
                    announcedSize: Self.chunk + 1)
            }
            #expect(try await tester.upload(pattern(Self.chunk)).usage == first.quota)
            // Another company's room is its own.
            #expect(try await tester.upload(pattern(Self.chunk), company: tester.other).usage == Int64(Self.chunk))
            // What is removed is free again.
            #expect(try await tester.library.delete(first.id.description, companyID: tester.acme))
            #expect(try await tester.library.usage(of: tester.acme) == Int64(Self.chunk))
        }
    }

    @Test(arguments: Engine.allCases)
    func `a company's own quota counts`(_ engine: Engine) async throws {
        try await MediaTester.run(engine) { tester in
            let acme = tester.acme
            try await tester.directory.provision(as: .file, now: tester.clock.now) { provisioner in
                try provisioner.changeSettings(ofCompany: acme) { $0.mediaQuota = 9 }
            }
            await #expect(throws: MediaRefusal.self) { try await tester.upload(pattern(10)) }
            #expect(try await tester.upload(pattern(9)).quota == 9)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a one-time medium is gone once it was read to its end`(_ engine: Engine) async throws {
        try await MediaTester.run(engine) { tester in
            let library = tester.library
            let id = try await tester.upload(pattern(2 * Self.chunk), isOneTime: true).id.description
            // Half of it is no use.
            _ = try await library.download(id, companyID: tester.acme)?.next()
            #expect(try await library.exists(id, companyID: tester.acme))
            let whole = try #require(try await library.download(id, companyID: tester.acme))
            #expect(try await whole.bytes() == pattern(2 * Self.chunk))
            #expect(try await !library.exists(id, companyID: tester.acme))
            #expect(try await library.download(id, companyID: tester.acme) == nil)
            #expect(try await library.list(companyID: tester.acme, offset: 0, limit: 10).total == 0)
            #expect(try await library.usage(of: tester.acme) == 0)
            // A connector whose provider failed in the middle may hand it over again, for a while.
            #expect(try await library.open(id, companyID: tester.acme)?.bytes() == pattern(2 * Self.chunk))
            tester.clock.advance(by: library.options.graceAfterUse + 1)
            #expect(try await library.open(id, companyID: tester.acme) == nil)
            _ = try await library.removeExpired(now: tester.clock.now, limit: 10)
            #expect(try await tester.count("media_chunks") == 0)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a medium stays for its validity, one without an end until it is deleted`(_ engine: Engine) async throws {
        try await MediaTester.run(engine) { tester in
            let usual = try await tester.upload(pattern(1)).id.description
            let short = try await tester.upload(pattern(2), validity: 60_000).id.description
            let endless = try await tester.upload(pattern(3), validity: 0).id.description
            func there() async throws -> [Bool] {
                var there: [Bool] = []
                for id in [usual, short, endless] {
                    there.append(try await tester.library.exists(id, companyID: tester.acme))
                }
                return there
            }
            tester.clock.advance(by: 59_999)
            #expect(try await there() == [true, true, true])
            tester.clock.advance(by: 1)
            #expect(try await there() == [true, false, true])
            tester.clock.advance(by: 1440 * 60_000)
            #expect(try await there() == [false, false, true])
            tester.clock.advance(by: 100 * 365 * 86_400_000)
            #expect(try await there() == [false, false, true])
            #expect(try await !tester.library.removeExpired(now: tester.clock.now, limit: 10))
            #expect(try await tester.count("media") == 1)
            let medium = try await tester.library.list(companyID: tester.acme, offset: 0, limit: 10).media.first
            #expect(medium?.expiresAt == nil)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a clean-up goes slice by slice`(_ engine: Engine) async throws {
        try await MediaTester.run(engine) { tester in
            for _ in 0..<5 { try await tester.upload(pattern(10), validity: 1000) }
            tester.clock.advance(by: 1000)
            var slices = 1
            while try await tester.library.removeExpired(now: tester.clock.now, limit: 2) { slices += 1 }
            #expect(slices == 3)
            #expect(try await tester.count("media") == 0)
            #expect(try await tester.count("media_chunks") == 0)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a list has its pages`(_ engine: Engine) async throws {
        try await MediaTester.run(engine) { tester in
            var ids: [MediaID] = []
            for index in 0..<5 { ids.append(try await tester.upload(pattern(index + 1)).id) }
            try await tester.upload(pattern(1), company: tester.other)
            _ = try await tester.inbound("x")
            let (page, total) = try await tester.library.list(companyID: tester.acme, offset: 2, limit: 2)
            #expect(total == 5)
            #expect(page.map(\.id) == Array(ids[2...3]))
            #expect(page.map(\.size) == [3, 4])
            #expect(try await tester.library.list(companyID: tester.acme, offset: 10, limit: 2).media.isEmpty)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a medium that is removed while it is read ends with an error`(_ engine: Engine) async throws {
        try await MediaTester.run(engine) { tester in
            let id = try await tester.upload(pattern(3 * Self.chunk)).id.description
            let reader = try #require(try await tester.library.open(id, companyID: tester.acme))
            #expect(try await reader.next()?.count == Self.chunk)
            #expect(try await tester.library.delete(id, companyID: tester.acme))
            await #expect(throws: MediumGone.self) { try await reader.next() }
        }
    }

    @Test(arguments: [
        (nil, nil), ("", nil), ("a.png", "a.png"), ("../../etc/passwd", "passwd"), (#"C:\x\y.doc"#, "y.doc"),
        ("a\r\nb", "ab"), ("/", nil), ("grüße.txt", "grüße.txt"),
        (String(repeating: "n", count: 300), String(repeating: "n", count: 255)),
    ])
    func `a filename has neither path nor control characters`(_ given: String?, kept: String?) {
        #expect(MediaText.filename(given) == kept)
    }

    @Test func `texts of strangers never break a header field`() {
        var generator = SeededGenerator(seed: 4711)
        for _ in 0..<2000 {
            let bytes = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
                UInt8.random(in: .min ... .max, using: &generator)
            }
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(MediaText.contentType(text).utf8.allSatisfy { (0x20...0x7E).contains($0) })
            let name = MediaText.filename(text) ?? ""
            #expect(!name.unicodeScalars.contains { $0.value < 0x20 || $0 == "/" || $0 == "\\" })
        }
    }
}
