// SPDX-License-Identifier: Apache-2.0
// The transcoder: a search over the allowed means for the sending of a text in the fewest messages, and among those
// with the fewest changed characters. With nothing allowed it changes nothing. The means, in the order of the search:
//
//   emoji names      `keepEmojis: false`  always applied, whatever the encoding
//   plain GSM-7, permitted national tables, UCS-2
//   look-alikes      `trate`              for characters that the alphabet in question lacks, up to the share
//   `.`              `mrate`              likewise; an emoji that is to be kept is never replaced unless GSM-7 is demanded
//   upper case       `upperCased`         the whole text, only if it takes fewer messages than every plan without it

/// Plans how a text is sent.
public enum Transcoder {
    /// The best plan for `text`. Fails with `.notRepresentable` when GSM-7 is demanded and out of reach of the allowed
    /// means, and with `.tooManyParts` when even the best plan exceeds `options.partLimit`.
    public static func plan(
        _ text: String, options: TranscodingOptions = TranscodingOptions()
    ) -> Result<TranscodedText, TranscodingFailure> {
        if let plain = plainPlan(text, options: options) { return .success(plain) }
        let limit = limit(options)
        let search = TranscodingSearch(text: text, options: options)
        if search.isHopeless(limit: limit) { return .failure(.tooManyParts(count: search.leastMessages, limit: limit)) }
        guard let best = search.best() else { return .failure(search.notRepresentable) }
        guard best.plan.messageCount <= limit else {
            return .failure(.tooManyParts(count: best.plan.messageCount, limit: limit))
        }
        return .success(best.transcoded)
    }

    private static func limit(_ options: TranscodingOptions) -> Int {
        min(max(options.partLimit, 0), Segmenter.maximumParts)
    }

    /// The common case without a search: a text that is plain GSM-7 as it is (which no emoji is) can be bettered only by
    /// a national table that holds some extension character.
    private static func plainPlan(_ text: String, options: TranscodingOptions) -> TranscodedText? {
        guard options.segmentation.encoding != .unicode, options.partLimit > 0,
            let coded = CodedText(
                gsm7: text, alphabet: .standard, defaultAlphabet: options.segmentation.defaultAlphabet)
        else { return nil }
        let plan = SegmentationPlan(coded: coded, options: options.segmentation)
        let alphabets = SegmentationPlan.candidateAlphabets(for: text, options: options.segmentation)
        guard plan.messageCount == 1 || (plan.messageCount <= limit(options) && alphabets == [.standard]) else {
            return nil
        }
        return TranscodedText(text: text, segmented: plan.segmented, changes: TranscodingChanges())
    }
}
