// SPDX-License-Identifier: Apache-2.0
// What the tests of the Viber connectors share.

import Messaging
import Testing
import Wire

@testable import Connectors

/// 2026-01-15T12:00:00Z.
let viberNow: Milliseconds = 1_768_478_400_000

func json(_ text: String) throws -> JSONValue { try JSONValue(parsing: text.utf8) }

func json(_ bytes: [UInt8]) throws -> JSONValue { try JSONValue(parsing: bytes) }

func image(_ url: String, caption: String? = nil) -> MediaBody { MediaBody(url: url, caption: caption) }

func video(_ url: String, thumbnail: String? = "https://a.example/t.jpg", size: Int? = 12, duration: Int? = 30)
    -> MediaBody
{
    var body = MediaBody(url: url)
    body.thumbnailUrl = thumbnail
    body.filesize = size
    body.duration = duration
    return body
}

func file(_ url: String, _ name: String, type: String? = nil, size: Int? = nil) -> FileBody {
    var body = FileBody(url: url, filename: name, type: type)
    body.size = size
    return body
}

func viberSubmission(
    _ content: RichContent, sender: String = "10001", recipient: String = "491701234567", attempt: Int = 1,
    validity: Milliseconds = 3_600_000, id: UUIDv7 = UUIDv7.next(now: viberNow)
) -> Messaging.Submission {
    Messaging.Submission(
        ticket: PartTicket(key: MessageKey(companyID: 1, id: id), step: 0, number: 1, attempt: attempt),
        sender: sender, recipient: recipient, content: .rich(content), size: 1, expiresAt: viberNow + validity,
        isPossibleDuplicate: attempt > 1)
}
