# SPDX-License-Identifier: Apache-2.0
"""What the end-to-end proofs share: processes that end with the test, an HTTP client, a webhook receiver and waiting with
a deadline. Standard library only; nothing here waits without a bound."""

import atexit
import contextlib
import http.client
import http.server
import json
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
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
FINAL_STATES = {"DELIVERED", "EXPIRED", "REJECTED", "UNDELIVERABLE"}


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


class Answer:
    """A response, read whole."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def fields(self):
        """The fields that a refusal names."""
        return {violation["field"] for violation in self.json.get("violations", [])}

    def __repr__(self):
        return f"{self.status} {self.body[:300]!r}"


class Client:
    """A keep-alive connection to the server; not for several threads at once."""

    def __init__(self, port, key=None, timeout=20):
        self.port, self.key, self.timeout = port, key, timeout
        self._connection = None

    def request(self, method, path, body=None, headers=None, query=None):
        headers = dict(headers or {})
        if self.key and not any(name.lower() == "apikey" for name in headers):
            headers["apikey"] = self.key
        if query:
            path += "?" + urllib.parse.urlencode(query)
        if isinstance(body, dict):
            body = json.dumps(body).encode()
            headers.setdefault("content-type", "application/json")
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)
            self._connection.connect()
            self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self._connection.request(method, path, body, headers)
            response = self._connection.getresponse()
            answer = Answer(response.status, response.headers, response.read())
        except BaseException:
            self.close()
            raise
        if response.will_close:
            self.close()
        return answer

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def post(self, path, body=None, **options):
        return self.request("POST", path, body, **options)

    def send(self, body=None, **options):
        return self.post("/messaging/v1/sms", body, **options)

    def message(self, identifier):
        answer = self.get(f"/messaging/v1/messages/{identifier}")
        equal(answer.status, 200, f"status of GET {identifier}")
        return answer.json

    def final(self, identifier, seconds=15):
        """The message once it is in a final state."""

        def ask():
            message = self.message(identifier)
            return message if message["status"] in FINAL_STATES else None

        return wait_for(ask, seconds, f"a final state of {identifier}", 0.1)

    def close(self):
        if self._connection:
            self._connection.close()
        self._connection = None


class Received:
    """A webhook as it arrived."""

    def __init__(self, method, path, query, headers, body, at):
        self.method, self.path, self.query, self.headers, self.body, self.at = method, path, query, headers, body, at

    @property
    def json(self):
        return json.loads(self.body)


class Receiver:
    """A webhook receiver on loopback. `answer` maps what was received to a status code; it may be changed any time."""

    def __init__(self, answer=lambda received: 200, port=0):
        self.received = []
        self.answer = answer
        self.changed = threading.Condition()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1

            def handle_any(self):
                length = int(self.headers.get("content-length") or 0)
                body = self.rfile.read(length)
                url = urllib.parse.urlsplit(self.path)
                query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
                received = Received(self.command, url.path, query, dict(self.headers), body, time.monotonic())
                status = receiver.answer(received)
                with receiver.changed:
                    receiver.received.append(received)
                    receiver.changed.notify_all()
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            do_GET = do_POST = handle_any

            def log_message(self, *arguments):
                pass

        class Listener(http.server.ThreadingHTTPServer):
            request_queue_size = 512
            daemon_threads = True

            def handle_error(self, request, client_address):
                pass  # The sender may be killed at any time.

        self._server = Listener(("127.0.0.1", port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def at(self, path):
        with self.changed:
            return [received for received in self.received if received.path == path]

    def wait(self, path, count=1, seconds=15):
        """The first `count` webhooks at `path`."""
        with self.changed:
            self.changed.wait_for(lambda: len([r for r in self.received if r.path == path]) >= count, seconds)
        found = self.at(path)
        if len(found) < count:
            raise AssertionError(f"{len(found)} of {count} webhooks at {path} within {seconds} s")
        return found[:count]

    def close(self):
        self._server.shutdown()
        self._server.server_close()


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


def wait_until_ready(process, port, seconds=30):
    """Until `/ready` answers 200; says why when it does not."""
    last = "no answer"

    def ask():
        nonlocal last
        if process.process.poll() is not None:
            raise AssertionError(f"{process.name} ended with {process.process.returncode}:\n{process.output[-4000:]}")
        client = Client(port, timeout=5)
        try:
            answer = client.get("/ready")
        except OSError:
            return False
        finally:
            client.close()
        last = repr(answer)
        return answer.status == 200

    try:
        wait_for(ask, seconds, "/ready")
    except AssertionError as error:
        raise AssertionError(f"{error}: {last}\n{process.output[-3000:]}") from None


def binary(path):
    """The absolute path of a program that can be run."""
    found = pathlib.Path(path).resolve()
    if not os.access(found, os.X_OK):
        sys.exit(f"{path} is missing; build it with: swift build --product parley")
    return found
