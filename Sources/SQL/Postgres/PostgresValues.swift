// SPDX-License-Identifier: Apache-2.0
// Result values in PostgreSQL's binary format. Every reader checks the length it needs: a value that does not have its
// type's shape is an error, never a trap.

import CLibPQ

/// How the values of one result column are read.
enum PostgresDecoder {
    /// The value in `bytes`, or `nil` when they do not have the shape of type `type` or the type is not supported.
    static func value(_ bytes: UnsafeRawBufferPointer, type: Oid) -> SQLValue? {
        switch type {
        case PostgresType.int8, PostgresType.xid8: integer(bytes, Int64.self)
        case PostgresType.int4: integer(bytes, Int32.self)
        case PostgresType.int2: integer(bytes, Int16.self)
        case PostgresType.oid: integer(bytes, UInt32.self)
        case PostgresType.bool: bytes.count == 1 ? .integer(bytes[0] == 0 ? 0 : 1) : nil
        case PostgresType.text, PostgresType.varchar, PostgresType.bpchar, PostgresType.name, PostgresType.json,
            PostgresType.unknownLiteral:
            .text(String(decoding: bytes, as: UTF8.self))
        // A version byte, then the text.
        case PostgresType.jsonb: bytes.first == 1 ? .text(String(decoding: bytes.dropFirst(), as: UTF8.self)) : nil
        case PostgresType.bytea, PostgresType.uuid: .bytes(Array(bytes))
        case PostgresType.float8:
            load(bytes, UInt64.self).map { .real(Double(bitPattern: $0)) }
        case PostgresType.float4:
            load(bytes, UInt32.self).map { .real(Double(Float(bitPattern: $0))) }
        case PostgresType.numeric: numeric(bytes)
        case PostgresType.void: .null
        default: nil
        }
    }

    private static func integer<I: FixedWidthInteger>(_ bytes: UnsafeRawBufferPointer, _ type: I.Type) -> SQLValue? {
        load(bytes, type).map { .integer(Int64($0)) }
    }

    private static func load<I: FixedWidthInteger>(_ bytes: UnsafeRawBufferPointer, _ type: I.Type) -> I? {
        guard bytes.count == MemoryLayout<I>.size else { return nil }
        return I(bigEndian: bytes.loadUnaligned(as: I.self))
    }

    /// NUMERIC, which `SUM` over BIGINT yields: without decimals an integer where it fits, otherwise a double.
    ///
    /// Four 16-bit fields (digit count, weight of the first digit, sign, decimals shown), then base-10000 digits.
    private static func numeric(_ bytes: UnsafeRawBufferPointer) -> SQLValue? {
        guard bytes.count >= 8, bytes.count.isMultiple(of: 2) else { return nil }
        func field(_ index: Int) -> Int16 {
            Int16(bigEndian: bytes.loadUnaligned(fromByteOffset: index * 2, as: Int16.self))
        }
        let count = Int(field(0))
        let weight = Int(field(1))
        let sign = UInt16(bitPattern: field(2))
        guard count >= 0, bytes.count == 8 + count * 2 else { return nil }
        switch sign {
        case 0x0000, 0x4000: break
        case 0xC000: return .real(.nan)
        case 0xD000: return .real(.infinity)
        case 0xF000: return .real(-.infinity)
        default: return nil
        }
        let digits = (0..<count).map { Int(field(4 + $0)) }
        guard digits.allSatisfy({ (0..<10_000).contains($0) }) else { return nil }
        let isNegative = sign == 0x4000
        if field(3) == 0, let integer = integer(digits: digits, weight: weight, isNegative: isNegative) {
            return .integer(integer)
        }
        // The shortest correct way to a correctly rounded double is through its decimal text.
        let mantissa = digits.map { String(String($0 + 10_000).dropFirst()) }.joined()
        let text = "\(isNegative ? "-" : "")0\(mantissa)e\((weight - count + 1) * 4)"
        return Double(text).map { .real($0) }
    }

    private static func integer(digits: [Int], weight: Int, isNegative: Bool) -> Int64? {
        // Trailing zero digits are not sent, so there may be fewer than the weight says; never more in an integer.
        guard digits.count <= weight + 1, weight < 5 else { return digits.isEmpty ? 0 : nil }
        var value: Int64 = 0
        for position in 0..<max(0, weight + 1) {
            let digit = Int64(position < digits.count ? digits[position] : 0)
            let (shifted, overflow) = value.multipliedReportingOverflow(by: 10_000)
            let (sum, carry) = shifted.addingReportingOverflow(isNegative ? -digit : digit)
            if overflow || carry { return nil }
            value = sum
        }
        return value
    }
}
