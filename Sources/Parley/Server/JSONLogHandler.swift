// SPDX-License-Identifier: Apache-2.0
// Logs as one JSON object per line, for collectors.

import Foundation
import Logging
import Wire

struct JSONLogHandler: LogHandler {
    let label: String
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .info

    init(label: String) { self.label = label }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var writer = JSONWriter()
        let all = metadata.merging(event.metadata ?? [:]) { _, own in own }
        var members: [String: JSONValue] = all.mapValues { .string("\($0)") }
        members["time"] = .string(Timestamp.rfc3339(Timestamp.now(), milliseconds: true))
        members["level"] = .string(event.level.rawValue)
        members["message"] = .string("\(event.message)")
        writer.value(.object(members))
        FileHandle.standardError.write(Data(writer.bytes + [0x0A]))
    }
}
