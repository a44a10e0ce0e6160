// SPDX-License-Identifier: Apache-2.0
// Pages of a list by number: which one a request wants, and the `Link` (RFC 8288) and `x-` header fields that lead on
// from it.

internal import HTTPTypes
internal import Hummingbird

/// The page that a request wants.
struct PageNumber {
    static let sizes = 1...100
    static let usualSize = 50
    private static let pages = 1...1_000_000

    /// From 1.
    let page: Int
    let size: Int

    /// Reads `page` and `size`.
    init(_ query: inout AdminQuery) {
        page = query.integer("page", in: Self.pages) ?? 1
        size = query.integer("size", in: Self.sizes) ?? Self.usualSize
    }

    var offset: Int { (page - 1) * size }

    /// The items of the page.
    func slice<Item>(_ items: [Item]) -> [Item] { Array(items.dropFirst(offset).prefix(size)) }

    /// The header fields of an answer with this page of `total` items; `url` is the list's, without a query.
    func headers(total: Int, url: String) -> HTTPFields {
        let pages = (total + size - 1) / size
        var links = [("first", 1), ("current", page), ("last", max(pages, 1))]
        if page > 1 {
            let previous = min(page - 1, max(pages, 1))
            links += [("previous", previous), ("prev", previous)]
        }
        if page < pages { links.append(("next", page + 1)) }
        let link = links.map { "<\(url)?page=\($0.1)&size=\(size)>; rel=\"\($0.0)\"" }.joined(separator: ", ")
        return [
            .link: link, .totalPages: String(pages), .totalItems: String(total), .pageSize: String(size),
            .currentPage: String(page),
        ]
    }
}

extension HTTPField.Name {
    static let link = listed("link")
    static let totalPages = listed("x-total-pages")
    static let totalItems = listed("x-total-items")
    static let pageSize = listed("x-page-size")
    static let currentPage = listed("x-current-page")

    private static func listed(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else { preconditionFailure("not a header field name: \(name)") }
        return name
    }
}
