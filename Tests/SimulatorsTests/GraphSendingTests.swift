// SPDX-License-Identifier: Apache-2.0
// Sending over HTTP to the simulated Graph API: what it takes, what it refuses and how, and which statuses follow.

import NIOHTTP1
import Testing
import Wire

@testable import Simulators

@Suite(.timeLimit(.minutes(1)))
struct GraphSendingTests {
    static let accepted = [
        #""type":"text","text":{"body":"Hi","preview_url":true}"#,
        #""text":{"body":"a text without a type"}"#,
        #""type":"text","text":{"body":"Hi"},"context":{"message_id":"wamid.1"},"recipient_type":"individual""#,
        #""type":"image","image":{"link":"https://example.com/a.png","caption":"A"}"#,
        #""type":"document","document":{"link":"https://example.com/a.pdf","filename":"a.pdf","caption":"A"}"#,
        #""type":"audio","audio":{"link":"https://example.com/a.mp3"}"#,
        #""type":"location","location":{"latitude":51.5,"longitude":"7.4","name":"N","address":"A"}"#,
        #""type":"reaction","reaction":{"message_id":"wamid.1","emoji":"👍🏽"}"#,
        #""type":"reaction","reaction":{"message_id":"wamid.1","emoji":""}"#,
        #""type":"contacts","contacts":[{"name":{"formatted_name":"A B","first_name":"A"}}]"#,
        #""type":"template","template":{"name":"hello_world","language":{"code":"en_US"}}"#,
        #""type":"template","template":{"name":"shipping","language":{"code":"en"},"components":["#
            + #"{"type":"header","parameters":[{"type":"image","image":{"link":"https://example.com/a.png"}}]},"#
            + #"{"type":"body","parameters":[{"type":"text","text":"x"}]},"#
            + #"{"type":"button","sub_type":"url","index":"0","parameters":[{"type":"text","text":"abc"}]}]}"#,
        #""type":"template","template":{"name":"summer_sale","language":{"code":"en"},"components":["#
            + #"{"type":"body","parameters":[{"type":"text","text":"x"}]},{"type":"carousel","cards":["#
            + #"{"card_index":0,"components":[{"type":"header","parameters":[{"type":"image","image":{"link":"https://e.com/a"}}]},"#
            + #"{"type":"body","parameters":[{"type":"text","text":"x"}]}]},"#
            + #"{"card_index":1,"components":[{"type":"header","parameters":[{"type":"image","image":{"link":"https://e.com/a"}}]},"#
            + #"{"type":"body","parameters":[{"type":"text","text":"x"}]}]}]}]}"#,
        #""type":"interactive","interactive":{"type":"button","body":{"text":"B"},"footer":{"text":"F"},"action":{"buttons":["#
            + #"{"type":"reply","reply":{"id":"1","title":"Yes"}},{"type":"reply","reply":{"id":"2","title":"No"}}]}}"#,
        #""type":"interactive","interactive":{"type":"list","body":{"text":"B"},"action":{"button":"Open","sections":["#
            + #"{"title":"S","rows":[{"id":"1","title":"R","description":"D"}]}]}}"#,
        #""type":"interactive","interactive":{"type":"product","action":{"catalog_id":"1","product_retailer_id":"2"}}"#,
        #""type":"interactive","interactive":{"type":"product_list","header":{"type":"text","text":"H"},"body":{"text":"B"},"#
            + #""action":{"catalog_id":"1","sections":[{"title":"S","product_items":[{"product_retailer_id":"2"}]}]}}"#,
        #""type":"interactive","interactive":{"type":"location_request_message","body":{"text":"B"},"#
            + #""action":{"name":"send_location"}}"#,
        #""type":"interactive","interactive":{"type":"flow","body":{"text":"B"},"action":{"name":"flow","parameters":{"#
            + #""flow_message_version":"3","flow_token":"t","flow_id":"1","flow_cta":"Go","flow_action":"navigate","#
            + #""flow_action_payload":{"screen":"A","data":{"x":1}}}}}"#,
        #""type":"interactive","interactive":{"type":"address_message","body":{"text":"B"},"#
            + #""action":{"name":"address_message","parameters":{"country":"IN"}}}"#,
    ]

    @Test("A good message is taken and gets an id", arguments: accepted)
    func accepts(members: String) async throws {
        try await GraphBench.run { bench async throws in
            let answer = try await bench.client.post(
                GraphBench.path, #"{"messaging_product":"whatsapp","to":"+49 1521 2345678",\#(members)}"#)
            #expect(answer.status == 200, "\(String(decoding: answer.body, as: UTF8.self))")
            #expect(answer.json.at("messages.0.id")?.string?.hasPrefix("wamid.") == true)
            #expect(answer.json.at("contacts.0.wa_id")?.string == "4915212345678")
            #expect(answer.json.at("contacts.0.input")?.string == "+49 1521 2345678")
            let record = try #require(bench.graph.journal.first { $0.kind == .message })
            #expect(record.id == answer.json.at("messages.0.id")?.string && record.recipient == "4915212345678")
        }
    }

    static let long = String(repeating: "x", count: 4097)
    static let refused: [(String, Int)] = [
        (#""type":"text","text":{"body":""}"#, 131008),
        (#""type":"text","text":{"body":"\#(long)"}"#, 131009),
        (#""type":"text","text":{"body":7}"#, 100),
        (#""type":"text""#, 131008),
        (#""type":"poll","poll":{}"#, 131051),
        (#""type":"image","image":{}"#, 100),
        (#""type":"image","image":{"link":"https://e.com/a","id":"1"}"#, 100),
        (#""type":"image","image":{"link":"ftp://e.com/a"}"#, 131009),
        (#""type":"image","image":{"id":"12345"}"#, 131009),
        (#""type":"sticker","sticker":{"link":"https://e.com/a","caption":"no"}"#, 100),
        (#""type":"location","location":{"latitude":91,"longitude":1}"#, 131009),
        (#""type":"reaction","reaction":{"message_id":"wamid.1","emoji":"👍👍"}"#, 131009),
        (#""type":"contacts","contacts":[{"name":{"formatted_name":"A"}}]"#, 100),
        (#""type":"contacts","contacts":[]"#, 131009),
        (#""type":"template","template":{"name":"nobody","language":{"code":"en"}}"#, 132001),
        (#""type":"template","template":{"name":"hello_world","language":{"code":"fr"}}"#, 132001),
        (#""type":"template","template":{"name":"order_update","language":{"code":"en"}}"#, 132000),
        (
            #""type":"template","template":{"name":"invoice","language":{"code":"en"},"components":["#
                + #"{"type":"header","parameters":[{"type":"text","text":"x"}]},"#
                + #"{"type":"body","parameters":[{"type":"text","text":"x"}]}]}"#, 132012
        ),
        (
            #""type":"template","template":{"name":"one_time_code","language":{"code":"en"},"components":["#
                + #"{"type":"body","parameters":[{"type":"text","text":"1"}]}]}"#, 131008
        ),
        (
            #""type":"interactive","interactive":{"type":"button","body":{"text":"B"},"action":{"buttons":["#
                + #"{"type":"reply","reply":{"id":"1","title":"A title that is too long"}}]}}"#, 131009
        ),
        (#""type":"interactive","interactive":{"type":"button","body":{"text":"B"},"action":{"buttons":[]}}"#, 131009),
        (
            #""type":"interactive","interactive":{"type":"button","body":{"text":"B"},"action":{"buttons":["#
                + #"{"type":"reply","reply":{"id":"1","title":"Y"}},{"type":"reply","reply":{"id":"1","title":"N"}}]}}"#,
            131009
        ),
        (
            #""type":"interactive","interactive":{"type":"list","body":{"text":"B"},"action":{"button":"O","sections":[]}}"#,
            131009
        ),
        (#""type":"interactive","interactive":{"type":"quiz","body":{"text":"B"},"action":{}}"#, 131009),
        (
            #""type":"interactive","interactive":{"type":"flow","body":{"text":"B"},"action":{"name":"flow","parameters":{"#
                + #""flow_message_version":"2","flow_id":"1","flow_cta":"Go"}}}"#, 131009
        ),
    ]

    @Test("A bad message is refused with Meta's code and details", arguments: refused)
    func refuses(members: String, code: Int) async throws {
        try await GraphBench.run { bench async throws in
            let answer = try await bench.client.post(
                GraphBench.path, #"{"messaging_product":"whatsapp","to":"4915212345678",\#(members)}"#)
            #expect(answer.status == (code == 132001 ? 404 : 400))
            let error = answer.json["error"]
            #expect(error?["code"]?.int64 == Int64(code), "\(String(decoding: answer.body, as: UTF8.self))")
            #expect(error?["message"]?.string?.hasPrefix("(#\(code)) ") == true)
            #expect(error?["type"]?.string == "OAuthException")
            #expect(error?.at("error_data.messaging_product")?.string == "whatsapp")
            #expect(error?.at("error_data.details")?.string?.isEmpty == false)
            #expect(error?["fbtrace_id"]?.string?.isEmpty == false)
            #expect(bench.graph.counters.messages == 0)
        }
    }

    @Test("Without the token, to another number, or without JSON there is an error of its own")
    func refusesRequests() async throws {
        try await GraphBench.run { bench async throws in
            let text = Array(#"{"messaging_product":"whatsapp","to":"4915212345678","text":{"body":"Hi"}}"#.utf8)
            let stranger = try await bench.client.send(
                .POST, GraphBench.path, text, headers: ["Authorization": "Bearer other"])
            #expect(stranger.status == 401 && stranger.json.at("error.code")?.int64 == 190)
            let unknown = try await bench.client.send(.POST, "/v23.0/999/messages", text)
            #expect(unknown.status == 400 && unknown.json.at("error.error_subcode")?.int64 == 33)
            let broken = try await bench.client.post(GraphBench.path, "{")
            #expect(broken.status == 400 && broken.json.at("error.code")?.int64 == 100)
            let product = try await bench.client.post(GraphBench.path, #"{"to":"4915212345678","text":{"body":"Hi"}}"#)
            #expect(product.json.at("error.code")?.int64 == 100)
            let itself = try await bench.text(to: "4915200000001")
            #expect(itself.json.at("error.code")?.int64 == 131021)
            let code = try await bench.client.post(
                GraphBench.path,
                #"{"messaging_product":"whatsapp","recipient":"DE.123","type":"template","template":{"#
                    + #""name":"one_time_code","language":{"code":"en"},"components":["#
                    + #"{"type":"body","parameters":[{"type":"text","text":"1"}]},"#
                    + #"{"type":"button","sub_type":"url","index":0,"parameters":[{"type":"text","text":"1"}]}]}}"#)
            #expect(code.json.at("error.code")?.int64 == 131062)
        }
    }

    static let outcomes: [(String, [String])] = [
        ("4915212345678", ["sent", "delivered", "read"]), ("4915212345010", ["sent", "delivered"]),
        ("4915212345002", ["failed 131026"]), ("4915212345003", ["sent", "failed 131000"]),
        ("4915212345004", ["sent", "failed 131049"]), ("4915212345011", ["sent", "delivered", "read"]),
        ("4915212345012", ["sent", "sent", "delivered", "delivered", "read", "read"]),
        ("4915212345013", ["read", "delivered", "sent"]), ("DE.1349120865530274002", ["failed 131026"]),
    ]

    @Test("The last digits of the recipient choose the statuses", arguments: outcomes)
    func statuses(recipient: String, expected: [String]) async throws {
        try await GraphBench.run {
            $0.lateness = .milliseconds(20)
        } _: { bench async throws in
            let member = recipient.hasPrefix("DE.") ? "recipient" : "to"
            let answer = try await bench.client.post(
                GraphBench.path,
                #"{"messaging_product":"whatsapp","\#(member)":"\#(recipient)","text":{"body":"Hi"},"#
                    + #""biz_opaque_callback_data":"mine"}"#)
            let received = await bench.sink.next(expected.count)
            #expect(received.map { $0.json.graphStatus ?? "" } == expected)
            for one in received {
                let status = one.json.graphValue?.at("statuses.0")
                #expect(status?["id"] == answer.json.at("messages.0.id"))
                #expect(status?["biz_opaque_callback_data"]?.string == "mine")
                #expect(status?[member == "to" ? "recipient_id" : "recipient_user_id"]?.string == recipient)
                #expect(
                    one.headers.first(name: "X-Hub-Signature-256")
                        == "sha256=" + Signature.hmac(one.body, key: "simulated-app-secret"))
            }
        }
    }

    @Test("A silent recipient is never heard of, a refused one is refused in the answer")
    func silentAndRefused() async throws {
        try await GraphBench.run { bench async throws in
            #expect(try await bench.text(to: "4915212345007").status == 200)
            let refused = try await bench.text(to: "4915212345005")
            #expect(refused.status == 400 && refused.json.at("error.code")?.int64 == 131030)
            // The next webhook is of the next message: nothing came of the two before.
            let last = try await bench.text(to: "4915212345002")
            let received = await bench.sink.next(1)
            #expect(received[0].json.graphValue?.at("statuses.0.id") == last.json.at("messages.0.id"))
        }
    }

    @Test("A throttled recipient is refused three times, a dropped one loses the connection once")
    func throttledAndDropped() async throws {
        try await GraphBench.run { bench async throws in
            var codes: [Int64?] = []
            for _ in 1...4 { codes.append(try await bench.text(to: "4915212345006").json.at("error.code")?.int64) }
            #expect(codes == [130429, 130429, 130429, nil])
            await #expect(throws: (any Error).self) { try await bench.text(to: "4915212345009") }
            #expect(try await bench.text(to: "4915212345009").status == 200)
            #expect(bench.graph.counters.messages == 2)
        }
    }

    @Test("A status can overtake the answer to its request")
    func statusFirst() async throws {
        try await GraphBench.run { bench async throws in
            async let answer = bench.text(to: "4915212345008")
            let received = await bench.sink.next(1)
            let kinds = bench.graph.journal.map(\.kind)
            #expect(kinds.first == .message && received[0].json.graphStatus == "sent")
            #expect(try await answer.json.at("messages.0.id") == received[0].json.graphValue?.at("statuses.0.id"))
        }
    }

    @Test("Sent and delivered say what it costs and which conversation it belongs to")
    func pricing() async throws {
        try await GraphBench.run { bench async throws in
            _ = try await bench.client.post(
                GraphBench.path,
                #"{"messaging_product":"whatsapp","to":"4915212345678","type":"template","template":{"name":"hello_world","#
                    + #""language":{"code":"en_US"}}}"#)
            let statuses = await bench.sink.next(3).compactMap { $0.json.graphValue?.at("statuses.0") }
            #expect(statuses[0].at("pricing.category")?.string == "utility")
            #expect(statuses[0].at("pricing.billable")?.bool == true)
            #expect(statuses[0].at("conversation.origin.type")?.string == "utility")
            #expect(statuses[0].at("conversation.id") == statuses[1].at("conversation.id"))
            #expect(statuses[2]["pricing"] == nil)
        }
    }

    @Test("Outside the 24 hours only templates arrive; a customer who writes opens the window")
    func window() async throws {
        try await GraphBench.run {
            $0.enforcesWindow = true
        } _: { bench async throws in
            #expect(try await bench.text(to: "4915212345678").status == 200)
            #expect(await bench.sink.next(1)[0].json.graphStatus == "failed 131047")
            _ = try await bench.client.post(
                GraphBench.path,
                #"{"messaging_product":"whatsapp","to":"4915212345678","type":"template","template":{"name":"hello_world","#
                    + #""language":{"code":"en_US"}}}"#)
            #expect(await bench.sink.next(3).map { $0.json.graphStatus } == ["sent", "delivered", "read"])

            try await bench.graph.customerWrites(from: .init(waID: "4915212345678"), .text("Hello"))
            _ = await bench.sink.next(1)
            #expect(try await bench.text(to: "4915212345678").status == 200)
            let sent = await bench.sink.next(3)[0].json.graphValue?.at("statuses.0")
            #expect(sent?["status"]?.string == "sent" && sent?.at("pricing.billable")?.bool == false)

            bench.graph.closeWindow(phoneNumberID: GraphBench.number, customer: "4915212345678")
            _ = try await bench.text(to: "4915212345678")
            #expect(await bench.sink.next(1)[0].json.graphStatus == "failed 131047")
        }
    }

    static let faults: [(HTTPFault, Int?, Int64?)] = [
        (.serverError, 500, 131000), (.rateLimited, 429, 130429), (.pairLimited, 429, 131056),
        (.unauthorized, 401, 190),
        (.cut(isTaken: false), nil, nil), (.cut(isTaken: true), nil, nil),
    ]

    @Test("Faults come as often as they are asked for", arguments: faults)
    func injected(fault: HTTPFault, status: Int?, code: Int64?) async throws {
        try await GraphBench.run { bench async throws in
            bench.graph.inject(fault)
            let answer = try? await bench.text(to: "4915212345678")
            #expect(answer?.status == status && answer?.json.at("error.code")?.int64 == code)
            #expect(bench.graph.counters.messages == (fault == .cut(isTaken: true) ? 1 : 0))
            #expect(try await bench.text(to: "4915212345678").status == 200)
        }
    }

    @Test("A slow answer is late, and the message is taken")
    func slow() async throws {
        try await GraphBench.run { bench async throws in
            bench.graph.inject(.slow(.milliseconds(80)))
            let start = ContinuousClock.now
            #expect(try await bench.text(to: "4915212345678").status == 200)
            #expect(ContinuousClock.now - start >= .milliseconds(80))
        }
    }

    @Test("More than a number may send in a second is refused, and chances of faults are kept")
    func rateAndChances() async throws {
        try await GraphBench.run {
            $0.messagesPerSecond = 0
        } _: { bench async throws in
            #expect(try await bench.text(to: "4915212345678").json.at("error.code")?.int64 == 130429)
            var chances = HTTPFaultChances()
            chances.serverError = 1
            bench.graph.setFaults(chances)
            #expect(try await bench.text(to: "4915212345678").status == 500)
        }
    }
}
