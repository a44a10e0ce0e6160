// SPDX-License-Identifier: Apache-2.0
// Tables of look-ups, of answers that are kept for a while, and of ported numbers in generations.

public import SQL

public enum NumberInfoMigrations {
    public static let all: [Migration] = [
        Migration(number: 7, name: "numbers", statements: lookups + answers + portedNumbers)
    ]

    /// State: 0 under way, 1 answered, 2 ended without an answer.
    private static let lookups = [
        """
        CREATE TABLE lookups (
            company_id BIGINT NOT NULL,
            id BYTEA NOT NULL,
            question TEXT NOT NULL,
            number TEXT NOT NULL,
            state BIGINT NOT NULL,
            price BIGINT,
            currency TEXT NOT NULL,
            price_effective BIGINT,
            reserved BIGINT NOT NULL,
            callback_url TEXT,
            trace TEXT,
            lease BIGINT NOT NULL,
            error_code TEXT,
            created_at BIGINT NOT NULL,
            done_at BIGINT,
            PRIMARY KEY (company_id, id)
        ) {{clustered}}
        """,
        "CREATE INDEX lookups_waiting ON lookups (created_at) WHERE state = 0 AND lease = 0",
        "CREATE INDEX lookups_leased ON lookups (lease) WHERE state = 0 AND lease <> 0",
        "CREATE INDEX lookups_done ON lookups (done_at) WHERE done_at IS NOT NULL",
    ]

    /// `revision` is that of the ported numbers with which an answer was put together.
    private static let answers = [
        """
        CREATE TABLE number_answers (
            number BIGINT NOT NULL,
            question TEXT NOT NULL,
            facts TEXT NOT NULL,
            revision BIGINT NOT NULL,
            expires_at BIGINT NOT NULL,
            PRIMARY KEY (number, question)
        ) {{clustered}}
        """,
        "CREATE INDEX number_answers_by_expiry ON number_answers (expires_at)",
    ]

    /// A generation is what one import brought: a whole table, or changes to what was there before. Of a number the newest
    /// generation in force has the word; network 0 says that the number is ported no longer. State: 0 being imported,
    /// 1 in force, 2 not in force, 3 and without rows. Days count from 1970-01-01.
    private static let portedNumbers = [
        """
        CREATE TABLE ported_generations (
            id {{id}},
            whole BIGINT NOT NULL,
            state BIGINT NOT NULL,
            lease BIGINT NOT NULL,
            row_count BIGINT NOT NULL DEFAULT 0,
            created_at BIGINT NOT NULL,
            activated_at BIGINT
        )
        """,
        // One import at a time.
        "CREATE UNIQUE INDEX ported_generations_loading ON ported_generations (state) WHERE state = 0",
        """
        CREATE TABLE ported_networks (
            id {{id}},
            mcc TEXT NOT NULL,
            mnc TEXT NOT NULL,
            operator TEXT NOT NULL,
            UNIQUE (mcc, mnc, operator)
        )
        """,
        """
        CREATE TABLE ported_numbers (
            generation BIGINT NOT NULL,
            number BIGINT NOT NULL,
            network_id BIGINT NOT NULL,
            ported_on BIGINT,
            PRIMARY KEY (generation, number)
        ) {{clustered}}
        """,
    ]
}
