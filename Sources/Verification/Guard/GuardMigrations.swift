// SPDX-License-Identifier: Apache-2.0
// Tables of the limits and of the pumping guard.

internal import SQL

enum GuardMigrations {
    static let all = [
        Migration(number: 6, name: "verification-guard", statements: limits + prefixes + codes)
    ]

    private static let limits = [
        """
        CREATE TABLE verification_counts (
            company_id BIGINT NOT NULL,
            scope TEXT NOT NULL,
            item TEXT NOT NULL,
            counts BYTEA NOT NULL,
            until BIGINT NOT NULL,
            PRIMARY KEY (company_id, scope, item)
        ) {{clustered}}
        """,
        "CREATE INDEX verification_counts_until ON verification_counts (until)",
    ]

    private static let prefixes = [
        // Amounts of money are micros; `expected` to `threshold` are what was last judged.
        """
        CREATE TABLE guard_prefixes (
            company_id BIGINT NOT NULL,
            prefix TEXT NOT NULL,
            phase TEXT NOT NULL,
            blocked_until BIGINT,
            proven BIGINT NOT NULL,
            strikes BIGINT NOT NULL,
            blocked_at BIGINT,
            sent BIGINT NOT NULL,
            verified BIGINT NOT NULL,
            refused BIGINT NOT NULL,
            spent BIGINT NOT NULL,
            stopped BIGINT NOT NULL,
            history_sent DOUBLE PRECISION NOT NULL,
            history_verified DOUBLE PRECISION NOT NULL,
            held_sent DOUBLE PRECISION NOT NULL,
            held_verified DOUBLE PRECISION NOT NULL,
            suspected_sent DOUBLE PRECISION NOT NULL,
            suspected_verified DOUBLE PRECISION NOT NULL,
            ripe_evidence DOUBLE PRECISION NOT NULL,
            usual_open DOUBLE PRECISION NOT NULL,
            recent BYTEA NOT NULL,
            faded_at BIGINT NOT NULL,
            expected DOUBLE PRECISION NOT NULL,
            evidence DOUBLE PRECISION NOT NULL,
            threshold DOUBLE PRECISION NOT NULL,
            changed_at BIGINT NOT NULL,
            PRIMARY KEY (company_id, prefix)
        ) {{clustered}}
        """,
        "CREATE INDEX guard_prefixes_blocked ON guard_prefixes (company_id, prefix) WHERE phase <> 'watching'",
        "CREATE INDEX guard_prefixes_changed ON guard_prefixes (changed_at)",
        // What operators decided; company 0 stands for all.
        """
        CREATE TABLE guard_rules (
            company_id BIGINT NOT NULL,
            prefix TEXT NOT NULL,
            rule TEXT NOT NULL,
            PRIMARY KEY (company_id, prefix)
        ) {{clustered}}
        """,
    ]

    private static let codes = [
        // Codes that have not been verified, by a hash of the number; `counted` ones say something about prefixes.
        """
        CREATE TABLE guard_codes (
            company_id BIGINT NOT NULL,
            number BYTEA NOT NULL,
            otp_id BYTEA NOT NULL,
            sent_at BIGINT NOT NULL,
            counted BIGINT NOT NULL,
            PRIMARY KEY (company_id, number, otp_id, sent_at)
        ) {{clustered}}
        """,
        "CREATE INDEX guard_codes_sent ON guard_codes (sent_at)",
        // Numbers that have verified; `unproven` counts the codes since.
        """
        CREATE TABLE guard_numbers (
            company_id BIGINT NOT NULL,
            number BYTEA NOT NULL,
            verified_at BIGINT NOT NULL,
            unproven BIGINT NOT NULL,
            PRIMARY KEY (company_id, number)
        ) {{clustered}}
        """,
        "CREATE INDEX guard_numbers_verified ON guard_numbers (verified_at)",
    ]
}
