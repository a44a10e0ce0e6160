# SPDX-License-Identifier: Apache-2.0
"""`parley serve` as the proofs run it: one company, one number, one carrier, on SQLite or a PostgreSQL of its own."""

import collections
import json

from loopback import wait_until_ready
from support import Postgres, Process, free_port

KEY = "end-to-end-key-0123456789"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NUMBER = "49301234567"


class Node:
    """A server over its restarts on one port. `connector` holds further options of the connection to the carrier,
    `inbound` is the URL to which the number's messages are pushed, `sqlite` another place for the database."""

    def __init__(self, parley, folder, smsc_port, postgres=None, connector=None, inbound=None, sqlite=None):
        self.parley, self.folder, self.port = parley, folder, free_port()
        self.process, self.file = None, folder / "parley.yaml"
        number = {"number": NUMBER} | ({"inboundURL": inbound} if inbound else {})
        configuration = {
            "database": {"postgres": postgres.url} if postgres else {"sqlite": str(sqlite or folder / "parley.db")},
            "http": {"port": self.port},
            "node": "end-to-end",
            "masterKeyFile": f"{folder}/master.key",
            "logging": {"level": "notice"},
            "callbacks": {"allowPrivateAddresses": True, "allowPlainHTTP": True},
            "companies": [{
                "name": "End to end", "webhookSecrets": [SECRET], "numbers": [number],
                "keys": [{"name": "end-to-end", "key": KEY}]}],
            "connectors": [{
                "name": "carrier", "host": "127.0.0.1", "port": smsc_port, "systemId": "parley", "password": "parley",
                "reconnectMinimum": 0.1, "reconnectMaximum": 1} | (connector or {})],
            "routes": [{"connectors": ["carrier"]}],
            "prices": [{"prefix": "49", "mcc": "262", "mnc": "01", "price": "0.075"}],
        }
        # What is JSON is YAML as well.
        self.file.write_text(json.dumps(configuration, indent=2))

    def start(self):
        self.process = Process(
            [self.parley, "serve", "--config", self.file], "parley serve", self.folder / "log")
        wait_until_ready(self.process, self.port)

    def kill(self):
        self.process.kill()


def accepted_by_carrier(journal):
    """How often the simulated carrier accepted each text, by its journal."""
    seen = collections.defaultdict(set)
    for line in journal.read_text().splitlines():
        record = json.loads(line)
        if "accepted" in record:
            seen[bytes.fromhex(record["octets"]).decode("latin-1")].add(record["accepted"])
    return {text: len(keys) for text, keys in seen.items()}


def database(name):
    """A running PostgreSQL, or None for SQLite, which needs none."""
    if name == "sqlite":
        return None
    postgres = Postgres()
    postgres.start()
    return postgres
