// SPDX-License-Identifier: Apache-2.0
// Media, webhooks and customers of the simulated Graph API, and what it does with bytes that are nonsense.

import NIOHTTP1
import Testing
import Wire

@testable import Simulators

@Suite(.timeLimit(.minutes(1)))
struct GraphCustomerTests {
    static let customer = GraphSimulator.Customer(waID: "4915212345678", name: "Ada")

    static let messages: [(GraphSimulator.CustomerMessage, String, String, JSONValue)] = [
        (.text("Hello"), "text", "text.body", .string("Hello")),
        (.templateButton(text: "Yes", payload: "p"), "button", "button.payload", .string("p")),
        (.buttonReply(id: "b", title: "T"), "interactive", "interactive.button_reply.id", .string("b")),
        (.listReply(id: "l", title: "T", description: "D"), "interactive", "interactive.list_reply.id", .string("l")),
        (.flowReply(responseJSON: "{}"), "interactive", "interactive.nfm_reply.response_json", .string("{}")),
        (.location(latitude: 1.5, longitude: 2), "location", "location.latitude", .number(1.5)),
        (.contacts([.object([:])]), "contacts", "contacts.0", .object([:])),
        (.reaction(messageID: "wamid.1", emoji: "👍"), "reaction", "reaction.emoji", .string("👍")),
        (
            .order(catalogID: "c", items: [.init(productID: "p", quantity: 2, price: 9.5)]), "order",
            "order.product_items.0.quantity", .integer(2)
        ),
        (.numberChange(newWaID: "4915299999999"), "system", "system.wa_id", .string("4915299999999")),
        (.unsupported, "unsupported", "errors.0.code", .integer(131051)),
        (.other(type: "poll", .object(["x": .bool(true)])), "poll", "poll.x", .bool(true)),
        (.media(.voice, bytes: [1], mimeType: "audio/ogg"), "audio", "audio.voice", .bool(true)),
    ]

    @Test("What a customer writes comes as Meta's webhook", arguments: messages)
    func writes(message: GraphSimulator.CustomerMessage, type: String, path: String, value: JSONValue) async throws {
        try await GraphBench.run { bench async throws in
            let delivery = try await bench.graph.customerWrites(from: Self.customer, message)
            let received = await bench.sink.next(1)[0]
            #expect(delivery.isAcknowledged)
            #expect(received.json["object"]?.string == "whatsapp_business_account")
            let webhook = try #require(received.json.graphValue)
            #expect(webhook.at("metadata.phone_number_id")?.string == GraphBench.number)
            #expect(webhook.at("contacts.0.profile.name")?.string == "Ada")
            let written = try #require(webhook.at("messages.0"))
            #expect(written["id"]?.string == delivery.messageID && written["from"]?.string == "4915212345678")
            #expect(written["type"]?.string == type && written.at(path) == value)
            #expect(
                received.headers.first(name: "X-Hub-Signature-256")
                    == "sha256=" + Signature.hmac(received.body, key: "simulated-app-secret"))
        }
    }

    @Test("A customer without a number comes by the business-scoped id alone, with all that comes beside a message")
    func withoutNumber() async throws {
        try await GraphBench.run { bench async throws in
            var extras = GraphSimulator.Extras()
            extras.repliesTo = "wamid.1"
            extras.isForwarded = true
            extras.product = ("c", "p")
            extras.referral = .object(["source_type": .string("ad")])
            let customer = GraphSimulator.Customer(
                waID: nil, userID: "US.13491208655302741918", name: "Bo", username: "@bo")
            try await bench.graph.customerWrites(from: customer, .text("Hi"), extras: extras)
            let webhook = try #require(await bench.sink.next(1)[0].json.graphValue)
            #expect(webhook.at("contacts.0.wa_id") == nil && webhook.at("messages.0.from") == nil)
            #expect(webhook.at("contacts.0.user_id")?.string == "US.13491208655302741918")
            #expect(webhook.at("contacts.0.profile.username")?.string == "@bo")
            #expect(webhook.at("messages.0.from_user_id")?.string == "US.13491208655302741918")
            #expect(webhook.at("messages.0.context.id")?.string == "wamid.1")
            #expect(webhook.at("messages.0.context.forwarded")?.bool == true)
            #expect(webhook.at("messages.0.context.referred_product.product_retailer_id")?.string == "p")
            #expect(webhook.at("messages.0.referral.source_type")?.string == "ad")
        }
    }

    @Test("A message is read with typing, one that was sent is read by the customer, one that was written is deleted")
    func readAndDelete() async throws {
        try await GraphBench.run { bench async throws in
            let id = try await bench.graph.customerWrites(from: Self.customer, .text("Hi")).messageID
            let read = try await bench.client.post(
                GraphBench.path,
                #"{"messaging_product":"whatsapp","status":"read","message_id":"\#(id)","typing_indicator":{"type":"text"}}"#
            )
            #expect(read.status == 200 && read.json["success"]?.bool == true)
            #expect(bench.graph.journal.last?.kind == .read && bench.graph.journal.last?.detail == "typing")
            let unknown = try await bench.client.post(
                GraphBench.path, #"{"messaging_product":"whatsapp","status":"read","message_id":"wamid.0"}"#)
            #expect(unknown.json.at("error.code")?.int64 == 100)

            try await bench.graph.customerDeletes(messageID: id)
            _ = await bench.sink.next(1)
            #expect(await bench.sink.next(1)[0].json.graphStatus == "deleted")

            let sent = try await bench.text(to: "4915212345010").json.at("messages.0.id")?.string ?? ""
            _ = await bench.sink.next(2)
            try await bench.graph.customerReads(messageID: sent)
            #expect(await bench.sink.next(1)[0].json.graphStatus == "read")
            await #expect(throws: GraphSimulator.WebhookError.unknownMessage) {
                try await bench.graph.customerReads(messageID: "wamid.0")
            }
        }
    }

    @Test("A webhook is tried again until it is answered 200, and the next status waits for it")
    func retries() async throws {
        try await GraphBench.run { bench async throws in
            bench.sink.answer(.internalServerError, .serviceUnavailable)
            let delivery = try await bench.graph.customerWrites(from: Self.customer, .text("Hi"))
            #expect(!delivery.isAcknowledged)
            let received = await bench.sink.next(3)
            #expect(received.map(\.status) == [.internalServerError, .serviceUnavailable, .ok])
            #expect(Set(received.map(\.body)).count == 1)
            bench.sink.answer(.badGateway)
            _ = try await bench.text(to: "4915212345678")
            #expect(await bench.sink.next(4).map { $0.json.graphStatus } == ["sent", "sent", "delivered", "read"])
        }
    }

    @Test("What is not taken in the end is told of, and does not hold up a shutdown")
    func givenUp() async throws {
        let (lost, input) = AsyncStream<GraphSimulator.Record>.makeStream()
        try await GraphBench.run {
            $0.retries.limit = 2
            $0.observer = { if $0.kind == .lostWebhook { input.yield($0) } }
        } _: { bench async throws in
            bench.sink.answer(.internalServerError, .internalServerError)
            let delivery = try await bench.graph.customerWrites(from: Self.customer, .text("Hi"))
            var iterator = lost.makeAsyncIterator()
            #expect(await iterator.next()?.id == delivery.messageID)
            #expect(try await bench.graph.customerWrites(from: Self.customer, .text("Ho")).isAcknowledged)
            #expect(bench.graph.counters.lostWebhooks == 1 && bench.graph.counters.webhooks == 1)
        }
        let clock = ContinuousClock.now
        try await GraphBench.run {
            $0.sentDelay = .seconds(3600)
        } _: { bench in
            _ = try await bench.text(to: "4915212345678")
        }
        #expect(ContinuousClock.now - clock < .seconds(20))
    }

    @Test("A callback URL is verified by its challenge")
    func subscribes() async throws {
        try await GraphBench.run {
            $0.callbackURL = nil
        } _: { bench async throws in
            let url = bench.sink.url
            await #expect(throws: GraphSimulator.WebhookError.noCallbackURL) {
                try await bench.graph.customerWrites(from: Self.customer, .text("Hi"))
            }
            await #expect(throws: GraphSimulator.WebhookError.notVerified) {
                try await bench.graph.subscribe(callbackURL: url, verifyToken: "wrong")
            }
            try await bench.graph.subscribe(callbackURL: url, verifyToken: "verify me")
            #expect(try await bench.graph.customerWrites(from: Self.customer, .text("Hi")).isAcknowledged)
        }
    }

    @Test("Media are uploaded, described, downloaded with the token alone, sent by id and deleted")
    func media() async throws {
        try await GraphBench.run { bench async throws in
            let bytes = (0..<3000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            let upload = try await bench.client.send(
                .POST, "/v23.0/\(GraphBench.number)/media", Self.form("image/png", bytes),
                headers: ["Authorization": "Bearer EAASimulated", "Content-Type": "multipart/form-data; boundary=xYz"])
            let id = try #require(upload.json["id"]?.string)
            let described = try await bench.client.send(.GET, "/v23.0/\(id)")
            #expect(described.json["mime_type"]?.string == "image/png")
            #expect(described.json["file_size"]?.int64 == 3000)
            #expect(described.json["sha256"]?.string == Signature.sha256(bytes))
            let url = try #require(described.json["url"]?.string)
            #expect(try await bench.client.send(.GET, url).body == bytes)
            #expect(try await bench.client.send(.GET, url, headers: [:]).status == 401)
            let sent = try await bench.client.post(
                GraphBench.path,
                #"{"messaging_product":"whatsapp","to":"4915212345678","type":"image","image":{"id":"\#(id)"}}"#)
            #expect(sent.status == 200)
            #expect(try await bench.client.send(.DELETE, "/v23.0/\(id)").json["success"]?.bool == true)
            #expect(try await bench.client.send(.GET, "/v23.0/\(id)").status == 400)
            let odd = try await bench.client.send(
                .POST, "/v23.0/\(GraphBench.number)/media", Self.form("image/tiff", bytes),
                headers: ["Authorization": "Bearer EAASimulated", "Content-Type": "multipart/form-data; boundary=xYz"])
            #expect(odd.json.at("error.code")?.int64 == 100)
        }
    }

    static func form(_ type: String, _ bytes: [UInt8]) -> [UInt8] {
        Array("--xYz\r\nContent-Disposition: form-data; name=\"messaging_product\"\r\n\r\nwhatsapp\r\n--xYz\r\n".utf8)
            + Array("Content-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n".utf8)
            + Array("Content-Type: \(type)\r\n\r\n".utf8) + bytes + Array("\r\n--xYz--\r\n".utf8)
    }

    @Test("A customer's picture can be fetched")
    func inboundMedia() async throws {
        try await GraphBench.run { bench async throws in
            try await bench.graph.customerWrites(
                from: Self.customer, .media(.image, bytes: [1, 2, 3], mimeType: "image/jpeg", caption: "Me"))
            let image = try #require(await bench.sink.next(1)[0].json.graphValue?.at("messages.0.image"))
            #expect(image["caption"]?.string == "Me" && image["sha256"]?.string == Signature.sha256([1, 2, 3]))
            let described = try await bench.client.send(.GET, "/v23.0/\(image["id"]?.string ?? "")")
            #expect(try await bench.client.send(.GET, described.json["url"]?.string ?? "").body == [1, 2, 3])
        }
    }

    @Test("Mangled bodies and forms are refused or understood, and never bring the simulator down")
    func fuzz() {
        var random = Seeded(state: 4)
        let bodies = (GraphSendingTests.accepted + GraphSendingTests.refused.map(\.0)).map {
            Array(#"{"messaging_product":"whatsapp","to":"4915212345678",\#($0)}"#.utf8)
        }
        var taken = 0
        for _ in 0..<3000 {
            let body = mangled(bodies.randomElement(using: &random) ?? [], &random)
            guard let json = try? JSONValue(parsing: body) else { continue }
            let check = GraphMessageCheck(
                json: json, templates: GraphSimulator.Template.samples, hasMedia: { $0.count > 3 })
            if (try? check.message()) != nil { taken += 1 }
        }
        #expect(taken > 0)
        let form = Self.form("image/png", Array("abc\r\n--xYdef".utf8))
        #expect(Multipart.parse(contentType: "multipart/form-data; boundary=xYz", body: form)?.count == 2)
        for _ in 0..<3000 {
            _ = Multipart.parse(contentType: "multipart/form-data; boundary=\"xYz\"", body: mangled(form, &random))
        }
    }
}
