// SPDX-License-Identifier: Apache-2.0
// A cursor over a JSON body: it takes members out with their types and bounds, knows by which path a client calls the
// place it stands at (`content.interactive.components.buttons[0].reply.title`), and collects everything that is wrong.
// Members that nobody asks for are ignored; null is the same as no member.
//
// What must be there and is not comes back as an empty value (or nil, for objects): look at `violations` before using
// anything that was read.

internal import Hummingbird
internal import Wire

struct BodyReader {
    /// What all cursors of one body have found wrong, in the order in which it was found.
    private final class Findings {
        var violations: [Violation] = []
    }

    /// How long a URL may be.
    static let maximumURLLength = 2000

    /// What is here; nil when there is nothing.
    let value: JSONValue?
    /// The place, as in `content.sections[2].title`; empty for the whole body.
    let path: String
    private let findings: Findings

    init(_ value: JSONValue) { self.init(value, path: "", findings: Findings()) }

    private init(_ value: JSONValue?, path: String, findings: Findings) {
        self.value = value == .null ? nil : value
        self.path = path
        self.findings = findings
    }

    /// Reads the JSON object that a request carries. Throws 400, 408, 413 or 415.
    init(_ request: Request) async throws {
        let type = request.headers.value(.contentType).map { $0.prefix { $0 != ";" }.lowercased().filter { $0 != " " } }
        let body = try await RequestParameters.body(of: request)
        guard type == "application/json" else {
            throw Problem(.unsupportedMediaType, detail: "The body is application/json.")
        }
        self.init(.object(try RequestParameters.json(body)))
    }

    /// What is wrong with the body, here or elsewhere.
    var violations: [Violation] { findings.violations }

    /// Throws everything that is wrong.
    func check() throws(Problem) {
        if !violations.isEmpty { throw .violations(violations) }
    }

    /// Notes that what is here is wrong.
    func refuse(_ message: String) { findings.violations.append(Violation(field: path, message: message)) }

    /// Notes that a member is wrong.
    func refuse(_ name: String, _ message: String) { self[name].refuse(message) }

    /// The cursor on a member, whether it is there or not.
    subscript(name: String) -> BodyReader {
        BodyReader(value?[name], path: path.isEmpty ? name : "\(path).\(name)", findings: findings)
    }

    /// Whether there is anything here.
    var exists: Bool { value != nil }

    /// Whether the member is there and not null.
    func has(_ name: String) -> Bool { self[name].exists }

    /// The members' names, sorted; none where this is no object.
    var names: [String] { value?.object.map { $0.keys.sorted() } ?? [] }

    /// The first of the names that the body has, else the first: for members that have a second name.
    func firstName(of names: String...) -> String { names.first { has($0) } ?? names[0] }
}

// MARK: Text

extension BodyReader {
    /// The text here; nil when there is none or it is refused. Lengths count Unicode scalars. `fromNumber` takes a
    /// whole number for its digits.
    func text(length: ClosedRange<Int> = 0...2048, fromNumber: Bool = false) -> String? {
        guard let value else { return nil }
        var text = value.string
        if text == nil, fromNumber { text = wholeNumber.map { String($0) } }
        guard let text else {
            refuse("must be a string, not \(value.kindName)")
            return nil
        }
        let count = text.unicodeScalars.count
        if count < length.lowerBound {
            refuse(length.lowerBound == 1 ? "must not be empty" : "must have at least \(length.lowerBound) characters")
        } else if count > length.upperBound {
            refuse("must have at most \(length.upperBound) characters")
        } else if text.utf8.contains(0) {
            refuse("must not contain the character U+0000")
        } else {
            return text
        }
        return nil
    }

    func text(_ name: String, length: ClosedRange<Int> = 0...2048, fromNumber: Bool = false) -> String? {
        self[name].text(length: length, fromNumber: fromNumber)
    }

    /// A text that must be there, by default not an empty one.
    func requiredText(_ name: String, length: ClosedRange<Int> = 1...2048, fromNumber: Bool = false) -> String {
        require(name)
        return text(name, length: length, fromNumber: fromNumber) ?? ""
    }

    /// One of the words of an enumeration.
    func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String, as type: Choice.Type = Choice.self
    ) -> Choice? where Choice.RawValue == String {
        choice(name, among: Array(Choice.allCases))
    }

    func choice<Choice: RawRepresentable>(
        _ name: String, among choices: [Choice]
    ) -> Choice? where Choice.RawValue == String {
        guard let text = word(name, among: choices.map(\.rawValue)) else { return nil }
        return Choice(rawValue: text)
    }

    /// One of a few words.
    func word(_ name: String, among words: [String]) -> String? {
        guard let text = text(name) else { return nil }
        if words.contains(text) { return text }
        refuse(name, words.count == 1 ? "must be \(words[0])" : "must be one of \(words.joined(separator: ", "))")
        return nil
    }

    /// One of a few words, which must be there; nil otherwise.
    func requiredWord(_ name: String, among words: [String]) -> String? {
        require(name)
        return word(name, among: words)
    }

    /// Notes that a member is missing, if it is.
    private func require(_ name: String) {
        if !has(name) { refuse(name, "is required") }
    }
}

// MARK: Numbers and flags

extension BodyReader {
    /// JSON does not tell 60 from 60.0.
    private var wholeNumber: Int64? { value?.int64 ?? value?.double.flatMap { Int64(exactly: $0) } }

    func flag(_ name: String) -> Bool? {
        guard let value = self[name].value else { return nil }
        if value.bool == nil { refuse(name, "must be true or false") }
        return value.bool
    }

    func integer(_ name: String, in range: ClosedRange<Int>) -> Int? {
        let member = self[name]
        guard member.exists else { return nil }
        if let number = member.wholeNumber.flatMap({ Int(exactly: $0) }), range.contains(number) { return number }
        member.refuse(
            range.upperBound == .max
                ? "must be a whole number of at least \(range.lowerBound)"
                : "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        return nil
    }

    /// A whole number that must be there.
    func requiredInteger(_ name: String, in range: ClosedRange<Int>) -> Int {
        require(name)
        return integer(name, in: range) ?? range.lowerBound
    }

    func number(_ name: String, in range: ClosedRange<Double>) -> Double? {
        guard let value = self[name].value else { return nil }
        if let number = value.double, range.contains(number) { return number }
        refuse(name, "must be a number from \(Int(range.lowerBound)) to \(Int(range.upperBound))")
        return nil
    }

    /// A number that must be there.
    func requiredNumber(_ name: String, in range: ClosedRange<Double>) -> Double {
        require(name)
        return number(name, in: range) ?? range.lowerBound
    }
}

// MARK: URLs and ids

extension BodyReader {
    /// An absolute URL with a host, `http` or `https` unless told otherwise.
    func url(_ name: String, schemes: [String] = ["http", "https"]) -> String? {
        guard let text = text(name, length: 1...Self.maximumURLLength) else { return nil }
        if Self.isURL(text, schemes: schemes) { return text }
        refuse(name, "must be a URL that begins with \(schemes.map { $0 + "://" }.joined(separator: " or "))")
        return nil
    }

    /// A URL that must be there.
    func requiredURL(_ name: String, schemes: [String] = ["http", "https"]) -> String {
        require(name)
        return url(name, schemes: schemes) ?? ""
    }

    /// Whether the text is `scheme://host…` of visible characters, its port a number (RFC 3986 §3).
    static func isURL(_ text: String, schemes: [String]) -> Bool {
        guard let end = text.firstRange(of: "://"), schemes.contains(text[..<end.lowerBound].lowercased()),
            text.unicodeScalars.allSatisfy({
                $0.value > 0x20 && $0.value != 0x7F && !"<>\"\\^`{|}".contains(Character($0))
            })
        else { return false }
        let authority = text[end.upperBound...].prefix { !"/?#".contains($0) }
        var host = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
        if host.hasPrefix("[") {
            guard let close = host.firstIndex(of: "]") else { return false }
            return isPort(host[host.index(after: close)...])
        }
        if let colon = host.firstIndex(of: ":") {
            guard isPort(host[colon...]) else { return false }
            host = host[..<colon]
        }
        return !host.isEmpty
    }

    private static func isPort(_ text: Substring) -> Bool {
        guard !text.isEmpty else { return true }
        return text.first == ":" && text.utf8.count <= 6 && UInt16(text.dropFirst()) != nil
    }

    /// A UUID in its usual form; in lower case.
    func uuid(_ name: String) -> String? {
        guard let text = text(name) else { return nil }
        let lower = text.lowercased()
        if Self.isUUID(lower) { return lower }
        refuse(name, "must be a UUID")
        return nil
    }

    /// Whether the text is 32 hexadecimal digits in groups of 8, 4, 4, 4 and 12.
    static func isUUID(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.count == 36 else { return false }
        return bytes.indices.allSatisfy { index in
            [8, 13, 18, 23].contains(index) ? bytes[index] == UInt8(ascii: "-") : Hex.value(of: bytes[index]) != nil
        }
    }
}

// MARK: Objects and arrays

extension BodyReader {
    /// This place, if it is an object; nil when there is nothing or it is refused.
    func asObject() -> BodyReader? {
        guard let value else { return nil }
        if value.object != nil { return self }
        refuse("must be an object, not \(value.kindName)")
        return nil
    }

    /// This element of an array, which must be an object.
    func required() -> BodyReader? {
        if !exists { refuse("is required") }
        return asObject()
    }

    func object(_ name: String) -> BodyReader? { self[name].asObject() }

    /// An object that must be there.
    func requiredObject(_ name: String) -> BodyReader? {
        require(name)
        return object(name)
    }

    /// The elements of an array; none when it is absent or refused. Of too long an array the first are read.
    /// `orSingle` takes what is no array for an array of one.
    func array(_ name: String, count: ClosedRange<Int>, orSingle: Bool = false) -> [BodyReader] {
        let member = self[name]
        guard let value = member.value else { return [] }
        guard let values = value.array else {
            if orSingle { return [member] }
            member.refuse("must be an array, not \(value.kindName)")
            return []
        }
        if !count.contains(values.count) {
            member.refuse(
                values.count < count.lowerBound
                    ? "must have at least \(count.lowerBound) elements"
                    : "must have at most \(count.upperBound) elements")
        }
        return values.prefix(count.upperBound).enumerated().map { index, value in
            BodyReader(value, path: "\(member.path)[\(index)]", findings: findings)
        }
    }

    /// The elements of an array that must be there.
    func requiredArray(_ name: String, count: ClosedRange<Int>, orSingle: Bool = false) -> [BodyReader] {
        require(name)
        return array(name, count: count, orSingle: orSingle)
    }

    /// The texts of an array of texts; nil when it is absent.
    func texts(_ name: String, count: ClosedRange<Int>, length: ClosedRange<Int> = 1...2048) -> [String]? {
        guard has(name) else { return nil }
        return array(name, count: count).compactMap { element in
            if !element.exists { element.refuse("is required") }
            return element.text(length: length)
        }
    }
}
