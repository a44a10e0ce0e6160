// SPDX-License-Identifier: Apache-2.0
// A short message: its text and how it is cut, and its form in the database: JSON in which members with their usual
// value are left out.

public import SMSText
internal import Wire

/// A short message's text as it is sent, and how it is cut into parts. The options are kept with it, so that a restart
/// or another connector of the route cuts it into the same parts that were priced.
public struct SMSContent: Sendable, Equatable {
    /// The text after transcoding.
    public var text: String
    /// How to encode and cut it; `encoding` is what was chosen, never `.auto`. The alphabet is the connector's own.
    public var segmentation: SegmentationOptions
    /// Shown at once on the handset and not stored (message class 0).
    public var isFlash: Bool
    /// The number by which the handset knows parts that belong together.
    public var concatenationReference: UInt16
    /// The one part's user data where its sender has coded it already; `text` then only says what it means.
    public var coded: CodedPart?

    public init(
        text: String, segmentation: SegmentationOptions, isFlash: Bool = false, concatenationReference: UInt16 = 0,
        coded: CodedPart? = nil
    ) {
        self.text = text
        self.segmentation = segmentation
        self.isFlash = isFlash
        self.concatenationReference = concatenationReference
        self.coded = coded
    }

    /// An inbound text; nothing of it is cut again.
    public init(inboundText text: String) {
        self.init(text: text, segmentation: SegmentationOptions(encoding: .unicode))
    }
}

extension SMSContent {
    var json: String {
        var writer = JSONWriter(capacity: text.utf8.count + 64)
        writer.object { writer in
            writer.member("text", text)
            if segmentation.encoding == .unicode { writer.member("unicode", true) }
            if isFlash { writer.member("flash", true) }
            if concatenationReference != 0 { writer.member("ref", Int(concatenationReference)) }
            if segmentation.referenceWidth == .sixteen { writer.member("ref16", true) }
            if segmentation.concatenation != .userDataHeader {
                writer.member("concat", segmentation.concatenation.storedName)
            }
            if segmentation.defaultAlphabet != .gsm7 {
                writer.member("alphabet", segmentation.defaultAlphabet.rawValue)
            }
            if !segmentation.permittedTables.isEmpty {
                writer.member(
                    "tables",
                    array: { writer in
                        for table in segmentation.permittedTables.map(\.storedName).sorted() { writer.string(table) }
                    })
            }
            if let coded { writer.member("coded", object: coded.write) }
        }
        return writer.text
    }

    init?(json: JSONValue) {
        guard let text = json["text"]?.string else { return nil }
        // What cannot be read must not go out as something else.
        if let coded = json["coded"], CodedPart(json: coded) == nil { return nil }
        let concatenation = json["concat"]?.string.flatMap(Concatenation.init(storedName:)) ?? .userDataHeader
        let alphabet = json["alphabet"]?.string.flatMap(DefaultAlphabet.init(rawValue:)) ?? .gsm7
        let tables = (json["tables"]?.array ?? []).compactMap { $0.string.flatMap(NationalTable.init(storedName:)) }
        self.init(
            text: text,
            segmentation: SegmentationOptions(
                encoding: json["unicode"]?.bool == true ? .unicode : .gsm7,
                referenceWidth: json["ref16"]?.bool == true ? .sixteen : .eight, concatenation: concatenation,
                permittedTables: Set(tables), defaultAlphabet: alphabet),
            isFlash: json["flash"]?.bool == true,
            concatenationReference: UInt16(truncatingIfNeeded: json["ref"]?.int64 ?? 0),
            coded: json["coded"].flatMap(CodedPart.init(json:)))
    }
}

// The names below are stored; the configuration file uses the same ones.

extension Concatenation {
    public init?(storedName: String) {
        switch storedName {
        case "udh": self = .userDataHeader
        case "sar": self = .sar
        case "payload": self = .messagePayload
        default: return nil
        }
    }

    public var storedName: String {
        switch self {
        case .userDataHeader: "udh"
        case .sar: "sar"
        case .messagePayload: "payload"
        }
    }
}

extension NationalTable {
    /// `turkish` is the single-shift table, `turkish-locking` the locking one.
    public init?(storedName: String) {
        let isLocking = storedName.hasSuffix("-locking")
        let name = isLocking ? String(storedName.dropLast("-locking".count)) : storedName
        guard let language = NationalLanguage.allCases.first(where: { "\($0)" == name }) else { return nil }
        self = isLocking ? .lockingShift(language) : .singleShift(language)
    }

    public var storedName: String {
        switch self {
        case .singleShift(let language): "\(language)"
        case .lockingShift(let language): "\(language)-locking"
        }
    }
}
