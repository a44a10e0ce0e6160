// SPDX-License-Identifier: Apache-2.0
// What the edges have to say about a change of the configuration, as the core's checks.

import Connectors
import Messaging
import Webhooks

extension ProvisioningChecks {
    /// The rules of this program: connectors that can be made, URLs that may be called, secrets that can sign.
    init(addressGuard: AddressGuard) {
        self.init(
            connector: { settings in
                do throws(ConnectorOptionError) {
                    try ConnectorRegistry.check(settings)
                    return nil
                } catch {
                    let field =
                        switch error.option {
                        case "kind", "password": error.option
                        default: "options.\(error.option)"
                        }
                    return .invalid(field: field, reason: error.reason)
                }
            },
            callbackRefusal: { addressGuard.refusal(of: $0) },
            isWebhookSecret: { $0.utf8.count >= 16 && WebhookSecret($0) != nil })
    }
}
