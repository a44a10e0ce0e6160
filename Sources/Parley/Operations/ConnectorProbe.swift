// SPDX-License-Identifier: Apache-2.0
// Whether a carrier or another provider can be reached as its connector would reach it; with a bind, whether a carrier lets
// the account in.

import Connectors
import Foundation
import Logging
import Messaging
import NIOPosix
import NIOSSL
import SMPP
import Synchronization
import Wire

struct ConnectorProbe: Sendable {
    let settings: ConnectorSettings
    let isStopped: Bool
    let binds: Bool

    var name: String { "connector \(settings.name)" }

    func check() async -> DoctorCheck {
        guard !isStopped else { return .ok(name, "stopped by an operator") }
        do {
            try ConnectorRegistry.check(settings)
            switch settings.kind {
            case "smpp": return await check(try SMPPConnectorOptions(settings).client)
            case "whatsapp": return await check(baseURL: try WhatsAppOptions(settings).baseURL)
            case "viber", "viber-bot": return await check(baseURL: try ViberOptions(settings).baseURL)
            default: return .ok(name, "\(settings.kind) needs no provider")
            }
        } catch {
            return .failure(name, "\(error)", advice: "Correct the connector's settings.")
        }
    }

    /// Whether a provider's HTTP API can be reached; nothing is asked of it, for every request may cost something.
    private func check(baseURL: String) async -> DoctorCheck {
        guard let url = URL(string: baseURL), let host = url.host else {
            return .failure(name, "\(baseURL) is no URL", advice: "Correct `baseURL`.")
        }
        let isSecure = url.scheme == "https"
        let port = url.port ?? (isSecure ? 443 : 80)
        let place = "\(host):\(port)"
        let serverName = IPAddress(host) == nil ? host : nil
        let tls =
            isSecure
            ? NetworkProbe.TLS(configuration: TLSConfiguration.makeClientConfiguration(), serverName: serverName) : nil
        do {
            let address = try await NetworkProbe.reach(
                try await NetworkProbe.addresses(of: host), port: port, tls: tls)
            return .ok(name, "\(place) (\(address))\(isSecure ? " with TLS" : "") takes connections")
        } catch NetworkProbe.Failure.name(let reason), NetworkProbe.Failure.connection(let reason),
            NetworkProbe.Failure.tls(let reason)
        {
            return .failure(
                name, "\(place): \(reason)",
                advice: "Look at `baseURL`, at the name service and at the firewall.")
        } catch {
            return .failure(name, "\(place): \(error)", advice: "Look at `baseURL`.")
        }
    }

    private func check(_ client: SMPPClient.Configuration) async -> DoctorCheck {
        let place = "\(client.host):\(client.port)"
        do {
            let addresses = try await NetworkProbe.addresses(of: client.host)
            let address = try await NetworkProbe.reach(addresses, port: client.port, tls: Self.tls(of: client))
            let detail = "\(place) (\(address))\(client.tls == nil ? "" : " with TLS")"
            guard binds else { return .ok(name, "\(detail) takes connections") }
            return await bind(client, detail)
        } catch NetworkProbe.Failure.name(let reason) {
            return .failure(
                name, "\(client.host): \(reason)",
                advice: "Look at `host`, and whether this machine's name service works.")
        } catch NetworkProbe.Failure.connection(let reason) {
            return .failure(
                name, "\(place): \(reason)",
                advice:
                    "Look at `host` and `port`, at the firewall, and ask the carrier whether it lets your address in.")
        } catch NetworkProbe.Failure.tls(let reason) {
            return .failure(
                name, "\(place): \(reason)",
                advice: "Look at `tls` (ca, serverName), and ask the carrier for its roots.")
        } catch {
            return .failure(name, "\(place): \(error)", advice: "Look at `host` and `port`.")
        }
    }

    private static func tls(of client: SMPPClient.Configuration) -> NetworkProbe.TLS? {
        guard let tls = client.tls else { return nil }
        var configuration = TLSConfiguration.makeClientConfiguration()
        if let roots = tls.trustRoots { configuration.trustRoots = .certificates(roots) }
        if !tls.verifiesCertificate { configuration.certificateVerification = .none }
        configuration.certificateChain = tls.certificateChain.map { .certificate($0) }
        configuration.privateKey = tls.privateKey.map { .privateKey($0) }
        let name = tls.serverName ?? (IPAddress(client.host) == nil ? client.host : nil)
        return NetworkProbe.TLS(configuration: configuration, serverName: name)
    }

    // MARK: Binding

    /// One bind of each kind that the connector has, and an unbind.
    private func bind(_ configuration: SMPPClient.Configuration, _ detail: String) async -> DoctorCheck {
        var configuration = configuration
        configuration.binds = 1
        configuration.bindTimeout = .seconds(5)
        configuration.responseTimeout = .seconds(2)
        // One attempt: a refused one may count against the account.
        configuration.reconnectMinimum = .seconds(60)
        let (states, changes) = AsyncStream.makeStream(
            of: SMPPClient.State.self, bufferingPolicy: .bufferingNewest(1))
        let client = SMPPClient(
            configuration: configuration, group: MultiThreadedEventLoopGroup.singleton, delegate: Watcher(changes),
            logger: Logger(label: "doctor") { _ in SwiftLogNoOpLogHandler() })
        client.start()
        let refusal = await Bounded.run(.seconds(6)) { await Self.refusal(in: states) }
        await client.shutdown()
        switch refusal {
        case .some(nil): return .ok(name, "\(detail) lets \(configuration.systemID) bind")
        case .some(let reason?):
            return .failure(
                name, "\(detail): \(reason)",
                advice: "Look at systemId, password, systemType and `bind`, and at how many binds the account may have."
            )
        case nil:
            return .failure(
                name, "\(detail): no answer to the bind",
                advice: "What answers there is no SMSC, or it wants TLS; look at `port` and `tls`.")
        }
    }

    /// Why there is no bind; nil when there is one.
    private static func refusal(in states: AsyncStream<SMPPClient.State>) async -> String? {
        for await state in states {
            if state.isUp { return nil }
            if let error = state.lastError { return error }
        }
        return "given up"
    }

    /// Passes states on. What the carrier delivers in this moment is put off: nobody here could keep it.
    private final class Watcher: SMPPClientDelegate {
        private let changes: AsyncStream<SMPPClient.State>.Continuation

        init(_ changes: AsyncStream<SMPPClient.State>.Continuation) { self.changes = changes }

        func smppClient(_ client: SMPPClient, completed results: [(ticket: UInt64, result: SubmitResult)]) {}

        func smppClient(_ client: SMPPClient, received request: InboundRequest) {
            request.respond(.temporaryReceiverError)
        }

        func smppClientCapacityAvailable(_ client: SMPPClient) {}

        func smppClientStateChanged(_ client: SMPPClient) { changes.yield(client.state) }

        func smppClient(_ client: SMPPClient, bindLost bindID: UInt64, unanswered: [UInt32]) {}
    }
}
