// SPDX-License-Identifier: Apache-2.0
// The key that encrypts stored secrets: given as text, or kept in a file that only its owner can read.

import Accounts
import Foundation
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
        let isMade = FileManager.default.createFile(
            atPath: path, contents: Data((Hex.encode(key) + "\n").utf8), attributes: [.posixPermissions: 0o600])
        guard isMade, let box = SecretBox(masterKey: key) else {
            throw ConfigurationError(file: path, line: nil, reason: "the master key cannot be written there")
        }
        return box
    }
}
