// SPDX-License-Identifier: Apache-2.0
// What options of connectors ask the machine: whether a file is there, and whether a text is an address.

internal import Glibc

enum PosixFile {
    static func isReadable(_ path: String) -> Bool { access(path, R_OK) == 0 }

    /// Where a program is; nil when it is nowhere. Names without a slash are looked for along the path.
    static func executable(_ name: String) -> String? {
        if name.contains("/") { return access(name, X_OK) == 0 ? name : nil }
        let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin"
        return path.split(separator: ":").lazy.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }

    /// Whether it is an IPv4 or an IPv6 address.
    static func isAddress(_ text: String) -> Bool {
        var address = in6_addr()
        return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1
    }
}
