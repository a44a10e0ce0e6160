// SPDX-License-Identifier: Apache-2.0
// A place in the configuration file: a YAML node with its path and line, so that every complaint says where it is about.
// `${NAME}` in a value stands for an environment variable, `${NAME:-text}` for one with a fallback.

import Wire
import Yams

/// Why a configuration file cannot be used.
struct ConfigurationError: Error, CustomStringConvertible {
    let file: String
    /// 1-based; nil where there is no line to name.
    let line: Int?
    let reason: String

    var description: String { "\(file)\(line.map { ":\($0)" } ?? ""): \(reason)" }
}

struct ConfigurationNode {
    /// What all nodes of one file share.
    struct Source {
        let file: String
        let environment: [String: String]
    }

    let node: Node
    /// `companies[0].keys`, empty for the whole file.
    let path: String
    let source: Source

    /// Parses YAML text; an empty file is an empty mapping.
    init(parsing text: String, source: Source) throws {
        if let line = Self.lineOfTooManyAliases(in: text) {
            throw ConfigurationError(
                file: source.file, line: line, reason: "uses aliases (*name) more than \(Self.mostAliases) times")
        }
        do {
            node = try Yams.compose(yaml: text) ?? Node([(Node, Node)]())
        } catch let error as YamlError {
            throw ConfigurationError(file: source.file, line: error.line, reason: "is not YAML: \(error)")
        }
        path = ""
        self.source = source
    }

    /// Aliases of aliases stand for a tree that grows with every level, and take hours to read with a few dozen of them.
    private static let mostAliases = 32

    /// Counts what may be an alias: an asterisk at the beginning of a value, and a name. One in a text counts as well,
    /// which only matters beyond any number that a configuration has use for.
    private static func lineOfTooManyAliases(in text: String) -> Int? {
        var (count, line) = (0, 1)
        var previous = UInt8(ascii: " ")
        var isAfterAsterisk = false
        for byte in text.utf8 {
            if isAfterAsterisk, byte > UInt8(ascii: " ") { count += 1 }
            if count > mostAliases { return line }
            isAfterAsterisk =
                byte == UInt8(ascii: "*") && (previous <= UInt8(ascii: " ") || ",:[{-?".utf8.contains(previous))
            if byte == UInt8(ascii: "\n") { line += 1 }
            previous = byte
        }
        return nil
    }

    private init(node: Node, path: String, source: Source) {
        self.node = node
        self.path = path
        self.source = source
    }

    func failure(_ reason: String) -> ConfigurationError {
        let place = path.isEmpty ? "" : "\(path): "
        return ConfigurationError(file: source.file, line: node.mark?.line, reason: place + reason)
    }

    /// The members of a mapping; a key that is not among `known` is named with its line.
    func members(known: [String]) throws -> [String: ConfigurationNode] {
        let members = try members()
        for (name, member) in members.sorted(by: { $0.key < $1.key }) where !known.contains(name) {
            throw ConfigurationError(
                file: source.file, line: member.key.mark?.line ?? node.mark?.line,
                reason: "\(join(name)): unknown key; the keys here are \(known.joined(separator: ", "))")
        }
        return members.mapValues(\.value)
    }

    private func members() throws -> [String: (key: Node, value: ConfigurationNode)] {
        guard case .mapping(let mapping) = node else { throw failure("must be a mapping") }
        var members: [String: (key: Node, value: ConfigurationNode)] = [:]
        for (key, value) in mapping {
            guard let name = key.scalar?.string else { throw failure("a key must be text") }
            members[name] = (key, ConfigurationNode(node: value, path: join(name), source: source))
        }
        return members
    }

    /// One member of a mapping, if it is one and has it.
    func member(_ name: String) -> ConfigurationNode? { (try? members())?[name]?.value }

    private func join(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    /// The elements of a list.
    func elements() throws -> [ConfigurationNode] {
        guard case .sequence(let sequence) = node else { throw failure("must be a list") }
        return sequence.enumerated().map { index, element in
            ConfigurationNode(node: element, path: "\(path)[\(index)]", source: source)
        }
    }

    /// The text of a scalar, its variables filled in.
    func text() throws -> String {
        guard case .scalar(let scalar) = node else { throw failure("must be a single value") }
        return try substituted(scalar.string)
    }

    func integer(in range: ClosedRange<Int>) throws -> Int {
        guard let value = Int(try text()), range.contains(value) else {
            throw failure("must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// IP addresses and ranges, one or a list.
    func addressRanges() throws -> [AddressRange] {
        let nodes = if case .sequence = node { try elements() } else { [self] }
        return try nodes.map { node in
            guard let range = AddressRange(try node.text()) else {
                throw node.failure("must be an IP address or a range such as 10.0.0.0/8")
            }
            return range
        }
    }

    /// An instant, or the beginning of a day in UTC.
    func instant() throws -> Milliseconds {
        let text = try text()
        guard let time = Timestamp.parse(text) ?? Timestamp.parse(text + "T00:00:00Z") else {
            throw failure("must be a date such as 2026-01-31 or 2026-01-31T08:00:00Z")
        }
        return time
    }

    /// The three letters of a currency.
    func currency() throws -> String {
        let text = try text()
        guard text.utf8.count == 3, text.utf8.allSatisfy({ (0x41...0x5A).contains($0) }) else {
            throw failure("must be the three letters of a currency, such as EUR")
        }
        return text
    }

    func flag() throws -> Bool {
        switch try text().lowercased() {
        case "true", "yes", "on": true
        case "false", "no", "off": false
        default: throw failure("must be true or false")
        }
    }

    /// The word, which must be one of `choices`.
    func choice<Choice: RawRepresentable & CaseIterable>(
        _ type: Choice.Type
    ) throws -> Choice where Choice.RawValue == String {
        guard let choice = Choice(rawValue: try text()) else {
            throw failure("must be one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return choice
    }

    /// The node as JSON: plain scalars become numbers and booleans where they look like them, quoted ones stay text.
    func json() throws -> JSONValue {
        var valuesLeft = Self.mostValues
        return try json(&valuesLeft)
    }

    /// Far more values than a connector has options: an alias stands for all that its anchor holds, so a few lines of
    /// aliases of aliases would make a tree without end.
    private static let mostValues = 10_000

    private func json(_ valuesLeft: inout Int) throws -> JSONValue {
        guard valuesLeft > 0 else { throw failure("has too many values") }
        valuesLeft -= 1
        switch node {
        case .mapping:
            return .object(try members().mapValues { try $0.value.json(&valuesLeft) })
        case .sequence:
            return .array(try elements().map { try $0.json(&valuesLeft) })
        case .scalar(let scalar):
            let text = try text()
            guard scalar.style == .plain || scalar.style == .any else { return .string(text) }
            // Only what is written as a number is one: 0012, 1e5 and 0x10 may be names that a carrier gave.
            if let value = Int64(text), String(value) == text { return .integer(value) }
            if let value = Self.decimal(text) { return .number(value) }
            switch text {
            case "true": return .bool(true)
            case "false": return .bool(false)
            case "null", "~", "": return .null
            default: return .string(text)
            }
        case .alias: throw failure("an alias is not allowed here")
        }
    }

    /// A number with a decimal point and nothing else.
    private static func decimal(_ text: String) -> Double? {
        let fields = (text.hasPrefix("-") ? text.dropFirst() : text[...]).split(
            separator: ".", omittingEmptySubsequences: false)
        let isDecimal =
            fields.count == 2
            && fields.allSatisfy { field in
                !field.isEmpty && field.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            }
        return isDecimal ? Double(text) : nil
    }

    private func substituted(_ text: String) throws -> String {
        var result = ""
        var rest = text[...]
        while let start = rest.firstRange(of: "${") {
            result += rest[..<start.lowerBound]
            guard let end = rest[start.upperBound...].firstIndex(of: "}") else {
                throw failure("'${' without a closing '}'")
            }
            let variable = rest[start.upperBound..<end].split(separator: ":-", maxSplits: 1)
            guard let name = variable.first.map(String.init) else { throw failure("'${}' names no variable") }
            if let value = source.environment[name] {
                result += value
            } else if rest[start.upperBound..<end].contains(":-") {
                result += variable.count == 2 ? String(variable[1]) : ""
            } else {
                throw failure("the environment variable \(name) is not set")
            }
            rest = rest[rest.index(after: end)...]
        }
        return result + rest
    }
}

extension YamlError {
    /// Where the parser stopped; 1-based.
    fileprivate var line: Int? {
        switch self {
        case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _): mark.line
        case .duplicatedKeysInMapping(_, let context): context.mark.line
        default: nil
        }
    }
}
