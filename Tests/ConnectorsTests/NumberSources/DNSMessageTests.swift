// SPDX-License-Identifier: Apache-2.0
// DNS messages: what is in them, and that no bytes do harm.

import EngineTestSupport
import Testing

@testable import Connectors

/// Builds messages as servers do.
struct MessageBuilder {
    var answers: [[UInt8]] = []
    var question = "4.3.2.1.e164.arpa"

    static func name(_ text: String) -> [UInt8] {
        text.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
    }

    static func number(_ value: Int) -> [UInt8] { [UInt8(value >> 8 & 0xFF), UInt8(value & 0xFF)] }

    static func record(_ owner: [UInt8], type: Int, ttl: Int, _ data: [UInt8]) -> [UInt8] {
        owner + number(type) + [0, 1] + number(ttl >> 16) + number(ttl) + number(data.count) + data
    }

    static func naptr(
        _ regexp: String, _ replacement: String = "", order: Int = 100, preference: Int = 10, flags: String = "u",
        services: String = "E2U+pstn:tel"
    ) -> [UInt8] {
        var data = number(order) + number(preference)
        for text in [flags, services, regexp] { data += [UInt8(text.utf8.count)] + Array(text.utf8) }
        return data + name(replacement)
    }

    var bytes: [UInt8] {
        let header: [UInt8] = [0x12, 0x34, 0x84, 0, 0, 1] + Self.number(answers.count) + [0, 0, 0, 0]
        return header + Self.name(question) + [0, 35, 0, 1] + answers.flatMap { $0 }
    }
}

@Suite struct DNSMessageTests {
    static let name = DNSName(labels: ["4", "3", "2", "1", "e164", "arpa"].map { Array($0.utf8) })
    /// Points at the question's name.
    static let pointer: [UInt8] = [0xC0, 12]

    @Test func aRecordIsReadWithAllItsFields() throws {
        var builder = MessageBuilder()
        let data = MessageBuilder.naptr(
            "!^.*$!tel:+1;rn=é!", "Next.Example", order: 7, preference: 9, services: "E2U+tel")
        builder.answers = [MessageBuilder.record(Self.pointer, type: 35, ttl: 70_000, data)]
        let answer = try #require(DNSMessage(builder.bytes)).naptr(of: Self.name)
        let expected = NAPTR(
            order: 7, preference: 9, flags: "u", services: "E2U+tel", regexp: Array("!^.*$!tel:+1;rn=é!".utf8),
            replacement: DNSName("next.example"), ttl: 70_000)
        #expect(answer == NAPTRAnswer(records: [expected]))
    }

    @Test func aliasesAreFollowedWithinTheMessageAndNamedWhenTheyLeadOut() throws {
        var builder = MessageBuilder()
        let target = MessageBuilder.name("a.example")
        builder.answers = [MessageBuilder.record(Self.pointer, type: 5, ttl: 30, target)]
        var answer = try #require(DNSMessage(builder.bytes)).naptr(of: Self.name)
        #expect(answer == NAPTRAnswer(records: [], alias: DNSName("a.example"), aliasTTL: 30))
        builder.answers.append(
            MessageBuilder.record(target, type: 35, ttl: 60, MessageBuilder.naptr("!^.*$!tel:+1!")))
        answer = try #require(DNSMessage(builder.bytes)).naptr(of: Self.name)
        #expect(answer.records.count == 1 && answer.alias == nil && answer.aliasTTL == 30)
    }

    @Test func aliasesInACircleEnd() throws {
        var builder = MessageBuilder()
        let (here, there) = (MessageBuilder.name("4.3.2.1.E164.ARPA"), MessageBuilder.name("a.example"))
        builder.answers = [
            MessageBuilder.record(here, type: 5, ttl: 30, there), MessageBuilder.record(there, type: 5, ttl: 20, here),
        ]
        let answer = try #require(DNSMessage(builder.bytes)).naptr(of: Self.name)
        #expect(answer.records.isEmpty)
    }

    @Test func aRecordThatIsWrongInItselfIsLeftOutAndTheOthersStay() throws {
        var builder = MessageBuilder()
        let good = MessageBuilder.naptr("!^.*$!tel:+1!")
        builder.answers = [
            MessageBuilder.record(Self.pointer, type: 35, ttl: 1, good + [0]),
            MessageBuilder.record(Self.pointer, type: 35, ttl: 1, [0, 1, 0, 1, 200]),
            MessageBuilder.record(Self.pointer, type: 35, ttl: 1, []),
            MessageBuilder.record(MessageBuilder.name("other.example"), type: 35, ttl: 1, good),
            MessageBuilder.record(Self.pointer, type: 16, ttl: 1, good),
            MessageBuilder.record(Self.pointer, type: 35, ttl: 0xFFFF_FFFF, good),
        ]
        let answer = try #require(DNSMessage(builder.bytes)).naptr(of: Self.name)
        #expect(answer.records.map(\.ttl) == [0])
    }

    @Test func aMessageThatEndsEarlyIsNone() {
        var builder = MessageBuilder()
        builder.answers = [MessageBuilder.record(Self.pointer, type: 35, ttl: 1, MessageBuilder.naptr("!a!b!"))]
        for length in builder.bytes.indices { #expect(DNSMessage(Array(builder.bytes.prefix(length))) == nil) }
        #expect(DNSMessage(builder.bytes) != nil)
    }

    @Test(arguments: [[0xC0, 33], [0xC0, 35], [0xC1, 0], [0xFF, 0xFF], [0x80], [0x40, 1], [0xC0]] as [[UInt8]])
    func aNameThatPointsAtItselfOrAheadIsNone(_ owner: [UInt8]) {
        var builder = MessageBuilder()
        builder.question = "4.3.2.e164.arpa"
        builder.answers = [owner + MessageBuilder.record([], type: 35, ttl: 1, [])]
        #expect(DNSMessage(builder.bytes) == nil)
    }

    @Test func noBytesDoHarm() throws {
        var random = SeededGenerator(seed: 35)
        var builder = MessageBuilder()
        builder.answers = (0..<3).map { _ in
            MessageBuilder.record(Self.pointer, type: 35, ttl: 5, MessageBuilder.naptr("!^(.*)$!tel:\\1;npdi!", "a.b"))
        }
        let good = builder.bytes
        for _ in 0..<20_000 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                bytes[Int.random(in: bytes.indices, using: &random)] = .random(in: 0...255, using: &random)
            }
            bytes.removeLast(Int.random(in: 0...3, using: &random))
            if let answer = DNSMessage(bytes)?.naptr(of: Self.name) { #expect(answer.records.count <= 3) }
            let noise = (0..<Int.random(in: 0...80, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            _ = DNSMessage(noise)?.naptr(of: Self.name)
        }
    }

    @Test(arguments: ["", ".", "a..b", "a b", "ä.example", "a.", "_sip.Example", String(repeating: "a", count: 64)])
    func onlyNamesThatServicesHaveAreAskedFor(_ text: String) {
        let isName = ["a.", "_sip.Example"].contains(text)
        #expect((DNSName(text) != nil) == isName)
    }

    @Test func aNumberIsUnderItsDigitsBackwards() throws {
        let suffix = try #require(DNSName("e164.arpa"))
        #expect(DNSName(enumNumber: "442079460148", under: suffix)?.text == "8.4.1.0.6.4.9.7.0.2.4.4.e164.arpa")
    }
}
