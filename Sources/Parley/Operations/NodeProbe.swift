// SPDX-License-Identifier: Apache-2.0
// Whether this configuration's node runs, by the database's word and by its own: `/ready` says whether it takes traffic.

import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL
import Wire

struct NodeProbe: Sendable {
    let http: Configuration.HTTP
    /// Its name.
    let node: String
    /// The nodes that the database takes for alive.
    let alive: [NodePresence]

    private static let name = "node"

    /// What came back from `/ready`.
    enum Answer: Sendable, Equatable {
        case ready
        case notReady([String])
        /// Something else than a Parley node speaks there.
        case other(Int)
        case none(String)
    }

    func check() async -> DoctorCheck {
        guard let url = Self.url(http) else {
            return judge(.none("it listens on a port of the system's choice"), at: "a free port")
        }
        return judge(await Self.ask(url), at: url)
    }

    func judge(_ answer: Answer, at url: String) -> DoctorCheck {
        let own = node
        let isAlive = alive.contains { $0.name == own }
        let others = alive.map(\.name).filter { $0 != own }
        let rest = others.isEmpty ? "" : "; also running: \(others.joined(separator: ", "))"
        switch (answer, isAlive) {
        case (.ready, true): return .ok(Self.name, "\(own) is running and ready (\(url))\(rest)")
        case (.notReady(let problems), true):
            return .failure(
                Self.name, "\(own) is running and not ready: \(problems.joined(separator: "; "))\(rest)",
                advice: "It takes messages, which wait. The checks around this one say what is missing.")
        case (.none(let reason), true):
            return .failure(
                Self.name, "\(own) is running, and \(url) does not answer: \(reason)\(rest)",
                advice:
                    "If it was killed just now, start it; otherwise look at http.host and http.port, and at its log.")
        case (.none, false):
            return .warning(
                Self.name, others.isEmpty ? "\(own) is not running" : "\(own) is not running here\(rest)",
                advice: "Start it: systemctl start parley, or 'parley serve'.")
        case (.ready, false), (.notReady, false), (.other, _):
            return .warning(
                Self.name, "another server answers at \(url)\(rest)",
                advice: "Look which: two servers cannot share a port, and this one's database does not know it.")
        }
    }

    /// The address on this machine; nil when it is only known to the running node.
    static func url(_ http: Configuration.HTTP) -> String? {
        guard http.port != 0 else { return nil }
        let host =
            switch http.host {
            case "0.0.0.0": "127.0.0.1"
            case "::": "[::1]"
            case let host where host.contains(":"): "[\(host)]"
            default: http.host
            }
        return "\(http.tls == nil ? "http" : "https")://\(host):\(http.port)/ready"
    }

    private static func ask(_ url: String) async -> Answer {
        var settings = HTTPClient.Configuration(redirectConfiguration: .disallow)
        // Its certificate is for the name that customers use, not for the address on this machine.
        settings.tlsConfiguration = .makeClientConfiguration()
        settings.tlsConfiguration?.certificateVerification = .none
        settings.timeout = .init(connect: .seconds(2), read: .seconds(3))
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
        let answer: Answer
        do {
            let response = try await client.execute(HTTPClientRequest(url: url), timeout: .seconds(4))
            let body = try await response.body.collect(upTo: 65_536)
            answer = read(status: Int(response.status.code), body: Array(body.readableBytesView))
        } catch {
            answer = .none(reason(error))
        }
        try? await client.shutdown()
        return answer
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as HTTPClientError: error.shortDescription
        case let error as IOError where error.errnoCode == ECONNREFUSED: "the connection is refused"
        default: String("\(error)".prefix(200))
        }
    }

    static func read(status: Int, body: [UInt8]) -> Answer {
        guard let document = try? JSONValue(parsing: body), let checks = document["checks"]?.array else {
            return .other(status)
        }
        if status == 200 { return .ready }
        return .notReady(
            checks.compactMap { check in
                check["problem"]?.string.map { "\(check["name"]?.string ?? "?"): \($0)" }
            })
    }
}
