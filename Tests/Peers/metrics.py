# SPDX-License-Identifier: Apache-2.0
"""What the server exposes on `/metrics`, judged by Prometheus's own `promtool`: the text is valid and named as is the
custom, every dashboard query and every alert is valid PromQL, and every metric and label that they name is in the
scrape. A message's trace is followed from the request to the report and the log besides.

    python Tests/Peers/metrics.py --parley .build/debug/parley"""

import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests" / "EndToEnd"))
import node  # noqa: E402
import support  # noqa: E402
from loopback import Client, Receiver  # noqa: E402
from support import Process, Tally, equal, temporary_folder, wait_for  # noqa: E402

DASHBOARD = ROOT / "deploy" / "grafana" / "parley.json"
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yaml"

# Exposed only where TLS is configured; `up` is Prometheus's own.
ABSENT = {"parley_tls_certificate_expiry_timestamp_seconds", "up"}
# Labels that Prometheus adds to what it scrapes.
TARGET_LABELS = {"job", "instance"}
# What a metric's series may end in.
SERIES = re.compile(r"_(bucket|sum|count)$")

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


def promtool(*arguments, text=None):
    """Runs promtool; raises with what it says unless it is content and silent about problems."""
    done = subprocess.run(["promtool", *map(str, arguments)], input=text, capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise AssertionError(f"promtool {arguments[0]} {arguments[1]}: {done.stdout}{done.stderr}")
    return done.stdout


class Scrape:
    """The metrics of a scrape with their types and the labels and values of each."""

    LINE = re.compile(r"([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)")
    LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')

    def __init__(self, text):
        self.text, self.types, self.labels, self.values = text, {}, {}, {}
        for line in text.splitlines():
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ")
                self.types[name] = kind
            elif not line.startswith("#"):
                name, labels, value = self.LINE.fullmatch(line).groups()
                found = dict(self.LABEL.findall(labels or ""))
                self.labels.setdefault(name, set()).update(found)
                self.values[name, tuple(sorted(found.items()))] = float(value)

    def value(self, name, **labels):
        return self.values.get((name, tuple(sorted(labels.items()))))

    def has(self, series):
        """Whether samples of this name can exist: a family without children yet is declared and has none."""
        return series in self.types or self.types.get(SERIES.sub("", series)) == "histogram"


def expressions_of(dashboard):
    """The queries of a dashboard as Prometheus gets them, with what they are for."""
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield f"panel {panel['title']}", target["expr"]
    for annotation in dashboard["annotations"]["list"]:
        yield f"annotation {annotation['name']}", annotation["expr"]


def resolved(expression):
    """The expression with the dashboard's variables filled in."""
    return expression.replace("$__rate_interval", "1m").replace("$instance", ".*").replace("$job", ".*")


# A selector: a metric's name that is no function, keyword or label list, with its matchers.
SELECTOR = re.compile(r"\b((?:parley|process)_\w+|up)\b(\{[^}]*\})?")
MATCHER = re.compile(r'(\w+)\s*(?:=~|!~|!=|=)\s*"')
GROUPING = re.compile(r"\b(?:by|without)\s*\(([^)]*)\)")


def check_expression(scrape, expression):
    """Every metric is exposed, with every label by which the expression selects or groups."""
    selectors = SELECTOR.findall(expression)
    assert selectors, f"no metric in {expression}"
    known = set(TARGET_LABELS)
    for name, matchers in selectors:
        if name in ABSENT:
            continue
        assert scrape.has(name), f"{name} is not exposed: {expression}"
        labels = scrape.labels.get(name, set()) | TARGET_LABELS
        known |= labels
        for label in MATCHER.findall(matchers):
            assert label in labels, f"{name} has no label {label}: {expression}"
    for group in GROUPING.findall(expression):
        for label in filter(None, (label.strip() for label in group.split(","))):
            assert label in known, f"nothing here has the label {label}: {expression}"


def check_queries(tally, scrape, folder):
    dashboard = json.loads(DASHBOARD.read_text())
    queries = list(expressions_of(dashboard))
    with tally.check(f"promtool reads the dashboard's {len(queries)} queries"):
        rules = [{"record": f"query:{number}", "expr": resolved(query)} for number, (_, query) in enumerate(queries)]
        file = folder / "queries.yaml"
        # What is JSON is YAML as well.
        file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
        promtool("check", "rules", file)
    with tally.check("every metric and label of the dashboard is exposed"):
        for what, query in queries:
            try:
                check_expression(scrape, resolved(query))
            except AssertionError as error:
                raise AssertionError(f"{what}: {error}") from None
    with tally.check("the dashboard is one that Grafana imports"):
        identifiers = [panel["id"] for panel in dashboard["panels"]]
        equal(len(set(identifiers)), len(identifiers), "panel ids")
        variables = {variable["name"] for variable in dashboard["templating"]["list"]}
        used = set(re.findall(r"\$\{?(\w+)", DASHBOARD.read_text())) - {"__rate_interval", "__all"}
        equal(used, variables, "variables")
        assert dashboard["uid"] and dashboard["title"] and dashboard["schemaVersion"] >= 36
    with tally.check("promtool accepts the alert rules"):
        promtool("check", "rules", ALERTS)
    with tally.check("every metric and label of the alerts is exposed, and each says what to do"):
        text = ALERTS.read_text()
        expressions = re.findall(r"expr: (?:>-\n((?:          .*\n)+)|(.*)\n)", text)
        equal(len(expressions), text.count("- alert:"), "alerts with an expression")
        equal(text.count("description:"), len(expressions), "descriptions")
        for block, line in expressions:
            check_expression(scrape, " ".join((block or line).split()))


def check_values(tally, scrape):
    with tally.check("promtool accepts the metrics"):
        # It writes its advice and still succeeds; there is to be none.
        equal(promtool("check", "metrics", text=scrape.text), "", "promtool's advice")
    with tally.check("what was sent is counted"):
        for name, labels, expected in [
            ("parley_messages_accepted_total", {"surface": "sms"}, 5),
            ("parley_messages_final_total", {"kind": "sms", "status": "delivered"}, 4),
            ("parley_messages_final_total", {"kind": "sms", "status": "undeliverable"}, 1),
            ("parley_parts_dispatched_total", {"connector": "carrier"}, 5),
            ("parley_submissions_total", {"connector": "carrier", "outcome": "submitted"}, 5),
            ("parley_delivery_duration_seconds_count", {"connector": "carrier"}, 4),
            ("parley_dispatch_duration_seconds_count", {"connector": "carrier"}, 5),
            ("parley_accept_duration_seconds_count", {}, 5),
            ("parley_webhook_deliveries_total", {"result": "delivered"}, 5),
            ("parley_webhook_tries_total", {"outcome": "delivered"}, 5),
            ("parley_connector_up", {"connector": "carrier"}, 1),
            ("parley_connector_binds", {"connector": "carrier", "state": "bound"}, 1),
            ("parley_connector_window_used", {"connector": "carrier"}, 0),
            ("parley_queue_messages", {}, 0),
            ("parley_database_up", {}, 1),
            ("parley_http_requests_total", {"method": "POST", "route": "/messaging/v1/sms", "status": "2xx"}, 5),
            ("parley_http_requests_total", {"method": "POST", "route": "/messaging/v1/sms", "status": "4xx"}, 1),
        ]:
            equal(scrape.value(name, **labels), expected, f"{name} {labels}")
        # One that comes before its submission's outcome is stored is parked first.
        receipts = [scrape.value("parley_receipts_total", result=result) for result in ("matched", "parked", "ignored")]
        equal((sum(receipts[:2]), receipts[2]), (5, 0), "receipts")
        for name in ("parley_database_commit_batch_size_count", "parley_disk_free_bytes", "process_cpu_seconds_total",
                     "process_resident_memory_bytes", "process_open_fds"):
            assert scrape.value(name), name
        assert scrape.value("parley_connector_window_size", connector="carrier") >= 1
    with tally.check("no label names a customer, a number or a URL"):
        for secret in ("49151", node.NUMBER, "End to end", "127.0.0.1", node.KEY):
            assert secret not in scrape.text, secret


def check_trace(tally, server, receiver):
    with tally.check("the trace of a request is with its report and in its log lines"):
        report = receiver.at("/0")[0]
        parent = next(value for name, value in report.headers.items() if name.lower() == "traceparent")
        assert re.fullmatch(f"00-{TRACE}-[0-9a-f]{{16}}-01", parent), parent
        assert parent != PARENT, "the same span"
        state = next(value for name, value in report.headers.items() if name.lower() == "tracestate")
        equal(state, "vendor=1")
        assert TRACE in server.process.output, "not in the log"
    with tally.check("a request without a trace begins none"):
        names = {name.lower() for name in receiver.at("/1")[0].headers}
        equal(names & {"traceparent", "tracestate"}, set())


def prepare(folder, parley):
    """A server with a carrier, some messages gone through it, and all of their reports received."""
    carrier = Process([parley, "smsc", "--port", "0"], "parley smsc")
    server = node.Node(parley, folder, int(carrier.line("LISTENING ").split()[1]))
    configuration = json.loads((folder / "parley.yaml").read_text())
    configuration["logging"]["level"] = "info"
    (folder / "parley.yaml").write_text(json.dumps(configuration))
    server.start()
    receiver = Receiver()
    client = Client(server.port, node.KEY)
    for number in range(5):
        suffix = "002" if number == 4 else "000"
        headers = {"traceparent": PARENT, "tracestate": "vendor=1"} if number == 0 else {}
        body = {"from": "Parley", "to": f"+49151777{suffix}", "message": "Hello"}
        equal(client.send(body | {"callbackUrl": receiver.url(f"/{number}")}, headers=headers).status, 200)
    equal(client.send({"from": "Parley"}).status, 400)
    for number in range(5):
        receiver.wait(f"/{number}", seconds=30)
    return server, receiver


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parley", required=True)
    parley = support.binary(parser.parse_args().parley)
    if not shutil.which("promtool"):
        sys.exit("promtool is missing: run scripts/setup test")
    support.begin(180)
    tally = Tally()
    with temporary_folder() as folder:
        server, receiver = prepare(folder, parley)
        client = Client(server.port)

        def settled():
            answer = client.get("/metrics")
            equal((answer.status, answer.headers["content-type"]),
                  (200, "text/plain; version=0.0.4; charset=utf-8"))
            scrape = Scrape(answer.body.decode())
            done = scrape.value("parley_webhook_deliveries_total", result="delivered") == 5
            return scrape if done and scrape.value("parley_queue_messages") == 0 else None

        scrape = wait_for(settled, 30, "a scrape after everything is recorded", 0.25)
        check_values(tally, scrape)
        check_queries(tally, scrape, folder)
        check_trace(tally, server, receiver)
        code, _ = server.process.terminate()
        equal(code, 0, "exit code")
        receiver.close()
    tally.finish()


if __name__ == "__main__":
    main()
