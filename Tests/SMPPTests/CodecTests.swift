// SPDX-License-Identifier: Apache-2.0
// The codec against its tables, and against every way of cutting them short.

import NIOCore
import Testing

@testable import SMPP

func octets(_ hex: String) -> ByteBuffer {
    let digits = Array(hex.utf8)
    let values = stride(from: 0, to: digits.count - 1, by: 2).compactMap {
        UInt8(String(decoding: digits[$0...($0 + 1)], as: UTF8.self), radix: 16)
    }
    return ByteBuffer(bytes: values)
}

func decode(_ buffer: ByteBuffer) -> PDUFrame? {
    var buffer = buffer
    return PDU.next(from: &buffer, maximumLength: 70_000)
}

@Suite struct CodecTests {
    @Test(arguments: codecSamples) func `octets decode to the value`(_ sample: CodecSample) {
        #expect(decode(octets(sample.hex)) == .pdu(sample.pdu))
    }

    @Test(arguments: codecSamples) func `the value encodes to the octets`(_ sample: CodecSample) throws {
        var buffer = ByteBuffer()
        try sample.pdu.write(to: &buffer)
        #expect(buffer == octets(sample.hex))
    }

    @Test(arguments: badSamples) func `well-framed nonsense is answered`(_ sample: BadSample) throws {
        guard case .bad(let bad)? = decode(octets(sample.hex)) else {
            Issue.record("not recognised as bad")
            return
        }
        #expect(bad.status == sample.status)
        #expect(bad.sequence == 3)
        #expect((bad.answer?.commandID.rawValue ?? 0) == sample.answer)
        if let answer = bad.answer {
            #expect(answer.sequence == 3)
            #expect(answer.status == sample.status)
            var buffer = ByteBuffer()
            try answer.write(to: &buffer)
            #expect(decode(buffer) == .pdu(answer))
        }
    }

    @Test(arguments: codecSamples) func `a body cut short is never taken for the whole`(_ sample: CodecSample) throws {
        let whole = octets(sample.hex)
        let request = CommandID(rawValue: sample.pdu.commandID.rawValue & 0x7FFF_FFFF)
        // A response that says only its status may leave its body out.
        if sample.pdu.body == PDU.Body.emptyResponse(to: request) { return }
        for length in 16..<whole.readableBytes {
            var cut = try #require(whole.getSlice(at: 0, length: length))
            cut.setInteger(UInt32(length), at: 0)
            switch decode(cut) {
            case .pdu(let pdu): #expect(pdu != sample.pdu, "\(length) octets")
            case .bad(let bad): #expect(bad.sequence == sample.pdu.sequence)
            case .broken, nil: Issue.record("framing holds at \(length) octets")
            }
        }
    }

    @Test(arguments: codecSamples) func `an incomplete frame waits and takes nothing`(_ sample: CodecSample) throws {
        let whole = octets(sample.hex)
        for length in 0..<whole.readableBytes {
            var part = try #require(whole.getSlice(at: 0, length: length))
            #expect(PDU.next(from: &part, maximumLength: 70_000) == nil)
            #expect(part.readableBytes == length)
        }
    }

    @Test(arguments: [0, 1, 15, 70_001, 0x7FFF_FFFF, 0xFFFF_FFFF] as [UInt32])
    func `a length that cannot be breaks the framing`(_ length: UInt32) {
        var buffer = ByteBuffer()
        buffer.writeMultipleIntegers(length, UInt32(4), UInt32(0), UInt32(1))
        #expect(decode(buffer) == .broken(commandLength: length))
    }

    @Test func `a length that cannot be breaks the framing before the rest has arrived`() {
        #expect(decode(ByteBuffer(integer: UInt32(15))) == .broken(commandLength: 15))
    }

    @Test func `frames are taken one after the other`() throws {
        var buffer = ByteBuffer()
        for sample in codecSamples { try sample.pdu.write(to: &buffer) }
        var read: [PDU] = []
        while case .pdu(let pdu)? = PDU.next(from: &buffer, maximumLength: 70_000) { read.append(pdu) }
        #expect(read == codecSamples.map(\.pdu))
        #expect(buffer.readableBytes == 0)
    }

    static let tooLong: [(PDU.Body, String)] = [
        (.bind(Bind(mode: .receiver, systemID: String(repeating: "x", count: 16))), "system_id"),
        (.bind(Bind(mode: .receiver, password: String(repeating: "x", count: 9))), "password"),
        (.bind(Bind(mode: .receiver, systemType: String(repeating: "x", count: 13))), "system_type"),
        (.submit(SubmitSM(serviceType: "123456")), "service_type"),
        (.submit(SubmitSM(source: Address(value: String(repeating: "1", count: 21)))), "source_addr"),
        (.submit(SubmitSM(destination: Address(value: String(repeating: "1", count: 21)))), "destination_addr"),
        (.submit(SubmitSM(source: Address(value: "a\u{0}b"))), "source_addr"),
        (.submit(SubmitSM(source: Address(value: "€"))), "source_addr"),
        (.submit(SubmitSM(validityPeriod: "soon")), "validity_period"),
        (.submit(SubmitSM(scheduleDeliveryTime: "soon")), "schedule_delivery_time"),
        (.submit(SubmitSM(shortMessage: Array(repeating: 0, count: 255))), "short_message"),
        (.submit(SubmitSM(tlvs: [TLV(.messagePayload, Array(repeating: 0, count: 65_536))])), "optional parameters"),
        (.submitResponse(SubmitSMResponse(messageID: String(repeating: "1", count: 65))), "message_id"),
        (.data(DataSM(source: Address(value: String(repeating: "1", count: 65)))), "source_addr"),
        (
            .submitMulti(SubmitMulti(destinations: Array(repeating: .distributionList("x"), count: 255))),
            "number_of_dests"
        ),
        (.submitMulti(SubmitMulti(destinations: [.distributionList(String(repeating: "x", count: 21))])), "dl_name"),
    ]

    @Test(arguments: tooLong) func `what does not fit is not written`(_ body: PDU.Body, _ field: String) throws {
        var buffer = ByteBuffer(string: "before")
        let error = #expect(throws: PDUEncodingError.self) { try PDU(body, sequence: 1).write(to: &buffer) }
        #expect(error?.field == field)
        #expect(buffer == ByteBuffer(string: "before"))
    }

    @Test func `responses without a body are accepted`() {
        let lenient: [(UInt32, PDU.Body)] = [
            (0x8000_0004, .submitResponse(SubmitSMResponse())), (0x8000_0005, .deliverResponse(DeliverSMResponse())),
            (0x8000_0009, .bindResponse(BindResponse(mode: .transceiver))),
            (0x8000_0103, .dataResponse(DataSMResponse())),
            (0x8000_0021, .submitMultiResponse(SubmitMultiResponse())),
        ]
        for (command, body) in lenient {
            var buffer = ByteBuffer()
            buffer.writeMultipleIntegers(UInt32(16), command, UInt32(0), UInt32(1))
            #expect(decode(buffer) == .pdu(PDU(body, sequence: 1)))
        }
    }

    @Test func `an error response with an unreadable body keeps its status`() {
        var buffer = ByteBuffer()
        buffer.writeMultipleIntegers(UInt32(19), UInt32(0x8000_0004), UInt32(0x58), UInt32(1))
        buffer.writeString("abc")
        #expect(decode(buffer) == .pdu(PDU(.submitResponse(SubmitSMResponse()), sequence: 1, status: .throttled)))
    }
}

@Suite struct CodecFuzzTests {
    @Test func `mutated PDUs never crash the reader and never escape their frame`() throws {
        var generator = SplitMix(seed: 34)
        let wholes = codecSamples.map { octets($0.hex) } + badSamples.map { octets($0.hex) }
        for _ in 0..<20_000 {
            var buffer = wholes[Int.random(in: 0..<wholes.count, using: &generator)]
            for _ in 0..<Int.random(in: 1...4, using: &generator) { mutate(&buffer, using: &generator) }
            let before = buffer.readableBytes
            var rest = buffer
            guard let frame = PDU.next(from: &rest, maximumLength: 70_000) else {
                #expect(rest.readableBytes == before)
                continue
            }
            guard case .pdu(let pdu) = frame else { continue }
            let length = try #require(buffer.getInteger(at: buffer.readerIndex, as: UInt32.self))
            #expect(before - rest.readableBytes == Int(length))
            // Whatever was read can be written, and reads the same again.
            var again = ByteBuffer()
            try pdu.write(to: &again)
            #expect(decode(again) == .pdu(pdu))
        }
    }

    private func mutate(_ buffer: inout ByteBuffer, using generator: inout SplitMix) {
        guard buffer.readableBytes > 0 else { return }
        let position = Int.random(in: 0..<buffer.readableBytes, using: &generator)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: buffer.setInteger(UInt8.random(in: 0...255, using: &generator), at: position)
        case 1: buffer.setInteger([0, 1, 0x7F, 0x80, 0xFF].randomElement(using: &generator) ?? UInt8(0), at: position)
        case 2:
            buffer = buffer.getSlice(at: 0, length: position) ?? buffer
            if Bool.random(using: &generator) { fixLength(&buffer) }
        default:
            buffer.writeBytes(
                (0..<Int.random(in: 1...9, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) }
            )
            fixLength(&buffer)
        }
    }

    private func fixLength(_ buffer: inout ByteBuffer) {
        if buffer.readableBytes >= 4 { buffer.setInteger(UInt32(buffer.readableBytes), at: 0) }
    }
}

/// A small generator with a seed, so that a failure can be had again.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
