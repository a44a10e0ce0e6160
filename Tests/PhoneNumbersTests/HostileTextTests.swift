// SPDX-License-Identifier: Apache-2.0
// Texts nobody meant as a number, and many threads at once.

import Foundation
import PhoneNumbers
import Synchronization
import Testing

/// SplitMix64, so that a failure can be repeated.
private struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

@Suite struct HostileTextTests {
    private static let likely = Array("0123456789+ -()./x;=~*#".utf8) + [0x00, 0x80, 0xC0, 0xE2, 0xF0, 0xFF]

    @Test func `twenty thousand random texts are a number or an error`() {
        var random = SeededGenerator(state: 20_261_121)
        var numbers = 0
        for round in 0..<20_000 {
            let length =
                round.isMultiple(of: 100)
                ? Int.random(in: 200...5_000, using: &random) : Int.random(in: 0...24, using: &random)
            let bytes = (0..<length).map { _ in
                Int.random(in: 0..<10, using: &random) == 0
                    ? UInt8.random(in: 0...255, using: &random) : Self.likely.randomElement(using: &random) ?? 0
            }
            let digitsOnly = round.isMultiple(of: 2) ? bytes.filter { (0x30...0x39).contains($0) || $0 == 0x2B } : bytes
            let text = String(decoding: digitsOnly, as: UTF8.self)
            let region = round.isMultiple(of: 3) ? Region.all.randomElement(using: &random) : nil
            guard let number = try? PhoneNumber(parsing: text, region: region) else { continue }
            numbers += 1
            #expect(number.digits.utf8.allSatisfy { (0x30...0x39).contains($0) })
            #expect((2...20).contains(number.digits.utf8.count))
            #expect(number.formatted(.e164) == number.e164)
            #expect(!number.formatted(.international).isEmpty && !number.formatted(.national).isEmpty)
            _ = NumberRange.find(number)
        }
        #expect(numbers > 1_000)
    }

    @Test func `random regions are known or nil`() {
        var random = SeededGenerator(state: 7)
        for _ in 0..<2_000 {
            let bytes = (0..<Int.random(in: 0...4, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random)
            }
            let region = String(decoding: bytes, as: UTF8.self)
            let isKnown = Region.countryCode(region) != nil
            #expect(isKnown == Region.all.contains(region.uppercased()))
            #expect((PhoneNumber.example(region: region, type: .fixedLine) != nil) ? isKnown : true)
            _ = (Region.alpha3(region), Region.language(region))
        }
    }

    @Test func `eight threads read the same numbers as one`() {
        let texts = Region.all.compactMap { PhoneNumber.example(region: $0, type: .mobile)?.e164 }
        let expected = texts.map { try? PhoneNumber(parsing: $0) }
        let differing = Mutex(0)
        DispatchQueue.concurrentPerform(iterations: 8) { worker in
            for index in texts.indices {
                let index = (index + worker * 31) % texts.count
                let number = try? PhoneNumber(parsing: texts[index])
                let styles = number.map { ($0.formatted(.international), NumberRange.find($0)) }
                if number == nil || number != expected[index] || styles?.1.region != number?.region {
                    differing.withLock { $0 += 1 }
                }
            }
        }
        #expect(differing.withLock { $0 } == 0)
    }
}
