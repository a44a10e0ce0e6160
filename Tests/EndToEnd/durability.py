# SPDX-License-Identifier: Apache-2.0
"""No answer before the disk has it, as the kernel sees it. The demo runs under strace, and for each message:

* the page with the message is written to the write-ahead log and an fdatasync of that file begins and completes between
  the read of the request and the write of its `HTTP/1.1 200`;
* an fdatasync begins and completes between the read of the receipt (deliver_sm) and the write of its deliver_sm_resp,
  and before the callback that reports it is posted.

    python Tests/EndToEnd/durability.py --parley .build/debug/parley"""

import argparse
import os
import re
import signal
import subprocess
import sys

import support
from loopback import Client, Receiver, wait_until_ready
from support import Process, Tally, temporary_folder

KEY = "durability-key-0123456789"
COUNT = 5
CALLS = "read,recvfrom,recvmsg,readv,write,writev,sendto,sendmsg,pwrite64,fdatasync,fsync"
READS = {"read", "recvfrom", "recvmsg", "readv"}
WRITES = {"write", "writev", "sendto", "sendmsg"}
DELIVER_SM, DELIVER_SM_RESPONSE = 0x00000005, 0x80000005
WRITE_AHEAD_LOG = "parley.db-wal"


class Call:
    """A system call: where in the trace it began and where it ended (None when it did not), and what it carried."""

    def __init__(self, name, begin):
        self.name, self.begin, self.end, self.text = name, begin, None, ""

    @property
    def descriptor(self):
        found = re.match(r"(\d+)<", self.text)
        return int(found[1]) if found else None

    @property
    def file(self):
        found = re.match(r"\d+<([^>]*)>", self.text)
        return found[1] if found else ""


def parse(trace):
    """The calls of a trace made with `strace -f -xx -y`, in the order in which they began.

    strace prints a line when a call ends, or `<unfinished ...>` as soon as another thread's call comes between: the
    order of the lines is the order of what happened."""
    calls, open_calls = [], {}
    for position, line in enumerate(trace):
        found = re.match(r"(\d+)\s+[\d.]+ (.*)", line.rstrip("\n"), re.DOTALL)
        if not found:
            continue
        thread, rest = found[1], found[2]
        if resumed := re.match(r"<\.\.\. \w+ resumed>(.*)", rest):
            call = open_calls.pop(thread, None)
            if call:
                call.text += unescaped(resumed[1])
                call.end = position if ended_well(resumed[1]) else None
        elif begun := re.match(r"(\w+)\((.*)", rest):
            call = Call(begun[1], position)
            call.text = unescaped(begun[2])
            calls.append(call)
            if rest.endswith("<unfinished ...>"):
                open_calls[thread] = call
            elif ended_well(rest):
                call.end = position
    return calls


def ended_well(text):
    found = re.search(r"\) += (-?\d+)", text)
    return bool(found) and int(found[1]) >= 0


def unescaped(text):
    return re.sub(r"(?:\\x[0-9a-f]{2})+", lambda run: bytes.fromhex(run[0].replace("\\x", "")).decode("latin-1"), text)


def first(calls, condition, what):
    found = next((call for call in calls if condition(call)), None)
    if found is None:
        raise AssertionError(f"the trace has no {what}")
    return found


def synced_between(calls, after, before, what):
    """An fdatasync of the write-ahead log that began after `after` and completed before `before`."""
    for call in calls:
        is_sync = call.name in ("fdatasync", "fsync") and call.file.endswith(WRITE_AHEAD_LOG)
        if is_sync and call.end is not None and after < call.begin and call.end < before:
            return call
    raise AssertionError(f"no fdatasync completed between {what} (lines {after} and {before})")


def pdus(call, command):
    """The sequence numbers, as four characters, of PDUs of this kind in what a call carried."""
    marker = command.to_bytes(4, "big").decode("latin-1")
    text, position, found = call.text, 0, []
    while (position := text.find(marker, position)) >= 0:
        # command_length, command_id, command_status 0, sequence_number (SMPP 3.4 §3.2)
        if text[position + 4 : position + 8] == "\0\0\0\0" and text[position - 4 : position - 2] == "\0\0":
            found.append(text[position + 8 : position + 12])
        position += 4
    return found


def check_request(calls, number):
    marker = f"durability-{number}"
    read = first(calls, lambda c: c.name in READS and "POST /messaging/v1/sms" in c.text
                 and f"x-request-id: {marker}\r" in c.text and c.end is not None, f"read of request {number}")
    answer = first(calls, lambda c: c.name in WRITES and "HTTP/1.1 200" in c.text and f"{marker}\r" in c.text,
                   f"write of answer {number}")
    page = first(calls, lambda c: c.name == "pwrite64" and c.file.endswith(WRITE_AHEAD_LOG)
                 and f"reference-{number}" in c.text and c.begin > read.end, f"page with message {number}")
    synced_between(calls, page.end, answer.begin, f"the page of message {number} and its 200")


def check_report(calls, number):
    post = first(calls, lambda c: c.name in WRITES and f"POST /reports/{number} HTTP/1.1" in c.text,
                 f"callback {number}")
    receipts = [c for c in calls if c.name in READS and "stat:DELIVRD" in c.text and pdus(c, DELIVER_SM)
                and c.end is not None and c.end < post.begin]
    if not receipts:
        raise AssertionError(f"the trace has no receipt before callback {number}")
    receipt = receipts[-1]
    synced_between(calls, receipt.end, post.begin, f"receipt {number} and its callback")
    (sequence,) = pdus(receipt, DELIVER_SM)
    response = first(calls, lambda c: c.name in WRITES and c.descriptor == receipt.descriptor
                     and c.begin > receipt.end and sequence in pdus(c, DELIVER_SM_RESPONSE),
                     f"deliver_sm_resp {number}")
    synced_between(calls, receipt.end, response.begin, f"receipt {number} and its deliver_sm_resp")


def trace_demo(parley, folder, receiver):
    """Runs the demo under strace and sends messages one at a time; returns its system calls."""
    trace = folder / "trace"
    demo = Process(
        ["strace", "-f", "-xx", "-y", "-ttt", "-s", "8192", "-e", f"trace={CALLS}", "-e", "signal=none", "-o", trace,
         "sh", "-c", 'echo "PID $$"; exec "$@"', "sh",
         parley, "demo", "--port", "0", "--data", folder / "data", "--key", KEY], "strace parley demo")
    try:
        pid = int(demo.line("PID ").split()[1])
        port = int(demo.line("Parley is running at", 60).rstrip("/").rsplit(":", 1)[1])
        wait_until_ready(demo, port)
        client = Client(port, KEY)
        for number in range(COUNT):
            answer = client.send(
                {"from": "Parley", "to": f"+49151120{number:02d}000", "message": f"Durable {number}",
                 "reference": f"reference-{number}", "callbackUrl": receiver.url(f"/reports/{number}")},
                headers={"x-request-id": f"durability-{number}"})
            support.equal(answer.status, 200, f"answer {number}")
            receiver.wait(f"/reports/{number}", seconds=20)
            print(f"message {number} sent and reported", flush=True)
        os.kill(pid, signal.SIGTERM)
        demo.process.wait(40)
    finally:
        demo.kill()
    return parse(trace.read_text(errors="replace").splitlines())


def explain_missing_ptrace():
    probe = subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, text=True)
    if probe.returncode != 0:
        print(f"FAILED strace cannot trace here; allow ptrace (CAP_SYS_PTRACE, or a seccomp profile with it): "
              f"{probe.stderr.strip()}")
        print("0 passed, 1 failed")
        sys.exit(1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parley", required=True)
    parley = support.binary(parser.parse_args().parley)
    support.begin(180)
    explain_missing_ptrace()
    tally, receiver = Tally(), Receiver()
    with temporary_folder() as folder:
        calls = trace_demo(parley, folder, receiver)
    print(f"{len(calls)} system calls", flush=True)
    for number in range(COUNT):
        with tally.check(f"message {number} is synced before its 200"):
            check_request(calls, number)
        with tally.check(f"receipt {number} is synced before its deliver_sm_resp and its callback"):
            check_report(calls, number)
    tally.finish()


if __name__ == "__main__":
    main()
