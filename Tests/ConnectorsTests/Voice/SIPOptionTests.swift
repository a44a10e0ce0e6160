// SPDX-License-Identifier: Apache-2.0
// The options of a SIP connector, and who is written into the headers of a call.

import Messaging
import Testing
import Wire

@testable import Connectors

struct SIPOptionTests {
    static func options(_ json: String, secret: String = "") throws -> SIPOptions {
        try SIPOptions(
            ConnectorSettings(
                id: 1, name: "trunk", kind: "sip", options: try JSONValue(parsing: json.utf8), secret: secret))
    }

    @Test
    func `all but the host has a default`() throws {
        let options = try Self.options(#"{"host":"sip.example.com"}"#)
        #expect(options.transport == .udp)
        #expect(options.concurrentCalls == 10)
        #expect(options.answerTimeout == 45_000)
        #expect(options.codecs == [.pcma, .pcmu])
        #expect(options.mediaPorts == 20_000...29_999)
        #expect(options.speech.repetitions == 2)
        #expect(options.speech.program.hasSuffix("/espeak-ng"))
        #expect(options.route == nil)
        #expect(options.trunk == "sip.example.com")
    }

    @Test
    func `each option is read`() throws {
        let options = try Self.options(
            """
            {"host":"10.0.0.1","port":5070,"transport":"tls","domain":"example.com","username":"u","register":true,
            "registerExpires":120,"address":"127.0.0.1","localPort":5080,"rtpPorts":"30000-30999","concurrentCalls":40,
            "answerTimeout":30,"codecs":["PCMU"],"caller":"49301","assertedIdentity":false,"plus":false,
            "tls":{"verify":true,"serverName":"trunk.example.com"},"voices":{"DE":"gmw/de"},"repeat":3,"pause":0.5,
            "wordsPerMinute":120,"uncertain":"fail"}
            """, secret: "p")
        #expect(options.route == "sip:10.0.0.1:5070;transport=tls")
        #expect(options.realm == "example.com")
        #expect(options.codecs == [.pcmu])
        #expect(options.mediaPorts == 30_000...30_999)
        #expect(options.speech.voices == ["de": "gmw/de"])
        #expect(options.speech.pause == 500)
        #expect(options.tls.serverName == "trunk.example.com")
        #expect(options.answerTimeout == 30_000)
    }

    @Test(arguments: [
        (#"{}"#, "host"), (#"{"host":"a b"}"#, "host"), (#"{"host":"a\r\nX: y"}"#, "host"),
        (#"{"host":"a>b"}"#, "host"),
        (#"{"host":"a;maddr=b"}"#, "host"), (#"{"host":"a","hsot":1}"#, "hsot"), (#"{"host":"a","port":0}"#, "port"),
        (#"{"host":"a","transport":"sctp"}"#, "transport"), (#"{"host":"a","domain":"b\nc"}"#, "domain"),
        (#"{"host":"a","username":"u@x"}"#, "username"), (#"{"host":"a","username":"u"}"#, "password"),
        (#"{"host":"a","register":true}"#, "username"), (#"{"host":"a","address":"eth0"}"#, "address"),
        (#"{"host":"a","rtpPorts":"80-90"}"#, "rtpPorts"), (#"{"host":"a","rtpPorts":"2000"}"#, "rtpPorts"),
        (#"{"host":"a","rtpPorts":"2000-2009"}"#, "rtpPorts"),
        (#"{"host":"a","concurrentCalls":0}"#, "concurrentCalls"),
        (#"{"host":"a","answerTimeout":600}"#, "answerTimeout"), (#"{"host":"a","codecs":["G729"]}"#, "codecs"),
        (#"{"host":"a","codecs":[]}"#, "codecs"), (#"{"host":"a","codecs":["PCMA","PCMA"]}"#, "codecs"),
        (#"{"host":"a","caller":"VERIFY"}"#, "caller"), (#"{"host":"a","tls":{"verify":false}}"#, "tls"),
        (#"{"host":"a","transport":"tls","tls":{"ca":"/nowhere"}}"#, "tls.ca"),
        (#"{"host":"a","transport":"tls","tls":{"cert":"x"}}"#, "tls.cert"), (#"{"host":"a","repeat":9}"#, "repeat"),
        (#"{"host":"a","pause":60}"#, "pause"), (#"{"host":"a","espeak":"/nowhere/espeak-ng"}"#, "espeak"),
        (#"{"host":"a","voices":{"de":"-w/tmp/x"}}"#, "voices.de"),
        (#"{"host":"a","voices":{"de":"/etc"}}"#, "voices.de"),
        (#"{"host":"a","uncertain":"perhaps"}"#, "uncertain"), (#"{"host":"a","wordsPerMinute":5}"#, "wordsPerMinute"),
    ])
    func `what cannot work is refused by name`(_ json: String, _ option: String) {
        #expect { try Self.options(json) } throws: { ($0 as? ConnectorOptionError)?.option == option }
    }

    @Test
    func `a call bears its caller where it has one`() throws {
        let options = try Self.options(#"{"host":"192.0.2.1","port":5070,"transport":"tcp"}"#)
        let parties = try #require(SIPParties(sender: "4930123", recipient: "441632960960", options))
        #expect(parties.target == "sip:+441632960960@192.0.2.1:5070;transport=tcp")
        #expect(parties.from == "sip:+4930123@192.0.2.1")
        #expect(parties.headers == "P-Asserted-Identity: <sip:+4930123@192.0.2.1>\r\n")
        #expect(parties.display == nil)
    }

    @Test(arguments: ["", "VERIFY", "+4930", "493 0", "123456789012345678901", "4930\r\nX: y"])
    func `a sender that is not a number is no caller`(_ sender: String) throws {
        let options = try Self.options(#"{"host":"192.0.2.1","domain":"example.com"}"#)
        let parties = try #require(SIPParties(sender: sender, recipient: "441632960960", options))
        #expect(parties.from == "sip:anonymous@anonymous.invalid")
        #expect(parties.headers == "Privacy: id\r\n")
        let known = try Self.options(#"{"host":"192.0.2.1","caller":"4930","plus":false,"assertedIdentity":false}"#)
        #expect(SIPParties(sender: sender, recipient: "441", known)?.from == "sip:4930@192.0.2.1")
        #expect(SIPParties(sender: sender, recipient: "441", known)?.headers == "")
    }

    @Test(arguments: ["", "+44", "44x", "44@other", "123456789012345678901"])
    func `only numbers are called`(_ recipient: String) throws {
        #expect(SIPParties(sender: "1", recipient: recipient, try Self.options(#"{"host":"192.0.2.1"}"#)) == nil)
    }

    @Test
    func `an IPv6 trunk stands in brackets`() throws {
        let options = try Self.options(#"{"host":"2001:db8::1","port":5070}"#)
        #expect(SIPParties(sender: "", recipient: "44", options)?.target == "sip:+44@[2001:db8::1]:5070")
    }
}

struct SIPTraceTests {
    @Test
    func `a request and a response are kept by method, status and Call-ID`() throws {
        let request = try #require(
            SIPTrace("INVITE sip:+441632@h SIP/2.0\r\nCSeq: 7 INVITE\r\nCall-ID: a@b\r\n\r\nsecret".utf8))
        #expect(request.described == ExchangeText(what: "INVITE", fields: ["callID": .string("a@b")]))
        let response = try #require(
            SIPTrace("SIP/2.0 486 Busy Here\r\nCSEQ: 7 INVITE\r\ni: a@b\r\nFrom: <sip:+49301@h>\r\n\r\n".utf8))
        #expect(
            response.described
                == ExchangeText(what: "INVITE", status: "486 Busy Here", fields: ["callID": .string("a@b")]))
    }

    @Test(arguments: [
        "", "\r\n\r\n", "hello", "SIP/2.0 99 Low\r\nCall-ID: a\r\n", "INVITE x HTTP/1.1\r\nCall-ID: a\r\n",
        "SIP/2.0 200 OK\r\n\r\n",
    ])
    func `anything else is not kept`(_ text: String) {
        #expect(SIPTrace(text.utf8) == nil)
    }

    @Test
    func `no bytes can break it, nor what it shows`() {
        var random = SplitMix(seed: 1)
        let sample = Array("SIP/2.0 486 Busy Here\r\nCSeq: 7 INVITE\r\nCall-ID: a@b\r\nVia: x\r\n\r\n".utf8)
        for _ in 0..<20_000 {
            let bytes = random.mutated(sample)
            guard let trace = SIPTrace(bytes) else { continue }
            let shown = trace.method + trace.phrase + trace.callID
            #expect(shown.utf8.allSatisfy { (0x20...0x7E).contains($0) })
            #expect(shown.utf8.count <= 3 * 256)
        }
    }
}

/// A generator that gives the same numbers each time.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    /// The bytes with a few of them changed, left out or doubled.
    mutating func mutated(_ sample: [UInt8]) -> [UInt8] {
        var bytes = sample
        for _ in 0..<Int.random(in: 1...6, using: &self) {
            guard !bytes.isEmpty else { return bytes }
            let place = Int.random(in: 0..<bytes.count, using: &self)
            switch Int.random(in: 0..<4, using: &self) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &self)
            case 1: bytes.remove(at: place)
            case 2: bytes.insert(UInt8.random(in: 0...255, using: &self), at: place)
            default: bytes = Array(bytes[..<place])
            }
        }
        return bytes
    }
}
