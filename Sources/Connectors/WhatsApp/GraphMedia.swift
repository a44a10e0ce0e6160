// SPDX-License-Identifier: Apache-2.0
// Where a medium of a message is, in our words and in those of the Graph API.

internal import Messaging
internal import Wire

/// What a message's medium is named by.
enum MediaSource: Hashable, Sendable {
    /// The id of one of ours.
    case own(String)
    case url(String)

    /// Nil for a medium that says neither.
    init?(_ body: MediaBody) {
        if let id = body.mediaId {
            self = .own(id)
        } else if let url = body.url {
            self = .url(url)
        } else {
            return nil
        }
    }
}

/// What WhatsApp is told of a medium.
enum GraphMedia: Equatable, Sendable {
    /// WhatsApp fetches it itself.
    case link(String)
    /// It was uploaded.
    case id(String)

    func write(to writer: inout JSONWriter) {
        switch self {
        case .link(let url): writer.member("link", url)
        case .id(let id): writer.member("id", id)
        }
    }
}

extension RichBody {
    /// The media in what is sent, wherever they stand.
    var mediaBodies: [MediaBody] {
        switch self {
        case .image(let body), .document(let body), .video(let body), .audio(let body), .sticker(let body): [body]
        case .template(let template):
            (template.components?.header ?? []).compactMap(\.media)
                + (template.components?.carousel ?? []).flatMap { $0.header.compactMap(\.media) }
        case .interactive(let body): [body.header?.media].compactMap { $0 }
        default: []
        }
    }
}

extension TemplateParameter {
    var media: MediaBody? {
        switch self {
        case .image(let body), .video(let body), .document(let body): body
        case .text, .location: nil
        }
    }
}

/// Why a message cannot be put into the provider's form.
struct GraphRefusal: Error, Equatable {
    let code: Int64
    let reason: String

    var outcome: SendOutcome { .rejected(code: GraphError.code(code), reason: reason) }

    static func unsupported(_ contentType: String) -> GraphRefusal {
        GraphRefusal(code: 131051, reason: "\(contentType) is not for WhatsApp")
    }
    static let noMedium = GraphRefusal(code: 131008, reason: "a medium needs a URL or an id")
}
