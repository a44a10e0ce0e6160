# SPDX-License-Identifier: Apache-2.0
"""Our SIP connector, which runs in VoiceProbe, calls sipp: the call arrives with the configured caller; what is heard
is the speech of its code and of no other; busy, no answer and the rest become the right events; it authenticates,
registers, speaks TLS only to whom it trusts, makes many calls at once, and survives whatever the network sends."""

import argparse
import queue
import random
import re
import socket
import subprocess
import sys
import tempfile

import numpy

import sip_support
from sip_support import Door, Ear, Probe, Registrar, Telephone

RATE = 8000
HOP = 80
CALLER = "4930123456"


# MARK: What a speech sounds like

def speech(text):
    """espeak-ng's own, at 8,000 Hz; brought there with a Fourier transform, which is not how the connector does it."""
    sound = subprocess.run(
        ["espeak-ng", "-v", "en", "-s", "140", "-b", "1", "--stdin", "--stdout"], input=text.encode(), check=True,
        capture_output=True).stdout
    rate = int.from_bytes(sound[24:28], "little")
    samples = numpy.frombuffer(sound[44:len(sound) // 2 * 2], dtype="<i2").astype(float)
    spectrum = numpy.fft.rfft(samples)
    length = len(samples) * RATE // rate
    return numpy.fft.irfft(spectrum[:length // 2 + 1], length) * length / len(samples)


def features(samples, bands=32, window=256):
    """The logarithm of the energy in bands of equal width on the mel scale, every 10 ms."""
    top = 2595 * numpy.log10(1 + 4000 / 700)
    edges = 700 * (10 ** (numpy.linspace(0, top, bands + 2) / 2595) - 1)
    frequencies = numpy.fft.rfftfreq(window, 1 / RATE)
    filters = numpy.array([
        numpy.interp(frequencies, [low, middle, high], [0, 1, 0])
        for low, middle, high in zip(edges, edges[1:], edges[2:])])
    frames = numpy.lib.stride_tricks.sliding_window_view(samples, window)[::HOP] * numpy.hanning(window)
    return numpy.log(numpy.abs(numpy.fft.rfft(frames)) ** 2 @ filters.T + 1e4)


def likeness(heard, reference, latest=120):
    """The highest correlation of the two over all the places, up to 1.2 s, where the reference may begin."""
    length = min(len(reference), len(heard) - 1)
    reference = reference[:length] - reference[:length].mean()
    heard = heard[:length + latest]
    products = sum(numpy.correlate(heard[:, band], reference[:, band], "valid") for band in range(heard.shape[1]))
    sums, squares = (
        numpy.convolve(values, numpy.ones(length), "valid") for values in (heard.sum(1), (heard**2).sum(1)))
    deviation = numpy.sqrt(squares - sums**2 / reference.size)
    return float((products / deviation / numpy.linalg.norm(reference)).max())


def spelled(code):
    return "Your code is: " + ", ".join(code) + "."


def codes(count, seed, near=None):
    """Codes of six digits, the first ten only one digit away from `near`."""
    choose, found = random.Random(seed), []
    while len(found) < count:
        code = "".join(choose.choices("0123456789", k=6))
        if near and len(found) < 10:
            place = choose.randrange(6)
            code = near[:place] + choose.choice([digit for digit in "0123456789" if digit != near[place]]) \
                + near[place + 1:]
        if code != near and code not in found:
            found.append(code)
    return found


# MARK: Checks

def check_speech(program, folder, seed):
    """The captured RTP correlates more with the speech of its code than with that of 100 other codes, in both codecs,
    and is said twice; the caller is the configured one."""
    code = codes(1, seed)[0]
    others = [features(speech(spelled(other))) for other in codes(100, seed + 1, near=code)]
    own = features(speech(spelled(code)))
    for codec in ("PCMU", "PCMA"):
        ear = Ear()
        with Telephone(folder, sip_support.answered(ear.port, codec)) as telephone:
            probe = Probe(program, port=telephone.port)
            probe.next("up")
            _, receipt = probe.call("441632960960", spelled(code), CALLER)
        assert receipt["state"] == "delivered" and receipt["code"] is None and receipt["reason"] == "answered", receipt
        exchanges = probe.exchanges()
        probe.close()
        check_headers(telephone, exchanges, receipt["id"])
        [(used, samples, arrivals)] = ear.take()
        assert used == codec, used
        heard = features(samples)
        mine, most = likeness(heard, own), max(likeness(heard, other) for other in others)
        again = likeness(heard[len(own) + 100:], own, latest=200)
        assert mine > 0.9 and mine > most + 0.02, (mine, most)
        assert again > 0.9, f"not said twice: {again}"
        jitter = numpy.abs(numpy.diff(arrivals) - 0.02)
        print(
            f"{codec}: {len(samples) / RATE:.1f} s heard, likeness {mine:.3f}, the next of 100 codes {most:.3f}, said "
            f"again {again:.3f}, jitter {1000 * numpy.median(jitter):.2f} ms in the median, "
            f"{1000 * jitter.max():.1f} ms at most")


def check_headers(telephone, exchanges, call_id):
    [invite] = telephone.invites()
    assert invite["uri"] == f"sip:+441632960960@127.0.0.1:{telephone.port}", invite["uri"]
    assert invite["From"].startswith(f"<sip:+{CALLER}@127.0.0.1>;tag="), invite["From"]
    assert invite["P-Asserted-Identity"] == f"<sip:+{CALLER}@127.0.0.1>", invite["P-Asserted-Identity"]
    assert invite["Call-ID"] == call_id
    said = [(line["direction"], line["what"], line["status"]) for line in exchanges]
    assert said[0] == ("sent", "INVITE", None) and said[-1] == ("received", "BYE", "200 OK"), said
    assert {line["id"] for line in exchanges} == {call_id}
    assert "code" not in str(exchanges), "the log knows the text"


def check_anonymous(program, folder):
    """A message without a caller is an anonymous call, or one of the caller that is configured for them."""
    for options, expected in ({}, "anonymous@anonymous.invalid"), ({"caller": "49301"}, "+49301@example.org"):
        with Telephone(folder, sip_support.refused("486 Busy Here")) as telephone:
            probe = Probe(program, port=telephone.port, domain="example.org", **options)
            probe.next("up")
            probe.call("441632960960", sender="VERIFY")
            probe.close()
        [invite] = telephone.invites()
        assert f"<sip:{expected}>" in invite["From"], invite["From"]
        assert invite["uri"] == "sip:+441632960960@example.org"
        assert ("P-Asserted-Identity" in invite) == bool(options) != ("Privacy" in invite), invite


def check_refusals(program, folder):
    """Every way in which a call comes to nothing has its own code."""
    scenarios = [
        ("486 Busy Here", sip_support.refused("486 Busy Here"), "voice::busy"),
        ("600 Busy Everywhere", sip_support.refused("600 Busy Everywhere"), "voice::busy"),
        ("603 Decline", sip_support.refused("603 Decline"), "voice::rejected"),
        ("404 Not Found", sip_support.refused("404 Not Found"), "voice::unreachable"),
        ("480 Temporarily Unavailable", sip_support.refused("480 Temporarily Unavailable"), "voice::no-answer"),
        ("503 Service Unavailable", sip_support.refused("503 Service Unavailable"), "voice::unreachable"),
        ("302 Moved Temporarily", sip_support.redirected(), "voice::rejected"),
        ("nobody answered in time", sip_support.unanswered(), "voice::no-answer"),
        ("hung up before the end", sip_support.hanging_up(Ear().port, 1500), "voice::hung-up"),
        ("answered", sip_support.hanging_up(Ear().port, 6000), None),
        (
            "answered without a codec in common",
            sip_support.answered(9, "G729").replace('request="ACK"', 'request="ACK" optional="true"'),
            "voice::rejected"),
    ]
    for reason, scenario, code in scenarios:
        with Telephone(folder, scenario) as telephone:
            probe = Probe(program, port=telephone.port, answerTimeout=5)
            probe.next("up")
            _, receipt = probe.call("441632960960")
            probe.close()
        assert (receipt["reason"], receipt["code"]) == (reason, code), (reason, receipt)
        assert receipt["state"] == ("undeliverable" if code else "delivered"), receipt
    print(f"{len(scenarios)} endings of calls are told apart")


def check_unreachable(program):
    """Where nobody listens the message is tried again over TCP, which knows it before the INVITE is out, and ends over
    UDP, which learns it afterwards."""
    port = sip_support.free_port(socket.SOCK_STREAM)
    probe = Probe(program, port=port, transport="tcp")
    probe.next("up")
    outcome, _ = probe.call("441632960960")
    assert outcome["event"] == "retry", outcome
    probe.close()
    probe = Probe(program, port=sip_support.free_port())
    probe.next("up")
    _, receipt = probe.call("441632960960")
    assert receipt["code"] == "voice::unreachable", receipt
    probe.close()
    print(f"unreachable: over TCP {outcome['reason']!r}, over UDP {receipt['reason']!r}")


def check_authentication(program, folder):
    """A challenge is answered with the configured password; the wrong one does not get through."""
    for password, code in ("secret", None), ("wrong", "voice::rejected"):
        scenario = sip_support.challenged(Ear().port, "parley", "secret")
        with Telephone(folder, scenario) as telephone:
            probe = Probe(program, password, port=telephone.port, username="parley", repeat=1)
            probe.next("up")
            _, receipt = probe.call("441632960960")
            probe.close()
        assert receipt["code"] == code, receipt


def check_registration(program):
    """It is up once it is registered, registers again before that ends, and takes leave."""
    registrar = Registrar("parley", "secret")
    probe = Probe(program, "secret", port=registrar.port, username="parley", register=True)
    probe.next("up")
    assert registrar.taken.get(timeout=5) == 600
    assert registrar.taken.get(timeout=5) == 600, "not registered again"
    probe.close()
    while registrar.taken.get(timeout=5):
        pass
    registrar.refuses = True
    probe = Probe(program, "secret", port=registrar.port, username="parley", register=True)
    try:
        line = probe.lines.get(timeout=3)
        raise AssertionError(f"up without being registered: {line}")
    except queue.Empty:
        probe.process.kill()
        probe.process.wait()


def check_tls(program, folder):
    """A call over TLS to the trunk that has the name, and none to one that has another, or that nobody vouches for."""
    ear = Ear()
    telephone = Telephone(folder, "", transport="t1")
    door = Door(folder, "trunk.example", telephone.port)
    contact = f"127.0.0.1:{door.port};transport=tls"
    (telephone.folder / f"scenario-{telephone.port}.xml").write_text(
        f'<?xml version="1.0"?><scenario name="callee">{sip_support.answered(ear.port, contact=contact)}</scenario>')
    trusted = {"ca": door.certificate, "serverName": "trunk.example"}
    with telephone:
        probe = Probe(program, port=door.port, transport="tls", tls=trusted, repeat=1)
        probe.next("up")
        _, receipt = probe.call("441632960960")
        assert receipt["state"] == "delivered", receipt
        probe.close()
    assert "Via: SIP/2.0/TLS" in telephone.messages.read_text()
    assert door.names == ["trunk.example"], door.names
    for tls in {**trusted, "serverName": "other.example"}, {"serverName": "trunk.example"}, {"ca": door.certificate}:
        probe = Probe(program, port=door.port, transport="tls", tls=tls)
        probe.next("up")
        outcome, _ = probe.call("441632960960")
        assert outcome["event"] == "retry", (tls, outcome)
        probe.close()
    print(f"TLS: {outcome['reason']}")


def check_many(program, folder, count, seed):
    """Many calls at once: each hears its own code best."""
    ear = Ear()
    said = codes(count, seed)
    references = [features(speech(spelled(code))) for code in said]
    with Telephone(folder, sip_support.answered(ear.port), calls=count) as telephone:
        probe = Probe(program, port=telephone.port, concurrentCalls=count, repeat=1)
        probe.next("up")
        for place, code in enumerate(said):
            probe.request(call=f"4416329609{place:02}", text=spelled(code), **{"from": CALLER})
        events = [probe.lines.get(timeout=60) for _ in range(2 * count)]
        probe.close()
    delivered = [event for event in events if event["event"] == "receipt" and event["state"] == "delivered"]
    assert len(delivered) == count, events
    submitted = [event["event"] for event in events].index("receipt")
    assert submitted == count, f"only {submitted} calls at once"
    heard = [(features(samples), arrivals) for _, samples, arrivals in ear.take()]
    best = [numpy.argmax([likeness(sound, reference) for reference in references]) for sound, _ in heard]
    assert sorted(best) == list(range(count)), best
    jitter = numpy.concatenate([numpy.abs(numpy.diff(arrivals) - 0.02) for _, arrivals in heard])
    print(
        f"{count} calls at once, each with its own code, jitter {1000 * numpy.median(jitter):.2f} ms in the median, "
        f"{1000 * numpy.percentile(jitter, 99):.1f} ms for 99 of 100 packets")


def mutated(choose, message):
    """A message as no trunk would send it."""
    message = bytearray(message)
    for _ in range(choose.randrange(1, 6)):
        place = choose.randrange(len(message)) if message else 0
        match choose.randrange(5):
            case 0: message[place:place + 1] = bytes([choose.randrange(256)])
            case 1: del message[place:place + choose.randrange(40)]
            case 2: message[place:place] = bytes(choose.choices(b"\r\n:;,<>@=\"%\0 9a", k=choose.randrange(1, 30)))
            case 3: message[place:place] = message[place:place + choose.randrange(200)]
            case 4: message = message[:place] if choose.randrange(8) == 0 else message
    return bytes(message[:8000])


def check_hostile(program, count, seed):
    """Whatever comes from the trunk's own address does not bring the connector down, and what comes from elsewhere
    does not get in."""
    choose = random.Random(seed)
    trunk = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    trunk.bind(("127.0.0.1", 0))
    trunk.settimeout(30)
    # libre writes what it cannot read to standard error, which is why it is to hear the trunk only.
    probe = Probe(program, errors=subprocess.DEVNULL, port=trunk.getsockname()[1], answerTimeout=5)
    probe.next("up")
    probe.request(call="441632960960", text="1, 2", **{"from": CALLER})
    packet, source = trunk.recvfrom(65536)
    head = packet.decode().partition("\r\n\r\n")[0]
    headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:])
    copied = "\r\n".join(f"{name}: {headers[name]}" for name in ("Via", "From", "Call-ID", "CSeq"))
    to = f"To: {headers['To']};tag=1"
    options = f"OPTIONS sip:parley SIP/2.0\r\n{copied}\r\n{to}\r\n".replace("INVITE", "OPTIONS")
    body = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 8\r\n"
    kinds = [
        f"SIP/2.0 180 Ringing\r\n{copied}\r\n{to}\r\nContact: <sip:a@127.0.0.1>\r\n\r\n",
        f"SIP/2.0 183 Session Progress\r\n{copied}\r\n{to}\r\nContent-Type: application/sdp\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}",
        f"{options}Content-Length: 0\r\n\r\n",
        head.replace(f"Call-ID: {headers['Call-ID']}", "Call-ID: other") + f"\r\n\r\n{body}",
        f"BYE sip:parley SIP/2.0\r\n{copied}\r\n{to}\r\n\r\n".replace("INVITE", "BYE"),
        f"SIP/2.0 401 Unauthorized\r\n{copied}\r\n{to}\r\n"
        'WWW-Authenticate: Digest realm="a", nonce="b", qop="auth,auth-int"\r\n\r\n'.replace("z9hG4bK", "z9hG4bL"),
    ]
    for number in range(count):
        trunk.sendto(mutated(choose, choose.choice(kinds).encode()), source)
        # The kernel's buffer is not to be what saves the connector: every so often it has to answer.
        if number % 50 == 0:
            ask(trunk, source, options, number)
    # Some of it may have ended the call; what counts is that the connector goes on.
    trunk.sendto(f"SIP/2.0 486 Busy Here\r\n{copied}\r\n{to}\r\nContent-Length: 0\r\n\r\n".encode(), source)
    probe.next("submitted")
    first = probe.next("receipt")
    stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    stranger.settimeout(1)
    stranger.sendto(f"{options}Content-Length: 0\r\n\r\n".encode(), source)
    try:
        raise AssertionError(f"a stranger was answered: {stranger.recvfrom(65536)}")
    except TimeoutError:
        pass
    probe.request(call="441632960961", text="1, 2", **{"from": CALLER})
    ask_invite(trunk, "441632960961")
    probe.next("submitted")
    assert probe.next("receipt")["code"] == "voice::busy"
    probe.process.stdin.close()
    assert probe.process.wait(timeout=30) == 0
    print(f"{count} hostile messages survived; the call that they met ended as {first['reason']!r}")


def ask(trunk, source, options, number):
    """Waits for the answer to OPTIONS that bears this number."""
    branch = f"z9hG4bKask{number}"
    question = re.sub(r"branch=[^;]+", f"branch={branch}", options)
    trunk.sendto(f"{question}Content-Length: 0\r\n\r\n".encode(), source)
    while True:
        packet, _ = trunk.recvfrom(65536)
        if packet.startswith(b"SIP/2.0 200") and branch.encode() in packet:
            return


def ask_invite(trunk, number):
    """Answers the INVITE for this number with busy, and waits for its ACK."""
    while True:
        packet, source = trunk.recvfrom(65536)
        text = packet.decode(errors="replace")
        if not text.startswith(f"INVITE sip:+{number}@"):
            continue
        headers = dict(line.split(": ", 1) for line in text.partition("\r\n\r\n")[0].split("\r\n")[1:])
        copied = "\r\n".join(f"{name}: {headers[name]}" for name in ("Via", "From", "Call-ID", "CSeq"))
        trunk.sendto(
            f"SIP/2.0 486 Busy Here\r\n{copied}\r\nTo: {headers['To']};tag=2\r\nContent-Length: 0\r\n\r\n".encode(),
            source)
        return


def check_options(program):
    """What cannot work is said before anything is tried."""
    for options, reason in (
        {"espeak": "/nowhere/espeak-ng"}, "espeak: /nowhere/espeak-ng is not on this machine; Debian's package is "
        "espeak-ng"), ({"transport": "tls", "tls": {"ca": "/nowhere/ca.pem"}}, "tls.ca: cannot be read"):
        probe = Probe(program, **options)
        assert probe.next("problem")["reason"] == reason
        probe.process.wait(timeout=10)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("probe", help="the program VoiceProbe")
    parser.add_argument("--calls", type=int, default=20, help="how many at once")
    parser.add_argument("--hostile", type=int, default=20_000, help="how many hostile messages")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        check_options(arguments.probe)
        check_speech(arguments.probe, folder, arguments.seed)
        check_anonymous(arguments.probe, folder)
        check_refusals(arguments.probe, folder)
        check_unreachable(arguments.probe)
        check_authentication(arguments.probe, folder)
        check_registration(arguments.probe)
        check_tls(arguments.probe, folder)
        check_many(arguments.probe, folder, arguments.calls, arguments.seed)
        check_hostile(arguments.probe, arguments.hostile, arguments.seed)


if __name__ == "__main__":
    sys.exit(main())
