// SPDX-License-Identifier: Apache-2.0
// The two walkers over a PDU layout. The reader never reads past its frame whatever the octets say; the writer refuses
// what would not be read back.

internal import NIOCore

/// A field that could not be read or written, with the status that says so.
struct FieldError: Error {
    var field: StaticString
    var status: CommandStatus

    init(_ field: StaticString, _ status: CommandStatus) {
        self.field = field
        self.status = status
    }
}

/// Walks a layout, either filling the fields or writing them.
protocol FieldCoder {
    mutating func octet(_ value: inout UInt8, _ field: StaticString) throws(FieldError)
    mutating func word(_ value: inout UInt32, _ field: StaticString) throws(FieldError)
    /// A C-octet string of at most `max` octets with its NUL.
    mutating func text(
        _ value: inout String, max: Int, _ field: StaticString, _ status: CommandStatus) throws(FieldError)
    /// sm_length and short_message.
    mutating func shortMessage(_ value: inout [UInt8]) throws(FieldError)
    /// One octet of count and as many elements.
    mutating func list<E: FieldLayout>(
        _ value: inout [E], of blank: E, max: Int, _ field: StaticString, _ status: CommandStatus) throws(FieldError)
    /// Optional parameters up to the end of the body.
    mutating func tlvs(_ value: inout TLVs) throws(FieldError)
}

extension FieldCoder {
    mutating func address(
        _ value: inout Address, max: Int, _ field: StaticString, _ status: CommandStatus
    ) throws(FieldError) {
        try octet(&value.ton.rawValue, "addr_ton")
        try octet(&value.npi.rawValue, "addr_npi")
        try text(&value.value, max: max, field, status)
    }

    /// A time: empty or exactly 16 characters (§7.1.1).
    mutating func time(_ value: inout String, _ field: StaticString, _ status: CommandStatus) throws(FieldError) {
        try text(&value, max: 17, field, status)
        guard value.isEmpty || value.unicodeScalars.count == 16 else { throw FieldError(field, status) }
    }
}

struct FieldReader: FieldCoder {
    private var buffer: ByteBuffer

    init(buffer: ByteBuffer) {
        self.buffer = buffer
    }

    mutating func octet(_ value: inout UInt8, _ field: StaticString) throws(FieldError) {
        guard let read = buffer.readInteger(as: UInt8.self) else { throw FieldError(field, .invalidCommandLength) }
        value = read
    }

    mutating func word(_ value: inout UInt32, _ field: StaticString) throws(FieldError) {
        guard let read = buffer.readInteger(as: UInt32.self) else { throw FieldError(field, .invalidCommandLength) }
        value = read
    }

    mutating func text(
        _ value: inout String, max: Int, _ field: StaticString, _ status: CommandStatus
    ) throws(FieldError) {
        let view = buffer.readableBytesView
        guard let end = view.prefix(max).firstIndex(of: 0) else {
            throw FieldError(field, view.count < max ? .invalidCommandLength : status)
        }
        value = LatinText.string(view[view.startIndex..<end])
        buffer.moveReaderIndex(forwardBy: end - view.startIndex + 1)
    }

    mutating func shortMessage(_ value: inout [UInt8]) throws(FieldError) {
        var length: UInt8 = 0
        try octet(&length, "sm_length")
        guard length <= 254 else { throw FieldError("sm_length", .invalidMessageLength) }
        guard let octets = buffer.readBytes(length: Int(length)) else {
            throw FieldError("short_message", .invalidMessageLength)
        }
        value = octets
    }

    mutating func list<E: FieldLayout>(
        _ value: inout [E], of blank: E, max: Int, _ field: StaticString, _ status: CommandStatus
    ) throws(FieldError) {
        var count: UInt8 = 0
        try octet(&count, field)
        guard count <= max else { throw FieldError(field, status) }
        value = []
        for _ in 0..<count {
            var element = blank
            try element.fields(&self)
            value.append(element)
        }
    }

    mutating func tlvs(_ value: inout TLVs) throws(FieldError) {
        guard buffer.readableBytes > 0 else { return }
        var all: [TLV] = []
        while buffer.readableBytes > 0 {
            guard let (tag, length) = buffer.readMultipleIntegers(as: (UInt16, UInt16).self),
                let octets = buffer.readBytes(length: Int(length))
            else { throw FieldError("optional parameters", .invalidOptionalPart) }
            all.append(TLV(TLVTag(rawValue: tag), octets))
        }
        value.all = all
    }

    /// Whatever can be read as optional parameters after a response that has no other fields.
    static func remainingTLVs(_ buffer: ByteBuffer) -> TLVs {
        var reader = FieldReader(buffer: buffer)
        var tlvs: TLVs = []
        try? reader.tlvs(&tlvs)
        return tlvs
    }
}

extension FieldLayout {
    static func read(from buffer: ByteBuffer, into blank: Self) throws(FieldError) -> Self {
        var body = blank
        var reader = FieldReader(buffer: buffer)
        try body.fields(&reader)
        return body
    }
}

struct FieldWriter: FieldCoder {
    var buffer: ByteBuffer

    mutating func write(_ body: some FieldLayout) throws(FieldError) {
        var body = body
        try body.fields(&self)
    }

    mutating func octet(_ value: inout UInt8, _ field: StaticString) {
        buffer.writeInteger(value)
    }

    mutating func word(_ value: inout UInt32, _ field: StaticString) {
        buffer.writeInteger(value)
    }

    mutating func text(
        _ value: inout String, max: Int, _ field: StaticString, _ status: CommandStatus
    ) throws(FieldError) {
        let start = buffer.writerIndex
        for scalar in value.unicodeScalars {
            guard let octet = UInt8(exactly: scalar.value), octet != 0 else { throw FieldError(field, status) }
            buffer.writeInteger(octet)
        }
        buffer.writeInteger(UInt8(0))
        guard buffer.writerIndex - start <= max else { throw FieldError(field, status) }
    }

    mutating func shortMessage(_ value: inout [UInt8]) throws(FieldError) {
        guard value.count <= 254 else { throw FieldError("short_message", .invalidMessageLength) }
        buffer.writeInteger(UInt8(value.count))
        buffer.writeBytes(value)
    }

    mutating func list<E: FieldLayout>(
        _ value: inout [E], of blank: E, max: Int, _ field: StaticString, _ status: CommandStatus
    ) throws(FieldError) {
        guard value.count <= max, let count = UInt8(exactly: value.count) else { throw FieldError(field, status) }
        buffer.writeInteger(count)
        for element in value { try write(element) }
    }

    mutating func tlvs(_ value: inout TLVs) throws(FieldError) {
        for tlv in value.all {
            guard let length = UInt16(exactly: tlv.value.count) else {
                throw FieldError("optional parameters", .invalidParameterLength)
            }
            buffer.writeMultipleIntegers(tlv.tag.rawValue, length)
            buffer.writeBytes(tlv.value)
        }
    }
}
