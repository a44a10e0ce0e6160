# SPDX-License-Identifier: Apache-2.0
"""A table of ported numbers at full size, on both databases: how long its import takes and how much memory, what
messages notice of it, how long a look-up among the numbers takes; and that a bad line, a crash or a change leaves
exactly what it should.

    python Tests/EndToEnd/ported_numbers.py --parley .build/release/parley --rows 10000000"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import random
import statistics
import subprocess
import threading
import time

import node
import support
from loopback import Client
from support import Process, Tally, equal, temporary_folder, wait_for

OPERATOR = "ported-numbers-key-0123456789"
FIRST = 4_915_100_000_000
# How much more memory an import may take than the server had before, MiB.
ROOM = 160
NETWORKS = ["262,01,Telekom", "262,02,Vodafone", "262,03,O2", "262,07,"]


def number(index):
    """The numbers of the table lie apart, so that absent ones lie between them."""
    return FIRST + 7 * index


def write_table(file, rows, tail=""):
    """A table in no order at all: its indexes go round in steps that are prime to their number."""
    step = next(step for step in (7_368_787, 5_000_011, 3_000_017, 1) if rows % step)
    with open(file, "w", encoding="utf-8") as table:
        table.write("number,mcc,mnc,operator,date\n")
        index = 0
        for start in range(0, rows, 50_000):
            lines = []
            for _ in range(min(50_000, rows - start)):
                lines.append(f"{number(index)},{NETWORKS[index % 4]},2025-0{index % 9 + 1}-15\n")
                index = (index + step) % rows
            table.writelines(lines)
        table.write(tail)
    return file


class Server:
    """A node with an operator's key."""

    def __init__(self, parley, folder, postgres):
        folder.mkdir()
        self.parley = parley
        self.carrier = Process([parley, "smsc", "--port", "0"], "parley smsc")
        self.node = node.Node(parley, folder, int(self.carrier.line("LISTENING ").split()[1]), postgres)
        configuration = json.loads(self.node.file.read_text())
        configuration["companies"][0]["keys"].append(
            {"name": "operator", "key": OPERATOR, "scopes": ["api", "admin"]})
        self.node.file.write_text(json.dumps(configuration))
        self.node.start()
        self.client = Client(self.node.port, OPERATOR)

    def command(self, *words):
        return subprocess.Popen(
            [self.parley, "numbers", *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=os.environ | {"PARLEY_SERVER": f"http://127.0.0.1:{self.node.port}", "PARLEY_KEY": OPERATOR})

    def run(self, *words, status=0):
        command = self.command(*words)
        out, err = command.communicate(timeout=3600)
        equal(command.returncode, status, f"parley numbers {words}: {out} {err}")
        return out + err

    def count(self):
        return self.client.get("/admin/v1/ported-numbers").json["numbers"]

    def find(self, index):
        """What the table says of a number; None for what it does not have."""
        answer = self.client.get(f"/admin/v1/ported-numbers/{number(index)}")
        return answer.json if answer.status == 200 else None

    def peak(self):
        """The most memory that the server has had, MiB."""
        status = pathlib.Path(f"/proc/{self.node.process.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024

    def settled(self):
        """Waits until nothing is left to clear up."""

        def is_settled():
            imports = self.client.get("/admin/v1/ported-numbers").json["imports"]
            return sum(item["state"] == "in-force" for item in imports) == 1 and not any(
                item["state"] in ("replaced", "importing") for item in imports)

        wait_for(is_settled, 3000, "a table that is cleared up", 0.2)


class Messages:
    """Sends message after message, and remembers how long each acceptance took."""

    def __init__(self, server):
        self.client = Client(server.node.port, node.KEY)
        self.times, self.failures, self.isOver = [], [], threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        # The event that ends the sending is also the pause between two messages.
        while not self.isOver.wait(0.005):
            start = time.monotonic()
            answer = self.client.send({"from": "Parley", "to": "+4915112345000", "message": "during an import"})
            self.times.append(time.monotonic() - start)
            if answer.status != 200:
                self.failures.append(repr(answer))

    def stop(self):
        self.isOver.set()
        self.thread.join()
        equal(self.failures, [])
        times = sorted(self.times)
        return {"p50": times[len(times) // 2], "p99": times[len(times) * 99 // 100], "max": times[-1]}


def look_up(server, rows, count):
    """The median of the table's own look-up and of the whole request, ms, for present and absent numbers."""
    random.seed(1)
    own, whole = [], []
    for _ in range(count):
        index = random.randrange(rows)
        for present in (True, False):
            start = time.monotonic()
            answer = server.client.get(f"/admin/v1/numbers/{number(index) + (0 if present else 3)}").json
            whole.append((time.monotonic() - start) * 1000)
            report = next(item for item in answer["sources"] if item["source"] == "ported")
            equal(report["result"], "answer" if present else "nothing", str(answer))
            own.append(report["microseconds"] / 1000)
    return statistics.median(own), statistics.median(whole)


def prove(tally, parley, folder, name, rows, looks):
    server = Server(parley, folder / name, node.database(name))
    table = write_table(folder / "table.csv", rows)
    with tally.check(f"{name}: {rows} numbers come in within bounded memory, and messages go on"):
        before, messages, start = server.peak(), Messages(server), time.monotonic()
        out = server.run("import", table, "--replace", "--progress")
        took, waits = time.monotonic() - start, messages.stop()
        assert f"{rows} ported numbers imported." in out, out[-500:]
        equal(server.count(), rows)
        grown = server.peak() - before
        print(f"{name}: {rows} rows, {table.stat().st_size >> 20} MiB in {took:.1f} s ({rows / took:.0f}/s); "
              f"peak {server.peak():.0f} MiB, {grown:.0f} MiB more than before; "
              f"{len(messages.times)} messages: "
              + ", ".join(f"{key} {1000 * value:.1f} ms" for key, value in waits.items()))
        assert grown < ROOM, f"{grown:.0f} MiB"
    with tally.check(f"{name}: a look-up takes under a millisecond at the median"):
        own, whole = look_up(server, rows, looks)
        print(f"{name}: look-up {own:.3f} ms, with HTTP {whole:.3f} ms")
        assert own < 1, own
    with tally.check(f"{name}: GNP knows where a number went"):
        answer = server.client.get("/nis/v1/gnp", query={"msisdn": f"+{number(1)}"}).json
        equal((answer["ported"], answer["mcc"], answer["mnc"]), ("true", "262", "02"))
        assert str(number(1)) in server.run("look", number(1))
    with tally.check(f"{name}: a bad line at the end changes nothing"):
        bad = write_table(folder / "bad.csv", min(rows, 100_000), f"{number(5)}x,262,01,,\n")
        message = server.run("import", bad, "--replace", status=1)
        assert f"line {min(rows, 100_000) + 2}: number" in message, message
        equal(server.count(), rows)
    with tally.check(f"{name}: changes add, alter and remove"):
        changes = folder / "changes.csv"
        changes.write_text(
            f"number;mcc;mnc;action\n{number(1)};262;03;\n{number(2)};;;remove\n{number(rows)};262;01;add\n")
        server.run("import", changes)
        for _ in ("as they come in", "once they are written into the table"):
            equal(server.find(1)["mnc"], "03")
            equal(server.find(2), None)
            equal(server.find(rows)["mcc"], "262")
            server.settled()
        equal(server.count(), rows)
    with tally.check(f"{name}: a crash in the middle of an import changes nothing"):
        command = server.command("import", table, "--replace")
        wait_for(lambda: server.client.get("/admin/v1/ported-numbers").json["importing"], 30, "an import")
        server.node.kill()
        command.communicate(timeout=60)
        server.node.start()
        server.client.close()
        equal(server.find(1)["mnc"], "03")
        equal(server.count(), rows)
    with tally.check(f"{name}: a new table takes the old one's place at once, and its rows go"):
        new = write_table(folder / "new.csv", 1000)
        with concurrent.futures.ThreadPoolExecutor() as pool:
            done = pool.submit(server.run, "import", new, "--replace")
            # Whoever asks meanwhile sees the one table or the other, never a part.
            seen = set()
            while not done.done():
                seen.add(Client(server.node.port, OPERATOR).get("/admin/v1/ported-numbers").json["numbers"])
        assert seen <= {rows, 1000}, seen
        equal(server.count(), 1000)
        start = time.monotonic()
        server.settled()
        print(f"{name}: {rows} old rows were gone after {time.monotonic() - start:.1f} s")
    server.node.process.terminate()


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--parley", required=True)
    options.add_argument("--rows", type=int, default=200_000)
    options.add_argument("--looks", type=int, default=500)
    options.add_argument("--database", choices=["sqlite", "postgres"], action="append")
    arguments = options.parse_args()
    support.begin(300 + arguments.rows // 1000)
    tally = Tally()
    with temporary_folder() as folder:
        for name in arguments.database or ["sqlite", "postgres"]:
            prove(tally, support.binary(arguments.parley), folder, name, arguments.rows, arguments.looks)
    tally.finish()


if __name__ == "__main__":
    main()
