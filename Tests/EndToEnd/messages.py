# SPDX-License-Identifier: Apache-2.0
"""Messages through the demo: the outcomes of the simulated carrier and their reports, what the handset gets, times,
inbound messages, idempotency and conversions."""

import datetime
import sys
import threading

import refusals
import support
from loopback import Client
from support import equal, wait_for

sys.path.insert(0, str(support.ROOT / "Tests" / "Peers"))
from webhook_signature import verify  # noqa: E402

# Suffix, status, error code, reason.
OUTCOMES = [
    ("000", "DELIVERED", None), ("001", "DELIVERED", None), ("002", "UNDELIVERABLE", "0001"),
    ("003", "EXPIRED", "0006"), ("004", "REJECTED", "000d"), ("005", "REJECTED", "0001"), ("008", "DELIVERED", None),
]


def check_outcomes(tally, demo, receiver):
    def send(suffix, **fields):
        return demo.send(to=f"+49151777{suffix}", reference=suffix, callbackUrl=receiver.url(f"/{suffix}"), **fields)

    sent = {suffix: send(suffix) for suffix, _, _ in OUTCOMES}
    silent = send("007", validity=1)
    for suffix, status, code in OUTCOMES:
        with tally.check(f"{suffix} becomes {status}, by status and by signed report"):
            check_outcome(demo, receiver, sent[suffix]["requestId"], suffix, status, code)
    for suffix, flagged in (("006", False), ("009", True)):
        with tally.check(f"{suffix} is delivered in the end, {'flagged' if flagged else 'not flagged'}"):
            message = send(suffix)
            check_outcome(demo, receiver, message["requestId"], suffix, "DELIVERED", None, flagged)
    with tally.check("007 stays BUFFERED"):
        message = demo.client.message(silent["requestId"])
        equal((message["status"], receiver.at("/007")), ("BUFFERED", []))
    with tally.check("one report per message"):
        for suffix in [*sent, "006", "009"]:
            equal(len(receiver.at(f"/{suffix}")), 1, f"reports of {suffix}")


def check_outcome(demo, receiver, identifier, suffix, status, code, flagged=False):
    (received,) = receiver.wait(f"/{suffix}", seconds=20)
    report = verify(demo.secret, received.headers, received.body)
    message = demo.client.message(identifier)
    for body in (report, message):
        equal((body["requestId"], body["status"], body["reference"]), (identifier, status, suffix))
        equal(body.get("errorCode"), code, "errorCode")
        equal(body.get("possibleDuplicate", False), flagged, "possibleDuplicate")
        equal((body["size"], len(body["parts"]), body["overallPrice"]), (1, 1, "0.075"))
        equal((body["mccmnc"], body["ttid"]), ("26201", "77292"), "network")
        part = body["parts"][0]
        equal((part["deliveryState"], part["price"], part["currency"]), (status, 0.075, "EUR"), "part")
        assert body["submitDate"] <= body["doneDate"], "dates"
    equal(received.headers["content-type"], "application/json", "content type")


def check_reports_by_get(tally, demo, receiver):
    with tally.check("a report by GET carries its fields in the query, beside the URL's own"):
        message = demo.send(
            to="+4915177700002", message="A report by GET", callbackUrl=receiver.url("/get?own=1"),
            callbackMethod="GET")
        (received,) = receiver.wait("/get")
        query = received.query
        equal((received.method, received.body), ("GET", b""))
        expected = {
            "own": "1", "msgid": message["requestId"], "receiver": "+4915177700002", "sender": "Parley",
            "stat": "UNDELIVERABLE", "err": "0001", "mccmnc": "26201", "ttid": "77292", "text": "A report by GET",
            "price": "0.075", "currency": "EUR",
        }
        equal({name: query.get(name) for name in expected}, expected, "query")
        assert query["submitdate"] <= query["donedate"], "dates"
        equal(received.headers.get("webhook-id") is not None, True, "a signature on GET")


def check_texts(tally, demo):
    def send(number, text, **fields):
        answer = demo.send(to=f"+4915177{number}000", message=text, **fields)
        message = demo.client.final(answer["requestId"])
        equal(message["status"], "DELIVERED")
        parts = demo.carried(message["to"])
        equal((message["size"], len(message["parts"]), len(parts)), (answer["size"],) * 3, "parts")
        return message, parts

    with tally.check("a long text leaves in parts of 153 characters, each with its price"):
        message, parts = send(10, "0123456789" * 40)
        equal((message["size"], message["overallPrice"]), (3, "0.225"))
        equal([part["price"] for part in message["parts"]], [0.075] * 3, "prices")
        equal([part["partId"] for part in message["parts"]],
              [f"{message['requestId']}:{number}" for number in (1, 2, 3)], "part ids")
        octets = [bytes.fromhex(part["octets"]) for part in parts]
        equal([(part[:3], part[4:6], len(part)) for part in octets],
              [(b"\x05\x00\x03", bytes([3, number]), length) for number, length in ((1, 159), (2, 159), (3, 100))])
        equal(b"".join(part[6:] for part in octets), b"0123456789" * 40, "text")
    with tally.check("a text beyond GSM-7 leaves in UCS-2, no surrogate pair cut"):
        text = "Привет 👋 " * 10
        message, parts = send(11, text)
        equal({part["coding"] for part in parts}, {8}, "data coding")
        texts = [bytes.fromhex(part["octets"])[6:].decode("utf-16-be") for part in parts]
        equal((len(texts), "".join(texts)), (2, text))
    with tally.check("characters of the extension table count twice"):
        message, parts = send(12, "€" * 80)
        equal((message["size"], parts[0]["octets"]), (1, "1b65" * 80))
    with tally.check("encoding UNICODE and flash"):
        _, parts = send(13, "Hello", encoding="UNICODE", flash=True)
        equal((parts[0]["coding"], parts[0]["octets"]), (0x18, "Hello".encode("utf-16-be").hex()))
        _, parts = send(14, "Hello", flash=True)
        equal((parts[0]["coding"] & 0xFC, parts[0]["octets"]), (0x10, b"Hello".hex()))
    with tally.check("GET transcodes by itself, POST only when asked"):
        text = "Это тест, nur ein Test " * 4
        equal(demo.send(message="ÁÍ" * 40)["size"], 2, "POST")
        equal(demo.client.get(refusals.SMS, query={
            "from": "Parley", "to": "+4915112345000", "message": "ÁÍ" * 40}).json["size"], 1, "GET")
        equal(demo.send(message="ÁÍ" * 40, trate=1)["size"], 1, "POST with trate")
        equal(demo.send(message=text)["size"], 2, "a text without look-alikes")
    with tally.check("another destination has another price"):
        body = demo.send(to="+12025550000")
        equal((body["parts"][0]["price"], body["mccmnc"]), (0.09, "90101"))


def check_schedule(tally, demo, receiver):
    with tally.check("a scheduled message leaves at its time and not before"):
        due = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) + datetime.timedelta(seconds=3)
        moment = due.isoformat().replace("+00:00", "Z")
        message = demo.send(
            to="+4915177720000", sendDateTime=moment, callbackUrl=receiver.url("/scheduled"))
        equal((message["status"], demo.carried("+4915177720000")), ("ACCEPTED", []))
        (part,) = wait_for(lambda: demo.carried("+4915177720000"), 10, "the carrier has it", 0.02)
        early = due.timestamp() * 1000 - part["at"]
        assert -3000 <= early <= 0, f"{early:.0f} ms before its time"
        (received,) = receiver.wait("/scheduled")
        assert received.json["sentDate"] >= moment, f"sentDate {received.json['sentDate']}, due {moment}"


def check_inbound(tally, demo):
    def count(text):
        return sum(item["body"].get("message") == text for item in demo.client.get(demo.CALLBACKS).json)

    for name, text, size in (
        ("a message", "Guten Tag: 5 €", 1), ("a long message", "0123456789" * 40, 3),
        ("a long message beyond GSM-7", "Привет 👋 " * 20, 3),
    ):
        with tally.check(f"{name} from a handset is pushed to the number's URL, signed"):
            equal(demo.write(text).status, 202, "answer")
            item = demo.received(lambda item: item["body"].get("message") == text)
            body = item["body"]
            equal(item["signatureVerified"], True, "signature")
            equal((body["from"], body["to"], body["size"], body["missingParts"]),
                  ("+4915112345678", demo.NUMBER, size, False))
            equal([content["sequenceNumber"] for content in body["contentList"]], list(range(1, size + 1)), "parts")
            equal((body["originMCC"], body["originMNC"], body["totalPrice"]), ("262", "01", -0.005 * size))
    with tally.check("two equal messages from a handset are two messages"):
        for _ in range(2):
            equal(demo.write("Twice").status, 202)
        wait_for(lambda: count("Twice") == 2, 10, "both")
    with tally.check("the handset's form is checked"):
        refusals.check_problem(Client(demo.port).post("/simulator/sms", {"from": "+49151"}), 400)


def check_idempotency(tally, demo):
    fields = {"from": "Parley", "to": "+4915177730000", "message": "Once", "reference": "once"}

    def send(body, key):
        return Client(demo.port, demo.client.key).send(body, headers={"Idempotency-Key": key})

    with tally.check("a repetition under an Idempotency-Key gets the same answer and sends nothing"):
        first = send(fields, "once")
        equal([send(fields, "once").body for _ in range(2)], [first.body] * 2, "answers")
        demo.client.final(first.json["requestId"])
        equal(len(demo.carried("+4915177730000")), 1, "messages")
    with tally.check("another request under the same key is 409"):
        refusals.check_problem(send(fields | {"message": "Other"}, "once"), 409)
    with tally.check("twelve at once under one key are one message"):
        bodies, threads = [], []
        for _ in range(12):
            threads.append(threading.Thread(target=lambda: bodies.append(
                send(fields | {"to": "+4915177731000"}, "race").body)))
            threads[-1].start()
        for thread in threads:
            thread.join(20)
        equal((len(bodies), len(set(bodies))), (12, 1), "answers")


def check_conversion(tally, demo):
    with tally.check("a conversion is taken for a message that asked for it, and for no other"):
        asked, other = demo.send(conversion=True)["requestId"], demo.send()["requestId"]
        path = "/messaging/v1/conversion"
        equal(demo.client.post(path, {"requestId": asked, "delivered": True}).status, 200)
        equal(demo.client.post(path, query={"requestId": asked, "delivered": "false"}).status, 200)
        refusals.check_problem(demo.client.post(path, {"requestId": other}), 400)
