// SPDX-License-Identifier: Apache-2.0
// Lets other people's software check the WhatsApp connector: reads one JSON object a line and answers one a line.
//
//     {"recipient": "49…", "content": {…}}   a stored content  →  the request that the connector would post
//     {"read": "wamid.…", "typing": true}                      →  the request that marks a message as read
//     {"webhook": {…}}                                         →  {"events": [kinds], "unreadable": 0}
//
// A content that WhatsApp does not have answers {"refused": "…"}.

import Connectors
import Foundation
import Wire

while let line = readLine() {
    let answer = (try? JSONValue(parsing: line.utf8)).map(WhatsAppWire.answer) ?? "{\"refused\": \"not JSON\"}"
    // Not `print`: a pipe would keep it back until there is more.
    FileHandle.standardOutput.write(Data((answer + "\n").utf8))
}
