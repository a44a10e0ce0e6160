// SPDX-License-Identifier: Apache-2.0
// A connector as it is configured. The core knows its kind, its text policy and what to do with uncertain parts; the
// rest of the settings are the connector's own and pass through as JSON.

public import Accounts
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
    /// Whether the configuration has it; the row of one that was removed stays, for the messages that it carried.
    public let isEnabled: Bool
    /// Whether an operator has stopped it.
    public let isStopped: Bool
    /// Raised to have every node bind anew.
    public let generation: Int64
    /// How the carrier's receipts write ids, as far as it was learnt.
    public let receiptIDForm: ReceiptIDForm?
    public let origin: Origin

    public init(
        id: Int64, name: String, kind: String, options: JSONValue, secret: String, isEnabled: Bool = true,
        isStopped: Bool = false, generation: Int64 = 0, receiptIDForm: ReceiptIDForm? = nil, origin: Origin = .admin
    ) {
        self.id = id
        self.name = name
        self.kind = kind
        self.options = options
        self.secret = secret
        self.isEnabled = isEnabled
        self.isStopped = isStopped
        self.generation = generation
        self.receiptIDForm = receiptIDForm
        self.origin = origin
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

    /// Whether it makes calls; the others carry messages.
    public var carriesVoice: Bool { kind == "sip" }

    /// What must agree among the connectors of a route: a message is cut once, whichever of them carries it.
    public var cutting: String {
        let segmentation = segmentation
        return
            "\(segmentation.concatenation) \(segmentation.referenceWidth) \(segmentation.defaultAlphabet.carriesSeptets)"
    }

    /// Whether a connector made of `other` is as good: only what was learnt from receipts may differ.
    public func makesSameConnector(as other: ConnectorSettings) -> Bool {
        id == other.id && name == other.name && kind == other.kind && options == other.options
            && secret == other.secret && generation == other.generation
    }
}

extension ConnectorSettings {
    /// What an operator does to a connector, apart from its configuration.
    struct Operation {
        var isEnabled: Bool
        var isStopped: Bool
        var generation: Int64
    }

    func with(_ change: (inout Operation) -> Void) -> ConnectorSettings {
        var operation = Operation(isEnabled: isEnabled, isStopped: isStopped, generation: generation)
        change(&operation)
        return ConnectorSettings(
            id: id, name: name, kind: kind, options: options, secret: secret, isEnabled: operation.isEnabled,
            isStopped: operation.isStopped, generation: operation.generation, receiptIDForm: receiptIDForm,
            origin: origin)
    }
}
