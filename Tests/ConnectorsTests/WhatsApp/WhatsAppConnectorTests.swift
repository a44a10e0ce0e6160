// SPDX-License-Identifier: Apache-2.0
// The connector against an HTTP server that answers as a test tells it to.

import Messaging
import NIOCore
import NIOHTTP1
import Synchronization
import Testing
import Wire

@testable import Connectors

@Suite struct WhatsAppConnectorTests {
    private typealias Samples = WhatsAppSamples
    private static let taken = #"{"messages":[{"id":"wamid.1"}]}"#

    private func send(_ body: RichBody, attempt: Int = 1, on connector: WhatsAppConnector) {
        #expect(connector.reserve(1) == 1)
        connector.submit([Samples.submission(body, attempt: attempt)])
    }

    // MARK: Sending

    @Test func aMessageIsPostedAndItsIDIsTheOutcome() async throws {
        try await withConnector(script: { _ in .ok(Self.taken) }) { connector, server, outcomes in
            send(.text(TextBody("Hello")), on: connector)
            #expect(await outcomes.next() == .submitted(providerID: "wamid.1"))
            let request = try #require(server.requests.first)
            #expect(request.path == "/v23.0/106540352242922/messages")
            #expect(request.headers["authorization"] == ["Bearer EAAtoken"])
            #expect(request.headers["content-type"] == ["application/json"])
            #expect(try JSONValue(parsing: request.body)["text"]?["body"]?.string == "Hello")
            #expect(connector.linkState.windowUsed == 1)
            connector.settled(1)
            #expect(connector.linkState.windowUsed == 0)
        }
    }

    /// With the policy `fallback` a template that there is not in `pt_BR` is sent in `pt`, and no further.
    @Test(arguments: [
        ("fallback", "pt_BR", ["pt_BR", "pt"]), ("deterministic", "pt_BR", ["pt_BR"]), ("fallback", "pt", ["pt"]),
    ])
    func aMissingTranslationFallsBack(_ policy: String, language: String, tried: [String]) async throws {
        let missing = #"{"error":{"message":"no translation","code":132001}}"#
        var template = TemplateBody(templateId: "hello", templateLanguage: language)
        template.languagePolicy = policy
        let isFound = tried.count > 1
        try await withConnector(script: { request in
            let code = try? JSONValue(parsing: request.body)["template"]?["language"]?["code"]?.string
            return isFound && code == "pt" ? .ok(Self.taken) : .answer(404, missing)
        }) { connector, server, outcomes in
            send(.template(template), on: connector)
            let outcome = await outcomes.next()
            if isFound {
                #expect(outcome == .submitted(providerID: "wamid.1"))
            } else {
                #expect(outcome == .rejected(code: "whatsapp::error::132001", reason: "no translation"))
            }
            let languages = try server.requests.map { try JSONValue(parsing: $0.body)["template"]?["language"] }
            #expect(languages.map { $0?["code"]?.string } == tried)
            #expect(languages.allSatisfy { $0?["policy"]?.string == "deterministic" })
        }
    }

    @Test func aConnectionThatIsCutAfterTheRequestLeavesItUncertain() async throws {
        try await withConnector(script: { _ in .hangUp }) { connector, _, outcomes in
            send(.text(TextBody("Hello")), on: connector)
            guard case .uncertain? = await outcomes.next() else {
                Issue.record("not uncertain")
                return
            }
        }
    }

    @Test func withoutAConnectionNothingWasSent() async throws {
        try await withConnector(
            ["baseURL": .string("http://127.0.0.1:1")], script: { _ in .ok("") }
        ) { connector, _, outcomes in
            send(.text(TextBody("Hello")), on: connector)
            guard case .retry(delay: 1000, _)? = await outcomes.next() else {
                Issue.record("not to be tried again")
                return
            }
        }
    }

    @Test func aRefusedTokenTakesTheConnectorDown() async throws {
        let refusal = #"{"error":{"message":"expired","code":190}}"#
        try await withConnector(script: { _ in .answer(401, refusal) }) { connector, _, outcomes in
            #expect(connector.isUp)
            send(.text(TextBody("Hello")), on: connector)
            #expect(await outcomes.next() == .retry(delay: 30_000, reason: "expired"))
            #expect(!connector.isUp && connector.reserve(1) == 0)
            #expect(connector.linkState.problem == "expired")
        }
    }

    @Test func beyondThePairsBurstAMessageWaits() async throws {
        try await withConnector(["pairBurst": .integer(2)], script: { _ in .ok(Self.taken) }) {
            connector, _, outcomes in
            #expect(connector.reserve(3) == 3)
            connector.submit((0..<3).map { Samples.submission(.text(TextBody("\($0)"))) })
            var seen: [SendOutcome] = []
            for _ in 0..<3 { if let outcome = await outcomes.next() { seen.append(outcome) } }
            #expect(seen.filter { $0 == .submitted(providerID: "wamid.1") }.count == 2)
            #expect(
                seen.contains(.retry(delay: 6000, reason: "one message in 6.0 s to the same recipient")))
        }
    }

    // MARK: Media

    /// Answers an upload with id 555 and a message with its own.
    private static let uploads: ScriptedViber.Script = { request in
        request.path.hasSuffix("/media") ? .ok(#"{"id":"555"}"#) : .ok(taken)
    }

    @Test func aMediumOfOursIsUploadedOnceForAllItsMessages() async throws {
        let media = SampleMedia(own: ["m1": Array("bytes".utf8)])
        try await withConnector(media: media, script: Self.uploads) { connector, server, outcomes in
            for _ in 0..<3 {
                send(.image(MediaBody(mediaId: "m1")), on: connector)
                #expect(await outcomes.next() == .submitted(providerID: "wamid.1"))
            }
            let upload = try #require(server.requests.first)
            let text = String(decoding: upload.body, as: UTF8.self)
            let boundary = try #require(upload.headers.first(name: "content-type")?.split(separator: "=").last)
            #expect(
                text == """
                    --\(boundary)\r
                    Content-Disposition: form-data; name="messaging_product"\r
                    \r
                    whatsapp\r
                    --\(boundary)\r
                    Content-Disposition: form-data; name="type"\r
                    \r
                    image/png\r
                    --\(boundary)\r
                    Content-Disposition: form-data; name="file"; filename="a%22b.png"\r
                    Content-Type: image/png\r
                    \r
                    bytes\r
                    --\(boundary)--\r

                    """)
            #expect(upload.headers.first(name: "content-length") == "\(upload.body.count)")
            #expect(server.requests.map { $0.path.hasSuffix("/media") } == [true, false, false, false])
            #expect(try JSONValue(parsing: server.requests[3].body)["image"]?["id"]?.string == "555")
        }
    }

    @Test func aURLThatNeedsCredentialsIsUploadedAndAnyOtherIsALink() async throws {
        let media = SampleMedia(urls: ["https://a.example/secret.png": Array("bytes".utf8)])
        try await withConnector(media: media, script: Self.uploads) { connector, server, outcomes in
            for url in ["https://a.example/secret.png", "https://a.example/open.png"] {
                send(.image(MediaBody(url: url)), on: connector)
                #expect(await outcomes.next() == .submitted(providerID: "wamid.1"))
            }
            let images = try server.requests.filter { $0.path.hasSuffix("/messages") }.map {
                try JSONValue(parsing: $0.body)["image"]
            }
            #expect(
                images == [
                    .object(["id": .string("555")]), .object(["link": .string("https://a.example/open.png")]),
                ])
        }
    }

    @Test func aMediumThatIsGoneEndsTheMessage() async throws {
        try await withConnector(script: Self.uploads) { connector, _, outcomes in
            send(.sticker(MediaBody(mediaId: "m2")), on: connector)
            #expect(
                await outcomes.next() == .rejected(code: "whatsapp::error::131053", reason: "there is no medium m2"))
        }
    }

    @Test func anUploadThatWhatsAppHasThrownAwayIsMadeAnew() async throws {
        let asked = Mutex(0)
        let refusal = #"{"error":{"message":"no such media","code":131053}}"#
        let script: ScriptedViber.Script = { request in
            if request.path.hasSuffix("/media") { return .ok(#"{"id":"555"}"#) }
            return asked.withLock { count in
                count += 1
                return count == 2 ? .answer(400, refusal) : .ok(Self.taken)
            }
        }
        let media = SampleMedia(own: ["m1": Array("bytes".utf8)])
        try await withConnector(media: media, script: script) { connector, server, outcomes in
            var seen: [SendOutcome] = []
            for _ in 0..<3 {
                send(.image(MediaBody(mediaId: "m1")), on: connector)
                if let outcome = await outcomes.next() { seen.append(outcome) }
            }
            #expect(
                seen == [
                    .submitted(providerID: "wamid.1"), .retry(delay: 0, reason: "no such media"),
                    .submitted(providerID: "wamid.1"),
                ])
            #expect(server.requests.filter { $0.path.hasSuffix("/media") }.count == 2)
        }
    }

    @Test func inboundMediaAreFetchedWithTheToken() async throws {
        let port = Mutex(0)
        let script: ScriptedViber.Script = { request in
            request.path.hasPrefix("/bytes")
                ? .ok("GIF89a")
                : .ok(#"{"url":"http://127.0.0.1:\#(port.withLock { $0 })/bytes","mime_type":"image/gif"}"#)
        }
        try await withConnector(script: script) { connector, server, _ in
            port.withLock { $0 = server.port }
            let sink = CollectingSink()
            try await connector.download(ProviderMedia(reference: "901", filename: "cat.gif"), into: sink)
            #expect(sink.taken == .init(contentType: "image/gif", filename: "cat.gif", bytes: Array("GIF89a".utf8)))
            #expect(server.requests.map(\.path) == ["/v23.0/901?phone_number_id=106540352242922", "/bytes"])
            #expect(server.requests.allSatisfy { $0.headers["authorization"] == ["Bearer EAAtoken"] })
        }
    }

    @Test(arguments: [(#"{"error":{"code":100,"error_subcode":33,"message":"gone"}}"#, 400, true), ("", 500, false)])
    func aMediumThatCannotBeFetchedSaysWhetherItIsGone(_ body: String, status: Int, isGone: Bool) async throws {
        try await withConnector(script: { _ in .answer(status, body) }) { connector, _, _ in
            let error = await #expect(throws: MediaFetchError.self) {
                try await connector.download(ProviderMedia(reference: "901"), into: CollectingSink())
            }
            #expect(error?.isGone == isGone)
            await #expect(throws: MediaFetchError.self) {
                try await connector.download(ProviderMedia(reference: "../messages"), into: CollectingSink())
            }
        }
    }

    // MARK: Reading

    @Test(
        arguments: [
            (200, #"{"success":true}"#, nil),
            (400, #"{"error":{"code":100,"message":"x"}}"#, .unknownMessage),
            (400, #"{"error":{"code":131009,"message":"x"}}"#, .refused(code: "whatsapp::error::131009", reason: "x")),
            (401, #"{"error":{"code":190,"message":"x"}}"#, .unavailable(reason: "x")),
            (502, "", .unavailable(reason: "WhatsApp answers 502")),
        ] as [(Int, String, ReadMarkFailure?)])
    func aMessageIsMarkedAsRead(_ status: Int, body: String, failure: ReadMarkFailure?) async throws {
        try await withConnector(script: { _ in .answer(status, body) }) { connector, server, _ in
            #expect(await connector.markRead(providerID: "wamid.1", channel: "49", isTyping: true) == failure)
            let expected = """
                {"messaging_product":"whatsapp","status":"read","message_id":"wamid.1",
                "typing_indicator":{"type":"text"}}
                """
            let posted = try JSONValue(parsing: server.requests[0].body)
            let read = try JSONValue(parsing: expected.utf8)
            #expect(posted == read)
        }
    }
}
