# SPDX-License-Identifier: Apache-2.0
"""Messages from handsets while the server is killed with SIGKILL. A small carrier sends short and two-part messages as
fast as its windows allow; what a dead link left without deliver_sm_resp it sends again on the next one, as carriers do.
Every message that was acknowledged must be pushed to the number's URL, whole, and be one message and not two.

    python Tests/EndToEnd/inbound_crash.py --parley .build/debug/parley --database postgres"""

import argparse
import collections
import contextlib
import random
import socket
import struct
import threading
import time

import node
import support
from loopback import Receiver
from support import Tally, temporary_folder, wait_for

WINDOW = 10
BINDS = {0x00000001, 0x00000002, 0x00000009}
SUBMIT_SM, DELIVER_SM_RESPONSE, UNBIND, ENQUIRE_LINK = 0x00000004, 0x80000005, 0x00000006, 0x00000015
RESPONSE = 0x80000000


def deliver_sm(sender, octets, has_header):
    """The body of a deliver_sm with data_coding 0 (SMPP 3.4 §4.6.1)."""
    addresses = b"\0\1\1" + sender.encode() + b"\0\1\1" + node.NUMBER.encode() + b"\0"
    return addresses + bytes([0x40 if has_header else 0, 0, 0, 0, 0, 0, 0, 0, 0, len(octets)]) + octets


class Carrier:
    """An SMSC that only delivers. What waits is sent in order; what is not acknowledged waits again."""

    def __init__(self):
        self.changed = threading.Condition()
        self.waiting = collections.deque()
        self.unacknowledged = {}
        self.texts = {}
        self.made = self.refused = 0
        self.is_generating = True
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            connection, _ = self._listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _make(self):
        """One more message, each from its own handset; every third one has two parts."""
        self.made += 1
        sender, text = f"4917{self.made:08d}", f"inbound {self.made:06d}"
        if self.made % 3:
            parts = [deliver_sm(sender, text.encode(), False)]
        else:
            text = text + "." * (153 - len(text)) + "and the rest"
            reference = self.made % 256
            parts = [
                deliver_sm(sender, bytes([5, 0, 3, reference, 2, number]) + piece.encode(), True)
                for number, piece in ((1, text[:153]), (2, text[153:]))
            ]
        self.texts[text] = len(parts)
        for part in parts:
            self.waiting.append((text, part))
            self.unacknowledged[text] = self.unacknowledged.get(text, 0) + 1

    def _serve(self, connection):
        flying, sequence = {}, 0
        try:
            with connection, connection.makefile("rb") as stream:
                while len(header := stream.read(16)) == 16:
                    length, command, status, number = struct.unpack(">IIII", header)
                    stream.read(length - 16)
                    if command == DELIVER_SM_RESPONSE:
                        self._acknowledge(flying.pop(number), status)
                    elif command in BINDS:
                        connection.sendall(self._pdu(command | RESPONSE, number, b"carrier\0"))
                    elif command == SUBMIT_SM:
                        connection.sendall(self._pdu(command | RESPONSE, number, b"1\0"))
                    elif command in (ENQUIRE_LINK, UNBIND):
                        connection.sendall(self._pdu(command | RESPONSE, number, b""))
                    if command == UNBIND:
                        break
                    batch = b""
                    for item in self._take(WINDOW - len(flying)):
                        sequence += 1
                        flying[sequence] = item
                        batch += self._pdu(0x00000005, sequence, item[1])
                    connection.sendall(batch)
        except OSError:
            pass
        finally:
            with self.changed:
                self.waiting.extendleft(reversed(flying.values()))

    @staticmethod
    def _pdu(command, number, body):
        return struct.pack(">IIII", 16 + len(body), command, 0, number) + body

    def _take(self, count):
        with self.changed:
            while self.is_generating and len(self.waiting) < count:
                self._make()
            return [self.waiting.popleft() for _ in range(min(count, len(self.waiting)))]

    def _acknowledge(self, item, status):
        with self.changed:
            if status != 0:
                self.refused += 1
                self.waiting.append(item)
                return
            self.unacknowledged[item[0]] -= 1
            if self.unacknowledged[item[0]] == 0:
                del self.unacknowledged[item[0]]
            self.changed.notify_all()

    @property
    def acknowledged(self):
        with self.changed:
            return [text for text in self.texts if text not in self.unacknowledged]

    def stop_generating(self):
        with self.changed:
            self.is_generating = False


def run(server, carrier, rounds, chance):
    server.start()
    for number in range(1, rounds + 1):
        enough = len(carrier.acknowledged) + 50
        wait_for(lambda: len(carrier.acknowledged) >= enough, 30, f"messages in round {number}")
        time.sleep(chance.uniform(0, 1.5))
        server.kill()
        count = len(carrier.acknowledged)
        server.start()
        print(f"round {number}: {count} acknowledged so far", flush=True)
    carrier.stop_generating()


def judge(tally, carrier, receiver):
    with tally.check("the carrier is rid of every message"):
        wait_for(lambda: not carrier.unacknowledged, 30, "deliver_sm_resp for everything")

    def pushed():
        with receiver.changed:
            bodies = [received.json for received in receiver.received]
        found = collections.defaultdict(list)
        for body in bodies:
            found[body["message"]].append(body)
        return found

    with contextlib.suppress(AssertionError):
        wait_for(lambda: set(pushed()) >= set(carrier.texts), 40, "the last message", 0.5)
    found, texts = pushed(), carrier.texts
    with tally.check(f"{len(texts)} messages are pushed, whole"):
        lost = sorted(set(texts) - set(found))
        assert not lost, f"{len(lost)} are lost, such as {[text[:20] for text in lost[:5]]}"
        strange = sorted(set(found) - set(texts))
        assert not strange, f"{len(strange)} were never sent, such as {strange[:3]}"
        for text, bodies in found.items():
            support.equal({(body["size"], body["missingParts"]) for body in bodies}, {(texts[text], False)}, text[:20])
    with tally.check("what was sent again after a kill is not a second message"):
        twice = [text[:20] for text, bodies in found.items() if len({body["requestId"] for body in bodies}) > 1]
        assert not twice, f"{len(twice)} became several messages, such as {twice[:5]}"
    repeated = sum(len(bodies) > 1 for bodies in found.values())
    print(f"{len(texts)} messages, {carrier.refused} refused for the moment, {repeated} pushed more than once")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parley", required=True)
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    arguments = parser.parse_args()
    support.begin(180 + 60 * arguments.rounds)
    parley, tally, carrier = support.binary(arguments.parley), Tally(), Carrier()
    print(f"{arguments.database}, {arguments.rounds} kills, seed {arguments.seed}", flush=True)
    with temporary_folder() as folder, contextlib.closing(Receiver()) as receiver, contextlib.ExitStack() as stack:
        postgres = node.database(arguments.database)
        if postgres:
            stack.callback(postgres.close)
        server = node.Node(
            parley, folder, carrier.port, postgres, {"binds": 2}, inbound=receiver.url("/inbound"))
        run(server, carrier, arguments.rounds, random.Random(arguments.seed))
        judge(tally, carrier, receiver)
    tally.finish()


if __name__ == "__main__":
    main()
