// SPDX-License-Identifier: Apache-2.0
// Takes typed members out of a JSON object and names the one that is wrong. Null is the same as absent.

internal import Wire

struct MemberReader {
    private let members: [String: JSONValue]
    private let path: String

    /// `path` stands before the names in complaints: `options.`.
    init(_ members: [String: JSONValue], path: String) {
        self.members = members
        self.path = path
    }

    private func failure(_ name: String, _ reason: String) -> ProvisioningError {
        .invalid(field: path + name, reason: reason)
    }

    private func value(_ name: String) -> JSONValue? {
        members[name].flatMap { $0 == .null ? nil : $0 }
    }

    func text(_ name: String) throws(ProvisioningError) -> String? {
        guard let value = value(name) else { return nil }
        if let number = value.int64 { return String(number) }
        guard let text = value.string, !text.isEmpty else { throw failure(name, "must be text") }
        return text
    }

    func integer(_ name: String, in range: ClosedRange<Int>) throws(ProvisioningError) -> Int? {
        guard let value = value(name) else { return nil }
        // JSON does not tell 60 from 60.0.
        guard let number = value.double.flatMap({ Int(exactly: $0) }), range.contains(number) else {
            throw failure(name, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func flag(_ name: String) throws(ProvisioningError) -> Bool? {
        guard let value = value(name) else { return nil }
        guard let flag = value.bool else { throw failure(name, "must be true or false") }
        return flag
    }

    func texts(_ name: String) throws(ProvisioningError) -> [String] {
        guard let value = value(name) else { return [] }
        guard let elements = value.array else { throw failure(name, "must be a list of texts") }
        var texts: [String] = []
        for element in elements {
            guard let text = element.string ?? element.int64.map({ String($0) }), !text.isEmpty else {
                throw failure(name, "must be a list of texts")
            }
            texts.append(text)
        }
        return texts
    }

    func addressRanges(_ name: String) throws(ProvisioningError) -> [AddressRange] {
        var ranges: [AddressRange] = []
        for text in try texts(name) {
            guard let range = AddressRange(text) else {
                throw failure(name, "must be IP addresses or ranges such as 10.0.0.0/8")
            }
            ranges.append(range)
        }
        return ranges
    }

    func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String, among type: Choice.Type
    ) throws(ProvisioningError) -> Choice? where Choice.RawValue == String {
        guard let text = try text(name) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            throw failure(name, "must be one of \(type.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return choice
    }
}
