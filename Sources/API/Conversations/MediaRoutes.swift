// SPDX-License-Identifier: Apache-2.0
// Media in the Conversations API v3: its addresses and the handlers behind them.

internal import Accounts
internal import Hummingbird
internal import Messaging

struct ConversationsMediaRoutes {
    let library: MediaLibrary
    let directory: DirectoryCache
    let options: APIOptions

    func add(to router: Router<APIRequestContext>, authentication: APIKeyAuthentication) {
        let access = AccountAccess(directory: directory)
        let upload = UploadMedia(library: library, access: access, options: options)
        let list = ListMedia(library: library, access: access, options: options)
        let medium = OneMedium(library: library, access: access)
        router.group("\(ConversationsRoutes.root)/media").add(middleware: authentication)
            .post(use: upload.handle)
            .get(use: list.handle)
            .get(":mediaId", use: medium.download)
            .delete(":mediaId", use: medium.delete)
    }
}

/// What the account's own scopes allow.
struct AccountAccess: Sendable {
    let directory: DirectoryCache

    /// The key of the one who asks, whose company has the scope. Throws 403.
    func caller(_ context: APIRequestContext, scope: String) throws -> APIKey {
        let caller = try context.callerKey()
        guard settings(of: caller.companyID).allows(scope) else { throw Problem.missing(scope: scope) }
        return caller
    }

    func settings(of companyID: CompanyID) -> CompanySettings {
        directory.current.companySettings[companyID] ?? CompanySettings()
    }
}

extension Problem {
    /// The account, or the channel, does not have the scope.
    static func missing(scope: String, of channel: String? = nil) -> Problem {
        Problem(.forbidden, detail: "\(channel.map { "The channel \($0)" } ?? "The account") lacks the scope \(scope).")
    }

    static let unknownMedium = Problem.notFound("There is no medium with this id.")

    /// An upload that is too much.
    init(_ refusal: MediaRefusal) {
        switch refusal {
        case .tooLarge(let limit):
            self.init(.contentTooLarge, detail: "A medium may have at most \(limit) bytes.")
        case .quotaExceeded(let quota, let usage):
            self.init(
                .contentTooLarge,
                detail: "The account may keep \(quota) bytes of media, and has \(usage). Delete what is not needed.")
        }
    }
}
