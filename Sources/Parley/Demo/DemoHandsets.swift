// SPDX-License-Identifier: Apache-2.0
// What the demo's telephones have got: their short messages, and the calls that they had, as one hears them.

import API
import Hummingbird
import Simulators
import Wire

struct DemoHandsets: Sendable {
    let smsc: SMSCSimulator
    let voice: VoiceSimulator

    func add(to router: Router<APIRequestContext>) {
        router.get("simulator/handset/:number") { _, context in
            let number = try Self.number(in: context)
            return Self.json(show(number))
        }
        router.get("simulator/handset/:number/calls/:call") { _, context in
            let number = try Self.number(in: context)
            let id = try context.parameters.require("call")
            guard let call = voice.calls(to: number).first(where: { $0.callID == id }) else {
                throw Problem.notFound("The telephone has had no such call.")
            }
            return Response(
                status: .ok, headers: [.contentType: "audio/wav"],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: call.wav)))
        }
    }

    private static func number(in context: APIRequestContext) throws -> String {
        let text = try context.parameters.require("number")
        let digits = text.hasPrefix("+") || text.hasPrefix(" ") ? text.dropFirst() : text[...]
        guard (1...15).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw Problem.violations([Violation(field: "number", message: "must be a telephone number")])
        }
        return String(digits)
    }

    private func show(_ number: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("number", "+" + number)
            writer.member(
                "messages",
                array: { writer in
                    for message in smsc.messages(for: number) {
                        writer.object { writer in
                            writer.member("from", message.sender)
                            writer.member("text", message.text)
                            writer.member("receivedAt", Timestamp.rfc3339(message.receivedAt))
                        }
                    }
                })
            writer.member(
                "calls",
                array: { writer in
                    for call in voice.calls(to: number) { Self.write(call, number, to: &writer) }
                })
        }
        return writer.bytes
    }

    private static func write(_ call: SimulatedCall, _ number: String, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("id", call.callID)
            writer.member("from", call.caller)
            writer.member("outcome", call.outcome.rawValue)
            writer.member("startedAt", Timestamp.rfc3339(call.startedAt))
            writer.member("answeredAt", call.answeredAt.map { Timestamp.rfc3339($0) })
            writer.member("endedAt", call.endedAt.map { Timestamp.rfc3339($0) })
            writer.member("seconds", Int(call.audioLength / 1000))
            writer.member("audio", "/simulator/handset/\(number)/calls/\(call.callID)")
        }
    }

    private static func json(_ bytes: [UInt8]) -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}
