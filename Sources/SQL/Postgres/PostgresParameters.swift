// SPDX-License-Identifier: Apache-2.0
// Parameters in PostgreSQL's binary format. The buffer is reused from row to row; libpq copies it at once.

import CLibPQ

/// The object ids of the built-in types that we send or understand (catalog pg_type).
enum PostgresType {
    static let unknown: Oid = 0
    static let bool: Oid = 16
    static let bytea: Oid = 17
    static let name: Oid = 19
    static let int8: Oid = 20
    static let int2: Oid = 21
    static let int4: Oid = 23
    static let text: Oid = 25
    static let oid: Oid = 26
    static let json: Oid = 114
    static let float4: Oid = 700
    static let float8: Oid = 701
    static let unknownLiteral: Oid = 705
    static let bpchar: Oid = 1042
    static let varchar: Oid = 1043
    static let numeric: Oid = 1700
    static let void: Oid = 2278
    static let uuid: Oid = 2950
    static let jsonb: Oid = 3802
    static let xid8: Oid = 5069

    /// The type a value is sent as; NULL fits any.
    static func of(_ value: SQLValue) -> Oid {
        switch value {
        case .null: unknown
        case .integer: int8
        case .real: float8
        case .text: text
        case .bytes, .block: bytea
        }
    }
}

/// One row of parameters, encoded.
struct PostgresParameters {
    private var bytes: [UInt8] = []
    /// Where each value begins; -1 for NULL.
    private var offsets: [Int] = []
    private var lengths: [Int32] = []
    private var formats: [Int32] = []

    mutating func encode(_ values: [SQLValue]) throws(DatabaseError) {
        bytes.removeAll(keepingCapacity: true)
        offsets.removeAll(keepingCapacity: true)
        lengths.removeAll(keepingCapacity: true)
        if formats.count < values.count { formats = Array(repeating: 1, count: values.count) }
        for (index, value) in values.enumerated() {
            let start = bytes.count
            offsets.append(value == .null ? -1 : start)
            switch value {
            case .null: break
            case .integer(let integer): append(UInt64(bitPattern: integer))
            case .real(let double): append(double.bitPattern)
            case .text(let text):
                bytes.append(contentsOf: text.utf8)
                // The server's error for it would come later and less clearly; SQLite would keep it.
                if bytes[start...].contains(0) { throw .invalid("parameter \(index + 1): text with a NUL byte") }
            case .bytes(let data): bytes.append(contentsOf: data)
            case .block(let high, let low):
                append(high)
                append(low)
            }
            guard let length = Int32(exactly: bytes.count - start) else {
                throw .invalid("parameter \(index + 1): longer than 2 GB")
            }
            lengths.append(length)
        }
        // An empty value still needs an address: a null pointer means NULL.
        bytes.append(0)
    }

    /// Lends out the arrays as libpq's `…Prepared` functions take them.
    func withArrays<R>(
        _ body: (
            _ count: Int32, _ values: UnsafePointer<UnsafePointer<CChar>?>?, _ lengths: UnsafePointer<Int32>?,
            _ formats: UnsafePointer<Int32>?
        ) -> R
    ) -> R {
        bytes.withUnsafeBytes { buffer in
            let base = buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
            return withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: max(1, offsets.count)) {
                pointers in
                for (index, offset) in offsets.enumerated() {
                    pointers.initializeElement(at: index, to: offset < 0 ? nil : base?.advanced(by: offset))
                }
                return body(Int32(offsets.count), UnsafePointer(pointers.baseAddress), lengths, formats)
            }
        }
    }

    private mutating func append(_ bits: UInt64) {
        withUnsafeBytes(of: bits.bigEndian) { bytes.append(contentsOf: $0) }
    }
}
