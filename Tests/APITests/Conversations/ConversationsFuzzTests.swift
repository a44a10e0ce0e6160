// SPDX-License-Identifier: Apache-2.0
// Bodies that nobody would write: whatever stands in a request, reading it ends, names a place that the request has or
// should have, and leaves content only where nothing is wrong.

import EngineTestSupport
import Messaging
import Testing
import Wire

@testable import API

@Suite struct ConversationsFuzzTests {
    private static let words = [
        "", "text", "image", "list", "reply", "quick_reply", "url", "flow", "https://example.com/a", "\u{0}", "😀", "IN",
        "5a8ffac5-2288-485d-b463-90c3cd9941ad", "navigate", String(repeating: "x", count: 70),
    ]

    /// Everything that the tables of good contents hold.
    private static func samples() throws -> [(kind: ChannelKind, content: JSONValue)] {
        var samples: [(ChannelKind, String)] = WhatsAppContentTests.plain.map { (.whatsapp, $0.json) }
        samples += WhatsAppContentTests.templates.map {
            let template = #"{"templateId": "t", "templateLanguage": "en", "components": \#($0.components)}"#
            return (.whatsapp, #"{"contentType": "template", "template": \#(template)}"#)
        }
        samples += WhatsAppContentTests.interactive.map {
            let body = #""body": {"type": "text", "text": "b"}"#
            let inner = #"{"subType": "\#($0.subType)", "components": {\#(body), \#($0.components)}}"#
            return (.whatsapp, #"{"contentType": "interactive", "interactive": \#(inner)}"#)
        }
        samples += OtherChannelContentTests.viber.map { (.viber, $0.json) }
        samples.append((.mms, #"{"image": {"url": "https://a", "caption": "c"}}"#))
        samples.append((.sms, #"{"text": "t"}"#))
        return try samples.map { ($0.0, try JSONValue(parsing: $0.1.utf8)) }
    }

    @Test func `no body breaks the reader`() throws {
        var random = SeededGenerator(seed: 4)
        let samples = try Self.samples()
        for _ in 0..<4000 {
            guard let sample = samples.randomElement(using: &random) else { continue }
            var content = sample.content
            for _ in 0..<Int.random(in: 1...3, using: &random) { content = Self.changed(content, &random) }
            let body = JSONValue.object([
                "to": "491701234567", "from": "4915200000001", "channel": .string(sample.kind.rawValue),
                "rateType": "session", "content": content,
            ])
            let read = ReadRequest(body)
            #expect(read.fields.allSatisfy { $0.hasPrefix("content") })
            if read.violations.isEmpty, sample.kind != .sms {
                let rich = MessageContent.rich(try #require(read.content))
                #expect(MessageContent(json: rich.json, kind: sample.kind) == rich)
            }
        }
    }

    @Test func `no envelope breaks the reader`() throws {
        var random = SeededGenerator(seed: 5)
        let members = try ReadRequest.members(.viber, content: #"{"text": "t"}"#)
        for _ in 0..<1000 {
            var body = JSONValue.object(members)
            for _ in 0..<Int.random(in: 1...4, using: &random) { body = Self.changed(body, &random) }
            _ = ReadRequest(body, form: Bool.random(using: &random) ? .message : .bulk)
        }
    }

    /// The value with one place in it replaced, taken away or doubled.
    private static func changed(_ value: JSONValue, _ random: inout SeededGenerator) -> JSONValue {
        if Int.random(in: 0..<4, using: &random) == 0 { return arbitrary(&random) }
        switch value {
        case .object(var members):
            guard let name = members.keys.sorted().randomElement(using: &random) else { return arbitrary(&random) }
            members[name] = Int.random(in: 0..<6, using: &random) == 0 ? nil : changed(members[name] ?? .null, &random)
            return .object(members)
        case .array(var elements):
            guard let index = elements.indices.randomElement(using: &random) else { return arbitrary(&random) }
            if Bool.random(using: &random) { elements += elements }
            elements[index] = changed(elements[index], &random)
            return .array(Array(elements.prefix(100)))
        default:
            return arbitrary(&random)
        }
    }

    private static func arbitrary(_ random: inout SeededGenerator) -> JSONValue {
        switch Int.random(in: 0..<7, using: &random) {
        case 0: .null
        case 1: .bool(Bool.random(using: &random))
        case 2: .integer(Int64.random(in: -3...12, using: &random))
        case 3: .number(Double.random(in: -1e307...1e307, using: &random))
        case 4: .string(words.randomElement(using: &random) ?? "")
        case 5: .array([])
        default: .object([:])
        }
    }
}
