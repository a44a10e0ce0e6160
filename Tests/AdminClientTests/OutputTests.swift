// SPDX-License-Identifier: Apache-2.0
// Tables, records and JSON as they are printed.

import Testing
import Wire

@testable import AdminClient

private func json(_ text: String) throws -> JSONValue { try JSONValue(parsing: text.utf8) }

struct OutputTests {
    @Test func `a table aligns text at the left and money at the right`() throws {
        let items = try [json(#"{"name":"Acme","balance":"7.5"}"#), json(#"{"name":"Zoe","balance":"1200.25"}"#)]
        let table = Table(columns: [.text("name"), .number("balance")], items: items)
        #expect(table.lines() == ["name  balance", "Acme      7.5", "Zoe   1200.25"])
    }

    @Test func `a table fits a narrow terminal by cutting free text and never ids`() throws {
        let item = try json(#"{"id":"0197f2c4-8f5e-7c7a","url":"https://acme.example/a/very/long/address","n":5}"#)
        let table = Table(columns: [.id(), .text("url"), .number("n")], items: [item])
        let lines = table.lines(width: 40)
        #expect(lines == ["id                  url                n", "0197f2c4-8f5e-7c7a  https://acme.exa…  5"])
        #expect(table.lines().last?.hasSuffix("long/address  5") == true)
        #expect(table.lines(width: 5).last?.hasPrefix("0197f2c4-8f5e-7c7a") == true)
    }

    @Test(arguments: [
        (#"null"#, ""), (#"true"#, "yes"), (#"false"#, "no"), (#"12"#, "12"), (#"12.5"#, "12.5"), (#"3.0"#, "3"),
        (#"["a","b"]"#, "a b"), (#"{"b":1,"a":true}"#, "a=yes b=1"), (#""line\nfeed\u001b[2J""#, "line?feed?[2J"),
        (#""a\u202eb\u0085c""#, "a?b?c"), (#""Grüße 👋🏽""#, "Grüße 👋🏽"),
    ])
    func `a value is one line of text`(value: String, text: String) throws {
        #expect(Cell.text(try json(value)) == text)
    }

    @Test func `times lose their fraction and nothing else does`() {
        #expect(Cell.time(.string("2026-01-31T08:05:09.123Z")) == "2026-01-31T08:05:09Z")
        #expect(Cell.time(.string("2026-01-31T08:05:09Z")) == "2026-01-31T08:05:09Z")
        #expect(Cell.time(.string("soon.ish")) == "soon.ish")
    }

    @Test func `a record shows what it knows first, then the rest, then lists`() throws {
        let object = try json(
            #"{"zebra":1,"createdAt":"2026-01-31T08:05:09.123Z","id":7,"#
                + #""options":{"host":"a","tls":{"verify":true}},"binds":[{"index":0,"phase":"bound"}]}"#)
        let record = Record(object: object, order: ["id", "createdAt", "options", "binds"])
        #expect(
            record.lines() == [
                "id                  7", "created at          2026-01-31T08:05:09Z", "options.host        a",
                "options.tls.verify  yes", "zebra               1", "", "binds:", "  index  phase", "  0      bound",
            ])
    }

    @Test func `JSON is indented and comes back as the same value`() throws {
        let value = try json(#"{"b":[1,{"c":"\u00e4\n"}],"a":{},"d":[],"e":"0.0075"}"#)
        let text = JSONText.indented(value)
        #expect(text.hasPrefix("{\n  \"a\": {},\n  \"b\": [\n    1,\n    {\n      \"c\": "))
        #expect(try json(text) == value)
        #expect(try json(JSONText.compact(value)) == value)
    }

    @Test func `a progress line is drawn over on a terminal and taken away`() {
        let err = Text()
        var terminal = Terminal(write: { _ in }, warn: { err.add($0) }, readInput: { [] }, environment: { _ in nil })
        terminal.errorIsTerminal = true
        let line = ProgressLine(terminal)
        line.show("1 of 2")
        line.show("1 of 2")
        line.show("2 of 2")
        line.end()
        #expect(err.value == "\r\u{1B}[K1 of 2\r\u{1B}[K2 of 2\r\u{1B}[K")
        #expect(ProgressLine.bytes(1_449_000, of: 67_108_864) == "1.4 of 67.1 MB")
    }
}
