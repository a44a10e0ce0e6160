# SPDX-License-Identifier: Apache-2.0
"""The command line over the Admin API against a running server: every object of the configuration is created, changed,
listed and removed, read as a table and as JSON, with its row in the audit log; CSV goes in and out; what is refused is
told in words and by the exit status.

    python Tests/EndToEnd/cli.py --parley .build/debug/parley"""

import argparse
import contextlib
import csv
import io
import json
import os
import subprocess

import support
from loopback import wait_until_ready
from support import Process, Tally, equal, free_port, temporary_folder, wait_for

KEY = "end-to-end-admin-key-0123456789"
REFUSED, USAGE, UNAVAILABLE, NOT_PERMITTED = 1, 64, 69, 77


class Outcome:
    """What a command printed, and its exit status."""

    def __init__(self, words, done):
        self.words, self.status = words, done.returncode
        self.out, self.err = done.stdout.decode(), done.stderr.decode()

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def rows(self):
        """A table's rows as lists of words, without the head."""
        return [line.split() for line in self.out.splitlines()[1:]]

    def __repr__(self):
        return f"parley {' '.join(self.words)}: {self.status} {self.out[-1500:]} {self.err[-1500:]}"


class CLI:
    """`parley` with the address and the key of one server in its environment."""

    def __init__(self, parley, server, key):
        self.parley = parley
        self.environment = os.environ | {"PARLEY_SERVER": server, "PARLEY_KEY": key}
        self.environment.pop("COLUMNS", None)

    def run(self, *words, stdin=b"", status=0, **environment):
        """Runs a command that must end with `status`."""
        words = [str(word) for word in words]
        done = subprocess.run(
            [self.parley, *words], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
            env=self.environment | environment)
        outcome = Outcome(words, done)
        equal(outcome.status, status, repr(outcome))
        assert "\x1b" not in outcome.out + outcome.err, f"escape codes where no terminal is: {outcome}"
        return outcome

    def json(self, *words, **options):
        return self.run(*words, "--json", **options).json

    def refused(self, *words, status=REFUSED, **options):
        """Runs a command that must fail, and returns the lines that say why."""
        outcome = self.run(*words, status=status, **options)
        equal(outcome.out, "", f"output of {outcome}")
        lines = outcome.err.splitlines()
        if status != USAGE:
            assert lines and all(line.startswith("parley: ") for line in lines), repr(outcome)
        return lines

    def audited(self, kind, identifier, *actions):
        """The newest rows of the audit log about an object, or about a kind of object, are these, the oldest first."""
        rows = self.json("audit", "--kind", kind, *(["--object", identifier] if identifier else []))
        equal([row["action"] for row in reversed(rows)][-len(actions):], list(actions), f"audit of {kind} {identifier}")
        for row in rows:
            assert row["actor"] and row["at"], row


def ids(items):
    return [item["id"] for item in items]


def check_companies(cli):
    made = cli.json("companies", "create", "Zoe Ltd", "--prepaid", "--balance", "10.5", "--currency", "USD")
    equal((made["name"], made["prepaid"], made["currency"]), ("Zoe Ltd", True, "USD"), "company")
    assert made["webhookSecrets"][0], "no secret"
    assert "webhookSecrets" not in cli.json("companies", "show", "Zoe Ltd"), "the secret is shown twice"
    assert made["id"] in ids(cli.json("companies", "list")), "not listed"
    listed = cli.run("companies", "list")
    assert any("Zoe" in row and "USD" in row for row in listed.rows), repr(listed)
    equal(cli.json("companies", "change", "Zoe Ltd", "--name", "Zoe", "--no-prepaid")["name"], "Zoe", "new name")
    secret = cli.run("companies", "secrets", "add", "Zoe")
    assert "secret: " in secret.out and "shown this once" in secret.out, repr(secret)
    equal(cli.json("companies", "show", made["id"])["webhookSecretCount"], 2, "secrets")
    cli.run("companies", "secrets", "drop-old", "Zoe")
    equal(cli.json("companies", "show", made["id"])["webhookSecretCount"], 1, "secrets after the rotation")
    equal(cli.json("companies", "close", "Zoe")["closed"], True, "closed")
    assert made["id"] not in ids(cli.json("companies", "list")), "a closed company is listed"
    assert made["id"] in ids(cli.json("companies", "list", "--closed")), "a closed company is lost"
    assert "closedAt" not in cli.json("companies", "reopen", "Zoe"), "still closed"
    cli.audited("company", made["id"], "created", "changed", "changed", "changed", "closed", "reopened")


def check_balances(cli):
    cli.run("companies", "create", "Rich", "--prepaid", "--balance", "5")
    entry = cli.json("balance", "add", "Rich", "20.25", "--note", "invoice 1")
    equal((float(entry["amount"]), entry["note"]), (20.25, "invoice 1"), "movement")
    equal(float(cli.json("balance", "take", "Rich", "0.25")["amount"]), -0.25, "correction")
    equal(float(cli.json("balance", "show", "Rich")["balance"]), 25.0, "balance")
    assert "balance   25" in cli.run("balance", "show", "Rich").out, "balance in words"
    ledger = cli.json("balance", "ledger", "Rich")
    equal([float(item["amount"]) for item in ledger][:2], [-0.25, 20.25], "ledger")
    equal(len(cli.json("balance", "ledger", "Rich", "--limit", "1")), 1, "limit")
    assert any("invoice" in row for row in cli.run("balance", "ledger", "Rich").rows), "note in the ledger's table"
    actions = [row["action"] for row in cli.json("audit", "--kind", "balance")]
    equal(actions[:2], ["moved", "moved"], "audit of balances")


def check_keys(cli):
    printed = cli.run("keys", "create", "one", "--company", "Zoe", "--scope", "api")
    assert "Keep it now: it is shown this once" in printed.out, repr(printed)
    made = cli.json("keys", "create", "two", "--company", "Zoe", "--rate", "5", "--address", "127.0.0.0/8",
                    "--expires", "90d")
    equal((made["requestsPerSecond"], made["addresses"]), (5, ["127.0.0.0/8"]), "limits")
    assert made["expiresAt"] > made["createdAt"], made
    assert "key" not in cli.json("keys", "show", "two"), "the key is shown twice"
    equal({key["name"] for key in cli.json("keys", "list", "--company", "Zoe")}, {"one", "two"}, "keys")
    assert any("Zoe" in row and made["hint"] in row for row in cli.run("keys", "list").rows), "no row for the key"
    # A key that was just made lets a program in, at once, and one that may not administer stays out.
    cli.refused("status", status=NOT_PERMITTED, PARLEY_KEY=made["key"])
    changed = cli.json("keys", "change", "two", "--expires", "none", "--rate", "none", "--name", "second")
    assert "expiresAt" not in changed and "requestsPerSecond" not in changed, changed
    operator = cli.json("keys", "create", "deputy", "--company", "Zoe", "--scope", "admin")
    cli.run("status", PARLEY_KEY=operator["key"])
    for name in ("one", "second", "deputy"):
        cli.run("keys", "remove", name)
    wait_for(lambda: subprocess.run([cli.parley, "status"], capture_output=True, timeout=60, env=cli.environment | {
        "PARLEY_KEY": operator["key"]}).returncode == NOT_PERMITTED, 5, "a removed key is refused")
    equal(cli.json("keys", "list", "--company", "Zoe"), [], "keys")
    equal(cli.run("keys", "list", "--company", "Zoe").out, "(none)\n", "an empty table")
    cli.audited("key", made["id"], "created", "changed", "removed")


def check_channels(cli):
    made = cli.json("channels", "create", "+4930555001", "--company", "Zoe", "--inbound-url", "https://zoe.example/in",
                    "--inbound-method", "get")
    equal((made["address"], made["inboundMethod"]), ("4930555001", "GET"), "channel")
    assert "inboundUrl" not in cli.json("channels", "change", "+4930555001", "--inbound-url", "none"), "URL stays"
    equal(ids(cli.json("channels", "list", "--company", "Zoe")), [made["id"]], "channels")
    equal(cli.json("channels", "show", "4930555001")["id"], made["id"], "by number")
    cli.run("channels", "remove", "+4930555001")
    equal(cli.refused("channels", "show", "4930555001"), ["parley: no channel is called 4930555001"], "refusal")
    cli.audited("channel", made["id"], "created", "changed", "removed")


def check_connectors_and_routes(cli):
    port = free_port()
    made = cli.json("connectors", "create", "carrier-x", "--host", "127.0.0.1", "--port", port, "--system-id", "zoe",
                    "--password-file", "-", "--window", "20", "--option", "reconnectMaximum=2", stdin=b"secret\n")
    equal((made["hasSecret"], made["options"]["window"], made["options"]["port"]), (True, 20, port), "connector")
    assert "secret" not in json.dumps(made["options"]), "the password is among the options"
    changed = cli.json("connectors", "change", "carrier-x", "--window", "30", "--option", "reconnectMaximum=")
    equal((changed["options"]["window"], changed["options"].get("reconnectMaximum")), (30, None), "options")
    equal(cli.json("connectors", "stop", "carrier-x")["stopped"], True, "stopped")
    row = next(row for row in cli.run("connectors", "list").rows if "carrier-x" in row)
    assert "stopped" in row, row
    equal(cli.json("connectors", "start", "carrier-x")["stopped"], False, "started")
    cli.run("connectors", "rebind", "carrier-x")
    shown = cli.run("connectors", "show", "carrier-x").out
    assert "options.window" in shown, shown
    assert isinstance(cli.json("connectors", "exchanges", "carrier-x"), list), "exchanges"

    route = cli.json("routes", "create", "--gateway", "TEST", "--prefix", "4477", "carrier-x")
    equal((route["gateway"], route["prefix"], route["connectors"]), ("TEST", "4477", ["carrier-x"]), "route")
    cli.refused("connectors", "remove", "carrier-x")
    equal(cli.json("routes", "change", route["id"], "--prefix", "4478")["prefix"], "4478", "new prefix")
    assert any(row[1:4] == ["TEST", "4478", "carrier-x"] for row in cli.run("routes", "list").rows), "not in the table"
    exported = list(csv.DictReader(io.StringIO(cli.run("routes", "export").out)))
    assert {"gateway": "TEST", "prefix": "4478", "connectors": "carrier-x"} in exported, exported
    cli.run("routes", "remove", route["id"])
    assert route["id"] not in ids(cli.json("routes", "list")), "route stays"
    cli.run("connectors", "remove", "carrier-x")
    assert made["id"] not in ids(cli.json("connectors", "list")), "connector stays"
    cli.audited("route", None, "created", "changed", "removed")
    cli.audited("connector", made["id"], "created", "changed", "stopped", "started", "rebound", "removed")


def check_prices(cli, folder):
    made = cli.json("prices", "create", "--prefix", "4479", "--mcc", "234", "--mnc", "15", "--company", "Zoe",
                    "--from", "2026-01-01", "--price", "0.0425")
    equal((made["price"], made["prefix"]), ("0.0425", "4479"), "price")
    paid_out = cli.json("prices", "create", "--direction", "inbound", "--prefix", "4479", "--price", "-0.005")
    equal(paid_out["price"], "-0.005", "a negative price")
    equal(cli.json("prices", "change", made["id"], "--price", "0.05")["price"], "0.05", "new price")
    equal(ids(cli.json("prices", "list", "--company", "Zoe")), [made["id"]], "of the company")
    row = next(row for row in cli.run("prices", "list").rows if "0.05" in row)
    assert "Zoe" in row and "4479" in row, row
    cli.run("prices", "remove", made["id"])
    cli.run("prices", "remove", paid_out["id"])
    cli.audited("price", None, "created", "created", "changed", "removed", "removed")

    columns = ["company", "direction", "prefix", "mcc", "mnc", "ttid", "currency", "price", "from"]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    for number in range(500):
        writer.writerow(["", "outbound", f"88{number:04}", "901", "01", "", "EUR", "0.0125", "2026-01-01T00:00:00Z"])
    file = folder / "prices.csv"
    file.write_text(text.getvalue())
    outcome = cli.run("prices", "import", file, "--progress")
    assert outcome.out.startswith("500 prices imported"), repr(outcome)
    assert "prices: 500 of 500" in outcome.err and "sent " in outcome.err, repr(outcome)
    equal(len([price for price in cli.json("prices", "list") if price["prefix"].startswith("88")]), 500, "all pages")
    target = folder / "exported.csv"
    equal(cli.run("prices", "export", "--output", target).out, "", "output of an export to a file")
    exported = [row for row in csv.DictReader(target.open()) if row["prefix"].startswith("88")]
    equal(len(exported), 500, "exported")
    equal((exported[0]["prefix"], exported[0]["price"]), ("880000", "0.0125"), "first exported")
    file.write_text(text.getvalue() + ",outbound,99,901,01,,EUR,cheap,\n")
    lines = cli.refused("prices", "import", file)
    assert "line 502" in lines[0] and "price" in lines[0], lines
    file.write_text(",".join(columns) + "\n,outbound,770000,901,01,,EUR,0.02,\n")
    again = cli.json("prices", "import", file, "--replace")
    equal(again["imported"], 1, "imported")
    assert again["removed"] >= 500, again
    equal(len([price for price in cli.json("prices", "list") if price["prefix"].startswith("88")]), 0, "replaced")
    assert "imported" in [row["action"] for row in cli.json("audit", "--kind", "price")], "import in the audit log"


def check_smpp_accounts(cli):
    printed = cli.run("smpp-accounts", "create", "zoe1", "--company", "Zoe", "--max-binds", "3", "--rate", "50",
                      "--message-ids", "decimal")
    assert "password: " in printed.out and "shown this once" in printed.out, repr(printed)
    account = cli.json("smpp-accounts", "show", "zoe1")
    equal((account["options"]["maxBinds"], account["enabled"]), (3, True), "account")
    assert "password" not in account, "the password is shown twice"
    changed = cli.json("smpp-accounts", "change", "zoe1", "--disable", "--sender", "Zoe", "--rate", "none")
    equal((changed["enabled"], changed["options"]["senders"]), (False, ["Zoe"]), "changed")
    assert "messagesPerSecond" not in changed["options"], changed
    equal([item["systemId"] for item in cli.json("smpp-accounts", "list", "--company", "Zoe")], ["zoe1"], "accounts")
    cli.run("smpp-accounts", "disconnect", "zoe1")
    cli.run("smpp-accounts", "remove", "zoe1")
    equal(cli.json("smpp-accounts", "list", "--company", "Zoe"), [], "accounts")
    actions = [row["action"] for row in cli.json("audit", "--kind", "smpp-account", "--object", account["id"])]
    assert {"created", "changed", "removed"} <= set(actions), actions


def check_contacts(cli, folder):
    zoe = ("--company", "Zoe")
    jane = cli.json("contacts", "create", *zoe, "--name", "Jane Doe", "--phone", "0170 1234567", "--region", "DE",
                    "--email", "Jane@example.com")
    equal(jane["identities"], {"phone": ["491701234567"], "email": ["jane@example.com"]}, "identities")
    equal(ids(cli.json("contacts", "list", *zoe, "--phone", "+49 170 1234567")), [jane["id"]], "by number")
    row = cli.run("contacts", "list", *zoe, "--name", "jane").rows[0]
    assert "Doe" in row and "491701234567" in row, row
    changed = cli.json("contacts", "change", jane["id"], *zoe, "--name", "Jane Roe", "--email", "none")
    equal((changed["name"], changed["identities"]), ("Jane Roe", {"phone": ["491701234567"]}), "changed")
    lines = cli.refused("contacts", "create", *zoe, "--phone", "+491701234567")
    assert "Jane Roe" in lines[0], lines
    lines = cli.refused("contacts", "create", *zoe, "--phone", "0170 1234567")
    assert lines[0].startswith("parley: phone: "), lines

    file = folder / "contacts.csv"
    people = [("Jane Doe", "0170 1234567", "jane@example.com")]
    people += [(f"Person {number}", f"0171 1{number:06}", "") for number in range(500)]
    text = io.StringIO()
    csv.writer(text).writerows([("name", "phone", "email"), *people])
    file.write_text(text.getvalue())
    outcome = cli.run("contacts", "import", file, *zoe, "--region", "DE", "--progress")
    assert outcome.out.startswith("501 contacts imported"), repr(outcome)
    assert "contacts: 501 of 501" in outcome.err, repr(outcome)
    equal(len(cli.json("contacts", "list", *zoe, "--all")), 501, "Jane is there once")
    equal(len(cli.json("contacts", "list", *zoe)), 50, "a first page")
    target = folder / "exported-contacts.csv"
    cli.run("contacts", "export", *zoe, "--output", target)
    exported = list(csv.DictReader(target.open()))
    equal((len(exported), exported[0]["name"], exported[0]["phone"], exported[0]["email"]),
          (501, "Jane Doe", "491701234567", "jane@example.com"), "exported")
    equal(cli.json("contacts", "import", target, *zoe)["imported"], 501, "what is exported can be imported")
    file.write_text(text.getvalue() + "Nobody,12,\n")
    lines = cli.refused("contacts", "import", file, *zoe, "--region", "DE")
    assert lines[0].startswith("parley: line 503: phone: "), lines
    cli.run("contacts", "remove", jane["id"], *zoe)
    cli.refused("contacts", "show", jane["id"], *zoe)
    equal(len(cli.json("contacts", "list", *zoe, "--all")), 500, "without Jane")
    cli.audited("contact", jane["id"], "created", "changed", "removed")


def check_watching(cli):
    status = cli.json("status")
    assert status["database"] in ("sqlite", "postgres") and "queue" in status, status
    assert "queue.depth" in cli.run("status").out, "status in words"
    for words in (["webhooks"], ["deliveries"], ["deliveries", "--undelivered"], ["messages", "search", "--from", "2h"],
                  ["receipts"]):
        assert isinstance(cli.json(*words), list), words
        assert cli.run(*words).out, words
    equal(cli.json("deliveries", "replay", "--from", "1d"), {"replayed": 0}, "nothing to replay")
    assert "(none)" in cli.run("audit", "--kind", "company", "--object", "999999999").out, "an empty table"
    newest = cli.json("audit", "--limit", "5")
    equal(len(newest), 5, "audit rows")
    assert newest[0]["at"] >= newest[-1]["at"], "the newest is not first"
    assert len(cli.json("audit", "--all")) > 20, "few audit rows"


def check_refusals(cli):
    cases = [
        (["companies", "show", "Nobody"], REFUSED, "parley: no company is called Nobody"),
        (["companies", "create", "Zoe"], REFUSED, None),
        (["prices", "create", "--price", "cheap", "--prefix", "1"], REFUSED, "parley: price: "),
        (["keys", "remove", "id:999999999"], REFUSED, None),
        (["companies", "change", "Zoe"], USAGE, "parley: what is to change?"),
        (["audit", "--from", "yesterday"], USAGE, "Error: "),
        (["routes", "import", "/nowhere.csv"], USAGE, "parley: /nowhere.csv cannot be read"),
    ]
    for words, status, beginning in cases:
        lines = cli.refused(*words, status=status)
        assert beginning is None or lines[0].startswith(beginning), f"{words}: {lines}"
    lines = cli.refused("status", status=NOT_PERMITTED, PARLEY_KEY="some-other-key-0123456789")
    assert "does not accept the key" in lines[0], lines
    nowhere = f"http://127.0.0.1:{free_port()}"
    equal(cli.refused("status", "--server", nowhere, status=UNAVAILABLE),
          [f"parley: cannot reach {nowhere}: nothing listens there (connection refused)"], "unreachable")


def check_help(cli):
    text = cli.run("--help").out
    for word in ("RUN", "CONFIGURE", "WATCH", "REPAIR", "serve", "demo", "companies", "messages", "deliveries"):
        assert word in text, f"{word} is missing in the help:\n{text}"
    for command in ("companies", "keys", "channels", "connectors", "routes", "prices", "smpp-accounts", "contacts",
                    "balance", "status", "reload", "messages", "webhooks", "deliveries", "receipts", "audit"):
        assert "OVERVIEW: " in cli.run(command, "--help").out, command


def check_file(cli, file):
    """What the configuration file declares is the file's, and the file alone can tell where the server is."""
    lines = cli.refused("channels", "remove", "49301234567")
    assert "file" in lines[0], lines
    equal(cli.json("reload"), {"changes": []}, "nothing to reload")
    text = file.read_text()
    file.write_text(text.replace("49301234567", "49301234568"))
    changes = cli.json("reload")["changes"]
    equal({(change["action"], change["kind"]) for change in changes}, {("created", "channel"), ("removed", "channel")},
          "changes")
    equal(cli.run("reload").out, "Nothing has changed.\n", "a second reload")
    file.write_text("companies: [{nam: x}]\n")
    lines = cli.refused("reload")
    assert "parley.yaml:1" in lines[0], lines
    file.write_text(text)
    cli.run("reload")
    without = {"PARLEY_SERVER": "", "PARLEY_KEY": ""}
    cli.run("status", "--config", file, **without)
    assert "PARLEY_SERVER" in cli.refused("status", status=USAGE, **without)[0], "no hint at the variables"


@contextlib.contextmanager
def server(parley, folder):
    """A server whose file declares a company with an operator's key and one number."""
    port = free_port()
    file = folder / "parley.yaml"
    file.write_text(json.dumps({
        "database": {"sqlite": f"{folder}/parley.db"}, "http": {"port": port}, "node": "cli",
        "masterKeyFile": f"{folder}/master.key", "logging": {"level": "notice"},
        "companies": [{
            "name": "Operators", "numbers": [{"number": "49301234567"}],
            "keys": [{"name": "operator", "key": KEY, "scopes": ["api", "admin"]}]}],
    }, indent=2))
    process = Process([parley, "serve", "--config", file], "parley serve", folder / "log")
    wait_until_ready(process, port)
    yield f"http://127.0.0.1:{port}", file
    code, _ = process.terminate()
    equal(code, 0, "exit code of the server")


def check_all(tally, cli, folder):
    for name, check in [
        ("companies and their secrets", lambda: check_companies(cli)),
        ("balances and ledgers", lambda: check_balances(cli)),
        ("keys", lambda: check_keys(cli)),
        ("channels", lambda: check_channels(cli)),
        ("connectors and routes", lambda: check_connectors_and_routes(cli)),
        ("prices, in and out as CSV", lambda: check_prices(cli, folder)),
        ("SMPP accounts", lambda: check_smpp_accounts(cli)),
        ("contacts, in and out as CSV", lambda: check_contacts(cli, folder)),
        ("status, lists, the audit log", lambda: check_watching(cli)),
        ("refusals and exit statuses", lambda: check_refusals(cli)),
    ]:
        with tally.check(name):
            check()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parley", required=True, help="the program")
    arguments = parser.parse_args()
    parley = support.binary(arguments.parley)
    support.begin(300)
    tally = Tally()
    with temporary_folder() as folder:
        with server(parley, folder) as (url, file):
            cli = CLI(parley, url, KEY)
            check_all(tally, cli, folder)
            with tally.check("what the file declares, and reload"):
                check_file(cli, file)
            with tally.check("help"):
                check_help(cli)
    tally.finish()


if __name__ == "__main__":
    main()
