#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures Parley beside what bounds it, on one machine and in one run, and prints one table.

    scripts/bench                 about fifteen minutes
    scripts/bench --quick         three to four
    scripts/bench --full          with a queue of a million messages and ten million messages in the database

What is compared runs in turns, round after round, and of each the median counts: whatever else the machine does then
disturbs all of them alike. Load, server, carrier, receiver and database share the machine; the same holds for what
Parley is compared with."""

import argparse
import contextlib
import os
import pathlib
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import fill
import subjects
import support
from table import Table

DATABASES = {"sqlite": "SQLite", "postgres": "PostgreSQL"}
# How many cycles are under way at a time. A text message waits 100 ms for its receipt and nothing else: with few under way
# that wait would be measured. A WhatsApp number sends no more at a time than its window holds.
IN_FLIGHT = {"sms": 1024, "whatsapp": 512}
# So many clients leave no processor idle while others wait for the disk; with the usual number there is some left.
MANY = 512


class Plan:
    """How much is measured."""

    def __init__(self, arguments):
        quick, full = arguments.quick, arguments.full
        self.rounds = 1 if quick else 5
        self.warmup = 1 if quick else 2
        self.seconds = 3 if quick else 5
        self.drained = 5_000 if quick else 30_000
        self.queues = [10_000] if quick else [10_000, 100_000] + ([1_000_000] if full else [])
        self.stored = 50_000 if quick else 10_000_000 if full else 1_000_000
        self.seeds = 3 if quick else 20
        self.patience = 60 if quick else 300
        self.limit = 420 if quick else 7200 if full else 2400


class Run:
    def __init__(self, plan, programs):
        self.plan, self.programs, self.table = plan, programs, Table()
        self.guard = None
        self.start = time.monotonic()

    def say(self, text):
        load = os.getloadavg()[0]
        print(f"[{time.monotonic() - self.start:6.1f} s, load {load:.1f}] {text}", file=sys.stderr, flush=True)

    # One measurement each. They return what the load printed, with the server's processor time per thousand messages.

    def load(self, subject, *options, dialect=None, connections=None):
        return self._measured(
            subject, "load", "--dialect", dialect or subject.dialect, "--connections",
            connections or subject.connections, *options)

    def turn(self, subject, **options):
        with subject.at_work():
            return self.load(subject, **options)

    def cycles(self, subject, dialect="sms"):
        return self._measured(subject, "cycles", "--in-flight", IN_FLIGHT[dialect], "--dialect", dialect)

    def _measured(self, subject, command, *options):
        before = subject.cpu()
        result = self.programs.run(
            command, "--port", subject.port, "--key", subject.key, "--seconds", self.plan.seconds, "--warmup",
            self.plan.warmup, *options)
        answered = result.get("sent") or result["messages"] * (self.plan.seconds + self.plan.warmup) / self.plan.seconds
        result["cpu"] = (subject.cpu() - before) / max(1, answered) * 1000
        if result.get("failed") or result.get("missing") or result["refused"]:
            self.say(f"  not all went well: {result}")
        return result

    def in_turns(self, measure, things):
        """Measures each of `things` (name → a measurement) once a round; the median of each, and the rates of the rounds."""
        results = {name: [] for name in things}
        for number in range(self.plan.rounds):
            for name, measurement in things.items():
                results[name].append(measurement())
                self.say(f"{measure}, {name}, round {number + 1}: {results[name][-1]['rate']:,.0f}/s")
        return {name: self._median(found) for name, found in results.items()}

    @staticmethod
    def _median(results):
        medians = {key: statistics.median(result[key] for result in results) for key in ("rate", "p50", "p99", "cpu")}
        return medians | {"rates": [result["rate"] for result in results]}

    def add(self, measure, subject, result, unit="/s", reference=None, of=None):
        ratio = self._ratio(result, reference) if reference else None
        self.table.add(measure, subject, result["rate"], unit, result, result.get("cpu"), ratio, of)

    @staticmethod
    def _ratio(result, reference):
        """Of what was measured in turns, the median of the rounds' ratios: the machine is more alike within a round than
        from one to the next."""
        rounds = result.get("rates"), reference.get("rates")
        if all(rounds):
            return statistics.median(rate / of for rate, of in zip(*rounds))
        return result["rate"] / reference["rate"]

    # What is measured.

    def accepts(self, kannel_store):
        """Messages a second that are answered when they are on disk; the carrier is down, then it is up."""
        with contextlib.ExitStack() as stack:
            carrier = subjects.Carrier(self.programs)
            servers = {"floor": subjects.Floor(self.programs)}
            for kind, name in DATABASES.items():
                servers[f"Parley, {name}"] = subjects.Parley(self.programs, kind, "accepts", carrier).start()
            if kannel_store:
                servers["Kannel"] = subjects.Kannel(self.programs, "kannel-accepts", carrier, kannel_store).start()
            for server in servers.values():
                stack.callback(server.stop)
            results = self.in_turns(
                "accepts", {name: lambda server=server: self.turn(server) for name, server in servers.items()})
            self.add("decode and echo", "floor", results["floor"])
            for name, result in results.items():
                if name != "floor":
                    self.add("accepts, carrier down", name, result, reference=results["floor"], of="floor")
            floor = results["floor"]
            # Kannel cuts so many off.
            many = {name: server for name, server in servers.items() if name != "Kannel"}
            results = self.in_turns(
                f"accepts, {MANY} clients",
                {name: lambda server=server: self.turn(server, connections=MANY) for name, server in many.items()})
            self.add(f"decode and echo, {MANY} clients", "floor", results["floor"])
            for name, result in results.items():
                if name != "floor":
                    self.add(f"accepts, {MANY} clients", name, result, reference=results["floor"], of="floor")

        with contextlib.ExitStack() as stack:
            servers = {}
            for kind, name in DATABASES.items():
                servers[f"Parley, {name}"] = subjects.Parley(
                    self.programs, kind, "sending", self._carrier(stack)).start()
            if kannel_store:
                servers["Kannel"] = subjects.Kannel(
                    self.programs, "kannel-sending", self._carrier(stack), kannel_store).start()
            for server in servers.values():
                stack.callback(server.stop)
            results = {}
            for name, server in servers.items():
                results[name] = self.load(server)
                self.say(f"accepts while sending, {name}: {results[name]['rate']:,.0f}/s")
                self._wait_until_sent(server)
            for name, result in results.items():
                self.add("accepts while sending", name, result, reference=floor, of="floor")

    def _carrier(self, stack):
        """A carrier for one server alone: receipts go to whichever bind of an account is there."""
        carrier = subjects.Carrier(self.programs)
        carrier.start()
        stack.callback(carrier.stop)
        return carrier

    def _wait_until_sent(self, server):
        """Until nothing is left in the queue; says where it stands when that takes too long."""
        try:
            support.wait_for(lambda: server.unfinished() == 0, self.plan.patience, "an empty queue", 0.2)
        except AssertionError as error:
            raise AssertionError(f"{error}: {server.unfinished():,} left\n{server.output[-2000:]}") from None

    def sending(self, kannel_store):
        """Messages a second from a full queue through SMPP to their receipts."""
        results = {}
        for kind, name in DATABASES.items():
            results[f"Parley, {name}"] = self._drain(
                lambda carrier, kind=kind: subjects.Parley(self.programs, kind, "drain", carrier))
        if kannel_store:
            results["Kannel"] = self._drain(
                lambda carrier: subjects.Kannel(self.programs, "kannel-drain", carrier, kannel_store))
        for name, result in results.items():
            self.say(f"over SMPP, {name}: {result['rate']:,.0f}/s")
            self.add("over SMPP, submit and receipt", name, result, reference=results.get("Kannel"), of="Kannel")

    def _drain(self, make):
        carrier = subjects.Carrier(self.programs)
        server = make(carrier).start()
        try:
            self.load(server, "--messages", self.plan.drained)
            queued = server.unfinished()
            carrier.start()
            # The first receipt starts the watch: how soon the server connects again is not the question.
            support.wait_for(lambda: server.unfinished() < queued, 60, "a receipt", 0.02)
            first, start, cpu = server.unfinished(), time.monotonic(), server.cpu()
            self._wait_until_sent(server)
            return {"rate": first / (time.monotonic() - start), "cpu": (server.cpu() - cpu) / first * 1000}
        finally:
            server.stop()
            carrier.stop()

    def full_cycles(self):
        """Message, submit, receipt, report: whole cycles a second."""
        with contextlib.ExitStack() as stack:
            servers = {"ceiling": subjects.Floor(self.programs, callbacks=True)}
            for kind, name in DATABASES.items():
                servers[f"Parley, {name}"] = subjects.Parley(
                    self.programs, kind, "cycles", self._carrier(stack)).start()
            for server in servers.values():
                stack.callback(server.stop)
            results = self.in_turns(
                "full cycles", {name: lambda server=server: self.cycles(server) for name, server in servers.items()})
        self.add("HTTP exchanges of a cycle", "ceiling", results["ceiling"])
        for name, result in results.items():
            if name != "ceiling":
                self.add("full cycles", name, result, reference=results["ceiling"], of="ceiling")

    def whatsapp(self):
        """Message, Cloud API, three statuses, three callbacks: whole cycles a second."""
        with contextlib.ExitStack() as stack:
            servers = {"ceiling": subjects.Floor(self.programs, whatsapp=True)}
            for kind, name in DATABASES.items():
                servers[f"Parley, {name}"] = subjects.WhatsAppParley(self.programs, kind, "whatsapp").start()
            for server in servers.values():
                stack.callback(server.stop)
            results = self.in_turns("WhatsApp cycles", {
                name: lambda server=server: self.cycles(server, "whatsapp") for name, server in servers.items()})
        self.add("HTTP exchanges of a WhatsApp cycle", "ceiling", results["ceiling"])
        for name, result in results.items():
            if name != "ceiling":
                self.add("WhatsApp cycles", name, result, reference=results["ceiling"], of="ceiling")

    def inbound(self):
        """Messages a second that customers write on WhatsApp, each answered when it is on disk."""
        with contextlib.ExitStack() as stack:
            servers = {"floor": subjects.Floor(self.programs)}
            for kind, name in DATABASES.items():
                servers[f"Parley, {name}"] = subjects.WhatsAppParley(self.programs, kind, "inbound").start()
            for server in servers.values():
                stack.callback(server.stop)
            results = self.in_turns("inbound", {
                name: lambda server=server: self.load(server, dialect="graph") for name, server in servers.items()})
        self.add("decode webhooks", "floor", results["floor"])
        for name, result in results.items():
            if name != "floor":
                self.add("inbound messages, WhatsApp", name, result, reference=results["floor"], of="floor")

    def memory(self):
        """Resident memory with nothing queued, and with ever more; all of it came in by HTTP."""
        for kind, name in DATABASES.items():
            carrier = subjects.Carrier(self.programs)
            server = subjects.Parley(self.programs, kind, "memory", carrier).start()
            try:
                self.load(server, "--messages", 1000)
                idle = server.resident()
                self.table.add("memory, 1,000 queued", f"Parley, {name}", idle, "MiB")
                queued = 1000
                for count in self.plan.queues:
                    self.load(server, "--messages", count - queued)
                    queued = count
                    resident = server.resident()
                    self.say(f"memory, {name}, {count:,} queued: {resident:.0f} MiB")
                    self.table.add(f"memory, {count:,} queued", f"Parley, {name}", resident, "MiB",
                                   ratio=resident / idle, of="1,000")
            finally:
                server.stop()

    def large_database(self):
        """Accepts on a database with a long history beside accepts on an empty one."""
        for kind, name in DATABASES.items():
            carrier = subjects.Carrier(self.programs)
            large = subjects.Parley(self.programs, kind, "large", carrier)
            large.migrate()
            fill.fill(large, self.plan.stored, lambda done, name=name: self.say(f"{name}: {done:,} messages stored"))
            self.say(f"{name}: {fill.size(large) / 2**30:.1f} GiB")
            with contextlib.ExitStack() as stack:
                servers = {"empty": subjects.Parley(self.programs, kind, "empty", carrier), "large": large}
                for server in servers.values():
                    stack.callback(server.start().stop)
                results = self.in_turns(f"{name} by size", {
                    key: lambda server=server: self.load(server) for key, server in servers.items()})
            self.add(f"accepts, {self.plan.stored:,} stored", f"Parley, {name}", results["large"],
                     reference=results["empty"], of="empty")


    def pumping_guard(self):
        """How much of pumped spend the guard stops and how many honest codes it refuses, on seeds that were not used to
        tune it. A simulation: the machine plays no part in it."""
        subprocess.run([self.guard, "101", str(self.plan.seeds)], check=True)


def machine():
    """What the numbers were measured on."""
    model = next((line.partition(":")[2].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {"processor": model, "cores": os.cpu_count(), "memory GiB": round(memory), "kernel": platform.release(),
            "load at the start": os.getloadavg()[0]}


def real_disk(folder):
    """The folder, if what is synced there reaches a disk."""
    kind = subprocess.run(["stat", "-f", "-c", "%T", folder], capture_output=True, check=True).stdout.decode().strip()
    if kind in ("tmpfs", "ramfs"):
        sys.exit(f"{folder} is in memory; name a folder on a disk with --folder")
    return folder


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="short runs of everything")
    parser.add_argument("--full", action="store_true", help="the large queue and the large database")
    parser.add_argument("--json", metavar="FILE", help="write the rows there as well")
    parser.add_argument("--only", metavar="PART", action="append", choices=PARTS,
                        help=f"measure this part; may be repeated: {', '.join(PARTS)}")
    parser.add_argument("--folder", default="/var/tmp", help="where databases are made (default: /var/tmp)")
    parser.add_argument("--parley", required=True, help="the server's program")
    parser.add_argument("--bench", required=True, help="the program parley-bench")
    parser.add_argument("--guard", required=True, help="the program GuardSimulation")
    arguments = parser.parse_args()
    plan = Plan(arguments)
    bound(plan.limit)
    about = machine()
    print(f"{about['processor']}, {about['cores']} cores, {about['memory GiB']} GiB, "
          f"load {about['load at the start']:.1f}")
    kannel = "spool" if subjects.Kannel.is_installed() else None
    if not kannel:
        print("Kannel is not installed: its rows are left out", file=sys.stderr)
    # PostgreSQL puts its cluster where temporary files go.
    tempfile.tempdir = real_disk(arguments.folder)
    with support.temporary_folder() as folder:
        run = Run(plan, subjects.Programs(support.binary(arguments.parley), support.binary(arguments.bench), folder))
        run.guard = support.binary(arguments.guard)
        for part in arguments.only or PARTS:
            PARTS[part](run, kannel)
    if run.table.rows:
        print(run.table.text())
    if arguments.json:
        run.table.write(arguments.json, about)


def bound(seconds):
    """Ends a run that takes too long, and with it every process and file that it has made."""

    def stop(*_):
        raise SystemExit(f"the run took longer than {seconds} s")

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    support.begin(seconds + 60)


PARTS = {
    "accepts": lambda run, kannel: run.accepts(kannel),
    "smpp": lambda run, kannel: run.sending(kannel),
    "cycles": lambda run, _: run.full_cycles(),
    "whatsapp": lambda run, _: run.whatsapp(),
    "inbound": lambda run, _: run.inbound(),
    "guard": lambda run, _: run.pumping_guard(),
    "memory": lambda run, _: run.memory(),
    "size": lambda run, _: run.large_database(),
}

if __name__ == "__main__":
    main()
