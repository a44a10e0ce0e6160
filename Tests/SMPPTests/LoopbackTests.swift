// SPDX-License-Identifier: Apache-2.0
// Client and server over real sockets on loopback.

import NIOCore
import NIOSSL
import Synchronization
import Testing

@testable import SMPP

private func submissions(_ tickets: ClosedRange<UInt64>, text: String = "Hello") -> [Submission] {
    tickets.map {
        Submission(
            ticket: $0,
            SubmitSM(
                source: Address(ton: 5, value: "Parley"), destination: Address(ton: 1, npi: 1, value: "49170\($0)"),
                registeredDelivery: 1, shortMessage: Array(text.utf8)))
    }
}

private func isOK(_ result: SubmitResult?) -> Bool {
    if case .response(let response)? = result { response.status == .ok && !response.messageID.isEmpty } else { false }
}

@Suite(.timeLimit(.minutes(1))) struct LoopbackTests {
    @Test(arguments: [
        (SMPPClient.BindLayout.transceiver, 1), (.transceiver, 3), (.separate, 2), (.transmitter, 1),
    ])
    func `messages are submitted over every layout of binds`(_ layout: SMPPClient.BindLayout, _ binds: Int) async throws
    {
        try await Loopback.run(clientChange: {
            $0.bindMode = layout
            $0.binds = binds
            $0.window = 20
        }) { loopback in
            #expect(loopback.client.capacity == 20 * binds)
            loopback.client.submit(submissions(1...20))
            await loopback.clientLog.log.until("all are answered") { $0.resultCount == 20 }
            #expect(loopback.clientLog.log.value.results.values.allSatisfy(isOK))
            #expect(loopback.client.capacity == 20 * binds)
            #expect(loopback.client.state.isUp)
            #expect(loopback.client.state.binds.first?.peerSystemID == "SMSC")
        }
    }

    @Test func `a receiver cannot submit`() async throws {
        try await Loopback.run(clientChange: { $0.bindMode = .receiver }) { loopback in
            #expect(loopback.client.capacity == 0)
            loopback.client.submit(submissions(1...2))
            await loopback.clientLog.log.until("both come back") { $0.resultCount == 2 }
            #expect(loopback.clientLog.log.value.results == [1: .notSent, 2: .notSent])
        }
    }

    @Test func `messages and receipts are delivered and answered`() async throws {
        try await Loopback.run(clientChange: { $0.bindMode = .separate }) { loopback in
            let message = DeliverSM(source: Address(value: "1"), shortMessage: Array("Hi".utf8))
            let result = await loopback.server.deliver(.deliver(message), to: "esme")
            #expect(result == .response(.ok, []))
            #expect(await loopback.server.deliver(.data(DataSM(dataCoding: 4)), to: "esme") == .response(.ok, []))
            #expect(await loopback.server.deliver(.alert(AlertNotification()), to: "esme") == .response(.ok, []))
            #expect(await loopback.server.deliver(.deliver(message), to: "nobody") == .notSent)
            await loopback.clientLog.log.until("three arrive") { $0.received.count == 3 }
            #expect(
                loopback.clientLog.log.value.received.map(\.message)
                    == [.deliver(message), .data(DataSM(dataCoding: 4)), .alert(AlertNotification())])
        }
    }

    @Test func `deliveries beyond the window wait their turn`() async throws {
        let recorder = ClientRecorder(answers: false)
        let completed = Watched(0)
        try await Loopback.run(client: recorder, serverChange: { $0.window = 3 }) { loopback in
            for _ in 0..<10 {
                loopback.server.deliver(.deliver(DeliverSM()), to: "esme") { result in
                    completed.change { $0 += result == .response(.ok, []) ? 1 : 0 }
                }
            }
            for answered in 0..<10 {
                await recorder.log.until("the next arrives") { $0.received.count > answered }
                #expect(recorder.log.value.received.count <= answered + 3)
                recorder.log.value.received[answered].respond()
            }
            await completed.until("all are answered") { $0 == 10 }
        }
    }

    @Test func `query, cancel, replace and submit_multi come back`() async throws {
        let server = ServerRecorder { _, request in
            switch request.operation {
            case .query(let query):
                request.respond(
                    QuerySMResponse(messageID: query.messageID, messageState: MessageState.delivered.rawValue))
            case .cancel: request.respond(.cancelFailed)
            case .submitMulti:
                let refused = UnsuccessfulDestination(address: Address(value: "2"), status: .invalidDestinationAddress)
                request.respond(SubmitMultiResponse(messageID: "m", unsuccessful: [refused]))
            default: request.respond(.ok)
            }
        }
        try await Loopback.run(server: server) { loopback in
            let state = try await loopback.client.query(QuerySM(messageID: "7"))
            #expect(state == QuerySMResponse(messageID: "7", messageState: 2))
            await #expect(throws: SMPPRequestError.refused(.cancelFailed)) {
                try await loopback.client.cancel(CancelSM(messageID: "7"))
            }
            try await loopback.client.replace(ReplaceSM(messageID: "7", shortMessage: [1]))
            let multi = try await loopback.client.submitMulti(SubmitMulti(destinations: [.distributionList("all")]))
            #expect(multi.unsuccessful.map(\.status) == [.invalidDestinationAddress])
            #expect(loopback.client.capacity == 10)
        }
    }

    @Test func `what cannot be encoded is never written and frees its place`() async throws {
        try await Loopback.run { loopback in
            let tooLong = SubmitSM(shortMessage: Array(repeating: 0, count: 255))
            loopback.client.submit([Submission(ticket: 1, tooLong)] + submissions(2...2))
            await loopback.clientLog.log.until("both end") { $0.resultCount == 2 }
            let log = loopback.clientLog.log.value
            #expect(log.results[1] == .invalid(PDUEncodingError(field: "short_message", status: .invalidMessageLength)))
            #expect(isOK(log.results[2]))
            #expect(loopback.client.capacity == 10)
            #expect(loopback.serverLog.log.value.requests.count == 1)
        }
    }

    @Test func `a response that cannot be encoded is still a response`() async throws {
        let server = ServerRecorder { $1.respond(.ok, messageID: String(repeating: "1", count: 65)) }
        try await Loopback.run(server: server) { loopback in
            loopback.client.submit(submissions(1...1))
            await loopback.clientLog.log.until("it is answered") { $0.resultCount == 1 }
            #expect(
                loopback.clientLog.log.value.results[1]
                    == .response(SubmitResponse(status: .systemError, messageID: "")))
        }
    }

    @Test func `a response is given once and from any thread`() async throws {
        let server = ServerRecorder(answer: ServerRecorder.ignore)
        try await Loopback.run(server: server, serverChange: { $0.inboundWindow = 1 }) { loopback in
            loopback.client.submit(submissions(1...1))
            await server.log.until("it arrives") { $0.requests.count == 1 }
            let request = server.log.value.requests[0]
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<8 { group.addTask { request.respond(.ok, messageID: "t\(number)") } }
            }
            await loopback.clientLog.log.until("it is answered") { isOK($0.results[1]) }
            loopback.client.submit(submissions(2...2))
            await server.log.until("the next has room") { $0.requests.count == 2 }
            request.respond(.systemError)
            server.log.value.requests[1].respond(.ok, messageID: "u")
            await loopback.clientLog.log.until("it is answered") { isOK($0.results[2]) }
            #expect(loopback.clientLog.log.value.resultCount == 2)
        }
    }

    @Test func `a long burst is answered in full`() async throws {
        let server = try await Loopback.server(ServerRecorder()) { $0.inboundWindow = 100_000 }
        let peer = try await RawPeer.connect(port: try #require(server.port))
        try peer.send(PDU(.bind(Bind(mode: .transceiver, systemID: "esme", password: "secret")), sequence: 1))
        await peer.received("the bind response") { $0.commandID.rawValue == 0x8000_0009 }
        var buffer = ByteBuffer()
        for sequence: UInt32 in 2...2001 { try PDU(.submit(SubmitSM()), sequence: sequence).write(to: &buffer) }
        peer.send(buffer)
        await peer.frames.until("all are answered") { $0.count >= 2001 }
        peer.close()
        await server.shutdown()
    }

    @Test(arguments: [("esme", "wrong", "ESME_RINVPASWD"), ("who", "secret", "ESME_RINVSYSID")])
    func `a refused bind is reported and tried again`(_ systemID: String, _ password: String, _ status: String)
        async throws
    {
        let server = try await Loopback.server(ServerRecorder())
        let recorder = ClientRecorder()
        let client = Loopback.client(recorder, port: try #require(server.port)) {
            $0.systemID = systemID
            $0.password = password
        }
        client.start()
        await recorder.log.until("two attempts were refused") { log in
            log.states.count { $0.binds[0].phase == .waiting } >= 2
        }
        #expect(client.state.lastError == "bind refused: \(status)")
        #expect(!client.state.isUp)
        #expect(client.capacity == 0)
        await client.shutdown()
        await server.shutdown()
        #expect(client.state.binds[0].phase == .stopped)
    }

    @Test func `an address that is not allowed is turned away`() async throws {
        let server = try await Loopback.server(ServerRecorder(allows: false))
        let peer = try await RawPeer.connect(port: try #require(server.port))
        await peer.isClosed.until("the connection is closed") { $0 }
        #expect(peer.frames.value.isEmpty)
        await server.shutdown()
    }

    @Test func `capacity returns and is announced`() async throws {
        let server = ServerRecorder(answer: ServerRecorder.ignore)
        try await Loopback.run(server: server, clientChange: { $0.window = 2 }) { loopback in
            await loopback.clientLog.log.until("the first capacity is announced") { $0.capacityEvents == 1 }
            loopback.client.submit(submissions(1...2))
            #expect(loopback.client.capacity == 0)
            await server.log.until("both arrive") { $0.requests.count == 2 }
            server.log.value.requests[1].respond(.ok, messageID: "x")
            await loopback.clientLog.log.until("capacity is announced") { $0.capacityEvents == 2 }
            #expect(loopback.client.capacity == 1)
            server.log.value.requests[0].respond(.ok, messageID: "y")
        }
    }

    @Test func `the window holds under pressure from many threads`() async throws {
        let waiting = Mutex((now: 0, most: 0))
        let server = ServerRecorder { _, request in
            waiting.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
            testGroup.next().scheduleTask(in: .microseconds(300)) {
                waiting.withLock { $0.now -= 1 }
                request.respond(.ok, messageID: "x")
            }
        }
        let clientLog = ClientRecorder()
        try await Loopback.run(
            server: server, client: clientLog,
            clientChange: {
                $0.window = 8; $0.binds = 2
            }
        ) { loopback in
            let client = loopback.client
            await withTaskGroup(of: Void.self) { group in
                for thread: UInt64 in 0..<4 {
                    group.addTask {
                        for pair: UInt64 in 0..<100 {
                            let ticket = thread * 200 + pair * 2 + 1
                            client.submit(submissions(ticket...(ticket + 1)))
                            await Task.yield()
                        }
                    }
                }
            }
            await clientLog.log.until("every submission ends") { $0.resultCount == 800 }
            #expect(waiting.withLock { $0.most } <= 16)
            let results = clientLog.log.value.results
            #expect(results.count == 800)
            #expect(results.values.allSatisfy { isOK($0) || $0 == .notSent })
            #expect(results.values.contains(where: isOK))
        }
    }

    @Test func `the server puts off what is beyond its own window`() async throws {
        let server = ServerRecorder(answer: ServerRecorder.ignore)
        try await Loopback.run(
            server: server, serverChange: { $0.inboundWindow = 2 }, clientChange: { $0.window = 5 }
        ) { loopback in
            loopback.client.submit(submissions(1...5))
            await loopback.clientLog.log.until("three are refused") { $0.resultCount == 3 }
            for result in loopback.clientLog.log.value.results.values {
                #expect(result == .response(SubmitResponse(status: .throttled, messageID: "")))
            }
            for request in server.log.value.requests { request.respond(.ok, messageID: "x") }
            await loopback.clientLog.log.until("the others are answered") { $0.resultCount == 5 }
        }
    }

    @Test(arguments: [CommandStatus.throttled, .messageQueueFull])
    func `throttling pauses the client, which then announces capacity`(_ status: CommandStatus) async throws {
        let server = ServerRecorder { number, request in
            request.respond(number == 0 ? status : .ok, messageID: number == 0 ? "" : "x")
        }
        try await Loopback.run(server: server) { loopback in
            loopback.client.submit(submissions(1...1))
            await loopback.clientLog.log.until("the refusal arrives") { $0.resultCount == 1 }
            #expect(loopback.clientLog.log.value.capacities == [0])
            #expect(loopback.clientLog.log.value.pauses == [true])
            await loopback.clientLog.log.until("the pause ends") { $0.capacityEvents == 2 }
            #expect(loopback.client.capacity == 1)
            loopback.client.submit(submissions(1...1))
            await loopback.clientLog.log.until("the message is accepted") { isOK($0.results[1]) }
        }
    }

    @Test func `the rate is kept`() async throws {
        try await Loopback.run(clientChange: {
            $0.messagesPerSecond = 100
            $0.window = 100
        }) { loopback in
            let clock = ContinuousClock()
            let began = clock.now
            var sent: UInt64 = 0
            while sent < 40 {
                let events = loopback.clientLog.log.value.capacityEvents
                let capacity = UInt64(loopback.client.capacity)
                guard capacity > 0 else {
                    await loopback.clientLog.log.until("capacity returns") { $0.capacityEvents > events }
                    continue
                }
                #expect(capacity <= 2)
                loopback.client.submit(submissions((sent + 1)...(sent + capacity)))
                sent += capacity
            }
            #expect(clock.now - began >= .milliseconds(360))
            await loopback.clientLog.log.until("all are answered") { [sent] in $0.resultCount == Int(sent) }
        }
    }
}

@Suite(.timeLimit(.minutes(1))) struct LoopbackTLSTests {
    private func serverTLS() throws -> SMPPServerTLS {
        SMPPServerTLS(
            certificateChain: try NIOSSLCertificate.fromPEMBytes(Array(TLSMaterial.certificate.utf8)),
            privateKey: try NIOSSLPrivateKey(bytes: Array(TLSMaterial.key.utf8), format: .pem))
    }

    @Test(arguments: [true, false]) func `messages go over TLS`(_ verifies: Bool) async throws {
        let tls = try serverTLS()
        var clientTLS = SMPPClientTLS()
        clientTLS.verifiesCertificate = verifies
        clientTLS.trustRoots = verifies ? tls.certificateChain : nil
        try await Loopback.run(serverChange: { $0.tls = tls }, clientChange: { $0.tls = clientTLS }) { loopback in
            loopback.client.submit(submissions(1...5))
            await loopback.clientLog.log.until("all are answered") { $0.resultCount == 5 }
            #expect(loopback.clientLog.log.value.results.values.allSatisfy(isOK))
            #expect(await loopback.server.deliver(.deliver(DeliverSM()), to: "esme") == .response(.ok, []))
        }
    }

    @Test func `a certificate that leads nowhere is refused`() async throws {
        let tls = try serverTLS()
        let server = try await Loopback.server(ServerRecorder()) { $0.tls = tls }
        let recorder = ClientRecorder()
        let client = Loopback.client(recorder, port: try #require(server.port)) { $0.tls = SMPPClientTLS() }
        client.start()
        await recorder.log.until("the attempt fails") { $0.states.contains { $0.lastError != nil } }
        #expect(client.state.lastError?.contains("CERTIFICATE_VERIFY_FAILED") == true)
        await client.shutdown()
        await server.shutdown()
    }
}
