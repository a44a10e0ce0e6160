// SPDX-License-Identifier: Apache-2.0
// Mobile networks by their code (ITU-T E.212). A code that the source gives to several brands is here under the one
// that holds numbers of its own in that country, and not at all where that does not settle it.

/// A mobile network.
public struct MobileNetwork: Sendable, Hashable {
    /// The mobile country code, three digits.
    public let mcc: String
    /// The mobile network code, two or three digits: "01" and "001" are two networks.
    public let mnc: String
    public let operatorName: String
    /// ISO 3166-1 alpha-2; nil for a network of several regions.
    public let region: String?

    /// The network with a code.
    public static func find(mcc: String, mnc: String) -> MobileNetwork? {
        index.byCode[Code(mcc: mcc, mnc: mnc)]
    }

    /// A network of an operator in a region (alpha-2, any case), by the operator's name without regard to case, spaces
    /// and punctuation; nil where two operators are called so. Of an operator with several networks it is always the
    /// same one.
    public static func find(named name: String, region: String) -> MobileNetwork? {
        index.network(named: name, in: region.uppercased())
    }

    /// The region whose networks carry a mobile country code; nil where there are several or none is known.
    public static func region(mcc: String) -> String? {
        index.regions[mcc] ?? nil
    }

    /// The network of an operator as the tables of number ranges call it.
    static func holder(_ name: String, in region: String) -> MobileNetwork? {
        index.holders[Key(region: region, name: name)]
    }

    struct Code: Hashable {
        var mcc: String
        var mnc: String
    }

    struct Key: Hashable {
        var region: String
        var name: String
    }

    private static let index = Index(networkTable.withUTF8Buffer { String(decoding: $0, as: UTF8.self) })

    /// The lines of a table like `networkTable` under what they are asked for by.
    struct Index {
        var byCode: [Code: MobileNetwork] = [:]
        var holders: [Key: MobileNetwork] = [:]
        /// By the folded name; nil where it is that of two operators.
        var byName: [Key: MobileNetwork?] = [:]
        /// By mobile country code; nil where its networks are in several regions.
        var regions: [String: String?] = [:]

        init(_ text: String) {
            for line in text.split(separator: "\n") {
                let fields = line.split(separator: "\t", maxSplits: 4).map(String.init)
                guard fields.count == 5 else { continue }
                let network = MobileNetwork(
                    mcc: fields[1], mnc: fields[2], operatorName: fields[4], region: fields[3] == "-" ? nil : fields[3])
                if fields[0] == "N" { add(network) } else { add(network, name: fields[4], holds: fields[0] == "H") }
            }
        }

        func network(named name: String, in region: String) -> MobileNetwork? {
            byName[Key(region: region, name: Self.fold(name))] ?? nil
        }

        /// The line of a code.
        private mutating func add(_ network: MobileNetwork) {
            byCode[Code(mcc: network.mcc, mnc: network.mnc)] = network
            if let known = regions[network.mcc], known != network.region {
                regions[network.mcc] = .some(nil)
            } else {
                regions[network.mcc] = network.region
            }
        }

        /// The line of a name; the table has the codes' lines first.
        private mutating func add(_ line: MobileNetwork, name: String, holds: Bool) {
            guard let region = line.region, let known = byCode[Code(mcc: line.mcc, mnc: line.mnc)] else { return }
            let network = MobileNetwork(
                mcc: line.mcc, mnc: line.mnc, operatorName: known.operatorName, region: region)
            if holds { holders[Key(region: region, name: name)] = network }
            let key = Key(region: region, name: Self.fold(name))
            if let other = byName[key], other != network {
                byName[key] = .some(nil)
            } else {
                byName[key] = network
            }
        }

        /// Letters and digits in lower case.
        private static func fold(_ name: String) -> String {
            var folded = String.UnicodeScalarView()
            for scalar in name.lowercased().unicodeScalars
            where scalar.properties.isAlphabetic || scalar.properties.numericType != nil {
                folded.append(scalar)
            }
            return String(folded)
        }
    }
}
