// SPDX-License-Identifier: Apache-2.0
// GET and DELETE /conversations/v3/media/{mediaId}: an uploaded medium, or one that came with an inbound message and is
// fetched from its provider when it is first asked for.

internal import Accounts
internal import HTTPTypes
internal import Hummingbird
internal import Messaging
internal import NIOCore
internal import Wire

struct OneMedium: Sendable {
    let library: MediaLibrary
    let access: AccountAccess

    @Sendable func download(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try access.caller(context, scope: "media:read")
        return try await Response.medium(
            context.parameters.get("mediaId") ?? "", in: library, companyID: caller.companyID)
    }

    @Sendable func delete(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try access.caller(context, scope: "media:write")
        let id = context.parameters.get("mediaId") ?? ""
        guard try await library.delete(id, companyID: caller.companyID) else { throw Problem.unknownMedium }
        return Response(status: .noContent)
    }
}

extension Response {
    /// A company's medium, streamed. Throws 404, and 502 when its provider does not hand it out.
    static func medium(_ id: String, in library: MediaLibrary, companyID: CompanyID) async throws -> Response {
        do {
            guard let medium = try await library.download(id, companyID: companyID) else { throw Problem.unknownMedium }
            // The first piece before the head: what cannot be read at all is still told as a problem.
            let first = try await medium.next()
            return Response(
                status: .ok, headers: headers(of: medium),
                body: ResponseBody(contentLength: medium.size) { writer in
                    var piece = first
                    while let bytes = piece {
                        try await writer.write(ByteBuffer(bytes: bytes))
                        piece = try await medium.next()
                    }
                    try await writer.finish(nil)
                })
        } catch let error as MediaFetchError {
            guard !error.isGone else { throw Problem.unknownMedium }
            throw Problem(.badGateway, detail: "The medium cannot be fetched from its provider: \(error.reason).")
        } catch is MediumGone {
            throw Problem.unknownMedium
        }
    }

    /// A browser saves what strangers sent, and never takes it for a page of ours.
    private static func headers(of medium: any ReadableMedia) -> HTTPFields {
        var headers: HTTPFields = [
            .contentType: medium.contentType, .contentDisposition: disposition(medium.filename),
            .cacheControl: "private, no-store",
        ]
        headers[.xContentTypeOptions] = "nosniff"
        return headers
    }

    /// RFC 6266: the name in ASCII, and in UTF-8 where it is not.
    static func disposition(_ filename: String?) -> String {
        guard let filename else { return "attachment" }
        let plain = String(
            String.UnicodeScalarView(
                filename.unicodeScalars.map { scalar in
                    (0x20...0x7E).contains(scalar.value) && scalar != "\"" && scalar != "\\" && scalar != "%"
                        ? scalar : "_"
                }))
        guard plain != filename else { return "attachment; filename=\"\(plain)\"" }
        var extended = ""
        for byte in filename.utf8 {
            let isPlain =
                (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) || "-._~".utf8.contains(byte)
            extended += isPlain ? String(UnicodeScalar(byte)) : "%" + Hex.encode([byte]).uppercased()
        }
        return "attachment; filename=\"\(plain)\"; filename*=UTF-8''\(extended)"
    }
}
