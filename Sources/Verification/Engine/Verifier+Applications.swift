// SPDX-License-Identifier: Apache-2.0
// The applications of a company and their templates.

public import Accounts
internal import Messaging
internal import SQL
public import Wire

extension Verifier {
    /// A company has no more applications than this.
    public static let applicationLimit = 1000

    /// All of a company's applications in the order in which they were made, the default one among them.
    public func applications(of companyID: CompanyID) async throws(VerificationError) -> [VerificationApplication] {
        _ = try await application(nil, of: companyID)
        return try await read { try ApplicationStore($0).all(of: companyID) }
    }

    /// One application; the default one, made on its first use, for nil.
    public func application(
        _ id: ApplicationID?, of companyID: CompanyID
    ) async throws(VerificationError) -> VerificationApplication {
        let found = try await read { transaction in
            let store = ApplicationStore(transaction)
            return try id.map { try store.find($0, of: companyID) } ?? store.standard(of: companyID)
        }
        if let found { return found }
        guard id == nil else { throw .notFound(.application) }
        let standard = standardApplication(of: companyID)
        return try await write { transaction in
            let store = ApplicationStore(transaction)
            try store.insert(standard)
            // Another request may have been first.
            guard let application = try store.standard(of: companyID) else {
                throw VerificationError.notFound(.application)
            }
            return application
        }
    }

    private func standardApplication(of companyID: CompanyID) -> VerificationApplication {
        let now = context.clock()
        return VerificationApplication(
            id: UUIDv7.next(now: now), companyID: companyID, isDefault: true, createdAt: now,
            settings: ApplicationSettings(name: SettingsRules.reservedName), templates: [.fallback: OTPText.standard])
    }

    /// Makes an application.
    public func create(
        _ settings: ApplicationSettings, of companyID: CompanyID
    ) async throws(VerificationError) -> VerificationApplication {
        let now = context.clock()
        var settings = settings
        if settings.name.isEmpty { settings.name = "App-\(now)" }
        let application = VerificationApplication(
            id: UUIDv7.next(now: now), companyID: companyID, isDefault: false, createdAt: now,
            settings: try SettingsRules.checked(settings, isDefault: false), templates: [.fallback: OTPText.standard])
        try await write { transaction in
            let store = ApplicationStore(transaction)
            guard try store.count(of: companyID) < Self.applicationLimit else {
                throw VerificationError.invalid(
                    .tooManyApplications, field: "application",
                    message: "a company has \(Self.applicationLimit) applications at most")
            }
            try store.insert(application)
        }
        return application
    }

    /// Changes an application's settings; the default one's for nil.
    public func change(
        _ change: ApplicationChange, to id: ApplicationID?, of companyID: CompanyID
    ) async throws(VerificationError) -> VerificationApplication {
        let id = try await application(id, of: companyID).id
        return try await write { transaction in
            let store = ApplicationStore(transaction)
            guard var application = try store.find(id, of: companyID, locking: true) else {
                throw VerificationError.notFound(.application)
            }
            application.settings = try SettingsRules.checked(
                application.settings.with(change), isDefault: application.isDefault)
            try store.update(application)
            return application
        }
    }

    /// Deletes an application. Its one-time passwords stay readable, and cannot be resent or checked any more.
    public func deleteApplication(
        _ id: ApplicationID?, of companyID: CompanyID
    ) async throws(VerificationError) -> VerificationApplication {
        let application = try await application(id, of: companyID)
        if application.isDefault { throw .cannotDeleteDefault }
        let now = context.clock()
        let isDeleted = try await write { try ApplicationStore($0).delete(application.id, of: companyID, now: now) }
        guard isDeleted else { throw .notFound(.application) }
        return application
    }

    /// Sets what the messages in a language say, on every channel or on one.
    public func setTemplate(
        _ key: TemplateKey, text: String, of id: ApplicationID?, companyID: CompanyID
    ) async throws(VerificationError) -> VerificationApplication {
        let language = try SettingsRules.language(key.language)
        let text = try SettingsRules.template(text)
        var application = try await application(id, of: companyID)
        let key = TemplateKey(language: language, channel: key.channel)
        application.templates[key] = text
        let applicationID = application.id
        try await write { try ApplicationStore($0).set(key, text: text, of: applicationID, companyID: companyID) }
        return application
    }

    /// Deletes a template: the general one of a language, or the one of a channel. The others of that language stay.
    public func deleteTemplate(
        _ key: TemplateKey, of id: ApplicationID?, companyID: CompanyID
    ) async throws(VerificationError) -> VerificationApplication {
        let key = TemplateKey(language: try SettingsRules.language(key.language), channel: key.channel)
        var application = try await application(id, of: companyID)
        if key == .fallback { throw .cannotDeleteEnglish }
        let applicationID = application.id
        let isDeleted = try await write {
            try ApplicationStore($0).delete(key, of: applicationID, companyID: companyID)
        }
        guard isDeleted else { throw .notFound(.language) }
        application.templates[key] = nil
        return application
    }
}

extension ApplicationSettings {
    func with(_ change: ApplicationChange) -> ApplicationSettings {
        var settings = self
        settings.name = change.name ?? name
        settings.pinLength = change.pinLength ?? pinLength
        settings.isAlphanumeric = change.isAlphanumeric ?? isAlphanumeric
        settings.attempts = change.attempts ?? attempts
        settings.expire = change.expire ?? expire
        settings.sender = change.sender ?? sender
        settings.caller = change.removesCaller ? nil : change.caller ?? caller
        return settings
    }
}
