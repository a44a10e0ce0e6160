// SPDX-License-Identifier: Apache-2.0
// The demo's own addresses: its page, writing as a handset, and the receiver of its callbacks.

import API
import Foundation
import Hummingbird
import NIOHTTP1
import Simulators
import Wire

struct DemoRoutes: Sendable {
    let page: DemoPage
    let receiver: DemoReceiver
    let smsc: SMSCSimulator

    func add(to router: Router<APIRequestContext>) {
        router.get("/") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "text/html; charset=utf-8"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: page.html)))
        }
        router.post("simulator/sms") { request, context in try await writeAsHandset(request, context) }
        let path = RouterPath(String(DemoReceiver.path.dropFirst()))
        router.post(path) { request, context in
            let body = try await request.body.collect(upTo: context.maxUploadSize)
            return receive(request, body: Array(body.readableBytesView))
        }
        router.get(path) { request, _ in
            // A callback by GET carries its report in the query; without one, somebody wants to see the list.
            if request.uri.query?.isEmpty == false { return receive(request, body: []) }
            return Self.json(receiver.list())
        }
    }

    private func receive(_ request: Request, body: [UInt8]) -> Response {
        var headers = HTTPHeaders()
        for field in request.headers { headers.add(name: field.name.rawName, value: field.value) }
        receiver.receive(
            method: request.method.rawValue, query: request.uri.query, headers: headers, body: body)
        return Response(status: .noContent)
    }

    private func writeAsHandset(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let body = try await request.body.collect(upTo: context.maxUploadSize)
        let members: JSONValue
        do {
            members = try JSONValue(parsing: body.readableBytesView)
        } catch {
            throw Problem.notParseable("\(error)")
        }
        let fields = ["from", "to", "text"]
        let missing = fields.filter { members[$0]?.string?.isEmpty ?? true }
        guard missing.isEmpty, let from = members["from"]?.string, let to = members["to"]?.string,
            let text = members["text"]?.string
        else { throw Problem.violations(missing.map { Violation(field: $0, message: "must be text") }) }
        do {
            try await smsc.sendFromHandset(from: from, to: to, text: text)
        } catch let error as SMSCSimulator.SendError {
            throw Problem(.conflict, detail: error.description)
        }
        return Response(status: .accepted)
    }

    private static func json(_ bytes: [UInt8]) -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}
