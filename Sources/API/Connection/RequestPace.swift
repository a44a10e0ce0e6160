// SPDX-License-Identifier: Apache-2.0
// How much more time than others a large request has.

internal import NIOHTTP1

enum RequestPace {
    /// A body of many megabytes may take so many times as long.
    private static let largeBodyFactor: Int64 = 20
    /// A table of ten million rows is taken no faster than the database writes them.
    private static let hugeBodyFactor: Int64 = 240

    /// How often a request has the usual time: a whole table or a medium has more, see `TableImport`, `AdminNumbers` and
    /// `UploadMedia`.
    static func factor(of head: HTTPRequestHead) -> Int64 {
        guard head.method == .POST || head.method == .PUT else { return 1 }
        let path = head.uri.pathText
        if path == "/admin/v1/ported-numbers/import" { return hugeBodyFactor }
        let isLarge =
            path.hasPrefix("/admin/v1/") ? path.hasSuffix("/import") : path == "/conversations/v3/media"
        return isLarge ? largeBodyFactor : 1
    }
}
