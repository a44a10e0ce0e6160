# SPDX-License-Identifier: Apache-2.0
"""The demo as its user sees it: every outcome of the simulated carrier, signed delivery reports, inbound messages, what is
refused, retries, and a restart with the same folder.

    python Tests/EndToEnd/demo.py --parley .build/debug/parley"""

import argparse
import contextlib
import datetime
import json
import re
import subprocess
import sys
import threading
import time
import urllib.parse

import refusals
import support
from support import Client, Process, Receiver, Tally, equal, temporary_folder, wait_for, wait_until_ready

sys.path.insert(0, str(support.ROOT / "Tests" / "Peers"))
from webhook_signature import verify  # noqa: E402

KEY = "demo-test-key-0123456789"
NUMBER = "+49301234567"
CALLBACKS = "/simulator/receiver"
# Suffix, status, error code, reason.
OUTCOMES = [
    ("000", "DELIVERED", None), ("001", "DELIVERED", None), ("002", "UNDELIVERABLE", "0001"),
    ("003", "EXPIRED", "0006"), ("004", "REJECTED", "000d"), ("005", "REJECTED", "0001"), ("008", "DELIVERED", None),
]


class Demo:
    """`parley demo` on a folder; may be started again."""

    def __init__(self, parley, folder):
        self.parley, self.folder = parley, folder
        self.process = self.port = self.client = None

    def start(self, key=None):
        arguments = [self.parley, "demo", "--port", "0", "--data", self.folder]
        self.process = Process(arguments + (["--key", key] if key else []), "parley demo")
        self.port = int(self.process.line("Parley is running at").rstrip("/").rsplit(":", 1)[1])
        self.client = Client(self.port, KEY)
        self.process.line("Stop with Ctrl-C")
        wait_until_ready(self.process, self.port)

    @property
    def secret(self):
        return (self.folder / "webhook-secret").read_text().strip()

    @property
    def curls(self):
        """The commands that the greeting shows."""
        return re.findall(r"^curl .*?[^\\]$", self.process.output, re.MULTILINE | re.DOTALL)

    def carried(self, recipient):
        """What the carrier accepted for a recipient, from its journal: the parts in their order."""
        records = map(json.loads, (self.folder / "smsc.journal").read_text().splitlines())
        return [record for record in records if record.get("destination", "").endswith(":" + recipient.lstrip("+"))]

    def received(self, condition, seconds=15):
        """The first of the callbacks at the demo's own receiver that meets a condition."""

        def find():
            return next((item for item in self.client.get(CALLBACKS).json if condition(item)), None)

        return wait_for(find, seconds, "a callback at the demo's receiver", 0.1)

    def send(self, **fields):
        """Sends with these fields in place of the usual ones; returns the answer's object."""
        body = {"from": "Parley", "to": "+4915112345000", "message": "Hello"} | fields
        answer = self.client.send({name.rstrip("_"): value for name, value in body.items()})
        equal(answer.status, 200, repr(answer))
        return answer.json


def check_pages(tally, demo):
    with tally.check("GET / shows the key and the curls"):
        answer = demo.client.get("/")
        equal((answer.status, answer.headers["content-type"].split(";")[0]), (200, "text/html"))
        page = answer.body.decode()
        for text in (KEY, NUMBER, f"127.0.0.1:{demo.port}/messaging/v1/sms", "/simulator/sms"):
            assert text in page, f"{text} is not on the page"
    with tally.check("/health, /ready and the OpenAPI document answer without a key"):
        client = Client(demo.port)
        equal(client.get("/health").json["status"], "ok")
        equal({check["name"]: check["ok"] for check in client.get("/ready").json["checks"]},
              {"database": True, "durability": True, "connectors": True}, "checks")
        document = client.get("/openapi/sms.yaml")
        equal(document.status, 200)
        assert document.body.startswith(b"openapi: 3.1"), document.body[:40]
        assert b"/messaging/v1/sms" in document.body, "the document lacks the path"
    with tally.check("the three curls of the greeting work as they stand"):
        send, watch, write = demo.curls
        run = lambda curl: subprocess.run(["bash", "-c", curl], capture_output=True, text=True, timeout=20).stdout
        identifier = json.loads(run(send))["requestId"]
        wait_for(lambda: any(
            item["body"].get("requestId") == identifier and item["body"]["status"] == "DELIVERED"
            and item["signatureVerified"] for item in json.loads(run(watch))), 15, "the report of the first curl")
        equal(run(write), "", "answer of the third curl")
        wait_for(lambda: any(item["body"].get("message") == "Hi there" for item in json.loads(run(watch))), 15,
                 "the message of the third curl")


def check_forms(tally, demo):
    client, fields = demo.client, {"from": "Parley", "to": "+4915112345000", "message": "Grüße & mehr: 100 %"}
    ways = {
        "JSON": lambda: client.send(fields),
        "a form": lambda: client.send(urllib.parse.urlencode(fields).encode(), headers=refusals.FORM),
        "the query of a POST": lambda: client.send(query=fields),
        "a GET": lambda: client.get(refusals.SMS, query=fields),
        "a key in upper case": lambda: client.send(fields, headers={"APIKEY": KEY}),
        "a key in the query": lambda: Client(demo.port).send(fields, query={"apiKey": KEY}),
        "scalars as text": lambda: client.send(
            fields | {"to": 4915112345000, "validity": "60", "flash": "false", "partLimit": "2", "unknown": [1]}),
    }
    for name, send in ways.items():
        with tally.check(f"a message by {name}"):
            answer = send()
            equal(answer.status, 200, repr(answer))
            body = answer.json
            equal((body["to"], body["from"], body["status"], body["size"]), ("+4915112345000", "Parley", "ACCEPTED", 1))
            equal(body["href"], f"http://127.0.0.1:{demo.port}/messaging/v1/messages/{body['requestId']}", "href")
            equal(body["parts"][0]["statusText"], fields["message"], "text")
    with tally.check("the query wins over the body"):
        body = client.send(fields, query={"to": "+4915112345001", "reference": "query"}).json
        equal((body["to"], body["reference"]), ("+4915112345001", "query"))
    with tally.check("numbers in every usual form"):
        for form in ("+4915112345001", "004915112345001", "4915112345001", " 4915112345001", "+49 (151) 123-450.01"):
            equal(demo.send(to=form)["to"], "+4915112345001", form)
        equal(demo.send(from_="+49 30 1234567")["from"], NUMBER, "sender")


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
            to="+4915177700002", message="A report by GET", callbackUrl=receiver.url("/get?own=1"), callbackMethod="GET")
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
        octets = sorted((bytes.fromhex(part["octets"]) for part in parts), key=lambda part: part[5])
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
        assert -1500 <= early <= 0, f"{early:.0f} ms before its time"
        (received,) = receiver.wait("/scheduled")
        assert received.json["sentDate"] >= moment, f"sentDate {received.json['sentDate']}, due {moment}"


def check_inbound(tally, demo):
    def write(text, to=NUMBER):
        return Client(demo.port).post("/simulator/sms", {"from": "+4915112345678", "to": to, "text": text})

    for name, text, size in (
        ("a message", "Guten Tag: 5 €", 1), ("a long message", "0123456789" * 40, 3),
        ("a long message beyond GSM-7", "Привет 👋 " * 20, 3),
    ):
        with tally.check(f"{name} from a handset is pushed to the number's URL, signed"):
            equal(write(text).status, 202, "answer")
            item = demo.received(lambda item: item["body"].get("message") == text)
            body = item["body"]
            equal(item["signatureVerified"], True, "signature")
            equal((body["from"], body["to"], body["size"], body["missingParts"]),
                  ("+4915112345678", NUMBER, size, False))
            equal([content["sequenceNumber"] for content in body["contentList"]], list(range(1, size + 1)), "parts")
            equal((body["originMCC"], body["originMNC"], body["totalPrice"]), ("262", "01", -0.005 * size))
    with tally.check("two equal messages from a handset are two messages"):
        for _ in range(2):
            equal(write("Twice").status, 202)
        wait_for(lambda: sum(item["body"].get("message") == "Twice" for item in demo.client.get(CALLBACKS).json) == 2,
                 10, "both")
    with tally.check("the handset's form is checked"):
        refusals.check_problem(Client(demo.port).post("/simulator/sms", {"from": "+49151"}), 400)


def check_idempotency(tally, demo):
    fields = {"from": "Parley", "to": "+4915177730000", "message": "Once", "reference": "once"}

    def send(body, key):
        return Client(demo.port, KEY).send(body, headers={"Idempotency-Key": key})

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


class Retries:
    """Receivers that fail at first: started early, judged late, because a retry comes after ten seconds."""

    def __init__(self, demo):
        self.demo = demo
        self.failing = Receiver(lambda received: 500 if not self.failing.at(received.path) else 200)
        self.gone = Receiver(lambda received: 410)
        self.identifier = demo.send(callbackUrl=self.failing.url("/retry"))["requestId"]
        demo.send(callbackUrl=self.gone.url("/gone"))

    def judge(self, tally):
        with tally.check("a report that was answered 500 comes again ten seconds later, under the same webhook-id"):
            first, second = self.failing.wait("/retry", 2, 25)
            pause = second.at - first.at
            assert 9.5 <= pause <= 14, f"after {pause:.1f} s"
            equal(verify(self.demo.secret, second.headers, second.body)["requestId"], self.identifier)
            equal(second.headers["webhook-id"], first.headers["webhook-id"], "webhook-id")
        with tally.check("a report that was answered 410 does not come again"):
            equal(len(self.gone.at("/gone")), 1)
        self.failing.close()
        self.gone.close()


def stop_under_load(tally, demo):
    """SIGTERM while four clients send; returns the ids of what was answered."""
    answered, wrong, stopping = [], [], threading.Event()

    def load(number):
        client = Client(demo.port, KEY)
        while not stopping.is_set():
            try:
                answer = client.send({"from": "Parley", "to": f"+4915188{number}000", "message": "Drain"})
            except (OSError, support.http.client.HTTPException):
                return
            if answer.status == 200:
                answered.append(answer.json["requestId"])
            else:
                wrong.append(answer)

    threads = [threading.Thread(target=load, args=(number,), daemon=True) for number in range(4)]
    for thread in threads:
        thread.start()
    with tally.check("SIGTERM under load drains and exits with 0"):
        wait_for(lambda: len(answered) >= 40, 20, "40 answers")
        try:
            code, took = demo.process.terminate()
        finally:
            stopping.set()
        print(f"stopped in {took:.1f} s after {len(answered)} answers", flush=True)
        equal(code, 0, "exit code")
        assert took < 12, f"took {took:.1f} s"
        equal([answer for answer in wrong if answer.status != 503], [], "answers")
    for thread in threads:
        thread.join(25)
    return answered


def check_restart(tally, demo, before):
    down = support.free_port()
    late = demo.send(to="+4915177740001", callbackUrl=f"http://127.0.0.1:{down}/late")["requestId"]
    demo.client.final(late)
    answered = stop_under_load(tally, demo)
    with contextlib.closing(Receiver(port=down)) as receiver:
        with tally.check("the same folder goes on, with the same key"):
            demo.start()
            assert KEY in demo.process.output, "another key"
            equal(demo.client.message(before["requestId"]), before | {
                "href": f"http://127.0.0.1:{demo.port}/messaging/v1/messages/{before['requestId']}"}, "message")
        with tally.check("what was answered before the restart ends, sent once"):
            for identifier in answered:
                message = demo.client.final(identifier, 30)
                equal((message["status"], message.get("possibleDuplicate", False)), ("DELIVERED", False), identifier)
        with tally.check("a report whose receiver was down before the restart comes after it"):
            (received,) = receiver.wait("/late", seconds=30)
            equal(verify(demo.secret, received.headers, received.body)["requestId"], late)
        with tally.check("messages go out and come in after the restart"):
            equal(demo.client.final(demo.send()["requestId"])["status"], "DELIVERED")
            Client(demo.port).post("/simulator/sms", {"from": "+4915112345678", "to": NUMBER, "text": "Still there?"})
            demo.received(lambda item: item["body"].get("message") == "Still there?")
    with tally.check("SIGTERM of an idle server is quick"):
        code, took = demo.process.terminate()
        equal(code, 0, "exit code")
        assert took < 5, f"took {took:.1f} s"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parley", required=True)
    parley = support.binary(parser.parse_args().parley)
    support.begin(300)
    tally = Tally()
    with temporary_folder() as folder, contextlib.closing(Receiver()) as receiver:
        demo = Demo(parley, folder / "data")
        demo.start(KEY)
        slow, retries = refusals.SlowClients(demo.port, KEY), Retries(demo)
        check_pages(tally, demo)
        check_forms(tally, demo)
        check_outcomes(tally, demo, receiver)
        check_reports_by_get(tally, demo, receiver)
        check_texts(tally, demo)
        check_schedule(tally, demo, receiver)
        check_inbound(tally, demo)
        check_idempotency(tally, demo)
        check_conversion(tally, demo)
        refusals.check_refusals(tally, demo.client)
        with tally.check("garbage and half requests harm nobody"):
            refusals.check_half_request(demo.port)
            refusals.check_garbage(demo.port)
        retries.judge(tally)
        with tally.check("50 clients that stop in the middle are sent away in time"):
            slow.judge()
        before = demo.client.final(demo.send(message="Before the restart")["requestId"])
        check_restart(tally, demo, before)
    tally.finish()


if __name__ == "__main__":
    main()
