# SPDX-License-Identifier: Apache-2.0
"""How schemathesis reads the answers that are not JSON, so that it can hold them against their schemas, and what a body must
name that the test has made."""

import json
import os
import uuid

import schemathesis


@schemathesis.deserializer("text/csv")
def csv(context, response):
    return response.content.decode("utf-8")


@schemathesis.deserializer("application/x-ndjson")
def ndjson(context, response):
    """The last line, which says what came of it; every line before it is JSON as well."""
    lines = [json.loads(line) for line in response.content.decode("utf-8").splitlines()]
    return lines[-1]


@schemathesis.hook.apply_to(name="POST /messaging/v1/conversion")
def before_call(context, case, kwargs):
    """Few of the messages that schemathesis sends have asked for a conversion: a request names one that has. What is
    no id stays what it is."""
    if isinstance(case.body, dict) and is_uuid(case.body.get("requestId")):
        case.body["requestId"] = os.environ["MESSAGE_WITH_CONVERSION"]


def is_uuid(value):
    try:
        return isinstance(value, str) and str(uuid.UUID(value)) == value.lower()
    except ValueError:
        return False
