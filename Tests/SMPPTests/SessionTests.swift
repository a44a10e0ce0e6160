// SPDX-License-Identifier: Apache-2.0
// Binding and exchanging requests, as protocol traces.

import NIOCore
import Testing

@testable import SMPP

@Suite struct SessionBindTests {
    @Test(arguments: BindMode.allCases) func `an ESME binds`(_ mode: BindMode) {
        var trace = Trace(.esme)
        #expect(trace.bind(mode) == ["> \(mode.commandID) 1"])
        #expect(trace.receive(.bindResponse(BindResponse(mode: mode)), 1) == ["! bound \(mode)"])
        #expect(trace.session.phase == .bound(mode))
    }

    @Test func `a refused bind ends the session`() {
        var trace = Trace(.esme)
        _ = trace.bind()
        let refusal = PDU.Body.bindResponse(BindResponse(mode: .transceiver))
        #expect(trace.receive(refusal, 1, .invalidPassword) == ["! close: bind refused: ESME_RINVPASWD []"])
    }

    @Test func `a generic_nack refuses a bind`() {
        var trace = Trace(.esme)
        _ = trace.bind()
        #expect(trace.receive(.genericNack, 1, .invalidCommandID) == ["! close: bind refused: ESME_RINVCMDID []"])
        #expect(trace.session.phase == .closed)
    }

    @Test func `a bind that is not answered in time ends the session`() {
        var trace = Trace(.esme)
        _ = trace.bind()
        #expect(trace.session.nextDeadline == trace.now + .seconds(5))
        #expect(trace.wait(5) == ["! close: no bind in time []"])
        #expect(trace.session.nextDeadline == nil)
    }

    @Test func `a bind may take longer than other requests`() {
        var trace = Trace(.esme)
        trace.session.limits.responseTimeout = .seconds(1)
        _ = trace.bind()
        #expect(trace.wait(4) == [])
        #expect(trace.receive(.bindResponse(BindResponse(mode: .transceiver)), 1) == ["! bound transceiver"])
        #expect(trace.send("a") == ["> submit_sm 2"])
        #expect(trace.wait(1) == ["! a uncertain responseTimeout"])
    }

    @Test func `an ESME that does not bind in time is dropped`() {
        var trace = Trace(.smsc)
        #expect(trace.receive(.enquireLink, 1) == ["> enquire_link_resp 1"])
        #expect(trace.wait(5) == ["! close: no bind in time []"])
    }

    @Test func `an SMSC decides about a bind`() {
        var trace = Trace(.smsc)
        #expect(trace.receive(.bind(Bind(mode: .receiver)), 9) == ["! bind requested receiver"])
        let response = BindResponse(mode: .receiver)
        let accepted = trace.write(trace.session.decideBind(response, status: .ok, now: trace.now))
        #expect(accepted == ["> bind_receiver_resp 9", "! bound receiver"])
        #expect(trace.receive(.bind(Bind(mode: .receiver)), 10) == ["> bind_receiver_resp 10 ESME_RALYBND"])
        #expect(trace.session.phase == .bound(.receiver))
    }

    @Test func `an SMSC refuses a bind and closes`() {
        var trace = Trace(.smsc)
        _ = trace.receive(.bind(Bind(mode: .receiver)), 9)
        let response = BindResponse(mode: .receiver)
        let refused = trace.write(trace.session.decideBind(response, status: .invalidPassword, now: trace.now))
        #expect(refused == ["> bind_receiver_resp 9 ESME_RINVPASWD", "! close: bind refused: ESME_RINVPASWD []"])
    }

    @Test func `an outbind is followed by a bind`() {
        var smsc = Trace(.smsc)
        #expect(smsc.write(smsc.session.outbind(Outbind(systemID: "x"))) == ["> outbind 1"])
        #expect(smsc.receive(.bind(Bind(mode: .receiver)), 1) == ["! bind requested receiver"])
        var esme = Trace(.esme)
        #expect(esme.receive(.outbind(Outbind(systemID: "x")), 1) == ["! outbind x"])
        #expect(esme.bind(.receiver) == ["> bind_receiver 1"])
        #expect(esme.receive(.outbind(Outbind()), 2) == ["! unexpected outbind 2"])
    }
}

@Suite struct SessionRequestTests {
    @Test func `the window is never exceeded`() {
        var trace = Trace.esme(window: 2)
        #expect(trace.send("a") == ["> submit_sm 2"])
        #expect(trace.send("b") == ["> submit_sm 3"])
        #expect(trace.send("c") == ["! c not sent"])
        #expect(trace.receive(submitOK, 3) == ["! b answered ESME_ROK"])
        #expect(trace.send("c") == ["> submit_sm 4"])
        #expect(trace.session.requestCount == 2)
    }

    @Test func `responses are matched by sequence number and command`() {
        var trace = Trace.esme()
        _ = trace.send("a")
        #expect(trace.receive(submitOK, 99) == ["! unexpected submit_sm_resp 99"])
        let other = PDU.Body.dataResponse(DataSMResponse())
        #expect(trace.receive(other, 2) == ["! unexpected data_sm_resp 2"])
        #expect(trace.receive(.genericNack, 0, .systemError) == ["! unexpected generic_nack 0"])
        #expect(trace.receive(submitOK, 2, .throttled) == ["! a answered ESME_RTHROTTLED"])
        #expect(trace.receive(submitOK, 2) == ["! unexpected submit_sm_resp 2"])
    }

    @Test func `a generic_nack answers a request`() {
        var trace = Trace.esme()
        _ = trace.send("a")
        #expect(trace.receive(.genericNack, 2, .invalidCommandLength) == ["! a answered ESME_RINVCMDLEN"])
    }

    @Test func `a response that cannot be read leaves the request uncertain`() {
        var trace = Trace.esme()
        _ = trace.send("a")
        #expect(
            trace.receiveBad(CommandID(rawValue: 0x8000_0004), 2, .invalidMessageID)
                == ["! a uncertain malformedResponse"])
        #expect(
            trace.receiveBad(CommandID(rawValue: 0x8000_0004), 2, .invalidMessageID)
                == ["! unexpected submit_sm_resp 2"])
        #expect(trace.session.phase == .bound(.transceiver))
    }

    @Test func `sequence numbers wrap and pass over what is outstanding`() {
        var trace = Trace(.esme, firstSequence: 0x7FFF_FFFE)
        #expect(trace.bind() == ["> bind_transceiver \(0x7FFF_FFFE)"])
        _ = trace.receive(.bindResponse(BindResponse(mode: .transceiver)), 0x7FFF_FFFE)
        #expect(trace.send("a") == ["> submit_sm \(0x7FFF_FFFF)"])
        #expect(trace.send("b") == ["> submit_sm 1"])
        trace.session.nextSequence = 0x7FFF_FFFF
        #expect(trace.send("c") == ["> submit_sm 2"])
    }

    @Test func `a request without a response in time is uncertain and its place free`() {
        var trace = Trace.esme(window: 1)
        _ = trace.send("a")
        #expect(trace.wait(9) == [])
        #expect(trace.session.nextDeadline == trace.now + .seconds(1))
        #expect(trace.wait(1) == ["! a uncertain responseTimeout"])
        #expect(trace.send("b") == ["> submit_sm 3"])
        #expect(trace.receive(submitOK, 2) == ["! unexpected submit_sm_resp 2"])
        #expect(trace.receive(submitOK, 3) == ["! b answered ESME_ROK"])
    }

    @Test func `a lost connection leaves exactly the unanswered uncertain, in order`() {
        var trace = Trace.esme()
        for name in ["a", "b", "c", "d"] { _ = trace.send(name) }
        _ = trace.receive(submitOK, 3)
        let lost = trace.write(trace.session.disconnected(.connectionLost("")))
        #expect(
            lost == [
                "! a uncertain sessionClosed", "! c uncertain sessionClosed", "! d uncertain sessionClosed",
                "! close: connection lost []",
            ])
        #expect(trace.send("e") == ["! e not sent"])
        #expect(trace.write(trace.session.disconnected(.connectionLost(""))) == [])
    }

    @Test func `requests come through in every state that allows them and in no other`() {
        let requests: [(PDU.Body, Set<BindMode>, Set<BindMode>)] = [
            (.submit(SubmitSM()), [], [.transmitter, .transceiver]),
            (.submitMulti(SubmitMulti()), [], [.transmitter, .transceiver]),
            (.query(QuerySM()), [], [.transmitter, .transceiver]),
            (.cancel(CancelSM()), [], [.transmitter, .transceiver]),
            (.replace(ReplaceSM()), [], [.transmitter, .transceiver]),
            (.data(DataSM()), [.receiver, .transceiver], [.transmitter, .transceiver]),
            (.deliver(DeliverSM()), [.receiver, .transceiver], []),
        ]
        for (body, toESME, toSMSC) in requests {
            for mode in BindMode.allCases {
                let refused = ["> \(body.commandID)_resp 5 ESME_RINVBNDSTS"]
                let received = ["! received \(body.commandID) 5"]
                var esme = Trace.esme(mode)
                #expect(esme.receive(body, 5) == (toESME.contains(mode) ? received : refused))
                var smsc = Trace.smsc(mode)
                #expect(smsc.receive(body, 5) == (toSMSC.contains(mode) ? received : refused))
                var unbound = Trace(.smsc)
                #expect(unbound.receive(body, 5) == refused)
            }
        }
    }

    @Test func `alert_notification needs no response and goes to receivers only`() {
        var receiver = Trace.esme(.receiver)
        #expect(receiver.receive(.alertNotification(AlertNotification()), 5) == ["! received alert_notification 5"])
        var transmitter = Trace.esme(.transmitter)
        #expect(
            transmitter.receive(.alertNotification(AlertNotification()), 5) == ["! unexpected alert_notification 5"])
        var smsc = Trace.smsc()
        #expect(
            smsc.send("a", .alertNotification(AlertNotification()))
                == ["> alert_notification 1", "! a answered ESME_ROK"])
    }

    @Test func `an inbound request is answered once`() throws {
        var trace = Trace.esme()
        #expect(trace.receive(.deliver(DeliverSM()), 7) == ["! received deliver_sm 7"])
        let first = try trace.waitingToken()
        #expect(trace.receive(.deliver(DeliverSM()), 7) == ["> deliver_sm_resp 7 ESME_RSYSERR"])
        #expect(trace.respond(first) == ["> deliver_sm_resp 7"])
        #expect(trace.respond(first) == [])
        #expect(trace.receive(.deliver(DeliverSM()), 7) == ["! received deliver_sm 7"])
        #expect(trace.respond(first) == [], "an old token does not answer a new request")
    }

    @Test func `too many waiting requests are put off`() {
        var smsc = Trace.smsc(inboundWindow: 1)
        #expect(smsc.receive(.submit(SubmitSM()), 1) == ["! received submit_sm 1"])
        #expect(smsc.receive(.submit(SubmitSM()), 2) == ["> submit_sm_resp 2 ESME_RTHROTTLED"])
        var esme = Trace.esme(inboundWindow: 1)
        #expect(esme.receive(.deliver(DeliverSM()), 1) == ["! received deliver_sm 1"])
        #expect(esme.receive(.deliver(DeliverSM()), 2) == ["> deliver_sm_resp 2 ESME_RX_T_APPN"])
    }

    @Test func `an unknown command is refused and the session stays up`() {
        var trace = Trace.esme()
        let command = CommandID(rawValue: 0x111)
        #expect(trace.receiveBad(command, 5, .invalidCommandID) == ["> generic_nack 5 ESME_RINVCMDID"])
        #expect(trace.receiveBad(.deliverSM, 6, .invalidSourceAddress) == ["> deliver_sm_resp 6 ESME_RINVSRCADR"])
        #expect(trace.session.phase == .bound(.transceiver))
    }

    @Test func `broken framing drops the session`() {
        var trace = Trace.esme()
        _ = trace.send("a")
        let lines = trace.write(trace.session.received(.broken(commandLength: 3), now: trace.now))
        #expect(
            lines == [
                "> generic_nack 0 ESME_RINVCMDLEN", "! a uncertain sessionClosed",
                "! close: broken framing (command_length 3) []",
            ])
        #expect(trace.receive(.enquireLink, 1) == [])
    }
}
