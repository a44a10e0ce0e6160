# SPDX-License-Identifier: Apache-2.0
"""The disk of the database fills up under a running server and gets room again: requests are refused with 503 meanwhile,
nothing that was answered is lost or sent twice unmarked, what was refused is never sent, and nobody has to restart the
server.

    python Tests/EndToEnd/disk_full.py --parley .build/debug/parley --database sqlite

The disk is a small file system of the test's own, in a mount namespace that ends with it."""

import argparse
import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile

import node
import support
from loopback import CUT_OFF, Client, Receiver, wait_until_ready
from support import Postgres, Process, Tally, equal, temporary_folder, wait_for

FIELDS = {"from": "Parley", "to": "+4915112345000"}
# Mebibytes: enough for the database and its log, and soon full. SQLite's log alone grows to 32, PostgreSQL's files take
# 40.
SIZES = {"sqlite": 96, "postgres": 160}
MESSAGES = 200
REFUSALS = 20
MARK = "PARLEY_TEST_NAMESPACE"


def enter_namespace():
    """Runs this script again where a mount is nobody else's; root may, and others in a user namespace of their own."""
    if os.environ.get(MARK):
        return
    command = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]
    os.environ[MARK] = "1"
    os.execvp(command[0], [*command, sys.executable, *sys.argv])


@contextlib.contextmanager
def small_disk(mebibytes):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="parley-disk-"))
    folder.chmod(0o755)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=False)
        folder.rmdir()


def fill(disk):
    """Takes all the room that is left."""
    with contextlib.suppress(OSError), open(disk / "filler", "ab", buffering=0) as file:
        while True:
            file.write(bytes(1 << 16))
    with contextlib.suppress(OSError), open(disk / "filler", "ab", buffering=0) as file:
        while True:
            file.write(b"\0")


class Book:
    """What was asked, by reference, and what came of it."""

    def __init__(self):
        self.answered, self.refused, self.unknown = {}, set(), set()

    def send(self, client, reference, callback):
        """Sends one message and notes the answer; returns the status, or None when the connection was cut."""
        body = FIELDS | {"message": reference, "reference": reference, "callbackUrl": callback}
        try:
            answer = client.send(body, headers={"Idempotency-Key": reference})
        except CUT_OFF:
            self.unknown.add(reference)
            return None
        if answer.status == 503 and not int(answer.headers["retry-after"]) > 0:
            raise AssertionError(f"no Retry-After: {answer!r}")
        if answer.status == 200:
            self.answered[reference] = answer.json["requestId"]
            self.unknown.discard(reference)
        elif "may have been accepted" in answer.json.get("detail", ""):
            self.unknown.add(reference)
        else:
            self.refused.add(reference)
        return answer.status


def check(tally, server, disk, receiver, postgres, journal):
    book = Book()
    client = Client(server.port, node.KEY, timeout=60)
    callback = receiver.url("/status")
    for number in range(MESSAGES):
        book.send(client, f"before-{number}", callback)
    with tally.check("with room every request is taken"):
        equal(len(book.answered), MESSAGES)
    fill(disk)
    with tally.check(f"503 with Retry-After once the disk is full, {REFUSALS} times and more"):
        # What the database has set aside still takes some, and what it tidies up makes room for some.
        def ask():
            fill(disk)
            for _ in range(20):
                book.send(client, f"full-{len(book.answered)}-{len(book.refused)}-{len(book.unknown)}", callback)
            return len(book.refused) >= REFUSALS

        wait_for(ask, 120, f"refusals: {len(book.refused)}")
    with tally.check("the server lives, and still tells wrong requests so"):
        equal(client.get("/health").status, 200)
        equal(client.send({}).status, 400)
    (disk / "filler").unlink()
    if postgres:
        # It ends itself when its log cannot be written.
        with contextlib.suppress(AssertionError):
            postgres.stop("immediate")
        postgres.start()
    with tally.check("200 again with room, without a restart of the server"):
        wait_for(lambda: book.send(client, f"after-{len(book.refused)}-{len(book.unknown)}", callback) == 200, 60,
                 "200", 0.2)
        wait_until_ready(server.process, server.port, 30)
    with tally.check("everything that was answered is delivered and reported"):
        # One whose first fate nobody could tell may have been taken after all.
        wait_for(lambda: {r.json["reference"] for r in receiver.at("/status")} >= set(book.answered), 120, "reports")
        for reference, identifier in book.answered.items():
            message = client.final(identifier, 60)
            equal((message["status"], message["reference"]), ("DELIVERED", reference))
    with tally.check(f"nothing that was refused is sent: {len(book.refused)} refusals"):
        reported = {received.json["reference"] for received in receiver.at("/status")}
        equal(reported & book.refused, set())
    with tally.check("nothing was sent twice without being marked, and nothing that was refused was sent"):
        seen = node.accepted_by_carrier(journal)
        twice = [reference for reference, count in seen.items() if count > 1]
        unmarked = [reference for reference in twice if reference in book.answered
                    and not client.message(book.answered[reference]).get("possibleDuplicate")]
        equal(unmarked, [])
        equal(set(seen) & book.refused, set())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parley", required=True)
    parser.add_argument("--database", choices=SIZES, required=True)
    arguments = parser.parse_args()
    enter_namespace()
    parley = support.binary(arguments.parley)
    support.begin(400)
    tally = Tally()
    with small_disk(SIZES[arguments.database]) as disk, temporary_folder() as folder, \
            contextlib.closing(Receiver()) as receiver:
        postgres = None
        if arguments.database == "postgres":
            tempfile.tempdir = str(disk)
            postgres = Postgres()
            tempfile.tempdir = None
            postgres.start("max_wal_size=32MB", "min_wal_size=32MB")
        journal = folder / "smsc.journal"
        carrier = Process([parley, "smsc", "--port", "0", "--receipt-delay", "200", "--journal", journal], "parley smsc")
        server = node.Node(
            parley, folder, int(carrier.line("LISTENING ").split()[1]), postgres, sqlite=disk / "parley.db")
        server.start()
        check(tally, server, disk, receiver, postgres, journal)
        server.process.terminate()
        if postgres:
            postgres.close()
    tally.finish()


if __name__ == "__main__":
    main()
