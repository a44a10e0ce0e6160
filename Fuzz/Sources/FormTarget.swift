// SPDX-License-Identifier: Apache-2.0
// Form bodies and queries, and the typed parameters that are read out of them.

import Wire

/// What `ParameterReader` makes its complaints of; it is compiled into this program without the rest of its module.
struct Violation {
    let field: String
    let message: String
}

enum FormTarget {
    @Sendable static func run(_ input: [UInt8]) {
        checkURL(input)
        guard let fields = FormText.fields(of: input) else { return }
        let text = fields.map { "\(FormText.encoded($0.name))=\(FormText.encoded($0.value))" }.joined(separator: "&")
        expect(equal(FormText.fields(of: text.utf8), fields), "other fields come back of \(text)")
        readParameters(Dictionary(fields.map { ($0.name, .string($0.value)) }) { _, last in last })
    }

    private static func equal(_ left: [(name: String, value: String)]?, _ right: [(name: String, value: String)])
        -> Bool
    {
        left?.map { Array($0.name.utf8) } == right.map { Array($0.name.utf8) }
            && left?.map { Array($0.value.utf8) } == right.map { Array($0.value.utf8) }
    }

    /// Fields that are added to a URL are the last of its query, and its fragment stays.
    private static func checkURL(_ input: [UInt8]) {
        let url = String(decoding: input, as: UTF8.self)
        let added = FormText.url(url, adding: [("to", url), ("left out", nil), ("n", "1&2")])
        guard let query = added.queryText else { return expect(false, "a URL without a query: \(added)") }
        guard let fields = FormText.fields(of: query) else { return }
        let last = fields.suffix(2).map { [$0.name, $0.value] }
        expect(last == [["to", url], ["n", "1&2"]], "the fields added are \(last)")
        let fragment = url.utf8.firstIndex(of: UInt8(ascii: "#")).map { url.utf8[$0...] } ?? url.utf8.suffix(0)
        expect(added.utf8.suffix(fragment.count).elementsEqual(fragment), "the fragment of \(added)")
    }

    static func readParameters(_ members: [String: JSONValue]) {
        var reader = ParameterReader(members)
        for name in members.keys.sorted() {
            if let text = reader.storedText(name, maximumLength: 20) {
                expect(text.unicodeScalars.count <= 20 && !text.utf8.contains(0), "\(text) is stored")
            }
            _ = (reader.requiredText(name), reader.flag(name, default: false), reader.instant(name))
            expect((1...255).contains(reader.integer(name, in: 1...255, default: 1)), "\(name) is out of its range")
            expect((0...1).contains(reader.share(name, default: 0)), "\(name) is no share")
            _ = reader.choice(name, ["AUTO": 1, "GSM7": 2], default: 0)
        }
        let names = Set(members.keys)
        let print = ParameterReader.fingerprint(of: members, names: names)
        expect((try? JSONValue(parsing: print)) != nil, "a fingerprint is no JSON")
    }
}
