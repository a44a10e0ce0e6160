# SPDX-License-Identifier: Apache-2.0
"""What the SMPP peer checks share: the probe's processes and a count of what passed."""

import contextlib
import json
import os
import pathlib
import subprocess
import sys
import traceback

ROOT = pathlib.Path(__file__).resolve().parents[2]


def probe_path(argument=None):
    """The SMPPProbe binary: from the command line, from SMPP_PROBE, or where `swift build` puts it."""
    path = argument or os.environ.get("SMPP_PROBE")
    if not path:
        path = subprocess.check_output(["swift", "build", "--show-bin-path"], cwd=ROOT, text=True).strip() + "/SMPPProbe"
    if not os.access(path, os.X_OK):
        sys.exit(f"{path} is missing; build it with: swift build --product SMPPProbe")
    return path


@contextlib.contextmanager
def probe_server(probe):
    """Runs the probe's server; yields its port."""
    process = subprocess.Popen([probe, "server", "--port", "0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        word, port = process.stdout.readline().split()
        assert word == "LISTENING"
        yield int(port)
    finally:
        process.stdin.close()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            raise


def probe_client_command(probe, port, count, **options):
    extra = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    return [probe, "client", "--port", str(port), "--count", str(count), *extra]


def json_lines(text):
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


class Tally:
    """Counts checks; a failed one is printed and the rest go on."""

    def __init__(self):
        self.passed = self.failed = 0

    @contextlib.contextmanager
    def check(self, name):
        try:
            yield
        except Exception:
            self.failed += 1
            print(f"FAILED {name}")
            traceback.print_exc(file=sys.stdout)
        else:
            self.passed += 1
            print(f"passed {name}")

    def finish(self):
        print(f"{self.passed} passed, {self.failed} failed")
        sys.exit(1 if self.failed or not self.passed else 0)
