# SPDX-License-Identifier: Apache-2.0
"""The other end of a SIP trunk: sipp as the telephone that is called, a socket that hears what it is told, a registrar,
and a TLS door in front of sipp, which has none of its own."""

import hashlib
import json
import pathlib
import queue
import re
import select
import socket
import ssl
import subprocess
import threading

import numpy

PAYLOADS = {0: "PCMU", 8: "PCMA"}


def free_port(kind=socket.SOCK_DGRAM):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Probe:
    """Our connector in a process of its own; requests go in as lines, and whatever happens comes out as lines."""

    def __init__(self, program, password="", errors=None, **options):
        self.process = subprocess.Popen(
            [program, json.dumps({"host": "127.0.0.1", **options}), password], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=errors, text=True, encoding="utf-8")
        self.lines = queue.Queue()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.lines.put(json.loads(line))

    def next(self, event, timeout=60):
        """The next thing that happens, which has to be this."""
        line = self.lines.get(timeout=timeout)
        assert line["event"] == event, f"{line} instead of {event}"
        return line

    def request(self, **request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()

    def call(self, number, text="1, 2, 3, 4", sender="4930123456", language="en"):
        """Calls and returns the outcome, and the receipt where there is one."""
        self.request(call=number, text=text, language=language, **{"from": sender})
        outcome = self.lines.get(timeout=60)
        assert outcome["to"] == number, outcome
        if outcome["event"] != "submitted":
            return outcome, None
        receipt = self.next("receipt", timeout=90)
        assert receipt["id"] == outcome["id"] and receipt["to"] == number, (outcome, receipt)
        return outcome, receipt

    def exchanges(self):
        """The exchange log: who said what, in order."""
        self.request(exchanges=True)
        found = []
        while True:
            try:
                found.append(self.lines.get(timeout=5 if not found else 0.5))
            except queue.Empty:
                return found

    def close(self):
        self.process.stdin.close()
        while self.lines.get(timeout=60)["event"] != "stopped":
            pass
        assert self.process.wait(timeout=30) == 0


class Ear:
    """Hears RTP on one port, and tells calls apart by where they come from."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_000_000)
        # Arrival times are the kernel's: this process is late when the machine is busy.
        self.socket.setsockopt(socket.SOL_SOCKET, 35, 1)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.packets = {}
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            try:
                packet, notes, _, source = self.socket.recvmsg(2048, 64)
            except OSError:
                return
            seconds, nanoseconds = numpy.frombuffer(notes[0][2][:16], dtype="<i8")
            self.packets.setdefault(source, []).append((seconds + nanoseconds / 1e9, packet))

    def take(self):
        """What was heard since the last time: (codec, samples at 8,000 Hz, arrival times) of each call."""
        packets, self.packets = self.packets, {}
        return [self.decode(heard) for heard in packets.values()]

    @staticmethod
    def decode(heard):
        types = {packet[1] & 0x7F for _, packet in heard}
        sources = {packet[8:12] for _, packet in heard}
        assert len(types) == len(sources) == 1, (types, sources)
        codec = PAYLOADS[types.pop()]
        sequence = [int.from_bytes(packet[2:4], "big") for _, packet in heard]
        assert all((after - before) % 65536 == 1 for before, after in zip(sequence, sequence[1:])), "out of order"
        stamps = [int.from_bytes(packet[4:8], "big") for _, packet in heard]
        assert all((after - before) % 2**32 == 160 for before, after in zip(stamps, stamps[1:])), "not 20 ms"
        assert heard[0][1][1] & 0x80, "the first packet bears no mark"
        payload = numpy.frombuffer(b"".join(packet[12:] for _, packet in heard), dtype=numpy.uint8)
        decode = ulaw if codec == "PCMU" else alaw
        return codec, decode(payload), numpy.array([when for when, _ in heard])


def ulaw(codes):
    """ITU-T G.711."""
    codes = ~codes
    magnitude = (((codes & 0x0F).astype(int) << 3) + 0x84 << (codes >> 4 & 7).astype(int)) - 0x84
    return numpy.where(codes & 0x80, -magnitude, magnitude).astype(float)


def alaw(codes):
    codes = codes ^ 0x55
    exponent, mantissa = (codes >> 4 & 7).astype(int), ((codes & 0x0F).astype(int) << 4) + 8
    magnitude = numpy.where(exponent == 0, mantissa, (mantissa + 0x100) << numpy.maximum(exponent - 1, 0))
    return numpy.where(codes & 0x80, magnitude, -magnitude).astype(float)


# MARK: sipp

COPIED = "[last_Via:]\n[last_From:]\n[last_To:]{tag}\n[last_Call-ID:]\n[last_CSeq:]\n"
CONTACT = "Contact: <sip:callee@{contact}>\n"


def send(status, more="", body="", repeat=False):
    """A response in sipp's words."""
    tag = "" if status.startswith("100") else ";tag=[pid]t[call_number]"
    head = f"SIP/2.0 {status}\n" + COPIED.format(tag=tag) + more
    head += ("Content-Type: application/sdp\n" if body else "") + "Content-Length: [len]\n\n" + body
    again = ' retrans="500"' if repeat else ""
    return f"<send{again}><![CDATA[\n\n{head}\n]]></send>"


def receive(method, inside="", **attributes):
    words = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f'<recv request="{method}"{words}>{inside}</recv>'


def answer(port, codec, contact):
    payload = {"PCMU": 0, "PCMA": 8, "G729": 18}[codec]
    body = (
        "v=0\no=callee 1 1 IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\n"
        f"m=audio {port} RTP/AVP {payload}\na=rtpmap:{payload} {codec}/8000\n")
    return send("200 OK", CONTACT.format(contact=contact), body, repeat=True)


def ringing(contact):
    return send("100 Trying") + send("180 Ringing", CONTACT.format(contact=contact))


def answered(port, codec="PCMA", contact="[local_ip]:[local_port]", before=""):
    """Rings, answers, is told something, and is hung up on."""
    return (
        receive("INVITE") + before + ringing(contact) + '<pause milliseconds="100"/>' + answer(port, codec, contact)
        + receive("ACK") + receive("BYE") + send("200 OK"))


def refused(status):
    return receive("INVITE") + send("100 Trying") + send(status, repeat=True) + receive("ACK")


def redirected():
    """Sends the call elsewhere, where it does not go."""
    return (
        receive("INVITE") + send("100 Trying")
        + send("302 Moved Temporarily", "Contact: <sip:other@127.0.0.1:9>\n") + receive("CANCEL")
        + send("481 Call/Transaction Does Not Exist") + receive("ACK"))


def unanswered():
    cancelled = (
        "SIP/2.0 487 Request Terminated\n[last_Via:]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n"
        "CSeq: 1 INVITE\nContent-Length: 0\n\n")
    # The ACK bears the INVITE's branch, as does the CANCEL, so that sipp may take [last_Via:] for both.
    return (
        receive("INVITE") + ringing("[local_ip]:[local_port]") + receive("CANCEL") + send("200 OK")
        + f'<send retrans="500"><![CDATA[\n\n{cancelled}\n]]></send>' + receive("ACK"))


def hanging_up(port, milliseconds):
    """Answers and hangs up after a while."""
    bye = (
        "BYE [next_url] SIP/2.0\nVia: SIP/2.0/UDP [local_ip]:[local_port];branch=z9hG4bKbye[call_number]\n"
        "Max-Forwards: 70\nFrom: <sip:callee@127.0.0.1>;tag=[pid]t[call_number]\nTo: [$caller]\n"
        "[last_Call-ID:]\nCSeq: 1 BYE\nContent-Length: 0\n\n")
    keep = '<action><ereg regexp=".*" search_in="hdr" header="From:" assign_to="caller"/></action>'
    return (
        receive("INVITE", keep, rrs="true") + ringing("[local_ip]:[local_port]")
        + answer(port, "PCMA", "[local_ip]:[local_port]") + receive("ACK", rrs="true")
        + f'<pause milliseconds="{milliseconds}"/><send retrans="500"><![CDATA[\n\n{bye}\n]]></send>'
        + '<recv response="200"/>')


def challenged(port, username, password):
    """Wants to know who calls."""
    challenge = (
        'WWW-Authenticate: Digest realm="trunk", nonce="47ebe028cda119c35d4877b383027d28da013815", '
        'algorithm=MD5, qop="auth"\n')
    check = (
        f'<action><verifyauth assign_to="known" username="{username}" password="{password}"/></action>')
    return (
        receive("INVITE") + send("401 Unauthorized", challenge, repeat=True) + receive("ACK")
        + receive("INVITE", check) + '<nop next="1" test="known"/>' + send("403 Forbidden", repeat=True)
        + receive("ACK") + '<nop next="2"/><label id="1"/>' + ringing("[local_ip]:[local_port]")
        + answer(port, "PCMA", "[local_ip]:[local_port]") + receive("ACK") + receive("BYE") + send("200 OK")
        + '<label id="2"/>')


class Telephone:
    """sipp, which behaves as a scenario says; within `with` it takes calls."""

    def __init__(self, folder, scenario, calls=1, transport="u1", variables="known,caller"):
        self.folder, self.transport = pathlib.Path(folder), transport
        self.port = free_port(socket.SOCK_STREAM if transport[0] == "t" else socket.SOCK_DGRAM)
        self.messages = self.folder / f"messages-{self.port}.log"
        name = self.folder / f"scenario-{self.port}.xml"
        used = [word for word in variables.split(",") if f'"{word}"' in scenario or f"${word}" in scenario]
        reference = f'<Reference variables="{",".join(used)}"/>' if used else ""
        name.write_text(
            f'<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="callee">{scenario}{reference}</scenario>\n')
        self.command = [
            "sipp", "-sf", str(name), "-i", "127.0.0.1", "-p", str(self.port), "-t", transport, "-m", str(calls),
            "-nostdin", "-trace_msg", "-message_file", str(self.messages), "-timeout", "60s", "-timeout_error"]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.screen = []
        while not self.is_bound():
            assert self.process.poll() is None, self.process.stdout.read().decode()
            select.select([], [], [], 0.02)
        threading.Thread(target=self.drain, daemon=True).start()
        return self

    def is_bound(self):
        """sipp does not say when it is ready; the kernel knows."""
        table = pathlib.Path(f"/proc/net/{'tcp' if self.transport[0] == 't' else 'udp'}").read_text()
        return f"0100007F:{self.port:04X} 00000000:0000" in table

    def drain(self):
        for line in self.process.stdout:
            self.screen.append(line)

    def __exit__(self, kind, *_):
        if kind:
            self.process.kill()
        status = self.process.wait(timeout=60)
        shown = b"".join(self.screen[-40:]).decode(errors="replace")
        assert kind or status == 0, f"the scenario failed: {status}\n{shown}"

    def invites(self):
        """The INVITEs that came, each as its headers by name."""
        found = []
        for message in re.split(r"-{20,}[^\n]*\n", self.messages.read_text(errors="replace")):
            text = message.partition("\n\n")[2] if "message" in message.split("\n")[0] else message
            match = re.search(r"^INVITE (\S+) SIP/2\.0\r?\n((?:.+\r?\n)+)", text, re.MULTILINE)
            if match:
                headers = dict(line.split(": ", 1) for line in match[2].splitlines() if ": " in line)
                found.append({"uri": match[1], **headers})
        return found


# MARK: A registrar

class Registrar:
    """Takes REGISTER with digest authentication and lets registrations last two seconds."""

    LIFETIME = 2

    def __init__(self, username, password):
        self.username, self.password, self.taken = username, password, queue.Queue()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.refuses = False
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            packet, source = self.socket.recvfrom(65536)
            head = packet.decode().partition("\r\n\r\n")[0].split("\r\n")
            headers = dict(line.split(": ", 1) for line in head[1:])
            if not head[0].startswith("REGISTER"):
                continue
            lines = [f"{name}: {headers[name]}" for name in ("Via", "From", "To", "Call-ID", "CSeq")]
            contact = headers["Contact"]
            if self.refuses:
                status = "403 Forbidden"
            elif not self.knows(headers.get("Authorization", "")):
                status = "401 Unauthorized"
                lines.append('WWW-Authenticate: Digest realm="home", nonce="0123456789", qop="auth", algorithm=MD5')
            else:
                status = "200 OK"
                expires = int(re.search(r"expires=(\d+)", contact)[1])
                self.taken.put(expires)
                lines.append(re.sub(r"expires=\d+", f"expires={min(expires, self.LIFETIME)}", f"Contact: {contact}"))
            self.socket.sendto(
                "\r\n".join([f"SIP/2.0 {status}", *lines, "Content-Length: 0", "", ""]).encode(), source)

    def knows(self, header):
        fields = {name: quoted or plain for name, quoted, plain in re.findall(r'(\w+)=(?:"([^"]*)"|([^,\s]+))', header)}
        if not fields:
            return False
        first = md5(f"{self.username}:home:{self.password}")
        second = md5(f"REGISTER:{fields['uri']}")
        return fields["response"] == md5(":".join(
            [first, fields["nonce"], fields["nc"], fields["cnonce"], fields["qop"], second]))


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


# MARK: TLS

class Door:
    """Takes TLS on one port and hands what is in it to a TCP port, and back."""

    def __init__(self, folder, name, target):
        certificate, key = pathlib.Path(folder) / f"{name}.pem", pathlib.Path(folder) / f"{name}.key"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
             "2", "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-keyout", key, "-out", certificate],
            check=True, capture_output=True)
        self.certificate, self.target, self.names = str(certificate), target, []
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.context.sni_callback = lambda _, asked, __: self.names.append(asked)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            plain, _ = self.listener.accept()
            threading.Thread(target=self.pass_on, args=(plain,), daemon=True).start()

    def pass_on(self, plain):
        try:
            outside = self.context.wrap_socket(plain, server_side=True)
            inside = socket.create_connection(("127.0.0.1", self.target))
        except OSError:
            return plain.close()
        threading.Thread(target=self.copy, args=(inside, outside), daemon=True).start()
        self.copy(outside, inside)

    @staticmethod
    def copy(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
        except OSError:
            pass
        finally:
            target.close()
