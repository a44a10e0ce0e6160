// SPDX-License-Identifier: Apache-2.0
// Which server a command speaks to, and with whose key: options first, then the environment, then a configuration file.
// A file's key goes only to the file's own server, unless the file was named.

import ArgumentParser
import Foundation
import Wire

/// The options that every command has.
struct ConnectionOptions: ParsableArguments {
    @Flag(help: "Print the API's JSON instead of a table.") var json = false
    @Option(help: ArgumentHelp("The server; else PARLEY_SERVER, else the configuration file.", valueName: "url"))
    var server: String?
    @Option(help: ArgumentHelp("The key; better in PARLEY_KEY, which no list of processes shows.", valueName: "key"))
    var key: String?
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The configuration file that names both; ./parley.yaml if there is one.", valueName: "file"))
    var config: String?
    @Option(help: ArgumentHelp("A PEM file with the server's certificate authority.", valueName: "file"))
    var ca: String?

    private static let usualFile = "parley.yaml"

    /// The server's address without a slash at the end, and the key.
    func resolved(_ terminal: Terminal) throws(Failure) -> (server: String, key: String) {
        var server = server ?? terminal.environment("PARLEY_SERVER")
        var key = key ?? terminal.environment("PARLEY_KEY")
        if server == nil || (key == nil && config != nil), let found = try fromFile() {
            if key == nil { key = found.key }
            if server == nil { server = found.server }
        }
        guard let server else {
            throw Failure(
                "which server? Set PARLEY_SERVER and PARLEY_KEY, or give --server, or --config with its file", .usage)
        }
        guard let key else { throw Failure("which key? Set PARLEY_KEY, or give --key", .usage) }
        guard key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw Failure("the key has characters that no key has", .usage)
        }
        return (try address(server), key)
    }

    private func fromFile() throws(Failure) -> (server: String, key: String)? {
        let file = config ?? Self.usualFile
        guard let lookup = AdminClient.configurationLookup else { return nil }
        guard config != nil || FileManager.default.fileExists(atPath: file) else { return nil }
        do {
            return try lookup(file)
        } catch {
            throw Failure("\(error)", .usage)
        }
    }

    private func address(_ text: String) throws(Failure) -> String {
        guard let url = URL(string: text), ["http", "https"].contains(url.scheme?.lowercased() ?? ""),
            url.host?.isEmpty == false, url.query == nil, url.fragment == nil
        else { throw Failure("\(text) is no server's address, such as https://sms.example.com", .usage) }
        var address = text
        while address.hasSuffix("/") { address.removeLast() }
        return address
    }
}
