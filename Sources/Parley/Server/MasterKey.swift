// SPDX-License-Identifier: Apache-2.0
// The key that encrypts stored secrets: given as text, or kept in a file that only its owner can read.

import Accounts
import Foundation
import SQL
import Wire

enum MasterKey {
    static func secretBox(_ source: Configuration.MasterKeySource) throws -> SecretBox {
        switch source {
        case .text(let text):
            guard let box = Hex.decode(text).flatMap({ SecretBox(masterKey: $0) }) else {
                throw ConfigurationError(file: "masterKey", line: nil, reason: "must be 64 hexadecimal digits")
            }
            return box
        case .file(let path): return try secretBox(file: path)
        }
    }

    private static func secretBox(file path: String) throws -> SecretBox {
        if let data = FileManager.default.contents(atPath: path) {
            let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            guard let box = Hex.decode(text).flatMap({ SecretBox(masterKey: $0) }) else {
                throw ConfigurationError(file: path, line: nil, reason: "does not hold 64 hexadecimal digits")
            }
            return box
        }
        let key = SecretBox.generateMasterKey()
        guard write(Hex.encode(key) + "\n", toNew: path), let box = SecretBox(masterKey: key) else {
            throw ConfigurationError(file: path, line: nil, reason: "the master key cannot be read or written there")
        }
        return box
    }

    /// Never replaces a file, not even one that could not be read: a master key that is gone is gone.
    private static func write(_ text: String, toNew path: String) -> Bool {
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { return false }
        let handle = FileHandle(fileDescriptor: file, closeOnDealloc: true)
        do {
            try handle.write(contentsOf: Data(text.utf8))
            try handle.synchronize()
            return true
        } catch {
            unlink(path)
            return false
        }
    }

    /// Refuses a key other than the one with which the database's secrets were sealed; the first one is noted.
    static func check(_ secrets: SecretBox, in transaction: Transaction) throws {
        let (setting, purpose) = ("master_key_check", "master-key-check")
        let sealed = try transaction.queryOne("SELECT value FROM settings WHERE name = $1", [.text(setting)])
        if let sealed = try sealed?.text("value") {
            guard (try? secrets.open(sealed, purpose: purpose)) == setting else {
                throw ConfigurationError(
                    file: "masterKey", line: nil,
                    reason: "is not the key with which the secrets in this database were encrypted")
            }
            return
        }
        try transaction.execute(
            "INSERT INTO settings (name, value) VALUES ($1, $2)",
            [.text(setting), .text(try secrets.seal(setting, purpose: purpose))])
    }
}
