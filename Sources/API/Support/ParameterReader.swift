// SPDX-License-Identifier: Apache-2.0
// Takes typed values out of a request's parameters and collects everything that is wrong with them, so that a client
// learns of all its mistakes at once. Scalars are accepted in the form of text ("60", "true") and whole numbers where a
// text is expected; null and the empty text are the same as no value.

internal import Wire

struct ParameterReader {
    private let values: [String: JSONValue]
    private(set) var violations: [Violation] = []

    init(_ values: [String: JSONValue]) { self.values = values }

    mutating func refuse(_ field: String, _ message: String) {
        violations.append(Violation(field: field, message: message))
    }

    /// A text; nil when there is none, or when it is refused.
    mutating func text(_ name: String, maximumLength: Int? = nil) -> String? {
        switch values[name] {
        case nil, .null?, .string("")?:
            return nil
        case .integer(let value)?:
            return String(value)
        case .number(let number)?:
            // JSON does not tell 60 from 60.0.
            if let value = Int64(exactly: number) { return String(value) }
            refuse(name, "must be a string")
            return nil
        case .string(let value)?:
            if let maximumLength, value.unicodeScalars.count > maximumLength {
                refuse(name, "must have at most \(maximumLength) characters")
                return nil
            }
            return value
        case let value?:
            refuse(name, "must be a string, not \(value.kindName)")
            return nil
        }
    }

    /// A text that will be stored as it is, which the character U+0000 cannot be.
    mutating func storedText(_ name: String, maximumLength: Int) -> String? {
        guard let value = text(name, maximumLength: maximumLength) else { return nil }
        guard !value.utf8.contains(0) else {
            refuse(name, "must not contain the character U+0000")
            return nil
        }
        return value
    }

    /// A text that must be there.
    mutating func requiredText(_ name: String) -> String? {
        let known = violations.count
        if let value = text(name) { return value }
        if violations.count == known {
            refuse(name, values[name] == .string("") ? "must not be empty" : "is required")
        }
        return nil
    }

    mutating func flag(_ name: String, default usual: Bool) -> Bool {
        switch values[name] {
        case nil, .null?, .string("")?: return usual
        case .bool(let value)?: return value
        case .string(let text)? where text.lowercased() == "true": return true
        case .string(let text)? where text.lowercased() == "false": return false
        default:
            refuse(name, "must be true or false")
            return usual
        }
    }

    mutating func integer(_ name: String, in range: ClosedRange<Int>, default usual: Int) -> Int {
        let value: Int?
        switch values[name] {
        case nil, .null?, .string("")?: return usual
        case .integer(let number)?: value = Int(number)
        case .number(let number)?: value = Int(exactly: number)
        case .string(let text)?: value = Int(text)
        default: value = nil
        }
        guard let value, range.contains(value) else {
            refuse(name, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
            return usual
        }
        return value
    }

    /// A share: a number from 0 to 1.
    mutating func share(_ name: String, default usual: Double) -> Double {
        let value: Double?
        switch values[name] {
        case nil, .null?, .string("")?: return usual
        case .string(let text)?: value = Double(text)
        case let number?: value = number.double
        }
        guard let value, (0...1).contains(value) else {
            refuse(name, "must be a number from 0 to 1")
            return usual
        }
        return value
    }

    /// One of a few words, in any case.
    mutating func choice<T>(_ name: String, _ choices: KeyValuePairs<String, T>, default usual: T) -> T {
        let known = violations.count
        guard let text = text(name) else { return usual }
        if let choice = choices.first(where: { $0.key == text.uppercased() }) { return choice.value }
        if violations.count == known {
            refuse(name, "must be one of \(choices.map(\.key).joined(separator: ", "))")
        }
        return usual
    }

    /// An instant in ISO 8601, UTC where it names no zone.
    mutating func instant(_ name: String) -> Milliseconds? {
        guard let text = text(name) else { return nil }
        guard let instant = Timestamp.parse(text) else {
            refuse(name, "must be a date and time such as 2026-01-31T08:05:09+01:00")
            return nil
        }
        return instant
    }

    /// The named values as one text that is equal for requests that ask for the same: sorted, scalars as text.
    static func fingerprint(of values: [String: JSONValue], names: Set<String>) -> [UInt8] {
        var writer = JSONWriter()
        let members = values.filter { names.contains($0.key) }.compactMapValues(\.comparable)
        writer.value(.object(members))
        return writer.bytes
    }
}

extension JSONValue {
    /// The value with its type forgotten, as the reader does; nil for no value.
    fileprivate var comparable: JSONValue? {
        switch self {
        case .null, .string(""): nil
        case .bool(let value): .string(value ? "true" : "false")
        case .integer(let value): .string(String(value))
        case .number(let value): .string("\(value)")
        case .string, .array, .object: self
        }
    }
}
