// SPDX-License-Identifier: Apache-2.0
// The Admin API: its addresses and the handlers behind them.

internal import Hummingbird
internal import Messaging
internal import NumberInfo

struct AdminRoutes {
    let engine: MessagingEngine
    let options: APIOptions
    let numbers: NumberDesk?

    /// `authentication` lets keys with the scopes `admin` and `reseller` pass.
    func add(to router: Router<APIRequestContext>, authentication: APIKeyAuthentication) {
        let surface = AdminSurface(engine: engine, options: options)
        let group = router.group("admin/v1").add(middleware: authentication)
        addConfiguration(to: group, surface)
        addObservation(to: group, surface)
    }

    private func addConfiguration(to group: RouterGroup<APIRequestContext>, _ surface: AdminSurface) {
        AdminCompanies(surface: surface).add(to: group)
        AdminBalances(surface: surface).add(to: group)
        AdminKeys(surface: surface).add(to: group)
        AdminChannels(surface: surface).add(to: group)
        AdminConnectors(surface: surface).add(to: group)
        AdminRouteTable(surface: surface).add(to: group)
        AdminPrices(surface: surface).add(to: group)
        AdminSMPPAccounts(surface: surface).add(to: group)
        AdminContacts(surface: surface).add(to: group)
        AdminReload(surface: surface).add(to: group)
        if let numbers { AdminNumbers(surface: surface, desk: numbers).add(to: group) }
    }

    private func addObservation(to group: RouterGroup<APIRequestContext>, _ surface: AdminSurface) {
        AdminStatus(surface: surface).add(to: group)
        AdminMessages(surface: surface).add(to: group)
        AdminDeliveries(surface: surface).add(to: group)
        AdminWebhooks(surface: surface).add(to: group)
        AdminCarriers(surface: surface).add(to: group)
        AdminAudit(surface: surface).add(to: group)
        AdminVerification(surface: surface).add(to: group)
    }
}
