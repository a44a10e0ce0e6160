// SPDX-License-Identifier: Apache-2.0
// Media as connectors see them: bytes of ours by their id, bytes of a customer's URL that needs the customer's
// credentials.

public import Accounts

/// A medium that can be read from its beginning.
public protocol ReadableMedia: Sendable {
    var contentType: String { get }
    var filename: String? { get }
    /// Bytes; nil when that is not known before the end.
    var size: Int? { get }
    /// The next piece; nil after the last.
    func next() async throws -> [UInt8]?
}

public protocol MediaAccess: Sendable {
    /// One of the company's media; nil when there is none of the id, or not any more.
    func open(_ mediaID: String, companyID: CompanyID) async throws -> (any ReadableMedia)?
    /// The medium at a URL of the company's, fetched with its credentials; nil when it has none, so that the provider may
    /// fetch it itself. Throws `MediaFetchError`.
    func fetch(_ url: String, companyID: CompanyID) async throws -> (any ReadableMedia)?
}
