// SPDX-License-Identifier: Apache-2.0
// What a client's tap sees of its binds, and the count of the last minute's messages.

import NIOCore
import Testing

@testable import SMPP

@Suite(.timeLimit(.minutes(1))) struct ExchangeTapTests {
    private struct Seen: Equatable {
        let command: String
        let direction: PDUDirection
        let bind: Int
    }

    @Test func `every PDU is seen once, with its direction and its bind`() async throws {
        let seen = Watched<[Seen]>([])
        try await Loopback.run(clientChange: {
            $0.bindMode = .separate
            $0.onExchange = { pdu, direction, bind in
                seen.change {
                    $0.append(Seen(command: pdu.commandID.description, direction: direction, bind: bind))
                }
            }
        }) { loopback async throws in
            loopback.client.submit([Submission(ticket: 1, SubmitSM(shortMessage: [65]))])
            await loopback.clientLog.log.until("it is answered") { $0.resultCount == 1 }
            #expect(await loopback.server.deliver(.deliver(DeliverSM()), to: "esme") == .response(.ok, []))
        }
        let expected = [
            Seen(command: "bind_transmitter", direction: .sent, bind: 0),
            Seen(command: "bind_transmitter_resp", direction: .received, bind: 0),
            Seen(command: "submit_sm", direction: .sent, bind: 0),
            Seen(command: "submit_sm_resp", direction: .received, bind: 0),
            Seen(command: "unbind", direction: .sent, bind: 0),
            Seen(command: "unbind_resp", direction: .received, bind: 0),
        ]
        #expect(seen.value.filter { $0.bind == 0 } == expected)
        #expect(
            seen.value.filter { $0.bind == 1 }.map(\.command) == [
                "bind_receiver", "bind_receiver_resp", "deliver_sm", "deliver_sm_resp", "unbind", "unbind_resp",
            ])
    }

    @Test func `what cannot be encoded was not exchanged`() async throws {
        let sent = Watched<[PDU]>([])
        try await Loopback.run(clientChange: {
            $0.onExchange = { pdu, direction, _ in
                if direction == .sent { sent.change { $0.append(pdu) } }
            }
        }) { loopback async throws in
            let tooLong = SubmitSM(shortMessage: [UInt8](repeating: 65, count: 255))
            loopback.client.submit([Submission(ticket: 1, tooLong)])
            await loopback.clientLog.log.until("it comes back") { $0.resultCount == 1 }
            #expect(!sent.value.contains { $0.commandID == .submitSM })
        }
    }

    @Test func `the state tells the windows and the messages of the last minute`() async throws {
        try await Loopback.run(
            server: ServerRecorder(answer: ServerRecorder.ignore),
            clientChange: {
                $0.binds = 2
                $0.window = 5
                $0.responseTimeout = .milliseconds(50)
            }
        ) { loopback async throws in
            loopback.client.submit((1...4).map { Submission(ticket: $0, SubmitSM()) })
            let state = loopback.client.state
            #expect(state.window == 5 && state.windowSize == 10)
            #expect(state.outstanding == 4 && state.submitsInLastMinute == 4)
            await loopback.clientLog.log.until("they end") { $0.resultCount == 4 }
            #expect(loopback.client.state.submitsInLastMinute == 4)
        }
    }

    @Test func `the meter forgets what is older than a minute`() {
        let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
        var meter = SubmitMeter(now: start)
        meter.add(5, now: start)
        meter.add(2, now: start + .seconds(30))
        #expect(meter.total(now: start + .seconds(59)) == 7)
        #expect(meter.total(now: start + .seconds(60)) == 2)
        #expect(meter.total(now: start + .seconds(89)) == 2)
        #expect(meter.total(now: start + .seconds(90)) == 0)
        meter.add(3, now: start + .hours(5))
        #expect(meter.total(now: start + .hours(5)) == 3)
        #expect(meter.total(now: start) == 3, "a clock that is read late")
        #expect(meter.total(now: start + .hours(10)) == 0)
    }
}
