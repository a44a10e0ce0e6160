// SPDX-License-Identifier: Apache-2.0
// JSON documents: read, written and read again, and against another reader's opinion.

import Foundation
import Wire

enum JSONTarget {
    @Sendable static func run(_ input: [UInt8]) {
        guard let value = try? JSONValue(parsing: input) else { return }
        expect(isJSON(input), "another reader refuses it")
        let bytes = written(value)
        guard let again = try? JSONValue(parsing: bytes) else { return expect(false, "what is written is not JSON") }
        expect(again == value, "what is written is another value")
        expect(written(again) == bytes, "what is written twice differs")
        check(value)
    }

    private static func written(_ value: JSONValue) -> [UInt8] {
        var writer = JSONWriter()
        writer.value(value)
        return writer.bytes
    }

    private static func isJSON(_ input: [UInt8]) -> Bool {
        (try? JSONSerialization.jsonObject(with: Data(input), options: [.fragmentsAllowed])) != nil
    }

    /// Every member as every kind of parameter: each is a value or a complaint.
    private static func check(_ value: JSONValue) {
        guard let members = value.object else { return }
        FormTarget.readParameters(members)
    }
}
