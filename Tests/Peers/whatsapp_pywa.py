#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares our WhatsApp connector with pywa (PyPI).

For each content that pywa can send, its request and ours must be the same once members that say the default are removed
and the words of a template's components, which the Cloud API takes in either case and pywa partly writes in capitals, are
written small. Each of our samples of inbound messages is, to pywa, what it is to us, also where phone fields are missing.

    python3 whatsapp_pywa.py --probe .build/debug/WhatsAppProbe --seed 1

The last line is "N passed, M failed"; the exit code is 1 if anything differs.
"""
import argparse
import copy
import http.server
import json
import pathlib
import random
import subprocess
import sys
import threading

import httpx
from pywa import WhatsApp
from pywa import types as wa_types
from pywa.types import templates as tp
from pywa.types.flows import FlowActionType, FlowStatus

NUMBER = "4915212345678"
USER_ID = "DE.13491208655302741918"
IMAGE = "https://a.example/p.jpg"
SAMPLES = pathlib.Path(__file__).parent.parent / "ConnectorsTests" / "WhatsApp" / "Fixtures" / "messages.json"


class Recorder(http.server.BaseHTTPRequestHandler):
    """Keeps the body of every POST and answers as the Cloud API does."""

    bodies: list = []
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.bodies.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        answer = {
            "messaging_product": "whatsapp", "success": True, "contacts": [{"input": NUMBER, "wa_id": NUMBER}],
            "messages": [{"id": "wamid.1"}],
        }
        data = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


class Probe:
    """Our translations, one line in and one line out."""

    def __init__(self, path):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


DEFAULTS = {("preview_url", False), ("policy", "deterministic")}


SMALL = {"type", "sub_type"}


def bare(value):
    """Without members that say the default: null, nothing, no preview, the only language policy."""
    if isinstance(value, dict):
        members = {
            name: member.lower() if name in SMALL and isinstance(member, str) and "parameters" in value else bare(member)
            for name, member in value.items()
        }
        return {
            name: member
            for name, member in members.items()
            if member not in (None, [], {}) and not (isinstance(member, (str, bool)) and (name, member) in DEFAULTS)
        }
    if isinstance(value, (list, tuple)):
        return [bare(member) for member in value]
    return value


# Content as it is stored: an enum's case is a member, and `_0` what it holds.
def content(kind, body):
    return {"contentType": kind, kind: body}


def interactive(action, body="Choose", header=None, footer=None):
    members = {"header": header, "body": body, "footer": footer, "action": action}
    return content("interactive", {name: member for name, member in members.items() if member is not None})


def template(header=(), body=(), button=(), carousel=(), language="en_US"):
    components = {"header": list(header), "body": list(body), "button": list(button), "carousel": list(carousel)}
    return content(
        "template", {"templateId": "order_update", "templateLanguage": language, "components": components})


def text(words):
    return {"text": {"_0": words}}


def send_template(wa, *params):
    return wa.send_template(NUMBER, "order_update", tp.TemplateLanguage.ENGLISH_US, list(params))


CARD = wa_types.Contact(
    name=wa_types.Contact.Name(formatted_name="Ada Lovelace", first_name="Ada", last_name="Lovelace", prefix="Lady"),
    birthday="1815-12-10",
    phones=[wa_types.Contact.Phone(phone="+49 152 1", type="CELL", wa_id="491521")],
    emails=[wa_types.Contact.Email(email="a@a.example", type="WORK")],
    urls=[wa_types.Contact.Url(url="https://a.example", type="HOME")],
    addresses=[
        wa_types.Contact.Address(
            street="Way 1", city="Dortmund", state="NRW", zip="44141", country="Germany", country_code="DE",
            type="WORK")
    ],
    org=wa_types.Contact.Org(company="Engines", department="Analysis", title="Countess"),
)
STORED_CARD = {
    "name": {"formattedName": "Ada Lovelace", "firstName": "Ada", "lastName": "Lovelace", "prefix": "Lady"},
    "birthday": "1815-12-10",
    "phones": [{"phone": "+49 152 1", "type": "CELL", "waId": "491521"}],
    "emails": [{"email": "a@a.example", "type": "WORK"}],
    "urls": [{"url": "https://a.example", "type": "HOME"}],
    "addresses": [
        {"street": "Way 1", "city": "Dortmund", "state": "NRW", "zip": "44141", "country": "Germany",
         "countryCode": "DE", "type": "WORK"}
    ],
    "org": {"company": "Engines", "department": "Analysis", "title": "Countess"},
}
BUTTONS = [wa_types.Button("A", "a"), wa_types.Button("B", "b")]
STORED_BUTTONS = {"buttons": {"_0": [{"payload": "a", "title": "A"}, {"payload": "b", "title": "B"}]}}


def flow(action, screen=None, data=None, mode=FlowStatus.PUBLISHED):
    return wa_types.FlowButton(
        title="Go", flow_id="7", flow_token="t", flow_message_version="3", flow_action_type=action,
        flow_action_screen=screen, flow_action_payload=data, mode=mode)


def stored_flow(action, mode="published", **more):
    return {"flow": {"_0": {
        "mode": mode, "flowToken": "t", "flowId": "7", "flowCta": "Go", "flowAction": action, **more}}}


# (name, how pywa sends it, our content)
SENT = [
    ("text", lambda wa: wa.send_message(NUMBER, "Grüße ☀️"), content("text", {"text": "Grüße ☀️"})),
    ("text with preview", lambda wa: wa.send_message(NUMBER, "https://a.example", preview_url=True),
     content("text", {"text": "https://a.example", "renderUrlPreview": True})),
    ("image by link", lambda wa: wa.send_image(NUMBER, IMAGE, caption="cat"),
     content("image", {"url": IMAGE, "caption": "cat"})),
    ("image by id", lambda wa: wa.send_image(NUMBER, "123456"), content("image", {"mediaId": "123456"})),
    ("video", lambda wa: wa.send_video(NUMBER, "https://a.example/v.mp4", caption="clip"),
     content("video", {"url": "https://a.example/v.mp4", "caption": "clip"})),
    ("document", lambda wa: wa.send_document(NUMBER, "https://a.example/i.pdf", filename="i.pdf", caption="yours"),
     content("document", {"url": "https://a.example/i.pdf", "filename": "i.pdf", "caption": "yours"})),
    ("audio", lambda wa: wa.send_audio(NUMBER, "https://a.example/a.mp3"),
     content("audio", {"url": "https://a.example/a.mp3"})),
    ("sticker", lambda wa: wa.send_sticker(NUMBER, "123457"), content("sticker", {"mediaId": "123457"})),
    ("location", lambda wa: wa.send_location(NUMBER, 51.5136, 7.4653, "Office", "Way 1"),
     content("location", {"latitude": 51.5136, "longitude": 7.4653, "name": "Office", "address": "Way 1"})),
    ("bare location", lambda wa: wa.send_location(NUMBER, -0.5, 7.25),
     content("location", {"latitude": -0.5, "longitude": 7.25})),
    ("reaction", lambda wa: wa.send_reaction(NUMBER, "👍", "wamid.1"),
     content("reaction", {"messageId": "wamid.1", "emoji": "👍"})),
    ("reaction taken back", lambda wa: wa.remove_reaction(NUMBER, "wamid.1"),
     content("reaction", {"messageId": "wamid.1", "emoji": ""})),
    ("contacts", lambda wa: wa.send_contact(NUMBER, CARD), content("contacts", [STORED_CARD])),
    ("buttons", lambda wa: wa.send_message(NUMBER, "Choose", header="Head", footer="small", buttons=BUTTONS),
     interactive(STORED_BUTTONS, header=text("Head"), footer="small")),
    ("buttons under an image",
     lambda wa: wa.send_image(NUMBER, IMAGE, caption="Choose", footer="small", buttons=BUTTONS),
     interactive(STORED_BUTTONS, header={"image": {"_0": {"url": IMAGE}}}, footer="small")),
    ("buttons under a video", lambda wa: wa.send_video(NUMBER, "123458", caption="Choose", buttons=BUTTONS),
     interactive(STORED_BUTTONS, header={"video": {"_0": {"mediaId": "123458"}}})),
    ("buttons under a document",
     lambda wa: wa.send_document(
         NUMBER, "https://a.example/i.pdf", filename="i.pdf", caption="Choose", buttons=BUTTONS),
     interactive(STORED_BUTTONS, header={"document": {"_0": {"url": "https://a.example/i.pdf", "filename": "i.pdf"}}})),
    ("list",
     lambda wa: wa.send_message(
         NUMBER, "Choose", header="Head", buttons=wa_types.SectionList("Open", [
             wa_types.Section("S", [wa_types.SectionRow("One", "1", "first"), wa_types.SectionRow("Two", "2")])])),
     interactive(
         {"list": {"title": "Open", "sections": [{"title": "S", "rows": [
             {"payload": "1", "title": "One", "description": "first"}, {"payload": "2", "title": "Two"}]}]}},
         header=text("Head"))),
    ("product", lambda wa: wa.send_product(NUMBER, "cat", "sku", "Choose", "small"),
     interactive({"product": {"catalogId": "cat", "productId": "sku"}}, footer="small")),
    ("products",
     lambda wa: wa.send_products(NUMBER, "cat", [wa_types.ProductsSection("S", ["a", "b"])], "Head", "Choose"),
     interactive(
         {"productList": {"catalogId": "cat", "sections": [{"title": "S", "productIds": ["a", "b"]}]}},
         header=text("Head"))),
    ("location request", lambda wa: wa.request_location(NUMBER, "Choose"), interactive({"locationRequest": {}})),
    ("flow that navigates",
     lambda wa: wa.send_message(NUMBER, "Choose", buttons=flow(FlowActionType.NAVIGATE, "START", {"n": 1})),
     interactive(stored_flow("navigate", screen="START", data='{"n":1}'))),
    ("draft of a flow that exchanges data",
     lambda wa: wa.send_message(
         NUMBER, "Choose", buttons=flow(FlowActionType.DATA_EXCHANGE, mode=FlowStatus.DRAFT)),
     interactive(stored_flow("data_exchange", "draft"))),
    ("bare template", send_template, template()),
    ("template with texts",
     lambda wa: send_template(wa, tp.HeaderText.params("Hi"), tp.BodyText.params("Ada", "42")),
     template([text("Hi")], [text("Ada"), text("42")])),
    ("template with an image", lambda wa: send_template(wa, tp.HeaderImage.params(image=IMAGE)),
     template([{"image": {"_0": {"url": IMAGE}}}])),
    ("template with a video", lambda wa: send_template(wa, tp.HeaderVideo.params(video="https://a.example/v.mp4")),
     template([{"video": {"_0": {"url": "https://a.example/v.mp4"}}}])),
    ("template with a document",
     lambda wa: send_template(wa, tp.HeaderDocument.params(document="https://a.example/i.pdf", filename="i.pdf")),
     template([{"document": {"_0": {"url": "https://a.example/i.pdf", "filename": "i.pdf"}}}])),
    ("template with a location",
     lambda wa: send_template(wa, tp.HeaderLocation.params(lat=51.5, lon=7.25, name="N", address="A")),
     template([{"location": {"_0": {"latitude": 51.5, "longitude": 7.25, "name": "N", "address": "A"}}}])),
    ("template with buttons",
     lambda wa: send_template(
         wa, tp.QuickReplyButton.params(callback_data="yes", index=0),
         tp.URLButton.params(url_variable="track/42", index=1), tp.FlowButton.params(index=2, flow_token="unused")),
     template(button=[
         {"quickReply": {"index": 0, "payload": "yes"}}, {"url": {"index": 1, "text": "track/42"}},
         {"flow": {"index": 2}}])),
    ("carousel",
     lambda wa: send_template(
         wa, tp.BodyText.params("Ada"), tp.Carousel.params(cards=[
             tp.CarouselCard.params(index=0, params=[
                 tp.HeaderImage.params(image=IMAGE), tp.BodyText.params("A"),
                 tp.QuickReplyButton.params(callback_data="a", index=0)]),
             tp.CarouselCard.params(index=1, params=[
                 tp.HeaderImage.params(image=IMAGE), tp.URLButton.params(url_variable="b", index=0)])])),
     template(body=[text("Ada")], carousel=[
         {"cardIndex": 0, "header": [{"image": {"_0": {"url": IMAGE}}}], "body": [text("A")],
          "button": [{"quickReply": {"index": 0, "payload": "a"}}]},
         {"cardIndex": 1, "header": [{"image": {"_0": {"url": IMAGE}}}], "body": [],
          "button": [{"url": {"index": 0, "text": "b"}}]}])),
]


def check_sent(wa, probe):
    """Every content of the table, to a number, and to a business-scoped id; and the requests about read messages."""
    for name, send, body in SENT:
        send(wa)
        yield f"sends {name}", bare(Recorder.bodies.pop()), bare(probe.ask(
            {"recipient": NUMBER, "content": {"body": body}}))
    wa.send_message(USER_ID, "Hello")
    yield "sends to a business-scoped id", bare(Recorder.bodies.pop()), bare(probe.ask(
        {"recipient": USER_ID, "content": {"body": content("text", {"text": "Hello"})}}))
    wa.mark_message_as_read("wamid.1")
    yield "marks as read", Recorder.bodies.pop(), probe.ask({"read": "wamid.1"})
    wa.indicate_typing("wamid.1")
    yield "indicates typing", Recorder.bodies.pop(), probe.ask({"read": "wamid.1", "typing": True})


def notification(message, contact):
    metadata = {"display_phone_number": "4915200000001", "phone_number_id": "1"}
    value = {"messaging_product": "whatsapp", "metadata": metadata, "contacts": [contact], "messages": [message]}
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": "2", "changes": [{"field": "messages", "value": value}]}],
    }


def without_phones(message, contact, rng):
    """A sender who hides the number: some or all of the phone fields are missing, the id of the person is there."""
    message, contact = copy.deepcopy(message), copy.deepcopy(contact)
    message["from_user_id"] = USER_ID
    if rng.random() < 0.5:
        del message["from"]
    if rng.random() < 0.5:
        del contact["wa_id"]
    return message, contact


# What a message is to pywa, in our words.
def word(update):
    names = {"CallbackSelection": "listRow", "FlowCompletion": "form"}
    kind = type(update).__name__
    if kind == "CallbackButton":
        return "templateButton" if update.type == "button" else "replyButton"
    if kind != "Message":
        return names.get(kind, kind)
    if str(update.type) == "audio" and update.audio.voice:
        return "voice"
    return str(update.type)


# Samples of which pywa makes something else: messages without a type of its own, a card without the name that Meta says
# is always there, and an edited message and the reply to an address form, for which it has updates of their own.
PYWA_DIFFERS = {
    "address_reply", "contact_without_formatted_name", "edit", "unsupported", "welcome",
}


def check_received(wa, probe, rng):
    """Every sample with all its fields, and ten times without some phone fields."""
    seen = []
    for register in (wa.on_message, wa.on_callback_button, wa.on_callback_selection, wa.on_flow_completion):
        register(lambda _, update: seen.append(word(update)))
    samples = json.loads(SAMPLES.read_text())
    for name, sample in samples.items():
        contact = {"profile": {"name": "Ada"}, "wa_id": NUMBER, "user_id": USER_ID}
        whole = notification(sample["message"], contact)
        seen.clear()
        if name not in PYWA_DIFFERS:
            wa.webhook_update_handler(json.dumps(whole).encode())
        ours = probe.ask({"webhook": whole})
        theirs = {"events": list(seen), "unreadable": 0}
        if name not in PYWA_DIFFERS:
            yield f"receives {name}", theirs, ours
        for _ in range(10):
            message, person = without_phones(sample["message"], contact, rng)
            yield f"receives {name} without phone fields", ours, probe.ask({"webhook": notification(message, person)})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--probe", required=True)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with httpx.Client() as session:
        wa = WhatsApp(
            phone_id="1", token="t", session=session, server=None, verify_token="v", filter_updates=False,
            validate_updates=False)
        session.base_url = f"http://127.0.0.1:{server.server_port}/v23.0"
        probe = Probe(options.probe)
        passed = failed = 0
        for checks in (check_sent(wa, probe), check_received(wa, probe, random.Random(options.seed))):
            for name, theirs, ours in checks:
                if theirs == ours:
                    passed += 1
                else:
                    failed += 1
                    print(f"{name}:\n  pywa   {json.dumps(theirs)}\n  parley {json.dumps(ours)}")
        probe.close()
    server.shutdown()
    server.server_close()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
