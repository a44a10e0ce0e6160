// SPDX-License-Identifier: Apache-2.0
// A connector as it is configured. The core knows its kind, its text policy and what to do with uncertain parts; the
// rest of the settings are the connector's own and pass through as JSON.

public import SMSText
public import Wire

public struct ConnectorSettings: Sendable, Equatable {
    public let id: Int64
    public let name: String
    /// Which connector: `smpp`.
    public let kind: String
    /// The connector's own settings, without secrets.
    public let options: JSONValue
    /// Its password or token, opened.
    public let secret: String
    public let isEnabled: Bool
    /// How the carrier's receipts write ids, as far as it was learnt.
    public let receiptIDForm: ReceiptIDForm?

    public init(
        id: Int64, name: String, kind: String, options: JSONValue, secret: String, isEnabled: Bool,
        receiptIDForm: ReceiptIDForm?
    ) {
        self.id = id
        self.name = name
        self.kind = kind
        self.options = options
        self.secret = secret
        self.isEnabled = isEnabled
        self.receiptIDForm = receiptIDForm
    }

    /// How texts are cut for the carrier: `alphabet`, `concatenation`, `reference` (8 or 16) and `nationalTables`.
    public var segmentation: SegmentationOptions {
        SegmentationOptions(
            referenceWidth: options["reference"]?.int64 == 16 ? .sixteen : .eight,
            concatenation: options["concatenation"]?.string.flatMap(Concatenation.init(storedName:)) ?? .userDataHeader,
            permittedTables: Set(
                (options["nationalTables"]?.array ?? []).compactMap {
                    $0.string.flatMap(NationalTable.init(storedName:))
                }),
            defaultAlphabet: options["alphabet"]?.string.flatMap(DefaultAlphabet.init(rawValue:)) ?? .gsm7)
    }

    public var uncertainPolicy: UncertainPolicy {
        options["uncertain"]?.string.flatMap(UncertainPolicy.init(rawValue:)) ?? .resend
    }
}
