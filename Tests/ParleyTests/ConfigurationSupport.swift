// SPDX-License-Identifier: Apache-2.0
// Configuration files as tests write them.

import Foundation
import Testing

@testable import Parley

func configuration(_ text: String, _ environment: [String: String] = [:]) throws -> Configuration {
    try Configuration(text: text, file: "parley.yaml", environment: environment)
}

/// The complaint about a file.
func complaint(_ text: String, _ environment: [String: String] = [:]) -> ConfigurationError? {
    #expect(throws: ConfigurationError.self) { try configuration(text, environment) }
}

/// The text of a file of this repository.
func repositoryFile(_ path: String) throws -> String {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    return try String(contentsOf: root.appending(path: path), encoding: .utf8)
}
