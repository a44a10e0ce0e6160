// SPDX-License-Identifier: Apache-2.0
// What is known after things go wrong: links that drop, peers that are silent or speak nonsense, orderly ends.

import NIOCore
import Synchronization
import Testing

@testable import SMPP

private func submissions(_ tickets: ClosedRange<UInt64>) -> [Submission] {
    tickets.map { Submission(ticket: $0, SubmitSM(destination: Address(value: "\($0)"))) }
}

@Suite(.timeLimit(.minutes(1))) struct LoopbackLossTests {
    @Test func `after a dropped link exactly the unanswered are uncertain, and the client binds again`() async throws {
        // Answers the even ones.
        let server = ServerRecorder { _, request in
            guard case .submit(let submit) = request.operation, let number = Int(submit.destination.value) else {
                return
            }
            if number.isMultiple(of: 2) { request.respond(.ok, messageID: "x") }
        }
        try await Loopback.run(server: server, clientChange: { $0.window = 50 }) { loopback in
            let firstBind = loopback.client.state.binds[0].bindID
            loopback.client.submit(submissions(1...20))
            await server.log.until("all arrive") { $0.requests.count == 20 }
            await loopback.clientLog.log.until("the even ones are answered") { $0.resultCount == 10 }
            server.log.value.bound[0].drop()
            await loopback.clientLog.log.until("the odd ones end") { $0.resultCount == 20 }
            for (ticket, result) in loopback.clientLog.log.value.results {
                if ticket.isMultiple(of: 2) {
                    #expect(result == .response(SubmitResponse(status: .ok, messageID: "x")))
                } else {
                    #expect(result == .uncertain(.sessionClosed))
                }
            }
            await loopback.clientLog.log.until("the bind is up again") { $0.lost.count == 1 && $0.isUp }
            let secondBind = loopback.client.state.binds[0].bindID
            #expect(loopback.clientLog.log.value.lost.first?.bindID == firstBind)
            #expect(secondBind != nil && secondBind != firstBind)
            loopback.client.submit(submissions(22...22))
            await loopback.clientLog.log.until("the new bind works") { $0.resultCount == 21 }
        }
    }

    @Test func `what was handed over around a drop is either answered, uncertain or not sent, and the server knows`()
        async throws
    {
        let server = ServerRecorder()
        try await Loopback.run(server: server, clientChange: { $0.window = 1000 }) { loopback in
            for batch: UInt64 in 0..<20 {
                loopback.client.submit(submissions((batch * 10 + 1)...(batch * 10 + 10)))
                if batch == 10 { server.log.value.bound[0].drop() }
                await Task.yield()
            }
            await loopback.clientLog.log.until("every submission ends") { $0.resultCount == 200 }
            let results = loopback.clientLog.log.value.results
            #expect(results.count == 200)
            let seen = Set(
                server.log.value.requests.compactMap { request -> UInt64? in
                    if case .submit(let submit) = request.operation { UInt64(submit.destination.value) } else { nil }
                })
            for (ticket, result) in results {
                switch result {
                case .response: #expect(seen.contains(ticket))
                case .notSent: #expect(!seen.contains(ticket))
                case .uncertain(let reason): #expect(reason == .sessionClosed)
                case .invalid: Issue.record("nothing here is invalid")
                }
            }
        }
    }

    @Test func `inbound requests that were not answered are named when the bind is lost`() async throws {
        let recorder = ClientRecorder(answers: false)
        try await Loopback.run(client: recorder) { loopback in
            for _ in 0..<3 { loopback.server.deliver(.deliver(DeliverSM()), to: "esme") { _ in } }
            await recorder.log.until("all arrive") { $0.received.count == 3 }
            let requests = recorder.log.value.received
            requests[1].respond()
            loopback.server.deliver(.deliver(DeliverSM()), to: "esme") { _ in }
            await recorder.log.until("the answer went before this one came") { $0.received.count == 4 }
            loopback.serverLog.log.value.bound[0].drop()
            await recorder.log.until("the loss is reported") { $0.lost.count == 1 }
            let lost = try #require(recorder.log.value.lost.first)
            #expect(lost.bindID == requests[0].bindID)
            #expect(Set(lost.unanswered).isSuperset(of: [requests[0].sequence, requests[2].sequence]))
            #expect(!lost.unanswered.contains(requests[1].sequence))
            requests[0].respond()
        }
    }

    @Test func `without a server nothing is sent and the client keeps trying`() async throws {
        let recorder = ClientRecorder()
        let server = try await Loopback.server(ServerRecorder())
        let port = try #require(server.port)
        await server.shutdown()
        let client = Loopback.client(recorder, port: port)
        client.start()
        client.submit(submissions(1...1))
        await recorder.log.until("it comes back") { $0.results[1] == .notSent }
        await recorder.log.until("it tries again and again") { log in
            log.states.count { $0.binds[0].phase == .waiting } >= 3
        }
        #expect(client.state.lastError?.hasPrefix("cannot connect") == true)
        await client.shutdown()
    }

    @Test func `a silent server is dropped and bound again`() async throws {
        let binds = Watched<[RawPeer]>([])
        let listener = try await RawPeer.listen { peer in binds.change { $0.append(peer) } }
        let recorder = ClientRecorder()
        let client = Loopback.client(recorder, port: try #require(listener.localAddress?.port)) {
            $0.enquireLinkInterval = .milliseconds(500)
            $0.responseTimeout = .seconds(1)
        }
        client.start()
        await binds.until("the client connects") { $0.count == 1 }
        let peer = binds.value[0]
        await peer.received("a bind") { $0.commandID == .bindTransceiver }
        try peer.send(PDU(.bindResponse(BindResponse(mode: .transceiver, systemID: "mute")), sequence: 1))
        await recorder.log.until("it is up") { $0.isUp }
        client.submit(submissions(1...1))
        await peer.received("an enquire_link") { $0.commandID == .enquireLink }
        await recorder.log.until("the message is uncertain") {
            $0.results[1] == .uncertain(.responseTimeout) || $0.results[1] == .uncertain(.sessionClosed)
        }
        await binds.until("the client comes again") { $0.count == 2 }
        #expect(recorder.log.value.states.contains { $0.lastError == "enquire_link not answered" })
        await client.shutdown()
        try await listener.close().get()
    }

    @Test func `a server that never answers the bind is left`() async throws {
        let binds = Watched<[RawPeer]>([])
        let listener = try await RawPeer.listen { peer in binds.change { $0.append(peer) } }
        let recorder = ClientRecorder()
        let client = Loopback.client(recorder, port: try #require(listener.localAddress?.port)) {
            $0.bindTimeout = .milliseconds(200)
        }
        client.start()
        await recorder.log.until("the attempt is given up") { log in
            log.states.contains { $0.lastError == "no bind in time" }
        }
        let attempts = binds.value.count
        await binds.until("the client comes again") { $0.count > attempts }
        await client.shutdown()
        try await listener.close().get()
    }

    @Test func `the server drops a connection that does not bind or falls silent`() async throws {
        let impatient = try await Loopback.server(ServerRecorder()) { $0.bindTimeout = .milliseconds(100) }
        let mute = try await RawPeer.connect(port: try #require(impatient.port))
        await mute.isClosed.until("the mute one is dropped") { $0 }
        await impatient.shutdown()
        let server = try await Loopback.server(ServerRecorder()) {
            $0.enquireLinkInterval = .milliseconds(50)
            $0.responseTimeout = .milliseconds(100)
        }
        let port = try #require(server.port)
        let silent = try await RawPeer.connect(port: port)
        try silent.send(PDU(.bind(Bind(mode: .receiver, systemID: "esme", password: "secret")), sequence: 1))
        await silent.received("an enquire_link") { $0.commandID == .enquireLink }
        await silent.isClosed.until("the silent one is dropped") { $0 }
        await server.shutdown()
    }

    @Test func `malformed PDUs are answered and the session stays up; broken framing ends it`() async throws {
        let server = try await Loopback.server(ServerRecorder())
        let peer = try await RawPeer.connect(port: try #require(server.port))
        try peer.send(PDU(.bind(Bind(mode: .transceiver, systemID: "esme", password: "secret")), sequence: 1))
        await peer.received("the bind response") { $0.commandID.rawValue == 0x8000_0009 && $0.status == .ok }
        for (number, sample) in badSamples.enumerated() where sample.answer != 0 {
            var buffer = octets(sample.hex)
            buffer.setInteger(UInt32(100 + number), at: 12)
            peer.send(buffer)
            await peer.received("an answer to \(sample.why)") {
                $0.sequence == UInt32(100 + number) && $0.status == sample.status
                    && $0.commandID.rawValue == sample.answer
            }
        }
        for sample in badSamples where sample.answer == 0 { peer.send(octets(sample.hex)) }
        try peer.send(PDU(.submit(SubmitSM()), sequence: 9999))
        await peer.received("a response all the same") { $0.sequence == 9999 && $0.status == .ok }
        peer.send(ByteBuffer(bytes: [0, 0, 0, 7, 1, 2, 3]))
        await peer.received("a last generic_nack") { $0.commandID == .genericNack && $0.sequence == 0 }
        await peer.isClosed.until("the connection is closed") { $0 }
        await server.shutdown()
    }

    @Test func `random octets never bring the server down`() async throws {
        let server = try await Loopback.server(ServerRecorder())
        let port = try #require(server.port)
        var generator = SplitMix(seed: 99)
        for _ in 0..<30 {
            let peer = try await RawPeer.connect(port: port)
            try peer.send(PDU(.bind(Bind(mode: .transceiver, systemID: "esme", password: "secret")), sequence: 1))
            peer.send(ByteBuffer(bytes: (0..<400).map { _ in UInt8.random(in: 0...255, using: &generator) }))
            await peer.isClosed.until("the connection is closed") { $0 }
        }
        let peer = try await RawPeer.connect(port: port)
        try peer.send(PDU(.enquireLink, sequence: 1))
        await peer.received("an answer") { $0.commandID.rawValue == 0x8000_0015 }
        await server.shutdown()
    }

    @Test func `an octet at a time is as good as all at once`() async throws {
        let server = try await Loopback.server(ServerRecorder())
        let peer = try await RawPeer.connect(port: try #require(server.port))
        var buffer = ByteBuffer()
        try PDU(.bind(Bind(mode: .transceiver, systemID: "esme", password: "secret")), sequence: 1).write(to: &buffer)
        try PDU(.enquireLink, sequence: 2).write(to: &buffer)
        for octet in buffer.readableBytesView { peer.send(ByteBuffer(bytes: [octet])) }
        await peer.received("an answer") { $0.commandID.rawValue == 0x8000_0015 && $0.sequence == 2 }
        peer.close()
        await server.shutdown()
    }

    @Test func `shutdown waits for responses and unbinds`() async throws {
        let server = ServerRecorder(answer: ServerRecorder.ignore)
        let serverObject = try await Loopback.server(server)
        let recorder = ClientRecorder()
        let client = Loopback.client(recorder, port: try #require(serverObject.port))
        client.start()
        await recorder.log.until("it is up") { $0.isUp }
        client.submit(submissions(1...3))
        await server.log.until("all arrive") { $0.requests.count == 3 }
        async let stopped: Void = client.shutdown()
        await recorder.log.until("it is unbinding") { $0.states.last?.binds[0].phase == .unbinding }
        #expect(client.capacity == 0)
        for request in server.log.value.requests { request.respond(.ok, messageID: "late") }
        await stopped
        #expect(
            recorder.log.value.results.values.allSatisfy {
                $0 == .response(SubmitResponse(status: .ok, messageID: "late"))
            })
        await server.log.until("the session is closed") { $0.closed == 1 }
        await serverObject.shutdown()
    }

    @Test func `a client can be shut down before it ever connects, and twice`() async throws {
        let client = Loopback.client(ClientRecorder(), port: 1)
        await client.shutdown()
        await client.shutdown()
        client.start()
        #expect(client.state.binds[0].phase == .stopped)
    }

    @Test func `a server that unbinds is bound again`() async throws {
        try await Loopback.run { loopback in
            await loopback.server.unbindAll()
            await loopback.clientLog.log.until("the bind is up again") { $0.lost.count == 1 && $0.isUp }
            #expect(
                loopback.clientLog.log.value.states.contains { $0.lastError == "unbound by the peer" })
        }
    }

    @Test func `deliveries that wait come back when their last session is lost`() async throws {
        let recorder = ClientRecorder(answers: false)
        let results = Watched<[DeliverResult]>([])
        try await Loopback.run(client: recorder, serverChange: { $0.window = 2 }) { loopback in
            for _ in 0..<5 {
                loopback.server.deliver(.deliver(DeliverSM()), to: "esme") { result in
                    results.change { $0.append(result) }
                }
            }
            await recorder.log.until("two are out") { $0.received.count == 2 }
            loopback.serverLog.log.value.bound[0].drop()
            await results.until("all end") { $0.count == 5 }
            #expect(results.value.count { $0 == .uncertain(.sessionClosed) } == 2)
            #expect(results.value.count { $0 == .notSent } == 3)
        }
    }

    @Test func `an outbind brings an ESME to bind`() async throws {
        let peers = Watched<[RawPeer]>([])
        let listener = try await RawPeer.listen { peer in peers.change { $0.append(peer) } }
        let recorder = ServerRecorder()
        let server = try await Loopback.server(recorder)
        try await server.outbind(
            host: "127.0.0.1", port: try #require(listener.localAddress?.port), systemID: "SMSC", password: "pw")
        await peers.until("the server connects") { $0.count == 1 }
        let peer = peers.value[0]
        await peer.received("an outbind") { $0.body == .outbind(Outbind(systemID: "SMSC", password: "pw")) }
        try peer.send(PDU(.bind(Bind(mode: .receiver, systemID: "esme", password: "secret")), sequence: 1))
        await recorder.log.until("the session is bound") { $0.bound.count == 1 }
        server.deliver(.deliver(DeliverSM()), to: "esme") { _ in }
        await peer.received("a delivery") { $0.commandID == .deliverSM }
        peer.close()
        await server.shutdown()
        try await listener.close().get()
    }
}
