// SPDX-License-Identifier: Apache-2.0
// What `parley doctor` found out, as values: one line each for people, one object each for programs, and advice for
// whatever is not as it should be.

import Wire

struct DoctorCheck: Sendable, Equatable {
    enum Outcome: String, Sendable {
        case ok
        /// Works, and may not for long, or not as well as it should.
        case warning = "warn"
        /// Does not work.
        case failure = "fail"
    }

    /// What was looked at: `database`, `connector carrier-a`.
    let name: String
    let outcome: Outcome
    /// What was found, in a line.
    let detail: String
    /// What to do; nil when all is well.
    let advice: String?

    static func ok(_ name: String, _ detail: String) -> DoctorCheck {
        DoctorCheck(name: name, outcome: .ok, detail: detail, advice: nil)
    }

    static func warning(_ name: String, _ detail: String, advice: String) -> DoctorCheck {
        DoctorCheck(name: name, outcome: .warning, detail: detail, advice: advice)
    }

    static func failure(_ name: String, _ detail: String, advice: String) -> DoctorCheck {
        DoctorCheck(name: name, outcome: .failure, detail: detail, advice: advice)
    }
}

/// All that was found, in the order in which it is shown.
struct DoctorReport: Sendable, Equatable {
    var checks: [DoctorCheck] = []

    /// Whether nothing failed; warnings do not count.
    var isHealthy: Bool { !checks.contains { $0.outcome == .failure } }

    /// A line for each check, its advice below it, and a sum.
    var text: String {
        let width = checks.map(\.name.count).max() ?? 0
        var lines: [String] = []
        for check in checks {
            let mark = check.outcome == .failure ? "FAIL" : check.outcome.rawValue
            let name = check.name + String(repeating: " ", count: width - check.name.count)
            let margin = String(repeating: " ", count: 4 - mark.count)
            lines.append("\(mark)\(margin)  \(name)  \(check.detail)")
            if let advice = check.advice { lines.append("      \(String(repeating: " ", count: width))  -> \(advice)") }
        }
        let failures = checks.count { $0.outcome == .failure }
        let warnings = checks.count { $0.outcome == .warning }
        lines.append(
            [(checks.count, "check"), (warnings, "warning"), (failures, "failure")]
                .map { Amount.counted($0, $1) }.joined(separator: ", "))
        return lines.joined(separator: "\n")
    }

    var json: String {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("ok", isHealthy)
            writer.member(
                "checks",
                array: { writer in
                    for check in checks {
                        writer.object { writer in
                            writer.member("name", check.name)
                            writer.member("outcome", check.outcome.rawValue)
                            writer.member("detail", check.detail)
                            writer.member("advice", check.advice)
                        }
                    }
                })
        }
        return writer.text
    }
}
