# SPDX-License-Identifier: Apache-2.0
"""The running server against its own OpenAPI documents, by schemathesis: every answer is one that the document describes,
every request that the document allows is taken, bad ones are refused, every operation can succeed, and nothing makes the
server fail. The documents themselves leave no body untyped and no response to a `default`.

    python Tests/EndToEnd/openapi.py --parley .build/debug/parley"""

import argparse
import json
import pathlib
import subprocess
import sys
import time

import yaml

import support
from support import Process, Tally, equal, temporary_folder

KEY = "openapi-test-key-0123456789"
DOCUMENTS = ["sms", "admin"]
SETTINGS = pathlib.Path(__file__).with_name("schemathesis.toml")
METHODS = {"get", "post", "put", "patch", "delete"}


def weak_places(document):
    """Where a document lets anything pass."""

    def find(value, path):
        if isinstance(value, dict):
            if "content" in value and isinstance(value["content"], dict):
                for media, content in value["content"].items():
                    if not content.get("schema"):
                        yield f"{path}: {media} without a schema"
            if "responses" in value and isinstance(value["responses"], dict) and "default" in value["responses"]:
                yield f"{path}: a default response"
            for name, item in value.items():
                yield from find(item, f"{path}/{name}")
        elif isinstance(value, list):
            for index, item in enumerate(value):
                yield from find(item, f"{path}/{index}")

    return list(find(document, ""))


def operations(document):
    return {f"{method.upper()} {path}" for path, item in document["paths"].items() for method in METHODS & set(item)}


def successes(report):
    """The operations that answered 2xx at least once."""
    found = set()
    for line in report.read_text().splitlines():
        scenario = json.loads(line).get("ScenarioFinished")
        if not scenario:
            continue
        recorder = scenario["recorder"]
        for identifier, interaction in recorder.get("interactions", {}).items():
            response = interaction.get("response")
            if response and 200 <= response["status_code"] < 300:
                case = recorder["cases"][identifier]["value"]
                found.add(f"{case['method'].upper()} {case['path']}")
    return found


def check(tally, name, base, folder, examples):
    schemathesis = pathlib.Path(sys.executable).parent / "schemathesis"
    report = folder / f"{name}.ndjson"
    document = yaml.safe_load((support.ROOT / "openapi" / f"{name}.yaml").read_text())
    with tally.check(f"openapi/{name}.yaml leaves nothing untyped"):
        equal(weak_places(document), [])
    with tally.check(f"schemathesis finds nothing against openapi/{name}.yaml"):
        started = time.monotonic()
        run = subprocess.run(
            [schemathesis, "--config-file", SETTINGS, "run", f"{base}/openapi/{name}.yaml", "--url", base,
             "-H", f"apikey: {KEY}", "--checks", "all", "--max-examples", examples, "--seed", "1", "--no-color",
             "--report", "ndjson", "--report-ndjson-path", report],
            cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        print(f"schemathesis took {time.monotonic() - started:.0f} s")
        assert run.returncode == 0, run.stdout[-8000:]
        print("\n".join(line for line in run.stdout.splitlines() if "generated" in line))
    with tally.check(f"every operation of openapi/{name}.yaml has succeeded"):
        equal(sorted(operations(document) - successes(report)), [])


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--parley", required=True)
    options.add_argument("--examples", default="200")
    options.add_argument("--document", choices=DOCUMENTS, action="append")
    arguments = options.parse_args()
    support.begin(1200)
    tally = Tally()
    with temporary_folder() as folder:
        demo = Process(
            [support.binary(arguments.parley), "demo", "--port", "0", "--data", folder / "data", "--key", KEY], "demo")
        base = demo.line("Parley is running at ").split()[-1].rstrip("/")
        for name in arguments.document or DOCUMENTS:
            check(tally, name, base, folder, arguments.examples)
    tally.finish()


if __name__ == "__main__":
    main()
