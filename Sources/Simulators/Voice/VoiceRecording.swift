// SPDX-License-Identifier: Apache-2.0
// What a telephone hears: RTP packets of G.711 put in the order of their timestamps, lost ones as silence.

internal import Wire

struct VoiceRecording: Sendable {
    /// Samples a second.
    static let rate = 8000

    private let limit: Int
    private var source: UInt32?
    private var firstTimestamp: UInt32 = 0
    private(set) var samples: [Int16] = []

    /// `seconds` bound the recording.
    init(seconds: Int) { limit = seconds * Self.rate }

    /// Takes a packet (RFC 3550 §5.1); anything that is none, or of another source than the first, is passed over.
    mutating func receive(_ packet: [UInt8]) {
        guard packet.count >= 12, packet[0] >> 6 == 2 else { return }
        let type = packet[1] & 0x7F
        guard type == 0 || type == 8 else { return }
        let timestamp = Self.number(packet, 4)
        let source = Self.number(packet, 8)
        if self.source == nil {
            self.source = source
            firstTimestamp = timestamp
        }
        guard self.source == source, let payload = Self.payload(packet) else { return }
        let place = Int(timestamp &- firstTimestamp)
        guard place + payload.count <= limit else { return }
        if samples.count < place + payload.count {
            samples += [Int16](repeating: 0, count: place + payload.count - samples.count)
        }
        for (offset, byte) in payload.enumerated() {
            samples[place + offset] = type == 0 ? G711.linear(ulaw: byte) : G711.linear(alaw: byte)
        }
    }

    private static func number(_ packet: [UInt8], _ place: Int) -> UInt32 {
        packet[place..<place + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// What is behind the header, its contributing sources and its extension, and before the padding.
    private static func payload(_ packet: [UInt8]) -> ArraySlice<UInt8>? {
        var start = 12 + 4 * Int(packet[0] & 0x0F)
        var end = packet.count
        if packet[0] & 0x10 != 0 {
            guard start + 4 <= end else { return nil }
            start += 4 + 4 * (Int(packet[start + 2]) << 8 | Int(packet[start + 3]))
        }
        if packet[0] & 0x20 != 0 { end -= Int(packet[end - 1]) }
        return start <= end ? packet[start..<end] : nil
    }

    /// A WAVE file of one channel.
    static func wav(_ samples: [Int16]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(44 + 2 * samples.count)
        func add(_ text: String) { bytes += Array(text.utf8) }
        func add(_ number: Int, _ count: Int) {
            for place in 0..<count { bytes.append(UInt8(number >> (8 * place) & 0xFF)) }
        }
        add("RIFF")
        add(36 + 2 * samples.count, 4)
        add("WAVEfmt ")
        add(16, 4)
        for (number, count) in [(1, 2), (1, 2), (rate, 4), (2 * rate, 4), (2, 2), (16, 2)] { add(number, count) }
        add("data")
        add(2 * samples.count, 4)
        for sample in samples { add(Int(UInt16(bitPattern: sample)), 2) }
        return bytes
    }
}

/// ITU-T G.711.
enum G711 {
    static func linear(ulaw byte: UInt8) -> Int16 {
        let code = ~byte
        let magnitude = (Int(code & 0x0F) << 3 + 0x84) << Int(code >> 4 & 7) - 0x84
        return Int16(code & 0x80 == 0 ? magnitude : -magnitude)
    }

    static func linear(alaw byte: UInt8) -> Int16 {
        let code = byte ^ 0x55
        let exponent = Int(code >> 4 & 7)
        let mantissa = Int(code & 0x0F) << 4 + 8
        let magnitude = exponent == 0 ? mantissa : (mantissa + 0x100) << (exponent - 1)
        return Int16(code & 0x80 == 0 ? -magnitude : magnitude)
    }
}
