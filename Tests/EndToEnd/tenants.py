# SPDX-License-Identifier: Apache-2.0
"""Two companies on one server: with the keys of one, every operation of every API is tried with every id of the other.
Nothing of the other's is told, and nothing of it changes.

    python Tests/EndToEnd/tenants.py --parley .build/debug/parley

The operations and their parameters are those of the documents that the server itself serves, so that an operation which
is added tomorrow is tried as well."""

import argparse
import contextlib
import json
import re

import yaml

import node
import support
from loopback import Client, Receiver, wait_until_ready
from support import Process, Tally, equal, temporary_folder, wait_for

DOCUMENTS = ["sms", "admin", "conversations", "chat", "nis", "2fa"]
OPERATOR = "operator-key-0123456789"
# Names and numbers by which the victim's things are known again wherever they turn up.
VICTIM, VICTIM_NUMBER, VICTIM_SENDER = "Victim-Company", "49309999001", "VictimCo"
INTRUDER = "Intruder-Company"
METHODS = ["get", "post", "put", "patch", "delete"]
# What an address answers to somebody whose business it is not: the scope is missing, or there is no such thing.
REFUSED = {403, 404}


class World:
    """The victim and the intruder with one of everything each, and the intruder's keys by scope."""

    def __init__(self, operator):
        self.operator = operator
        self.victim = self.make_company(VICTIM, VICTIM_NUMBER, "victim")
        self.intruder = self.make_company(INTRUDER, "49309999002", "intruder")

    def admin(self, method, path, body=None, status=(200, 201, 204)):
        answer = self.operator.request(method, f"/admin/v1{path}", body)
        if answer.status not in status:
            raise AssertionError(f"{method} {path}: {answer!r}")
        return answer.json if answer.body else None

    def make_company(self, name, number, system_id):
        reseller = self.admin("POST", "/companies", {"name": name, "reseller": True, "prepaid": True,
                                                     "initialBalance": "10"})
        company = {"companyId": reseller["id"]}
        keys = {scope: self.admin("POST", "/keys", company | {"name": f"{name}-{scope}", "scopes": [scope]})
                for scope in ("api", "reseller")}
        channel = self.admin("POST", "/channels", company | {"kind": "sms", "address": number})
        account = self.admin("POST", "/smpp-accounts", company | {"systemId": system_id})
        price = self.admin("POST", "/prices", company | {
            "direction": "outbound", "prefix": "49", "mcc": "262", "mnc": "01", "ttid": "1", "currency": "EUR",
            "price": "0.07", "from": "2026-01-01T00:00:00Z"})
        contact = self.admin("POST", f"/companies/{reseller['id']}/contacts", {
            "name": name, "identities": {"jid": [f"{system_id}@contact"]}})
        return {"company": reseller["id"], "contact": contact["id"], "key": keys["api"]["id"], "keys": keys,
                "channel": channel["id"], "smpp-account": account["id"], "price": price["id"]}

    def everything(self):
        """All that an operator can see of the victim, as text, but for what time itself changes: the receiver of its
        reports answers 500 for ever, so that tries go on."""
        company = self.victim["company"]
        pages = [f"/companies/{company}", f"/companies/{company}/ledger", f"/keys?companyId={company}",
                 f"/channels?companyId={company}", f"/smpp-accounts?companyId={company}", f"/prices?companyId={company}",
                 f"/messages?companyId={company}", f"/deliveries?companyId={company}",
                 f"/companies/{company}/contacts"]
        return json.dumps(without_times([self.admin("GET", page) for page in pages]), sort_keys=True)


PASSING = {"lastUsedAt", "scannedTo", "attempts", "dueAt", "lastStatus", "lastError", "lastTryAt"}


def without_times(value):
    if isinstance(value, dict):
        return {name: without_times(item) for name, item in value.items() if name not in PASSING}
    return [without_times(item) for item in value] if isinstance(value, list) else value


def ids_for(name, path, victim):
    """The victim's ids that a path parameter can stand for."""
    if "/media/" in path:
        return [victim["medium"]]
    if path.startswith("/2fa/"):
        return [victim["otp"] if name == "otpId" else victim["application"]]
    if "/phone-numbers/" in path or "/service-ids/" in path:
        return [VICTIM_NUMBER]
    if "message" in path and name.lower() in ("requestid", "id", "messageid"):
        return [victim["message"]]
    for kind in ("companies", "keys", "channels", "smpp-accounts", "prices", "deliveries"):
        if f"/{kind}/{{" in path:
            singular = {"companies": "company", "deliveries": "delivery"}.get(kind, kind[:-1])
            return [victim[singular]]
    return [victim["message"], 1, 2, 3]


def targets(operation, path, shared, victim, intruder):
    """The addresses of an operation with each of the victim's ids in each of its parameters."""
    parameters = [*shared, *operation.get("parameters", [])]
    names = re.findall(r"\{(\w+)\}", path)
    found = []
    # A contact is tried among the victim's own and as if it were one of the intruder's company.
    owners = [victim["company"], intruder["company"]] if "contactId" in names else []
    for identifier in owners or (ids_for(names[0], path, victim) if names else [None]):
        address = path
        for position, name in enumerate(names):
            later = victim["contact"] if name == "contactId" else "1"
            address = address.replace(f"{{{name}}}", str(identifier if position == 0 else later))
        queries = [""]
        for parameter in parameters:
            if parameter.get("in") == "query" and parameter["name"] in ("companyId", "id", "messageId"):
                value = victim["company"] if parameter["name"] == "companyId" else victim["message"]
                queries.append(f"?{parameter['name']}={value}")
        found += [(address + query, bool(names) or bool(query)) for query in queries]
    return found


def bodies(path, operation, victim):
    """Bodies that name the victim's things, for operations that take one."""
    text = {"contentType": "text", "text": "stolen"}
    if path == "/conversations/v3/messages":
        yield {"to": "4915112345000", "from": VICTIM_NUMBER, "channel": "sms", "content": text}
        yield {"to": "4915112345000", "from": VICTIM_NUMBER, "channel": "whatsapp",
               "content": {"contentType": "image", "image": {"mediaId": victim["medium"]}}}
    elif path == "/conversations/v3/bulks":
        yield {"to": "4915112345000", "from": VICTIM_NUMBER, "channel": "sms", "messages": [text, text]}
    elif path.endswith("/messages") and "chat" in path:
        yield {"to": "+4915112345000", "channels": ["sms"], "sms": {"from": VICTIM_NUMBER} | text}
    elif path == "/2fa/v1/otp":
        yield {"number": "+4915112345000", "applicationId": victim["application"], "sender": VICTIM_NUMBER}
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" in content or not content:
        company = victim["company"]
        yield {
            "companyId": company, "resellerId": company, "requestId": str(victim["message"]), "conversionId": "1",
            "name": "stolen", "kind": "sms", "address": "4930777", "amount": "5", "from": "2020-01-01T00:00:00Z",
            "to": "2090-01-01T00:00:00Z", "state": "all", "systemId": "stolen", "scopes": ["api"], "closed": False,
            "as": "failed", "price": "0", "direction": "outbound", "prefix": "4", "currency": "EUR",
            "message": "x", "received": True, "otpCode": "4711", "language": "de", "text": "{{OTP}}",
            "identities": {"jid": ["stolen@contact"]},
        }
    if "text/csv" in content and path.endswith("/contacts/import"):
        yield b"name,jid\nstolen,victim@contact\n"
    elif "text/csv" in content:
        yield b"company,direction,prefix,mcc,mnc,ttid,currency,price,from\n" + VICTIM.encode() + \
            b",outbound,4,262,01,1,EUR,0,2026-01-01T00:00:00Z\n"


def resolve(document, value):
    """A parameter or body that may be a reference into the document."""
    while isinstance(value, dict) and "$ref" in value:
        target = document
        for step in value["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        value = target
    return value


def operations(document):
    for path, item in document["paths"].items():
        shared = [resolve(document, parameter) for parameter in item.get("parameters", [])]
        for method in METHODS:
            if method not in item:
                continue
            operation = dict(item[method])
            operation["parameters"] = [resolve(document, p) for p in operation.get("parameters", [])]
            operation["requestBody"] = resolve(document, operation.get("requestBody", {}))
            yield path, method, operation, shared


def intrude(tally, world, client, scope, document, name):
    """Tries every operation with the victim's ids; returns how many requests were made."""
    victim, count = world.victim, 0
    # The victim's own words, but not what the request itself repeats.
    secrets = [VICTIM_SENDER, VICTIM_NUMBER, VICTIM, "victim-reference", "victim@contact"]
    for path, method, operation, shared in operations(document):
        base = document.get("servers", [{"url": ""}])[0]["url"]
        prefix = "" if path.startswith(("/admin", "/messaging")) or "://" in base else base
        for address, names_victim in targets(operation, prefix + path, shared, victim, world.intruder):
            for body in bodies(path, operation, victim) if method != "get" else [None]:
                if isinstance(body, bytes):
                    answer = client.request(method.upper(), address, body, {"content-type": "text/csv"})
                else:
                    answer = client.request(method.upper(), address, body)
                count += 1
                what = f"{scope}: {method.upper()} {address}: {answer!r}"
                if answer.status >= 500:
                    raise AssertionError(f"broke: {what}")
                told = [secret for secret in secrets if secret.encode() in answer.body]
                if told and answer.status != 400:
                    raise AssertionError(f"told {told}: {what}")
                if body and isinstance(body, dict) and VICTIM_NUMBER in str(body) and answer.status not in REFUSED:
                    raise AssertionError(f"sent as the victim: {what}")
                # A prefix of numbers is nobody's: of one that no company of the caller has sent to, nothing is told.
                is_nobodys = path.endswith("/{prefix}") and answer.body == b'{"items":[]}'
                if "{" in path and not is_nobodys and answer.status not in REFUSED | {400, 405, 415}:
                    raise AssertionError(f"not refused: {what}")
    return count


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parley", required=True)
    parley = support.binary(parser.parse_args().parley)
    support.begin(300)
    tally = Tally()
    with temporary_folder() as folder, contextlib.closing(Receiver(lambda received: 500)) as receiver:
        carrier = Process([parley, "smsc", "--port", "0", "--receipt-delay", "100"], "parley smsc")
        server = node.Node(parley, folder, int(carrier.line("LISTENING ").split()[1]))
        configuration = json.loads(server.file.read_text())
        configuration["companies"][0]["keys"].append({"name": "operator", "key": OPERATOR, "scopes": ["admin"]})
        server.file.write_text(json.dumps(configuration))
        server.start()
        wait_until_ready(server.process, server.port)
        operator = Client(server.port, OPERATOR)
        world = World(operator)
        victim_client = Client(server.port, world.victim["keys"]["api"]["key"])
        sent = victim_client.send({
            "from": VICTIM_SENDER, "to": "+4915112345000", "message": "hush", "reference": "victim-reference",
            "callbackUrl": receiver.url("/victim")})
        equal(sent.status, 200, repr(sent))
        world.victim["message"] = sent.json["requestId"]
        uploaded = victim_client.request(
            "POST", "/conversations/v3/media?filename=victim-reference", b"hush", {"content-type": "image/png"})
        equal(uploaded.status // 100, 2, repr(uploaded))
        world.victim["medium"] = uploaded.json["mediaId"]
        world.victim["application"] = victim_client.post("/2fa/v1/application", {"name": VICTIM}).json["applicationId"]
        otp = {"number": "+4915112345000", "applicationId": world.victim["application"], "otpCode": "4711"}
        world.victim["otp"] = victim_client.post("/2fa/v1/otp", otp).json["otpId"]
        events = f"/2fa/v1/otp/{world.victim['otp']}/events"
        wait_for(lambda: b"SMS_DELIVERED" in victim_client.get(events).body, 10, "the code's delivery")
        victim_client.final(world.victim["message"])
        receiver.wait("/victim")
        deliveries = wait_for(
            lambda: world.admin("GET", f"/deliveries?companyId={world.victim['company']}")["items"], 10, "a delivery")
        world.victim["delivery"] = deliveries[0]["id"]
        before = world.everything()
        for scope in ("api", "reseller"):
            client = Client(server.port, world.intruder["keys"][scope]["key"])
            for name in DOCUMENTS:
                document = yaml.safe_load(client.get(f"/openapi/{name}.yaml").body)
                with tally.check(f"the {name} API tells and changes nothing with the other company's {scope} key"):
                    count = intrude(tally, world, client, scope, document, name)
                    print(f"{count} requests", flush=True)
                    assert count >= len(document["paths"]), "not every operation was tried"
                    equal(world.everything(), before, "what the victim has")
        with tally.check("the victim's own key still works"):
            equal(victim_client.message(world.victim["message"])["reference"], "victim-reference")
            medium = victim_client.get(f"/conversations/v3/media/{world.victim['medium']}")
            equal((medium.status, medium.body), (200, b"hush"), "the victim's medium")
            application = victim_client.get(f"/2fa/v1/application/{world.victim['application']}")
            equal((application.status, list(application.json["template"])), (200, ["en"]), "the victim's application")
            otp = victim_client.get(f"/2fa/v1/otp/{world.victim['otp']}").json
            equal((otp["otpStatus"], otp["attemptCount"]), ("ACTIVE", 0), "the victim's OTP")
            checked = victim_client.post(f"/2fa/v1/otp/{world.victim['otp']}/check", {"otpCode": "4711"})
            equal(checked.status, 202, repr(checked))
    tally.finish()


if __name__ == "__main__":
    main()
