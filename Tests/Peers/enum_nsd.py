#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Our ENUM source, in EnumProbe, against a real name server: Debian's `nsd` serves a zone of NAPTR records, and what the
source says of each number is compared with what its records mean.

    python3 enum_nsd.py --probe .build/debug/EnumProbe

The last line is "N passed, M failed"; the exit code is 1 if anything differs.
"""
import argparse
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

SUFFIX = "e164.example"
NETWORKS = [
    {"routingNumber": "+447958", "mcc": "234", "mnc": "30", "operator": "EE"},
    {"routingNumber": "+4479", "mcc": "234", "mnc": "10", "operator": "O2"},
    {"routingNumber": "D010", "mcc": "262", "mnc": "02", "operator": "Vodafone"},
    {"carrier": "+12025", "mcc": "310", "mnc": "410", "operator": "AT&T"},
    {"provider": "Télé", "mcc": "208", "mnc": "01", "operator": "Orange"},
]
NSD = """
server:
  ip-address: 127.0.0.1@{port}
  username: ""
  chroot: ""
  database: ""
  server-count: 1
  zonesdir: "{folder}"
  pidfile: "{folder}/nsd.pid"
  xfrdfile: "{folder}/xfrd.state"
  zonelistfile: "{folder}/zone.list"
  xfrdir: "{folder}"
  # Against floods, which is what many look-ups at once look like.
  rrl-ratelimit: 0
  rrl-whitelist-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: "{suffix}"
  zonefile: "zone"
"""
HEAD = """$ORIGIN {suffix}.
$TTL 3600
@ IN SOA ns.{suffix}. mail.{suffix}. 1 3600 600 86400 60
@ IN NS ns.{suffix}.
ns IN A 127.0.0.1
"""


def naptr(order, preference, flags, services, regexp, replacement=".", ttl=300):
    """A record as a zone file has it; within its quotes a backslash is two."""
    escaped = "".join(c if c.isascii() else "".join(f"\\{b:03}" for b in c.encode()) for c in regexp.replace("\\", "\\\\"))
    return f'{ttl} IN NAPTR {order} {preference} "{flags}" "{services}" "{escaped}" {replacement}'


def tel(rule, order=100, preference=10, services="E2U+pstn:tel", ttl=300):
    return naptr(order, preference, "u", services, rule, ttl=ttl)


def found(ported, mcc="", mnc="", operator="", valid_for=300):
    return {
        "outcome": "answer", "ported": ported, "mcc": mcc, "mnc": mnc, "operator": operator,
        "validFor": valid_for * 1000,
    }


NOTHING = {"outcome": "nothing"}
EE = ("234", "30", "EE")
O2 = ("234", "10", "O2")

# What is tried, the number, its records, what the source must say.
CASES = [
    ("ported", "447700900001", [tel("!^.*$!tel:+447700900001;npdi;rn=+447958!")], found("true", *EE)),
    ("ported, by the shorter prefix", "447700900002", [tel("!^.*$!tel:+4;npdi;rn=+44-79-01!")], found("true", *O2)),
    ("not ported", "447700900003", [tel("!^(.*)$!tel:\\1;npdi!")], found("false")),
    ("routed to itself", "447700900004", [tel("!^(.*)$!tel:\\1;npdi;rn=\\1!")], found("false")),
    ("ported to nobody we know", "447700900005", [tel("!^.*$!tel:+4;npdi;rn=+331!")], found("true")),
    ("a routing number with a context", "447700900006", [tel("!^.*$!tel:+4;rn=D010;rn-context=+49!")],
     found("true", "262", "02", "Vodafone")),
    ("by carrier code", "447700900007", [tel("!^.*$!tel:+1;npdi;cic=+1-2025!")], found("false", "310", "410", "AT&T")),
    ("UTF-8", "447700900008", [tel("!^.*$!tel:+4;rn=+331;spn=Télé!")], found("true", "208", "01", "Orange")),
    ("MCC and MNC", "447700900009", [tel("!^.*$!tel:+4;npdi;mcc=234;mnc=30!")], found("false", "234", "30", None)),
    ("a mobile network's SIP host", "447700900010",
     [tel("!^(.*)$!sip:\\1;npdi@mnc030.mcc234.3gppnetwork.org;user=phone!", services="E2U+pstn:sip")],
     found("false", "234", "30", None)),
    ("back-references", "447700900011", [tel("!^\\+(44)(7700)(9000)(11)$!tel:+\\4\\3\\2;rn=+\\17958!")],
     found("true", *EE)),
    ("another delimiter, case and an interval", "447700900012", [tel("#^\\+[0-9]{12}$#tel:+4;rn=+447958#i")],
     found("true", *EE)),
    ("order before preference", "447700900013",
     [tel("!^.*$!tel:+4;rn=+331!", 200, 1), tel("!^.*$!tel:+4;rn=+447958!", 100, 20),
      tel("!^.*$!tel:+4;rn=+4479!", 100, 10, ttl=300)], found("true", *O2)),
    ("other services", "447700900014",
     [tel("!^.*$!mailto:a@b.example!", 1, services="E2U+email:mailto"),
      tel("!^.*$!tel:+4;rn=+331!", 2, services="E2U+web:http"), tel("!^.*$!tel:+4;npdi!", 3, services="E2U+tel")],
     found("false")),
    ("broken rules", "447700900015",
     [tel("!^(.*$!tel:+4;rn=+331!", 1), tel("!^.*$!tel:+4;rn=+331", 2), tel("!^.*$!tel:\\1;rn=+331!", 3),
      tel("!^\\+33!tel:+4;rn=+331!", 4), tel("nonsense", 5), tel("", 6), tel("!a{1,30000}!tel:+4;rn=+331!", 7),
      tel("!^.*$!tel:+4;npdi!", 8)], found("false")),
    ("nothing that helps", "447700900016", [tel("!^.*$!tel:+447700900016!")], NOTHING),
    ("no records of the type", "447700900017", ['IN TXT "nothing here"'], NOTHING),
    ("another domain", "447700900018", [naptr(100, 10, "", "", "", f"next.{SUFFIX}.", ttl=900)],
     found("true", *EE, valid_for=120)),
    ("a domain by a rule", "447700900019", [naptr(100, 10, "", "", f"!^.*$!next.{SUFFIX}!", ttl=60)],
     found("true", *EE, valid_for=60)),
    ("a circle", "447700900020", [naptr(100, 10, "", "", "", f"circle.{SUFFIX}.")], NOTHING),
    ("a dead end, and a rule behind it", "447700900021",
     [naptr(1, 10, "", "", "", f"nowhere.{SUFFIX}."), tel("!^.*$!tel:+4;npdi!", 2)], found("false")),
    ("an alias", "447700900022", [f"90 IN CNAME next.{SUFFIX}."], found("true", *EE, valid_for=90)),
    ("an answer that needs TCP", "447700900023",
     [tel(f"!^\\+{'9' * 180}{index}!tel:+4;rn=+331!", index) for index in range(40)]
     + [tel("!^.*$!tel:+4;npdi;rn=+447958!", 99)], found("true", *EE)),
    ("no such number", "447700900099", [], NOTHING),
    # Under a wildcard.
    ("a whole range", "447911123456", [], found("true", *O2, valid_for=30)),
]


def domain(digits):
    return ".".join(reversed(digits))


def zone():
    lines = [HEAD.format(suffix=SUFFIX)]
    for _, digits, records, _ in CASES:
        lines += [f"{domain(digits)} {record}" for record in records]
    lines.append("next " + tel("!^.*$!tel:+4;npdi;rn=+447958!", ttl=120))
    lines.append("circle " + naptr(100, 10, "", "", "", f"circle.{SUFFIX}."))
    lines.append(f"*.{domain('447911')} " + tel("!^(.*)$!tel:\\1;npdi;rn=+4479!", ttl=30))
    return "\n".join(lines) + "\n"


def free_port():
    """A port that is free for UDP and TCP."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams, socket.socket() as streams:
            datagrams.bind(("127.0.0.1", 0))
            try:
                streams.bind(datagrams.getsockname())
            except OSError:
                continue
            return streams.getsockname()[1]


class NameServer:
    """nsd with our zone, up once it answers."""

    def __init__(self, folder):
        self.port = free_port()
        with open(os.path.join(folder, "zone"), "w", encoding="utf-8") as file:
            file.write(zone())
        configuration = os.path.join(folder, "nsd.conf")
        with open(configuration, "w", encoding="utf-8") as file:
            file.write(NSD.format(port=self.port, folder=folder, suffix=SUFFIX))
        program = shutil.which("nsd") or "/usr/sbin/nsd"
        self.log = open(os.path.join(folder, "log"), "w+", encoding="utf-8")
        self.process = subprocess.Popen([program, "-d", "-c", configuration], stdout=self.log, stderr=self.log)
        self._wait(time.monotonic() + 20)

    def _wait(self, deadline):
        name = b"".join(bytes([len(label)]) + label.encode() for label in SUFFIX.split(".")) + b"\0"
        query = struct.pack(">6H", 1, 0, 1, 0, 0, 0) + name + struct.pack(">2H", 6, 1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
            asker.settimeout(0.2)
            asker.connect(("127.0.0.1", self.port))
            while time.monotonic() < deadline and self.process.poll() is None:
                try:
                    asker.send(query)
                    answer = asker.recv(512)
                except TimeoutError:
                    continue
                except ConnectionRefusedError:
                    # Nobody listens yet; poll() with a time limit instead of asking all the time.
                    try:
                        self.process.wait(0.05)
                    except subprocess.TimeoutExpired:
                        pass
                    continue
                if answer[3] & 0x0F == 0:
                    return
        self.log.seek(0)
        raise AssertionError("nsd does not answer: " + self.log.read()[-2000:])

    def close(self):
        self.process.terminate()
        self.process.wait(timeout=20)
        self.log.close()


class Probe:
    """Our source in a process of its own; one list of numbers in, one list of answers out."""

    def __init__(self, program, port, **options):
        settings = {"servers": [f"127.0.0.1:{port}"], "suffix": SUFFIX, "timeout": 1, "networks": NETWORKS, **options}
        self.process = subprocess.Popen(
            [program, json.dumps(settings)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )

    def ask(self, numbers):
        self.process.stdin.write(json.dumps(["+" + number for number in numbers]) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(timeout=30) == 0


class Score:
    def __init__(self):
        self.passed = self.failed = 0

    def check(self, what, actual, expected):
        # A name that the tables of networks give is not this test's.
        wanted = {name: value for name, value in expected.items() if value is not None}
        if {name: actual.get(name) for name in wanted} == wanted:
            self.passed += 1
        else:
            self.failed += 1
            print(f"{what}: {actual}, expected {expected}", file=sys.stderr)


def check_cases(score, program, port):
    """One by one, and then all at once in another order: the same answers."""
    probe = Probe(program, port)
    for what, digits, _, expected in CASES:
        score.check(what, probe.ask([digits])[0], expected)
    many = list(reversed(CASES)) * 20
    for (what, _, _, expected), answer in zip(many, probe.ask([case[1] for case in many])):
        score.check(what + ", among many", answer, expected)
    probe.close()


def check_speed(score, program, port, count):
    """Look-ups do not wait for one another."""
    probe = Probe(program, port)
    numbers = [f"4479111{index:05}" for index in range(count)]
    start = time.monotonic()
    answers = probe.ask(numbers)
    took = time.monotonic() - start
    for answer in answers:
        score.check("one of a range", answer, found("true", *O2, valid_for=30))
    probe.close()
    return took


def check_failures(score, program, port):
    """A server that is not responsible refuses; where nobody listens nobody answers. Neither is an unknown number."""
    for what, options in [("refused", {"suffix": "other.example"}), ("nobody there", {"servers": [f"127.0.0.1:{free_port()}"]})]:
        probe = Probe(program, port, tries=1, **options)
        score.check(what, probe.ask(["447700900001"])[0], {"outcome": "failed"})
        probe.close()
    probe = Probe(program, port, tries=1, servers=[f"127.0.0.1:{free_port()}", f"127.0.0.1:{port}"])
    score.check("the second server", probe.ask(["447700900001"])[0], found("true", *EE))
    probe.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--probe", required=True, help="path of the EnumProbe binary")
    parser.add_argument("--count", type=int, default=2000, help="look-ups at once")
    arguments = parser.parse_args()
    score = Score()
    with tempfile.TemporaryDirectory(prefix="parley-enum-") as folder:
        server = NameServer(folder)
        try:
            check_cases(score, arguments.probe, server.port)
            took = check_speed(score, arguments.probe, server.port, arguments.count)
            check_failures(score, arguments.probe, server.port)
        finally:
            server.close()
    print(f"{arguments.count} look-ups at once took {took:.2f} s")
    print(f"{score.passed} passed, {score.failed} failed")
    return 1 if score.failed or not score.passed else 0


if __name__ == "__main__":
    sys.exit(main())
