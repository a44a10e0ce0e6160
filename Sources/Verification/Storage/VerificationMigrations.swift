// SPDX-License-Identifier: Apache-2.0
// Tables of applications, their templates, one-time passwords, their sendings and their events. Partial indexes hold what
// the clean-up looks for and nothing else.

internal import SQL

enum VerificationMigrations {
    static let all = [
        Migration(number: 5, name: "verification", statements: applications + passwords)
    ]

    private static let applications = [
        """
        CREATE TABLE verification_applications (
            company_id BIGINT NOT NULL REFERENCES companies (id),
            id BYTEA NOT NULL,
            is_default BIGINT NOT NULL,
            name TEXT NOT NULL,
            pin_length BIGINT NOT NULL,
            alphanumeric BIGINT NOT NULL,
            attempts BIGINT NOT NULL,
            expire BIGINT NOT NULL,
            sender TEXT NOT NULL,
            caller TEXT,
            created_at BIGINT NOT NULL,
            deleted_at BIGINT,
            PRIMARY KEY (company_id, id)
        ) {{clustered}}
        """,
        "CREATE UNIQUE INDEX verification_default ON verification_applications (company_id) WHERE is_default = 1",
        // An empty `channel` is for every channel without a template of its own.
        """
        CREATE TABLE verification_templates (
            company_id BIGINT NOT NULL,
            application_id BYTEA NOT NULL,
            language TEXT NOT NULL,
            channel TEXT NOT NULL,
            text TEXT NOT NULL,
            PRIMARY KEY (company_id, application_id, language, channel)
        ) {{clustered}}
        """,
    ]

    private static let passwords = [
        // `mark`, `secret` and `client_address` are there only while a code is of use.
        """
        CREATE TABLE otps (
            company_id BIGINT NOT NULL,
            id BYTEA NOT NULL,
            application_id BYTEA NOT NULL,
            number TEXT NOT NULL,
            status TEXT NOT NULL,
            attempts BIGINT NOT NULL,
            attempt_limit BIGINT NOT NULL,
            sends BIGINT NOT NULL,
            created_at BIGINT NOT NULL,
            expires_at BIGINT NOT NULL,
            ended_at BIGINT,
            deleted_at BIGINT,
            reference_id TEXT,
            language TEXT NOT NULL,
            mark BYTEA,
            secret TEXT,
            client_address TEXT,
            PRIMARY KEY (company_id, id)
        )
        """,
        "CREATE INDEX otps_by_number ON otps (company_id, number, id)",
        "CREATE INDEX otps_open ON otps (expires_at) WHERE ended_at IS NULL",
        "CREATE INDEX otps_ended ON otps (ended_at) WHERE ended_at IS NOT NULL",
        """
        CREATE TABLE otp_sends (
            company_id BIGINT NOT NULL,
            otp_id BYTEA NOT NULL,
            number BIGINT NOT NULL,
            message_id BYTEA NOT NULL,
            channel TEXT NOT NULL,
            at BIGINT NOT NULL,
            price BIGINT,
            PRIMARY KEY (company_id, otp_id, number)
        ) {{clustered}}
        """,
        // `send` is the sending that a RESENT is about.
        """
        CREATE TABLE otp_events (
            id {{id}},
            company_id BIGINT NOT NULL,
            otp_id BYTEA NOT NULL,
            type TEXT NOT NULL,
            status TEXT,
            at BIGINT NOT NULL,
            send BIGINT
        )
        """,
        "CREATE INDEX otp_events_by_otp ON otp_events (company_id, otp_id, id)",
    ]
}
