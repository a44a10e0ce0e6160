# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL goes away under a running server and comes back: requests are refused with 503 meanwhile, nothing that was
answered is lost, and nobody has to restart the server. A PostgreSQL that may lose commits keeps `/ready` down.

    python Tests/EndToEnd/postgres_outage.py --parley .build/debug/parley"""

import argparse
import contextlib
import time

import node
import support
from loopback import Client, Receiver, wait_until_ready
from support import Postgres, Process, Tally, equal, temporary_folder, wait_for

FIELDS = {"from": "Parley", "to": "+4915112345000", "message": "Hello"}


def problems(client):
    """What `/ready` says: its status, and the problem of each check that has one."""
    answer = client.get("/ready")
    failed = (check for check in answer.json["checks"] if not check["ok"])
    return answer.status, {check["name"]: check["problem"] for check in failed}


def check_outage(tally, server, client, postgres, receiver):
    def send(path):
        return client.send(FIELDS | {"callbackUrl": receiver.url(path)})

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
        equal(client.get(f"/messaging/v1/messages/{before}").status, 503, "GET of a message")
    with tally.check("a request that is wrong is still told so"):
        equal(client.send({}).status, 400)
        equal(Client(server.port, "wrong-key-0123456789").send(FIELDS).status, 401)
    with tally.check("/health stays 200, /ready is 503 and says why"):
        equal(client.get("/health").status, 200)
        status, found = problems(client)
        equal((status, "database" in found), (503, True), f"{found}")
    postgres.start()
    with tally.check("200 again once PostgreSQL is back, without a restart of the server"):
        answer = wait_for(lambda: (lambda answer: answer.status == 200 and answer)(send("/after")), 20, "200", 0.2)
        after = answer.json["requestId"]
        wait_until_ready(server.process, server.port, 20)
        equal(server.process.process.poll(), None, "exit code")
    for name, identifier in (("before", before), ("after", after)):
        with tally.check(f"the message answered {name} the outage is delivered and reported"):
            equal(client.final(identifier, 60)["status"], "DELIVERED")
            receiver.wait(f"/{name}", seconds=30)
            equal(client.message(identifier).get("possibleDuplicate", False), False, "possibleDuplicate")
    with tally.check("a message that was refused is not sent later"):
        equal(receiver.at("/never"), [])


def check_durability(tally, server, client, postgres):
    for setting in ("fsync", "synchronous_commit"):
        postgres.stop()
        postgres.start(f"{setting}=off")
        with tally.check(f"/ready is 503 with {setting}=off, and names it"):
            def ask():
                status, found = problems(client)
                return status == 503 and "database" not in found and setting in found.get("durability", "")

            wait_for(ask, 20, f"/ready names {setting}: {problems(client)}", 0.2)
    postgres.stop()
    postgres.start()
    with tally.check("/ready is 200 again with both on"):
        wait_until_ready(server.process, server.port, 20)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parley", required=True)
    parley = support.binary(parser.parse_args().parley)
    support.begin(240)
    tally = Tally()
    with temporary_folder() as folder, contextlib.closing(Postgres()) as postgres, \
            contextlib.closing(Receiver()) as receiver:
        postgres.start()
        carrier = Process([parley, "smsc", "--port", "0", "--receipt-delay", "200"], "parley smsc")
        server = node.Node(parley, folder, int(carrier.line("LISTENING ").split()[1]), postgres)
        server.start()
        client = Client(server.port, node.KEY, timeout=30)
        check_outage(tally, server, client, postgres, receiver)
        check_durability(tally, server, client, postgres)
        with tally.check("SIGTERM while PostgreSQL is away ends the server in time"):
            postgres.stop()
            _, took = server.process.terminate(40)
            print(f"stopped in {took:.1f} s", flush=True)
    tally.finish()


if __name__ == "__main__":
    main()
