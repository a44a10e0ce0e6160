// SPDX-License-Identifier: Apache-2.0
// One value on its way into or out of the database. Both engines speak exactly these five shapes.

/// A database value: NULL, a 64-bit integer, a double, UTF-8 text (never with a NUL byte) or bytes.
public enum SQLValue: Sendable, Equatable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    case bytes([UInt8])
    /// Sixteen bytes on their way in, most significant first: an id, for which no memory is allocated. They come back as
    /// `bytes`.
    case block(high: UInt64, low: UInt64)

    /// An integer column.
    public init(_ value: Int64) { self = .integer(value) }

    /// An integer column.
    public init(_ value: Int) { self = .integer(Int64(value)) }

    /// A flag, stored as 0 or 1.
    public init(_ value: Bool) { self = .integer(value ? 1 : 0) }

    /// A DOUBLE PRECISION column.
    public init(_ value: Double) { self = .real(value) }

    /// A TEXT column.
    public init(_ value: String) { self = .text(value) }

    /// A BYTEA column.
    public init(_ value: [UInt8]) { self = .bytes(value) }

    /// An integer column; `nil` is NULL.
    public init(_ value: Int64?) { self = value.map { .integer($0) } ?? .null }

    /// An integer column; `nil` is NULL.
    public init(_ value: Int?) { self = value.map { .integer(Int64($0)) } ?? .null }

    /// A flag; `nil` is NULL.
    public init(_ value: Bool?) { self = value.map { .integer($0 ? 1 : 0) } ?? .null }

    /// A DOUBLE PRECISION column; `nil` is NULL.
    public init(_ value: Double?) { self = value.map { .real($0) } ?? .null }

    /// A TEXT column; `nil` is NULL.
    public init(_ value: String?) { self = value.map { .text($0) } ?? .null }

    /// A BYTEA column; `nil` is NULL.
    public init(_ value: [UInt8]?) { self = value.map { .bytes($0) } ?? .null }

    /// Whether this is NULL.
    public var isNull: Bool { self == .null }

    /// The kind of value, for an error message that must not show the value itself.
    var kind: String {
        switch self {
        case .null: "NULL"
        case .integer: "an integer"
        case .real: "a double"
        case .text: "text"
        case .bytes, .block: "bytes"
        }
    }
}

extension SQLValue: ExpressibleByNilLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByStringLiteral, ExpressibleByBooleanLiteral
{
    public init(nilLiteral: ()) { self = .null }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(floatLiteral value: Double) { self = .real(value) }
    public init(stringLiteral value: String) { self = .text(value) }
    public init(booleanLiteral value: Bool) { self = .integer(value ? 1 : 0) }
}
