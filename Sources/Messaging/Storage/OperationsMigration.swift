// SPDX-License-Identifier: Apache-2.0
// What operators need: resellers, the limits of keys, accounts of customers' ESMEs, an audit log, and where a message's
// trace leads.

internal import SQL

extension MessagingMigrations {
    static let operations = Migration(
        number: 3, name: "operations",
        statements: [
            "ALTER TABLE companies ADD COLUMN reseller BIGINT NOT NULL DEFAULT 0",
            "ALTER TABLE companies ADD COLUMN reseller_id BIGINT REFERENCES companies (id)",
            "ALTER TABLE companies ADD COLUMN closed_at BIGINT",
            "ALTER TABLE api_keys ADD COLUMN hint TEXT NOT NULL DEFAULT ''",
            "ALTER TABLE api_keys ADD COLUMN objects TEXT NOT NULL DEFAULT ''",
            "ALTER TABLE api_keys ADD COLUMN addresses TEXT NOT NULL DEFAULT ''",
            "ALTER TABLE api_keys ADD COLUMN requests_per_second BIGINT",
            "ALTER TABLE api_keys ADD COLUMN last_used_at BIGINT",
            "ALTER TABLE ledger ADD COLUMN note TEXT",
            "ALTER TABLE ledger ADD COLUMN actor TEXT",
            "CREATE INDEX ledger_by_message ON ledger (company_id, message_id) WHERE message_id IS NOT NULL",
            // `enabled` is the configuration's word, `stopped` the operator's; a raised `generation` binds anew.
            "ALTER TABLE connectors ADD COLUMN stopped BIGINT NOT NULL DEFAULT 0",
            "ALTER TABLE connectors ADD COLUMN generation BIGINT NOT NULL DEFAULT 0",
            """
            CREATE TABLE smpp_accounts (
                id {{id}},
                company_id BIGINT NOT NULL REFERENCES companies (id),
                system_id TEXT NOT NULL UNIQUE,
                password_hash TEXT NOT NULL,
                settings TEXT NOT NULL,
                enabled BIGINT NOT NULL DEFAULT 1,
                last_bound_at BIGINT,
                origin TEXT NOT NULL,
                created_at BIGINT NOT NULL
            )
            """,
            """
            CREATE TABLE audit (
                id {{id}},
                at BIGINT NOT NULL,
                actor TEXT NOT NULL,
                action TEXT NOT NULL,
                kind TEXT NOT NULL,
                object_id TEXT NOT NULL,
                name TEXT NOT NULL,
                company_id BIGINT,
                changes TEXT NOT NULL,
                address TEXT,
                request_id TEXT
            )
            """,
            "CREATE INDEX audit_by_object ON audit (kind, object_id, id)",
            "ALTER TABLE messages ADD COLUMN trace TEXT",
            "ALTER TABLE deliveries ADD COLUMN trace TEXT",
            // A delivery to a customer's ESME waits for its bind, apart from those to URLs.
            "ALTER TABLE deliveries ADD COLUMN smpp_account_id BIGINT",
            "DROP INDEX deliveries_due",
            """
            CREATE INDEX deliveries_due ON deliveries (due_at)
                WHERE state = 0 AND lease = 0 AND smpp_account_id IS NULL
            """,
            """
            CREATE INDEX deliveries_due_by_account ON deliveries (smpp_account_id, id)
                WHERE state = 0 AND lease = 0 AND smpp_account_id IS NOT NULL
            """,
            "CREATE INDEX deliveries_by_message ON deliveries (company_id, message_id)",
        ])
}
