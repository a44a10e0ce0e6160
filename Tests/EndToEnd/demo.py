# SPDX-License-Identifier: Apache-2.0
"""The demo as its user sees it: every outcome of the simulated carrier, signed delivery reports, inbound messages, what
is refused, retries, and a restart with the same folder.

    python Tests/EndToEnd/demo.py --parley .build/debug/parley"""

import argparse
import contextlib
import json
import re
import subprocess
import threading
import urllib.parse

import messages
import refusals
import support
from loopback import CUT_OFF, Client, Receiver, wait_until_ready
from messages import verify
from support import Process, Tally, equal, temporary_folder, wait_for

KEY = "demo-test-key-0123456789"


class Demo:
    """`parley demo` on a folder; may be started again."""

    NUMBER = "+49301234567"
    CALLBACKS = "/simulator/receiver"

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
        return re.findall(r"^curl .*?(?=\n\n)", self.process.output, re.MULTILINE | re.DOTALL)

    def carried(self, recipient):
        """What the carrier accepted for a recipient, from its journal: the parts in the order of their headers."""
        lines = (self.folder / "smsc.journal").read_text().split("\n")[:-1]
        records = sorted(map(json.loads, lines), key=lambda record: record.get("octets", "")[:12])
        return [record for record in records if record.get("destination", "").endswith(":" + recipient.lstrip("+"))]

    def received(self, condition, seconds=15):
        """The first of the callbacks at the demo's own receiver that meets a condition."""

        def find():
            return next((item for item in self.client.get(self.CALLBACKS).json if condition(item)), None)

        return wait_for(find, seconds, "a callback at the demo's receiver", 0.1)

    def write(self, text):
        """Writes to the demo's number as a handset."""
        body = {"from": "+4915112345678", "to": self.NUMBER, "text": text}
        return Client(self.port).post("/simulator/sms", body)

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
        for text in (KEY, demo.NUMBER, f"127.0.0.1:{demo.port}/messaging/v1/sms", "/simulator/sms"):
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

        def run(curl):
            return subprocess.run(["bash", "-c", curl], capture_output=True, text=True, timeout=20).stdout

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
        equal(demo.send(from_="+49 30 1234567")["from"], demo.NUMBER, "sender")


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
            assert 9.5 <= pause <= 16, f"after {pause:.1f} s"
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
            except CUT_OFF:
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
            demo.write("Still there?")
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
        messages.check_outcomes(tally, demo, receiver)
        messages.check_reports_by_get(tally, demo, receiver)
        messages.check_texts(tally, demo)
        messages.check_schedule(tally, demo, receiver)
        messages.check_inbound(tally, demo)
        messages.check_idempotency(tally, demo)
        messages.check_conversion(tally, demo)
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
