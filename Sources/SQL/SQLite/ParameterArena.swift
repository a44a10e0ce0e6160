// SPDX-License-Identifier: Apache-2.0
// The texts and bytes of one statement's parameters, one behind the other in memory that is used again and again.
// Invariant: what `pointer` returns is valid until the next `fill`.

/// Memory for the parameters of the statement that a connection runs at the moment.
final class ParameterArena {
    private var bytes: UnsafeMutableRawBufferPointer

    init() { bytes = .allocate(byteCount: 4096, alignment: 16) }

    deinit { bytes.deallocate() }

    /// Copies the texts and bytes among the values of one or several rows in, in their order.
    func fill(with rows: some Collection<[SQLValue]>) throws(DatabaseError) {
        var offset = 0
        for values in rows { try append(values, at: &offset) }
    }

    private func append(_ values: [SQLValue], at offset: inout Int) throws(DatabaseError) {
        for (position, value) in values.enumerated() {
            switch value {
            case .text(var text):
                let range = offset..<(offset + text.utf8.count)
                reserve(range.upperBound)
                let isStorable = text.withUTF8 { utf8 in
                    UnsafeMutableRawBufferPointer(rebasing: bytes[range]).copyMemory(from: UnsafeRawBufferPointer(utf8))
                    // PostgreSQL cannot hold a NUL, so neither engine may.
                    return !utf8.contains(0)
                }
                guard isStorable else { throw .invalid("parameter \(position + 1): text with a NUL byte") }
                offset = range.upperBound
            case .bytes(let value):
                reserve(offset + value.count)
                value.withUnsafeBytes {
                    UnsafeMutableRawBufferPointer(rebasing: bytes[offset..<(offset + $0.count)]).copyMemory(from: $0)
                }
                offset += value.count
            case .block(let high, let low):
                reserve(offset + 16)
                bytes.storeBytes(of: high.bigEndian, toByteOffset: offset, as: UInt64.self)
                bytes.storeBytes(of: low.bigEndian, toByteOffset: offset + 8, as: UInt64.self)
                offset += 16
            case .null, .integer, .real:
                break
            }
        }
    }

    /// Where the byte at `offset` stands. Never null: SQLite would take that for NULL instead of an empty value.
    func pointer<Unit>(at offset: Int, as unit: Unit.Type) -> UnsafePointer<Unit>? {
        bytes.baseAddress.map { UnsafePointer(($0 + offset).assumingMemoryBound(to: unit)) }
    }

    /// Grows by doubling, so that there is always room behind the last byte.
    private func reserve(_ count: Int) {
        guard count >= bytes.count else { return }
        var capacity = bytes.count
        while capacity <= count { capacity *= 2 }
        let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 16)
        larger.copyMemory(from: UnsafeRawBufferPointer(bytes))
        bytes.deallocate()
        bytes = larger
    }
}
