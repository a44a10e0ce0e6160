// SPDX-License-Identifier: Apache-2.0
// What Viber answers to a message, the signature of what it sends, and the window that follows from both.

import Messaging
import Testing
import Wire

@testable import Connectors

struct ViberAnswerTests {
    @Test(arguments: [
        (#"{"seq":7,"status":0,"message_token":"538"}"#, 1, SendOutcome.submitted(providerID: "538")),
        (#"{"status":0,"message_token":5379697806260881548}"#, 1, .submitted(providerID: "5379697806260881548")),
        (#"{"status":12,"message_token":"538"}"#, 2, .submitted(providerID: "538")),
        (#"{"status":12}"#, 1, .rejected(code: "viber::error::12", reason: "already sent")),
        (#"{"status":9}"#, 1, .rejected(code: "viber::error::9", reason: "not a Viber user")),
        (#"{"status":77}"#, 1, .rejected(code: "viber::error::77", reason: "status 77")),
        (#"{"status":1}"#, 1, .retry(delay: 5000, reason: "internal failure")),
        (#"{"status":7}"#, 4, .retry(delay: 5000, reason: "timeout at Viber")),
        (#"{"status":7}"#, 5, .rejected(code: "viber::error::7", reason: "timeout at Viber")),
        (#"{"status":17}"#, 9, .retry(delay: 1000, reason: "no more messages for now")),
        (#"{"status":0}"#, 1, .uncertain(reason: "Viber took it and gave no message_token")),
        ("<html>", 1, .uncertain(reason: "Viber's answer cannot be read")),
        (#"{"status":"0"}"#, 1, .uncertain(reason: "Viber's answer cannot be read")),
    ])
    func `an answer of Business Messages is an outcome`(_ body: String, _ attempt: Int, _ outcome: SendOutcome) {
        #expect(ViberBusinessStatus.verdict(Array(body.utf8), attempt: attempt).outcome == outcome)
    }

    @Test(arguments: [
        (#"{"status":0,"status_message":"ok","message_token":491}"#, 1, SendOutcome.submitted(providerID: "491")),
        (
            #"{"status":6,"status_message":"not subscribed"}"#, 1,
            .rejected(code: "viber::error::6", reason: "receiverNotSubscribed")
        ),
        (#"{"status":12}"#, 9, .retry(delay: 1000, reason: "tooManyRequests")),
        (#"{"status":10}"#, 1, .retry(delay: 5000, reason: "webhookNotSet")),
        (#"{"status":10}"#, 5, .rejected(code: "viber::error::10", reason: "webhookNotSet")),
        (#"{"status":99,"status_message":"general"}"#, 1, .retry(delay: 5000, reason: "general")),
        (#"{"status":99}"#, 5, .rejected(code: "viber::error::99", reason: "status 99")),
        (#"{}"#, 1, .uncertain(reason: "Viber's answer cannot be read")),
    ])
    func `an answer of the bot API is an outcome`(_ body: String, _ attempt: Int, _ outcome: SendOutcome) {
        #expect(ViberBotStatus.verdict(Array(body.utf8), attempt: attempt).outcome == outcome)
    }

    @Test
    func `a refused token and a request to slow down pause the connector`() {
        for verdict in [
            ViberBusinessStatus.verdict(Array(#"{"status":11}"#.utf8), attempt: 1),
            ViberBusinessStatus.verdict(Array(#"{"status":401}"#.utf8), attempt: 1),
            ViberBotStatus.verdict(Array(#"{"status":2}"#.utf8), attempt: 1),
        ] {
            #expect(verdict.isUnauthorized)
            #expect(verdict.pause == 30_000)
        }
        #expect(ViberVerdict.ofHTTP(401, retryAfter: nil)?.isUnauthorized == true)
        #expect(ViberVerdict.ofHTTP(429, retryAfter: 7000)?.pause == 7000)
        #expect(ViberVerdict.ofHTTP(503, retryAfter: nil)?.outcome == .retry(delay: 5000, reason: "Viber answers 503"))
        #expect(
            ViberVerdict.ofHTTP(404, retryAfter: nil)?.outcome
                == .rejected(code: "viber::error::404", reason: "Viber answers 404"))
        #expect(ViberVerdict.ofHTTP(200, retryAfter: nil) == nil)
    }
}

struct ViberWindowTests {
    @Test
    func `room is what is not settled yet`() {
        var window = ViberWindow(size: 3)
        #expect(window.reserve(5, now: 0) == 0)
        window.start()
        #expect(window.reserve(2, now: 0) == 2)
        #expect(window.reserve(5, now: 0) == 1)
        window.submitted(3)
        _ = window.completed(ViberVerdict(.submitted(providerID: "1")), now: 0)
        #expect(window.reserve(1, now: 0) == 0)
        window.settled(1)
        #expect(window.reserve(5, now: 0) == 1)
        #expect(window.underWay == 2)
    }

    @Test
    func `a pause ends by itself, and a longer one is not cut short`() {
        var window = ViberWindow(size: 10)
        window.start()
        #expect(window.completed(.throttled("slow", delay: 5000), now: 1000) == 6000)
        #expect(window.completed(.throttled("slow", delay: 1000), now: 1500) == nil)
        #expect(window.reserve(1, now: 5999) == 0)
        #expect(window.linkState(at: 5999).isPaused)
        #expect(window.isUp(at: 5999))
        #expect(window.reserve(1, now: 6000) == 1)
        #expect(window.linkState(at: 6000).throttled == 2)
    }

    @Test
    func `a refused token takes the connector down until the next try`() {
        var window = ViberWindow(size: 10)
        window.start()
        _ = window.completed(.unauthorized("no"), now: 0)
        #expect(!window.isUp(at: 29_999))
        #expect(window.linkState(at: 0).phases == [.waiting])
        #expect(window.isUp(at: 30_000))
        #expect(window.linkState(at: 30_000).phases == [.waiting])
        _ = window.completed(ViberVerdict(.submitted(providerID: "1")), now: 30_100)
        #expect(window.linkState(at: 30_100).phases == [.bound])
    }
}

struct ViberSignatureTests {
    static let body = Array(#"{"event":"delivered","user_id":"Grüße"}"#.utf8)
    static let token = "445da6az1s345z78-dazcczb2542zv51a-e0vc5fva17480im9"
    /// What `viberbot` 1.0.12 computes for them.
    static let signature = "53a567d67e6619c7733ef0f11167f7122f7d2083b21dda75aa6bec7bec878829"

    @Test
    func `a signature is that of Viber's own library`() {
        #expect(ViberSignature.sign(Self.body, token: Self.token) == Self.signature)
        #expect(ViberSignature.isValid(Self.signature, of: Self.body, token: Self.token))
        #expect(ViberSignature.isValid(Self.signature.uppercased(), of: Self.body, token: Self.token))
    }

    @Test(arguments: [
        "", "00", String(repeating: "0", count: 64), String(signature.dropLast()) + "x", signature + "00",
    ])
    func `any other signature is wrong`(_ signature: String) {
        #expect(!ViberSignature.isValid(signature, of: Self.body, token: Self.token))
    }

    @Test
    func `another body, another token or none do not fit a signature`() {
        #expect(!ViberSignature.isValid(Self.signature, of: Self.body + [0x20], token: Self.token))
        #expect(!ViberSignature.isValid(Self.signature, of: Self.body, token: "other"))
        #expect(!ViberSignature.isValid(ViberSignature.sign(Self.body, token: ""), of: Self.body, token: ""))
    }
}
