// SPDX-License-Identifier: Apache-2.0
// What has to be remembered of a submit until its receipt: who wants it, on which events, under which id and to which
// addresses. It stands where a message of another family has its callback URL:
//
//   smpp:42?form=hexadecimal&registered=17&source=5.0&destination=1.1&id=0197…

internal import Messaging
internal import SMPP
internal import Wire

struct SubmitOrigin: Equatable {
    /// Bits 0 and 1 of registered_delivery (SMPP 3.4 §5.2.17 and 5.0 §4.7.21).
    enum Wish: UInt8 { case none = 0, final, failure, success }

    private static let intermediateBit: UInt8 = 0x10

    var accountID: Int64
    var registeredDelivery: UInt8 = 0
    var idForm = SMPPAccountSettings.IDForm.uuid
    var sourceForm = AddressRules.Form(ton: .unknown, npi: .unknown)
    var destinationForm = AddressRules.Form(ton: .unknown, npi: .unknown)
    /// The id that the response gave, where it is not the message's own: a submit_multi has one for all its messages.
    var responseID: MessageID?

    var wish: Wish { Wish(rawValue: registeredDelivery & 0x03) ?? .none }
    var wantsIntermediate: Bool { registeredDelivery & Self.intermediateBit != 0 }

    /// Whether a receipt is wanted for a message that ended in `status`.
    func wantsReceipt(for status: MessageStatus) -> Bool {
        let isDelivered = status == .delivered || status == .seen
        return switch wish {
        case .none: false
        case .final: true
        case .failure: !isDelivered
        case .success: isDelivered
        }
    }
}

extension SubmitOrigin {
    /// The form in which it is stored.
    var reporting: Reporting {
        var text = "smpp:\(accountID)?form=\(idForm.rawValue)&registered=\(registeredDelivery)"
        text += "&source=\(Self.text(of: sourceForm))&destination=\(Self.text(of: destinationForm))"
        if let responseID { text += "&id=\(responseID)" }
        return Reporting(url: text, method: .post)
    }

    /// Reads what `reporting` makes; nil for anything else.
    init?(_ reporting: Reporting?) {
        guard let url = reporting?.url, url.hasPrefix("smpp:") else { return nil }
        let halves = url.dropFirst("smpp:".count).split(separator: "?", maxSplits: 1)
        guard halves.count == 2, let accountID = Int64(halves[0]) else { return nil }
        self.init(accountID: accountID)
        for member in halves[1].split(separator: "&") {
            let pair = member.split(separator: "=", maxSplits: 1)
            guard pair.count == 2 else { return nil }
            switch pair[0] {
            case "form": idForm = SMPPAccountSettings.IDForm(rawValue: String(pair[1])) ?? idForm
            case "registered": registeredDelivery = UInt8(pair[1]) ?? 0
            case "source": sourceForm = Self.form(of: pair[1]) ?? sourceForm
            case "destination": destinationForm = Self.form(of: pair[1]) ?? destinationForm
            case "id": responseID = MessageID(pair[1])
            default: break
            }
        }
    }

    private static func text(of form: AddressRules.Form) -> String { "\(form.ton.rawValue).\(form.npi.rawValue)" }

    private static func form(of text: Substring) -> AddressRules.Form? {
        let numbers = text.split(separator: ".").map { UInt8($0) }
        guard numbers.count == 2, let ton = numbers[0], let npi = numbers[1] else { return nil }
        return AddressRules.Form(ton: TypeOfNumber(rawValue: ton), npi: NumberingPlan(rawValue: npi))
    }
}
