// SPDX-License-Identifier: Apache-2.0
// A node with the whole router on it, and requests as a customer makes them.

import Accounts
import EngineTestSupport
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Messaging
import NIOCore
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import API

/// An answer, its body read as JSON.
struct Answer {
    let status: Int
    let headers: HTTPFields
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }
    var json: JSONValue { (try? JSONValue(parsing: body)) ?? .null }

    func string(_ member: String) -> String? { json[member]?.string }

    /// The names of the fields that a validation problem complains of.
    var refusedFields: [String] { (json["violations"]?.array ?? []).compactMap { $0["field"]?.string } }
}

/// A customer of a test node.
struct APITester {
    let node: TestNode
    let client: any TestClientProtocol

    /// Runs `body` with a node whose router is called directly, or whose server is called over a socket of the loopback
    /// address.
    static func run(
        _ engine: Engine = .sqlite, setup: TestSetup = TestSetup(), options: APIOptions = Self.options,
        over transport: TestingSetup = .router,
        _ body: @escaping @Sendable (APITester) async throws -> Void
    ) async throws {
        var setup = setup
        setup.renderer = SMSEventRenderer(publicBaseURL: options.publicBaseURL)
        try await TestNode.run(engine, setup) { node in
            let surfaces = APIServer.surfaces(engine: node.engine, options: options)
            let server = APIServer.http1(answering: surfaces.responder(logger: TestDatabase.quiet), options: options)
            let application = Application(router: surfaces.router, server: server, logger: TestDatabase.quiet)
            try await application.test(transport) { client in try await body(APITester(node: node, client: client)) }
        }
    }

    /// Links begin with `https://sms.example.com`; callbacks must be https.
    static var options: APIOptions {
        APIOptions(
            publicBaseURL: "https://sms.example.com",
            callbackRefusal: { $0.hasPrefix("https://") ? nil : "must begin with https://" },
            readiness: { [ReadinessCheck(name: "database")] })
    }

    /// The parameters that every message must have.
    static let minimal: [String: JSONValue] = ["to": "491701234567", "from": "Acme", "message": "Hello"]

    func call(
        _ method: HTTPRequest.Method, _ path: String, body: [UInt8]? = nil, contentType: String? = nil,
        key: String? = TestSetup.acmeKey, headers: [(String, String)] = []
    ) async throws -> Answer {
        var fields = HTTPFields()
        if let key { fields[.apiKey] = key }
        if let contentType { fields[.contentType] = contentType }
        for (name, value) in headers {
            fields.append(HTTPField(name: try #require(HTTPField.Name(name)), value: value))
        }
        return try await client.execute(
            uri: path, method: method, headers: fields, body: body.map { ByteBuffer(bytes: $0) }
        ) { response in
            Answer(
                status: response.status.code, headers: response.headers,
                body: Array(response.body.readableBytesView))
        }
    }

    func get(_ path: String, key: String? = TestSetup.acmeKey) async throws -> Answer {
        try await call(.get, path, key: key)
    }

    func post(
        _ path: String, json: [String: JSONValue], key: String? = TestSetup.acmeKey, headers: [(String, String)] = []
    ) async throws -> Answer {
        var writer = JSONWriter()
        writer.value(.object(json))
        return try await call(
            .post, path, body: writer.bytes, contentType: "application/json", key: key, headers: headers)
    }

    /// POSTs a send request: the minimal one with `changes`; `.null` takes a parameter away.
    func send(
        _ changes: [String: JSONValue] = [:], key: String? = TestSetup.acmeKey, headers: [(String, String)] = []
    ) async throws -> Answer {
        let parameters = Self.minimal.merging(changes) { _, new in new }.filter { $0.value != .null }
        return try await post("/messaging/v1/sms", json: parameters, key: key, headers: headers)
    }

    /// Sends and returns the message as it was stored.
    func accepted(_ changes: [String: JSONValue] = [:]) async throws -> Message {
        let answer = try await send(changes)
        try #require(answer.status == 200, "\(answer.text)")
        return try await stored(answer)
    }

    /// The message that an answer is about.
    func stored(_ answer: Answer) async throws -> Message {
        let id = try #require(answer.string("requestId").flatMap { MessageID($0) }, "\(answer.text)")
        return try await node.stored(MessageKey(companyID: node.acme, id: id)).message
    }

    /// Sends by GET and returns the answer.
    func sendByGet(_ query: String) async throws -> Answer { try await get("/messaging/v1/sms?" + query) }

    /// Replaces the routes: gateway, prefix, indexes of the node's connectors.
    func setRoutes(_ routes: [(gateway: String, prefix: String, connectors: [Int])]) async throws {
        let ids = node.identities.connectors
        try await node.provision { provisioner in
            for route in try provisioner.routes() { try provisioner.remove(routeID: route.id) }
            try provisioner.create(
                routes.map { route in
                    Route(
                        id: 0, gateway: route.gateway, prefix: route.prefix,
                        connectorIDs: route.connectors.map { ids[$0] })
                })
        }
        try await node.directory.reload()
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByFloatLiteral, ExpressibleByDictionaryLiteral
{
    init(stringLiteral value: String) { self = .string(value) }
    init(integerLiteral value: Int64) { self = .integer(value) }
    init(booleanLiteral value: Bool) { self = .bool(value) }
    init(floatLiteral value: Double) { self = .number(value) }
    init(dictionaryLiteral members: (String, JSONValue)...) {
        self = .object(Dictionary(members, uniquingKeysWith: { $1 }))
    }
}

extension Message {
    /// The text as it is sent.
    var sentText: String? {
        guard case .sms(let content) = content else { return nil }
        return content.text
    }

    var smsContent: SMSContent? {
        guard case .sms(let content) = content else { return nil }
        return content
    }
}
