// SPDX-License-Identifier: Apache-2.0
// A medium as it is kept: what a customer uploaded for sending, or what came with an inbound message. Its bytes are
// chunks in the database, so that every node and every backup has them.

public import Accounts
public import Wire

public typealias MediaID = UUIDv7

public struct Medium: Sendable, Equatable {
    enum State: Int64 {
        /// On its way; nobody sees it.
        case arriving = 0
        case stored = 1
        /// The provider still has it; it is fetched when somebody asks for it.
        case remote = 2
    }

    public let id: MediaID
    public let companyID: CompanyID
    /// `application/octet-stream` where nobody said.
    public let contentType: String
    public let filename: String?
    /// Bytes; nil as long as only the provider knows.
    public let size: Int?
    public let createdAt: Milliseconds
    /// Nil for a medium that stays until it is deleted.
    public let expiresAt: Milliseconds?
    /// Whether it is gone once it was read to its end.
    public let isOneTime: Bool
    /// Whether it came with an inbound message.
    public let isInbound: Bool
    let state: State
    /// Whose chunks are its bytes.
    let contentID: MediaID
    let isUsed: Bool
    let connectorID: Int64?
    let source: ProviderMedia?
}

/// What may be kept, and for how long.
public struct MediaOptions: Sendable {
    /// Bytes of one uploaded medium.
    public var maximumSize = 100 * 1024 * 1024
    /// Bytes of one medium of an inbound message.
    public var maximumInboundSize = 200 * 1024 * 1024
    /// Bytes of uploads that a company may keep whose settings say nothing else.
    public var quota: Int64 = 1024 * 1024 * 1024
    /// How long an upload is kept that names no validity, ms.
    public var usualValidity: Milliseconds = 1440 * 60_000
    /// How long a one-time medium can still be handed to a provider after its first use, ms: a connector may have to try
    /// again.
    public var graceAfterUse: Milliseconds = 15 * 60_000

    public init() {}
}

/// Why an upload is not taken.
public enum MediaRefusal: Error, Sendable, Equatable {
    /// It has more than `limit` bytes.
    case tooLarge(limit: Int)
    /// The company keeps `usage` bytes, and with this one it would be more than `quota`.
    case quotaExceeded(quota: Int64, usage: Int64)
}

/// The medium went away while it was read or written.
public struct MediumGone: Error, Sendable {}

/// Texts that go into header fields later.
enum MediaText {
    static let unknownType = "application/octet-stream"

    /// A content type of visible ASCII; `application/octet-stream` for anything else.
    static func contentType(_ text: String?) -> String {
        guard let text, (1...255).contains(text.utf8.count), text.contains("/"),
            text.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
        else { return unknownType }
        return text
    }

    /// The last component of a path without control characters, at most 255 characters; nil when nothing is left.
    static func filename(_ text: String?) -> String? {
        // By scalars: a slash with a combining mark behind it is no character `/`.
        guard let last = text?.unicodeScalars.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last else {
            return nil
        }
        var name = String.UnicodeScalarView()
        for scalar in last.prefix(255) where scalar.value >= 0x20 && scalar.value != 0x7F { name.append(scalar) }
        return name.isEmpty ? nil : String(name)
    }
}
