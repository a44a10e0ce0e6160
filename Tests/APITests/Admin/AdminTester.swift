// SPDX-License-Identifier: Apache-2.0
// Requests as an operator or a reseller makes them, and what the audit log says of them afterwards.

import Accounts
import EngineTestSupport
import HTTPTypes
import Hummingbird
import Messaging
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import API

extension APITester {
    /// A request to the Admin API, by the operator where no key is given.
    func admin(
        _ method: HTTPRequest.Method, _ path: String, _ json: [String: JSONValue]? = nil,
        key: String = TestSetup.adminKey
    ) async throws -> Answer {
        let body = json.map { members in
            var writer = JSONWriter()
            writer.value(.object(members))
            return writer.bytes
        }
        return try await call(
            method, "/admin/v1" + path, body: body, contentType: body == nil ? nil : "application/json", key: key)
    }

    /// Makes something and returns its id.
    func made(_ path: String, _ json: [String: JSONValue], key: String = TestSetup.adminKey) async throws -> Int64 {
        let answer = try await admin(.post, path, json, key: key)
        try #require(answer.status == 201, "\(answer.text)")
        return try #require(answer.json["id"]?.int64)
    }

    /// Makes a company that owns others, a key with which it administers them, and a company of its own.
    func makeReseller(
        prepaid: Bool = false, balance: JSONValue = "100"
    ) async throws -> (id: CompanyID, key: String, child: CompanyID) {
        let id = try await made(
            "/companies",
            ["name": "Reseller", "reseller": true, "prepaid": .bool(prepaid), "initialBalance": balance])
        let answer = try await admin(
            .post, "/keys", ["companyId": .integer(id), "name": "operate", "scopes": .array(["reseller"])])
        let key = try #require(answer.string("key"), "\(answer.text)")
        return (id, key, try await made("/companies", ["name": "Child"], key: key))
    }

    func importTable(
        _ path: String, _ table: String, contentType: String = "text/csv", key: String = TestSetup.adminKey
    ) async throws -> Answer {
        try await call(
            .post, "/admin/v1" + path, body: Array(table.utf8), contentType: contentType, key: key)
    }

    func exportTable(_ path: String, key: String = TestSetup.adminKey) async throws -> Answer {
        try await call(.get, "/admin/v1" + path, key: key, headers: [("Accept", "text/csv")])
    }

    /// What operators and resellers did to objects of a kind, in order.
    func audit(_ kind: ObjectKind, id: Int64? = nil) async throws -> [AuditEntry] {
        try await node.database.read { transaction in
            var filter = AuditLog.Filter()
            filter.kind = kind
            filter.objectID = id.map(String.init)
            return try AuditLog(transaction).list(filter, limit: 500).filter { $0.actor != "file" }.reversed()
        }
    }
}

extension Answer {
    /// The ids of a list's items.
    var ids: [Int64] { (json["items"]?.array ?? []).compactMap { $0["id"]?.int64 } }

    var lines: [String] { text.split(separator: "\n").map(String.init) }
}
