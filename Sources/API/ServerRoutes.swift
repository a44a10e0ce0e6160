// SPDX-License-Identifier: Apache-2.0
// What the server says about itself, without a key: whether it runs, whether it can take traffic, and its API document.

internal import Hummingbird
internal import Wire

struct ServerRoutes: Sendable {
    let readiness: @Sendable () async -> [ReadinessCheck]

    func add(to router: Router<APIRequestContext>) {
        router.get("health") { _, _ in
            var writer = JSONWriter(capacity: 32)
            writer.object { $0.member("status", "ok") }
            return Response(json: writer)
        }
        router.get("ready") { _, _ in Self.answer(await readiness()) }
        for (name, document) in OpenAPIDocument.all {
            router.get(RouterPath("openapi/\(name).yaml")) { _, _ in Response(yaml: document) }
        }
    }

    private static func answer(_ checks: [ReadinessCheck]) -> Response {
        let isReady = checks.allSatisfy { $0.problem == nil }
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("status", isReady ? "ready" : "not ready")
            writer.member(
                "checks",
                array: { writer in
                    for check in checks {
                        writer.object { writer in
                            writer.member("name", check.name)
                            writer.member("ok", check.problem == nil)
                            writer.member("problem", check.problem)
                        }
                    }
                })
        }
        return Response(status: isReady ? .ok : .serviceUnavailable, json: writer)
    }
}

/// The API documents, embedded in the program.
enum OpenAPIDocument {
    /// By the name of their file in `openapi/`, without its ending.
    static let all: KeyValuePairs<String, ByteBuffer> = [
        "2fa": ByteBuffer(bytes: PackageResources.two_factor_yaml),
        "admin": ByteBuffer(bytes: PackageResources.admin_yaml),
        "chat": ByteBuffer(bytes: PackageResources.chat_yaml),
        "conversations": ByteBuffer(bytes: PackageResources.conversations_yaml),
        "nis": ByteBuffer(bytes: PackageResources.nis_yaml),
        "sms": ByteBuffer(bytes: PackageResources.sms_yaml),
    ]
}

extension Response {
    fileprivate init(yaml document: ByteBuffer) {
        self.init(
            status: .ok, headers: [.contentType: "application/yaml; charset=utf-8"],
            body: ResponseBody(byteBuffer: document))
    }
}
