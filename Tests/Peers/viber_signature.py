# SPDX-License-Identifier: Apache-2.0
"""Viber's own bot library (PyPI `viberbot`) against our connector, which runs in ViberProbe: callbacks that it signs
are taken and any others are not, both compute the same signatures, and what we send is what it would have sent."""

import argparse
import http.server
import json
import random
import subprocess
import sys
import threading

import viberbot.api.api
from viberbot import Api
from viberbot.api.bot_configuration import BotConfiguration
from viberbot.api.messages import (
    ContactMessage, FileMessage, LocationMessage, PictureMessage, StickerMessage, TextMessage, URLMessage, VideoMessage,
)
from viberbot.api.messages.data_types.contact import Contact
from viberbot.api.messages.data_types.location import Location
from viberbot.api.viber_requests import ViberDeliveredRequest, ViberMessageRequest, ViberSeenRequest

TOKEN = "445da6az1s345z78-dazcczb2542zv51a-e0vc5fva17480im9"
RECEIVER = "01234567890A="
PICTURE, VIDEO, FILE = "https://a.example/p.png", "https://a.example/v.mp4", "https://a.example/f.pdf"

KEYBOARD = {
    "Type": "keyboard",
    "Buttons": [
        {"ActionType": "reply", "ActionBody": "y", "Text": "Yes"},
        {"ActionType": "reply", "ActionBody": "n", "Text": "No"},
    ],
}
CHOICE = {
    "contentType": "interactive",
    "interactive": {
        "body": "Sure?",
        "action": {"buttons": {"_0": [{"payload": "y", "title": "Yes"}, {"payload": "n", "title": "No"}]}},
    },
}
CONTACT = {"name": {"formattedName": "John"}, "phones": [{"phone": "+972511123123"}]}

# Our content, and the library's message that says the same.
MESSAGES = [
    ({"contentType": "text", "text": {"text": "Grüße 👋"}}, TextMessage(text="Grüße 👋", min_api_version=1)),
    (
        {"contentType": "image", "image": {"url": PICTURE, "caption": "Look"}},
        PictureMessage(media=PICTURE, text="Look", min_api_version=1),
    ),
    ({"contentType": "image", "image": {"url": PICTURE}}, PictureMessage(media=PICTURE, min_api_version=1)),
    (
        {"contentType": "video", "video": {"url": VIDEO, "thumbnailUrl": PICTURE, "filesize": 3, "duration": 9}},
        VideoMessage(media=VIDEO, thumbnail=PICTURE, size=3_000_000, duration=9, min_api_version=1),
    ),
    (
        {"contentType": "file", "file": {"url": FILE, "filename": "f.pdf", "size": 4711}},
        FileMessage(media=FILE, size=4711, file_name="f.pdf", min_api_version=1),
    ),
    ({"contentType": "file", "file": {"url": FILE, "filename": "f.pdf"}}, URLMessage(media=FILE, min_api_version=1)),
    (
        {"contentType": "location", "location": {"latitude": -52.5, "longitude": 13.25}},
        LocationMessage(location=Location(lat=-52.5, lon=13.25), min_api_version=1),
    ),
    (
        {"contentType": "contacts", "contacts": [CONTACT]},
        ContactMessage(contact=Contact(name="John", phone_number="+972511123123"), min_api_version=1),
    ),
    ({"contentType": "sticker", "sticker": {"stickerId": 46105}}, StickerMessage(sticker_id=46105, min_api_version=1)),
    (CHOICE, TextMessage(text="Sure?", keyboard=KEYBOARD, min_api_version=1)),
]


class Viber(http.server.BaseHTTPRequestHandler):
    """Takes every message and keeps what it was given."""

    protocol_version = "HTTP/1.1"
    received = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.received.append((self.path, dict(self.headers.items()), json.loads(body)))
        answer = json.dumps({"status": 0, "status_message": "ok", "message_token": 4912661846655238145}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *arguments):
        pass


class Probe:
    """Our connector in a process of its own; one line in, one line out."""

    def __init__(self, program, base):
        self.process = subprocess.Popen(
            [program, base, TOKEN], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )

    def ask(self, **request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().rstrip("\n")

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(timeout=30) == 0


def without_defaults(value):
    """The value without members that are null."""
    if isinstance(value, dict):
        return {name: without_defaults(member) for name, member in value.items() if member is not None}
    return value


def check_messages(probe, api):
    """What we send is what the library sends, but for the tracking data, which are ours, and the token, whose place is
    a header now."""
    for content, message in MESSAGES:
        body = {"body": content}
        assert probe.ask(send=body, to=RECEIVER) == "submitted 4912661846655238145", content
        assert api.send_messages(RECEIVER, [message]) == [4912661846655238145]
        (path, headers, ours), (their_path, _, theirs) = Viber.received[-2:]
        assert path == their_path == "/pa/send_message", (path, their_path)
        assert {name.lower(): value for name, value in headers.items()}["x-viber-auth-token"] == TOKEN
        assert json.loads(ours.pop("tracking_data"))["id"]
        assert theirs.pop("auth_token") == TOKEN
        assert ours == without_defaults(theirs), f"\n{ours}\n{without_defaults(theirs)}"


def check_callbacks(probe, api):
    """The library's signature opens our door, its reading of the callback is ours, and nothing else opens it."""
    callbacks = [
        ({"event": "delivered", "user_id": RECEIVER}, ViberDeliveredRequest, "receipt 491266184665523145 delivered"),
        ({"event": "seen", "user_id": RECEIVER}, ViberSeenRequest, "receipt 491266184665523145 seen"),
        (
            {"event": "message", "sender": {"id": RECEIVER, "name": "Jörg"}, "message": {"type": "text", "text": "Hé"}},
            ViberMessageRequest, f"message 491266184665523145 {RECEIVER} text",
        ),
    ]
    for callback, kind, expected in callbacks:
        callback = {**callback, "timestamp": 1457764197627, "message_token": 491266184665523145}
        for text in (json.dumps(callback), json.dumps(callback, ensure_ascii=False, indent=2)):
            signature = api._calculate_message_signature(text.encode())
            assert isinstance(api.parse_request(text), kind)
            assert probe.ask(callback=text, signature=signature) == f"200 {expected}"
            assert probe.ask(callback=text + " ", signature=signature) == "403"
            assert probe.ask(callback=text, signature=signature[:-1] + ("0" if signature[-1] != "0" else "1")) == "403"
            assert probe.ask(callback=text) == "403"


def check_signatures(probe, api, count, seed):
    """Both sign any text alike."""
    choose, letters = random.Random(seed), '\n"\\Aé€👋'
    for _ in range(count):
        text = "".join(choose.choices(letters, k=choose.randrange(200)))
        assert api.verify_signature(text.encode(), probe.ask(sign=text)), repr(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("probe", help="the program ViberProbe")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Viber)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}"
    viberbot.api.api.VIBER_BOT_API_URL = base + "/pa"
    api = Api(BotConfiguration(name="Demo", avatar=None, auth_token=TOKEN))
    probe = Probe(arguments.probe, base)
    try:
        check_messages(probe, api)
        check_callbacks(probe, api)
        check_signatures(probe, api, arguments.count, arguments.seed)
    finally:
        probe.close()
        server.shutdown()
    print(f"viber: {len(MESSAGES)} messages as viberbot sends them, {arguments.count} signatures confirmed")


if __name__ == "__main__":
    sys.exit(main())
