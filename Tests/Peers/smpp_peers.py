# SPDX-License-Identifier: Apache-2.0
"""Tries other implementations of SMPP against the library, in both roles.

smpplib, aiosmpplib and smpp34 (PyPI) bind to our server; our client binds to the server of smpp34.

    pip install smpplib aiosmpplib smpp34
    swift build --product SMPPProbe
    python3 Tests/Peers/smpp_peers.py [path of SMPPProbe]
"""

import asyncio
import logging
import socket
import subprocess
import sys

import aiosmpplib
import smpp34
import smpplib.client
import smpplib.consts
import smpplib.exceptions
import smpplib.gsm

from smpp_support import Tally, json_lines, probe_client_command, probe_path, probe_server

logging.disable(logging.CRITICAL)


# smpplib ---------------------------------------------------------------------------------------------------------------


class SmpplibESME:
    """A bound smpplib client that collects what arrives."""

    def __init__(self, port, mode="transceiver"):
        self.responses, self.messages, self.queries = {}, [], []
        self.client = smpplib.client.Client("127.0.0.1", port, timeout=10, allow_unknown_opt_params=True)
        self.client.set_message_sent_handler(lambda pdu: self.responses.__setitem__(pdu.sequence, pdu))
        self.client.set_message_received_handler(lambda pdu: self.messages.append(pdu) and None)
        self.client.set_query_resp_handler(lambda pdu: self.queries.append(pdu))
        self.client.connect()
        self.bound = getattr(self.client, f"bind_{mode}")(system_id="esme", password="secret")

    def send(self, text, **fields):
        parts, coding, esm_class = smpplib.gsm.make_parts(text)
        return [
            self.client.send_message(
                source_addr_ton=smpplib.consts.SMPP_TON_ALNUM, source_addr="Peer", dest_addr_ton=1, dest_addr_npi=1,
                destination_addr="491701234567", short_message=part, data_coding=coding, esm_class=esm_class, **fields,
            ).sequence
            for part in parts
        ]

    def until(self, condition):
        for _ in range(200):
            if condition():
                return
            self.client.read_once()
        raise AssertionError("nothing more came")

    def close(self):
        self.client.unbind()
        self.client.disconnect()


def smpplib_checks(tally, port):
    with tally.check("smpplib: transceiver bind, submit, receipt"):
        esme = SmpplibESME(port)
        assert esme.bound.system_id == b"SMPPProbe", esme.bound.system_id
        (sequence,) = esme.send("Hello", registered_delivery=1)
        esme.until(lambda: sequence in esme.responses and esme.messages)
        response, receipt = esme.responses[sequence], esme.messages[0]
        assert response.status == 0 and response.message_id.startswith(b"P")
        assert receipt.esm_class == 4 and receipt.receipted_message_id == response.message_id
        assert receipt.message_state == 2
        assert receipt.short_message.startswith(b"id:" + response.message_id + b" sub:001 dlvrd:001 submit date:")
        esme.close()

    with tally.check("smpplib: a long message in parts"):
        esme = SmpplibESME(port)
        sequences = esme.send("Grüße, Ω and 漢字 " * 30)
        assert len(sequences) > 3
        esme.until(lambda: len(esme.responses) == len(sequences))
        assert all(esme.responses[s].status == 0 for s in sequences)
        esme.close()

    with tally.check("smpplib: a message from a handset"):
        esme = SmpplibESME(port)
        esme.send("MO:Hello back")
        esme.until(lambda: esme.messages)
        message = esme.messages[0]
        assert (message.short_message, message.source_addr) == (b"Hello back", b"491701234567")
        esme.close()

    with tally.check("smpplib: transmitter and receiver binds side by side"):
        receiver, transmitter = SmpplibESME(port, "receiver"), SmpplibESME(port, "transmitter")
        transmitter.send("Hello", registered_delivery=1)
        transmitter.until(lambda: transmitter.responses)
        receiver.until(lambda: receiver.messages)
        assert not transmitter.messages
        receiver.close()
        transmitter.close()

    with tally.check("smpplib: query_sm and enquire_link"):
        esme = SmpplibESME(port)
        esme.client.query_message(message_id="P00000001", source_addr_ton=1, source_addr_npi=1, source_addr="49")
        esme.until(lambda: esme.queries)
        assert esme.queries[0].message_state == 2 and esme.queries[0].message_id == b"P00000001"
        esme.client.send_pdu(smpplib.smpp.make_pdu("enquire_link", client=esme.client))
        assert esme.client.read_pdu().command == "enquire_link_resp"
        esme.close()

    for fields, status in (({"system_id": "esme", "password": "wrong"}, 0x0E), ({"system_id": "x", "password": "y"}, 0x0F)):
        with tally.check(f"smpplib: a bind as {fields['system_id']} with a wrong credential"):
            client = smpplib.client.Client("127.0.0.1", port, timeout=10)
            client.connect()
            try:
                client.bind_transceiver(**fields)
                raise AssertionError("bound")
            except smpplib.exceptions.PDUError as error:
                assert error.args[1] == status, error.args
            client.disconnect()

    with tally.check("smpplib: an octet string that is no PDU is answered"):
        with socket.create_connection(("127.0.0.1", port), 10) as raw:
            raw.sendall(bytes.fromhex("00000010" "00000111" "00000000" "00000005"))
            assert raw.recv(64) == bytes.fromhex("00000010" "80000000" "00000003" "00000005")
            raw.sendall(bytes.fromhex("00000003"))
            assert raw.recv(64) == bytes.fromhex("00000010" "80000000" "00000002" "00000000")
            assert raw.recv(64) == b""


# aiosmpplib ------------------------------------------------------------------------------------------------------------


class CollectingHook(aiosmpplib.AbstractHook):
    def __init__(self):
        self.received_messages, self.errors = asyncio.Queue(), []

    async def sending(self, smpp_message, pdu, client_id):
        pass

    async def received(self, smpp_message, pdu, client_id):
        await self.received_messages.put(smpp_message)

    async def send_error(self, smpp_message, error, client_id):
        self.errors.append(error)

    async def collect(self, **counts):
        """Waits for as many messages of each kind (submit_resp, receipt, message) as named."""
        found = {kind: [] for kind in counts}
        while any(len(found[kind]) < count for kind, count in counts.items()):
            message = await asyncio.wait_for(self.received_messages.get(), 10)
            if isinstance(message, aiosmpplib.SubmitSmResp):
                kind = "submit_resp"
            elif isinstance(message, aiosmpplib.DeliverSm):
                kind = "receipt" if message.is_receipt() else "message"
            else:
                continue
            found.setdefault(kind, []).append(message)
        return found


async def aiosmpplib_session(port, texts, **counts):
    hook = CollectingHook()
    esme = aiosmpplib.ESME(
        smsc_host="127.0.0.1", smsc_port=port, system_id="esme", password="secret", hook=hook, log_level=logging.CRITICAL)
    for number, text in enumerate(texts):
        await esme.broker.enqueue(
            aiosmpplib.SubmitSm(
                short_message=text, source=aiosmpplib.PhoneNumber("4930123"),
                destination=aiosmpplib.PhoneNumber("491701234567"), registered_delivery=1, log_id=f"m{number}"))
    task = asyncio.create_task(esme.start())
    try:
        return await hook.collect(**counts), hook.errors
    finally:
        await esme.stop()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def aiosmpplib_checks(tally, port):
    with tally.check("aiosmpplib: messages and their receipts"):
        found, errors = asyncio.run(
            aiosmpplib_session(port, [f"Hello {n}" for n in range(20)], submit_resp=20, receipt=20))
        assert not [error for error in errors if error], errors
        ids = {response.message_id for response in found["submit_resp"]}
        assert len(ids) == 20
        receipts = [receipt.parse_receipt() for receipt in found["receipt"]]
        assert {receipt["id"] for receipt in receipts} == ids
        assert {receipt["stat"] for receipt in receipts} == {"DELIVRD"}

    with tally.check("aiosmpplib: a message from a handset"):
        found, _ = asyncio.run(aiosmpplib_session(port, ["MO:Hello back"], message=1))
        assert found["message"][0].short_message == "Hello back"


# smpp34 ----------------------------------------------------------------------------------------------------------------


async def smpp34_client_session(port):
    client = smpp34.Client("127.0.0.1", port, "esme", "secret", bind_type="TRX")
    smsc = await asyncio.wait_for(client.connect(), 10)
    responses = await asyncio.gather(
        *(smsc.submit_sm("491701234567", b"Hello", source_addr="4930123", registered_delivery=1) for _ in range(50)))
    receipts = [await asyncio.wait_for(smsc.next(), 10) for _ in range(50)]
    await smsc.unbind()
    await client.stop()
    return responses, receipts


async def smpp34_server_session(probe, port, count, decide, limit=10):
    """Runs our client against smpp34's server; `decide` answers each submit. Returns events and what the client printed."""
    server = smpp34.Server("127.0.0.1", port, system_id="smpp34")
    await server.start()
    process = await asyncio.create_subprocess_exec(
        *probe_client_command(probe, port, count, window=5, timeout=limit), stdout=subprocess.PIPE)
    esme, submitted, reports = None, [], []
    reader = asyncio.create_task(process.stdout.read())
    while True:
        event = await asyncio.wait_for(server.next(), 20)
        if isinstance(event, smpp34.Esme):
            esme = event
        elif isinstance(event, smpp34.SubmitSmEvent):
            submitted.append(event)
            receipt = decide(event, len(submitted))
            if receipt and esme:
                reports.append(
                    asyncio.ensure_future(
                        esme.deliver_sm("Probe", receipt, source_addr=event.destination_addr, esm_class=4)))
        elif isinstance(event, smpp34.Unbound):
            break
    output = (await reader).decode()
    await process.wait()
    answers = await asyncio.gather(*reports, return_exceptions=True)
    await server.stop()
    return submitted, answers, json_lines(output), process.returncode


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def smpp34_checks(tally, probe, port):
    with tally.check("smpp34: its client, fifty messages and their receipts"):
        responses, receipts = asyncio.run(smpp34_client_session(port))
        assert all(response.is_success and response.message_id for response in responses)
        ids = {response.message_id for response in responses}
        assert len(ids) == 50
        told = {bytes(tlv.value).rstrip(b"\0").decode() for event in receipts for tlv in event.tlvs
                if tlv.tag == smpp34.TLV_RECEIPTED_MESSAGE_ID}
        assert told == ids, (told, ids)

    def deliver(event, number):
        event.accept(f"S{number:04}")
        return f"id:S{number:04} sub:001 dlvrd:001 submit date:2601011200 done date:2601011201 stat:DELIVRD err:000 text:".encode()

    with tally.check("smpp34: its server, our client submits and answers receipts"):
        submitted, answers, lines, code = asyncio.run(smpp34_server_session(probe, free_port(), 40, deliver))
        assert code == 0, lines
        assert sorted(bytes(event.short_message) for event in submitted) == sorted(
            f"Message {n}".encode() for n in range(1, 41))
        assert {(event.source_addr, event.source_addr_ton, event.dest_addr_ton) for event in submitted} == {("Probe", 5, 1)}
        assert all(not isinstance(answer, Exception) and answer.is_success for answer in answers), answers
        ids = {line["id"] for line in lines if line["type"] == "response" and line["status"] == "ESME_ROK"}
        receipts = {line["id"] for line in lines if line["type"] == "receipt" and line["state"] == "delivered"}
        assert len(ids) == 40 and ids == receipts

    def refuse(event, number):
        event.reject(smpp34.ESME_RINVDSTADR)

    with tally.check("smpp34: its server refuses and our client says so"):
        _, _, lines, code = asyncio.run(smpp34_server_session(probe, free_port(), 3, refuse, limit=2))
        assert code != 0, "no receipts came, so the client is not content"
        assert [line["status"] for line in lines if line["type"] == "response"] == ["ESME_RINVDSTADR"] * 3


def main():
    probe = probe_path(sys.argv[1] if len(sys.argv) > 1 else None)
    tally = Tally()
    with probe_server(probe) as port:
        smpplib_checks(tally, port)
        aiosmpplib_checks(tally, port)
        smpp34_checks(tally, probe, port)
    tally.finish()


if __name__ == "__main__":
    main()
