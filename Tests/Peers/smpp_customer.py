# SPDX-License-Identifier: Apache-2.0
"""smpplib as a customer of Parley: what it submits is the message that the SMS API shows, with its id, status and
price; what it does not answer comes again after the server was killed, a window of it at the most.

    pip install smpplib
    python3 Tests/Peers/smpp_customer.py --parley .build/debug/parley"""

import argparse
import contextlib
import json
import logging
import pathlib
import socket
import ssl
import struct
import subprocess
import sys

import smpplib.client
import smpplib.consts
import smpplib.exceptions
import smpplib.gsm

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "EndToEnd"))

import node  # noqa: E402
from loopback import Client  # noqa: E402
from support import Process, Tally, begin, binary, equal, free_port, temporary_folder, wait_for  # noqa: E402

logging.disable(logging.CRITICAL)

WINDOW = 10
HANDSET = "491701234567"


class ESME:
    """A bound smpplib client that collects what arrives and answers it while `answers` is set."""

    def __init__(self, port, password="secret", mode="transceiver"):
        self.responses, self.deliveries, self.answers = {}, [], True
        self.client = smpplib.client.Client("127.0.0.1", port, timeout=10, allow_unknown_opt_params=True)
        self.client.auto_send_enquire_link = False
        self.client.set_message_sent_handler(lambda pdu: self.responses.__setitem__(pdu.sequence, pdu))
        self.client.set_message_received_handler(self._received)
        self.client.set_error_pdu_handler(lambda pdu: None)
        self.client.connect()
        getattr(self.client, f"bind_{mode}")(system_id="esme", password=password)

    def _received(self, pdu):
        self.deliveries.append(pdu)
        # smpplib answers with the status that the handler returns; an exception keeps the answer back.
        if not self.answers:
            raise Unanswered
        return None

    def submit(self, octets, number=HANDSET, **fields):
        values = {"source_addr_ton": smpplib.consts.SMPP_TON_ALNUM, "source_addr": "Peer", "dest_addr_ton": 1,
                  "dest_addr_npi": 1, "destination_addr": number, "short_message": octets, "registered_delivery": 1}
        return self.client.send_message(**(values | fields)).sequence

    def until(self, condition, what):
        for _ in range(2000):
            if condition():
                return
            with contextlib.suppress(Unanswered):
                self.client.read_once()
        raise AssertionError(what)

    def response(self, sequence):
        self.until(lambda: sequence in self.responses, "a response")
        return self.responses[sequence]

    def close(self):
        self.client.unbind()
        self.client.disconnect()

    def cut(self):
        self.client._socket.close()


class Unanswered(Exception):
    """Keeps smpplib from answering a delivery."""


class Setup:
    """A simulated carrier and a node with one account; `tls` are further members of the listener."""

    def __init__(self, parley, folder, tls=None):
        self.smsc_port, self.port = free_port(), free_port()
        self.carrier = Process([parley, "smsc", "--port", str(self.smsc_port)], "parley smsc", folder / "smsc.log")
        self.carrier.line("LISTENING")
        self.server = node.Node(parley, folder, self.smsc_port)
        path = folder / "parley.yaml"
        configuration = json.loads(path.read_text())
        configuration["smpp"] = {"port": self.port} | ({"tls": tls} if tls else {})
        configuration["companies"][0]["smppAccounts"] = [
            {"systemId": "esme", "password": "secret", "window": WINDOW, "maxBinds": 10}]
        path.write_text(json.dumps(configuration, indent=2))
        self.server.start()

    def close(self):
        self.server.kill()
        self.carrier.kill()


def receipts(esme):
    return [pdu.receipted_message_id.decode() for pdu in esme.deliveries]


def agreement(setup):
    esme, api = ESME(setup.port), Client(setup.server.port, node.KEY)
    response = esme.response(esme.submit(b"Hello"))
    equal(response.status, 0, "status of the response")
    identifier = response.message_id.decode()
    esme.until(lambda: esme.deliveries, "a receipt")
    equal((esme.deliveries[0].esm_class, receipts(esme)), (4, [identifier]), "the receipt")
    message = api.final(identifier)
    equal((message["status"], message["from"], message["to"]), ("DELIVERED", "Peer", "+" + HANDSET), "the message")
    equal((message["overallPrice"], message["size"]), ("0.075", 1), "its price")
    equal(message["parts"][0]["statusText"], "Hello", "its text")
    esme.close()


def long_message(setup):
    esme, api = ESME(setup.port), Client(setup.server.port, node.KEY)
    parts, coding, esm_class = smpplib.gsm.make_parts("Grüße, Ω and 漢字 " * 20)
    sequences = [esme.submit(part, data_coding=coding, esm_class=esm_class) for part in parts]
    identifiers = [esme.response(sequence).message_id.decode() for sequence in sequences]
    esme.until(lambda: len(esme.deliveries) == len(parts), "a receipt for each part")
    equal(sorted(receipts(esme)), sorted(identifiers), "receipts")
    equal({api.final(identifier)["size"] for identifier in identifiers}, {1}, "parts are messages of their own")
    esme.deliveries.clear()
    (sequence,) = [esme.client.send_message(
        source_addr="Peer", source_addr_ton=5, destination_addr=HANDSET, dest_addr_ton=1, short_message=b"",
        message_payload=b"a" * 400, registered_delivery=1).sequence]
    identifier = esme.response(sequence).message_id.decode()
    esme.until(lambda: esme.deliveries, "a receipt")
    message = api.final(identifier)
    equal((message["size"], message["overallPrice"]), (3, "0.225"), "a payload is cut like any text")
    assert b"sub:003 dlvrd:003" in esme.deliveries[0].short_message, esme.deliveries[0].short_message
    esme.close()


def refusals(setup):
    esme = ESME(setup.port)
    for fields, status in [
            ({"number": "49170"}, 0x0B), ({"source_addr": "Twelve chars"}, 0x0A),
            ({"replace_if_present_flag": 1}, 0x42),
            ({"data_coding": 0x0F}, 0x104), ({"validity_period": "x" * 16}, 0x62)]:
        equal(esme.response(esme.submit(b"Hello", **fields)).status, status, f"status with {fields}")
    esme.close()


def wrong_password(setup):
    for password, status in [("wrong", 0x0E), ("", 0x0E)]:
        try:
            ESME(setup.port, password)
            raise AssertionError("bound")
        except smpplib.exceptions.PDUError as error:
            equal(error.args[1], status, "status of the bind")
    with socket.create_connection(("127.0.0.1", setup.port), 10) as raw:
        raw.sendall(bytes.fromhex("00000010" "00000111" "00000000" "00000005"))
        equal(raw.recv(64), bytes.fromhex("00000010" "80000000" "00000003" "00000005"), "answer to an unknown command")
    ESME(setup.port).close()


def killed(setup):
    """SIGKILL while a window of receipts is unanswered: all of them come, and no more than the window twice."""
    transmitter, receiver = ESME(setup.port, mode="transmitter"), ESME(setup.port, mode="receiver")
    receiver.answers = False
    count = 40
    identifiers = set()
    for number in range(count):
        response = transmitter.response(transmitter.submit(b"Hello", f"4917{number:07}100"))
        identifiers.add(response.message_id.decode())
    api = Client(setup.server.port, node.KEY)
    for identifier in identifiers:
        api.final(identifier)
    receiver.until(lambda: len(receiver.deliveries) == WINDOW, "a window of receipts")
    setup.server.kill()
    first = receipts(receiver)
    setup.server.start()
    receiver = wait_for(lambda: rebound(setup), 20, "another bind")
    receiver.until(lambda: set(receipts(receiver)) | set(first) == identifiers, "every receipt")
    receiver.until(lambda: set(receipts(receiver)) >= set(first), "what was not answered comes again")
    equal(len(receipts(receiver)), count, "receipts after the restart")
    receiver.close()
    transmitter.cut()


def rebound(setup):
    try:
        return ESME(setup.port, mode="receiver")
    except (OSError, smpplib.exceptions.ConnectionError):
        return None


def over_tls(parley):
    with temporary_folder() as folder:
        files = {"certificate": str(folder / "smpp.pem"), "privateKey": str(folder / "smpp.key")}
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
             "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", files["privateKey"],
             "-out", files["certificate"]], check=True, stderr=subprocess.DEVNULL)
        setup = Setup(parley, folder, files)
        try:
            context = ssl.create_default_context(cafile=files["certificate"])
            body = b"esme\0secret\0\0\x34\0\0\0"
            with socket.create_connection(("127.0.0.1", setup.port), 10) as raw, context.wrap_socket(
                    raw, server_hostname="localhost") as link:
                link.sendall(struct.pack(">IIII", 16 + len(body), 9, 0, 1) + body)
                equal(struct.unpack(">IIII", link.recv(16))[1:], (0x80000009, 0, 1), "answer to the bind")
        finally:
            setup.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parley", required=True, help="the server's program")
    arguments = parser.parse_args()
    begin(180)
    tally = Tally()
    with temporary_folder() as folder:
        setup = Setup(binary(arguments.parley), folder)
        try:
            for name, check in [
                    ("a message, its receipt, and what the SMS API shows of it", agreement),
                    ("long messages, cut by the client and by Parley", long_message),
                    ("refusals", refusals), ("wrong passwords and unknown commands", wrong_password),
                    ("a killed server", killed)]:
                with tally.check(f"smpplib as a customer: {name}"):
                    check(setup)
        finally:
            setup.close()
    with tally.check("a bind over TLS"):
        over_tls(binary(arguments.parley))
    tally.finish()


if __name__ == "__main__":
    main()
