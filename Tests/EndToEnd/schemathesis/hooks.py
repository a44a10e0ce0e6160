# SPDX-License-Identifier: Apache-2.0
"""How schemathesis reads the answers that are not JSON, so that it can hold them against their schemas."""

import json

import schemathesis


@schemathesis.deserializer("text/csv")
def csv(context, response):
    return response.content.decode("utf-8")


@schemathesis.deserializer("application/x-ndjson")
def ndjson(context, response):
    """The last line, which says what came of it; every line before it is JSON as well."""
    lines = [json.loads(line) for line in response.content.decode("utf-8").splitlines()]
    return lines[-1]
