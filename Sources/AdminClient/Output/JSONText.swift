// SPDX-License-Identifier: Apache-2.0
// JSON as `--json` prints it: one document, indented by two, members by name, so that it can be read and compared.

import Wire

enum JSONText {
    /// The document without a line end.
    static func indented(_ value: JSONValue) -> String {
        var text = ""
        append(value, indent: "", to: &text)
        return text
    }

    /// The document on one line.
    static func compact(_ value: JSONValue) -> String {
        var writer = JSONWriter()
        writer.value(value)
        return writer.text
    }

    private static func append(_ value: JSONValue, indent: String, to text: inout String) {
        let inner = indent + "  "
        switch value {
        case .array(let values) where !values.isEmpty:
            text += "[\n"
            for (index, value) in values.enumerated() {
                text += inner
                append(value, indent: inner, to: &text)
                text += index < values.count - 1 ? ",\n" : "\n"
            }
            text += indent + "]"
        case .object(let members) where !members.isEmpty:
            text += "{\n"
            for (index, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
                text += inner + compact(.string(member.key)) + ": "
                append(member.value, indent: inner, to: &text)
                text += index < members.count - 1 ? ",\n" : "\n"
            }
            text += indent + "}"
        default: text += compact(value)
        }
    }
}
