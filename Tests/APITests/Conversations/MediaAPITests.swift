// SPDX-License-Identifier: Apache-2.0
// Media through the Conversations API: up, listed, down and away, for those who may.

import EngineTestSupport
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Messaging
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import API

@Suite("Conversations media")
struct MediaAPITests {
    private func bytes(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 9) } }

    @Test(arguments: Engine.allCases)
    func `a medium goes up, is listed, comes down and is deleted`(_ engine: Engine) async throws {
        try await ConfigurationTester.run(engine) { tester in
            let up = try await tester.upload(bytes(300_000), query: "?validity=60&filename=a%20b.png")
            #expect(up.status == 200, "\(up.text)")
            let id = try #require(up.string("mediaId"))
            #expect(up.string("url") == "https://sms.example.com/conversations/v3/media/\(id)")
            #expect(up.json["usage"]?.int64 == 300_000)
            #expect(up.json["quota"]?.int64 == MediaOptions().quota)
            let list = try await tester.get("/media")
            let expiry = Timestamp.rfc3339(tester.node.clock.now + 3_600_000)
            #expect(
                list.json.array == [
                    .object([
                        "mediaId": .string(id), "contentType": "image/png", "validity": .string(expiry),
                        "fileName": "a b.png", "fileSize": 300_000,
                    ])
                ])
            let down = try await tester.get("/media/\(id)")
            #expect((down.status, down.body.count) == (200, 300_000))
            #expect(down.body == bytes(300_000))
            #expect(down.headers[.contentType] == "image/png")
            #expect(down.headers[.contentDisposition] == "attachment; filename=\"a b.png\"")
            #expect(down.headers[.xContentTypeOptions] == "nosniff")
            for path in ["/media/\(id)", "/media/0189ac6e-ff00-7000-8000-000000000000", "/media/x"] {
                let foreign = try await tester.get(path, key: TestSetup.otherKey)
                #expect(foreign.status == 404)
                #expect(foreign.headers[.contentType] == "application/problem+json")
            }
            #expect(try await tester.delete("/media/\(id)").status == 204)
            #expect(try await tester.delete("/media/\(id)").status == 404)
            #expect(try await tester.get("/media/\(id)").status == 404)
        }
    }

    @Test func `three mebibytes go through a socket both ways`() async throws {
        try await ConfigurationTester.run(over: .live) { tester in
            let content = bytes(3 * 1024 * 1024 + 11)
            let up = try await tester.upload(content, type: nil)
            let down = try await tester.get("/media/\(try #require(up.string("mediaId"), "\(up.text)"))")
            #expect(down.body == content)
            #expect(down.headers[.contentType] == "application/octet-stream")
            #expect(down.headers[.contentLength] == "\(content.count)")
            #expect(down.headers[.contentDisposition] == "attachment")
        }
    }

    @Test func `what cannot be kept is refused and leaves nothing`() async throws {
        var media = MediaOptions()
        media.maximumSize = 1_500_000
        media.quota = 2_000_000
        try await ConfigurationTester.run(media: media, over: .live) { tester in
            #expect(try await tester.upload(bytes(1_500_001)).status == 413)
            #expect(try await tester.upload(bytes(1_500_000)).status == 200)
            let second = try await tester.upload(bytes(500_001))
            #expect(second.status == 413)
            #expect(second.string("detail")?.contains("2000000") == true)
            let empty = try await tester.upload([])
            #expect((empty.status, empty.refusedFields) == (400, ["body"]))
            for (query, field) in [
                ("?validity=-1", "validity"), ("?validity=soon", "validity"), ("?validity=5256001", "validity"),
                ("?oneTime=maybe", "oneTime"), ("?filename=\(String(repeating: "x", count: 256))", "filename"),
            ] {
                let refused = try await tester.upload(bytes(1), query: query)
                #expect((refused.status, refused.refusedFields) == (400, [field]), "\(query)")
            }
            #expect(try await tester.node.count("media") == 1)
            #expect(try await tester.get("/media").headers[HTTPField.Name.totalItems] == "1")
        }
    }

    @Test func `a one-time medium comes down once, an endless one has no validity`() async throws {
        try await ConfigurationTester.run { tester in
            let once = try #require(try await tester.upload([1, 2], query: "?oneTime=true").string("mediaId"))
            #expect(try await tester.get("/media/\(once)").body == [1, 2])
            #expect(try await tester.get("/media/\(once)").status == 404)
            _ = try await tester.upload([1], query: "?validity=0")
            let listed = try #require(try await tester.get("/media").json.array?.first)
            #expect(listed["validity"] == nil)
        }
    }

    @Test func `a list leads on from page to page`() async throws {
        try await ConfigurationTester.run { tester in
            for _ in 0..<5 { _ = try await tester.upload([1]) }
            let answer = try await tester.get("/media?page=2&size=2")
            #expect(answer.json.array?.count == 2)
            let url = "https://sms.example.com/conversations/v3/media"
            #expect(
                answer.headers[HTTPField.Name.link]
                    == [
                        "<\(url)?page=1&size=2>; rel=\"first\"", "<\(url)?page=2&size=2>; rel=\"current\"",
                        "<\(url)?page=3&size=2>; rel=\"last\"", "<\(url)?page=1&size=2>; rel=\"previous\"",
                        "<\(url)?page=1&size=2>; rel=\"prev\"", "<\(url)?page=3&size=2>; rel=\"next\"",
                    ].joined(separator: ", "))
            let figures: [HTTPField.Name] = [.totalPages, .totalItems, .pageSize, .currentPage]
            #expect(figures.map { answer.headers[$0] } == ["3", "5", "2", "2"])
            let beyond = try await tester.get("/media?page=9&size=2")
            #expect(beyond.json.array?.isEmpty == true)
            #expect(beyond.headers[HTTPField.Name.link]?.contains("page=3&size=2>; rel=\"prev\"") == true)
            #expect(beyond.headers[HTTPField.Name.link]?.contains("next") == false)
            for query in ["page=0", "size=0", "size=101", "page=x"] {
                #expect(try await tester.get("/media?\(query)").status == 400)
            }
        }
    }

    @Test func `media are for accounts with the scope`() async throws {
        try await ConfigurationTester.run { tester in
            let id = try #require(try await tester.upload([1]).string("mediaId"))
            try await tester.setScopes(["media:read"])
            #expect(try await tester.upload([1]).status == 403)
            #expect(try await tester.delete("/media/\(id)").status == 403)
            #expect(try await tester.get("/media").status == 200)
            #expect(try await tester.get("/media/\(id)").status == 200)
            try await tester.setScopes(["media:write"])
            #expect(try await tester.get("/media").status == 403)
            #expect(try await tester.get("/media/\(id)").status == 403)
            #expect(try await tester.delete("/media/\(id)").status == 204)
            #expect(try await tester.api.get("/conversations/v3/media", key: nil).status == 401)
        }
    }

    @Test func `an inbound medium that its provider does not hand out is 502, one that it lost 404`() async throws {
        let provider = RefusingProvider()
        try await ConfigurationTester.run(connector: provider) { tester in
            let (acme, now) = (tester.node.acme, tester.node.clock.now)
            let connectorID = tester.node.identities.connectors[0]
            let ids = try await tester.node.database.write { transaction in
                try ["lost", "down"].map { reference in
                    try MediaStore(transaction).noteInbound(
                        ProviderMedia(reference: reference), connectorID: connectorID, companyID: acme, now: now
                    ).description
                }
            }
            #expect(try await tester.get("/media/\(ids[0])").status == 404)
            let down = try await tester.get("/media/\(ids[1])")
            #expect(down.status == 502)
            #expect(down.string("detail") == "The medium cannot be fetched from its provider: out of order.")
            // What strangers send is not among the uploads.
            #expect(try await tester.get("/media").json.array?.isEmpty == true)
        }
    }

    @Test(arguments: [
        (nil, "attachment"), ("a.png", "attachment; filename=\"a.png\""),
        (#"a"b.png"#, "attachment; filename=\"a_b.png\"; filename*=UTF-8''a%22b.png"),
        ("grüße.txt", "attachment; filename=\"gr__e.txt\"; filename*=UTF-8''gr%C3%BC%C3%9Fe.txt"),
    ])
    func `a download has the name that it was given`(_ name: String?, field: String) {
        #expect(Hummingbird.Response.disposition(name) == field)
    }
}

private final class RefusingProvider: MediaConnector {
    let id: Int64 = 1
    let name = "provider"
    let isUp = true
    let uncertainPolicy = UncertainPolicy.resend
    var linkState: LinkState { LinkState(phases: [.bound]) }

    func download(_ media: ProviderMedia, into sink: any MediaSink) async throws {
        throw MediaFetchError(isGone: media.reference == "lost", reason: "out of order")
    }

    func reserve(_ count: Int) -> Int { 0 }
    func release(_ count: Int) {}
    func submit(_ submissions: [Submission]) {}
    func start() {}
    func stop() async {}
}
