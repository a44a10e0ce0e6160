// SPDX-License-Identifier: Apache-2.0
// Seven-bit packing of 3GPP TS 23.038 §6.1.2.1: septets fill octets from the least significant bit. After a user data
// header the first septet begins at a septet boundary counted from the header's start, which takes fill bits.

/// Packing of septets into octets and back.
public enum SeptetPacking {
    /// Fill bits (0…6) between a header of `headerOctets` octets (length octet included) and the first septet.
    public static func fillBits(headerOctets: Int) -> Int {
        (7 - headerOctets * 8 % 7) % 7
    }

    /// The packed octets; unused bits are zero.
    public static func packed(_ septets: [UInt8], fillBits: Int = 0) -> [UInt8] {
        let fill = min(max(fillBits, 0), 6)
        guard !septets.isEmpty else { return [] }
        var octets: [UInt8] = []
        octets.reserveCapacity((septets.count * 7 + fill + 7) / 8)
        var accumulator: UInt32 = 0
        var bits = fill
        for septet in septets {
            accumulator |= UInt32(septet & 0x7F) << UInt32(bits)
            bits += 7
            while bits >= 8 {
                octets.append(UInt8(truncatingIfNeeded: accumulator))
                accumulator >>= 8
                bits -= 8
            }
        }
        if bits > 0 { octets.append(UInt8(truncatingIfNeeded: accumulator)) }
        return octets
    }

    /// The septets in packed octets: `count` of them, or as many as are complete.
    public static func unpacked(_ octets: [UInt8], fillBits: Int = 0, count: Int? = nil) -> [UInt8] {
        let fill = min(max(fillBits, 0), 6)
        let available = max(0, (octets.count * 8 - fill) / 7)
        let wanted = min(available, max(0, count ?? available))
        var septets: [UInt8] = []
        septets.reserveCapacity(wanted)
        var position = fill
        for _ in 0..<wanted {
            let index = position / 8
            let low = UInt16(octets[index])
            let high = index + 1 < octets.count ? UInt16(octets[index + 1]) : 0
            septets.append(UInt8(truncatingIfNeeded: (high << 8 | low) >> UInt16(position % 8)) & 0x7F)
            position += 7
        }
        return septets
    }

    /// Packs for a carrier that is told octets only: where seven bits are left over, a CR fills them, because zero bits
    /// would read as `@` (§6.1.2.3.1). A text whose own last septet is a CR on an octet boundary loses it to this rule.
    static func packedWithPadding(_ septets: [UInt8], fillBits: Int) -> [UInt8] {
        let hasSevenLeft = (septets.count * 7 + fillBits) % 8 == 1
        return packed(hasSevenLeft ? septets + [0x0D] : septets, fillBits: fillBits)
    }

    /// The reverse: a CR that ends on an octet boundary is padding.
    static func unpackedWithPadding(_ octets: [UInt8], fillBits: Int) -> [UInt8] {
        var septets = unpacked(octets, fillBits: fillBits)
        if septets.last == 0x0D, (septets.count * 7 + fillBits) % 8 == 0 { septets.removeLast() }
        return septets
    }
}
