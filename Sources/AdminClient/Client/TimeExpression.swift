// SPDX-License-Identifier: Apache-2.0
// Times as people type them: RFC 3339, a day, or a distance from now such as `2h`.

import ArgumentParser
import Wire

/// A time that may depend on now.
struct TimeExpression: Equatable, Sendable {
    private enum Form: Equatable {
        case instant(Milliseconds)
        case distance(Milliseconds)
    }

    private let form: Form

    /// `2026-01-31T08:05:09Z`, `2026-01-31` (its first moment, UTC), `now`, or a number with `s`, `m`, `h`, `d` or `w`.
    init?(_ text: String) {
        if text == "now" {
            form = .distance(0)
        } else if let instant = Timestamp.parse(text) ?? Timestamp.parse(text + "T00:00:00Z") {
            form = .instant(instant)
        } else if let unit = Self.units[text.last ?? " "], let count = Int64(text.dropLast()), count >= 0 {
            let (distance, overflow) = count.multipliedReportingOverflow(by: unit)
            guard !overflow, distance < 10_000 * 365 * Self.day else { return nil }
            form = .distance(distance)
        } else {
            return nil
        }
    }

    private static let day: Milliseconds = 86_400_000
    private static let units: [Character: Milliseconds] = [
        "s": 1000, "m": 60_000, "h": 3_600_000, "d": day, "w": 7 * day,
    ]

    /// RFC 3339; a distance counts back from now.
    func past(_ now: Milliseconds) -> String { text(now, sign: -1) }

    /// RFC 3339; a distance counts on from now.
    func future(_ now: Milliseconds) -> String { text(now, sign: 1) }

    private func text(_ now: Milliseconds, sign: Milliseconds) -> String {
        switch form {
        case .instant(let instant): Timestamp.rfc3339(instant, milliseconds: instant % 1000 != 0)
        case .distance(let distance): Timestamp.rfc3339(now + sign * distance, milliseconds: true)
        }
    }
}

extension TimeExpression: ExpressibleByArgument {
    init?(argument: String) { self.init(argument) }
}

/// A range of time.
struct RangeOptions: ParsableArguments {
    @Option(help: ArgumentHelp("From when: a time, a day, or 2h, 3d for so long ago.", valueName: "time"))
    var from: TimeExpression?
    @Option(help: ArgumentHelp("Until when.", valueName: "time")) var to: TimeExpression?

    func query(_ now: Milliseconds) -> AdminAPI.Query { [("from", from?.past(now)), ("to", to?.past(now))] }
}
