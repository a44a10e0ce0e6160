// SPDX-License-Identifier: Apache-2.0
// What a cycle consists of: the request that begins it and the report that ends it.

import ArgumentParser
import NIOCore

enum CycleDialect: String, ExpressibleByArgument, Sendable {
    /// An SMS, and its delivery report.
    case sms
    /// A template on WhatsApp, until its callback says that it was seen.
    case whatsapp

    var path: String { self == .sms ? "/messaging/v1/sms" : WhatsAppSample.sendPath }

    func request(_ number: Int, callback: String) -> ByteBuffer {
        self == .sms
            ? SampleMessage.json(number, callback: callback) : WhatsAppSample.json(number, callback: callback)
    }

    /// The number of the message that a report ends; nil for a report on the way.
    func number(in report: ByteBuffer) -> Int? {
        report.withUnsafeReadableBytes { bytes in
            if self == .whatsapp, Self.end(of: WhatsAppSample.lastEvent, in: bytes) == nil { return nil }
            let name = self == .sms ? SampleMessage.referencePrefix : WhatsAppSample.contextPrefix
            return Self.end(of: name, in: bytes).map { end in
                bytes[end...].prefix { (48...57).contains($0) }.reduce(0) { $0 * 10 + Int($1) - 48 }
            }
        }
    }

    /// Where the first occurrence of `needle` ends.
    private static func end(of needle: [UInt8], in bytes: UnsafeRawBufferPointer) -> Int? {
        var start = 0
        while start + needle.count <= bytes.count {
            if bytes[start] == needle[0], bytes[start..<(start + needle.count)].elementsEqual(needle) {
                return start + needle.count
            }
            start += 1
        }
        return nil
    }
}
