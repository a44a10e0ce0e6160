// SPDX-License-Identifier: Apache-2.0
// The routes of the simulated Graph API: messages, media, and what a number says of itself.

internal import NIOCore
internal import NIOHTTP1
internal import Synchronization
internal import Wire

extension GraphSimulator {
    typealias Respond = @Sendable (LoopbackReply) -> Void

    func handle(_ request: LoopbackRequest, _ respond: @escaping Respond) {
        state.withLock { $0.counters.requests += 1 }
        guard request.bearerToken == configuration.accessToken else { return refuse(.unauthorized, respond) }
        var path = request.path
        if let version = path.first, version.hasPrefix("v"), Double(version.dropFirst()) != nil { path.removeFirst() }
        switch (request.method, path.count, path.first, path.dropFirst().first) {
        case (.POST, 2, let id?, "messages"?):
            guard let webhooks = find(id) else { return refuse(.unknownObject(id), respond) }
            post(request, webhooks, respond)
        case (.POST, 2, let id?, "media"?):
            guard find(id) != nil else { return refuse(.unknownObject(id), respond) }
            upload(request, phoneNumberID: id, respond)
        case (.GET, 2, "media-bytes"?, let id?): download(id, respond)
        case (.GET, 1, let id?, nil): describe(id, respond)
        case (.DELETE, 1, let id?, nil):
            guard state.withLock({ $0.media.remove(id) }) else { return refuse(.unknownObject(id), respond) }
            record(.deletion, id: id)
            respond(.respond(.json(.members(["success": .bool(true)]))))
        default: refuse(.unknownObject(path.first ?? ""), respond)
        }
    }

    func refuse(
        _ error: GraphError, phoneNumberID: String = "", recipient: String = "", json: JSONValue = .null,
        after delay: TimeAmount = .zero, _ respond: Respond
    ) {
        record(
            .refusal, phoneNumberID: phoneNumberID, recipient: recipient, json: json, detail: String(error.code))
        respond(
            .respond(error.answer(trace: "A\(UUIDv7.next(now: Timestamp.now()).description.prefix(18))"), after: delay))
    }

    // MARK: Media

    private func upload(_ request: LoopbackRequest, phoneNumberID: String, _ respond: @escaping Respond) {
        let contentType = request.headers.first(name: "Content-Type") ?? ""
        guard let parts = Multipart.parse(contentType: contentType, body: request.body) else {
            return refuse(.parameter("The request is no multipart/form-data"), respond)
        }
        func field(_ name: String) -> String? {
            parts.first { $0.name == name }.map { String(decoding: $0.body, as: UTF8.self) }
        }
        guard field("messaging_product") == "whatsapp" else {
            return refuse(.parameter("The parameter messaging_product is required."), respond)
        }
        guard let file = parts.first(where: { $0.name == "file" }) else {
            return refuse(.parameter("The parameter file is required."), respond)
        }
        let mimeType = file.contentType ?? field("type") ?? ""
        guard let limit = GraphMediaLimits.limit(of: mimeType) else {
            return refuse(
                .parameter("Param file must be a file with one of the supported types. Received '\(mimeType)'."),
                respond)
        }
        guard file.body.count <= limit, !file.body.isEmpty else {
            return refuse(
                GraphError(131053, "Media upload error", "The file has \(file.body.count) bytes; allowed: \(limit)"),
                respond)
        }
        let medium = state.withLock { $0.media.add(file.body, mimeType: mimeType, filename: file.filename) }
        record(.upload, id: medium.id, phoneNumberID: phoneNumberID, detail: mimeType)
        respond(.respond(.json(.members(["id": .string(medium.id)]))))
    }

    private func describe(_ id: String, _ respond: Respond) {
        if let number = find(id)?.number {
            return respond(
                .respond(
                    .json(
                        .members([
                            "id": .string(number.id), "display_phone_number": .string(number.number),
                            "verified_name": .string(number.verifiedName), "quality_rating": .string("GREEN"),
                        ]))))
        }
        guard let medium = state.withLock({ $0.media[id] }) else { return refuse(.unknownObject(id), respond) }
        respond(
            .respond(
                .json(
                    .members([
                        "messaging_product": .string("whatsapp"), "id": .string(id),
                        "url": .string("\(baseURL)/media-bytes/\(id)"), "mime_type": .string(medium.mimeType),
                        "sha256": .string(medium.sha256), "file_size": .integer(Int64(medium.bytes.count)),
                    ]))))
    }

    private func download(_ id: String, _ respond: Respond) {
        guard let medium = state.withLock({ $0.media[id] }) else {
            return respond(.respond(LoopbackResponse(.notFound)))
        }
        record(.download, id: id)
        respond(.respond(LoopbackResponse(.ok, contentType: medium.mimeType, body: medium.bytes)))
    }
}
