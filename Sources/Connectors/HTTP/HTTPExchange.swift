// SPDX-License-Identifier: Apache-2.0
// A request or an answer of an HTTP provider as it is shown to operators: the members of its JSON, with every text that
// is not known to be harmless replaced by its length. Headers, where credentials are, are not in it at all.

internal import Messaging
internal import Wire

struct HTTPExchange: ExchangeRecord {
    /// A longer body is not kept; its length is told.
    static let longestBody = 16_384
    private static let deepest = 24

    let what: String
    let status: String?
    private let body: [UInt8]
    private let length: Int
    private let shown: Set<String>

    /// `shown` names the members whose texts may be read.
    init(what: String, status: String?, body: [UInt8], shown: Set<String>) {
        self.what = what
        self.status = status
        self.body = body.count <= Self.longestBody ? body : []
        length = body.count
        self.shown = shown
    }

    var described: ExchangeText {
        var fields: [String: JSONValue] = length > 0 ? ["length": .integer(Int64(length))] : [:]
        if let members = try? JSONValue(parsing: body, depth: Self.deepest).object {
            for (name, value) in members { fields[name] = redacted(value, isShown: shown.contains(name)) }
        }
        return ExchangeText(what: what, status: status, fields: fields)
    }

    private func redacted(_ value: JSONValue, isShown: Bool) -> JSONValue {
        switch value {
        case .string(let text): isShown ? .string(String(text.prefix(300))) : .string("(\(text.count) characters)")
        case .array(let values): .array(values.map { redacted($0, isShown: isShown) })
        case .object(let members):
            .object(
                Dictionary(
                    uniqueKeysWithValues: members.map { ($0, redacted($1, isShown: shown.contains($0))) }))
        case .null, .bool, .integer, .number: value
        }
    }
}
