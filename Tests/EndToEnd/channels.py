# SPDX-License-Identifier: Apache-2.0
"""WhatsApp, Viber, MMS and echo in the demo, as an integrator meets them: the customer's day on WhatsApp, media there and
back, chains of channels, bulks in their order, withdrawals, and what a restart leaves of it all.

    python Tests/EndToEnd/channels.py --parley .build/debug/parley"""

import argparse
import base64
import os

import support
from demo import KEY, Demo
from support import Tally, equal, temporary_folder, wait_for

WHATSAPP, VIBER, MMS, CUSTOMER = "4915200000001", "10001", "15551234567", "4915112345678"
TEMPLATE = {"contentType": "template", "template": {"templateId": "hello_world", "templateLanguage": "en_US"}}


class Integrator:
    """Calls the demo and looks at what its receiver got."""

    def __init__(self, demo):
        self.demo, self.client = demo, demo.client

    def post(self, path, body, status=202):
        answer = self.client.post(path, body)
        equal(answer.status, status, repr(answer))
        return answer.json

    def send(self, channel, sender, content, to=CUSTOMER, **fields):
        body = {"to": to, "from": sender, "channel": channel, "content": content} | fields
        return self.post("/conversations/v3/messages", body)["messageId"]

    def whatsapp(self, content, to=CUSTOMER, **fields):
        return self.send("whatsapp", WHATSAPP, content, to, **fields)

    def customer(self, channel="whatsapp", **fields):
        body = {"from": CUSTOMER} | {name.rstrip("_"): value for name, value in fields.items()}
        return self.post(f"/simulator/{channel}", body, 200)["messageId"]

    def events(self, identifier):
        return self.client.get(f"/conversations/v3/messages/{identifier}/events").json["events"]

    def until(self, event, identifier):
        """The event of a message, once it has happened."""

        def find():
            return next((item for item in self.events(identifier) if item["event"] == f"MessageStatus::{event}"), None)

        return wait_for(find, 15, f"{event} of {identifier}", 0.1)

    def told(self, identifier, event):
        """The callback about a message."""
        found = self.demo.received(
            lambda item: item["body"].get("messageId") == identifier and item["body"]["event"] == event)
        assert found["signatureVerified"], found
        return found["body"]


def text(words):
    return {"contentType": "text", "text": words}


def check_window(tally, user):
    with tally.check("a template goes to anybody, and is delivered and seen"):
        identifier = user.whatsapp(TEMPLATE, context="order-1")
        user.until("seen", identifier)
        for event in ("accepted", "delivered", "seen"):
            equal(user.told(identifier, f"MessageStatus::{event}")["userContext"], "order-1")
    with tally.check("free text is refused until the customer writes"):
        failed = user.until("failed", user.whatsapp(text("How are you?")))
        equal(failed["details"]["code"], "whatsapp::error::131047")
        inbound = user.customer(text="Hi there")
        equal(user.told(inbound, "MoMessage")["content"], text("Hi there"))
        user.until("delivered", user.whatsapp(text("How are you?")))
    with tally.check("an inbound message is marked as read, an unknown one is not there"):
        read = {"status": "read", "isTyping": True}
        equal(user.client.request("PUT", f"/conversations/v3/channels/whatsapp/messages/{inbound}", read).status, 200)
        equal(user.client.request("PUT", "/conversations/v3/channels/whatsapp/messages/wamid.X", read).status, 404)


def check_inbound(tally, user):
    with tally.check("a picture comes in and is served from here"):
        picture = os.urandom(150_000)
        inbound = user.customer(image=base64.b64encode(picture).decode(), contentType="image/png", caption="Look")
        media = user.told(inbound, "MoMessage")["content"]["media"]
        equal((media["type"], media["caption"]), ("image", "Look"))
        served = user.client.get(f"/conversations/v3/media/{media['mediaId']}")
        equal((served.status, served.headers["content-type"], served.body == picture), (200, "image/png", True))
    with tally.check("a button's payload comes in as a postback"):
        inbound = user.customer(button={"payload": "yes-1", "title": "Yes"})
        told = user.told(inbound, "MoMessage::Postback")
        equal((told["postback"]["data"], told["whatsapp"]["title"]), ("yes-1", "Yes"))
    with tally.check("what the customer takes back is told"):
        inbound = user.customer(text="oops")
        user.customer(delete=inbound)
        user.told(inbound, "MessageStatus::deleted")


def check_outbound(tally, user):
    with tally.check("an uploaded picture is sent by its id"):
        uploaded = user.client.request(
            "POST", "/conversations/v3/media?filename=a.png", os.urandom(1000), {"content-type": "image/png"})
        equal(uploaded.status // 100, 2, repr(uploaded))
        image = {"contentType": "image", "image": {"mediaId": uploaded.json["mediaId"], "caption": "Here"}}
        user.until("delivered", user.whatsapp(image))
    with tally.check("Viber delivers, and its customer writes back"):
        user.until("seen", user.send("viber", VIBER, text("Hello"), rateType="transaction"))
        user.told(user.customer("viber", text="Hello yourself"), "MoMessage")
    with tally.check("MMS without a connector fails and says so"):
        failed = user.until("failed", user.send("mms", MMS, text("Hello")))
        equal(failed["details"]["code"], "parley::error::noConnector")
    with tally.check("a foreign sender is refused, a wrong field is named"):
        foreign = {"to": CUSTOMER, "from": "4930000", "channel": "whatsapp", "content": TEMPLATE}
        user.post("/conversations/v3/messages", foreign, 403)
        wrong = user.post("/conversations/v3/messages", foreign | {
            "from": WHATSAPP, "content": {"contentType": "reaction", "reaction": {"emoji": "ab"}}}, 400)
        equal(sorted(item["field"] for item in wrong["violations"]), [
            "content.reaction.emoji", "content.reaction.messageId"])
    with tally.check("a bulk keeps its order"):
        bulk = user.post("/conversations/v3/bulks", {
            "to": CUSTOMER, "from": VIBER, "channel": "viber", "rateType": "transaction",
            "messages": [text(f"part {number}") for number in range(8)]})
        equal(len(bulk["messageIds"]), 8)
        for identifier in bulk["messageIds"]:
            user.until("delivered", identifier)


def check_chat(tally, user):
    def chat(path="/chat-api/v2", to=f"+{CUSTOMER}", **fields):
        return user.post(f"{path}/messages", {"to": to} | fields)["messageId"]

    with tally.check("a chain goes on to the next channel when WhatsApp fails"):
        identifier = chat(
            to="+4915112345002", channels=["whatsapp", "tyntecEcho"],
            whatsapp={"from": WHATSAPP, "contentType": "template",
                      "template": {"templateId": "hello_world", "language": {"code": "en_US"}}},
            tyntecEcho={"from": "echo"} | text("by another way"))

        def states():
            history = user.client.get(f"/chat-api/v2/messages/{identifier}/history").json["history"]
            return [(item["channel"], item["state"]) for item in history]

        wait_for(lambda: ("tyntecEcho", "success") in states(), 15, "the second channel's success", 0.1)
        assert ("whatsapp", "dispatching_failed") in states(), states()
    with tally.check("the echo comes back under the id of its request, in both editions"):
        for path in ("/chat-api/v2", "/messaging/v2/chat"):
            echo = {"from": "echo", "replyBack": True} | text("marco")
            identifier = chat(path, channels=["tyntecEcho"], tyntecEcho=echo)
            equal(user.told(identifier, "MoMessage")["content"], text("marco"))
            equal(user.client.get(f"{path}/messages/{identifier}").json["tyntecEcho"]["text"], "marco")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parley", required=True)
    parley = support.binary(parser.parse_args().parley)
    support.begin(240)
    tally = Tally()
    with temporary_folder() as folder:
        demo = Demo(parley, folder / "demo")
        demo.start(key=KEY)
        user = Integrator(demo)
        for check in (check_window, check_inbound, check_outbound, check_chat):
            check(tally, user)
        with tally.check("after SIGKILL the customer's day goes on, and so does everything that was sent"):
            before = user.whatsapp(text("still here?"))
            demo.process.process.kill()
            demo.process.process.wait()
            demo.start()
            user = Integrator(demo)
            user.until("dispatched", before)
            user.until("dispatched", user.whatsapp(text("and now?")))
    tally.finish()


if __name__ == "__main__":
    main()
