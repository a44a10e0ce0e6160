// SPDX-License-Identifier: Apache-2.0
// The query of an Admin API request: filters and the page that is wanted. Of a repeated name the last counts; names that
// are not known are ignored, values that are not understood are refused.

internal import Accounts
internal import Hummingbird
internal import Wire

struct AdminQuery {
    private let values: [String: String]
    private(set) var violations: [Violation] = []

    init(_ request: Request) throws {
        values = try RequestParameters.inQuery(of: request).compactMapValues(\.string)
    }

    mutating func refuse(_ field: String, _ message: String) {
        violations.append(Violation(field: field, message: message))
    }

    /// Throws everything that is wrong.
    func check() throws(Problem) {
        if !violations.isEmpty { throw .violations(violations) }
    }

    func text(_ name: String) -> String? { values[name] }

    /// A text that goes to the database, which cannot have U+0000 in it.
    mutating func storedText(_ name: String, maximumLength: Int = 200) -> String? {
        guard let text = values[name] else { return nil }
        guard text.unicodeScalars.count <= maximumLength, !text.utf8.contains(0) else {
            refuse(name, "must have at most \(maximumLength) characters, none of them U+0000")
            return nil
        }
        return text
    }

    /// An id: digits only.
    mutating func id(_ name: String) -> Int64? {
        guard let text = values[name] else { return nil }
        guard let id = Self.id(text), id > 0 else {
            refuse(name, "must be an id")
            return nil
        }
        return id
    }

    /// No id has more than 18 digits.
    static let greatestID: Int64 = 999_999_999_999_999_999

    static func id(_ text: some StringProtocol) -> Int64? {
        guard (1...18).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int64(text)
    }

    mutating func integer(_ name: String, in range: ClosedRange<Int>) -> Int? {
        guard let text = values[name] else { return nil }
        guard let number = Self.id(text).flatMap({ Int(exactly: $0) }), range.contains(number) else {
            refuse(name, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return number
    }

    mutating func flag(_ name: String) -> Bool? {
        switch values[name] {
        case nil: return nil
        case "true"?: return true
        case "false"?: return false
        default:
            refuse(name, "must be true or false")
            return nil
        }
    }

    mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String, among type: Choice.Type
    ) -> Choice? where Choice.RawValue == String {
        guard let text = values[name] else { return nil }
        guard let choice = Choice(rawValue: text) else {
            refuse(name, "must be one of \(type.allCases.map(\.rawValue).joined(separator: ", "))")
            return nil
        }
        return choice
    }

    mutating func instant(_ name: String) -> Milliseconds? {
        guard let text = values[name] else { return nil }
        guard let instant = Timestamp.parse(text) else {
            refuse(name, "must be a date and time such as 2026-01-31T08:05:09Z")
            return nil
        }
        return instant
    }
}

/// The page of a list that a request wants: at most `limit` items from behind `cursor`.
struct AdminPage {
    static let limits = 1...500
    static let usualLimit = 50

    let limit: Int
    /// The id of the last item of the page before.
    let cursor: Int64?

    /// Reads `limit` and `cursor`.
    init(_ query: inout AdminQuery) {
        limit = query.integer("limit", in: Self.limits) ?? Self.usualLimit
        if let text = query.text("cursor") {
            cursor = AdminQuery.id(text)
            if cursor == nil { query.refuse("cursor", "must be the next of an answer") }
        } else {
            cursor = nil
        }
    }

    /// The page of items that are sorted by rising id.
    func slice<Item>(_ items: some Sequence<Item>, id: (Item) -> Int64) -> AdminSlice<Item> {
        let cursor = cursor ?? 0
        var found: [Item] = []
        for item in items where id(item) > cursor {
            found.append(item)
            if found.count > limit { break }
        }
        return AdminSlice(found, limit: limit, id: id)
    }
}

/// One page of a list.
struct AdminSlice<Item> {
    let items: [Item]
    /// Where the next page begins; nil when this is the last.
    let next: String?

    /// `found` has one item more than `limit` when there is a further page.
    init(_ found: [Item], limit: Int, id: (Item) -> Int64) {
        items = Array(found.prefix(limit))
        next = found.count > limit ? items.last.map { String(id($0)) } : nil
    }

    init(items: [Item], next: String?) {
        self.items = items
        self.next = next
    }

    func map<Other>(_ transform: (Item) throws -> Other) rethrows -> AdminSlice<Other> {
        AdminSlice<Other>(items: try items.map(transform), next: next)
    }

    /// `{"items": […], "next": "…"}`.
    func response(_ write: (inout JSONWriter, Item) -> Void) -> Response {
        var writer = JSONWriter(capacity: 256 * (items.count + 1))
        writer.object { writer in
            writer.member("items", array: { writer in for item in items { write(&writer, item) } })
            writer.member("next", next)
        }
        return Response(json: writer)
    }
}

extension AdminSlice: Sendable where Item: Sendable {}

extension JSONWriter {
    /// A member with an instant in RFC 3339.
    mutating func member(_ name: StaticString, instant: Milliseconds?) {
        member(name, instant.map { Timestamp.rfc3339($0) })
    }

    mutating func member(_ name: StaticString, texts: [String]) {
        member(name, array: { writer in for text in texts { writer.string(text) } })
    }

    /// A member with a tree.
    mutating func member(_ name: StaticString, tree: JSONValue) {
        // `object` members are the common case; the writer has no other way to write a value behind a name.
        var inner = JSONWriter()
        inner.value(tree)
        member(name, number: inner.text)
    }
}
