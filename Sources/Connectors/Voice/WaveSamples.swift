// SPDX-License-Identifier: Apache-2.0
// Reads a WAVE file of 16-bit PCM. A program that writes to a pipe cannot know the length beforehand, so whatever the
// header says of it, what is there counts.

struct WaveSamples: Equatable {
    /// Samples a second.
    var rate: Int
    /// One channel; of more than one, their mean.
    var samples: [Int16]

    static let rates = 8000...48_000

    init(rate: Int, samples: [Int16]) {
        self.rate = rate
        self.samples = samples
    }

    /// Nil where it is anything else.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= 12, Self.tag(bytes, 0) == "RIFF", Self.tag(bytes, 8) == "WAVE" else { return nil }
        var format: (rate: Int, channels: Int)?
        var place = 12
        while place + 8 <= bytes.count {
            let size = Self.number(bytes, place + 4, 4)
            let body = place + 8
            switch Self.tag(bytes, place) {
            case "fmt ":
                guard body + 16 <= bytes.count, size >= 16 else { return nil }
                // PCM, of 16 bits.
                guard Self.number(bytes, body, 2) == 1, Self.number(bytes, body + 14, 2) == 16 else { return nil }
                format = (Self.number(bytes, body + 4, 4), Self.number(bytes, body + 2, 2))
            case "data":
                guard let format, Self.rates.contains(format.rate), (1...2).contains(format.channels) else {
                    return nil
                }
                rate = format.rate
                samples = Self.samples(bytes[body..<min(bytes.count, body + size)], channels: format.channels)
                return
            default: break
            }
            // Chunks have an even length.
            place = body + size + size % 2
        }
        return nil
    }

    private static func tag(_ bytes: [UInt8], _ place: Int) -> String {
        String(decoding: bytes[place..<place + 4], as: UTF8.self)
    }

    /// A little-endian number of up to four bytes.
    private static func number(_ bytes: [UInt8], _ place: Int, _ count: Int) -> Int {
        (0..<count).reduce(0) { $0 | Int(bytes[place + $1]) << (8 * $1) }
    }

    private static func samples(_ bytes: ArraySlice<UInt8>, channels: Int) -> [Int16] {
        let frame = 2 * channels
        let start = bytes.startIndex
        return (0..<bytes.count / frame).map { index in
            let place = start + index * frame
            var sum = 0
            for channel in 0..<channels {
                let low = UInt16(bytes[place + 2 * channel])
                let high = UInt16(bytes[place + 2 * channel + 1])
                sum += Int(Int16(bitPattern: low | high << 8))
            }
            return Int16(sum / channels)
        }
    }
}
