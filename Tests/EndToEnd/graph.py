# SPDX-License-Identifier: Apache-2.0
"""`parley graph`, the simulated WhatsApp Cloud API as a process of its own that outlives the server, and a node whose
only channel is a WhatsApp number there."""

import hashlib
import hmac
import json

from node import KEY
from support import Process

NUMBER, NUMBER_ID, ACCOUNT_ID = "4915200000001", "106540352242922", "102290129340398"
ACCESS_TOKEN, APP_SECRET = "EAASimulated", "simulated-app-secret"
CONNECTOR = "whatsapp"
PATH = f"/connectors/{CONNECTOR}"


class Graph:
    """The simulator. It calls back the node on `node_port`; `options` are those of the command, such as `slow=0.2`."""

    def __init__(self, parley, node_port, journal=None, log=None, **options):
        arguments = [parley, "graph", "--port", "0", "--callback", f"http://127.0.0.1:{node_port}{PATH}"]
        arguments += ["--journal", journal] if journal else []
        for name, value in options.items():
            arguments += [f"--{name.replace('_', '-')}"] + ([] if value is True else [value])
        self.journal = journal
        self.process = Process(arguments, "parley graph", log)
        self.port = int(self.process.line("LISTENING ").split()[1])

    def records(self):
        """What the journal holds, oldest first; its last line may be half written."""
        if not self.journal.exists():
            return []
        return [json.loads(line) for line in self.journal.read_text().split("\n")[:-1]]

    def stop(self):
        self.process.kill()


def connect(node, port, **options):
    """Makes a WhatsApp number the only channel of a node that has not started yet; `options` are the connector's. The
    company's key may use the Admin API besides."""
    configuration = json.loads(node.file.read_text())
    configuration["connectors"] = [{
        "name": CONNECTOR, "kind": "whatsapp", "baseURL": f"http://127.0.0.1:{port}", "phoneNumberID": NUMBER_ID,
        "accountID": ACCOUNT_ID, "password": json.dumps({"accessToken": ACCESS_TOKEN, "appSecret": APP_SECRET}),
    } | options]
    configuration["routes"] = []
    company = configuration["companies"][0]
    company["numbers"] = []
    company["keys"] = [{"name": "end-to-end", "key": KEY, "scopes": ["api", "admin"]}]
    company["channels"] = [{
        "kind": "whatsapp", "address": NUMBER, "connector": CONNECTOR, "phoneNumberId": NUMBER_ID}]
    node.file.write_text(json.dumps(configuration, indent=2))


def notify(client, value):
    """Delivers a webhook as Meta does, signed; `value` holds `messages`, `contacts` or `statuses`."""
    metadata = {"display_phone_number": NUMBER, "phone_number_id": NUMBER_ID}
    change = {"field": "messages", "value": {"messaging_product": "whatsapp", "metadata": metadata} | value}
    body = json.dumps({
        "object": "whatsapp_business_account", "entry": [{"id": ACCOUNT_ID, "changes": [change]}]}).encode()
    signature = hmac.new(APP_SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {"content-type": "application/json", "x-hub-signature-256": f"sha256={signature}"}
    return client.post(PATH, body, headers=headers)


def writes(client, customer, identifier, text="Hi"):
    """A customer writes a text, which opens the customer-care window."""
    message = {"from": customer, "id": identifier, "timestamp": "1767225600", "type": "text", "text": {"body": text}}
    contact = {"profile": {"name": "Customer"}, "wa_id": customer}
    return notify(client, {"contacts": [contact], "messages": [message]})
