// SPDX-License-Identifier: Apache-2.0
// Channels, and what companies set for them and for themselves. Where events go is the company's own to say, also for a
// channel that the configuration file declares: what the file leaves open it keeps.

public import Accounts
internal import SQL
internal import Wire

/// What is known of a channel beside its address.
public struct ChannelDetails: Sendable, Equatable {
    /// What people call it.
    public var name: String?
    /// The connector through which it sends; none for kinds that are routed.
    public var connectorID: Int64?
    /// A callback of nil is the one that is there.
    public var settings: ChannelSettings

    public init(name: String? = nil, connectorID: Int64? = nil, settings: ChannelSettings = ChannelSettings()) {
        self.name = name
        self.connectorID = connectorID
        self.settings = settings
    }
}

extension Provisioner {
    // MARK: Channels

    public func channels() throws -> [MessagingChannel] { try routing.channels() }

    public func channel(_ id: Int64) throws -> MessagingChannel {
        guard let channel = try channels().first(where: { $0.id == id }) else {
            throw ProvisioningError.notFound(.channel)
        }
        return channel
    }

    public func createChannel(
        companyID: CompanyID, address: ChannelAddress, inbound: Reporting?, details: ChannelDetails = ChannelDetails()
    ) throws -> MessagingChannel {
        let draft = channel(0, companyID, address, inbound, details)
        try check(draft)
        let id = try routing.insert(draft)
        try note(.created, .channel, id: String(id), name: draft.title, companyID: companyID, to: draft.audited)
        return try channel(id)
    }

    /// Changes a channel; without `details` those that it has stay. A channel that goes to another company leaves its
    /// callback behind.
    public func change(
        channelID id: Int64, companyID: CompanyID, address: ChannelAddress, inbound: Reporting?,
        details: ChannelDetails? = nil
    ) throws -> MessagingChannel {
        let before = try channel(id)
        try checkOwner(before.origin, .channel, name: before.title)
        var details =
            details
            ?? ChannelDetails(
                name: before.name, connectorID: before.connectorID,
                settings: before.settings.without { $0.callback = nil })
        if details.settings.callback == nil, companyID == before.companyID {
            details.settings.callback = before.settings.callback
        }
        let after = channel(id, companyID, address, inbound, details)
        guard after != before else { return before }
        try check(after)
        try routing.update(after)
        try note(
            .changed, .channel, id: String(id), name: after.title, companyID: companyID, from: before.audited,
            to: after.audited)
        return after
    }

    public func remove(channelID id: Int64) throws {
        let before = try channel(id)
        try checkOwner(before.origin, .channel, name: before.title)
        try routing.removeChannel(id)
        try note(
            .removed, .channel, id: String(id), name: before.title, companyID: before.companyID, from: before.audited)
    }

    private func channel(
        _ id: Int64, _ companyID: CompanyID, _ address: ChannelAddress, _ inbound: Reporting?, _ details: ChannelDetails
    ) -> MessagingChannel {
        var channel = MessagingChannel(
            id: id, companyID: companyID, kind: address.kind, address: address.address, inbound: inbound,
            origin: actor.origin)
        channel.name = details.name
        channel.connectorID = details.connectorID
        channel.settings = details.settings
        return channel
    }

    private func check(_ channel: MessagingChannel) throws {
        _ = try openCompany(channel.companyID)
        try Self.check(ChannelAddress(kind: channel.kind, address: channel.address))
        if let url = channel.inbound?.url {
            guard channel.kind == .sms else {
                throw ProvisioningError.invalid(field: "inboundUrl", reason: "is for channels of the kind sms")
            }
            if let reason = checks.callbackRefusal(url) {
                throw ProvisioningError.invalid(field: "inboundUrl", reason: reason)
            }
        }
        if let name = channel.name { try Self.checkName(name, limit: 256) }
        try checkConnector(of: channel)
        try Self.check(channel.settings, of: channel.kind)
        if let callback = channel.settings.callback { try check(callback, path: "callback.") }
        let other = try channels().first {
            $0.kind == channel.kind && $0.address == channel.address && $0.id != channel.id
        }
        guard other == nil else {
            let noun = channel.kind == .sms ? "number" : "address"
            throw ProvisioningError.conflict("the \(noun) \(channel.address) belongs to a channel already")
        }
    }

    private func checkConnector(of channel: MessagingChannel) throws {
        guard let id = channel.connectorID else { return }
        guard !channel.kind.isRouted else {
            throw ProvisioningError.invalid(field: "connector", reason: "has no place here: routes choose it")
        }
        guard let connector = try connectors().first(where: { $0.id == id }), connector.kind != "smpp" else {
            throw ProvisioningError.invalid(
                field: "connector", reason: "must be a connector for \(channel.kind.rawValue)")
        }
    }

    // MARK: What companies set

    /// What a company has set for itself.
    public func settings(ofCompany id: CompanyID) throws -> CompanySettings {
        try routing.companySettings()[id] ?? CompanySettings()
    }

    /// Changes what a company has set for itself. Whoever else changes something waits.
    public func changeSettings(ofCompany id: CompanyID, _ change: (inout CompanySettings) -> Void) throws {
        try lock()
        var settings = try settings(ofCompany: id)
        change(&settings)
        try setSettings(settings, ofCompany: id)
    }

    /// Makes others who change the configuration wait, so that what is read now is still true when it is written.
    private func lock() throws {
        try transaction.execute("UPDATE settings SET value = value WHERE name = 'directory_version'")
    }

    /// Replaces what a company has set for itself.
    public func setSettings(_ settings: CompanySettings, ofCompany id: CompanyID) throws {
        let company = try openCompany(id)
        let before = try self.settings(ofCompany: id)
        guard settings != before else { return }
        if let callback = settings.callback { try check(callback, path: "callback.") }
        if let callback = settings.chatCallback { try check(callback, path: "chatCallback.") }
        try Self.check(settings.scopes, among: CompanySettings.allScopes)
        if let quota = settings.mediaQuota, quota < 0 {
            throw ProvisioningError.invalid(field: "mediaQuota", reason: "must not be negative")
        }
        if case .oauth2(_, _, let url)? = settings.mediaCredentials, let reason = checks.callbackRefusal(url) {
            throw ProvisioningError.invalid(field: "mediaCredentials.oauth2.url", reason: reason)
        }
        try routing.store(settings, of: id)
        try note(
            .changed, .company, id: String(id), name: company.name, companyID: id, from: before.audited,
            to: settings.audited, hidden: settings.changedSecrets(from: before))
    }

    /// Replaces where a channel's events go. Whoever declares the channel.
    public func setCallback(_ callback: CallbackSettings?, ofChannel id: Int64) throws -> MessagingChannel {
        try lock()
        let before = try channel(id)
        var after = before
        after.settings.callback = callback
        guard after != before else { return before }
        if let callback { try check(callback, path: "") }
        try routing.update(after)
        try note(
            .changed, .channel, id: String(id), name: after.title, companyID: after.companyID, from: before.audited,
            to: after.audited)
        return after
    }

    private func check(_ callback: CallbackSettings, path: String) throws(ProvisioningError) {
        try callback.check(path: path)
        for (field, url) in [
            ("inboundMessageUrl", callback.inboundMessageUrl), ("messageStatusUrl", callback.messageStatusUrl),
        ] {
            if let url, let reason = checks.callbackRefusal(url) {
                throw .invalid(field: path + field, reason: reason)
            }
        }
    }
}

extension ChannelSettings {
    fileprivate func without(_ change: (inout ChannelSettings) -> Void) -> ChannelSettings {
        var copy = self
        change(&copy)
        return copy
    }
}
