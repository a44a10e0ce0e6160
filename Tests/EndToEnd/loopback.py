# SPDX-License-Identifier: Apache-2.0
"""HTTP on loopback: a client of the server, and a receiver of its webhooks. Standard library only."""

import http.client
import http.server
import json
import socket
import threading
import time
import urllib.parse

from support import equal, wait_for

FINAL_STATES = {"DELIVERED", "EXPIRED", "REJECTED", "UNDELIVERABLE"}
# What a client sees of a server that goes away.
CUT_OFF = (OSError, http.client.HTTPException)


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
                if len(body) < length:
                    # The sender died in the middle: nothing was received.
                    self.close_connection = True
                    return
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
