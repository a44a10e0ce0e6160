# SPDX-License-Identifier: Apache-2.0
"""Verifies the signatures of received webhooks with the reference library of Standard Webhooks (PyPI
`standardwebhooks`), independent of our own code. Run alone, it confirms the vectors of SignatureTests.swift."""

import base64
import datetime
import hashlib
import hmac
import sys

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

HASHES = {"HMAC-SHA256": hashlib.sha256, "HMAC-SHA512": hashlib.sha512}


def verify(secret, headers, body):
    """Checks a delivery of now; returns its parsed JSON body or raises WebhookVerificationError.

    secret: `whsec_…` text, or bytes as they are; headers: any mapping; body: bytes as received.
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    return Webhook(secret).verify(body, lowered)


def verify_v1(secret, headers, body, algorithm="HMAC-SHA256"):
    """Checks the three headers of Signature V1.0; returns nothing or raises ValueError."""
    lowered = {name.lower(): value for name, value in headers.items()}
    if lowered.get("x-signature-version") != "V1.0":
        raise ValueError("x-signature-version is not V1.0")
    signed = lowered["x-request-timestamp"].encode() + b"\n" + body
    code = hmac.new(secret, signed, HASHES[algorithm]).digest()
    expected = base64.urlsafe_b64encode(code).rstrip(b"=").decode()
    if not hmac.compare_digest(expected, lowered["x-signature"]):
        raise ValueError("x-signature does not match")


VECTORS = [
    (
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
        '{"test": 2432232314}', "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    ),
    (
        "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "evt_1", 1790000000,
        '{"text":"Grüße 👋"}', "v1,ol9Zxl0Ovv+WbnYplovFxtT6TsLO3nOYbjv4Kzr8Atk=",
    ),
]

VECTORS_V1 = {
    "HMAC-SHA256": "dUNXRq6a1I4W3UR8wmOlI9CzIgUYBUCKqZKx7z1W0-w",
    "HMAC-SHA512": "vzV-ck0p_9Z8Cbm9yZv7VxDxxkVumKd6UrrdcKoOdNr5i8QRmdaCTY5yu2-auixWyTwx96aAChfLYfwTq4CWKg",
}


def main():
    for secret, identifier, timestamp, body, signature in VECTORS:
        moment = datetime.datetime.fromtimestamp(timestamp, tz=datetime.timezone.utc)
        assert Webhook(secret).sign(identifier, moment, body) == signature, identifier

    secret, now, body = VECTORS[0][0], datetime.datetime.now(tz=datetime.timezone.utc), '{"a":1}'
    headers = {
        "Webhook-Id": "evt_2",
        "Webhook-Timestamp": str(int(now.timestamp())),
        "Webhook-Signature": "v1,AAAA " + Webhook(secret).sign("evt_2", now, body),
    }
    assert verify(secret, headers, body.encode()) == {"a": 1}
    try:
        verify(secret, headers, b'{"a":2}')
    except WebhookVerificationError:
        pass
    else:
        raise AssertionError("a changed body verified")

    for algorithm, signature in VECTORS_V1.items():
        headers = {"X-Signature": signature, "X-Request-Timestamp": "1790000000", "X-Signature-Version": "V1.0"}
        verify_v1(b"s3cret", headers, b'{"a":1}', algorithm)
    print("webhook signatures: all vectors confirmed")


if __name__ == "__main__":
    sys.exit(main())
