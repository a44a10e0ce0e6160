# SPDX-License-Identifier: Apache-2.0
"""Backup and restore of the embedded database: a copy made under load has everything that was answered before it began;
restored, it sends what was still to be sent and marks it, because it may have gone out in the meantime. And `parley
doctor` finds nothing wrong with a healthy node, and finds what is wrong with others.

    python Tests/EndToEnd/backup.py --parley .build/debug/parley"""

import argparse
import contextlib
import json
import os
import secrets
import stat
import subprocess
import threading

import node
import support
from loopback import CUT_OFF, Client, Receiver
from support import Process, Tally, equal, free_port, temporary_folder, wait_for

FIELDS = {"from": "Parley", "to": "+4915112345000"}
BEFORE, WAITING = 150, 20


class Load:
    """Sends one message after the other until it is stopped; keeps what was answered."""

    def __init__(self, port):
        self._port, self._stopped, self.answered = port, threading.Event(), {}
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        client, number = Client(self._port, node.KEY), 0
        while not self._stopped.is_set():
            reference = f"load-{number}"
            with contextlib.suppress(CUT_OFF):
                answer = client.send(FIELDS | {"message": reference, "reference": reference})
                if answer.status == 200:
                    self.answered[reference] = answer.json["requestId"]
            number += 1
        client.close()

    def stop(self):
        self._stopped.set()
        self._thread.join(30)


class Carrier:
    """The simulated carrier, which may go away and come back with its memory."""

    def __init__(self, parley, journal):
        self.parley, self.journal, self.port = parley, journal, 0
        self.start()

    def start(self):
        self.process = Process(
            [self.parley, "smsc", "--port", self.port, "--receipt-delay", "100", "--journal", self.journal], "carrier")
        self.port = int(self.process.line("LISTENING ").split()[1])

    def kill(self):
        self.process.kill()


class Operator:
    """Runs `parley` commands."""

    def __init__(self, parley, folder):
        self.parley, self.folder = parley, folder

    def run(self, command, *arguments, config="parley.yaml"):
        return subprocess.run(
            [str(self.parley), command, "--config", str(self.folder / config), *map(str, arguments)],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=90)

    def done(self, command, *arguments):
        result = self.run(command, *arguments)
        equal(result.returncode, 0, f"{command}: {result.stdout}{result.stderr}")
        return result.stdout

    def refused(self, words, command, *arguments):
        result = self.run(command, *arguments)
        if result.returncode == 0 or words not in result.stderr:
            raise AssertionError(f"{command} {arguments}: {result.returncode} {result.stdout}{result.stderr}")

    def doctor(self, *arguments, config="parley.yaml"):
        """The findings by name, and the exit code."""
        result = self.run("doctor", "--json", *arguments, config=config)
        checks = json.loads(result.stdout)["checks"]
        for check in checks:
            if check["outcome"] != "ok" and not check.get("advice"):
                raise AssertionError(f"no advice: {check}")
        return {check["name"]: check for check in checks}, result.returncode

    def variant(self, name, change):
        """A configuration like the node's, but for what `change` does to it."""
        configuration = json.loads((self.folder / "parley.yaml").read_text())
        change(configuration)
        (self.folder / name).write_text(json.dumps(configuration))
        return name


def send(client, count, kind):
    answered = {}
    for number in range(count):
        reference = f"{kind}-{number}"
        answer = client.send(FIELDS | {"message": reference, "reference": reference})
        equal(answer.status, 200, f"{answer!r}")
        answered[reference] = answer.json["requestId"]
    return answered


def failures(checks):
    return {name for name, check in checks.items() if check["outcome"] == "fail"}


def check_healthy(tally, operator):
    with tally.check("doctor finds nothing wrong with a healthy node"):
        checks, code = operator.doctor()
        equal((code, failures(checks)), (0, set()), json.dumps(checks, indent=1))
        for name in ["configuration", "master key", "database", "migrations", "durability", "disk of the database",
                     "clock", "open files", "node", "queue", "webhook deliveries", "connector carrier",
                     f"callback of {node.NUMBER}"]:
            if name not in checks:
                raise AssertionError(f"{name} was not looked at: {sorted(checks)}")
        equal(checks["node"]["outcome"], "ok")
    with tally.check("doctor --bind binds"):
        checks, code = operator.doctor("--bind")
        equal((code, "bind" in checks["connector carrier"]["detail"]), (0, True), f"{checks['connector carrier']}")


def check_findings(tally, operator, folder):
    (folder / "other.key").write_text(secrets.token_hex(32) + "\n")
    (folder / "other.key").chmod(0o600)

    def other_key(configuration):
        configuration["masterKeyFile"] = str(folder / "other.key")

    def no_key(configuration):
        configuration["masterKeyFile"] = str(folder / "none.key")

    def dead_carrier(configuration):
        configuration["connectors"][0]["port"] = free_port()

    def wrong_password(configuration):
        configuration["connectors"][0]["password"] = "wrong"

    def dead_callback(configuration):
        url = f"http://127.0.0.1:{free_port()}/in?token=customers-own"
        configuration["companies"][0]["numbers"][0]["inboundURL"] = url

    def private_callback(configuration):
        # By its text the URL is as good as any; where its name leads is seen only when it is looked up.
        configuration["callbacks"]["allowPrivateAddresses"] = False
        configuration["companies"][0]["numbers"][0]["inboundURL"] = "http://localhost:8080/in"

    def typing_error(configuration):
        configuration["databse"] = {}

    cases = [
        (other_key, "master key", []), (no_key, "master key", []), (dead_carrier, "connector carrier", []),
        (wrong_password, "connector carrier", ["--bind"]), (dead_callback, f"callback of {node.NUMBER}", []),
        (private_callback, f"callback of {node.NUMBER}", []), (typing_error, "configuration", []),
    ]
    for change, name, arguments in cases:
        with tally.check(f"doctor finds: {change.__name__.replace('_', ' ')}"):
            checks, code = operator.doctor(*arguments, config=operator.variant(f"{change.__name__}.yaml", change))
            equal((code, failures(checks)), (1, {name}), json.dumps(checks, indent=1))
            if "customers-own" in json.dumps(checks[name]):
                raise AssertionError(f"a query is shown: {checks[name]}")
    with tally.check("a look at a missing master key does not make one"):
        equal((folder / "none.key").exists(), False)


def check_restored(tally, server, journal, before, waiting):
    client = Client(server.port, node.KEY)
    with tally.check(f"what was answered and reported before the backup is there: {len(before)}"):
        for reference, identifier in before.items():
            message = client.message(identifier)
            equal((message["reference"], message["status"]), (reference, "DELIVERED"))
            equal(message.get("possibleDuplicate", False), False, reference)
    with tally.check(f"what waited in the backup is sent and marked: {len(waiting)}"):
        for reference, identifier in waiting.items():
            message = client.final(identifier, 60)
            equal((message["status"], message.get("possibleDuplicate")), ("DELIVERED", True), reference)
    with tally.check("nothing is sent twice unmarked"):
        twice = {text for text, count in node.accepted_by_carrier(journal).items() if count > 1}
        equal(twice & set(before), set())
        equal(set(waiting) - twice, set(), "messages that did not go out before the restore")
    client.close()


def check(tally, parley, folder, receiver):
    journal = folder / "smsc.journal"
    carrier = Carrier(parley, journal)
    server = node.Node(parley, folder, carrier.port, inbound=receiver.url("/in"))
    operator = Operator(parley, folder)
    backup = folder / "backup.db"
    server.start()
    client = Client(server.port, node.KEY)
    check_healthy(tally, operator)
    check_findings(tally, operator, folder)
    before = send(client, BEFORE, "before")
    for identifier in before.values():
        client.final(identifier, 30)
    carrier.kill()
    waiting = send(client, WAITING, "waiting")
    load = Load(server.port)
    wait_for(lambda: len(load.answered) > 300, 30, "load")
    with tally.check("a backup under load is made, readable by its owner alone"):
        answered = dict(load.answered)
        said = operator.done("backup", "--output", backup)
        equal(stat.S_IMODE(os.stat(backup).st_mode), 0o600)
        equal(sorted(path.name for path in folder.glob("backup.db*")), ["backup.db"])
        equal("master.key" in said, True, said)
    load.stop()
    with tally.check("a backup is replaced only when told to, and is never the database itself"):
        operator.refused("--force", "backup", "--output", backup)
        operator.refused("itself", "backup", "--output", folder / "parley.db", "--force")
    with tally.check("a restore under a running node is refused and names it"):
        operator.refused("end-to-end", "restore", "--from", backup, "--yes")
    carrier.start()
    for identifier in waiting.values():
        equal(client.final(identifier, 60)["status"], "DELIVERED")
    client.close()
    server.kill()
    with tally.check("a damaged backup and one of something else are refused"):
        (folder / "short.db").write_bytes(backup.read_bytes()[:30_000])
        operator.refused("short.db", "restore", "--from", folder / "short.db", "--yes")
        operator.refused("not a database", "restore", "--from", folder / "parley.yaml", "--yes")
    with tally.check("a restore asks before it replaces anything"):
        wait_for(lambda: "--yes" in operator.run("restore", "--from", backup).stderr, 30, "the question", 0.5)
    with tally.check("the backup is restored once the killed node's lease has run out, and the old database is kept"):
        wait_for(lambda: operator.run("restore", "--from", backup, "--yes").returncode == 0, 30, "restore", 0.5)
        equal(len(list(folder.glob("parley.db.before-restore-*"))), 1)
        equal(list(folder.glob("parley.db.restoring*")), [])
    server.start()
    with tally.check(f"everything that was answered before the backup began is in it: {len(answered)}"):
        client = Client(server.port, node.KEY)
        for reference, identifier in answered.items():
            equal(client.message(identifier)["reference"], reference)
        client.close()
    check_restored(tally, server, journal, before, waiting)
    with tally.check("doctor finds nothing wrong after the restore"):
        checks, code = operator.doctor()
        equal((code, failures(checks)), (0, set()), json.dumps(checks, indent=1))
    server.process.terminate()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parley", required=True)
    parley = support.binary(parser.parse_args().parley)
    support.begin(300)
    tally = Tally()
    with temporary_folder() as folder, contextlib.closing(Receiver()) as receiver:
        check(tally, parley, folder, receiver)
    tally.finish()


if __name__ == "__main__":
    main()
