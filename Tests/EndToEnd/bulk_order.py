# SPDX-License-Identifier: Apache-2.0
"""Bulks of the Conversations API in their order: 16 at once of 20 messages each, over a simulated WhatsApp that fails,
throttles, cuts connections, refuses some messages for good and answers every one late; first undisturbed, then with
SIGKILL of the server in the middle. The provider sees each bulk in its order, each message only after it has answered
the one before; nothing is lost, and only what is marked is repeated. Afterwards the statuses that the provider had told
come all over again and backwards: none of them changes anything.

    python Tests/EndToEnd/bulk_order.py --parley .build/debug/parley --database postgres"""

import argparse
import collections
import contextlib
import json
import random
import threading

import graph
import node
import support
from loopback import Client, Receiver
from support import Tally, equal, temporary_folder, wait_for

BULKS, LENGTH = 16, 20
# Messages of each bulk that WhatsApp refuses for good: their template does not exist.
REFUSED_PARTS = (6, 13)
# Milliseconds from a message's arrival to the answer.
SLOWNESS = 40
# The clock of the journal has milliseconds, both ends of which may be cut off.
CLOCK_ERROR = 2
FAULTS = {"server_error": 0.05, "rate_limited": 0.004, "cut_untaken": 0.03, "cut_taken": 0.03}
# Codes of refusals after which a message is sent again: something went wrong, the number's and the pair's limits.
PASSING = {"1", "2", "131000", "130429", "131056"}
RANKS = {"accepted": 0, "dispatched": 1, "delivered": 2, "seen": 3, "channelFailed": 4, "failed": 5}

Outcome = collections.namedtuple("Outcome", "final statuses")
# By the recipient's last digits: where a message ends, and how many statuses the provider tells of it.
OUTCOMES = {
    "100": Outcome("seen", 3), "002": Outcome("failed", 1), "003": Outcome("failed", 2), "004": Outcome("failed", 2),
    "005": Outcome("failed", 0), "008": Outcome("seen", 3), "009": Outcome("seen", 3), "010": Outcome("delivered", 2),
    "012": Outcome("seen", 6), "013": Outcome("seen", 3),
}
SUFFIXES = [*OUTCOMES, "012", "013", "100", "012", "013", "100"]


class Bulk:
    """One bulk: what is sent, and the ids that the server gave."""

    def __init__(self, phase, number):
        self.name, self.suffix = f"{phase}-{number:02d}", SUFFIXES[number]
        self.recipient = f"4915{phase}{number:02d}00{self.suffix}"
        self.identifiers = []

    def content(self, part):
        name = f"{self.name}-{part:02d}"
        if part in REFUSED_PARTS:
            return {"contentType": "template", "template": {"templateId": name, "templateLanguage": "en"}}
        return {"contentType": "text", "text": name}

    def request(self, callback):
        return {
            "to": self.recipient, "from": graph.NUMBER, "channel": "whatsapp",
            "overrides": {"notificationCallbackUrl": callback},
            "messages": [self.content(part) for part in range(LENGTH)]}

    def final(self, part):
        return "failed" if part in REFUSED_PARTS else OUTCOMES[self.suffix].final


class Arrival:
    """A message that reached the provider, by a line of its journal."""

    def __init__(self, record):
        body = record["body"]
        name = body["text"]["body"] if "text" in body else body["template"]["name"]
        self.bulk, _, part = name.rpartition("-")
        self.part, self.at, self.identifier = int(part), record["at"], record["id"]
        self.is_taken = record["kind"] == "message"
        self.is_settled = self.is_taken or record["detail"] not in PASSING

    def __repr__(self):
        return f"{self.bulk}-{self.part:02d} at {self.at}{'' if self.is_taken else ' refused'}"


class Run:
    """One phase: its bulks, and what provider, server and receiver say of them."""

    def __init__(self, phase, server, provider, receiver):
        self.phase, self.server, self.provider, self.receiver = phase, server, provider, receiver
        self.bulks = [Bulk(phase, number) for number in range(BULKS)]

    def send(self):
        """All bulks at once, each from a client of its own to a customer who has written."""
        gate, problems = threading.Barrier(BULKS), []

        def work(bulk):
            client = Client(self.server.port, node.KEY)
            try:
                opened = graph.writes(client, bulk.recipient, f"wamid.open-{bulk.name}")
                equal(opened.status, 200, repr(opened))
                gate.wait(20)
                answer = client.post(
                    "/conversations/v3/bulks", bulk.request(self.receiver.url(f"/{self.phase}")))
                equal(answer.status, 202, repr(answer))
                bulk.identifiers = answer.json["messageIds"]
                equal(len(bulk.identifiers), LENGTH, "ids of a bulk")
            except (AssertionError, OSError, threading.BrokenBarrierError) as error:
                problems.append(f"{bulk.name}: {error!r}")
            finally:
                client.close()

        threads = [threading.Thread(target=work, args=(bulk,), daemon=True) for bulk in self.bulks]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(40)
        equal(problems, [], "bulks that were not taken")

    def arrivals(self):
        """What reached the provider, by bulk and in order."""
        found = {bulk.name: [] for bulk in self.bulks}
        for record in self.provider.records():
            if record["kind"] in ("message", "refusal") and record["body"]:
                arrival = Arrival(record)
                if arrival.bulk in found:
                    found[arrival.bulk].append(arrival)
        return found

    @property
    def taken(self):
        return sum(arrival.is_taken for arrivals in self.arrivals().values() for arrival in arrivals)

    def told(self):
        """The statuses that the provider has told, and for which it got its 200."""
        return [record for record in self.provider.records() if record["kind"] == "webhook"]

    def finish(self, seconds):
        """Until every message is at its end, and the provider has told every status of what it took."""
        expected = {
            (identifier, f"MessageStatus::{bulk.final(part)}"): f"{bulk.name}-{part:02d} to {bulk.suffix}"
            for bulk in self.bulks for part, identifier in enumerate(bulk.identifiers)}

        def missing():
            return expected.keys() - {(fact[0], fact[1]) for fact in self.callbacks()}

        def is_over():
            if missing():
                return False
            statuses, arrivals = collections.Counter(record["id"] for record in self.told()), self.arrivals()
            return all(
                statuses[arrival.identifier] >= OUTCOMES[bulk.suffix].statuses
                for bulk in self.bulks for arrival in arrivals[bulk.name] if arrival.is_taken)

        try:
            wait_for(is_over, seconds, "the end of every message", 0.25)
        except AssertionError as error:
            left = sorted(expected[fact] for fact in missing())
            raise AssertionError(f"{error}; {len(left)} missing, such as {left[:5]}") from None

    def callbacks(self):
        """(message, event, webhook-id) of all that the receiver got."""
        return [
            (received.json["messageId"], received.json["event"], received.headers["webhook-id"])
            for received in self.receiver.at(f"/{self.phase}")]

    def messages(self):
        """Every message as the Admin API and the Conversations API show it, once its callbacks are delivered."""
        client = Client(self.server.port, node.KEY)

        def ask(identifier):
            message = client.get(f"/admin/v1/messages/{identifier}").json
            is_delivered = all(delivery["state"] == "delivered" for delivery in message["deliveries"])
            return message if is_delivered else None

        found = {}
        for bulk in self.bulks:
            for identifier in bulk.identifiers:
                found[identifier] = wait_for(lambda identifier=identifier: ask(identifier), 20, "delivered callbacks")
                events = client.get(f"/conversations/v3/messages/{identifier}/events").json["events"]
                found[identifier]["history"] = [event["event"].partition("::")[2] for event in events]
        client.close()
        return found


def check_order(run):
    """The provider saw each bulk in its order, and answered each message before it saw the next."""
    for name, arrivals in run.arrivals().items():
        equal(list(dict.fromkeys(arrival.part for arrival in arrivals)), list(range(LENGTH)), f"order of {name}")
        for before, after in zip(arrivals, arrivals[1:]):
            if after.part == before.part:
                continue
            equal(after.part, before.part + 1, f"after {before}")
            assert before.is_settled, f"{after} while {before} was to be sent again"
            # A refusal that meets the fault of a cut connection comes at once.
            gap = after.at - before.at if before.is_taken else SLOWNESS
            assert gap >= SLOWNESS - CLOCK_ERROR, f"{after} {gap} ms after {before}, which was not answered yet"


def check_repetitions(run, messages):
    """What the provider took several times is marked; returns how many messages that are."""
    repeated = 0
    arrivals = run.arrivals()
    for bulk in run.bulks:
        taken = collections.Counter(arrival.part for arrival in arrivals[bulk.name] if arrival.is_taken)
        for part, identifier in enumerate(bulk.identifiers):
            expected = 0 if part in REFUSED_PARTS or bulk.suffix == "005" else 1
            if taken[part] != expected:
                assert taken[part] > expected, f"{bulk.name}-{part:02d} was not taken"
                assert messages[identifier]["possibleDuplicate"], f"{bulk.name}-{part:02d} was repeated without a mark"
                repeated += 1
    return repeated


def check_statuses(run, messages):
    """Each message is where it belongs, has never gone back, and was told of once for each fact."""
    facts = collections.defaultdict(set)
    for identifier, event, webhook in run.callbacks():
        facts[identifier, event].add(webhook)
    for bulk in run.bulks:
        for part, identifier in enumerate(bulk.identifiers):
            name, final, message = f"{bulk.name}-{part:02d}", bulk.final(part), messages[identifier]
            history = message["history"]
            equal(history[-1], final, f"the end of {name}")
            ranks = [RANKS[event] for event in history]
            assert ranks == sorted(set(ranks)), f"{name} went back: {history}"
            told = [delivery["event"] for delivery in message["deliveries"]]
            equal(len(told), len(set(told)), f"callbacks of {name}, {told}")
            assert {"accepted", final} <= {event.rpartition("::")[2] for event in told}, f"{name}: {told}"
    twice = {fact for fact, webhooks in facts.items() if len(webhooks) > 1}
    equal(twice, set(), "facts that were told under two ids")


def tell_again(run):
    """Everything that the provider has told comes once more, the last first, several statuses in a webhook."""
    statuses = [
        status for record in reversed(run.told())
        for status in record["body"]["entry"][0]["changes"][0]["value"].get("statuses", [])]
    assert statuses, "nothing was told"
    client = Client(run.server.port, node.KEY)
    for start in range(0, len(statuses), 20):
        answer = graph.notify(client, {"statuses": statuses[start:start + 20]})
        equal(answer.status, 200, repr(answer))
    client.close()


def judge(tally, run, title):
    messages, repeated = {}, 0
    with tally.check(f"{title}: every message comes to its end"):
        run.finish(90)
        messages = run.messages()
    if not messages:
        return messages
    with tally.check(f"{title}: {BULKS} bulks of {LENGTH} arrive in order, each message after the answer to the last"):
        check_order(run)
    with tally.check(f"{title}: nothing is lost, and only what is marked is repeated"):
        repeated = check_repetitions(run, messages)
    with tally.check(f"{title}: the last status is right, none goes back, no fact is told twice"):
        check_statuses(run, messages)
    marked = sum(message["possibleDuplicate"] for message in messages.values())
    print(f"{title}: {run.taken} taken, {marked} marked as possible duplicates, {repeated} of them taken twice")
    return messages


def without_notes(messages):
    """What customers can see of messages; that a late status came is noted for operators alone."""
    return {identifier: (message["status"], message["history"], sorted(
        delivery["event"] for delivery in message["deliveries"])) for identifier, message in messages.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parley", required=True)
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    arguments = parser.parse_args()
    support.begin(300)
    parley, tally = support.binary(arguments.parley), Tally()
    print(f"{arguments.database}, seed {arguments.seed}", flush=True)
    with temporary_folder() as folder, contextlib.closing(Receiver()) as receiver, contextlib.ExitStack() as stack:
        postgres = node.database(arguments.database)
        if postgres:
            stack.callback(postgres.close)
        server = node.Node(parley, folder, 1, postgres)
        provider = graph.Graph(
            parley, server.port, folder / "graph.journal", folder / "graph.log", open_window=True, slow=1.0,
            slowness=SLOWNESS, retry_delay=100, retry_limit=400, seed=arguments.seed, **FAULTS)
        stack.callback(provider.stop)
        graph.connect(server, provider.port, messagesPerSecond=1000, pairBurst=1000)
        server.start()

        calm = Run(1, server, provider, receiver)
        calm.send()
        judge(tally, calm, "undisturbed")

        killed = Run(2, server, provider, receiver)
        killed.send()
        wait_for(lambda: killed.taken >= BULKS * LENGTH // 3, 60, "a third of the messages at the provider", 0.02)
        server.kill()
        print(f"killed when {killed.taken} were taken", flush=True)
        server.start()
        messages = judge(tally, killed, "killed in the middle")
        with tally.check("all statuses told again, backwards, change nothing and are not told"):
            tell_again(killed)
            before, after = without_notes(messages), without_notes(killed.messages())
            changed = [(before.get(identifier), after[identifier]) for identifier in after
                       if after[identifier] != before.get(identifier)]
            equal(changed[:3], [], f"{len(changed)} messages have changed")
            check_statuses(killed, killed.messages())
        with tally.check("SIGTERM ends the server"):
            equal(server.process.terminate()[0], 0, "exit code")
    tally.finish()


if __name__ == "__main__":
    main()
