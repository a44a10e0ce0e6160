# SPDX-License-Identifier: Apache-2.0
"""The running server against its own OpenAPI document, by schemathesis: every answer is one that the document describes,
bad requests are refused, and nothing makes the server fail.

    python Tests/EndToEnd/openapi.py --parley .build/debug/parley"""

import argparse
import pathlib
import subprocess
import sys
import time

import support
from support import Process, Tally, temporary_folder

KEY = "openapi-test-key-0123456789"

# What a JSON Schema cannot say, and the document therefore says in words: a `sendDateTime` must not lie in the past, a
# number must have a route, a message must fit `partLimit`. Requests that break these are valid by the schema and rightly
# refused.
EXCLUDED_CHECKS = "positive_data_acceptance"


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--parley", required=True)
    options.add_argument("--examples", default="30")
    arguments = options.parse_args()
    support.begin(300)
    tally = Tally()
    schemathesis = pathlib.Path(sys.executable).parent / "schemathesis"
    with temporary_folder() as folder:
        demo = Process(
            [support.binary(arguments.parley), "demo", "--port", "0", "--data", folder / "data", "--key", KEY], "demo")
        base = demo.line("Parley is running at ").split()[-1].rstrip("/")
        with tally.check("schemathesis finds nothing against openapi/sms.yaml"):
            started = time.monotonic()
            run = subprocess.run(
                [schemathesis, "run", f"{base}/openapi/sms.yaml", "--url", base, "-H", f"apikey: {KEY}",
                 "--checks", "all", "--exclude-checks", EXCLUDED_CHECKS, "--max-examples", arguments.examples,
                 "--seed", "1", "--no-color"],
                cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            print(f"schemathesis took {time.monotonic() - started:.0f} s")
            assert run.returncode == 0, run.stdout[-6000:]
            print("\n".join(line for line in run.stdout.splitlines() if "generated" in line))
    tally.finish()


if __name__ == "__main__":
    main()
