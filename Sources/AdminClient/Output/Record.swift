// SPDX-License-Identifier: Apache-2.0
// One object as lines of name and value. What the server adds in a later version is shown as well, after what this
// version knows.

import Wire

/// An object, its members in the order in which a person reads them.
struct Record {
    let object: JSONValue
    /// The members that come first, in this order; the others follow by name.
    let order: [String]
    /// Columns of the members that are lists of objects; a list without an entry shows every member.
    var tables: [String: [Column]] = [:]

    /// The lines: plain members aligned, then each list of objects as a table under its name.
    func lines(width: Int? = nil) -> [String] {
        let members = sorted(object.object ?? [:], first: order)
        var plain: [(String, String)] = []
        var lists: [(String, [JSONValue])] = []
        for (name, value) in members {
            flatten(name, value, into: &plain, lists: &lists)
        }
        let label = plain.map(\.0.count).max() ?? 0
        var lines = plain.map { name, text in
            text.isEmpty ? name : name + String(repeating: " ", count: label - name.count + 2) + text
        }
        for (name, items) in lists {
            lines.append("")
            lines.append(Self.words(name) + ":")
            let columns = tables[name] ?? Self.columns(of: items)
            lines += Table(columns: columns, items: items).lines(width: width.map { $0 - 2 }).map { "  " + $0 }
        }
        return lines
    }

    private func sorted(_ members: [String: JSONValue], first: [String]) -> [(String, JSONValue)] {
        let rank = Dictionary(first.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        return members.sorted { left, right in
            (rank[left.key] ?? .max, left.key) < (rank[right.key] ?? .max, right.key)
        }.map { ($0.key, $0.value) }
    }

    private func flatten(
        _ name: String, _ value: JSONValue, into plain: inout [(String, String)], lists: inout [(String, [JSONValue])]
    ) {
        switch value {
        case .object(let members):
            for (inner, value) in sorted(members, first: order) {
                flatten("\(name).\(inner)", value, into: &plain, lists: &lists)
            }
        case .array(let items) where items.contains { $0.object != nil }:
            let known = name.split(separator: ".").last.map(String.init) ?? name
            lists.append((known, items))
        default:
            // A name with a dot is an option's path, which is typed as it is shown.
            let label = name.contains(".") ? name : Self.words(name)
            plain.append((label, name.hasSuffix("At") ? Cell.time(value) : Cell.text(value)))
        }
    }

    /// `createdAt` as `created at`.
    static func words(_ member: String) -> String {
        var words = ""
        for character in member {
            if character.isUppercase { words += " " }
            words += character.lowercased()
        }
        return words
    }

    private static func columns(of items: [JSONValue]) -> [Column] {
        Set(items.flatMap { ($0.object ?? [:]).keys }).sorted().map { name in
            Column(title: words(name)) { name.hasSuffix("At") ? Cell.time($0[name]) : Cell.text($0[name]) }
        }
    }
}
