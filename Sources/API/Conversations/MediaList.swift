// SPDX-License-Identifier: Apache-2.0
// GET /conversations/v3/media: what the company has uploaded, the oldest first, page by page.

internal import Accounts
internal import Hummingbird
internal import Messaging
internal import Wire

struct ListMedia: Sendable {
    let library: MediaLibrary
    let access: AccountAccess
    let options: APIOptions

    @Sendable func handle(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try access.caller(context, scope: "media:read")
        var query = try AdminQuery(request)
        let page = PageNumber(&query)
        try query.check()
        let (media, total) = try await library.list(
            companyID: caller.companyID, offset: page.offset, limit: page.size)
        var writer = JSONWriter()
        writer.array { writer in
            for medium in media { medium.write(to: &writer) }
        }
        var response = Response(json: writer)
        for field in page.headers(total: total, url: options.mediaURL(for: request)) { response.headers.append(field) }
        return response
    }
}

extension Medium {
    /// `validity` is the instant at which it expires; a medium that does not expire has none.
    fileprivate func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("mediaId", id.description)
            writer.member("contentType", contentType)
            writer.member("validity", expiresAt.map { Timestamp.rfc3339($0) })
            writer.member("fileName", filename)
            writer.member("fileSize", size.map { Int64($0) })
        }
    }
}
