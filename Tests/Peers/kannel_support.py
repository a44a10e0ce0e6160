# SPDX-License-Identifier: Apache-2.0
"""Kannel as a customer's SMPP client: its two programs with their configuration, and what they tell by HTTP."""

import pathlib
import shutil
import sys
import time
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "EndToEnd"))

from loopback import Receiver  # noqa: E402
from support import Process, free_port, wait_for  # noqa: E402

CONFIGURATION = """
group = core
admin-port = {admin}
admin-password = admin
smsbox-port = {box}
box-deny-ip = "*.*.*.*"
box-allow-ip = "127.0.0.1"
dlr-storage = internal
sms-combine-concatenated-mo = true

group = smsc
smsc = smpp
smsc-id = peer
host = 127.0.0.1
port = {port}
smsc-username = {user}
smsc-password = {password}
system-type = ""
transceiver-mode = true
reconnect-delay = 1
enquire-link-interval = 5
max-pending-submits = 10
{extra}

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {sendsms}
mo-recode = true

group = sendsms-user
username = tester
password = tester
max-messages = 10
concatenation = true

group = sms-service
keyword = default
catch-all = true
max-messages = 0
get-url = "{callback}/mo?from=%p&to=%P&text=%a&coding=%c&charset=%C"
"""


def programs():
    """bearerbox and smsbox, or an explanation."""
    found = [shutil.which(name, path="/usr/sbin:/usr/bin:/usr/local/sbin") for name in ("bearerbox", "smsbox")]
    if None in found:
        sys.exit("Kannel is not installed: apt-get install --no-install-recommends kannel")
    return found


class Kannel:
    """A running Kannel, bound to an SMSC on `port`. `extra` are further lines of its smsc group."""

    def __init__(self, folder, port, user, password, extra=""):
        self.receiver = Receiver()
        self.admin, self.box, self.sendsms = free_port(), free_port(), free_port()
        self.processes = []
        path = folder / "kannel.conf"
        path.write_text(
            CONFIGURATION.format(
                admin=self.admin, box=self.box, sendsms=self.sendsms, port=port, user=user, password=password,
                extra=extra, callback=self.receiver.url("")))
        bearerbox, smsbox = programs()
        self._start([bearerbox, "-v", "1", str(path)], "bearerbox", folder)
        wait_for(lambda: "running" in self.status(), 15, "Kannel's bearerbox")
        self._start([smsbox, "-v", "1", str(path)], "smsbox", folder)
        wait_for(lambda: "smsbox" in self.status(), 15, "Kannel's smsbox")
        wait_for(lambda: "(online" in self.status(), 20, "Kannel's bind")

    def _start(self, command, name, folder):
        self.processes.append(Process(command, name, folder / f"{name}.log"))

    def status(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.admin}/status.txt?password=admin", timeout=5) as page:
                return page.read().decode(errors="replace")
        except OSError:
            return ""

    def send(self, number, text, reference, coding=0):
        """Asks Kannel to send; its reports come to `/dlr` with the reference."""
        report = self.receiver.url(f"/dlr?reference={reference}&type=%d")
        query = urllib.parse.urlencode({
            "username": "tester", "password": "tester", "from": "Kannel", "to": number, "text": text,
            "coding": coding, "charset": "UTF-8", "dlr-mask": 31, "dlr-url": report})
        with urllib.request.urlopen(f"http://127.0.0.1:{self.sendsms}/cgi-bin/sendsms?{query}", timeout=10) as answer:
            return answer.read().decode()

    def reports(self, reference):
        """The kinds of report so far: 1 delivered, 2 failed, 8 taken by the SMSC, 16 refused by it."""
        return [int(r.query["type"]) for r in self.receiver.at("/dlr") if r.query["reference"] == str(reference)]

    def wait_for_reports(self, reference, kind, count=1, seconds=20):
        wait_for(lambda: self.reports(reference).count(kind) >= count, seconds,
                 f"{count} reports {kind} on {reference}; there are {self.reports(reference)}")

    def inbound(self, count, seconds=20):
        return [received.query for received in self.receiver.wait("/mo", count, seconds)]

    def close(self):
        """smsbox first, which is nothing without the other."""
        deadline = time.monotonic() + 20
        for process in reversed(self.processes):
            process.terminate(max(1, deadline - time.monotonic()))
        self.receiver.close()
