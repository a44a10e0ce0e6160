// SPDX-License-Identifier: Apache-2.0
// Applications and their templates in the database. Deleted ones stay, unseen, so that their one-time passwords can tell.

internal import Accounts
internal import SQL
internal import Wire

struct ApplicationStore {
    private let transaction: Transaction

    init(_ transaction: Transaction) { self.transaction = transaction }

    func all(of companyID: CompanyID) throws -> [VerificationApplication] {
        let rows = try transaction.query(
            Self.selection + " WHERE company_id = $1 AND deleted_at IS NULL ORDER BY id", [.integer(companyID)])
        var templates: [ApplicationID: [TemplateKey: String]] = [:]
        let texts = try transaction.query(
            "SELECT application_id, language, channel, text FROM verification_templates WHERE company_id = $1",
            [.integer(companyID)])
        for row in texts {
            let (key, text) = try Self.template(from: row)
            templates[try Self.id(row, "application_id"), default: [:]][key] = text
        }
        return try rows.map { row in
            try Self.application(from: row, templates: templates[try Self.id(row, "id")] ?? [:])
        }
    }

    /// - Parameter locking: whether nobody else may change it until the transaction ends.
    func find(
        _ id: ApplicationID, of companyID: CompanyID, locking: Bool = false
    ) throws -> VerificationApplication? {
        let suffix = locking ? transaction.dialect.pick(sqlite: "", postgres: " FOR UPDATE") : ""
        return try find(" AND id = $2" + suffix, [.integer(companyID), .bytes(id.bytes)])
    }

    /// The default application, if it was used before.
    func standard(of companyID: CompanyID) throws -> VerificationApplication? {
        try find(" AND is_default = 1", [.integer(companyID)])
    }

    private func find(_ condition: String, _ values: [SQLValue]) throws -> VerificationApplication? {
        let row = try transaction.queryOne(
            Self.selection + " WHERE company_id = $1 AND deleted_at IS NULL" + condition, values)
        guard let row else { return nil }
        let texts = try transaction.query(
            "SELECT language, channel, text FROM verification_templates WHERE company_id = $1 AND application_id = $2",
            [row["company_id"], row["id"]])
        return try Self.application(
            from: row, templates: Dictionary(uniqueKeysWithValues: try texts.map(Self.template(from:))))
    }

    func count(of companyID: CompanyID) throws -> Int {
        try transaction.queryOne(
            "SELECT COUNT(*) AS n FROM verification_applications WHERE company_id = $1 AND deleted_at IS NULL",
            [.integer(companyID)]
        )?.int("n") ?? 0
    }

    /// Stores a new application; of two default ones of a company the first stays.
    func insert(_ application: VerificationApplication) throws {
        let settings = application.settings
        try transaction.execute(
            """
            INSERT INTO verification_applications (\(Self.columns))
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING
            """,
            [
                .integer(application.companyID), .bytes(application.id.bytes), SQLValue(application.isDefault),
                .text(settings.name), SQLValue(settings.pinLength), SQLValue(settings.isAlphanumeric),
                SQLValue(settings.attempts), SQLValue(settings.expire), .text(settings.sender),
                SQLValue(settings.caller), .integer(application.createdAt),
            ])
    }

    func update(_ application: VerificationApplication) throws {
        let settings = application.settings
        try transaction.execute(
            """
            UPDATE verification_applications SET name = $3, pin_length = $4, alphanumeric = $5, attempts = $6,
                expire = $7, sender = $8, caller = $9
            WHERE company_id = $1 AND id = $2 AND deleted_at IS NULL
            """,
            [
                .integer(application.companyID), .bytes(application.id.bytes), .text(settings.name),
                SQLValue(settings.pinLength), SQLValue(settings.isAlphanumeric), SQLValue(settings.attempts),
                SQLValue(settings.expire), .text(settings.sender), SQLValue(settings.caller),
            ])
    }

    /// False when there is none.
    func delete(_ id: ApplicationID, of companyID: CompanyID, now: Milliseconds) throws -> Bool {
        try transaction.execute(
            """
            UPDATE verification_applications SET deleted_at = $3
            WHERE company_id = $1 AND id = $2 AND is_default = 0 AND deleted_at IS NULL
            """, [.integer(companyID), .bytes(id.bytes), .integer(now)]) == 1
    }

    func set(_ key: TemplateKey, text: String, of id: ApplicationID, companyID: CompanyID) throws {
        try transaction.execute(
            """
            INSERT INTO verification_templates (company_id, application_id, language, channel, text)
            VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (company_id, application_id, language, channel) DO UPDATE SET text = excluded.text
            """, Self.values(key, id, companyID) + [.text(text)])
    }

    /// False when there is none.
    func delete(_ key: TemplateKey, of id: ApplicationID, companyID: CompanyID) throws -> Bool {
        try transaction.execute(
            """
            DELETE FROM verification_templates
            WHERE company_id = $1 AND application_id = $2 AND language = $3 AND channel = $4
            """, Self.values(key, id, companyID)) == 1
    }
}

extension ApplicationStore {
    private static let columns = """
        company_id, id, is_default, name, pin_length, alphanumeric, attempts, expire, sender, caller, created_at
        """
    private static let selection = "SELECT \(columns) FROM verification_applications"

    private static func values(_ key: TemplateKey, _ id: ApplicationID, _ companyID: CompanyID) -> [SQLValue] {
        [.integer(companyID), .bytes(id.bytes), .text(key.language), .text(key.channel?.rawValue ?? "")]
    }

    private static func id(_ row: Row, _ column: String) throws -> ApplicationID {
        guard let id = UUIDv7(bytes: try row.bytes(column)) else { throw DatabaseError.decoding(column) }
        return id
    }

    private static func template(from row: Row) throws -> (TemplateKey, String) {
        let key = TemplateKey(
            language: try row.text("language"), channel: OTPChannel(rawValue: try row.text("channel")))
        return (key, try row.text("text"))
    }

    private static func application(from row: Row, templates: [TemplateKey: String]) throws -> VerificationApplication {
        var settings = ApplicationSettings(name: try row.text("name"))
        settings.pinLength = try row.int("pin_length")
        settings.isAlphanumeric = try row.bool("alphanumeric")
        settings.attempts = try row.int("attempts")
        settings.expire = try row.int("expire")
        settings.sender = try row.text("sender")
        settings.caller = try row.textOrNil("caller")
        // English is always there; it has a row only where it was changed.
        return VerificationApplication(
            id: try id(row, "id"), companyID: try row.int64("company_id"), isDefault: try row.bool("is_default"),
            createdAt: try row.int64("created_at"), settings: settings,
            templates: [.fallback: OTPText.standard].merging(templates) { $1 })
    }
}
