# SPDX-License-Identifier: Apache-2.0
"""Fills a database with messages that have run their course, as three months of traffic leave them: every message with
its part and its events, the last week's with the deliveries of their reports. Rows go in by SQL, in the order in which
they would have come."""

import contextlib
import os
import sqlite3
import time

MESSAGES = """
INSERT INTO messages (company_id, id, direction, surface, kind, sender, recipient, content, reference, status, size,
    gateway, created_at, expires_at, sent_at, done_at, price, currency, price_effective, mccmnc, ttid, report_url,
    report_method, expects_conversion, duplicate, reserved)
SELECT 1, {id}, 0, 'sms', 'sms', '49301234567', '49170' || (1000000 + n % 9000000),
    CASE WHEN n < {recent} THEN NULL ELSE
    '{{"text":"Your parcel arrives today between 14 and 16. Track it at https://example.com/t/8a41f"}}' END,
    'order-' || n, {delivered}, 1, 'DEFAULT', {at}, {at} + 172800000, {at} + 50, {at} + 5000, 75000, 'EUR', 0, '26201',
    '', 'https://customer.example/reports', 'POST', 0, 0, 0
FROM {numbers}
"""
PARTS = """
INSERT INTO parts (company_id, message_id, step, number, attempt, connector_id, state, provider_id, provider_key,
    submitted_at, done_at, duplicate)
SELECT 1, {id}, 0, 1, 1, 1, {part_delivered}, 'f' || n, 'f' || n, {at} + 50, {at} + 5000, 0 FROM {numbers}
"""
EVENTS = """
INSERT INTO events (company_id, message_id, kind, at)
SELECT 1, {id}, kind, {at} + later FROM {numbers}
CROSS JOIN (SELECT 'accepted' AS kind, 0 AS later UNION ALL SELECT 'sent', 50
    UNION ALL SELECT 'delivered', 5000) AS facts
"""
DELIVERIES = """
INSERT INTO deliveries (company_id, message_id, webhook_id, event, promise, url, method, content_type, body, state,
    due_at, lease, attempts, created_at, done_at, last_status)
SELECT 1, {id}, 'msg_' || n, 'status', 'everyTenSeconds', 'https://customer.example/reports', 'POST',
    'application/json', {body}, 1, {at} + 5000, 0, 1, {at} + 5000, {at} + 5100, 200
FROM {numbers} WHERE n >= {recent_week}
"""
SPAN = 90 * 86_400_000
SLICE = 100_000
# MessageStatus and PartState as they are stored.
MESSAGE_DELIVERED, PART_DELIVERED = 50, 10


def fill(parley, count, progress):
    """Adds `count` messages to a server's database while the server is down; its tables must be there."""
    now = int(time.time() * 1000)
    step = max(1, SPAN // count)
    start = now - 86_400_000 - step * count
    for first in range(0, count, SLICE):
        last = min(count, first + SLICE)
        texts = [
            text.format(
                at=f"({start} + n * {step})", recent=int(count * (1 - 2 / 90)), recent_week=int(count * (1 - 7 / 90)),
                delivered=MESSAGE_DELIVERED, part_delivered=PART_DELIVERED,
                **_dialect(parley, first, last, start, step))
            for text in (MESSAGES, PARTS, EVENTS, DELIVERIES)]
        _run(parley, texts)
        progress(last)
    # What the server's own checkpoints and autovacuum would have done by then.
    _run(parley, ["ANALYZE"] if parley.postgres else ["PRAGMA wal_checkpoint(TRUNCATE)"])


def _dialect(parley, first, last, start, step):
    body = "x" * 500
    if parley.postgres:
        hexadecimal = (f"lpad(to_hex({start}::bigint + n * {step}::bigint), 12, '0') || '7'"
                       " || lpad(to_hex(n % 4096), 3, '0') || '8' || substr(md5(n::text), 1, 15)")
        return {"id": f"decode({hexadecimal}, 'hex')", "body": f"'{body}'::bytea",
                "numbers": f"generate_series({first}::bigint, {last - 1}::bigint) AS numbers (n)"}
    return {"id": f"uuid7({start} + n * {step}, n)", "body": f"CAST('{body}' AS BLOB)",
            "numbers": f"(WITH RECURSIVE series (n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM series"
                       f" WHERE n < {last - 1}) SELECT n FROM series) AS numbers"}


def _run(parley, texts):
    if parley.postgres:
        for text in texts:
            parley.postgres.query(text, seconds=600)
        return
    with contextlib.closing(sqlite3.connect(parley.folder / "parley.db")) as database:
        database.execute("PRAGMA synchronous = OFF")
        database.execute("PRAGMA cache_size = -262144")
        database.create_function("uuid7", 2, _uuid7)
        with database:
            for text in texts:
                database.execute(text)


# One message's id is asked for by each of its rows.
def _uuid7(milliseconds, number):
    low = (number * 0x9E3779B97F4A7C15) & 0x3FFFFFFFFFFFFFFF | 0x8000000000000000
    return (milliseconds << 80 | 0x7 << 76 | (number & 0xFFF) << 64 | low).to_bytes(16, "big")


def size(parley):
    """Bytes of the database."""
    if parley.postgres:
        return int(parley.postgres.query("SELECT pg_database_size(current_database())"))
    return os.path.getsize(parley.folder / "parley.db")
