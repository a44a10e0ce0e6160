// SPDX-License-Identifier: Apache-2.0
// The answer section of a DNS message (RFC 1035 §4), as far as NAPTR look-ups need it. Any bytes may come: a message is
// read up to where it is whole, names cannot loop, and a record that is wrong in itself is left out.

/// A NAPTR record (RFC 3403 §4.1).
struct NAPTR: Sendable, Equatable {
    var order: UInt16
    var preference: UInt16
    /// "u" ends the look-up with a URI; empty goes on with another domain.
    var flags: String
    /// "E2U+pstn:tel" …
    var services: String
    /// `!regexp!replacement!`; any bytes.
    var regexp: [UInt8]
    /// Nil for the root, which means that there is none.
    var replacement: DNSName?
    /// Seconds.
    var ttl: UInt32
}

/// What a message answers for one name.
struct NAPTRAnswer: Sendable, Equatable {
    var records: [NAPTR] = []
    /// The name that the asked one is an alias of, when its own records did not come along.
    var alias: DNSName?
    /// The smallest TTL of the aliases followed; nil without one.
    var aliasTTL: UInt32?
}

struct DNSMessage {
    private struct Record {
        let name: DNSName
        let type: UInt16
        let ttl: UInt32
        let data: Range<Int>
    }

    private enum RecordType {
        static let cname: UInt16 = 5
        static let naptr: UInt16 = 35
    }

    private static let headerLength = 12
    private static let mostAliases = 8
    /// A TTL with the highest bit set counts as 0 (RFC 2181 §8).
    private static let longestTTL: UInt32 = 0x7FFF_FFFF

    private let bytes: [UInt8]
    private var records: [Record] = []

    /// Nil when the bytes are not a message.
    init?(_ bytes: [UInt8]) {
        self.bytes = bytes
        guard bytes.count >= Self.headerLength else { return nil }
        var reader = DNSReader(bytes: bytes, position: 4)
        guard let questions = reader.uint16(), let answers = reader.uint16() else { return nil }
        reader.position = Self.headerLength
        for _ in 0..<questions {
            guard reader.name() != nil, reader.skip(4) else { return nil }
        }
        for _ in 0..<answers {
            guard let name = reader.name(), let type = reader.uint16(), reader.skip(2), let ttl = reader.uint32(),
                let length = reader.uint16(), reader.position + Int(length) <= bytes.count
            else { return nil }
            let data = reader.position..<reader.position + Int(length)
            records.append(Record(name: name, type: type, ttl: ttl > Self.longestTTL ? 0 : ttl, data: data))
            reader.position = data.upperBound
        }
    }

    /// The NAPTR records of a name, through its aliases.
    func naptr(of name: DNSName) -> NAPTRAnswer {
        var answer = NAPTRAnswer()
        var owner = name
        for _ in 0...Self.mostAliases {
            answer.records = records.filter { $0.type == RecordType.naptr && $0.name == owner }.compactMap(naptr)
            guard answer.records.isEmpty else { break }
            let alias = records.first { $0.type == RecordType.cname && $0.name == owner }
            guard let alias, let target = target(of: alias) else { break }
            owner = target
            answer.aliasTTL = min(answer.aliasTTL ?? alias.ttl, alias.ttl)
        }
        if answer.records.isEmpty, owner != name { answer.alias = owner }
        return answer
    }

    private func target(of alias: Record) -> DNSName? {
        var reader = DNSReader(bytes: bytes, position: alias.data.lowerBound)
        guard let name = reader.name(), reader.position == alias.data.upperBound else { return nil }
        return name
    }

    private func naptr(_ record: Record) -> NAPTR? {
        var reader = DNSReader(bytes: bytes, position: record.data.lowerBound)
        guard let order = reader.uint16(), let preference = reader.uint16(), let flags = reader.characterString(),
            let services = reader.characterString(), let regexp = reader.characterString(),
            let replacement = reader.name(), reader.position == record.data.upperBound
        else { return nil }
        return NAPTR(
            order: order, preference: preference, flags: String(decoding: flags, as: UTF8.self),
            services: String(decoding: services, as: UTF8.self), regexp: Array(regexp),
            replacement: replacement.labels.isEmpty ? nil : replacement, ttl: record.ttl)
    }
}

/// Reads the parts of a message one behind the other; nil where the bytes end early or say nothing sensible.
private struct DNSReader {
    let bytes: [UInt8]
    var position: Int

    mutating func skip(_ count: Int) -> Bool {
        guard position + count <= bytes.count else { return false }
        position += count
        return true
    }

    mutating func uint16() -> UInt16? {
        let start = position
        guard skip(2) else { return nil }
        return UInt16(bytes[start]) << 8 | UInt16(bytes[start + 1])
    }

    mutating func uint32() -> UInt32? {
        guard let high = uint16(), let low = uint16() else { return nil }
        return UInt32(high) << 16 | UInt32(low)
    }

    mutating func characterString() -> ArraySlice<UInt8>? {
        let start = position + 1
        guard skip(1), skip(Int(bytes[start - 1])) else { return nil }
        return bytes[start..<position]
    }

    /// A name, with compression (RFC 1035 §4.1.4): a pointer leads before all that was read of the name, so none loops.
    mutating func name() -> DNSName? {
        var labels: [[UInt8]] = []
        var (cursor, end, bound, length) = (position, Int?.none, position, 1)
        while cursor < bytes.count {
            let octet = Int(bytes[cursor])
            switch octet {
            case 0:
                position = end ?? cursor + 1
                return DNSName(labels: labels)
            case 1...DNSName.longestLabel:
                length += octet + 1
                guard cursor + 1 + octet <= bytes.count, length <= DNSName.longest else { return nil }
                labels.append(Array(bytes[cursor + 1..<cursor + 1 + octet]))
                cursor += 1 + octet
            case 0xC0...0xFF:
                guard cursor + 1 < bytes.count else { return nil }
                let target = (octet & 0x3F) << 8 | Int(bytes[cursor + 1])
                guard target < bound else { return nil }
                end = end ?? cursor + 2
                (cursor, bound) = (target, target)
            default: return nil
            }
        }
        return nil
    }
}
