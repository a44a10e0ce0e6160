# SPDX-License-Identifier: Apache-2.0
"""The running server against its own OpenAPI documents, by schemathesis: every answer is one that the document describes,
every request that the document allows is taken, bad ones are refused, every operation can succeed, and nothing makes the
server fail. The documents themselves leave no body untyped and no response to a `default`.

    python Tests/EndToEnd/openapi.py --parley .build/debug/parley"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import threading
import time

import yaml

import node
import support
from loopback import Client
from support import Process, Tally, equal, temporary_folder, wait_for

KEY = "openapi-test-key-0123456789"
DOCUMENTS = ["sms", "admin", "conversations", "chat", "nis", "2fa"]
SETTINGS = pathlib.Path(__file__).with_name("schemathesis")
METHODS = {"get", "post", "put", "patch", "delete"}


def weak_places(document):
    """Where a document lets anything pass."""

    def find(value, path):
        if isinstance(value, dict):
            # A member of a body may be called `content` too.
            content = value.get("content")
            if isinstance(content, dict) and all("/" in media for media in content):
                for media, content in content.items():
                    if not content.get("schema"):
                        yield f"{path}: {media} without a schema"
            if "responses" in value and isinstance(value["responses"], dict) and "default" in value["responses"]:
                yield f"{path}: a default response"
            for name, item in value.items():
                yield from find(item, f"{path}/{name}")
        elif isinstance(value, list):
            for index, item in enumerate(value):
                yield from find(item, f"{path}/{index}")

    return list(find(document, ""))


def operations(document):
    return {f"{method.upper()} {path}" for path, item in document["paths"].items() for method in METHODS & set(item)}


def successes(report):
    """The operations that answered 2xx at least once."""
    found = set()
    for line in report.read_text().splitlines():
        scenario = json.loads(line).get("ScenarioFinished")
        if not scenario:
            continue
        recorder = scenario["recorder"]
        for identifier, interaction in recorder.get("interactions", {}).items():
            response = interaction.get("response")
            if response and 200 <= response["status_code"] < 300:
                case = recorder["cases"][identifier]["value"]
                found.add(f"{case['method'].upper()} {case['path']}")
    return found


class World:
    """A server with a carrier, and what schemathesis does not make by itself, such as a part that is held."""

    def __init__(self, parley, folder):
        carrier = Process([parley, "smsc", "--port", "0", "--receipt-delay", "100"], "parley smsc")
        mute = Process([parley, "smsc", "--port", "0", "--silence", "1"], "parley smsc")
        self.node = node.Node(parley, folder, port_of(carrier))
        configuration = json.loads(self.node.file.read_text())
        configuration["companies"][0]["keys"].append({"name": "operator", "key": KEY, "scopes": ["api", "admin"]})
        configuration["connectors"].append(configuration["connectors"][0] | {
            "name": "mute", "port": port_of(mute), "uncertain": "hold", "responseTimeout": 1})
        configuration["routes"].append({"gateway": "MUTE", "connectors": ["mute"]})
        configuration["prices"].append({"price": "0.09"})
        configuration["smpp"] = {"port": support.free_port()}
        # Half of what is tried comes with a wrong key.
        configuration["http"]["wrongKeysPerMinute"] = 1_000_000
        self.node.file.write_text(json.dumps(configuration))
        self.node.start()
        self.base = f"http://127.0.0.1:{self.node.port}"
        self.client = Client(self.node.port, KEY)
        self.port("4915112345678")
        self.ids = {
            "held": self.hold(), "message-with-conversion": self.expecting_conversion(),
            "price-to-change": self.price("1"), "price-to-remove": self.price("2"),
            "delivery": self.delivery(), "smpp-account-to-change": self.smpp_account("change"),
            "smpp-account-to-remove": self.smpp_account("remove"), "channel-to-change": self.channel("491700000001"),
            "channel-to-remove": self.channel("491700000002"), "company": self.company(),
            "contact-to-change": self.contact("change@x"), "contact-to-remove": self.contact("remove@x")}

    def hold(self):
        """The id of a message of which a part is held."""
        sent = self.client.send({"from": "Parley", "to": "+4915112345000", "message": "hold", "gateway": "MUTE"})
        equal(sent.status, 200, repr(sent))
        identifier = sent.json["requestId"]

        def is_held():
            parts = self.client.get(f"/admin/v1/messages/{identifier}").json["parts"]
            return any(part["state"] == "held" for part in parts)

        wait_for(is_held, 30, "a held part", 0.2)
        return identifier

    def expecting_conversion(self):
        """The id of a message for which a conversion can be reported."""
        sent = self.client.send({"from": "Parley", "to": "+4915112345000", "message": "code", "conversion": True})
        equal(sent.status, 200, repr(sent))
        return sent.json["requestId"]

    def delivery(self):
        """The id of a delivery to a port where nobody listens."""
        sent = self.client.send({"from": "Parley", "to": "+4915112345000", "message": "report",
                                 "callbackUrl": f"http://127.0.0.1:{support.free_port()}/"})
        equal(sent.status, 200, repr(sent))
        items = wait_for(lambda: self.client.get("/admin/v1/deliveries").json["items"], 30, "a delivery", 0.2)
        return items[0]["id"]

    def port(self, number):
        """Puts a number into the table of ported numbers."""
        answer = self.client.request(
            "POST", "/admin/v1/ported-numbers/import", f"{number},262,02\n".encode(), {"content-type": "text/csv"})
        equal(answer.status, 200, repr(answer))

    def price(self, prefix):
        return self.make("prices", {
            "direction": "inbound", "prefix": f"999{prefix}", "mcc": "262", "mnc": "01", "ttid": "1",
            "currency": "EUR", "price": "0.01", "from": "2026-01-01T00:00:00Z"})

    def smpp_account(self, name):
        return self.make("smpp-accounts", {"companyId": self.company(), "systemId": name})

    def channel(self, address):
        return self.make("channels", {"companyId": self.company(), "kind": "sms", "address": address})

    def contact(self, jid):
        return self.make(f"companies/{self.company()}/contacts", {"identities": {"jid": [jid]}})

    def company(self):
        return self.client.get("/admin/v1/companies").json["items"][0]["id"]

    def make(self, what, body):
        """The id of something that is the Admin API's own."""
        made = self.client.post(f"/admin/v1/{what}", body)
        equal(made.status, 201, repr(made))
        return made.json["id"]


class DemoWorld:
    """The demo, which has a channel of every kind, and what schemathesis does not make by itself."""

    def __init__(self, parley, folder):
        port = support.free_port()
        self.base = f"http://127.0.0.1:{port}"
        self.demo = Process(
            [parley, "demo", "--data", folder / "demo", "--port", str(port), "--key", KEY], "parley demo")
        self.client = Client(port, KEY)
        wait_for(self.is_ready, 60, "a ready demo", 0.2)
        written = self.client.post("/simulator/whatsapp", {"from": "4915112345678", "text": "Hello"})
        equal(written.status, 200, repr(written))
        uploaded = self.client.request(
            "POST", "/conversations/v3/media?validity=0", b"a picture", {"content-type": "image/png"})
        equal(uploaded.status // 100, 2, repr(uploaded))
        self.ids = {
            "whatsapp-inbound": written.json["messageId"], "medium": uploaded.json["mediaId"],
            "sms-number": "49301234567", "mms-number": "15551234567"} | two_factor(self.client)

    def is_ready(self):
        try:
            return self.client.get("/ready").status == 200
        except OSError:
            return False


def two_factor(client):
    """The ids of applications and OTPs that schemathesis can change, delete and verify."""

    def make(what, body, name):
        made = client.post(f"/2fa/v1/{what}", body)
        equal(made.status, 200, repr(made))
        return made.json[name]

    def application(name):
        return make("application", {"name": name, "attempts": 10, "expire": 7200}, "applicationId")

    used = application("Used")

    def otp(number):
        return make("otp", {"number": number, "applicationId": used, "otpCode": "4711"}, "otpId")

    return {"2fa-application": used, "2fa-application-to-delete": application("Deleted"),
            "otp": otp("+4915112345101"), "otp-to-check": otp("+4915112345102"),
            "otp-to-delete": otp("+4915112345103")}


def port_of(carrier):
    return int(carrier.line("LISTENING ").split()[1])


def settings(name, world, folder):
    """The settings of one document's run: the common ones, its own, and the ids of what was prepared."""
    parts = [SETTINGS / "common.toml", SETTINGS / f"{name}.toml"]
    text = "\n".join(part.read_text() for part in parts)
    for what, identifier in world.ids.items():
        text = text.replace(f"{{{{{what}}}}}", str(identifier))
    file = folder / f"{name}.toml"
    file.write_text(text)
    return file


def check(tally, name, world, folder, examples):
    schemathesis = pathlib.Path(sys.executable).parent / "schemathesis"
    report = folder / f"{name}.ndjson"
    document = yaml.safe_load((support.ROOT / "openapi" / f"{name}.yaml").read_text())
    with tally.check(f"openapi/{name}.yaml leaves nothing untyped"):
        equal(weak_places(document), [])
    with tally.check(f"schemathesis finds nothing against openapi/{name}.yaml"):
        started = time.monotonic()
        run = subprocess.run(
            [schemathesis, "--config-file", settings(name, world, folder), "run",
             f"{world.base}/openapi/{name}.yaml", "--url", world.base, "-H", f"apikey: {KEY}", "--checks", "all",
             "--max-examples", examples, "--seed", "1", "--no-color",
             "--report", "ndjson", "--report-ndjson-path", report],
            cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=os.environ | {
                "SCHEMATHESIS_HOOKS": str(SETTINGS / "hooks.py"),
                "MESSAGE_WITH_CONVERSION": world.ids.get("message-with-conversion", "")})
        print(f"schemathesis took {time.monotonic() - started:.0f} s")
        assert run.returncode == 0, run.stdout[-12000:]
        print("\n".join(line for line in run.stdout.splitlines() if "generated" in line))
    with tally.check(f"every operation of openapi/{name}.yaml has succeeded"):
        equal(sorted(operations(document) - successes(report)), [])


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--parley", required=True)
    options.add_argument("--examples", default="200")
    options.add_argument("--document", choices=DOCUMENTS, action="append")
    arguments = options.parse_args()
    support.begin(2400)
    tally = Tally()
    with temporary_folder() as folder:
        names = arguments.document or DOCUMENTS
        worlds = {}
        for name in names:
            kind = World if name in ("sms", "admin", "nis") else DemoWorld
            if kind not in worlds:
                worlds[kind] = kind(support.binary(arguments.parley), folder)
            worlds[name] = worlds[kind]
        # schemathesis computes most of the time, on one core: the documents are checked side by side.
        threads = [
            threading.Thread(target=check, args=(tally, name, worlds[name], folder, arguments.examples))
            for name in names
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    tally.finish()


if __name__ == "__main__":
    main()
