// SPDX-License-Identifier: Apache-2.0
// POST /conversations/v3/media: keeps a medium of any type for messages to name. It is written as it arrives and answered
// once it is on disk; an upload that breaks off leaves nothing.

internal import Accounts
internal import Hummingbird
internal import Messaging
internal import NIOCore
internal import Wire

struct UploadMedia: Sendable {
    /// Minutes: ten years. 0 is for as long as nobody deletes it.
    private static let validities = 0...5_256_000

    let library: MediaLibrary
    let access: AccountAccess
    let options: APIOptions

    @Sendable func handle(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try access.caller(context, scope: "media:write")
        var query = try AdminQuery(request)
        let validity = query.integer("validity", in: Self.validities)
        let filename = query.storedText("filename", maximumLength: 255)
        let isOneTime = query.flag("oneTime") ?? false
        try query.check()
        let announced = request.headers[.contentLength].flatMap { Int($0) }
        do {
            let upload = try await library.beginUpload(
                companyID: caller.companyID, contentType: request.headers[.contentType], filename: filename,
                validity: validity.map { Milliseconds($0) * 60_000 }, isOneTime: isOneTime, announcedSize: announced)
            let result = try await receive(request, announced: announced, into: upload)
            return answer(result, request)
        } catch let refusal as MediaRefusal {
            throw Problem(refusal)
        } catch is MediumGone {
            throw Problem.tooSlow
        }
    }

    private func receive(
        _ request: Request, announced: Int?, into upload: MediaUpload
    ) async throws -> MediaUpload.Result {
        do {
            try await Self.copy(request.body, to: upload)
            guard upload.size > 0 else {
                throw Problem.violations([Violation(field: "body", message: "must not be empty")])
            }
            if let announced, upload.size < announced { throw RequestParameters.truncated }
            return try await upload.finish()
        } catch {
            await upload.cancel()
            throw error
        }
    }

    /// What went wrong on our side of the copying.
    private struct StoreFailure: Error {
        let cause: any Error
    }

    /// Copies the body; an error of the connection is the client's doing, not the server's.
    private static func copy(_ body: RequestBody, to upload: MediaUpload) async throws {
        do {
            for try await buffer in body {
                do {
                    try await upload.write(Array(buffer.readableBytesView))
                } catch {
                    throw StoreFailure(cause: error)
                }
            }
        } catch let failure as StoreFailure {
            throw failure.cause
        } catch is RequestTooSlow {
            throw Problem.tooSlow
        } catch {
            throw RequestParameters.truncated
        }
    }

    private func answer(_ result: MediaUpload.Result, _ request: Request) -> Response {
        var writer = JSONWriter(capacity: 256)
        writer.object { writer in
            writer.member("mediaId", result.id.description)
            writer.member("url", "\(options.mediaURL(for: request))/\(result.id)")
            writer.member("quota", result.quota)
            writer.member("usage", result.usage)
        }
        return Response(json: writer)
    }
}

extension APIOptions {
    /// Where the media are, as links to them begin.
    func mediaURL(for request: Request) -> String { "\(baseURL(for: request) ?? "")/\(ConversationsRoutes.root)/media" }
}
