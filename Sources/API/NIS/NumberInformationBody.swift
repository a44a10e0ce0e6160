// SPDX-License-Identifier: Apache-2.0
// What GNP and GNV say of a number. Every member is there; what nobody knows is `unknown`, or an empty text.

internal import Accounts
public import Messaging
public import NumberInfo
internal import Wire

enum NumberInformationBody {
    static func json(_ information: NumberInformation) -> [UInt8] {
        var writer = JSONWriter(capacity: 1024)
        writer.object { writer in
            writer.member("requestId", information.id.description)
            writer.member("msisdn", "+" + information.number)
            writer.member("ported", information.facts.ported.rawValue)
            if information.question == .subscriber {
                writer.member("roaming", information.facts.roaming.rawValue)
                writer.member("presence", information.facts.presence.rawValue)
            }
            writer.member("price", number: information.price.description)
            writer.member("currency", information.currency)
            writer.member("priceEffective", information.priceEffective.map(instant))
            writer.member("errorCode", information.facts.errorCode)
            switch information.question {
            case .portability: write(information.facts.presumed, to: &writer)
            case .subscriber: write(information.facts, to: &writer)
            }
            writer.member("synchronous", information.isSynchronous)
        }
        return writer.bytes
    }

    /// `2010-11-01T00:00:00+0000`.
    private static func instant(_ instant: Milliseconds) -> String {
        Timestamp.rfc3339(instant).dropLast() + "+0000"
    }

    /// GNP.
    private static func write(_ network: NetworkFacts, to writer: inout JSONWriter) {
        writer.member("mcc", network.mcc)
        writer.member("mnc", network.mnc)
        writer.member("ttid", network.ttid)
        writer.member("operator", network.operatorName)
        writer.member("country", network.country)
        writer.member("timezone", network.timeZone)
        writer.member("technology", network.technology)
    }

    /// GNV.
    private static func write(_ facts: NumberFacts, to writer: inout JSONWriter) {
        let (holder, subscription) = (facts.rangeHolder ?? NetworkFacts(), facts.subscription ?? NetworkFacts())
        let (hlr, msc) = (facts.hlr ?? NetworkFacts(), facts.msc ?? NetworkFacts())
        writer.member("nrhMCC", holder.mcc)
        writer.member("nrhMNC", holder.mnc)
        writer.member("nrhTtId", holder.ttid)
        writer.member("nrhOperator", holder.operatorName)
        writer.member("nrhCountry", holder.country)
        writer.member("nrhTimeZone", holder.timeZone)
        writer.member("nrhTechnology", holder.technology)
        writer.member("imsiMCC", subscription.mcc)
        writer.member("imsiMNC", subscription.mnc)
        writer.member("imsi", facts.imsi)
        writer.member("imsiTtId", subscription.ttid)
        writer.member("imsiOperator", subscription.operatorName)
        writer.member("imsiCountry", subscription.country)
        writer.member("imsiTimeZone", subscription.timeZone)
        writer.member("imsiTechnology", subscription.technology)
        writer.member("hlrCC", hlr.countryCode)
        writer.member("hlrNDC", hlr.nationalDestinationCode)
        writer.member("hlrMCC", hlr.mcc)
        writer.member("hlrMNC", hlr.mnc)
        writer.member("hlr", facts.hlrNumber)
        writer.member("hlrTtId", hlr.ttid)
        writer.member("hlrOperator", hlr.operatorName)
        writer.member("hlrCountry", hlr.country)
        writer.member("hlrTimeZone", hlr.timeZone)
        writer.member("hlrTechnology", hlr.technology)
        writer.member("mscCC", msc.countryCode)
        writer.member("mscNDC", msc.nationalDestinationCode)
        writer.member("mscMCC", msc.mcc)
        writer.member("mscMNC", msc.mnc)
        writer.member("msc", facts.mscNumber)
        writer.member("mscTtId", msc.ttid)
        writer.member("mscOperator", msc.operatorName)
        writer.member("mscCountry", msc.country)
        writer.member("mscTimeZone", msc.timeZone)
        writer.member("mscTechnology", msc.technology)
    }
}

/// Makes the deliveries of look-ups with a callback; given to `NumberDesk` where the program is put together.
public enum NumberInformationRenderer {
    public static func delivery(_ information: NumberInformation, to url: String) -> RenderedDelivery {
        RenderedDelivery(
            event: information.question == .portability ? "gnp" : "gnv", promise: .numberInformation, url: url,
            method: .post, contentType: "application/json", body: NumberInformationBody.json(information))
    }
}

extension NumberFacts {
    /// The network of GNP: the one that serves the number; where nobody knows whether the number is ported, the holder of
    /// its range; and of one that was ported nobody knows where to, at least the country.
    fileprivate var presumed: NetworkFacts {
        if let current { return current }
        guard ported == .yes else { return rangeHolder ?? NetworkFacts() }
        return NetworkFacts(country: rangeHolder?.country ?? "", timeZone: rangeHolder?.timeZone ?? "")
    }
}
