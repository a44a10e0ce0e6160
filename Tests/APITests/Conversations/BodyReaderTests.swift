// SPDX-License-Identifier: Apache-2.0
// The cursor over request bodies: types, bounds, paths.

import Testing
import Wire

@testable import API

@Suite struct BodyReaderTests {
    private enum Colour: String, CaseIterable { case red, green }

    private static func reader(_ json: String) throws -> BodyReader { BodyReader(try JSONValue(parsing: json.utf8)) }

    @Test func `what is right is taken out with its type`() throws {
        let body = try Self.reader(
            #"{"a": {"text": "x", "n": 3.0, "d": 1.5, "flag": true, "colour": "green", "id": 42}, "list": [{"t": "1"}, {"t": "2"}]}"#
        )
        let member = try #require(body.requiredObject("a"))
        #expect(member.requiredText("text") == "x")
        #expect(member.integer("n", in: 0...3) == 3)
        #expect(member.requiredNumber("d", in: 0...2) == 1.5)
        #expect(member.flag("flag") == true)
        #expect(member.choice("colour", as: Colour.self) == .green)
        #expect(member.requiredText("id", fromNumber: true) == "42")
        #expect(body.requiredArray("list", count: 2...2).map { $0.requiredText("t") } == ["1", "2"])
        #expect(body.violations.isEmpty)
    }

    @Test func `what is absent or null is nil and no mistake`() throws {
        let body = try Self.reader(#"{"text": null}"#)
        #expect(body.text("text", length: 1...2) == nil && body.text("none") == nil)
        #expect(body.integer("none", in: 1...2) == nil && body.number("none", in: 1...2) == nil)
        #expect(body.flag("none") == nil && body.url("none") == nil && body.uuid("none") == nil)
        #expect(body.object("none") == nil && body.array("none", count: 1...2).isEmpty)
        #expect(body.texts("none", count: 1...2) == nil && body.choice("none", as: Colour.self) == nil)
        #expect(body.violations.isEmpty)
    }

    @Test(
        arguments: [
            (#"{}"#, "is required"), (#"{"m": null}"#, "is required"), (#"{"m": ""}"#, "must not be empty"),
            (#"{"m": "abcd"}"#, "must have at most 3 characters"), (#"{"m": 5}"#, "must be a string, not a number"),
            (#"{"m": "a\u0000"}"#, "must not contain the character U+0000"),
            (#"{"m": []}"#, "must be a string, not an array"),
        ])
    func `a required text says what is wrong with it`(_ json: String, _ message: String) throws {
        let body = try Self.reader(json)
        #expect(body.requiredText("m", length: 1...3) == "")
        #expect(body.violations == [Violation(field: "m", message: message)])
    }

    @Test func `lengths count scalars`() throws {
        let body = try Self.reader(#"{"a": "👩‍👩‍👧", "b": "é😀"}"#)
        #expect(body.text("a", length: 0...4) == nil)
        #expect(body.text("b", length: 2...2) == "é😀")
        #expect(body.violations.map(\.field) == ["a"])
    }

    @Test func `paths name the place`() throws {
        let body = try Self.reader(#"{"content": {"rows": [{"title": "ok"}, {"title": 1}, 7, null]}}"#)
        let rows = try #require(body.requiredObject("content")).requiredArray("rows", count: 1...3)
        #expect(rows.count == 3)
        for row in rows { _ = row.required()?.requiredText("title") }
        #expect(body.violations.map(\.field) == ["content.rows", "content.rows[1].title", "content.rows[2]"])
    }

    @Test(
        arguments: [
            ("http://a", true), ("https://a.example/p?q=1#f", true), ("HTTPS://A", true), ("http://[::1]:80/", true),
            ("http://u:p@a:1/x", true), ("http://a:65535", true), ("http://ünïcode.example/ä", true),
            ("ftp://a", false), ("http:/a", false), ("http://", false), ("http:///x", false), ("http://a b", false),
            ("http://a:99999", false), ("http://a:x", false), ("http://:80", false), ("a", false),
            ("http://[::1", false),
            ("http://u@", false), ("http://a\n", false), ("javascript://a", false),
        ])
    func `a URL has a scheme and a host`(_ text: String, _ isURL: Bool) {
        #expect(BodyReader.isURL(text, schemes: ["http", "https"]) == isURL)
    }

    @Test func `a URL of more than 2000 characters is refused`() throws {
        let body = BodyReader(.object(["u": .string("https://a/" + String(repeating: "x", count: 1991))]))
        #expect(body.requiredURL("u") == "")
        #expect(body.violations.map(\.message) == ["must have at most 2000 characters"])
    }

    @Test func `a UUID comes back in lower case`() throws {
        let body = try Self.reader(
            #"{"a": "5A8FFAC5-2288-485d-b463-90c3cd9941ad", "b": "5a8ffac52288485db46390c3cd9941ad", "c": "x"}"#)
        #expect(body.uuid("a") == "5a8ffac5-2288-485d-b463-90c3cd9941ad")
        #expect(body.uuid("b") == nil && body.uuid("c") == nil)
        #expect(body.violations.map(\.field) == ["b", "c"])
    }

    @Test func `what is no array may stand for an array of one`() throws {
        let body = try Self.reader(#"{"a": {"t": "1"}}"#)
        #expect(body.array("a", count: 1...2, orSingle: true).map { $0.path } == ["a"])
        #expect(body.array("a", count: 1...2).isEmpty)
        #expect(body.violations.map(\.message) == ["must be an array, not an object"])
    }

    @Test func `numbers keep to their range`() throws {
        let body = try Self.reader(#"{"a": 4, "b": 1.5, "c": "3", "d": 181, "e": 1e300}"#)
        #expect(body.integer("a", in: 0...3) == nil && body.integer("b", in: 0...3) == nil)
        #expect(body.integer("c", in: 0...3) == nil && body.number("d", in: -180...180) == nil)
        #expect(body.requiredInteger("e", in: 2...Int.max) == 2)
        #expect(body.violations.map(\.field) == ["a", "b", "c", "d", "e"])
    }
}
