// SPDX-License-Identifier: Apache-2.0
// The alphabets of 3GPP TS 23.038 written out, sixteen septets to a row, as a second form of the tables in the sources.
// U+FFFD marks a septet that is undefined, and the escape itself.

import SMSText
import Testing

/// Sixteen septets of one table, from `row` × 16.
struct AlphabetRow: CustomTestStringConvertible {
    let language: NationalLanguage?
    let row: UInt8
    let text: String

    init(_ language: NationalLanguage?, _ row: UInt8, _ text: String) {
        self.language = language
        self.row = row
        self.text = text
    }

    var testDescription: String { "\(language.map { "\($0)" } ?? "default") row \(row)" }

    /// The septets 0x00-0x7F of the default alphabet and the locking-shift tables.
    static let locking: [AlphabetRow] = [
        AlphabetRow(nil, 0, "@£$¥èéùìòÇ\nØø\rÅå"),
        AlphabetRow(nil, 1, "Δ_ΦΓΛΩΠΨΣΘΞ\u{FFFD}ÆæßÉ"),
        AlphabetRow(nil, 2, " !\"#¤%&'()*+,-./"),
        AlphabetRow(nil, 3, "0123456789:;<=>?"),
        AlphabetRow(nil, 4, "¡ABCDEFGHIJKLMNO"),
        AlphabetRow(nil, 5, "PQRSTUVWXYZÄÖÑÜ§"),
        AlphabetRow(nil, 6, "¿abcdefghijklmno"),
        AlphabetRow(nil, 7, "pqrstuvwxyzäöñüà"),
        AlphabetRow(.turkish, 0, "@£$¥€éùıòÇ\nĞğ\rÅå"),
        AlphabetRow(.turkish, 1, "Δ_ΦΓΛΩΠΨΣΘΞ\u{FFFD}ŞşßÉ"),
        AlphabetRow(.turkish, 2, " !\"#¤%&'()*+,-./"),
        AlphabetRow(.turkish, 3, "0123456789:;<=>?"),
        AlphabetRow(.turkish, 4, "İABCDEFGHIJKLMNO"),
        AlphabetRow(.turkish, 5, "PQRSTUVWXYZÄÖÑÜ§"),
        AlphabetRow(.turkish, 6, "çabcdefghijklmno"),
        AlphabetRow(.turkish, 7, "pqrstuvwxyzäöñüà"),
        AlphabetRow(.portuguese, 0, "@£$¥êéúíóç\nÔô\rÁá"),
        AlphabetRow(.portuguese, 1, "Δ_ªÇÀ∞^\\€Ó|\u{FFFD}ÂâÊÉ"),
        AlphabetRow(.portuguese, 2, " !\"#º%&'()*+,-./"),
        AlphabetRow(.portuguese, 3, "0123456789:;<=>?"),
        AlphabetRow(.portuguese, 4, "ÍABCDEFGHIJKLMNO"),
        AlphabetRow(.portuguese, 5, "PQRSTUVWXYZÃÕÚÜ§"),
        AlphabetRow(.portuguese, 6, "~abcdefghijklmno"),
        AlphabetRow(.portuguese, 7, "pqrstuvwxyzãõ`üà"),
        AlphabetRow(.bengali, 0, "ঁংঃঅআইঈউঊঋ\nঌ\u{FFFD}\r\u{FFFD}এ"),
        AlphabetRow(.bengali, 1, "ঐ\u{FFFD}\u{FFFD}ওঔকখগঘঙচ\u{FFFD}ছজঝঞ"),
        AlphabetRow(.bengali, 2, " !টঠডঢণত)(থদ,ধ.ন"),
        AlphabetRow(.bengali, 3, "0123456789:;\u{FFFD}পফ?"),
        AlphabetRow(.bengali, 4, "বভমযর\u{FFFD}ল\u{FFFD}\u{FFFD}\u{FFFD}শষসহ়ঽ"),
        AlphabetRow(.bengali, 5, "ািীুূৃৄ\u{FFFD}\u{FFFD}েৈ\u{FFFD}\u{FFFD}োৌ্"),
        AlphabetRow(.bengali, 6, "ৎabcdefghijklmno"),
        AlphabetRow(.bengali, 7, "pqrstuvwxyzৗড়ঢ়ৰৱ"),
        AlphabetRow(.gujarati, 0, "ઁંઃઅઆઇઈઉઊઋ\nઌઍ\r\u{FFFD}એ"),
        AlphabetRow(.gujarati, 1, "ઐઑ\u{FFFD}ઓઔકખગઘઙચ\u{FFFD}છજઝઞ"),
        AlphabetRow(.gujarati, 2, " !ટઠડઢણત)(થદ,ધ.ન"),
        AlphabetRow(.gujarati, 3, "0123456789:;\u{FFFD}પફ?"),
        AlphabetRow(.gujarati, 4, "બભમયર\u{FFFD}લળ\u{FFFD}વશષસહ઼ઽ"),
        AlphabetRow(.gujarati, 5, "ાિીુૂૃૄૅ\u{FFFD}ેૈૉ\u{FFFD}ોૌ્"),
        AlphabetRow(.gujarati, 6, "ૐabcdefghijklmno"),
        AlphabetRow(.gujarati, 7, "pqrstuvwxyzૠૡૢૣ૱"),
        AlphabetRow(.hindi, 0, "ँंःअआइईउऊऋ\nऌऍ\rऎए"),
        AlphabetRow(.hindi, 1, "ऐऑऒओऔकखगघङच\u{FFFD}छजझञ"),
        AlphabetRow(.hindi, 2, " !टठडढणत)(थद,ध.न"),
        AlphabetRow(.hindi, 3, "0123456789:;ऩपफ?"),
        AlphabetRow(.hindi, 4, "बभमयरऱलळऴवशषसह़ऽ"),
        AlphabetRow(.hindi, 5, "ािीुूृॄॅॆेैॉॊोौ्"),
        AlphabetRow(.hindi, 6, "ॐabcdefghijklmno"),
        AlphabetRow(.hindi, 7, "pqrstuvwxyzॲॻॼॾॿ"),
        AlphabetRow(.kannada, 0, "\u{FFFD}ಂಃಅಆಇಈಉಊಋ\nಌ\u{FFFD}\rಎಏ"),
        AlphabetRow(.kannada, 1, "ಐ\u{FFFD}ಒಓಔಕಖಗಘಙಚ\u{FFFD}ಛಜಝಞ"),
        AlphabetRow(.kannada, 2, " !ಟಠಡಢಣತ)(ಥದ,ಧ.ನ"),
        AlphabetRow(.kannada, 3, "0123456789:;\u{FFFD}ಪಫ?"),
        AlphabetRow(.kannada, 4, "ಬಭಮಯರಱಲಳ\u{FFFD}ವಶಷಸಹ಼ಽ"),
        AlphabetRow(.kannada, 5, "ಾಿೀುೂೃೄ\u{FFFD}ೆೇೈ\u{FFFD}ೊೋೌ್"),
        AlphabetRow(.kannada, 6, "ೕabcdefghijklmno"),
        AlphabetRow(.kannada, 7, "pqrstuvwxyzೖೠೡೢೣ"),
        AlphabetRow(.malayalam, 0, "\u{FFFD}ംഃഅആഇഈഉഊഋ\nഌ\u{FFFD}\rഎഏ"),
        AlphabetRow(.malayalam, 1, "ഐ\u{FFFD}ഒഓഔകഖഗഘങച\u{FFFD}ഛജഝഞ"),
        AlphabetRow(.malayalam, 2, " !ടഠഡഢണത)(ഥദ,ധ.ന"),
        AlphabetRow(.malayalam, 3, "0123456789:;\u{FFFD}പഫ?"),
        AlphabetRow(.malayalam, 4, "ബഭമയരറലളഴവശഷസഹ\u{FFFD}ഽ"),
        AlphabetRow(.malayalam, 5, "ാിീുൂൃൄ\u{FFFD}െേൈ\u{FFFD}ൊോൌ്"),
        AlphabetRow(.malayalam, 6, "ൗabcdefghijklmno"),
        AlphabetRow(.malayalam, 7, "pqrstuvwxyzൠൡൢൣ൹"),
        AlphabetRow(.oriya, 0, "ଁଂଃଅଆଇଈଉଊଋ\nଌ\u{FFFD}\r\u{FFFD}ଏ"),
        AlphabetRow(.oriya, 1, "ଐ\u{FFFD}\u{FFFD}ଓଔକଖଗଘଙଚ\u{FFFD}ଛଜଝଞ"),
        AlphabetRow(.oriya, 2, " !ଟଠଡଢଣତ)(ଥଦ,ଧ.ନ"),
        AlphabetRow(.oriya, 3, "0123456789:;\u{FFFD}ପଫ?"),
        AlphabetRow(.oriya, 4, "ବଭମଯର\u{FFFD}ଲଳ\u{FFFD}ଵଶଷସହ଼ଽ"),
        AlphabetRow(.oriya, 5, "ାିୀୁୂୃୄ\u{FFFD}\u{FFFD}େୈ\u{FFFD}\u{FFFD}ୋୌ୍"),
        AlphabetRow(.oriya, 6, "ୖabcdefghijklmno"),
        AlphabetRow(.oriya, 7, "pqrstuvwxyzୗୠୡୢୣ"),
        AlphabetRow(.punjabi, 0, "ਁਂਃਅਆਇਈਉਊ\u{FFFD}\n\u{FFFD}\u{FFFD}\r\u{FFFD}ਏ"),
        AlphabetRow(.punjabi, 1, "ਐ\u{FFFD}\u{FFFD}ਓਔਕਖਗਘਙਚ\u{FFFD}ਛਜਝਞ"),
        AlphabetRow(.punjabi, 2, " !ਟਠਡਢਣਤ)(ਥਦ,ਧ.ਨ"),
        AlphabetRow(.punjabi, 3, "0123456789:;\u{FFFD}ਪਫ?"),
        AlphabetRow(.punjabi, 4, "ਬਭਮਯਰ\u{FFFD}ਲਲ਼\u{FFFD}ਵਸ਼\u{FFFD}ਸਹ਼\u{FFFD}"),
        AlphabetRow(.punjabi, 5, "ਾਿੀੁੂ\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}ੇੈ\u{FFFD}\u{FFFD}ੋੌ੍"),
        AlphabetRow(.punjabi, 6, "ੑabcdefghijklmno"),
        AlphabetRow(.punjabi, 7, "pqrstuvwxyzੰੱੲੳੴ"),
        AlphabetRow(.tamil, 0, "\u{FFFD}ஂஃஅஆஇஈஉஊ\u{FFFD}\n\u{FFFD}\u{FFFD}\rஎஏ"),
        AlphabetRow(.tamil, 1, "ஐ\u{FFFD}ஒஓஔக\u{FFFD}\u{FFFD}\u{FFFD}ஙச\u{FFFD}\u{FFFD}ஜ\u{FFFD}ஞ"),
        AlphabetRow(.tamil, 2, " !ட\u{FFFD}\u{FFFD}\u{FFFD}ணத)(\u{FFFD}\u{FFFD},\u{FFFD}.ந"),
        AlphabetRow(.tamil, 3, "0123456789:;னப\u{FFFD}?"),
        AlphabetRow(.tamil, 4, "\u{FFFD}\u{FFFD}மயரறலளழவஶஷஸஹ\u{FFFD}\u{FFFD}"),
        AlphabetRow(.tamil, 5, "ாிீுூ\u{FFFD}\u{FFFD}\u{FFFD}ெேை\u{FFFD}ொோௌ்"),
        AlphabetRow(.tamil, 6, "ௐabcdefghijklmno"),
        AlphabetRow(.tamil, 7, "pqrstuvwxyzௗ௰௱௲௹"),
        AlphabetRow(.telugu, 0, "ఁంఃఅఆఇఈఉఊఋ\nఌ\u{FFFD}\rఎఏ"),
        AlphabetRow(.telugu, 1, "ఐ\u{FFFD}ఒఓఔకఖగఘఙచ\u{FFFD}ఛజఝఞ"),
        AlphabetRow(.telugu, 2, " !టఠడఢణత)(థద,ధ.న"),
        AlphabetRow(.telugu, 3, "0123456789:;\u{FFFD}పఫ?"),
        AlphabetRow(.telugu, 4, "బభమయరఱలళ\u{FFFD}వశషసహ\u{FFFD}ఽ"),
        AlphabetRow(.telugu, 5, "ాిీుూృౄ\u{FFFD}ెేై\u{FFFD}ొోౌ్"),
        AlphabetRow(.telugu, 6, "ౕabcdefghijklmno"),
        AlphabetRow(.telugu, 7, "pqrstuvwxyzౖౠౡౢౣ"),
        AlphabetRow(.urdu, 0, "اآبٻڀپڦتۂٿ\nٹٽ\rٺټ"),
        AlphabetRow(.urdu, 1, "ثجځڄڃڅچڇحخد\u{FFFD}ڌڈډڊ"),
        AlphabetRow(.urdu, 2, " !ڏڍذرڑړ)(ڙز,ږ.ژ"),
        AlphabetRow(.urdu, 3, "0123456789:;ښسش?"),
        AlphabetRow(.urdu, 4, "صضطظعفقکڪګگڳڱلمن"),
        AlphabetRow(.urdu, 5, "ںڻڼوۄەہھءیېےٍُِٗ"),
        AlphabetRow(.urdu, 6, "ٔabcdefghijklmno"),
        AlphabetRow(.urdu, 7, "pqrstuvwxyzّٰٕٖٓ"),
    ]

    /// What follows the escape: the default extension table and the single-shift tables.
    static let extended: [AlphabetRow] = [
        AlphabetRow(
            nil, 0,
            "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{C}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"
        ),
        AlphabetRow(
            nil, 1,
            "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}^\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"
        ),
        AlphabetRow(
            nil, 2,
            "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}{}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\\"
        ),
        AlphabetRow(
            nil, 3,
            "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}[~]\u{FFFD}"
        ),
        AlphabetRow(
            nil, 4,
            "|\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"
        ),
        AlphabetRow(
            nil, 6,
            "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}€\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"
        ),
        AlphabetRow(
            .turkish, 0,
            "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{C}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"
        ),
        AlphabetRow(
            .turkish, 1,
            "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}^\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"
        ),
        AlphabetRow(
            .turkish, 2,
            "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}{}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\\"
        ),
        AlphabetRow(
            .turkish, 3,
            "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}[~]\u{FFFD}"
        ),
        AlphabetRow(
            .turkish, 4,
            "|\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}Ğ\u{FFFD}İ\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"
        ),
        AlphabetRow(
            .turkish, 5,
            "\u{FFFD}\u{FFFD}\u{FFFD}Ş\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"
        ),
        AlphabetRow(
            .turkish, 6,
            "\u{FFFD}\u{FFFD}\u{FFFD}ç\u{FFFD}€\u{FFFD}ğ\u{FFFD}ı\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"),
        AlphabetRow(
            .turkish, 7,
            "\u{FFFD}\u{FFFD}\u{FFFD}ş\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"
        ),
        AlphabetRow(
            .spanish, 0,
            "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}ç\u{C}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"
        ),
        AlphabetRow(
            .spanish, 1,
            "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}^\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"
        ),
        AlphabetRow(
            .spanish, 2,
            "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}{}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\\"
        ),
        AlphabetRow(
            .spanish, 3,
            "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}[~]\u{FFFD}"
        ),
        AlphabetRow(
            .spanish, 4,
            "|Á\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}Í\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}Ó"),
        AlphabetRow(
            .spanish, 5,
            "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}Ú\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"
        ),
        AlphabetRow(
            .spanish, 6,
            "\u{FFFD}á\u{FFFD}\u{FFFD}\u{FFFD}€\u{FFFD}\u{FFFD}\u{FFFD}í\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}ó"),
        AlphabetRow(
            .spanish, 7,
            "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}ú\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"
        ),
        AlphabetRow(
            .portuguese, 0, "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}ê\u{FFFD}\u{FFFD}\u{FFFD}ç\u{C}Ôô\u{FFFD}Áá"),
        AlphabetRow(.portuguese, 1, "\u{FFFD}\u{FFFD}ΦΓ^ΩΠΨΣΘ\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}Ê"),
        AlphabetRow(
            .portuguese, 2,
            "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}{}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\\"
        ),
        AlphabetRow(
            .portuguese, 3,
            "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}[~]\u{FFFD}"
        ),
        AlphabetRow(
            .portuguese, 4,
            "|À\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}Í\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}Ó"),
        AlphabetRow(
            .portuguese, 5,
            "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}Ú\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}ÃÕ\u{FFFD}\u{FFFD}\u{FFFD}"
        ),
        AlphabetRow(
            .portuguese, 6,
            "\u{FFFD}Â\u{FFFD}\u{FFFD}\u{FFFD}€\u{FFFD}\u{FFFD}\u{FFFD}í\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}ó"),
        AlphabetRow(
            .portuguese, 7,
            "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}ú\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}ãõ\u{FFFD}\u{FFFD}â"),
        AlphabetRow(.bengali, 0, "@£$¥¿\"¤%&'\u{C}*+\u{FFFD}-/"),
        AlphabetRow(.bengali, 1, "<=>¡^¡_#*০১\u{FFFD}২৩৪৫"),
        AlphabetRow(.bengali, 2, "৬৭৮৯য়ৠৡৢ{}ৣ৲৳৴৵\\"),
        AlphabetRow(.bengali, 3, "৶৷৸৹৺\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}[~]\u{FFFD}"),
        AlphabetRow(.bengali, 4, "|ABCDEFGHIJKLMNO"),
        AlphabetRow(.bengali, 5, "PQRSTUVWXYZ\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"),
        AlphabetRow(
            .bengali, 6,
            "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}€\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"
        ),
        AlphabetRow(.gujarati, 0, "@£$¥¿\"¤%&'\u{C}*+\u{FFFD}-/"),
        AlphabetRow(.gujarati, 1, "<=>¡^¡_#*।॥\u{FFFD}૦૧૨૩"),
        AlphabetRow(.gujarati, 2, "૪૫૬૭૮૯\u{FFFD}\u{FFFD}{}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\\"),
        AlphabetRow(
            .gujarati, 3,
            "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}[~]\u{FFFD}"
        ),
        AlphabetRow(.gujarati, 4, "|ABCDEFGHIJKLMNO"),
        AlphabetRow(.gujarati, 5, "PQRSTUVWXYZ\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"),
        AlphabetRow(
            .gujarati, 6,
            "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}€\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"
        ),
        AlphabetRow(.hindi, 0, "@£$¥¿\"¤%&'\u{C}*+\u{FFFD}-/"),
        AlphabetRow(.hindi, 1, "<=>¡^¡_#*।॥\u{FFFD}०१२३"),
        AlphabetRow(.hindi, 2, "४५६७८९॒॑{}॓॔क़ख़ग़\\"),
        AlphabetRow(.hindi, 3, "ज़ड़ढ़फ़य़ॠॡॢॣ॰ॱ\u{FFFD}[~]\u{FFFD}"),
        AlphabetRow(.hindi, 4, "|ABCDEFGHIJKLMNO"),
        AlphabetRow(.hindi, 5, "PQRSTUVWXYZ\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"),
        AlphabetRow(
            .hindi, 6,
            "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}€\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"
        ),
        AlphabetRow(.kannada, 0, "@£$¥¿\"¤%&'\u{C}*+\u{FFFD}-/"),
        AlphabetRow(.kannada, 1, "<=>¡^¡_#*।॥\u{FFFD}೦೧೨೩"),
        AlphabetRow(.kannada, 2, "೪೫೬೭೮೯ೞೱ{}ೲ\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\\"),
        AlphabetRow(
            .kannada, 3,
            "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}[~]\u{FFFD}"
        ),
        AlphabetRow(.kannada, 4, "|ABCDEFGHIJKLMNO"),
        AlphabetRow(.kannada, 5, "PQRSTUVWXYZ\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"),
        AlphabetRow(
            .kannada, 6,
            "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}€\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"
        ),
        AlphabetRow(.malayalam, 0, "@£$¥¿\"¤%&'\u{C}*+\u{FFFD}-/"),
        AlphabetRow(.malayalam, 1, "<=>¡^¡_#*।॥\u{FFFD}൦൧൨൩"),
        AlphabetRow(.malayalam, 2, "൪൫൬൭൮൯൰൱{}൲൳൴൵ൺ\\"),
        AlphabetRow(.malayalam, 3, "ൻർൽൾൿ\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}[~]\u{FFFD}"),
        AlphabetRow(.malayalam, 4, "|ABCDEFGHIJKLMNO"),
        AlphabetRow(.malayalam, 5, "PQRSTUVWXYZ\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"),
        AlphabetRow(
            .malayalam, 6,
            "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}€\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"
        ),
        AlphabetRow(.oriya, 0, "@£$¥¿\"¤%&'\u{C}*+\u{FFFD}-/"),
        AlphabetRow(.oriya, 1, "<=>¡^¡_#*।॥\u{FFFD}୦୧୨୩"),
        AlphabetRow(.oriya, 2, "୪୫୬୭୮୯ଡ଼ଢ଼{}ୟ୰ୱ\u{FFFD}\u{FFFD}\\"),
        AlphabetRow(
            .oriya, 3,
            "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}[~]\u{FFFD}"
        ),
        AlphabetRow(.oriya, 4, "|ABCDEFGHIJKLMNO"),
        AlphabetRow(.oriya, 5, "PQRSTUVWXYZ\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"),
        AlphabetRow(
            .oriya, 6,
            "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}€\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"
        ),
        AlphabetRow(.punjabi, 0, "@£$¥¿\"¤%&'\u{C}*+\u{FFFD}-/"),
        AlphabetRow(.punjabi, 1, "<=>¡^¡_#*।॥\u{FFFD}੦੧੨੩"),
        AlphabetRow(.punjabi, 2, "੪੫੬੭੮੯ਖ਼ਗ਼{}ਜ਼ੜਫ਼ੵ\u{FFFD}\\"),
        AlphabetRow(
            .punjabi, 3,
            "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}[~]\u{FFFD}"
        ),
        AlphabetRow(.punjabi, 4, "|ABCDEFGHIJKLMNO"),
        AlphabetRow(.punjabi, 5, "PQRSTUVWXYZ\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"),
        AlphabetRow(
            .punjabi, 6,
            "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}€\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"
        ),
        AlphabetRow(.tamil, 0, "@£$¥¿\"¤%&'\u{C}*+\u{FFFD}-/"),
        AlphabetRow(.tamil, 1, "<=>¡^¡_#*।॥\u{FFFD}௦௧௨௩"),
        AlphabetRow(.tamil, 2, "௪௫௬௭௮௯௳௴{}௵௶௷௸௺\\"),
        AlphabetRow(
            .tamil, 3,
            "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}[~]\u{FFFD}"
        ),
        AlphabetRow(.tamil, 4, "|ABCDEFGHIJKLMNO"),
        AlphabetRow(.tamil, 5, "PQRSTUVWXYZ\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"),
        AlphabetRow(
            .tamil, 6,
            "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}€\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"
        ),
        AlphabetRow(.telugu, 0, "@£$¥¿\"¤%&'\u{C}*+\u{FFFD}-/"),
        AlphabetRow(.telugu, 1, "<=>¡^¡_#*\u{FFFD}\u{FFFD}\u{FFFD}౦౧౨౩"),
        AlphabetRow(.telugu, 2, "౪౫౬౭౮౯ౘౙ{}౸౹౺౻౼\\"),
        AlphabetRow(
            .telugu, 3, "౽౾౿\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}[~]\u{FFFD}"),
        AlphabetRow(.telugu, 4, "|ABCDEFGHIJKLMNO"),
        AlphabetRow(.telugu, 5, "PQRSTUVWXYZ\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"),
        AlphabetRow(
            .telugu, 6,
            "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}€\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"
        ),
        AlphabetRow(.urdu, 0, "@£$¥¿\"¤%&'\u{C}*+\u{FFFD}-/"),
        AlphabetRow(.urdu, 1, "<=>¡^¡_#*\u{600}\u{601}\u{FFFD}۰۱۲۳"),
        AlphabetRow(.urdu, 2, "۴۵۶۷۸۹،؍{}؎؏ؐؑؒ\\"),
        AlphabetRow(.urdu, 3, "ؓؔ؛؟ـْ٘٫٬ٲٳۍ[~]۔"),
        AlphabetRow(.urdu, 4, "|ABCDEFGHIJKLMNO"),
        AlphabetRow(.urdu, 5, "PQRSTUVWXYZ\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"),
        AlphabetRow(
            .urdu, 6,
            "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}€\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"
        ),
    ]
}
