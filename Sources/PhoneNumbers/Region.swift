// SPDX-License-Identifier: Apache-2.0
// Countries and territories by their ISO 3166-1 alpha-2 code: their other codes and what is spoken there. Every
// function takes a code in any case and answers nil for what it does not know.

import CPhoneNumber
import Foundation

public enum Region {
    /// All regions with a number plan of their own, in ascending order.
    public static let all: [String] = {
        let letters = String(unsafeUninitializedCapacity: 4096) { buffer in
            buffer.withMemoryRebound(to: CChar.self) { cphone_regions($0.baseAddress, $0.count) }
        }
        return stride(from: 0, to: letters.utf8.count, by: 2).map { String(letters.dropFirst($0).prefix(2)) }
    }()

    /// The three letters of ISO 3166-1: "DEU" for "DE". Kosovo has the ones in general use, which ISO left to users.
    public static func alpha3(_ region: String) -> String? {
        threeLetters[region.uppercased()]
    }

    /// The most likely language, ISO 639-1: "de" for "DE". From the likely subtags of CLDR, so a country of several
    /// languages has the one of most of its people.
    public static func language(_ region: String) -> String? {
        languages[region.uppercased()]
    }

    /// The country code of the region's numbers: 49 for "DE".
    public static func countryCode(_ region: String) -> Int? {
        countryCodes[region.uppercased()]
    }

    /// The code in upper case if the region has numbers.
    static func known(_ region: String) -> String? {
        let code = region.uppercased()
        return countryCodes[code] == nil ? nil : code
    }

    private static let countryCodes = Dictionary(
        uniqueKeysWithValues: all.map { ($0, Int(cphone_country_code($0))) })

    private static let languages: [String: String] = {
        let pairs = Set(all).union(threeLetters.keys).compactMap { region -> (String, String)? in
            let tag = Locale.Language(identifier: "und-\(region)").maximalIdentifier
            guard let language = tag.split(separator: "-").first, language != "und" else { return nil }
            // CLDR speaks of Filipino, which has no code in ISO 639-1; its base, Tagalog, has one.
            let code = language == "fil" ? "tl" : String(language)
            return code.utf8.count == 2 ? (region, code) : nil
        }
        return Dictionary(uniqueKeysWithValues: pairs)
    }()

    private static let threeLetters: [String: String] = Dictionary(
        uniqueKeysWithValues: isoCodes.split(whereSeparator: \.isWhitespace).map {
            (String($0.prefix(2)), String($0.dropFirst(2)))
        })

    /// alpha-2 and alpha-3, written together: ISO 3166-1, with the reserved codes AC and TA, and XK.
    private static let isoCodes = """
        ACASC ADAND AEARE AFAFG AGATG AIAIA ALALB AMARM AOAGO AQATA ARARG ASASM ATAUT AUAUS AWABW AXALA AZAZE BABIH
        BBBRB BDBGD BEBEL BFBFA BGBGR BHBHR BIBDI BJBEN BLBLM BMBMU BNBRN BOBOL BQBES BRBRA BSBHS BTBTN BVBVT BWBWA
        BYBLR BZBLZ CACAN CCCCK CDCOD CFCAF CGCOG CHCHE CICIV CKCOK CLCHL CMCMR CNCHN COCOL CRCRI CUCUB CVCPV CWCUW
        CXCXR CYCYP CZCZE DEDEU DJDJI DKDNK DMDMA DODOM DZDZA ECECU EEEST EGEGY EHESH ERERI ESESP ETETH FIFIN FJFJI
        FKFLK FMFSM FOFRO FRFRA GAGAB GBGBR GDGRD GEGEO GFGUF GGGGY GHGHA GIGIB GLGRL GMGMB GNGIN GPGLP GQGNQ GRGRC
        GSSGS GTGTM GUGUM GWGNB GYGUY HKHKG HMHMD HNHND HRHRV HTHTI HUHUN IDIDN IEIRL ILISR IMIMN ININD IOIOT IQIRQ
        IRIRN ISISL ITITA JEJEY JMJAM JOJOR JPJPN KEKEN KGKGZ KHKHM KIKIR KMCOM KNKNA KPPRK KRKOR KWKWT KYCYM KZKAZ
        LALAO LBLBN LCLCA LILIE LKLKA LRLBR LSLSO LTLTU LULUX LVLVA LYLBY MAMAR MCMCO MDMDA MEMNE MFMAF MGMDG MHMHL
        MKMKD MLMLI MMMMR MNMNG MOMAC MPMNP MQMTQ MRMRT MSMSR MTMLT MUMUS MVMDV MWMWI MXMEX MYMYS MZMOZ NANAM NCNCL
        NENER NFNFK NGNGA NINIC NLNLD NONOR NPNPL NRNRU NUNIU NZNZL OMOMN PAPAN PEPER PFPYF PGPNG PHPHL PKPAK PLPOL
        PMSPM PNPCN PRPRI PSPSE PTPRT PWPLW PYPRY QAQAT REREU ROROU RSSRB RURUS RWRWA SASAU SBSLB SCSYC SDSDN SESWE
        SGSGP SHSHN SISVN SJSJM SKSVK SLSLE SMSMR SNSEN SOSOM SRSUR SSSSD STSTP SVSLV SXSXM SYSYR SZSWZ TATAA TCTCA
        TDTCD TFATF TGTGO THTHA TJTJK TKTKL TLTLS TMTKM TNTUN TOTON TRTUR TTTTO TVTUV TWTWN TZTZA UAUKR UGUGA UMUMI
        USUSA UYURY UZUZB VAVAT VCVCT VEVEN VGVGB VIVIR VNVNM VUVUT WFWLF WSWSM XKXKX YEYEM YTMYT ZAZAF ZMZMB ZWZWE
        """
}
