// SPDX-License-Identifier: Apache-2.0
// How closely commits follow one another. Each costs the disk's time and a copy of every page that it touches, so many
// small ones cost a message twice what few large ones do. Where they come thick and fast, one that nobody waits for with
// impatience is therefore held back for some milliseconds, in which others join it.

import Dispatch

struct CommitPace {
    /// From one commit to the next when all its jobs are patient.
    static let patientGap = DispatchTimeInterval.milliseconds(8)
    /// The same when some are.
    static let mixedGap = DispatchTimeInterval.milliseconds(4)
    /// Commits that are farther apart are few: there, nobody waits.
    static let quietGap = DispatchTimeInterval.milliseconds(16)

    private var last: DispatchTime?
    private var isQuiet = true

    /// A commit has been made.
    mutating func committed(at now: DispatchTime) {
        isQuiet = last.map { $0 + Self.quietGap < now } ?? true
        last = now
    }

    /// Before which the next commit shall not be made, given what kinds of jobs it has.
    func earliest(hasPatient: Bool, hasUrgent: Bool) -> DispatchTime {
        guard let last, hasPatient, !isQuiet else { return DispatchTime(uptimeNanoseconds: 0) }
        return last + (hasUrgent ? Self.mixedGap : Self.patientGap)
    }
}
