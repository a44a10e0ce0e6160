// SPDX-License-Identifier: Apache-2.0
// Tables of channels, connectors, routes, messages, events, jobs and deliveries. Partial indexes keep the queues' scans
// as short as what is due: a row leaves its index in the statement that finishes it.

internal import Accounts
public import SQL

public enum MessagingMigrations {
    /// Every migration of the core, in the order in which they run.
    public static let all: [Migration] =
        AccountsMigrations.all + [
            Migration(number: 2, name: "messaging", statements: routing + messages + queues + inbound), operations,
            channels,
        ]

    private static let routing = [
        "CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
        """
        CREATE TABLE connectors (
            id {{id}},
            name TEXT NOT NULL UNIQUE,
            kind TEXT NOT NULL,
            settings TEXT NOT NULL,
            secret TEXT NOT NULL,
            receipt_id_form TEXT,
            enabled BIGINT NOT NULL DEFAULT 1,
            origin TEXT NOT NULL
        )
        """,
        """
        CREATE TABLE routes (
            id {{id}},
            gateway TEXT NOT NULL,
            prefix TEXT NOT NULL,
            connectors TEXT NOT NULL,
            origin TEXT NOT NULL,
            UNIQUE (gateway, prefix)
        )
        """,
        """
        CREATE TABLE channels (
            id {{id}},
            company_id BIGINT NOT NULL REFERENCES companies (id),
            kind TEXT NOT NULL,
            address TEXT NOT NULL,
            inbound_url TEXT,
            inbound_method TEXT NOT NULL DEFAULT 'POST',
            origin TEXT NOT NULL,
            UNIQUE (kind, address)
        )
        """,
    ]

    private static let messages = [
        """
        CREATE TABLE messages (
            company_id BIGINT NOT NULL,
            id BYTEA NOT NULL,
            direction BIGINT NOT NULL,
            surface TEXT NOT NULL,
            kind TEXT NOT NULL,
            sender TEXT NOT NULL,
            recipient TEXT NOT NULL,
            content TEXT,
            reference TEXT,
            status BIGINT NOT NULL,
            size BIGINT NOT NULL,
            gateway TEXT NOT NULL,
            created_at BIGINT NOT NULL,
            send_at BIGINT,
            expires_at BIGINT NOT NULL,
            sent_at BIGINT,
            done_at BIGINT,
            price BIGINT,
            currency TEXT,
            price_effective BIGINT,
            mccmnc TEXT,
            ttid TEXT,
            report_url TEXT,
            report_method TEXT,
            error_code TEXT,
            error_reason TEXT,
            expects_conversion BIGINT NOT NULL,
            converted_at BIGINT,
            duplicate BIGINT NOT NULL,
            reserved BIGINT NOT NULL,
            PRIMARY KEY (company_id, id, direction)
        ) {{clustered}}
        """,
        "CREATE INDEX messages_open ON messages (expires_at) WHERE done_at IS NULL",
        "CREATE INDEX messages_done ON messages (done_at) WHERE done_at IS NOT NULL",
        """
        CREATE TABLE parts (
            company_id BIGINT NOT NULL,
            message_id BYTEA NOT NULL,
            step BIGINT NOT NULL,
            number BIGINT NOT NULL,
            attempt BIGINT NOT NULL,
            connector_id BIGINT NOT NULL,
            state BIGINT NOT NULL,
            provider_id TEXT,
            provider_key TEXT,
            error_code TEXT,
            submitted_at BIGINT,
            done_at BIGINT,
            duplicate BIGINT NOT NULL,
            PRIMARY KEY (company_id, message_id, step, number)
        ) {{clustered}}
        """,
        "CREATE INDEX parts_by_provider ON parts (connector_id, provider_key) WHERE provider_key IS NOT NULL",
        """
        CREATE TABLE events (
            id {{id}},
            company_id BIGINT NOT NULL,
            message_id BYTEA NOT NULL,
            kind TEXT NOT NULL,
            at BIGINT NOT NULL,
            detail TEXT,
            transaction_id BIGINT NOT NULL {{xid}}
        )
        """,
        "CREATE INDEX events_by_message ON events (company_id, message_id)",
        """
        CREATE TABLE idempotency_keys (
            company_id BIGINT NOT NULL,
            key TEXT NOT NULL,
            request_hash BYTEA NOT NULL,
            answer BYTEA NOT NULL,
            created_at BIGINT NOT NULL,
            PRIMARY KEY (company_id, key)
        )
        """,
        "CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at)",
    ]

    private static let queues = [
        """
        CREATE TABLE nodes (
            name TEXT PRIMARY KEY,
            lease BIGINT NOT NULL,
            alive_until BIGINT NOT NULL
        )
        """,
        """
        CREATE TABLE jobs (
            company_id BIGINT NOT NULL,
            message_id BYTEA NOT NULL,
            due_at BIGINT NOT NULL,
            lease BIGINT NOT NULL,
            PRIMARY KEY (company_id, message_id)
        ) {{clustered}}
        """,
        "CREATE INDEX jobs_due ON jobs (due_at) WHERE lease = 0",
        "CREATE INDEX jobs_leased ON jobs (lease) WHERE lease <> 0",
        """
        CREATE TABLE deliveries (
            id {{id}},
            company_id BIGINT NOT NULL,
            message_id BYTEA NOT NULL,
            webhook_id TEXT NOT NULL,
            event TEXT NOT NULL,
            promise TEXT NOT NULL,
            url TEXT NOT NULL,
            method TEXT NOT NULL,
            content_type TEXT NOT NULL,
            body BYTEA NOT NULL,
            state BIGINT NOT NULL,
            due_at BIGINT NOT NULL,
            lease BIGINT NOT NULL,
            attempts BIGINT NOT NULL,
            created_at BIGINT NOT NULL,
            done_at BIGINT,
            last_status BIGINT,
            last_error TEXT
        )
        """,
        "CREATE INDEX deliveries_due ON deliveries (due_at) WHERE state = 0 AND lease = 0",
        "CREATE INDEX deliveries_leased ON deliveries (lease) WHERE lease <> 0",
        "CREATE INDEX deliveries_undelivered ON deliveries (company_id, id) WHERE state = 2",
        "CREATE INDEX deliveries_done ON deliveries (done_at) WHERE done_at IS NOT NULL",
    ]

    private static let inbound = [
        """
        CREATE TABLE receipts (
            id {{id}},
            connector_id BIGINT NOT NULL,
            provider_id TEXT NOT NULL,
            provider_key TEXT NOT NULL,
            recipient TEXT NOT NULL,
            state BIGINT NOT NULL,
            error_code TEXT,
            at BIGINT NOT NULL,
            received_at BIGINT NOT NULL
        )
        """,
        "CREATE INDEX receipts_by_provider ON receipts (connector_id, provider_key)",
        "CREATE INDEX receipts_by_age ON receipts (received_at)",
        """
        CREATE TABLE inbound_parts (
            id {{id}},
            channel_id BIGINT NOT NULL,
            connector_id BIGINT NOT NULL,
            sender TEXT NOT NULL,
            recipient TEXT NOT NULL,
            reference BIGINT NOT NULL,
            total BIGINT NOT NULL,
            number BIGINT NOT NULL,
            content TEXT NOT NULL,
            provider_id TEXT NOT NULL,
            sent_at BIGINT NOT NULL,
            received_at BIGINT NOT NULL,
            UNIQUE (channel_id, sender, reference, total, number)
        )
        """,
        "CREATE INDEX inbound_parts_by_age ON inbound_parts (received_at)",
        """
        CREATE TABLE inbound_unacknowledged (
            connector_id BIGINT NOT NULL,
            fingerprint BYTEA NOT NULL,
            bind TEXT NOT NULL,
            received_at BIGINT NOT NULL,
            PRIMARY KEY (connector_id, fingerprint)
        )
        """,
        """
        CREATE TABLE inbound_contents (
            company_id BIGINT NOT NULL,
            message_id BYTEA NOT NULL,
            number BIGINT NOT NULL,
            provider_id TEXT NOT NULL,
            sent_at BIGINT NOT NULL,
            PRIMARY KEY (company_id, message_id, number)
        )
        """,
    ]
}
