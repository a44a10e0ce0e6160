// SPDX-License-Identifier: Apache-2.0
// What Viber tells us on its own: every callback becomes its event, and no bytes can do harm.

import Messaging
import Testing
import Wire

@testable import Connectors

struct ViberCallbackTests {
    static let business = ViberBusinessCallback(connectorID: 3, serviceID: "10001", isTrusted: true)
    static let bot = ViberBotCallback(connectorID: 4, account: "demo")

    static func receipt(
        _ state: PartState, _ token: String, connector: Int64 = 3, recipient: String = "491701234567",
        error: String? = nil, reason: String? = nil
    ) -> ConnectorEvent {
        .receipt(
            Receipt(
                connectorID: connector, providerID: token, recipient: recipient, state: state, errorCode: error,
                reason: reason, at: viberNow - 1000))
    }

    static func status(_ members: String) -> String {
        #"""
        {"message_token":"538","message_time":1768478399000,"phone_number":"491701234567",\#
        "service_id":10001,\#(members)}
        """#
    }

    @Test(arguments: [
        (#""message_status":0"#, receipt(.delivered, "538")),
        (#""message_status":1"#, receipt(.seen, "538")),
        (#""message_status":2"#, receipt(.expired, "538")),
        (
            #""message_status":3,"reason":9"#,
            receipt(.undeliverable, "538", error: "viber::error::9", reason: "not a Viber user")
        ),
        (
            #""message_status":3,"reason":"8""#,
            receipt(.undeliverable, "538", error: "viber::error::8", reason: "blocked by the user")
        ),
        (
            #""message_status":3,"reason":99"#,
            receipt(.failed, "538", error: "viber::error::99", reason: "status 99")
        ),
        (#""message_status":3"#, receipt(.failed, "538", error: "viber::error::1", reason: "internal failure")),
        (#""message_status":4"#, nil),
        (#""message_status":"delivered""#, nil),
    ])
    func `a status of Business Messages is a receipt`(_ members: String, _ expected: ConnectorEvent?) {
        #expect(Self.business.event(in: Array(Self.status(members).utf8), now: viberNow) == expected)
    }

    @Test
    func `a token may be a number and the time and the recipient may be missing`() {
        let event = Self.business.event(
            in: Array(#"{"message_token":5379697806260881548,"message_status":0}"#.utf8), now: viberNow)
        let expected = Receipt(
            connectorID: 3, providerID: "5379697806260881548", recipient: "", state: .delivered, errorCode: nil,
            at: viberNow)
        #expect(event == .receipt(expected))
    }

    @Test(arguments: [
        (
            #"{"event":"delivered","timestamp":1768478399000,"message_token":491,"user_id":"012="}"#,
            receipt(.delivered, "491", connector: 4, recipient: "")
        ),
        (
            #"{"event":"seen","timestamp":1768478399000,"message_token":491,"user_id":"012="}"#,
            receipt(.seen, "491", connector: 4, recipient: "")
        ),
        (
            #"{"event":"failed","timestamp":1768478399000,"message_token":491,"user_id":"012=","desc":"no"}"#,
            receipt(.failed, "491", connector: 4, recipient: "", error: "viber::error::failed", reason: "no")
        ),
        (#"{"event":"webhook","timestamp":1768478399000,"message_token":491}"#, nil),
        (#"{"event":"subscribed","timestamp":1768478399000,"message_token":491,"user":{"id":"012="}}"#, nil),
        (#"{"event":"unsubscribed","timestamp":1768478399000,"message_token":491,"user_id":"012="}"#, nil),
        (#"{"event":"conversation_started","timestamp":1768478399000,"message_token":491,"user":{"id":"012="}}"#, nil),
    ])
    func `a status of a bot's message is a receipt`(_ body: String, _ expected: ConnectorEvent?) {
        #expect(Self.bot.event(in: Array(body.utf8), now: viberNow) == expected)
    }

    struct Written: Sendable {
        let message: String
        let body: RichBody
        var media: ProviderMedia?
        var repliesTo: String?

        init(_ message: String, _ body: RichBody, media: ProviderMedia? = nil, repliesTo: String? = nil) {
            self.message = message
            self.body = body
            self.media = media
            self.repliesTo = repliesTo
        }
    }

    static func medium(caption: String? = nil, filename: String? = nil, duration: Int? = nil, sticker: Int? = nil)
        -> MediaBody
    {
        var body = MediaBody(caption: caption, filename: filename)
        body.duration = duration
        body.stickerId = sticker
        return body
    }

    static let asked = ViberTracking(
        messageID: "m1", buttons: [ViberBotMessage.Button(caption: "Yes", action: .reply("y"))])

    static func quoted(_ text: String) -> String {
        var writer = JSONWriter()
        writer.string(text)
        return writer.text
    }

    static let written = [
        Written(#"{"type":"text","text":"Hello"}"#, .text(TextBody("Hello"))),
        Written(#"{"text":"Hello"}"#, .text(TextBody("Hello"))),
        Written(
            #"{"text":"Hello","tracking_data":"{\"id\":\"m1\"}"}"#, .text(TextBody("Hello")), repliesTo: "m1"),
        Written(
            #"{"type":"text","text":"y","tracking_data":\#(quoted(asked.text))}"#,
            .postback(Postback(origin: .button, data: "y", text: "Yes")), repliesTo: "m1"),
        Written(
            #"{"type":"text","text":"maybe","tracking_data":\#(quoted(asked.text))}"#, .text(TextBody("maybe")),
            repliesTo: "m1"),
        Written(#"{"type":"url","media":"https://b.example/"}"#, .text(TextBody("https://b.example/"))),
        Written(
            #"{"type":"picture","media":"https://b.example/p","text":"Look","file_name":"p.jpg"}"#,
            .image(medium(caption: "Look", filename: "p.jpg")),
            media: ProviderMedia(reference: "https://b.example/p", filename: "p.jpg")),
        Written(
            #"{"type":"video","media":"https://b.example/v","size":99,"duration":7}"#, .video(medium(duration: 7)),
            media: ProviderMedia(reference: "https://b.example/v", size: 99)),
        Written(
            #"{"type":"file","media":"https://b.example/f","file_name":"f.pdf","file_size":12}"#,
            .document(medium(filename: "f.pdf")),
            media: ProviderMedia(reference: "https://b.example/f", filename: "f.pdf", size: 12)),
        Written(#"{"type":"sticker","sticker_id":46105}"#, .sticker(medium(sticker: 46105))),
        Written(
            #"{"type":"location","location":{"lat":50.5,"lon":6}}"#,
            .location(Location(longitude: 6, latitude: 50.5))),
        Written(
            #"{"type":"contact","contact":{"name":"Alex","phone_number":"+972511123123"}}"#,
            .contacts([ViberBotMessageTests.card("Alex", "+972511123123")])),
        Written(
            #"{"type":"button","text":"Yes","payload":"y"}"#,
            .postback(Postback(origin: .button, data: "y", text: "Yes"))),
        Written(#"{"type":"picture","media":"file:///etc/passwd"}"#, .unknown(type: "picture")),
        Written(#"{"type":"location","location":{"lat":500,"lon":6}}"#, .unknown(type: "location")),
        Written(#"{"type":"contact","contact":"Alex"}"#, .unknown(type: "contact")),
        Written(#"{"type":"hologram"}"#, .unknown(type: "hologram")),
    ]

    @Test(arguments: written)
    func `what a customer writes is the same to both APIs`(_ written: Written) throws {
        let viaBusiness =
            #"""
            {"message_token":"7","time":1768478399000,"phone_number":"+491701234567",\#
            "service_id":10001,"message":\#(written.message)}
            """#
        let viaBot =
            #"""
            {"event":"message","timestamp":1768478399000,"message_token":7,"sender":{"id":"012=",\#
            "name":"John"},"message":\#(written.message)}
            """#
        for (event, identity, name) in [
            (Self.business.event(in: Array(viaBusiness.utf8), now: viberNow), Identity(.phone, "491701234567"), nil),
            (Self.bot.event(in: Array(viaBot.utf8), now: viberNow), Identity(.viberID, "012="), "John"),
        ] {
            guard case .message(let message) = event else {
                Issue.record("\(String(describing: event)) is no message")
                continue
            }
            #expect(message.kind == .viber)
            #expect(message.sender == [identity])
            #expect(message.recipient == (name == nil ? "10001" : "demo"))
            #expect(message.providerID == "7")
            #expect(message.sentAt == viberNow - 1000)
            #expect(message.content.body == written.body)
            #expect(message.content.inbound?.senderName == name)
            #expect(message.content.inbound?.repliesTo == written.repliesTo)
            #expect(message.media == written.media)
        }
    }

    @Test
    func `a link of a callback that anybody may have sent is passed on and not fetched`() {
        let callback = ViberBusinessCallback(connectorID: 3, serviceID: nil, isTrusted: false)
        let body =
            #"""
            {"message_token":"7","phone_number":"1","service_id":10001,"message":{"type":"picture",\#
            "media":"https://b.example/p"}}
            """#
        guard case .message(let message) = callback.event(in: Array(body.utf8), now: viberNow) else {
            Issue.record("no message")
            return
        }
        #expect(message.media == nil)
        #expect(message.content.body == .image(MediaBody(url: "https://b.example/p")))
    }

    @Test(arguments: [
        "", "{", "[]", "null", "7", #"{"message_token":"7"}"#, #"{"message_status":0}"#,
        #"{"message_token":"7","message":{"text":"x"},"service_id":1}"#,
        #"{"message_token":"7","message":{"text":"x"},"phone_number":"12a","service_id":1}"#,
        #"{"message_token":"7","message":"x","phone_number":"12"}"#,
        #"{"event":"message","message_token":7,"message":{"text":"x"}}"#,
        #"{"event":"message","message_token":7,"sender":{"id":""},"message":{"text":"x"}}"#,
        #"{"event":"delivered","message_token":true}"#,
    ])
    func `what says nothing is no event`(_ body: String) {
        #expect(Self.business.event(in: Array(body.utf8), now: viberNow) == nil)
        #expect(Self.bot.event(in: Array(body.utf8), now: viberNow) == nil)
    }

    @Test
    func `no damage to a callback does any harm`() {
        var random = Random(state: 20_261_121)
        let samples =
            Self.written.map {
                #"""
                {"event":"message","message_token":7,"phone_number":"49","service_id":1,\#
                "sender":{"id":"0"},"message":\#($0.message)}
                """#
            } + (0...3).map { Self.status(#""message_status":\#($0),"reason":9,"event":"failed""#) }
        for _ in 0..<20_000 {
            var bytes = Array(samples[Int(random.next() % UInt64(samples.count))].utf8)
            for _ in 0...(random.next() % 4) { random.damage(&bytes) }
            _ = Self.business.event(in: bytes, now: viberNow)
            _ = Self.bot.event(in: bytes, now: viberNow)
            _ = ViberBusinessStatus.verdict(bytes, attempt: 1)
            _ = ViberBotStatus.verdict(bytes, attempt: 1)
        }
    }
}

/// Random numbers that are the same in every run (SplitMix64).
private struct Random {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    /// Changes, removes, doubles or swaps a few bytes, or puts another kind of value where one was.
    mutating func damage(_ bytes: inout [UInt8]) {
        guard !bytes.isEmpty else { return }
        let place = Int(next() % UInt64(bytes.count))
        switch next() % 6 {
        case 0: bytes[place] = UInt8(truncatingIfNeeded: next())
        case 1: bytes.remove(at: place)
        case 2: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 8)], at: place)
        case 3: bytes.removeSubrange(place...)
        case 4: bytes.swapAt(place, Int(next() % UInt64(bytes.count)))
        default:
            let values = ["null", "-1", "1e400", "9223372036854775808", "{}", "[]", "true", "\"\\ud800\"", "\"\""]
            let value = values[Int(next() % UInt64(values.count))]
            guard let colon = bytes[place...].firstIndex(of: UInt8(ascii: ":")),
                let end = bytes[colon...].firstIndex(where: { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "}") })
            else { return }
            bytes.replaceSubrange((colon + 1)..<end, with: Array(value.utf8))
        }
    }
}
