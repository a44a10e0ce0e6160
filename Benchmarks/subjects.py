# SPDX-License-Identifier: Apache-2.0
"""What is measured: the floor, Parley on either database, Kannel; and the carrier and the load that stand around them.
Every one is a process of its own, on loopback, with its files on the disk that was asked for."""

import contextlib
import json
import os
import pathlib
import signal
import sqlite3
import subprocess
import sys
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "Tests" / "EndToEnd"))
import graph  # noqa: E402
import loopback  # noqa: E402
import node  # noqa: E402
import support  # noqa: E402

# As an operator sets a good link: so many messages may be on their way to the carrier at once.
BINDS, WINDOW = 2, 100
# Milliseconds from the carrier's response to its receipt; a handset takes seconds.
RECEIPT_DELAY = 100
# The same for WhatsApp: from sent to delivered, and from there to read.
STATUS_DELAY = 100
# What a number without Meta's limits may have on its way; its recipients all differ.
WHATSAPP = {"window": 512, "messagesPerSecond": 100_000}
TICKS = os.sysconf("SC_CLK_TCK")


class Programs:
    """Where the programs are, and where files go."""

    def __init__(self, parley, bench, folder):
        self.parley, self.bench, self.folder = parley, bench, pathlib.Path(folder)
        self.postgres = None

    def run(self, *arguments, seconds=900):
        """Runs `parley-bench` to its end; its one line of JSON."""
        done = subprocess.run([self.bench, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=seconds)
        if done.returncode != 0:
            raise AssertionError(f"parley-bench {arguments[0]}: {done.stderr.decode(errors='replace')}")
        return json.loads(done.stdout)

    def new_folder(self, name):
        folder = self.folder / name
        folder.mkdir()
        return folder

    def database(self, kind, name):
        """None for SQLite; for PostgreSQL a new database on the one cluster of the run."""
        if kind == "sqlite":
            return None
        if self.postgres is None:
            self.postgres = support.Postgres()
            self.postgres.start()
        return PostgresDatabase(self.postgres, name.replace("-", "_"))


class PostgresDatabase:
    """One database of a cluster that runs with its own defaults: fsync, full_page_writes and synchronous_commit on."""

    def __init__(self, cluster, name):
        self.cluster, self.name = cluster, name
        cluster_url = cluster.url
        subprocess.run(["psql", "-q", "-d", cluster_url, "-c", f"CREATE DATABASE {name}"], check=True, timeout=60)
        self.url = cluster_url.replace("/postgres?", f"/{name}?")

    def query(self, sql, seconds=60):
        done = subprocess.run(["psql", "-qAt", "-v", "ON_ERROR_STOP=1", "-d", self.url, "-c", sql], check=True,
                              capture_output=True, timeout=seconds)
        return done.stdout.decode().strip()


class Measured:
    """A server process: its processor time and its memory."""

    process: support.Process
    # What the load generator speaks, and over how many connections at once.
    dialect, connections = "sms", 128

    @property
    def pids(self):
        return [self.process.pid]

    @contextlib.contextmanager
    def at_work(self):
        """Its turn. In those of the others it has to be quiet."""
        yield

    def cpu(self):
        """Seconds of processor time until now."""
        total = 0
        for pid in self.pids:
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
        return total / TICKS

    def resident(self):
        """Resident memory, MiB."""
        total = 0
        for pid in self.pids:
            for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith("VmRSS:"):
                    total += int(line.split()[1])
        return total / 1024

    @property
    def output(self):
        """What it has printed."""
        return self.process.output

    def stop(self):
        self.process.terminate()


class Floor(Measured):
    """Decodes and echoes; with callbacks it is the ceiling's server."""

    key = "none"

    def __init__(self, programs, callbacks=False, whatsapp=False):
        self.port = support.free_port()
        arguments = [programs.bench, "floor", "--port", self.port] + (["--callbacks"] if callbacks else [])
        self.cloud = cloud(programs, self.port) if whatsapp else None
        if self.cloud:
            arguments += ["--graph", f"http://127.0.0.1:{self.cloud.port}"]
        self.process = support.Process(arguments, "floor")
        loopback.wait_until_ready(self.process, self.port)

    def stop(self):
        super().stop()
        if self.cloud:
            self.cloud.stop()


def cloud(programs, port):
    """A WhatsApp Cloud API of its own for the server on a port, as fast as it can."""
    return graph.Graph(programs.parley, port, delivered_delay=STATUS_DELAY, read_delay=STATUS_DELAY)


class Carrier:
    """The SMSC simulator on a port that stays the same, up or down."""

    def __init__(self, programs):
        self.parley, self.port, self.process = programs.parley, support.free_port(), None

    def start(self):
        self.process = support.Process(
            [self.parley, "smsc", "--port", self.port, "--window", WINDOW, "--receipt-delay", RECEIPT_DELAY],
            "parley smsc")
        self.process.line("LISTENING")

    def stop(self):
        if self.process:
            self.process.kill()
            self.process = None


class Parley(Measured):
    """`parley serve` on a database of its own."""

    key = node.KEY

    def __init__(self, programs, kind, name, carrier):
        self.kind, self.folder = kind, programs.new_folder(f"{name}-{kind}")
        self.postgres = programs.database(kind, name)
        self.node = node.Node(programs.parley, self.folder, carrier.port, self.postgres,
                              connector={"binds": BINDS, "window": WINDOW, "reconnectMaximum": 0.2})
        self.port = self.node.port

    def start(self):
        """Starts it; the carrier may be up or down."""
        self.process = support.Process(
            [self.node.parley, "serve", "--config", self.folder / "parley.yaml"], "parley serve", self.folder / "log")
        support.wait_for(self._is_up, 30, "parley serve")
        return self

    def _is_up(self):
        client = loopback.Client(self.port, timeout=5)
        try:
            return client.get("/health").status == 200
        except OSError:
            return False
        finally:
            client.close()

    def migrate(self):
        """Makes the tables, and nothing in them."""
        subprocess.run([self.node.parley, "migrate", "--config", self.folder / "parley.yaml"], check=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=60)

    def unfinished(self):
        """How many messages have not come to their end."""
        sql = "SELECT count(*) FROM messages WHERE done_at IS NULL"
        if self.postgres:
            return int(self.postgres.query(sql))
        with contextlib.closing(sqlite3.connect(f"file:{self.folder}/parley.db?mode=ro", uri=True)) as database:
            return database.execute(sql).fetchone()[0]


class WhatsAppParley(Parley):
    """The same with a WhatsApp number as its only channel."""

    def __init__(self, programs, kind, name):
        super().__init__(programs, kind, name, Carrier(programs))
        self.cloud = cloud(programs, self.port)
        graph.connect(self.node, self.cloud.port, **WHATSAPP)

    def stop(self):
        super().stop()
        self.cloud.stop()


class Kannel(Measured):
    """Debian's bearerbox and smsbox with a store of spool files, the more durable of its two."""

    key = "bench"
    # Beyond that it cuts connections off.
    dialect, connections = "kannel", 64

    def __init__(self, programs, name, carrier, store="spool"):
        self.folder = programs.new_folder(name)
        self.port, self._admin, self._box = (support.free_port() for _ in range(3))
        location = self.folder / "store"
        if store == "spool":
            location.mkdir()
        (self.folder / "kannel.conf").write_text(f"""
group = core
admin-port = {self._admin}
admin-password = bench
admin-interface = 127.0.0.1
smsbox-port = {self._box}
smsbox-interface = 127.0.0.1
log-level = 3
log-file = "{self.folder}/bearerbox.log"
store-type = {store}
store-location = "{location}"
sms-resend-freq = 1

group = smsc
smsc = smpp
smsc-id = carrier
host = 127.0.0.1
port = {carrier.port}
transceiver-mode = true
smsc-username = parley
smsc-password = parley
system-type = ""
max-pending-submits = {BINDS * WINDOW}
reconnect-delay = 1
source-addr-ton = 1
source-addr-npi = 1
dest-addr-ton = 1
dest-addr-npi = 1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {self.port}
sendsms-interface = 127.0.0.1
log-level = 3
log-file = "{self.folder}/smsbox.log"

group = sendsms-user
username = bench
password = bench
max-messages = 4
concatenation = true
""")

    def start(self):
        configuration = self.folder / "kannel.conf"
        self._bearerbox = support.Process(["/usr/sbin/bearerbox", configuration], "bearerbox")
        support.wait_for(lambda: self._status() is not None, 20, "bearerbox")
        self._smsbox = support.Process(["/usr/sbin/smsbox", configuration], "smsbox")
        support.wait_for(lambda: "smsbox" in (self._status() or ""), 20, "smsbox")
        return self

    @staticmethod
    def is_installed():
        return os.access("/usr/sbin/bearerbox", os.X_OK)

    @property
    def output(self):
        return (self.folder / "bearerbox.log").read_text(errors="replace")

    @property
    def pids(self):
        return [self._bearerbox.pid, self._smsbox.pid]

    @contextlib.contextmanager
    def at_work(self):
        # While the carrier is down it tries what it has accepted again and again, and says so: with what it took in four
        # rounds, that is a third of a core.
        self._signal(signal.SIGCONT)
        try:
            yield
        finally:
            self._signal(signal.SIGSTOP)

    def _signal(self, number):
        for pid in self.pids:
            os.kill(pid, number)

    def _status(self):
        with contextlib.suppress(OSError):
            with urllib.request.urlopen(f"http://127.0.0.1:{self._admin}/status.txt", timeout=5) as answer:
                return answer.read().decode(errors="replace")
        return None

    def unfinished(self):
        """How many messages wait in its store."""
        for line in (self._status() or "").splitlines():
            if "store size" in line:
                return int(line.rpartition("store size")[2].split()[0].rstrip(".,"))
        raise AssertionError(f"bearerbox does not tell its store's size:\n{self._status()}")

    def stop(self):
        for process in (self._smsbox, self._bearerbox):
            process.kill()
