# SPDX-License-Identifier: Apache-2.0
"""Captures a run of the probe's client against the probe's server and has tshark dissect every PDU of it.

Needs root (or the right to capture), tshark and tcpdump.

    python3 Tests/Peers/dissect.py [path of SMPPProbe]
"""

import collections
import pathlib
import subprocess
import sys
import tempfile

from smpp_support import Tally, json_lines, probe_client_command, probe_path, probe_server

COUNT = 50
EXPECTED = {  # command_id and how often at least
    0x00000009: 2, 0x80000009: 2, 0x00000004: COUNT, 0x80000004: COUNT, 0x00000005: COUNT, 0x80000005: COUNT,
    0x00000006: 2, 0x80000006: 2,
}


def capture(probe, port, file):
    """Runs the client while tcpdump listens; returns what the client printed."""
    tcpdump = subprocess.Popen(
        ["tcpdump", "-i", "lo", "-U", "--immediate-mode", "-B", "16384", "-w", file, f"tcp port {port}"],
        stderr=subprocess.PIPE, text=True)
    for line in tcpdump.stderr:
        if "listening on" in line:
            break
    run = subprocess.run(
        probe_client_command(probe, port, COUNT, binds=2, window=5), stdout=subprocess.PIPE, text=True, timeout=60)
    tcpdump.terminate()
    tcpdump.wait(10)
    assert run.returncode == 0, run.stdout
    return json_lines(run.stdout)


def tshark(file, port, *arguments):
    return subprocess.run(
        ["tshark", "-r", file, "-d", f"tcp.port=={port},smpp", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True).stdout


def main():
    probe = probe_path(sys.argv[1] if len(sys.argv) > 1 else None)
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder, probe_server(probe) as port:
        file = str(pathlib.Path(folder) / "smpp.pcap")
        with tally.check("a run is captured"):
            lines = capture(probe, port, file)
            assert sum(line["type"] == "receipt" for line in lines) == COUNT
        with tally.check("every PDU of the run is dissected"):
            fields = tshark(file, port, "-Y", "smpp", "-T", "fields", "-e", "smpp.command_id")
            counted = collections.Counter(int(word, 0) for line in fields.splitlines() for word in line.split(","))
            missing = {hex(c): counted[c] for c, least in EXPECTED.items() if counted[c] < least}
            assert not missing, missing
        with tally.check("every segment with a payload is SMPP"):
            assert tshark(file, port, "-Y", "tcp.len > 0 && !smpp && !tcp.segment_data") == ""
        with tally.check("no PDU is malformed"):
            for what in ("_ws.malformed", "smpp && _ws.expert.severity >= 0x600000"):
                found = tshark(file, port, "-Y", what)
                assert found == "", found
    tally.finish()


if __name__ == "__main__":
    main()
