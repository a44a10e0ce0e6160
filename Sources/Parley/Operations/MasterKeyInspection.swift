// SPDX-License-Identifier: Apache-2.0
// Looks at the master key without making one: a check or a restore that met a missing key must say so, not replace it.

import Accounts
import Foundation
import SQL
import Wire

/// What there is of a master key.
enum MasterKeyState: Sendable {
    case usable(SecretBox)
    /// The file is not there.
    case missing(path: String)
    case unusable(String)

    init(_ source: Configuration.MasterKeySource) {
        if case .file(let path) = source, !FileManager.default.fileExists(atPath: path) {
            self = .missing(path: path)
            return
        }
        do {
            self = .usable(try MasterKey.secretBox(source))
        } catch {
            self = .unusable("\(error)")
        }
    }
}

extension MasterKey {
    /// Whether the database's secrets were sealed with the key; nil when the database has not met a key yet.
    static func fits(_ secrets: SecretBox, _ transaction: Transaction) throws -> Bool? {
        let row = try transaction.queryOne("SELECT value FROM settings WHERE name = 'master_key_check'")
        guard let sealed = try row?.text("value") else { return nil }
        return (try? secrets.open(sealed, purpose: "master-key-check")) == "master_key_check"
    }
}
