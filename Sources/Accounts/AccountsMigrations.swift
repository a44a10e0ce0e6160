// SPDX-License-Identifier: Apache-2.0
// Tables of companies, keys, prices and balances. Migrations are numbered across the whole product and never edited
// after they landed.

public import SQL

public enum AccountsMigrations {
    public static let all: [Migration] = [
        Migration(
            number: 1, name: "accounts",
            statements: [
                """
                CREATE TABLE companies (
                    id {{id}},
                    name TEXT NOT NULL UNIQUE,
                    prepaid BIGINT NOT NULL DEFAULT 0,
                    balance BIGINT NOT NULL DEFAULT 0,
                    currency TEXT NOT NULL DEFAULT 'EUR',
                    webhook_secrets TEXT NOT NULL DEFAULT '',
                    origin TEXT NOT NULL,
                    created_at BIGINT NOT NULL
                )
                """,
                """
                CREATE TABLE api_keys (
                    id {{id}},
                    company_id BIGINT NOT NULL REFERENCES companies (id),
                    name TEXT NOT NULL,
                    hash BYTEA NOT NULL UNIQUE,
                    scopes TEXT NOT NULL,
                    expires_at BIGINT,
                    origin TEXT NOT NULL,
                    created_at BIGINT NOT NULL,
                    UNIQUE (company_id, name)
                )
                """,
                """
                CREATE TABLE prices (
                    id {{id}},
                    company_id BIGINT REFERENCES companies (id),
                    direction TEXT NOT NULL,
                    prefix TEXT NOT NULL,
                    mcc TEXT NOT NULL,
                    mnc TEXT NOT NULL,
                    ttid TEXT NOT NULL,
                    currency TEXT NOT NULL,
                    amount BIGINT NOT NULL,
                    effective_from BIGINT NOT NULL,
                    origin TEXT NOT NULL
                )
                """,
                """
                CREATE TABLE ledger (
                    id {{id}},
                    company_id BIGINT NOT NULL REFERENCES companies (id),
                    message_id BYTEA,
                    kind TEXT NOT NULL,
                    amount BIGINT NOT NULL,
                    at BIGINT NOT NULL
                )
                """,
                "CREATE INDEX ledger_by_company ON ledger (company_id, id)",
            ])
    ]
}
