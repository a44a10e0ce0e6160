// SPDX-License-Identifier: Apache-2.0
// Timers and the ways a session ends, as protocol traces.

import NIOCore
import Testing

@testable import SMPP

@Suite struct SessionTimeTests {
    @Test func `a silent link is asked and dropped`() {
        var trace = Trace.esme()
        #expect(trace.wait(29) == [])
        #expect(trace.wait(1) == ["> enquire_link 2"])
        #expect(trace.wait(9) == [])
        #expect(trace.wait(1) == ["! close: enquire_link not answered []"])
    }

    @Test func `an answered enquire_link keeps the link`() {
        var trace = Trace.esme()
        #expect(trace.wait(30) == ["> enquire_link 2"])
        #expect(trace.receive(.enquireLinkResponse(), 2) == [])
        #expect(trace.wait(29) == [])
        #expect(trace.wait(1) == ["> enquire_link 3"])
    }

    @Test func `anything received counts as life`() {
        var trace = Trace.esme()
        #expect(trace.wait(30) == ["> enquire_link 2"])
        #expect(trace.receive(.enquireLink, 50) == ["> enquire_link_resp 50"])
        #expect(trace.wait(10) == [])
        #expect(trace.session.phase == .bound(.transceiver))
    }

    @Test func `inactivity counts messages, not enquire_links`() {
        var trace = Trace.esme(inactivity: 60)
        _ = trace.wait(30)
        _ = trace.receive(.enquireLinkResponse(), 2)
        _ = trace.wait(29)
        _ = trace.receive(.enquireLink, 1)
        #expect(trace.wait(1) == ["! close: inactive []"])
    }

    @Test func `a deadline is always named and always met`() {
        // Follows only `nextDeadline`, as the handler does, with nobody answering.
        var trace = Trace.esme()
        _ = trace.send("a")
        var lines: [String] = []
        while let next = trace.session.nextDeadline {
            trace.now = next
            lines += trace.write(trace.session.timeout(now: next))
        }
        #expect(
            lines == ["! a uncertain responseTimeout", "> enquire_link 3", "! close: enquire_link not answered []"])
    }
}

@Suite struct SessionEndTests {
    @Test func `unbind waits for what is unanswered`() throws {
        var trace = Trace.esme()
        _ = trace.send("a")
        _ = trace.receive(.deliver(DeliverSM()), 7)
        let token = try trace.waitingToken()
        #expect(trace.unbind() == [])
        #expect(trace.send("b") == ["! b not sent"])
        #expect(trace.receive(.deliver(DeliverSM()), 8) == ["> deliver_sm_resp 8 ESME_RX_T_APPN"])
        #expect(trace.receive(submitOK, 2) == ["! a answered ESME_ROK"])
        #expect(trace.respond(token) == ["> deliver_sm_resp 7", "> unbind 3"])
        #expect(trace.receive(.unbindResponse, 3) == ["! close: unbound []"])
    }

    @Test func `unbind waits no longer than the response time-out`() {
        var trace = Trace.esme()
        _ = trace.receive(.deliver(DeliverSM()), 7)
        #expect(trace.unbind() == [])
        #expect(trace.wait(10) == ["> unbind 2"])
        #expect(trace.wait(10) == ["! close: unbound [7]"])
    }

    @Test func `a peer that unbinds gets its answers first`() throws {
        var trace = Trace.smsc()
        _ = trace.receive(.submit(SubmitSM()), 7)
        let token = try trace.waitingToken()
        _ = trace.send("d", .deliver(DeliverSM()))
        #expect(trace.receive(.unbind, 8) == [])
        #expect(trace.send("e", .deliver(DeliverSM())) == ["! e not sent"])
        #expect(
            trace.respond(token) == [
                "> deliver_sm_resp 7", "> unbind_resp 8", "! d uncertain sessionClosed",
                "! close: unbound by the peer []",
            ])
    }

    @Test func `both sides may unbind at once`() {
        var trace = Trace.esme()
        #expect(trace.unbind() == ["> unbind 2"])
        #expect(trace.receive(.unbind, 4) == ["> unbind_resp 4", "! close: unbound []"])
    }

    @Test func `an unbind before the bind is refused`() {
        var trace = Trace(.smsc)
        #expect(trace.receive(.unbind, 4) == ["> unbind_resp 4 ESME_RINVBNDSTS"])
    }

    @Test func `the end names the requests that were not answered`() {
        var trace = Trace.esme()
        for sequence: UInt32 in [9, 3, 5] { _ = trace.receive(.deliver(DeliverSM()), sequence) }
        #expect(
            trace.write(trace.session.disconnected(.connectionLost("reset")))
                == ["! close: connection lost: reset [3, 5, 9]"])
    }

    @Test func `any order of events leaves each request with one outcome`() {
        var generator = SplitMix(seed: 7)
        for _ in 0..<300 {
            var trace = Trace.esme(window: 4)
            var sent = 0
            var lines: [String] = []
            for _ in 0..<60 {
                let sequence = UInt32.random(in: 1...20, using: &generator)
                switch Int.random(in: 0..<12, using: &generator) {
                case 0..<5:
                    lines += trace.send("m\(sent)")
                    sent += 1
                case 5..<8: lines += trace.receive(submitOK, sequence)
                case 8: lines += trace.receive(.genericNack, sequence, .systemError)
                case 9: lines += trace.wait(Int64.random(in: 0...12, using: &generator))
                case 10: lines += trace.receive(.deliver(DeliverSM()), sequence)
                default: if Int.random(in: 0..<10, using: &generator) == 0 { lines += trace.unbind() }
                }
                #expect(trace.session.requestCount <= 4)
            }
            lines += trace.write(trace.session.disconnected(.dropped))
            for number in 0..<sent {
                #expect(lines.count { $0.hasPrefix("! m\(number) ") } == 1)
            }
            #expect(lines.count { $0.hasPrefix("! close") } == 1)
        }
    }
}
