// SPDX-License-Identifier: Apache-2.0
// What the chat channels need: their connectors and settings, chains and bulks, contacts and conversations, media.

internal import SQL

extension MessagingMigrations {
    static let channels = Migration(
        number: 4, name: "channels", statements: settings + messages + people + media)

    private static let settings = [
        "ALTER TABLE channels ADD COLUMN name TEXT",
        "ALTER TABLE channels ADD COLUMN connector_id BIGINT REFERENCES connectors (id)",
        "ALTER TABLE channels ADD COLUMN settings TEXT NOT NULL DEFAULT '{}'",
        // Sealed as a whole: it holds the secrets of callbacks and media.
        """
        CREATE TABLE company_settings (
            company_id BIGINT PRIMARY KEY REFERENCES companies (id),
            settings TEXT NOT NULL
        )
        """,
    ]

    private static let messages = [
        "ALTER TABLE messages ADD COLUMN step BIGINT NOT NULL DEFAULT 0",
        "ALTER TABLE messages ADD COLUMN extra TEXT",
        "ALTER TABLE messages ADD COLUMN conversation_id BIGINT",
        "ALTER TABLE messages ADD COLUMN erase_at BIGINT",
        "CREATE INDEX messages_erasing ON messages (erase_at) WHERE erase_at IS NOT NULL",
        "CREATE INDEX messages_by_conversation ON messages (conversation_id, id) WHERE conversation_id IS NOT NULL",
        "ALTER TABLE parts ADD COLUMN conversation TEXT",
        "ALTER TABLE receipts ADD COLUMN reason TEXT",
        "ALTER TABLE receipts ADD COLUMN conversation TEXT",
        "ALTER TABLE events ADD COLUMN channel TEXT",
        "ALTER TABLE events ADD COLUMN reason TEXT",
        // A job is for one step of its message: what a node still holds of the step before is not sent.
        "ALTER TABLE jobs ADD COLUMN step BIGINT NOT NULL DEFAULT 0",
        // When a message moves on to its next channel unless the awaited status comes first.
        """
        CREATE TABLE fallbacks (
            company_id BIGINT NOT NULL,
            message_id BYTEA NOT NULL,
            step BIGINT NOT NULL,
            due_at BIGINT NOT NULL,
            PRIMARY KEY (company_id, message_id)
        ) {{clustered}}
        """,
        "CREATE INDEX fallbacks_due ON fallbacks (due_at)",
        "ALTER TABLE deliveries ADD COLUMN account_headers BIGINT NOT NULL DEFAULT 0",
    ]

    private static let people = [
        """
        CREATE TABLE contacts (
            id {{id}},
            company_id BIGINT NOT NULL REFERENCES companies (id),
            name TEXT,
            created_at BIGINT NOT NULL
        )
        """,
        "CREATE INDEX contacts_by_company ON contacts (company_id, id)",
        """
        CREATE TABLE identities (
            company_id BIGINT NOT NULL,
            kind TEXT NOT NULL,
            value TEXT NOT NULL,
            contact_id BIGINT NOT NULL REFERENCES contacts (id),
            PRIMARY KEY (company_id, kind, value)
        ) {{clustered}}
        """,
        "CREATE INDEX identities_by_contact ON identities (contact_id)",
        """
        CREATE TABLE conversations (
            id {{id}},
            company_id BIGINT NOT NULL,
            channel_id BIGINT NOT NULL,
            contact_id BIGINT NOT NULL REFERENCES contacts (id),
            created_at BIGINT NOT NULL,
            last_message_at BIGINT NOT NULL,
            last_inbound_at BIGINT,
            unread BIGINT NOT NULL DEFAULT 0,
            UNIQUE (channel_id, contact_id)
        )
        """,
        "CREATE INDEX conversations_by_company ON conversations (company_id, last_message_at)",
        // The provider's ids of inbound messages: a repetition is known by its id, and so is a message that is answered,
        // read or taken back.
        """
        CREATE TABLE inbound_ids (
            channel_id BIGINT NOT NULL,
            provider_id TEXT NOT NULL,
            company_id BIGINT NOT NULL,
            message_id BYTEA NOT NULL,
            received_at BIGINT NOT NULL,
            PRIMARY KEY (channel_id, provider_id)
        ) {{clustered}}
        """,
        "CREATE INDEX inbound_ids_by_message ON inbound_ids (company_id, message_id)",
    ]

    private static let media = [
        // State: 0 on its way, 1 stored, 2 with the provider. The chunks are those of `content_id`: mostly the medium's own,
        // of a fetched one those under which it arrived.
        """
        CREATE TABLE media (
            id BYTEA PRIMARY KEY,
            company_id BIGINT NOT NULL,
            content_id BYTEA NOT NULL,
            content_type TEXT,
            filename TEXT,
            size BIGINT,
            created_at BIGINT NOT NULL,
            expires_at BIGINT NOT NULL,
            one_time BIGINT NOT NULL DEFAULT 0,
            used_at BIGINT,
            inbound BIGINT NOT NULL DEFAULT 0,
            state BIGINT NOT NULL,
            connector_id BIGINT,
            source TEXT
        )
        """,
        "CREATE INDEX media_by_company ON media (company_id, inbound, id)",
        "CREATE INDEX media_expiring ON media (expires_at)",
        """
        CREATE TABLE media_chunks (
            media_id BYTEA NOT NULL,
            number BIGINT NOT NULL,
            bytes BYTEA NOT NULL,
            PRIMARY KEY (media_id, number)
        )
        """,
    ]
}
