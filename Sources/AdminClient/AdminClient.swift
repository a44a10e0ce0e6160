// SPDX-License-Identifier: Apache-2.0
// What the composition root takes from here: the commands that speak to a running server's Admin API, in the groups in
// which `parley --help` lists them, and one hook through which they can read a configuration file.

public import ArgumentParser
import Synchronization

public enum AdminClient {
    /// Reads where a configuration file's server listens, and a key with the scope `admin`; throws what is wrong with
    /// it, as one line.
    public typealias ConfigurationLookup = @Sendable (_ file: String) throws -> (server: String, key: String)

    private static let lookup = Mutex<ConfigurationLookup?>(nil)

    /// How a configuration file is read; the composition root sets it before it parses the command line. Without it
    /// commands know only what their options and the environment say.
    public static var configurationLookup: ConfigurationLookup? {
        get { lookup.withLock { $0 } }
        set { lookup.withLock { $0 = newValue } }
    }

    /// Commands that create, change and remove what a server works with.
    public static var configure: [any ParsableCommand.Type] {
        [
            CompaniesCommand.self, KeysCommand.self, ChannelsCommand.self, ConnectorsCommand.self, RoutesCommand.self,
            PricesCommand.self, NumbersCommand.self, SMPPAccountsCommand.self, ContactsCommand.self,
            BalanceCommand.self,
            ReloadCommand.self,
        ]
    }

    /// Commands that show what goes on.
    public static var watch: [any ParsableCommand.Type] {
        [StatusCommand.self, MessagesCommand.self, WebhooksCommand.self, AuditCommand.self]
    }

    /// Commands for what went wrong.
    public static var repair: [any ParsableCommand.Type] {
        [DeliveriesCommand.self, ReceiptsCommand.self, GuardCommand.self]
    }
}
