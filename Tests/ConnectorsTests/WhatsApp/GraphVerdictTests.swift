// SPDX-License-Identifier: Apache-2.0
// The Cloud API's answers → outcomes.

import Messaging
import Testing
import Wire

@testable import Connectors

@Suite struct GraphVerdictTests {
    private func verdict(_ status: Int, _ body: String, retryAfter: Milliseconds? = nil, attempt: Int = 1)
        -> GraphVerdict
    {
        let reply = ProviderReply(status: status, body: Array(body.utf8), retryAfter: retryAfter)
        return .message(.answered(reply), attempt: attempt)
    }

    private func error(_ code: Int, _ status: Int, retryAfter: Milliseconds? = nil, attempt: Int = 1) -> GraphVerdict {
        let body = #"{"error":{"message":"(#\#(code)) m","code":\#(code),"error_data":{"details":"why"}}}"#
        return verdict(status, body, retryAfter: retryAfter, attempt: attempt)
    }

    @Test func anAnswerWithAnIDIsASubmission() {
        let body = #"{"messaging_product":"whatsapp","contacts":[{"input":"49"}],"messages":[{"id":"wamid.1"}]}"#
        #expect(verdict(200, body) == GraphVerdict(.submitted(providerID: "wamid.1")))
    }

    @Test(arguments: ["", "{}", #"{"messages":[]}"#, #"{"messages":[{"id":""}]}"#, "<html>", #"{"messages":7}"#])
    func aYesWithoutAnIDIsUncertain(_ body: String) {
        #expect(verdict(200, body).outcome == .uncertain(reason: "WhatsApp took it and gave no id"))
    }

    @Test(arguments: [100, 131008, 131009, 131026, 131030, 131031, 131047, 131048, 131049, 131051, 132000, 132001, 368])
    func aRefusalHasMetasCode(_ code: Int) {
        #expect(error(code, 400).outcome == .rejected(code: "whatsapp::error::\(code)", reason: "why"))
        #expect(error(code, 400).pause == nil)
    }

    @Test(arguments: [1, 2, 131000, 131016, 133004])
    func aPassingFailureIsTriedAgainUntilItLasts(_ code: Int) {
        let delays = (1..<8).map { error(code, 400, attempt: $0).outcome }
        #expect(
            delays == [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000].map { .retry(delay: $0, reason: "why") })
        #expect(error(code, 400, attempt: 8).outcome == .rejected(code: "whatsapp::error::\(code)", reason: "why"))
    }

    @Test(arguments: [500, 502, 503, 504])
    func aServersErrorIsTriedAgain(_ status: Int) {
        #expect(verdict(status, "<html>").outcome == .retry(delay: 1000, reason: "WhatsApp answers \(status)"))
        #expect(
            verdict(status, "", retryAfter: 7000).outcome == .retry(delay: 7000, reason: "WhatsApp answers \(status)"))
        #expect(error(999, status).outcome == .retry(delay: 1000, reason: "why"))
        #expect(
            verdict(status, "", attempt: 8).outcome
                == .rejected(code: "whatsapp::error::131000", reason: "WhatsApp answers \(status)"))
    }

    @Test func limitsAreWaitedFor() {
        for (code, pause) in [(130429, 1000), (4, 60_000), (80007, 60_000), (131057, 60_000)] as [(Int, Milliseconds)] {
            let verdict = error(code, 429, attempt: 50)
            #expect(verdict.outcome == .retry(delay: pause, reason: "why"))
            #expect(verdict.pause == pause && verdict.isThrottling)
        }
        #expect(error(130429, 429, retryAfter: 5000).pause == 5000)
        #expect(verdict(429, "").pause == 1000)
    }

    /// Others may go on, so nothing pauses.
    @Test func thePairsLimitHoldsOnlyThePair() {
        let delays = (1...5).map { error(131056, 400, attempt: $0).outcome }
        #expect(delays == [4000, 16_000, 64_000, 256_000, 256_000].map { .retry(delay: $0, reason: "why") })
        #expect(error(131056, 400).pause == nil && error(131056, 400).isThrottling)
    }

    @Test func aRefusedTokenIsTheOperatorsMatter() {
        for verdict in [error(190, 401), error(0, 400), error(10, 401)] {
            #expect(verdict.outcome == .retry(delay: 30_000, reason: "why"))
            #expect(verdict.problem == "why" && verdict.pause == 30_000)
        }
        #expect(verdict(401, "").problem == "WhatsApp answers 401: check the access token")
    }

    @Test func whatWasNotWrittenMayGoAgainAndWhatWasMayHaveArrived() {
        #expect(
            GraphVerdict.message(.notSent(reason: "refused"), attempt: 3).outcome
                == .retry(delay: 4000, reason: "refused"))
        #expect(
            GraphVerdict.message(.unanswered(reason: "cut"), attempt: 1).outcome == .uncertain(reason: "cut"))
    }

    @Test func theMostTellingWordsAreTheReason() throws {
        func reason(_ json: String) throws -> String? { GraphError(json: try JSONValue(parsing: json.utf8))?.reason }
        #expect(try reason(#"{"code":1,"title":"t","message":"m","error_data":{"details":"d"}}"#) == "d")
        #expect(try reason(#"{"code":1,"title":"t","message":"m","error_user_msg":"u"}"#) == "u")
        #expect(try reason(#"{"code":"1","title":"t","message":"m"}"#) == "m")
        #expect(try reason(#"{"code":1,"title":"t","message":""}"#) == "t")
        #expect(try reason(#"{"code":1}"#) == "error 1")
        #expect(try reason(#"{"title":"t"}"#) == nil)
        #expect(try reason(#"{"code":1,"message":"\#(String(repeating: "x", count: 999))"}"#)?.count == 300)
    }
}
