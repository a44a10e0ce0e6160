// SPDX-License-Identifier: Apache-2.0
// Configurations in the Conversations API v3: its addresses and the handlers behind them. Every channel kind has the same
// three operations under a path of its own.

internal import Accounts
internal import Hummingbird
internal import Messaging
internal import SQL
internal import Wire

struct ConversationsConfigurationRoutes {
    let directory: DirectoryCache
    let options: APIOptions
    let clock: @Sendable () -> Milliseconds

    func add(to router: Router<APIRequestContext>, authentication: APIKeyAuthentication) {
        let surface = ConfigurationSurface(directory: directory, options: options, clock: clock)
        let account = AccountConfiguration(surface: surface)
        let group = router.group("\(ConversationsRoutes.root)/configurations").add(middleware: authentication)
            .get(use: account.show)
            .put("callbacks", use: account.putCallback)
            .put("mediaCredentials", use: account.putCredentials)
            .delete("mediaCredentials", use: account.removeCredentials)
            .get("channels", use: ChannelConfigurations(surface: surface, kinds: ConfiguredKind.all).list)
        for kind in ConfiguredKind.all {
            let channels = ChannelConfigurations(surface: surface, kinds: [kind])
            let one = "channels/\(kind.kind.rawValue)/\(kind.collection)/:address"
            group.get("channels/\(kind.kind.rawValue)", use: channels.list)
                .get("\(one)", use: channels.show)
                .put("\(one)/callbacks", use: channels.putCallback)
        }
    }
}

/// A kind of channel that has a configuration here.
struct ConfiguredKind: Sendable {
    let kind: ChannelKind
    /// What its channels are called by.
    let collection: String
    let idMember: StaticString
    let noun: String

    static let all = [
        phone(.sms), phone(.mms),
        ConfiguredKind(kind: .viber, collection: "service-ids", idMember: "serviceId", noun: "Viber service id"),
        phone(.whatsapp),
    ]

    private static func phone(_ kind: ChannelKind) -> ConfiguredKind {
        ConfiguredKind(kind: kind, collection: "phone-numbers", idMember: "phoneNumber", noun: "phone number")
    }
}

/// What the handlers share.
struct ConfigurationSurface: Sendable {
    let directory: DirectoryCache
    let options: APIOptions
    let clock: @Sendable () -> Milliseconds

    var access: AccountAccess { AccountAccess(directory: directory) }

    /// Changes the configuration as the owner of the request's key; this node acts on it at once.
    func change(
        _ context: APIRequestContext, _ body: @escaping @Sendable (Provisioner) throws -> Void
    ) async throws {
        let key = try context.callerKey()
        let actor = Actor(
            name: "key:\(key.name)", origin: .admin, address: context.clientAddress.map { "\($0)" },
            requestID: context.trace.requestID)
        do {
            try await directory.provision(as: actor, checks: options.admin.checks, now: clock(), body)
        } catch let error as ProvisioningError {
            throw Problem(error)
        } catch DatabaseError.commitUnknown(_) {
            throw Problem.unknownChange
        }
    }
}
