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
    let providers: DemoProviders

    func add(to router: Router<APIRequestContext>) {
        router.get("/") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "text/html; charset=utf-8"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: page.html)))
        }
        router.post("simulator/sms") { request, context in try await writeAsHandset(request, context) }
        router.post("simulator/whatsapp") { request, context in
            try await writeAsCustomer(request, context, providers.writeOnWhatsApp)
        }
        router.post("simulator/viber") { request, context in
            try await writeAsCustomer(request, context, providers.writeOnViber)
        }
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

    private static func json(of request: Request, _ context: APIRequestContext) async throws -> JSONValue {
        let body = try await request.body.collect(upTo: context.maxUploadSize)
        do {
            return try JSONValue(parsing: body.readableBytesView)
        } catch {
            throw Problem.notParseable("\(error)")
        }
    }

    /// Answers with the provider's id of the message once the node has taken it.
    private func writeAsCustomer(
        _ request: Request, _ context: APIRequestContext,
        _ write: @Sendable (DemoCustomerRequest) async throws -> (id: String, isTaken: Bool)
    ) async throws -> Response {
        let act = try DemoCustomerRequest(try await Self.json(of: request, context))
        let written: (id: String, isTaken: Bool)
        do {
            written = try await write(act)
        } catch let error as any CustomStringConvertible & Error {
            throw Problem(.conflict, detail: error.description)
        }
        guard written.isTaken else { throw Problem(.badGateway, detail: "The node did not take the message.") }
        var writer = JSONWriter()
        writer.object { $0.member("messageId", written.id) }
        return Self.json(writer.bytes)
    }

    private func writeAsHandset(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let members = try await Self.json(of: request, context)
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
