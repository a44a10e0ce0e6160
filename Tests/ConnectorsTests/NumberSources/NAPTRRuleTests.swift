// SPDX-License-Identifier: Apache-2.0
// The regexp field of NAPTR records, and that none takes long or much.

import EngineTestSupport
import Testing

@testable import Connectors

@Suite struct NAPTRRuleTests {
    /// Field, text, and the result, if there is one.
    static let good: [(String, String, String?)] = [
        ("!^.*$!tel:+4930;npdi!", "+4930", "tel:+4930;npdi"),
        ("!^(.*)$!tel:\\1;npdi!", "+4930", "tel:+4930;npdi"),
        ("!^\\+44(...)(.*)$!sip:\\2-\\1@a.example!", "+44207946", "sip:946-207@a.example"),
        ("/^(\\+)(4)(9)(1)(2)(3)(4)(5)(6)$/\\9\\8\\7\\1/", "+49123456", "654+"),
        ("!^(\\+49)?(.*)(x)?$!\\2|\\3|!", "+4912", "12||"),
        ("|^\\+4(9\\|8)(.*)$|\\2|", "+4912", nil),
        ("|^\\+4(9\\|8)(.*)$|\\2|", "+49|812", "12"),
        ("!^\\+49!a\\!b\\\\c!", "+4912", "a!b\\c"),
        ("!^\\+49a\\!?!x!", "+49a", "x"), ("!^\\+49a!x!", "+49A", nil),
        ("!^\\+49a!x!i", "+49A", "x"),
        ("!^\\+[0-9]{1,15}$!x!", "+49", "x"),
        ("!^\\+49$!Zürich!", "+49", "Zürich"),
        ("!^\\+49$!!", "+49", ""), ("!^\\+49a\\!b$!c!", "+49a!b", "c"),
    ]

    @Test(arguments: good) func aRuleMakesOfATextWhatItSays(_ field: String, _ text: String, _ result: String?) throws {
        let rule = try #require(NAPTRRule(Array(field.utf8)))
        #expect(rule.apply(to: text).map { String(decoding: $0, as: UTF8.self) } == result)
    }

    @Test(arguments: [
        "", "!", "!!", "!!!", "!a!", "!a!b", "!a!b!j", "!a!b!c!", "!a!b!i!", "1a1b1", "iaibi", "\\a\\b\\", "!a!\\0!",
        "!a!\\x!", "!a!b\\!", "!(a)\\1!b!", "!a{1,999}!b!", "!((a{16}){16}){16}!b!", "![[.a.]]!b!", "![[=a=]]!b!",
        "![[:a!b!", "!a{3,2}!b!", "!a{ 1}!b!", "!a)!b!", "!(.*){250}!b!",
        "!((((((((.*)*)*)*)*)*)*)*){29}!b!", "!a{!b!", "!a{,}!b!", "!a{x}!b!",
        "!a++++++++++++++++++++++++++++++++++++++++!b!", "!((((((((((a))))))))))!b!", "!a\u{0}!b!",
    ])
    func aFieldThatBreaksTheRulesIsNone(_ field: String) {
        #expect(NAPTRRule(Array(field.utf8)) == nil)
    }

    @Test(arguments: ["!a(!b!", "![a!b!", "!*!b!", "!^x$!b!", "!^.*$!\\1!", "!^(.*)$!\\2!"])
    func aRuleThatFitsNothingMakesNothing(_ field: String) {
        #expect(NAPTRRule(Array(field.utf8))?.apply(to: "+4930") == nil)
    }

    /// Matchers that go back take for ever over these, or their memory explodes. All but the last are within the bounds.
    @Test(arguments: [
        "(((((((((4*)*)*)*)*)*)*)*)*)5$", "((((((.+)+)+)+)+)+)5$", "(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)5$",
        "((4|44|444|4444)*)*5$", "(.?){120}5$", "((.{1,11}){1,11})*5$", "([49]*[94]*)*5$", "(4*|(4*)*)*5$",
        "((((((((.*)*)*)*)*)*)*)*){28}5$", "(4*|4*|4*|4*|4*|4*|4*|4*){15}5$", "((((((((.*)*)*)*)*)*)*)*){250}$",
    ])
    func noExpressionTakesLong(_ expression: String) {
        let start = ContinuousClock.now
        _ = NAPTRRule(Array("!^\\+\(expression)!\\1!".utf8))?.apply(to: "+444444444444444")
        #expect(ContinuousClock.now - start < .seconds(2))
    }

    @Test(arguments: [
        ("^\\+([0-9]{1,15})$", 18, 15), ("a+", 2, 2), ("(ab){2,}", 6, 3), ("a|b|c", 3, 2), ("[]{9]x[^]]", 3, 0),
        ("[[:digit:]]*", 1, 1), ("()", 0, 0), ("((a{3}){3}){3}", 27, 39), ("a{3}b{3}", 6, 6),
    ])
    func theCostIsThatOfTheExpressionWrittenOut(_ expression: String, _ nodes: Int, _ choices: Int) throws {
        let cost = try #require(ExpressionCost(Array(expression.utf8)))
        #expect(cost.nodes == nodes && cost.choices == choices)
    }

    @Test func noFieldDoesHarm() {
        var random = SeededGenerator(seed: 3402)
        let alphabet = Array("!!!^$.*+?()[]{}|\\\\\\19,0a:;=\u{FC}i".utf8) + [0, 0xFF, 0xC0]
        let start = ContinuousClock.now
        for _ in 0..<20_000 {
            let length = Int.random(in: 0...60, using: &random)
            let middle = (0..<length).map { _ in alphabet[Int.random(in: alphabet.indices, using: &random)] }
            for field in [middle, Array("!^".utf8) + middle + Array("$!tel:\\1!".utf8)] {
                _ = NAPTRRule(field)?.apply(to: "+491751234567")
            }
        }
        // A rule that the matcher chokes on would take this long by itself.
        #expect(ContinuousClock.now - start < .seconds(60))
    }
}
