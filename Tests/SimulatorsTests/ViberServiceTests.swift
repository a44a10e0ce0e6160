// SPDX-License-Identifier: Apache-2.0
// Viber Business Messages over HTTP to the simulator: what it takes and refuses, statuses, sessions, customers.

import Logging
import NIOHTTP1
import NIOPosix
import Testing
import Wire

@testable import Simulators

/// A Viber with its receiver, for one test.
struct ViberBench: Sendable {
    static let path = "/vibersrvc/1/send_message"

    var viber: ViberSimulator
    var sink: CallbackSink
    var client: TestClient

    static func run(
        token: String = "simulated-viber-token", _ change: (inout ViberSimulator.Configuration) -> Void = { _ in },
        _ body: (ViberBench) async throws -> Void
    ) async throws {
        let sink = CallbackSink()
        try await sink.start()
        var configuration = ViberSimulator.Configuration()
        configuration.services = [.init(callbackURL: sink.url)]
        configuration.enforcesSessions = false
        configuration.lateness = .milliseconds(20)
        configuration.retries.first = .milliseconds(10)
        change(&configuration)
        let viber = ViberSimulator(
            configuration: configuration, group: .singletonMultiThreadedEventLoopGroup, logger: Logger(label: "test"))
        try await viber.start()
        let client = TestClient(
            baseURL: viber.baseURL, headers: ["X-Viber-Auth-Token": token, "Content-Type": "application/json"])
        let result: Result<Void, any Error>
        do {
            try await body(ViberBench(viber: viber, sink: sink, client: client))
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await viber.shutdown()
        await sink.shutdown()
        try result.get()
    }

    func send(_ members: String, to phone: String = "4915212345678") async throws -> Answer {
        try await client.post(Self.path, #"{"service_id":10001,"dest":"\#(phone)","seq":7,\#(members)}"#)
    }

    func text(to phone: String) async throws -> Answer {
        try await send(
            ##""type":206,"label":"transaction","message":{"#txt":"Hi","#tracking_data":"t"}"##, to: phone)
    }
}

@Suite(.timeLimit(.minutes(1)))
struct ViberServiceTests {
    static let button = ##""#caption":"Open","#action":"https://e.com""##
    static let video = ##""#thumbnail":"https://e.com/t.jpg","#tracking_data":"""##
    static let accepted = [
        ##""type":206,"label":"transaction","message":{"#txt":"Hi","#tracking_data":""}"##,
        ##""type":225,"label":"promotion","ttl":30,"message":{"#txt":"Hi","#tracking_data":""}"##,
        ##""type":306,"label":"session","message":{"#txt":"Hi","#tracking_data":""}"##,
        ##""type":207,"label":"promotion","message":{"#img":"https://e.com/a.png","#tracking_data":""}"##,
        ##""type":208,"label":"promotion","message":{"#txt":"Hi","#img":"https://e.com/a.png",\##(button),"#tracking_data":""}"##,
        ##""type":209,"label":"promotion","message":{"#txt":"Hi","#caption":"","#action":"","#tracking_data":""}"##,
        ##""type":309,"label":"session","message":{"#txt":"Hi",\##(button),"#tracking_data":""}"##,
        ##""type":220,"label":"promotion","file_type":"pdf","message":{"#action":"https://e.com/a","#fileName":"a.pdf","#tracking_data":""}"##,
        ##""type":230,"label":"session","file_size":10,"duration":30,"message":{"#action":"https://e.com/v.mp4",\##(video)}"##,
        ##""type":231,"label":"promotion","file_size":10,"duration":30,"message":{"#txt":"V","#action":"https://e.com/v.mp4",\##(video)}"##,
        ##""type":233,"label":"promotion","file_size":10,"duration":30,"message":{"#txt":"V","#media":"https://e.com/v.mp4",\##(button),\##(video)}"##,
    ]

    @Test("A good message is taken and gets a token", arguments: accepted)
    func accepts(members: String) async throws {
        try await ViberBench.run { bench async throws in
            let answer = try await bench.send(members)
            #expect(answer.status == 200 && answer.json["status"]?.int64 == 0, "\(answer.json)")
            #expect(answer.json["seq"]?.int64 == 7)
            #expect(answer.json["message_token"]?.string?.count == 19)
            #expect((answer.json["session_id"] != nil) == members.contains("session"))
        }
    }

    static let refused: [(String, Int64)] = [
        (##""type":999,"label":"transaction","message":{"#txt":"Hi","#tracking_data":""}"##, 5),
        (##""type":206,"label":"promotion","message":{"#txt":"Hi","#tracking_data":""}"##, 18),
        (##""type":206,"label":"transaction","message":{"#txt":"Hi"}"##, 6),
        (##""type":206,"label":"transaction","message":{"#txt":"","#tracking_data":""}"##, 6),
        (##""type":206,"label":"transaction","ttl":29,"message":{"#txt":"Hi","#tracking_data":""}"##, 20),
        (
            ##""type":206,"label":"transaction","message":{"#txt":"\##(String(repeating: "x", count: 1001))","#tracking_data":""}"##,
            3
        ),
        (##""type":207,"label":"promotion","message":{"#img":"a.png","#tracking_data":""}"##, 6),
        (
            ##""type":220,"label":"promotion","file_type":"exe","message":{"#action":"https://e.com/a","#fileName":"a","#tracking_data":""}"##,
            28
        ),
        (
            ##""type":220,"label":"promotion","file_type":"pdf","message":{"#action":"https://e.com/a","#fileName":"\##(String(repeating: "n", count: 26))","#tracking_data":""}"##,
            29
        ),
        (
            ##""type":230,"label":"promotion","file_size":201,"duration":3,"message":{"#action":"https://e.com/v",\##(video)}"##,
            31
        ),
        (
            ##""type":230,"label":"promotion","file_size":20,"duration":601,"message":{"#action":"https://e.com/v",\##(video)}"##,
            32
        ),
    ]

    @Test("A bad message is refused with Viber's status", arguments: refused)
    func refuses(members: String, code: Int64) async throws {
        try await ViberBench.run { bench async throws in
            let answer = try await bench.send(members)
            #expect(answer.status == 200 && answer.json["status"]?.int64 == code && answer.json["seq"]?.int64 == 7)
            #expect(answer.json["message_token"] == nil && bench.viber.counters.messages == 0)
        }
    }

    @Test("A wrong number, service, token or body has a status of its own")
    func refusesRequests() async throws {
        try await ViberBench.run { bench async throws in
            #expect(try await bench.text(to: "+4915212345678").json["status"]?.int64 == 27)
            let other = #"{"service_id":1,"dest":"4915212345678","seq":1}"#
            #expect(try await bench.client.post(ViberBench.path, other).json["status"]?.int64 == 2)
            #expect(try await bench.client.post(ViberBench.path, "[").json["status"]?.int64 == 3)
            #expect(try await bench.client.send(.GET, "/nothing").status == 404)
        }
        try await ViberBench.run(token: "other") { bench async throws in
            #expect(try await bench.text(to: "4915212345678").json["status"]?.int64 == 401)
        }
    }

    static let outcomes: [(String, [Int64])] = [
        ("4915212345678", [0, 1]), ("4915212345010", [0]), ("4915212345003", [2]), ("4915212345002", [3]),
        ("4915212345004", [3]), ("4915212345011", [0, 1]), ("4915212345012", [0, 0, 1, 1]),
        ("4915212345013", [1, 0]), ("4915212345008", [0, 1]),
    ]

    @Test("The last digits of the recipient choose the signed statuses", arguments: outcomes)
    func statuses(phone: String, expected: [Int64]) async throws {
        try await ViberBench.run { bench async throws in
            let token = try await bench.text(to: phone).json["message_token"]
            let received = await bench.sink.next(expected.count)
            #expect(received.map { $0.json["message_status"]?.int64 } == expected)
            for one in received {
                #expect(one.json["message_token"] == token && one.json["phone_number"]?.string == phone)
                #expect(one.json["service_id"]?.int64 == 10001 && one.json["message_time"]?.int64 != nil)
                #expect((one.json["reason"] != nil) == (one.json["message_status"]?.int64 == 3))
                #expect(
                    one.headers.first(name: "X-Viber-Content-Signature")
                        == Signature.hmac(one.body, key: "simulated-viber-token"))
            }
        }
    }

    @Test("Recipients are refused, throttled and dropped, and faults come on demand")
    func troubles() async throws {
        try await ViberBench.run { bench async throws in
            #expect(try await bench.text(to: "4915212345005").json["status"]?.int64 == 9)
            var statuses: [Int] = []
            for _ in 1...4 { statuses.append(try await bench.text(to: "4915212345006").status) }
            #expect(statuses == [429, 429, 429, 200])
            await #expect(throws: (any Error).self) { try await bench.text(to: "4915212345009") }
            #expect(try await bench.text(to: "4915212345009").json["status"]?.int64 == 0)
            bench.viber.inject(.serverError)
            bench.viber.inject(.rateLimited)
            bench.viber.inject(.cut(isTaken: true))
            #expect(try await bench.text(to: "4915212345678").status == 500)
            #expect(try await bench.text(to: "4915212345678").status == 429)
            let before = bench.viber.counters.messages
            await #expect(throws: (any Error).self) { try await bench.text(to: "4915212345678") }
            #expect(bench.viber.counters.messages == before + 1)
        }
    }

    @Test("A session needs a customer who wrote, and ends after ten messages")
    func sessions() async throws {
        try await ViberBench.run {
            $0.enforcesSessions = true
        } _: { bench async throws in
            let session = ##""type":306,"label":"session","message":{"#txt":"Hi","#tracking_data":"x"}"##
            #expect(try await bench.send(session, to: "4915212345007").json["status"]?.int64 == 21)
            try await bench.viber.customerWrites(from: "4915212345007", .text("Hello"))
            for _ in 1...10 {
                #expect(try await bench.send(session, to: "4915212345007").json["status"]?.int64 == 0)
            }
            #expect(try await bench.send(session, to: "4915212345007").json["status"]?.int64 == 21)
            let again = try await bench.viber.customerWrites(from: "4915212345007", .text("Still there?"))
            let received = await bench.sink.next(2)
            #expect(received[1].json.at("message.tracking_data")?.string == "x" && again.isAcknowledged)
            #expect(try await bench.send(session, to: "4915212345007").json["status"]?.int64 == 0)
        }
    }

    static let messages: [(ViberSimulator.CustomerMessage, String, String, JSONValue)] = [
        (.text("Hello"), "text", "text", .string("Hello")),
        (.picture(url: "https://e.com/a.png", text: "A"), "picture", "media", .string("https://e.com/a.png")),
        (.video(url: "https://e.com/v", size: 9, duration: 3), "video", "duration", .integer(3)),
        (.file(url: "https://e.com/f", name: "f.pdf", size: 9), "file", "file_name", .string("f.pdf")),
        (.contact(name: "A", phoneNumber: "49"), "contact", "contact.phone_number", .string("49")),
        (.location(latitude: 1.5, longitude: 2.5), "location", "location.lon", .number(2.5)),
        (.sticker(id: 46105), "sticker", "sticker_id", .integer(46105)),
        (.button(text: "Yes", payload: "y"), "button", "payload", .string("y")),
    ]

    @Test("What a customer writes comes as a callback", arguments: messages)
    func writes(message: ViberSimulator.CustomerMessage, type: String, path: String, value: JSONValue) async throws {
        try await ViberBench.run { bench async throws in
            let delivery = try await bench.viber.customerWrites(
                from: "4915212345678", message, trackingData: "t")
            let json = await bench.sink.next(1)[0].json
            #expect(json["message_token"]?.string == delivery.messageToken)
            #expect(json["phone_number"]?.string == "4915212345678" && json["service_id"]?.int64 == 10001)
            #expect(json.at("message.type")?.string == type && json.at("message.tracking_data")?.string == "t")
            #expect(json["message"]?.at(path) == value)
        }
    }

    @Test("A customer's medium can be fetched, and a message is seen when the customer wants")
    func mediaAndSeen() async throws {
        try await ViberBench.run { bench async throws in
            let url = bench.viber.hosting([1, 2, 3], mimeType: "image/png", filename: "a b.png")
            let answer = try await bench.client.send(.GET, url)
            #expect(answer.body == [1, 2, 3] && answer.headers.first(name: "Content-Type") == "image/png")
            let token = try await bench.text(to: "4915212345010").json["message_token"]?.string ?? ""
            _ = await bench.sink.next(1)
            try await bench.viber.customerSees(messageToken: token)
            #expect(await bench.sink.next(1)[0].json["message_status"]?.int64 == 1)
            await #expect(throws: ViberSimulator.CustomerError.unknownMessage) {
                try await bench.viber.customerSees(messageToken: "1")
            }
        }
    }

    @Test("Mangled messages are refused or understood, and never bring the simulator down")
    func fuzz() {
        var random = Seeded(state: 8)
        let bodies =
            (Self.accepted + Self.refused.map(\.0)).map {
                Array(#"{"service_id":10001,"dest":"4915212345678","seq":7,\#($0)}"#.utf8)
            } + ViberBotTests.accepted.map { Array(#"{"receiver":"abc","sender":{"name":"B"},\#($0)}"#.utf8) }
        var taken = 0
        for _ in 0..<3000 {
            let body = mangled(bodies.randomElement(using: &random) ?? [], &random)
            guard let json = try? JSONValue(parsing: body) else { continue }
            if (try? ViberServiceCheck(json: json).message()) != nil { taken += 1 }
            if (try? ViberBotCheck(json: json).receiver()) != nil { taken += 1 }
        }
        #expect(taken > 0)
    }
}
