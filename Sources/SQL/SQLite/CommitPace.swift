// SPDX-License-Identifier: Apache-2.0
// How closely commits follow one another. Each costs the disk's time and a copy of every page that it touches, so many
// small ones cost a message twice what few large ones do. Where they come thick and fast, one that nobody waits for with
// impatience is therefore held back for some milliseconds, in which others join it.

import Dispatch

struct CommitPace {
    /// From one commit to the next when all its jobs are patient.
    let patientGap: DispatchTimeInterval
    /// The same when some are.
    let mixedGap: DispatchTimeInterval
    /// Commits that are farther apart are few: there, nobody waits.
    let quietGap: DispatchTimeInterval

    private var last: DispatchTime?
    private var isQuiet = true
    private var hadPatient = false

    init(
        patientGap: DispatchTimeInterval = .milliseconds(8), mixedGap: DispatchTimeInterval = .milliseconds(4),
        quietGap: DispatchTimeInterval = .milliseconds(16)
    ) {
        self.patientGap = patientGap
        self.mixedGap = mixedGap
        self.quietGap = quietGap
    }

    /// A commit has been made; `hasPatient` when some of its jobs were.
    mutating func committed(at now: DispatchTime, hasPatient: Bool) {
        isQuiet = last.map { $0 + quietGap < now } ?? true
        hadPatient = hasPatient
        last = now
    }

    /// Before which the next commit shall not be made, given what kinds of jobs it has. One without patient jobs that
    /// follows one with them is about to be joined by more of them.
    func earliest(hasPatient: Bool, hasUrgent: Bool) -> DispatchTime {
        guard let last, hasPatient || hadPatient, !isQuiet else { return DispatchTime(uptimeNanoseconds: 0) }
        return last + (hasUrgent ? mixedGap : patientGap)
    }
}
