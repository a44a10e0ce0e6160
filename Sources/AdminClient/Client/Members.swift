// SPDX-License-Identifier: Apache-2.0
// Request bodies from options: what was not typed is not sent, and `none` sends null, which removes an optional member
// (RFC 7396).

import ArgumentParser
import Foundation
import Wire

/// The members of a request body.
struct Members {
    private(set) var values: [String: JSONValue] = [:]

    var json: JSONValue { .object(values) }

    mutating func set(_ name: String, _ value: JSONValue?) {
        if let value { values[name] = value }
    }

    mutating func set(_ name: String, _ value: String?) { set(name, value.map { .string($0) }) }
    mutating func set(_ name: String, _ value: Int?) { set(name, value.map { .integer(Int64($0)) }) }
    mutating func set(_ name: String, _ value: Int64?) { set(name, value.map { .integer($0) }) }
    mutating func set(_ name: String, _ value: Bool?) { set(name, value.map { .bool($0) }) }

    /// Text, or null for the word `none`.
    mutating func set(removable name: String, _ value: String?) {
        set(name, value.map { $0 == "none" ? .null : .string($0) })
    }

    /// A list, when something of it was typed; the one word `none` is the empty list.
    mutating func set(_ name: String, list: [String]) {
        guard !list.isEmpty else { return }
        set(name, .array(list == ["none"] ? [] : list.map { .string($0) }))
    }

    /// A value at a path with dots, with objects made on the way.
    mutating func set(path: [Substring], _ value: JSONValue) {
        guard let first = path.first else { return }
        var inner = Members()
        if case .object(let members) = values[String(first)] { inner.values = members }
        inner.set(path: Array(path.dropFirst()), value)
        values[String(first)] = path.count == 1 ? value : inner.json
    }

    /// A change without a member would change nothing and only look as if it had.
    func orNothingTyped() throws(Failure) -> JSONValue {
        guard !values.isEmpty else { throw Failure("what is to change? --help lists the options", .usage) }
        return json
    }
}

/// `name=value`: the name may have dots, the value is JSON if it can be read as JSON and text otherwise; an empty value
/// removes.
struct OptionValue: ExpressibleByArgument, Equatable {
    let path: [Substring]
    let value: JSONValue

    init?(argument: String) {
        guard let equals = argument.firstIndex(of: "="), equals > argument.startIndex else { return nil }
        path = argument[..<equals].split(separator: ".", omittingEmptySubsequences: false)
        guard path.allSatisfy({ !$0.isEmpty }) else { return nil }
        let text = argument[argument.index(after: equals)...]
        value = text.isEmpty ? .null : (try? JSONValue(parsing: text.utf8)) ?? .string(String(text))
    }
}

extension Members {
    mutating func set(_ options: [OptionValue]) {
        for option in options { set(path: option.path, option.value) }
    }
}

/// A password, best from a file: a list of processes shows what is typed.
struct PasswordOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The password; better in a file.", valueName: "text")) var password: String?
    @Option(help: ArgumentHelp("A file whose first line is the password; - reads standard input.", valueName: "file"))
    var passwordFile: String?

    func validate() throws {
        if password != nil, passwordFile != nil { throw ValidationError("Give --password or --password-file.") }
    }

    func read(_ terminal: Terminal) throws(Failure) -> String? {
        guard let passwordFile else { return password }
        let bytes = try InputFile.read(passwordFile, terminal)
        return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }, as: UTF8.self)
    }
}

/// Files that commands read; `-` is standard input.
enum InputFile {
    static func read(_ file: String, _ terminal: Terminal) throws(Failure) -> [UInt8] {
        do {
            if file == "-" { return try terminal.readInput() }
            return Array(try Data(contentsOf: URL(fileURLWithPath: file)))
        } catch {
            throw Failure("\(file) cannot be read", .usage)
        }
    }
}
