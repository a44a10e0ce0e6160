// SPDX-License-Identifier: Apache-2.0
// POST /admin/v1/reload: reads the configuration file again. What the file declares becomes so; a file with a mistake
// changes nothing and is answered with its complaint.

internal import Accounts
internal import Hummingbird
internal import Messaging
internal import Wire

struct AdminReload: Sendable {
    let surface: AdminSurface

    func add(to group: RouterGroup<APIRequestContext>) { group.post("reload", use: handle) }

    @Sendable private func handle(_ request: Request, context: APIRequestContext) async throws -> Response {
        _ = try surface.operatorCaller(context)
        let changes: [Provisioner.Change]
        do {
            changes = try await surface.options.admin.reload()
        } catch let refusal as ReloadRefusal {
            throw Problem(.unprocessableContent, detail: refusal.complaint)
        } catch let error as ProvisioningError {
            throw Problem(.unprocessableContent, detail: error.description)
        }
        try await surface.directory.reload()
        var writer = JSONWriter()
        writer.object { writer in
            writer.member(
                "changes",
                array: { writer in
                    for change in changes {
                        writer.object { writer in
                            writer.member("action", change.action.rawValue)
                            writer.member("kind", change.kind.rawValue)
                            writer.member("name", change.name)
                        }
                    }
                })
        }
        return Response(json: writer)
    }
}
