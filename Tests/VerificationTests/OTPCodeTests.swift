// SPDX-License-Identifier: Apache-2.0
// Codes, what is kept of them, and the texts that bring them.

import Accounts
import EngineTestSupport
import PhoneNumbers
import Testing
import Wire

@testable import Verification

struct OTPCodeTests {
    @Test(arguments: [4, 7, 10], [false, true])
    func `codes have their length and alphabet`(_ length: Int, _ isAlphanumeric: Bool) {
        let alphabet = Set(isAlphanumeric ? "0123456789abcdefghijklmnopqrstuvwxyz" : "0123456789")
        let codes = (0..<500).map { _ in OTPCode.generate(length: length, alphanumeric: isAlphanumeric) }
        #expect(codes.allSatisfy { $0.count == length && Set($0).isSubset(of: alphabet) })
        if length > 4 { #expect(Set(codes).count > 490) }
    }

    @Test(arguments: [false, true])
    func `every character is as likely as any other`(_ isAlphanumeric: Bool) {
        var generator = SeededGenerator(seed: 4)
        var counts: [Character: Int] = [:]
        let draws = 36_000
        let code = OTPCode.generate(length: draws, alphanumeric: isAlphanumeric, using: &generator)
        for character in code { counts[character, default: 0] += 1 }
        let alphabet = isAlphanumeric ? 36 : 10
        let expected = Double(draws) / Double(alphabet)
        let deviation = counts.values.map { (Double($0) - expected) * (Double($0) - expected) / expected }.reduce(0, +)
        #expect(counts.count == alphabet)
        // Chi squared: 99.9 % of fair sources are below 66.6 with 35 degrees of freedom, and below 27.9 with 9.
        #expect(deviation < (isAlphanumeric ? 66.6 : 27.9))
    }

    /// A generator whose numbers are all at the top of their range, where a remainder would be biased.
    @Test
    func `numbers beyond the last whole multiple are drawn again`() {
        struct Scripted: RandomNumberGenerator {
            var numbers: [UInt64]
            mutating func next() -> UInt64 { numbers.removeFirst() }
        }
        var generator = Scripted(numbers: [0, 0, UInt64.max / 2, UInt64.max / 2])
        let code = OTPCode.generate(length: 2, alphanumeric: false, using: &generator)
        #expect(code.count == 2)
        // Ten characters do not divide 2^64: the number 0 is one of the six that would favour some.
        #expect(generator.numbers.isEmpty)
    }

    @Test
    func `a secret is bound to its password and its master key`() throws {
        let box = try #require(TestSetup.secrets)
        let other = try #require(SecretBox(masterKey: Array(repeating: 8, count: 32)))
        let (first, second) = (try Self.password(), try Self.password())
        let secret = OTPSecret(code: "4711", text: "Code {{OTP}}")
        let sealed = try secret.sealed(for: first, with: box)
        let opened = OTPSecret(sealed: sealed, of: first, with: box)
        #expect(opened?.code == "4711")
        #expect(opened?.text == "Code {{OTP}}")
        #expect(OTPSecret(sealed: sealed, of: second, with: box) == nil)
        #expect(OTPSecret(sealed: sealed, of: first, with: other) == nil)
        let mark = secret.mark(for: first, with: box)
        #expect(mark.count == 32)
        #expect(mark != secret.mark(for: second, with: box))
        #expect(mark != secret.mark(for: first, with: other))
        #expect(OTPSecret.matches("4711", OTPRecord(otp: first, mark: mark), with: box))
        for wrong in ["", "4712", "471", "47110", "４７１１"] {
            #expect(!OTPSecret.matches(wrong, OTPRecord(otp: first, mark: mark), with: box))
        }
        #expect(!OTPSecret.matches("4711", OTPRecord(otp: first, mark: nil), with: box))
    }

    private static func password() throws -> OneTimePassword {
        let application = VerificationApplication(
            id: UUIDv7.next(now: 1), companyID: 1, isDefault: true, createdAt: 1,
            settings: ApplicationSettings(name: "default"), templates: [:])
        return OneTimePassword(try request(), application: application, now: 1)
    }

    @Test(arguments: [
        ("OTP code: {{OTP}}. Valid for {{SEC}} seconds.", "OTP code: {{SEC}}. Valid for 300 seconds.", "{{SEC}}"),
        ("{{OTP}}{{OTP}}", "1212", "12"), ("{{{{OTP}}}}", "{{7}}", "7"), ("{{otp}} {{X}} {", "{{otp}} {{X}} {", "7"),
        ("{{OTP}}\u{301}", "7\u{301}", "7"), ("{{OTP}", "{{OTP}", "7"), ("no place", "no place", "7"), ("", "", "7"),
        ("{{SEC}}", "300", "7"),
    ])
    func `templates are filled in one pass`(_ template: String, _ text: String, _ code: String) {
        #expect(OTPText.rendered(template, code: code, validity: 300) == text)
    }

    @Test(arguments: [
        ("Code {{OTP}}.", "Code 4, 7, a.", "47a"), ("Code 47a.", "Code 4, 7, a.", "47a"), ("Hello", "Hello", "47a"),
        ("{{SEC}} {{OTP}}", "300 9", "9"),
    ])
    func `a voice spells the code`(_ template: String, _ text: String, _ code: String) {
        #expect(OTPText.spoken(template, code: code, validity: 300) == text)
    }

    @Test(arguments: [
        ("de", OTPChannel.sms, "de sms", "de"), ("de", .voice, "de", "de"), ("fr", .voice, "fr voice", "fr"),
        ("fr", .sms, "en", "en"), ("it", .sms, "en", "en"), ("it", .voice, "en voice", "en"), ("en", .sms, "en", "en"),
    ])
    func `the template of the channel comes before the general one, and English comes last`(
        _ language: String, _ channel: OTPChannel, _ text: String, _ spoken: String
    ) {
        let application = VerificationApplication(
            id: UUIDv7.next(now: 1), companyID: 1, isDefault: true, createdAt: 1,
            settings: ApplicationSettings(name: "default"),
            templates: [
                TemplateKey(language: "de", channel: .sms): "de sms", TemplateKey(language: "de"): "de",
                TemplateKey(language: "fr", channel: .voice): "fr voice", .fallback: "en",
                TemplateKey(language: "en", channel: .voice): "en voice",
            ])
        let found = application.template(language, channel)
        #expect(found.text == text)
        #expect(found.language == spoken)
    }

    @Test(arguments: LineType.allCases)
    func `a landline is called and a mobile phone gets a short message`(_ type: LineType) {
        let called: Set<LineType> = [.fixedLine, .voIP, .tollFree, .premiumRate, .sharedCost, .uan, .voicemail]
        #expect(OTPChannel(.auto, for: type) == (called.contains(type) ? .voice : .sms))
        #expect(OTPChannel(.sms, for: type) == .sms)
        #expect(OTPChannel(.voice, for: type) == .voice)
    }
}
