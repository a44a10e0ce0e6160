// SPDX-License-Identifier: Apache-2.0
// Who may bind, from where, how often; and whose sessions end.

import Accounts
import EngineTestSupport
import Messaging
import SMPP
import SQLTestSupport
import Testing
import Wire

@testable import CustomerSMPP

struct BindTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        var systemID = AccountNode.systemID
        var password = AccountNode.password
        var addresses: [String] = []
        var isEnabled = true
        let status: CommandStatus?

        var testDescription: String { name }
    }

    static let rows = [
        Row(name: "the right name and password", status: nil),
        Row(name: "a wrong password", password: "wrong", status: .invalidPassword),
        Row(name: "no password", password: "", status: .invalidPassword),
        Row(name: "an unknown name", systemID: "nobody", status: .invalidSystemID),
        Row(name: "an address of the list", addresses: ["10.0.0.0/8", "127.0.0.0/8"], status: nil),
        Row(name: "an address that is not on the list", addresses: ["10.0.0.0/8"], status: .bindFailed),
        Row(name: "an account that is switched off", isEnabled: false, status: .bindFailed),
    ]

    @Test(arguments: rows)
    func `a bind is taken or refused for its reason`(_ row: Row) async throws {
        var settings = SMPPAccountSettings()
        settings.addresses = row.addresses.compactMap { AddressRange($0) }
        try await AccountNode.run(.sqlite, settings: settings) { account in
            if !row.isEnabled { try await account.change(isEnabled: false) }
            let client = try account.client(password: row.password, systemID: row.systemID)
            if let status = row.status {
                let name = try #require(status.name)
                _ = try await client.heard.wait(for: "a refusal with \(name)") {
                    $0.lastError?.contains(name) == true
                }
                #expect(!client.heard.current.isUp)
            } else {
                try await client.waitUntilBound()
                #expect(account.server.sessions(accountID: account.accountID).map(\.mode) == ["transceiver"])
            }
            await client.close()
        }
    }

    @Test
    func `guessing locks the address out, even for the right password`() async throws {
        try await AccountNode.run(.sqlite) { account in
            let guesser = try account.client(password: "wrong")
            _ = try await guesser.heard.wait(for: "a lock") { $0.lastError?.contains("ESME_RBINDFAIL") == true }
            await guesser.close()
            let owner = try account.client()
            _ = try await owner.heard.wait(for: "a refusal") { $0.lastError?.contains("ESME_RBINDFAIL") == true }
            await owner.close()
            account.node.clock.advance(by: GuessGuard.window + 1)
            let client = try await account.boundClient()
            await client.close()
        }
    }

    @Test
    func `no more sessions than the account may have`() async throws {
        var settings = SMPPAccountSettings()
        settings.maximumBinds = 2
        try await AccountNode.run(.sqlite, settings: settings) { account in
            let first = try await account.boundClient(mode: .transmitter)
            let second = try await account.boundClient(mode: .receiver)
            let third = try account.client()
            _ = try await third.heard.wait(for: "a refusal") { $0.lastError?.contains("ESME_RBINDFAIL") == true }
            let states = account.server.sessions(accountID: account.accountID)
            #expect(states.map(\.mode) == ["transmitter", "receiver"])
            #expect(states.allSatisfy { $0.address == "127.0.0.1" && $0.boundAt == TestClock.start })
            await first.close()
            try await third.waitUntilBound()
            for client in [second, third] { await client.close() }
        }
    }

    enum Change: CaseIterable { case disabled, settings, removed, disconnected }

    @Test(arguments: Change.allCases)
    func `what is changed about an account ends its sessions`(_ change: Change) async throws {
        try await AccountNode.run(.sqlite) { account in
            let client = try await account.boundClient()
            let accountID = account.accountID
            switch change {
            case .disabled: try await account.change(isEnabled: false)
            case .settings: try await account.change { $0.window = 7 }
            case .removed:
                try await account.node.directory.provision(as: AccountNode.actor, now: TestClock.start) {
                    try $0.remove(smppAccountID: accountID)
                }
            case .disconnected: #expect(account.server.disconnect(accountID: accountID) == 1)
            }
            let isBack = change == .settings || change == .disconnected
            if isBack {
                _ = try await client.heard.wait(for: "the end and another bind") { $0.binds == 2 && $0.isUp }
            } else {
                _ = try await client.heard.wait(for: "the end") { !$0.isUp }
                _ = try await eventually("no session") { account.server.sessionCount == 0 ? true : nil }
            }
            await client.close()
        }
    }

    @Test
    func `the time of the last bind is kept, and is no change of the configuration`() async throws {
        try await AccountNode.run(.sqlite) { account in
            let version = account.node.directory.current.version
            let client = try await account.boundClient()
            _ = try await eventually("a noted bind") {
                try await account.node.directory.reload()
                return account.node.directory.current.smppAccounts[AccountNode.systemID]?.lastBoundAt
            }
            #expect(account.node.directory.current.version == version)
            #expect(client.heard.current.isUp && client.heard.current.binds == 1)
            await client.close()
        }
    }
}
