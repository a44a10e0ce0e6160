# SPDX-License-Identifier: Apache-2.0
"""Kannel as a customer of Parley: Debian's bearerbox binds to Parley with an SMPP account, once for each way in which
ids can be written, and once to the SMSC simulator alone. Messages (plain, UCS-2, long) reach the carrier's handsets and
their receipts come back, matched by Kannel through `msg-id-type`; a handset's messages, short and long, come in.

    apt-get install --no-install-recommends kannel
    python3 Tests/Peers/kannel.py --parley .build/debug/parley"""

import argparse
import contextlib
import json

from kannel_support import Kannel, programs
import node
from support import Process, Tally, begin, binary, equal, free_port, temporary_folder, wait_for

HANDSET = "491701234567"
LONG = "A long message from a customer's Kannel, in GSM characters. " * 5
CYRILLIC = "Привет из Каннеля, длинное сообщение. " * 4
INBOUND = "Short and from a handset"
LONG_INBOUND = "A long message from a handset, which comes in two parts. " * 4

# What Kannel's guide calls msg-id-type: bit 0 for the submit response, bit 1 for the receipt; a set bit is hexadecimal.
FORMS = [("hexadecimal", "hexadecimal", "msg-id-type = 0x03"), ("decimal", "decimal", "msg-id-type = 0x00"),
         ("hexadecimal", "decimal", "msg-id-type = 0x01"), ("uuid", "uuid", "")]


def handset_lines(account):
    """The handset's messages in the simulator's journal: they are delivered to whoever binds as `account`."""
    part = 153
    pieces = [LONG_INBOUND[start:start + part] for start in range(0, len(LONG_INBOUND), part)]
    messages = [(0, INBOUND.encode())] + [
        (0x40, bytes([5, 0, 3, 7, len(pieces), number]) + piece.encode()) for number, piece in enumerate(pieces, 1)]
    for key, (esm, octets) in enumerate(messages, 1):
        yield json.dumps({"handset": key, "account": account, "source": f"1:1:{HANDSET}",
                          "destination": f"1:1:{node.NUMBER}", "octets": octets.hex(), "esm": esm, "coding": 0})


@contextlib.contextmanager
def simulator(parley, folder, system_id, password):
    """`parley smsc` with messages of a handset that wait; yields its port and its journal."""
    journal = folder / "smsc.journal"
    journal.write_text("".join(line + "\n" for line in handset_lines(system_id)))
    port = free_port()
    process = Process(
        [parley, "smsc", "--port", str(port), "--system-id", system_id, "--password", password, "--journal", journal],
        "parley smsc", folder / "smsc.log")
    try:
        process.line("LISTENING")
        yield port, journal
    finally:
        process.kill()


def serve(parley, folder, smsc_port, message_ids, receipt_ids):
    """A node with an SMPP account for Kannel; returns it with the account's port."""
    server = node.Node(parley, folder, smsc_port)
    path = folder / "parley.yaml"
    configuration = json.loads(path.read_text())
    port = free_port()
    configuration["smpp"] = {"port": port}
    configuration["companies"][0]["smppAccounts"] = [{
        "systemId": "kannel", "password": "secret", "messageIds": message_ids, "receiptIds": receipt_ids}]
    path.write_text(json.dumps(configuration, indent=2))
    server.start()
    return server, port


def accepted(journal):
    """The user data that the simulated carrier took, in order, with its data coding."""
    records = [json.loads(line) for line in journal.read_text().splitlines() if '"accepted"' in line]
    return [(bytes.fromhex(record["octets"]), record["coding"]) for record in records]


def texts(journal):
    """What the handset reads: parts joined by the order in which they came, UCS-2 read as such."""
    joined = ""
    for octets, coding in accepted(journal):
        if octets[:3] == b"\x05\x00\x03":
            octets = octets[6:]
        joined += octets.decode("utf-16-be" if coding == 8 else "latin-1")
    return joined


def exchange(kannel, journal, seen=None):
    """Messages and receipts one way, a handset's messages the other. The carrier's journal has the messages whose
    receipt is wanted: all parts of Parley's, and the first of Kannel's, which has at least `seen` characters."""
    cases = [("1", "Hello from Kannel", 0, 1), ("2", LONG, 0, 2), ("3", "Привет", 2, 1), ("4", CYRILLIC, 2, 3)]
    for reference, text, coding, parts in cases:
        kannel.send(HANDSET, text, reference, coding)
        kannel.wait_for_reports(reference, 8, 1)
        kannel.wait_for_reports(reference, 1, 1)
    wait_for(lambda: all(text.strip()[:seen] in texts(journal) for _, text, _, _ in cases), 10,
             f"every text with the carrier: {texts(journal)!r}")
    kannel.send("491701234002", "nobody there", "5")
    kannel.wait_for_reports("5", 2)
    equal(kannel.reports("5").count(1), 0, "deliveries to an absent handset")
    inbound = sorted(kannel.inbound(2), key=lambda message: len(message["text"]))
    equal([message["text"].strip() for message in inbound], [INBOUND, LONG_INBOUND.strip()], "inbound messages")
    for message in inbound:
        equal((message["from"].lstrip("+"), message["to"].lstrip("+")), (HANDSET, node.NUMBER), "numbers")


def through_parley(parley, message_ids, receipt_ids, extra):
    with temporary_folder() as folder, simulator(parley, folder, "parley", "parley") as (smsc_port, journal):
        server, port = serve(parley, folder, smsc_port, message_ids, receipt_ids)
        try:
            kannel = Kannel(folder, port, "kannel", "secret", extra)
            try:
                exchange(kannel, journal)
            finally:
                kannel.close()
            code, _ = server.process.terminate()
            equal(code, 0, "exit code of the server")
        finally:
            server.kill()


def alone(parley):
    """Kannel and the simulator, without Parley between them."""
    with temporary_folder() as folder, simulator(parley, folder, "kannel", "secret") as (port, journal):
        kannel = Kannel(folder, port, "kannel", "secret", "msg-id-type = 0x00")
        try:
            exchange(kannel, journal, seen=60)
        finally:
            kannel.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parley", required=True, help="the server's program")
    arguments = parser.parse_args()
    parley = binary(arguments.parley)
    programs()
    begin(400)
    tally = Tally()
    for message_ids, receipt_ids, extra in FORMS:
        with tally.check(f"Kannel as a customer: ids {message_ids}, in receipts {receipt_ids} ({extra or 'no type'})"):
            through_parley(parley, message_ids, receipt_ids, extra)
    with tally.check("Kannel and the simulated carrier"):
        alone(parley)
    tally.finish()


if __name__ == "__main__":
    main()
