// SPDX-License-Identifier: Apache-2.0
// A carrier's refusals in the words of the error list that the APIs report.

internal import Messaging
internal import SMPP
internal import Wire

extension SMPP.CommandStatus {
    /// What a refusal of submit_sm means for the message.
    func outcome(attempt: Int) -> SendOutcome {
        switch self {
        case .throttled, .messageQueueFull: .retry(delay: 1000, reason: label)
        case .systemError where attempt < Self.tries, .temporaryReceiverError where attempt < Self.tries:
            // Most carriers mean a moment's trouble by it; a lasting one is a refusal.
            .retry(delay: 5000, reason: label)
        default: .rejected(code: gsmError.code, reason: label)
        }
    }

    private static let tries = 5

    private var label: String { name ?? "command_status 0x" + String(rawValue, radix: 16) }

    private var gsmError: GSMError {
        switch self {
        case .invalidDestinationAddress, .invalidDestinationTON, .invalidDestinationNPI: .unknownSubscriber
        case .invalidSourceAddress, .invalidSourceTON, .invalidSourceNPI, .invalidMessageLength, .invalidESMClass,
            .invalidValidityPeriod, .invalidScheduledDeliveryTime, .invalidOptionalParameterValue,
            .invalidParameterLength:
            .unexpectedValue
        case .missingOptionalParameter: .dataMissing
        case .systemError, .unknownError: .systemFailure
        case .messageQueueFull, .throttled: .queueFull
        case .prohibited, .serviceTypeUnauthorised, .serviceTypeDenied: .callBarred
        case .optionalParameterNotAllowed, .invalidServiceType, .serviceTypeUnavailable: .facilityNotSupported
        default: .deliveryFailure
        }
    }
}

extension MessageState {
    /// The state of the part; `sent` is an intermediate word.
    var partState: PartState {
        switch self {
        case .scheduled, .enroute, .accepted: .sent
        case .delivered: .delivered
        case .expired: .expired
        case .deleted: .deleted
        case .undeliverable: .undeliverable
        case .rejected: .rejected
        case .unknown, .skipped: .failed
        }
    }
}

extension SMPPConnectorOptions {
    /// The code of the GSM list for a receipt; nil when it reports no error.
    func errorCode(of receipt: DeliveryReceipt) -> String? {
        if let text = receipt.err, let code = errorCodes[text] { return code }
        let number: Int? =
            switch errorRadix {
            case .decimal: receipt.errorCode
            case .hex: receipt.err.flatMap { Int($0, radix: 16) } ?? receipt.networkErrorCode.map { Int($0.code) }
            }
        guard let number, number != 0 else { return nil }
        // A number that is not of the list is the carrier's own: the failure is told, not a wrong reason for it.
        return (UInt16(exactly: number).flatMap { GSMError.all[$0] } ?? .deliveryFailure).code
    }
}
