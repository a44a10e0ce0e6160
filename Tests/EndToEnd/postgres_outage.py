# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL goes away under a running server and comes back: requests are refused with 503 meanwhile, nothing that was
answered is lost, and nobody has to restart the server. A PostgreSQL that may lose commits keeps `/ready` down.

    python Tests/EndToEnd/postgres_outage.py --parley .build/debug/parley"""

import argparse
import contextlib
import time

import support
from support import Client, Postgres, Process, Receiver, Tally, equal, temporary_folder, wait_for, wait_until_ready

KEY = "outage-test-key-0123456789"
FIELDS = {"from": "Parley", "to": "+4915112345000", "message": "Hello"}


class Node:
    """`parley serve` on a PostgreSQL, with a simulated carrier that stays up."""

    def __init__(self, parley, folder, postgres):
        carrier = Process([parley, "smsc", "--port", "0", "--receipt-delay", "200"], "parley smsc")
        smsc_port = carrier.line("LISTENING ").split()[1]
        self.port = support.free_port()
        self.file = folder / "parley.yaml"
        self.file.write_text("\n".join([
            "database:", f"  postgres: \"{postgres.url}\"", "http:", f"  port: {self.port}",
            f"masterKeyFile: {folder}/master.key", "logging:", "  level: notice",
            "callbacks:", "  allowPrivateAddresses: true", "  allowPlainHTTP: true",
            "companies:", "  - name: Outage", "    keys:", "      - name: outage", f"        key: {KEY}",
            "connectors:", "  - name: carrier", "    host: 127.0.0.1", f"    port: {smsc_port}",
            "    systemId: parley", "    password: parley",
            "routes:", "  - connectors: [carrier]", ""]))
        self.process = Process([parley, "serve", "--config", self.file], "parley serve")
        self.client = Client(self.port, KEY, timeout=30)

    def checks(self):
        """What `/ready` says: its status, and the problem of each check that has one."""
        answer = self.client.get("/ready")
        return answer.status, {check["name"]: check.get("problem") for check in answer.json["checks"] if not check["ok"]}


def check_outage(tally, node, postgres, receiver):
    def send(path):
        return node.client.send(FIELDS | {"callbackUrl": receiver.url(path)})

    before = send("/before").json["requestId"]
    # Stopped at once: what was sent a moment ago gets its outcome and its receipt while the database is away.
    postgres.stop("immediate")
    with tally.check("503 with Retry-After while PostgreSQL is away, and within seconds"):
        for _ in range(3):
            start = time.monotonic()
            answer = send("/never")
            took = time.monotonic() - start
            equal(answer.status, 503, repr(answer))
            equal(answer.headers["content-type"].split(";")[0], "application/json")
            equal(answer.json["status"], 503)
            assert int(answer.headers["retry-after"]) > 0, "no Retry-After"
            assert took < 10, f"the refusal took {took:.1f} s"
        equal(node.client.get(f"/messaging/v1/messages/{before}").status, 503, "GET of a message")
    with tally.check("a request that is wrong is still told so"):
        equal(node.client.send({}).status, 400)
        equal(Client(node.port, "wrong-key-0123456789").send(FIELDS).status, 401)
    with tally.check("/health stays 200, /ready is 503 and says why"):
        equal(node.client.get("/health").status, 200)
        status, problems = node.checks()
        equal((status, "database" in problems), (503, True), f"{problems}")
    postgres.start()
    with tally.check("200 again once PostgreSQL is back, without a restart of the server"):
        answer = wait_for(lambda: (lambda answer: answer.status == 200 and answer)(send("/after")), 20, "200", 0.2)
        after = answer.json["requestId"]
        wait_until_ready(node.process, node.port, 20)
        equal(node.process.process.poll(), None, "exit code")
    for name, identifier in (("before", before), ("after", after)):
        with tally.check(f"the message answered {name} the outage is delivered and reported"):
            equal(node.client.final(identifier, 60)["status"], "DELIVERED")
            receiver.wait(f"/{name}", seconds=30)
            equal(node.client.message(identifier).get("possibleDuplicate", False), False, "possibleDuplicate")
    with tally.check("a message that was refused is not sent later"):
        equal(receiver.at("/never"), [])


def check_durability(tally, node, postgres):
    for setting in ("fsync", "synchronous_commit"):
        postgres.stop()
        postgres.start(f"{setting}=off")
        with tally.check(f"/ready is 503 with {setting}=off, and names it"):
            def ask():
                status, problems = node.checks()
                return status == 503 and "database" not in problems and setting in (problems.get("durability") or "")

            wait_for(ask, 20, f"/ready names {setting}: {node.checks()}", 0.2)
    postgres.stop()
    postgres.start()
    with tally.check("/ready is 200 again with both on"):
        wait_until_ready(node.process, node.port, 20)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parley", required=True)
    parley = support.binary(parser.parse_args().parley)
    support.begin(240)
    tally = Tally()
    with temporary_folder() as folder, contextlib.closing(Postgres()) as postgres, \
            contextlib.closing(Receiver()) as receiver:
        postgres.start()
        node = Node(parley, folder, postgres)
        wait_until_ready(node.process, node.port)
        check_outage(tally, node, postgres, receiver)
        check_durability(tally, node, postgres)
        with tally.check("SIGTERM while PostgreSQL is away ends the server in time"):
            postgres.stop()
            _, took = node.process.terminate(40)
            print(f"stopped in {took:.1f} s", flush=True)
    tally.finish()


if __name__ == "__main__":
    main()
