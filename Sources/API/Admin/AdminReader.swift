// SPDX-License-Identifier: Apache-2.0
// The body of an Admin API request: a JSON object whose members are taken out with their exact types; everything that is
// wrong is collected and named. Unknown members are ignored. A change is a merge patch (RFC 7396): members that are
// absent stay, null takes an optional one away.

internal import Accounts
internal import Hummingbird
internal import Wire

struct AdminReader {
    private static let maximumElements = 1000
    private let members: [String: JSONValue]
    private(set) var violations: [Violation] = []

    init(_ members: [String: JSONValue]) { self.members = members }

    /// Reads the body of a request, a patch of nothing. Throws 400, 413 or 415.
    init(_ request: Request) async throws { self.init(patching: [:], with: try await Self.members(of: request)) }

    /// Reads a merge patch and applies it to the members as they are.
    init(patching current: [String: JSONValue], with patch: [String: JSONValue]) {
        members = MergePatch.apply(.object(patch), to: .object(current)).object ?? [:]
    }

    /// The members of the JSON object that a request carries.
    static func members(of request: Request) async throws -> [String: JSONValue] {
        let type = request.headers[.contentType].map { $0.prefix { $0 != ";" }.lowercased().filter { $0 != " " } }
        let body = try await RequestParameters.body(of: request)
        guard type == "application/json" || type == "application/merge-patch+json" else {
            throw Problem(.unsupportedMediaType, detail: "The body is application/json.")
        }
        return try RequestParameters.json(body).mapValues(\.wholeNumbers)
    }

    mutating func refuse(_ field: String, _ message: String) {
        violations.append(Violation(field: field, message: message))
    }

    /// Throws everything that is wrong.
    func check() throws(Problem) {
        if !violations.isEmpty { throw .violations(violations) }
    }

    /// The member; nil when it is absent or null.
    func value(_ name: String) -> JSONValue? { members[name].flatMap { $0 == .null ? nil : $0 } }

    /// Whether the member is there and not null.
    func has(_ name: String) -> Bool { value(name) != nil }

    mutating func text(_ name: String, maximumLength: Int = 2048) -> String? {
        guard let value = value(name) else { return nil }
        guard let text = value.string else {
            refuse(name, "must be a string, not \(value.kindName)")
            return nil
        }
        guard text.unicodeScalars.count <= maximumLength, !text.utf8.contains(0) else {
            refuse(name, "must have at most \(maximumLength) characters, none of them U+0000")
            return nil
        }
        return text
    }

    mutating func requiredText(_ name: String) -> String {
        if !has(name) { refuse(name, "is required") }
        return text(name) ?? ""
    }

    mutating func flag(_ name: String) -> Bool? {
        guard let value = value(name) else { return nil }
        guard let flag = value.bool else {
            refuse(name, "must be true or false")
            return nil
        }
        return flag
    }

    mutating func integer(_ name: String, in range: ClosedRange<Int>) -> Int? {
        guard let value = value(name) else { return nil }
        guard let number = value.int64.flatMap({ Int(exactly: $0) }), range.contains(number) else {
            refuse(name, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return number
    }

    /// The id of another object.
    mutating func id(_ name: String) -> Int64? {
        guard let value = value(name) else { return nil }
        guard let id = value.int64, (1...AdminQuery.greatestID).contains(id) else {
            refuse(name, "must be an id")
            return nil
        }
        return id
    }

    mutating func requiredID(_ name: String) -> Int64 {
        if !has(name) { refuse(name, "is required") }
        return id(name) ?? 0
    }

    mutating func texts(_ name: String, maximumLength: Int = 200) -> [String]? {
        guard let value = value(name) else { return nil }
        let texts = value.array?.compactMap(\.string)
        guard let texts, texts.count == value.array?.count, texts.count <= Self.maximumElements,
            texts.allSatisfy({
                !$0.isEmpty && $0.unicodeScalars.count <= maximumLength && !$0.unicodeScalars.contains("\0")
            })
        else {
            refuse(
                name, "must be a list of at most \(Self.maximumElements) strings of 1 to \(maximumLength) characters")
            return nil
        }
        return texts
    }

    mutating func addresses(_ name: String) -> [AddressRange]? {
        guard let texts = texts(name) else { return nil }
        let ranges = texts.compactMap { AddressRange($0) }
        guard ranges.count == texts.count else {
            refuse(name, "must be IP addresses or ranges such as 10.0.0.0/8")
            return nil
        }
        return ranges
    }

    /// A decimal text of at most nine digits before and six behind the point.
    mutating func money(_ name: String) -> Money? {
        guard let text = text(name) else { return nil }
        guard let money = Money(admin: text) else {
            refuse(name, "must be a decimal number as a text, such as \"0.0075\"")
            return nil
        }
        return money
    }

    mutating func instant(_ name: String) -> Milliseconds? {
        guard let text = text(name) else { return nil }
        guard let instant = Timestamp.parse(text) else {
            refuse(name, "must be a date and time such as 2026-01-31T08:05:09Z")
            return nil
        }
        return instant
    }

    mutating func choice<Choice: RawRepresentable>(
        _ name: String, among choices: [Choice]
    ) -> Choice? where Choice.RawValue == String {
        guard let text = text(name) else { return nil }
        guard let choice = choices.first(where: { $0.rawValue == text }) else {
            refuse(name, "must be one of \(choices.map(\.rawValue).joined(separator: ", "))")
            return nil
        }
        return choice
    }

    /// An object; `{}` when it is absent.
    mutating func object(_ name: String) -> JSONValue {
        guard let value = value(name) else { return .object([:]) }
        if value.object == nil { refuse(name, "must be an object, not \(value.kindName)") }
        return value
    }
}

extension Money {
    /// The largest amount that is taken in one step: sums of such stay far from what 64 bits hold.
    static let adminLimit = Money(micros: 999_999_999_999_999)

    init?(admin text: some StringProtocol) {
        guard let money = Money(text), (-Self.adminLimit.micros...Self.adminLimit.micros).contains(money.micros) else {
            return nil
        }
        self = money
    }
}

/// RFC 7396.
enum MergePatch {
    static func apply(_ patch: JSONValue, to target: JSONValue) -> JSONValue {
        guard case .object(let changes) = patch else { return patch }
        var members = target.object ?? [:]
        for (name, change) in changes {
            members[name] = change == .null ? nil : apply(change, to: members[name] ?? .null)
        }
        return .object(members)
    }
}

extension JSONValue {
    /// The same with 60.0 written as 60: JSON does not tell them apart.
    fileprivate var wholeNumbers: JSONValue {
        switch self {
        case .number(let number): Int64(exactly: number).map { .integer($0) } ?? self
        case .array(let elements): .array(elements.map(\.wholeNumbers))
        case .object(let members): .object(members.mapValues(\.wholeNumbers))
        case .null, .bool, .integer, .string: self
        }
    }
}
