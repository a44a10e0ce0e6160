// SPDX-License-Identifier: Apache-2.0
// Whether a customer's URL could be called: judged, resolved and connected to as a delivery would be. No request is sent.

import NIOSSL
import Webhooks
import Wire

struct CallbackProbe: Sendable {
    let url: String
    /// The numbers whose messages go there; at least one.
    let numbers: [String]
    let callbacks: Configuration.Callbacks

    var name: String {
        let more = numbers.count > 1 ? " and \(numbers.count - 1) more" : ""
        return "callback of \(numbers.first ?? "")\(more)"
    }

    /// Without the query, which may hold a customer's secrets.
    private var shown: String { String(url.prefix { $0 != "?" }) }

    func check() async -> DoctorCheck {
        let addressGuard = AddressGuard(policy: callbacks.policy)
        do {
            let parsed = try addressGuard.check(url)
            let addresses = try await NetworkProbe.addresses(of: parsed.host)
            if parsed.literalAddress == nil { try addressGuard.check(addresses, of: parsed.host) }
            let address = try await NetworkProbe.reach(addresses, port: parsed.port, tls: try tls(for: parsed))
            return .ok(name, "\(shown) (\(address)) takes connections")
        } catch let refusal as AddressRefusal {
            return .failure(
                name, "\(shown): \(refusal)",
                advice: "No delivery is made there. Change the URL, or see `callbacks` in docs/configuration.md.")
        } catch let failure as NetworkProbe.Failure {
            return self.failure(failure)
        } catch {
            return .failure(
                name, "\(shown): \(error)", advice: "Look at the URL, and at callbacks.trustRoots.")
        }
    }

    private func tls(for url: CallbackURL) throws -> NetworkProbe.TLS? {
        guard url.scheme == .https else { return nil }
        var configuration = TLSConfiguration.makeClientConfiguration()
        if let file = callbacks.trustRoots {
            configuration.additionalTrustRoots = [.certificates(try NIOSSLCertificate.fromPEMFile(file))]
        }
        return NetworkProbe.TLS(
            configuration: configuration, serverName: url.literalAddress == nil ? url.host : nil)
    }

    private func failure(_ failure: NetworkProbe.Failure) -> DoctorCheck {
        switch failure {
        case .name(let reason):
            .failure(name, "\(shown): \(reason)", advice: "Tell its owner, or look at this machine's name service.")
        case .connection(let reason):
            .failure(
                name, "\(shown): \(reason)",
                advice: "Tell its owner. Deliveries wait: they are tried again for 48 hours.")
        case .tls(let reason):
            .failure(
                name, "\(shown): \(reason)",
                advice: "Tell its owner to repair the certificate, or add its root to callbacks.trustRoots.")
        }
    }
}
