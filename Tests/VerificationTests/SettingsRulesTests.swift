// SPDX-License-Identifier: Apache-2.0
// What settings and parameters may be.

import Testing

@testable import Verification

struct SettingsRulesTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        /// Nil where the value is fine.
        let rule: VerificationError.Rule?
        let change: @Sendable (inout ApplicationSettings) -> Void

        init(
            _ name: String, _ rule: VerificationError.Rule?,
            _ change: @escaping @Sendable (inout ApplicationSettings) -> Void
        ) {
            self.name = name
            self.rule = rule
            self.change = change
        }

        var testDescription: String { name }
    }

    static let settings = [
        Case("defaults", nil) { _ in },
        Case("3 digits", .pinLength) { $0.pinLength = 3 },
        Case("4 digits", nil) { $0.pinLength = 4 },
        Case("10 digits", nil) { $0.pinLength = 10 },
        Case("11 digits", .pinLength) { $0.pinLength = 11 },
        Case("29 s", .expiration) { $0.expire = 29 },
        Case("30 s", nil) { $0.expire = 30 },
        Case("7200 s", nil) { $0.expire = 7200 },
        Case("7201 s", .expiration) { $0.expire = 7201 },
        Case("no attempts", .attempts) { $0.attempts = 0 },
        Case("10 attempts", nil) { $0.attempts = 10 },
        Case("11 attempts", .attempts) { $0.attempts = 11 },
        Case("the reserved name", .reservedName) { $0.name = "Default" },
        Case("no name", .name) { $0.name = "" },
        Case("a long name", .name) { $0.name = String(repeating: "n", count: 101) },
        Case("a name with a control character", .name) { $0.name = "a\u{0}b" },
        Case("a sender of letters", nil) { $0.sender = "My Shop" },
        Case("a sender of 12 letters", .sender) { $0.sender = "ABCDEFGHIJKL" },
        Case("a number as sender", nil) { $0.sender = "+491701234567" },
        Case("a sender of 16 digits", .sender) { $0.sender = "1234567890123456" },
        Case("a sender of 2 digits", .sender) { $0.sender = "12" },
        Case("a sender with a prefix twice", .sender) { $0.sender = "000012" },
        Case("a sender of separators", .sender) { $0.sender = "--" },
        Case("a sender that GSM-7 lacks", .sender) { $0.sender = "Кот" },
        Case("a caller", nil) { $0.caller = "0049301234567" },
        Case("a name as caller", .caller) { $0.caller = "VERIFY" },
    ]

    @Test(arguments: settings)
    func `settings keep to their bounds`(_ item: Case) {
        var settings = ApplicationSettings(name: "Shop")
        item.change(&settings)
        do throws(VerificationError) {
            let checked = try SettingsRules.checked(settings, isDefault: false)
            #expect(item.rule == nil)
            #expect(checked.sender.first != "+" && checked.caller?.hasPrefix("00") != true)
        } catch {
            guard case .invalid(let rule, _, _) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(rule == item.rule)
        }
    }

    @Test
    func `the default application keeps its name`() throws {
        let settings = ApplicationSettings(name: "default")
        #expect(try SettingsRules.checked(settings, isDefault: true) == settings)
        #expect(throws: VerificationError.self) {
            try SettingsRules.checked(ApplicationSettings(name: "Shop"), isDefault: true)
        }
    }

    @Test(arguments: [("de", "de"), ("EN", "en"), ("xx", nil), ("deu", nil), ("de-DE", nil), ("", nil), ("d", nil)])
    func `languages are those of ISO 639-1`(_ text: String, _ language: String?) {
        #expect((try? SettingsRules.language(text)) == language)
    }

    @Test(arguments: [
        ("{{OTP}}", true), ("Code: {{OTP}}\nThanks", true), ("Code", false), ("{{otp}}", false), ("", false),
        ("{{OTP}}\u{0}", false), (String(repeating: "x", count: 993) + "{{OTP}}", true),
        (String(repeating: "x", count: 994) + "{{OTP}}", false),
        ("{{OTP}}" + String(repeating: "\u{301}", count: 1000), false),
    ])
    func `templates have a place for the code`(_ text: String, _ isTemplate: Bool) {
        #expect(((try? SettingsRules.template(text)) != nil) == isTemplate)
    }

    struct RequestCase: Sendable, CustomTestStringConvertible {
        let name: String
        let rule: VerificationError.Rule?
        let change: @Sendable (inout OTPRequest) -> Void

        init(_ name: String, _ rule: VerificationError.Rule?, _ change: @escaping @Sendable (inout OTPRequest) -> Void)
        {
            self.name = name
            self.rule = rule
            self.change = change
        }

        var testDescription: String { name }
    }

    static let requests = [
        RequestCase("nothing", nil) { _ in },
        RequestCase("a text with a place", nil) { $0.text = "Your code: {{OTP}}" },
        RequestCase("a text without one", .text) { $0.text = "Your code" },
        RequestCase("a text without one, and a code", nil) { ($0.text, $0.code) = ("Your code: 4711", "4711") },
        RequestCase("an empty text", .text) { ($0.text, $0.code) = ("", "4711") },
        RequestCase("a code with a space", .code) { $0.code = "47 11" },
        RequestCase("a long code", .code) { $0.code = String(repeating: "1", count: 65) },
        RequestCase("an empty code", .code) { $0.code = "" },
        RequestCase("a code beyond ASCII", .code) { $0.code = "４７１１" },
        RequestCase("11 digits", .pinLength) { $0.pinLength = 11 },
        RequestCase("a language", nil) { $0.language = "FR" },
        RequestCase("no language", .language) { $0.language = "french" },
        RequestCase("a sender", .sender) { $0.sender = "" },
        RequestCase("a caller", .caller) { $0.caller = "anonymous" },
        RequestCase("a long reference", .referenceID) { $0.referenceID = String(repeating: "r", count: 256) },
        RequestCase("an empty reference", .referenceID) { $0.referenceID = "" },
    ]

    @Test(arguments: requests)
    func `parameters keep to their bounds`(_ item: RequestCase) throws {
        let request = try request(item.change)
        do throws(VerificationError) {
            _ = try RequestRules.checked(request)
            #expect(item.rule == nil)
        } catch {
            guard case .invalid(let rule, _, _) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(rule == item.rule)
        }
    }
}
