// SPDX-License-Identifier: Apache-2.0
// The Viber bot REST API over HTTP to the simulator: webhook, messages of every type, statuses, users.

import NIOHTTP1
import Testing
import Wire

@testable import Simulators

@Suite(.timeLimit(.minutes(1)))
struct ViberBotTests {
    static let bot = ViberSimulator.Bot(subscribers: ["user/678=", "user/002", "user/003", "user/005", "user/006"])

    /// With the webhook set and its event taken.
    static func run(_ body: (ViberBench) async throws -> Void) async throws {
        try await ViberBench.run(token: bot.token) {
            $0.bots = [bot]
        } _: { bench async throws in
            let url = bench.sink.url
            let answer = try await bench.client.post("/pa/set_webhook", #"{"url":"\#(url)"}"#)
            #expect(answer.json["status"]?.int64 == 0)
            let event = await bench.sink.next(1)[0]
            #expect(event.json["event"]?.string == "webhook")
            #expect(
                event.headers.first(name: "X-Viber-Content-Signature") == Signature.hmac(event.body, key: bot.token))
            try await body(bench)
        }
    }

    static let accepted = [
        #""type":"text","text":"Hi","tracking_data":"t","min_api_version":1"#,
        #""type":"picture","media":"https://e.com/a.jpg","text":"A","thumbnail":"https://e.com/t.jpg""#,
        #""type":"video","media":"https://e.com/v.mp4","size":1000,"duration":3"#,
        #""type":"file","media":"https://e.com/f","size":1000,"file_name":"f.pdf""#,
        #""type":"contact","contact":{"name":"A","phone_number":"+49"}"#,
        #""type":"location","location":{"lat":1.5,"lon":2}"#,
        #""type":"url","media":"https://e.com""#,
        #""type":"sticker","sticker_id":46105"#,
        #""type":"text","text":"Hi","keyboard":{"Type":"keyboard","Buttons":[{"ActionType":"reply","ActionBody":"y","Text":"Yes"}]}"#,
    ]

    @Test("A good message is taken, delivered and seen", arguments: accepted)
    func accepts(members: String) async throws {
        try await Self.run { bench async throws in
            let answer = try await bench.client.post(
                "/pa/send_message", #"{"receiver":"user/678=","sender":{"name":"Bot"},\#(members)}"#)
            #expect(answer.json["status"]?.int64 == 0, "\(answer.json)")
            #expect(answer.json["status_message"]?.string == "ok")
            let token = try #require(answer.json["message_token"]?.int64)
            let received = await bench.sink.next(2).map(\.json)
            #expect(received.map { $0["event"]?.string } == ["delivered", "seen"])
            #expect(received.allSatisfy { $0["message_token"]?.int64 == token && $0["user_id"]?.string == "user/678=" })
        }
    }

    static let refused: [(String, Int64)] = [
        (#""receiver":"user/678=","sender":{"name":"Bot"},"type":"text""#, 4),
        (#""receiver":"user/678=","sender":{"name":"Bot"},"type":"dance""#, 3),
        (#""receiver":"user/678=","type":"text","text":"Hi""#, 4),
        (#""sender":{"name":"Bot"},"type":"text","text":"Hi""#, 4),
        (
            #""receiver":"user/678=","sender":{"name":"\#(String(repeating: "n", count: 29))"},"type":"text","text":"Hi""#,
            3
        ),
        (#""receiver":"user/678=","sender":{"name":"Bot"},"type":"file","media":"https://e.com/f","size":1"#, 4),
        (#""receiver":"user/678=","sender":{"name":"Bot"},"type":"picture","media":"nowhere""#, 3),
        (
            #""receiver":"user/678=","sender":{"name":"Bot"},"type":"text","text":"Hi","keyboard":{"Type":"keyboard"}"#,
            4
        ),
        (#""receiver":"stranger","sender":{"name":"Bot"},"type":"text","text":"Hi""#, 6),
        (#""receiver":"user/005","sender":{"name":"Bot"},"type":"text","text":"Hi""#, 5),
        (#""receiver":"user/006","sender":{"name":"Bot"},"type":"text","text":"Hi""#, 12),
    ]

    @Test("A bad message is refused with Viber's status", arguments: refused)
    func refuses(members: String, code: Int64) async throws {
        try await Self.run { bench async throws in
            let answer = try await bench.client.post("/pa/send_message", "{\(members)}")
            #expect(answer.status == 200 && answer.json["status"]?.int64 == code, "\(answer.json)")
            #expect(answer.json["message_token"] == nil)
        }
    }

    @Test("Without a webhook nothing can be sent, and one that does not answer is not taken")
    func webhook() async throws {
        try await ViberBench.run(token: Self.bot.token) {
            $0.bots = [Self.bot]
        } _: { bench async throws in
            let text = #"{"receiver":"user/678=","sender":{"name":"Bot"},"type":"text","text":"Hi"}"#
            #expect(try await bench.client.post("/pa/send_message", text).json["status"]?.int64 == 10)
            let url = bench.sink.url
            bench.sink.answer(.internalServerError)
            #expect(try await bench.client.post("/pa/set_webhook", #"{"url":"\#(url)"}"#).json["status"]?.int64 == 1)
            let set = try await bench.client.post(
                "/pa/set_webhook", #"{"url":"\#(url)","event_types":["delivered","message"]}"#)
            #expect(set.json["event_types"]?.array?.count == 2)
            let info = try await bench.client.post("/pa/get_account_info", "{}")
            #expect(info.json["webhook"]?.string == url && info.json["subscribers_count"]?.int64 == 5)
            #expect(try await bench.client.post("/pa/set_webhook", #"{"url":""}"#).json["status"]?.int64 == 0)
            #expect(try await bench.client.post("/pa/send_message", text).json["status"]?.int64 == 10)
            let stranger = try await bench.client.send(
                .POST, "/pa/get_account_info", Array("{}".utf8), headers: ["X-Viber-Auth-Token": "other"])
            #expect(stranger.json["status"]?.int64 == 2)
        }
    }

    @Test("A failure says why", arguments: ["user/002", "user/003"])
    func failure(user: String) async throws {
        try await Self.run { bench async throws in
            _ = try await bench.client.post(
                "/pa/send_message", #"{"receiver":"\#(user)","sender":{"name":"Bot"},"type":"text","text":"Hi"}"#)
            let event = await bench.sink.next(1)[0].json
            #expect(event["event"]?.string == "failed" && event["desc"]?.string?.isEmpty == false)
        }
    }

    @Test("A user writes, and can be written to from then on until unsubscribing")
    func users() async throws {
        try await Self.run { bench async throws in
            let user = ViberSimulator.User(id: "new/user", name: "Ada")
            let text = #"{"receiver":"new/user","sender":{"name":"Bot"},"type":"text","text":"Hi","tracking_data":"t"}"#
            #expect(try await bench.client.post("/pa/send_message", text).json["status"]?.int64 == 6)
            try await bench.viber.userOpens(user, context: "c")
            let opened = await bench.sink.next(1)[0].json
            #expect(opened["event"]?.string == "conversation_started" && opened["subscribed"]?.bool == false)
            try await bench.viber.userWrites(from: user, .button(text: "Yes", payload: "y"))
            let written = await bench.sink.next(1)[0].json
            #expect(written["event"]?.string == "message" && written.at("sender.name")?.string == "Ada")
            #expect(written.at("message.type")?.string == "text" && written.at("message.text")?.string == "y")
            #expect(try await bench.client.post("/pa/send_message", text).json["status"]?.int64 == 0)
            _ = await bench.sink.next(2)
            try await bench.viber.userWrites(from: user, .picture(url: "https://e.com/a.png"))
            #expect(await bench.sink.next(1)[0].json.at("message.tracking_data")?.string == "t")
            try await bench.viber.userUnsubscribes(user)
            #expect(await bench.sink.next(1)[0].json["user_id"]?.string == "new/user")
            #expect(try await bench.client.post("/pa/send_message", text).json["status"]?.int64 == 6)
            try await bench.viber.userSubscribes(user)
            #expect(await bench.sink.next(1)[0].json.at("user.id")?.string == "new/user")
            let details = try await bench.client.post("/pa/get_user_details", #"{"id":"new/user"}"#)
            #expect(details.json.at("user.id")?.string == "new/user")
        }
    }
}
