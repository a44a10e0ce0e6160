// SPDX-License-Identifier: Apache-2.0
// What a sender asks for and what a carrier permits; the inputs of `Segmenter` and `Transcoder`.

/// The `encoding` parameter of a send request.
public enum EncodingChoice: Sendable, Hashable {
    /// GSM-7 where it holds the text, else UCS-2.
    case auto
    /// GSM-7 or failure.
    case gsm7
    /// UCS-2 always.
    case unicode
}

/// How a text is cut into parts, and for which carrier.
public struct SegmentationOptions: Sendable, Hashable {
    public var encoding: EncodingChoice
    public var referenceWidth: ReferenceWidth
    public var concatenation: Concatenation
    /// Used only with a GSM-7 default alphabet.
    public var permittedTables: Set<NationalTable>
    /// What data_coding 0 means to the carrier; a character outside it is not sent as GSM-7.
    public var defaultAlphabet: DefaultAlphabet

    public init(
        encoding: EncodingChoice = .auto, referenceWidth: ReferenceWidth = .eight,
        concatenation: Concatenation = .userDataHeader, permittedTables: Set<NationalTable> = [],
        defaultAlphabet: DefaultAlphabet = .gsm7
    ) {
        self.encoding = encoding
        self.referenceWidth = referenceWidth
        self.concatenation = concatenation
        self.permittedTables = permittedTables
        self.defaultAlphabet = defaultAlphabet
    }
}

/// The means that a transcoding may use. The defaults are those of a POST to the SMS API.
public struct TranscodingOptions: Sendable, Hashable {
    public var segmentation: SegmentationOptions
    /// Share (0…1) of the characters that may be replaced by GSM-7 look-alikes.
    public var trate: Double
    /// Share (0…1) of the characters that may be replaced by `.`.
    public var mrate: Double
    /// Permits upper-casing the whole text when that alone makes the parts fewer.
    public var upperCased: Bool
    /// False turns every emoji into its name, `:grinning face:`.
    public var keepEmojis: Bool
    /// Most messages that may be charged, 1…255.
    public var partLimit: Int

    public init(
        segmentation: SegmentationOptions = SegmentationOptions(), trate: Double = 0, mrate: Double = 0,
        upperCased: Bool = true, keepEmojis: Bool = true, partLimit: Int = 4
    ) {
        self.segmentation = segmentation
        self.trate = trate
        self.mrate = mrate
        self.upperCased = upperCased
        self.keepEmojis = keepEmojis
        self.partLimit = partLimit
    }
}

/// Why a text cannot be sent as asked.
public enum TranscodingFailure: Error, Sendable, Hashable {
    /// GSM-7 was demanded and this character (the first such; `offset` counts characters from 0) could not be reached.
    case notRepresentable(character: Character, offset: Int)
    /// The best plan still has `count` messages, where at most `limit` were allowed. (At least `count` for a text of
    /// more than twice the limit.)
    case tooManyParts(count: Int, limit: Int)
}

/// What was done to a text, in characters of the original.
public struct TranscodingChanges: Sendable, Hashable {
    /// Emojis replaced by their names.
    public var emojis = 0
    /// Characters altered by upper-casing.
    public var upperCased = 0
    /// Characters replaced by GSM-7 look-alikes.
    public var lookAlikes = 0
    /// Characters replaced by `.`.
    public var dots = 0

    public var total: Int { emojis + upperCased + lookAlikes + dots }

    public init(emojis: Int = 0, upperCased: Int = 0, lookAlikes: Int = 0, dots: Int = 0) {
        self.emojis = emojis
        self.upperCased = upperCased
        self.lookAlikes = lookAlikes
        self.dots = dots
    }
}

/// The outcome of a transcoding: the text as it is sent, its parts, and what it took.
public struct TranscodedText: Sendable, Hashable {
    public let text: String
    public let segmented: SegmentedText
    public let changes: TranscodingChanges
}
