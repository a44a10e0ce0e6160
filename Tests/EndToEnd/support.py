# SPDX-License-Identifier: Apache-2.0
"""What the end-to-end proofs share: a count of what passed, programs that end with the test, and waiting with a
deadline. Standard library only; nothing here waits without a bound."""

import atexit
import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Tally:
    """Counts checks; a failed one is printed and the rest go on."""

    def __init__(self):
        self.passed = self.failed = 0

    @contextlib.contextmanager
    def check(self, name):
        start = time.monotonic()
        try:
            yield
        except Exception:
            self.failed += 1
            print(f"FAILED {name}", flush=True)
            traceback.print_exc(file=sys.stdout)
        else:
            self.passed += 1
            print(f"passed {name} ({time.monotonic() - start:.1f} s)", flush=True)

    def finish(self):
        print(f"{self.passed} passed, {self.failed} failed", flush=True)
        sys.exit(1 if self.failed or not self.passed else 0)


def equal(actual, expected, what=""):
    if actual != expected:
        raise AssertionError(f"{what or 'value'}: {actual!r}, expected {expected!r}")


def wait_for(condition, seconds, what, interval=0.05):
    """Polls until `condition()` is truthy and returns it; AssertionError at the deadline."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(interval)


_cleanups = []


def clean_up():
    """Ends every process that the test has started."""
    while _cleanups:
        with contextlib.suppress(Exception):
            _cleanups.pop()()


def begin(seconds):
    """Bounds the whole run, and lets no process outlive it, however it ends."""

    def stop():
        print(f"FAILED the run took longer than {seconds} s", flush=True)
        clean_up()
        os._exit(1)

    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    timer.start()
    atexit.register(clean_up)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


@contextlib.contextmanager
def temporary_folder():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="parley-test-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Process:
    """A program whose output is read all the time and which does not outlive the test."""

    def __init__(self, arguments, name, log=None):
        self.name = name
        self.lines = []
        self._changed = threading.Condition()
        self._log = open(log, "ab") if log else None
        self.process = subprocess.Popen(
            [str(argument) for argument in arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True)
        _cleanups.append(self.kill)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            if self._log:
                self._log.write(line)
                self._log.flush()
            with self._changed:
                self.lines.append(line.decode(errors="replace").rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self.lines.append(None)
            self._changed.notify_all()

    @property
    def pid(self):
        return self.process.pid

    @property
    def output(self):
        return "\n".join(line for line in self.lines if line is not None)

    def line(self, text, seconds=30):
        """The first line that contains `text`."""

        def find():
            return next((line for line in self.lines if line is not None and text in line), None)

        with self._changed:
            self._changed.wait_for(lambda: find() is not None or None in self.lines, seconds)
            found = find()
        if found is None:
            raise AssertionError(f"{self.name} did not print {text!r}:\n{self.output[-4000:]}")
        return found

    def terminate(self, seconds=35):
        """SIGTERM; returns the exit code, and how long it took."""
        start = time.monotonic()
        self.process.terminate()
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name} did not end within {seconds} s of SIGTERM:\n{self.output[-4000:]}")
        self._ended()
        return code, time.monotonic() - start

    def kill(self):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._ended()

    def _ended(self):
        self._reader.join(5)
        if self._log:
            self._log.close()
            self._log = None


class Postgres:
    """A PostgreSQL in a temporary folder, reached by a socket in it."""

    def __init__(self):
        self._programs = self._find()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="parley-postgres-"))
        _cleanups.append(self.close)
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres")
        self._run("initdb", "-D", self.folder / "data", "-A", "trust", "-U", "postgres", "-E", "UTF8",
                  "--locale=C.UTF-8", "-N")

    @staticmethod
    def _find():
        found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
        if not found:
            sys.exit("PostgreSQL is not installed: run scripts/setup test")
        return found[-1].parent

    def _run(self, program, *arguments):
        command = [str(self._programs / program), *map(str, arguments)]
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                              cwd=self.folder, timeout=60)
        if done.returncode != 0:
            raise AssertionError(f"{program}: {done.stderr.decode(errors='replace')}")

    def start(self, *options):
        """Starts it; `options` are settings such as `fsync=off`."""
        settings = ["listen_addresses=''", f"unix_socket_directories='{self.folder}'", *options]
        self._run("pg_ctl", "-D", self.folder / "data", "-w", "-l", self.folder / "log",
                  "-o", " ".join(f"-c {setting}" for setting in settings), "start")

    def stop(self, mode="fast"):
        self._run("pg_ctl", "-D", self.folder / "data", "-w", "-m", mode, "stop")

    @property
    def url(self):
        return f"postgresql:///postgres?host={self.folder}&user=postgres"

    def close(self):
        with contextlib.suppress(AssertionError):
            self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)


def binary(path):
    """The absolute path of a program that can be run."""
    found = pathlib.Path(path).resolve()
    if not os.access(found, os.X_OK):
        sys.exit(f"{path} is missing; build it with: swift build --product parley")
    return found
