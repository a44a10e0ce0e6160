// SPDX-License-Identifier: Apache-2.0
// Applications and templates, on both databases.

import EngineTestSupport
import SQLTestSupport
import Testing
import Wire

@testable import Verification

struct ApplicationTests {
    @Test(arguments: Engine.allCases)
    func `a company has one default application from its first use on`(_ engine: Engine) async throws {
        try await withVerifier(engine) { node, verifier in
            let ids = try await withThrowingTaskGroup(of: ApplicationID.self) { group in
                for _ in 0..<20 { group.addTask { try await verifier.application(nil, of: node.acme).id } }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(ids.count == 1)
            let all = try await verifier.applications(of: node.acme)
            let application = try #require(all.first)
            #expect(all.count == 1)
            #expect(application.isDefault)
            #expect(application.settings == ApplicationSettings(name: "default"))
            #expect(application.templates == [.fallback: "OTP code: {{OTP}}. Valid for {{SEC}} seconds."])
            #expect(try await verifier.applications(of: node.other).map(\.id) != [application.id])
        }
    }

    @Test(arguments: Engine.allCases)
    func `an application is made, changed and deleted`(_ engine: Engine) async throws {
        try await withVerifier(engine) { node, verifier in
            var settings = ApplicationSettings()
            settings.pinLength = 6
            settings.caller = "+49301234567"
            let made = try await verifier.create(settings, of: node.acme)
            #expect(made.name == "App-\(TestClock.start)")
            #expect(made.settings.caller == "49301234567")
            #expect(try await verifier.application(made.id, of: node.acme) == made)
            var change = ApplicationChange()
            change.name = "Shop"
            change.expire = 60
            change.removesCaller = true
            let changed = try await verifier.change(change, to: made.id, of: node.acme)
            #expect(changed.name == "Shop")
            #expect(changed.settings.expire == 60)
            #expect(changed.settings.pinLength == 6)
            #expect(changed.settings.caller == nil)
            #expect(try await verifier.application(made.id, of: node.acme) == changed)
            #expect(try await verifier.deleteApplication(made.id, of: node.acme) == changed)
            await #expect(throws: VerificationError.notFound(.application)) {
                try await verifier.application(made.id, of: node.acme)
            }
            await #expect(throws: VerificationError.notFound(.application)) {
                try await verifier.deleteApplication(made.id, of: node.acme)
            }
            #expect(try await verifier.applications(of: node.acme).map(\.name) == ["default"])
        }
    }

    @Test(arguments: Engine.allCases)
    func `the default application is changed and never deleted`(_ engine: Engine) async throws {
        try await withVerifier(engine) { node, verifier in
            var change = ApplicationChange()
            change.sender = "Shop"
            let changed = try await verifier.change(change, to: nil, of: node.acme)
            #expect(changed.settings.sender == "Shop")
            await #expect(throws: VerificationError.cannotDeleteDefault) {
                try await verifier.deleteApplication(nil, of: node.acme)
            }
            await #expect(throws: VerificationError.cannotDeleteDefault) {
                try await verifier.deleteApplication(changed.id, of: node.acme)
            }
            change.pinLength = 11
            await #expect(throws: VerificationError.self) {
                try await verifier.change(change, to: nil, of: node.acme)
            }
            #expect(try await verifier.application(nil, of: node.acme) == changed)
        }
    }

    @Test(arguments: Engine.allCases)
    func `templates are set and deleted by language and channel`(_ engine: Engine) async throws {
        try await withVerifier(engine) { node, verifier in
            let german = TemplateKey(language: "de")
            let spoken = TemplateKey(language: "de", channel: .voice)
            _ = try await verifier.setTemplate(german, text: "A {{OTP}}", of: nil, companyID: node.acme)
            _ = try await verifier.setTemplate(german, text: "B {{OTP}}", of: nil, companyID: node.acme)
            let set = try await verifier.setTemplate(
                TemplateKey(language: "DE", channel: .voice), text: "C {{OTP}}", of: nil, companyID: node.acme)
            #expect(set.templates == [.fallback: OTPText.standard, german: "B {{OTP}}", spoken: "C {{OTP}}"])
            #expect(try await verifier.application(nil, of: node.acme) == set)
            let left = try await verifier.deleteTemplate(german, of: nil, companyID: node.acme)
            #expect(left.templates == [.fallback: OTPText.standard, spoken: "C {{OTP}}"])
            #expect(try await verifier.applications(of: node.acme) == [left])
            await #expect(throws: VerificationError.notFound(.language)) {
                try await verifier.deleteTemplate(german, of: nil, companyID: node.acme)
            }
            await #expect(throws: VerificationError.cannotDeleteEnglish) {
                try await verifier.deleteTemplate(.fallback, of: nil, companyID: node.acme)
            }
            let english = try await verifier.setTemplate(.fallback, text: "{{OTP}}!", of: nil, companyID: node.acme)
            #expect(english.templates[.fallback] == "{{OTP}}!")
        }
    }

    @Test(arguments: Engine.allCases)
    func `nobody reaches another company's application`(_ engine: Engine) async throws {
        try await withVerifier(engine) { node, verifier in
            let id = try await verifier.create(ApplicationSettings(name: "Shop"), of: node.acme).id
            let missing = VerificationError.notFound(.application)
            await #expect(throws: missing) { try await verifier.application(id, of: node.other) }
            await #expect(throws: missing) {
                try await verifier.change(ApplicationChange(), to: id, of: node.other)
            }
            await #expect(throws: missing) { try await verifier.deleteApplication(id, of: node.other) }
            await #expect(throws: missing) {
                try await verifier.setTemplate(.fallback, text: "{{OTP}}", of: id, companyID: node.other)
            }
            await #expect(throws: missing) {
                try await verifier.send(try request { $0.applicationID = id }, of: node.other)
            }
        }
    }
}
