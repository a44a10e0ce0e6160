// SPDX-License-Identifier: Apache-2.0
// Frames and bodies to octets and back. Reading has three results: a PDU; a well-framed PDU that is bad, which names the
// answer and leaves the session up; and broken framing, after which nothing on the connection can be trusted.

public import NIOCore

/// Why a PDU cannot be written: one of its fields does not fit its place.
public struct PDUEncodingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The field as the specification names it.
    public var field: String
    /// The status a peer would have answered with.
    public var status: CommandStatus

    public var description: String { "\(field) does not fit (\(status))" }
}

/// A PDU whose frame holds but whose content does not.
public struct BadPDU: Error, Hashable, Sendable {
    public var commandID: CommandID
    public var sequence: UInt32
    /// What is wrong, as the status to answer with.
    public var status: CommandStatus

    /// The answer: the response that belongs to the request where its content is at fault, generic_nack where its
    /// command or its length is. Nil for a response, which is never answered, and for requests without a response.
    public var answer: PDU? {
        if commandID.isResponse || commandID.isKnown && commandID.response == nil { return nil }
        let isFrameFault = status == .invalidCommandID || status == .invalidCommandLength
        let body = isFrameFault ? nil : PDU.Body.emptyResponse(to: commandID)
        return PDU(body ?? .genericNack, sequence: sequence, status: status)
    }
}

/// What one look at the received octets yields.
public enum PDUFrame: Hashable, Sendable {
    case pdu(PDU)
    case bad(BadPDU)
    /// command_length is below 16 or above the limit.
    case broken(commandLength: UInt32)
}

extension PDU {
    /// Octets of a header: length, command id, status and sequence number.
    public static let headerLength = 16

    /// Takes the next frame off the buffer; nil, with nothing taken, while it is incomplete.
    public static func next(from buffer: inout ByteBuffer, maximumLength: Int) -> PDUFrame? {
        guard let length = buffer.getInteger(at: buffer.readerIndex, as: UInt32.self) else { return nil }
        guard length >= headerLength, length <= maximumLength else { return .broken(commandLength: length) }
        guard var frame = buffer.readSlice(length: Int(length)) else { return nil }
        frame.moveReaderIndex(forwardBy: 4)
        guard
            let (rawCommand, rawStatus, sequence) = frame.readMultipleIntegers(as: (UInt32, UInt32, UInt32).self)
        else { return .broken(commandLength: length) }
        let command = CommandID(rawValue: rawCommand)
        let status = CommandStatus(rawValue: rawStatus)
        do throws(FieldError) {
            let body = try Body.read(command, status: status, from: frame)
            return .pdu(PDU(body, sequence: sequence, status: status))
        } catch {
            return .bad(BadPDU(commandID: command, sequence: sequence, status: error.status))
        }
    }

    /// Appends the PDU to the buffer. On an error the buffer is as it was.
    public func write(to buffer: inout ByteBuffer) throws(PDUEncodingError) {
        let start = buffer.writerIndex
        buffer.writeMultipleIntegers(UInt32(0), commandID.rawValue, status.rawValue, sequence)
        do throws(FieldError) {
            var writer = FieldWriter(buffer: buffer)
            buffer = ByteBuffer()
            defer { buffer = writer.buffer }
            try body.write(status: status, to: &writer)
        } catch {
            buffer.moveWriterIndex(to: start)
            throw PDUEncodingError(field: error.field.description, status: error.status)
        }
        buffer.setInteger(UInt32(buffer.writerIndex - start), at: start)
    }
}

extension PDU.Body {
    /// The only place that maps commands to bodies. A response that reports an error may leave its body out, or have one
    /// that cannot be read: its status is what counts.
    static func read(_ command: CommandID, status: CommandStatus, from buffer: ByteBuffer) throws(FieldError) -> Self {
        guard command.isKnown else { throw FieldError("command_id", .invalidCommandID) }
        guard command.isResponse, command != .genericNack else { return try readRequest(command, from: buffer) }
        let request = CommandID(rawValue: command.rawValue & 0x7FFF_FFFF)
        guard let empty = emptyResponse(to: request) else { throw FieldError("command_id", .invalidCommandID) }
        let mayBeEmpty = status != .ok || request != .querySM
        if buffer.readableBytes == 0, mayBeEmpty { return empty }
        do throws(FieldError) {
            return try readResponse(request, from: buffer)
        } catch {
            if status != .ok { return empty }
            throw error
        }
    }

    private static func readRequest(_ command: CommandID, from buffer: ByteBuffer) throws(FieldError) -> Self {
        switch command {
        case .bindReceiver: .bind(try .read(from: buffer, into: Bind(mode: .receiver)))
        case .bindTransmitter: .bind(try .read(from: buffer, into: Bind(mode: .transmitter)))
        case .bindTransceiver: .bind(try .read(from: buffer, into: Bind(mode: .transceiver)))
        case .outbind: .outbind(try .read(from: buffer, into: Outbind()))
        case .submitSM: .submit(try .read(from: buffer, into: SubmitSM()))
        case .submitMulti: .submitMulti(try .read(from: buffer, into: SubmitMulti()))
        case .deliverSM: .deliver(try .read(from: buffer, into: DeliverSM()))
        case .dataSM: .data(try .read(from: buffer, into: DataSM()))
        case .querySM: .query(try .read(from: buffer, into: QuerySM()))
        case .cancelSM: .cancel(try .read(from: buffer, into: CancelSM()))
        case .replaceSM: .replace(try .read(from: buffer, into: ReplaceSM()))
        case .alertNotification: .alertNotification(try .read(from: buffer, into: AlertNotification()))
        case .unbind: .unbind
        case .enquireLink: .enquireLink
        case .genericNack: .genericNack
        default: throw FieldError("command_id", .invalidCommandID)
        }
    }

    private static func readResponse(_ request: CommandID, from buffer: ByteBuffer) throws(FieldError) -> Self {
        switch request {
        case .bindReceiver: .bindResponse(try .read(from: buffer, into: BindResponse(mode: .receiver)))
        case .bindTransmitter: .bindResponse(try .read(from: buffer, into: BindResponse(mode: .transmitter)))
        case .bindTransceiver: .bindResponse(try .read(from: buffer, into: BindResponse(mode: .transceiver)))
        case .unbind: .unbindResponse
        case .submitSM: .submitResponse(try .read(from: buffer, into: SubmitSMResponse()))
        case .submitMulti: .submitMultiResponse(try .read(from: buffer, into: SubmitMultiResponse()))
        case .deliverSM: .deliverResponse(try .read(from: buffer, into: DeliverSMResponse()))
        case .dataSM: .dataResponse(try .read(from: buffer, into: DataSMResponse()))
        case .querySM: .queryResponse(try .read(from: buffer, into: QuerySMResponse()))
        case .cancelSM: .cancelResponse(FieldReader.remainingTLVs(buffer))
        case .replaceSM: .replaceResponse(FieldReader.remainingTLVs(buffer))
        case .enquireLink: .enquireLinkResponse(FieldReader.remainingTLVs(buffer))
        default: throw FieldError("command_id", .invalidCommandID)
        }
    }

    fileprivate func write(status: CommandStatus, to writer: inout FieldWriter) throws(FieldError) {
        switch self {
        case .bind(let body): try writer.write(body)
        case .bindResponse(let body): try writer.write(body)
        case .outbind(let body): try writer.write(body)
        case .submit(let body): try writer.write(body)
        case .submitResponse(let body):
            // §4.4.2: the body is left out when the status reports an error.
            if status == .ok || !body.messageID.isEmpty || !body.tlvs.isEmpty { try writer.write(body) }
        case .submitMulti(let body): try writer.write(body)
        case .submitMultiResponse(let body): try writer.write(body)
        case .deliver(let body): try writer.write(body)
        case .deliverResponse(let body): try writer.write(body)
        case .data(let body): try writer.write(body)
        case .dataResponse(let body): try writer.write(body)
        case .query(let body): try writer.write(body)
        case .queryResponse(let body): try writer.write(body)
        case .cancel(let body): try writer.write(body)
        case .replace(let body): try writer.write(body)
        case .alertNotification(let body): try writer.write(body)
        case .cancelResponse(var tlvs), .replaceResponse(var tlvs), .enquireLinkResponse(var tlvs):
            try writer.tlvs(&tlvs)
        case .unbind, .unbindResponse, .enquireLink, .genericNack: break
        }
    }
}
