# SPDX-License-Identifier: Apache-2.0
"""Requests that the server must refuse, each with its proper error, and clients that are too slow."""

import socket
import threading
import time

from loopback import Client
from support import equal

SMS = "/messaging/v1/sms"
GOOD = {"from": "Parley", "to": "+4915112345000", "message": "Hello"}
# The server gives a request 15 seconds and its answer 5 more.
SLOW_LIMIT = 22

# What is changed in a good request (None takes the member away), and the field that the refusal names.
REFUSED_FIELDS = [
    ({"to": None}, "to"), ({"to": ""}, "to"), ({"to": ["+4915112345000"]}, "to"), ({"to": {"a": 1}}, "to"),
    ({"to": True}, "to"), ({"to": "12345"}, "to"), ({"to": "+49151123450001234567"}, "to"), ({"to": "hello"}, "to"),
    ({"to": "015112345000"}, "to"),
    ({"from": None}, "from"), ({"from": "TwelveLetter"}, "from"), ({"from": "12"}, "from"), ({"from": []}, "from"),
    ({"from": "Пример"}, "from"), ({"from": "1234567890123456"}, "from"),
    ({"message": None}, "message"), ({"message": ""}, "message"), ({"message": {"text": "x"}}, "message"),
    ({"message": "Привет", "encoding": "GSM7"}, "message"),
    ({"message": "x" * 613}, "partLimit"), ({"message": "x" * 161, "partLimit": 1}, "partLimit"),
    ({"message": "ж" * 71, "partLimit": "1"}, "partLimit"), ({"partLimit": 0}, "partLimit"),
    ({"partLimit": 256}, "partLimit"), ({"partLimit": "many"}, "partLimit"),
    ({"encoding": "UTF8"}, "encoding"), ({"gateway": "NOWHERE"}, "gateway"),
    ({"sendDateTime": "tomorrow"}, "sendDateTime"), ({"sendDateTime": "2020-01-01T00:00:00Z"}, "sendDateTime"),
    ({"validity": 0}, "validity"), ({"validity": 10_081}, "validity"), ({"validity": "long"}, "validity"),
    ({"validity": 1.5}, "validity"), ({"reference": "r" * 256}, "reference"),
    ({"callbackUrl": "not a url"}, "callbackUrl"), ({"callbackUrl": "ftp://127.0.0.1/"}, "callbackUrl"),
    ({"callbackUrl": 7}, "callbackUrl"), ({"callbackMethod": "PUT"}, "callbackMethod"),
    ({"trate": 1.5}, "trate"), ({"trate": "much"}, "trate"), ({"mrate": -0.1}, "mrate"),
    ({"upperCased": "maybe"}, "upperCased"), ({"keepEmojis": 5}, "keepEmojis"), ({"flash": "yes"}, "flash"),
    ({"conversion": []}, "conversion"),
]

JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
GOOD_JSON = b'{"from":"Parley","to":"+4915112345000","message":"Hello"}'

# Name, method, path, headers, body, status.
REFUSED_REQUESTS = [
    ("no key", "POST", SMS, JSON | {"apikey": ""}, GOOD_JSON, 401),
    ("a wrong key", "POST", SMS, JSON | {"apikey": "wrong-key-0123456789"}, GOOD_JSON, 401),
    ("a wrong key in the query", "GET", SMS + "?apiKey=wrong", {"apikey": ""}, None, 401),
    ("no key for a status", "GET", "/messaging/v1/messages/x", {"apikey": ""}, None, 401),
    ("truncated JSON", "POST", SMS, JSON, GOOD_JSON[:-10], 400),
    ("JSON that is an array", "POST", SMS, JSON, b"[" + GOOD_JSON + b"]", 400),
    ("JSON that is text", "POST", SMS, JSON, b'"hello"', 400),
    ("something after the JSON", "POST", SMS, JSON, GOOD_JSON + b"}", 400),
    ("bytes that are not UTF-8", "POST", SMS, JSON, b'{"message":"\xff\xfe"}', 400),
    ("JSON too deep to be a request", "POST", SMS, JSON, b'{"to":' + b"[" * 100_000, 400),
    ("a form with a broken escape", "POST", SMS, FORM, b"message=%zz", 400),
    ("a query that is not UTF-8", "POST", SMS + "?message=%ff%fe", {}, None, 400),
    ("no body and no query", "POST", SMS, {}, None, 400),
    ("an empty object", "POST", SMS, JSON, b"{}", 400),
    ("an unknown content type", "POST", SMS, {"content-type": "application/xml"}, b"<sms/>", 415),
    ("no content type", "POST", SMS, {"content-type": ""}, GOOD_JSON, 415),
    ("a body over 256 KiB", "POST", SMS, JSON, b'{"message":"' + b"x" * 300_000 + b'"}', 413),
    ("an Idempotency-Key too long", "POST", SMS, JSON | {"Idempotency-Key": "k" * 256}, GOOD_JSON, 400),
    ("an unknown path", "GET", "/messaging/v1/nothing", {}, None, 404),
    ("an unknown path outside", "POST", "/nothing", {}, None, 404),
    ("a wrong method", "DELETE", SMS, {}, None, 405),
    ("a wrong method for the status", "POST", "/messaging/v1/messages/x", {}, None, 405),
    ("a wrong method for health", "POST", "/health", {}, None, 405),
    ("a malformed requestId", "GET", "/messaging/v1/messages/not-an-id", {}, None, 404),
    ("an unknown requestId", "GET", "/messaging/v1/messages/01970000-0000-7000-8000-000000000000", {}, None, 404),
    ("a conversion of nothing", "POST", "/messaging/v1/conversion", JSON, b"{}", 400),
    ("a conversion of an unknown message", "POST", "/messaging/v1/conversion", JSON,
     b'{"requestId":"01970000-0000-7000-8000-000000000000"}', 404),
]


def check_problem(answer, status):
    """A problem document (RFC 7807) as this API writes it."""
    equal(answer.status, status, f"status of {answer}")
    equal(answer.headers["content-type"].split(";")[0], "application/json", "content type")
    problem = answer.json
    equal(problem["status"], status, "status member")
    for member in ("type", "title", "detail"):
        assert isinstance(problem[member], str) and problem[member], f"{member} of {problem}"


def check_refusals(tally, client):
    with tally.check(f"{len(REFUSED_FIELDS)} wrong values are refused by name"):
        for change, field in REFUSED_FIELDS:
            body = {name: value for name, value in (GOOD | change).items() if value is not None}
            answer = client.send(body)
            equal(answer.status, 400, f"{str(change)[:80]}: {answer}")
            check_problem(answer, 400)
            assert field in answer.fields, f"{str(change)[:80]} names {answer.fields}, not {field}"
    with tally.check("all mistakes of a request are told at once"):
        answer = client.send({"validity": 0, "flash": "x"})
        equal(answer.fields, {"to", "from", "message", "validity", "flash"}, "fields")
    for name, method, path, headers, body, status in REFUSED_REQUESTS:
        with tally.check(f"{status} for {name}"):
            answer = client.request(method, path, body, headers)
            check_problem(answer, status)
            if status == 405:
                assert answer.headers["allow"], "no Allow"
    with tally.check("413 for a body without a length that grows over 256 KiB"):
        answer = client.request("POST", SMS, iter([b"x" * 65_536] * 5), JSON)
        check_problem(answer, 413)


class SlowClients:
    """Connections that announce a body, send half of it and stop. They are opened in the beginning and judged in the
    end: meanwhile everybody else is served."""

    def __init__(self, port, key, count=50):
        self.results = []
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._hold, args=(port, key), daemon=True) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def _hold(self, port, key):
        start, got = time.monotonic(), b""
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=SLOW_LIMIT + 5) as connection:
                half = GOOD_JSON[: len(GOOD_JSON) // 2]
                connection.sendall(
                    f"POST {SMS} HTTP/1.1\r\nhost: localhost\r\napikey: {key}\r\ncontent-type: application/json\r\n"
                    f"content-length: {len(GOOD_JSON)}\r\n\r\n".encode() + half)
                while chunk := connection.recv(65_536):
                    got += chunk
        except ConnectionResetError:
            pass
        except OSError as error:
            got += repr(error).encode()
        with self._lock:
            self.results.append((time.monotonic() - start, got))

    def judge(self):
        for thread in self._threads:
            thread.join(SLOW_LIMIT + 10)
        equal(len(self.results), len(self._threads), "clients that were sent away")
        for took, got in self.results:
            assert got == b"" or got.startswith(b"HTTP/1.1 408 "), got[:200]
            assert took <= SLOW_LIMIT, f"held for {took:.1f} s"


def check_half_request(port):
    """A client that closes after half a body harms nobody."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(f"POST {SMS} HTTP/1.1\r\nhost: x\r\ncontent-length: 99\r\n\r\nhalf".encode())
    equal(Client(port).get("/health").status, 200, "health after a client went away")


def check_garbage(port):
    """What is not HTTP is answered 400 or cut off, at once."""
    for garbage in (b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03" + bytes(100), b"hello\r\n\r\n", b"\0" * 200):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(garbage)
            got = connection.recv(4096)
            assert got == b"" or got.startswith(b"HTTP/1.1 400"), got[:100]
