// SPDX-License-Identifier: Apache-2.0
// The checks of the machine. Each judges facts that it is given, so that every judgement can be tried without the machine
// being so.

import Foundation
import Messaging
import Wire

enum DoctorHost {
    static func masterKey(
        _ source: Configuration.MasterKeySource, _ state: MasterKeyState, fits: Bool?
    ) -> DoctorCheck {
        let name = "master key"
        switch state {
        case .missing(let path):
            guard fits != nil else {
                return .warning(
                    name, "\(path) does not exist yet",
                    advice:
                        "If the database was in use before, put the key back from its copy. Otherwise the first start makes it."
                )
            }
            return .failure(
                name, "\(path) does not exist, and the database has secrets that were encrypted with it",
                advice:
                    "Put the key back from its copy. Without it, see \"The master key is lost\" in docs/operating.md.")
        case .unusable(let reason):
            return .failure(name, reason, advice: "Put the key back from its copy: 64 hexadecimal digits, readable.")
        case .usable: break
        }
        guard fits != false else {
            return .failure(
                name, "\(source.place) is not the key with which the database's secrets were encrypted",
                advice: "Put the right key in its place, or name the right database.")
        }
        if case .file(let path) = source, let mode = mode(of: path), mode & 0o077 != 0 {
            return .failure(
                name, "\(path) can be read by others (mode \(String(mode, radix: 8)))", advice: "chmod 600 \(path)")
        }
        return .ok(name, source.place + (fits == true ? ", fits the database" : ""))
    }

    private static func mode(of path: String) -> Int? {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return (attributes?[.posixPermissions] as? NSNumber)?.intValue
    }

    // MARK: Disks

    static func disk(_ name: String, folder: String) -> DoctorCheck {
        guard let space = DiskSpace(ofFolder: folder) else {
            return .failure(
                name, "\(folder) is not a folder", advice: "Make it, owned by the user that the server runs as.")
        }
        return disk(name, folder: folder, space)
    }

    static func disk(_ name: String, folder: String, _ space: DiskSpace) -> DoctorCheck {
        let detail = "\(folder): \(Amount.bytes(space.free)) free, \(space.percentFree) %"
        if space.free < 200_000_000 {
            return .failure(
                name, detail,
                advice: "Make room at once: a full disk refuses every message (503). Nothing is lost by it.")
        }
        if space.free < 2_000_000_000 || (space.percentFree < 10 && space.free < 20_000_000_000) {
            return .warning(name, detail, advice: "Make room, or give the folder a larger disk.")
        }
        return .ok(name, detail)
    }

    static func fileSystem(of folder: String, mounts: MountTable) -> DoctorCheck {
        let name = "file system"
        guard let kind = mounts.kind(of: folder) else { return .ok(name, "\(folder): of unknown kind") }
        let detail = "\(folder): \(kind)"
        let isRemote =
            ["nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "lustre", "gfs2", "ocfs2", "glusterfs"]
            .contains(kind) || kind.hasPrefix("fuse.") && ["sshfs", "glusterfs", "s3fs"].contains(kind.dropFirst(5))
        if isRemote {
            return .failure(
                name, "\(detail), over a network",
                advice: "Move the database to a local disk: SQLite's locks and its log do not hold over a network.")
        }
        if kind == "tmpfs" || kind == "ramfs" {
            return .warning(
                name, "\(detail), in memory", advice: "Move the database to a disk: this one is empty after a restart.")
        }
        return .ok(name, detail)
    }

    // MARK: Clock and limits

    static func clock(isSynchronised: Bool?) -> DoctorCheck {
        switch isSynchronised {
        case true?: .ok("clock", "kept by a time service")
        case nil: .ok("clock", "the system does not say whether a time service keeps it")
        case false?:
            .warning(
                "clock", "no time service keeps it",
                advice: "Run chrony or systemd-timesyncd: schedules, validity and signatures go by the clock.")
        }
    }

    /// The database's clock against this machine's: `offset` in ms, measured in a round trip of `roundTrip` ms.
    static func databaseClock(offset: Milliseconds, roundTrip: Milliseconds) -> DoctorCheck {
        let name = "clock of the database"
        let distance = abs(offset) - roundTrip / 2
        let detail = "\(abs(offset)) ms \(offset < 0 ? "behind" : "ahead of") this machine"
        let advice = "Keep both clocks with a time service: leases go by the database's, schedules by the node's."
        if distance > 30_000 { return .failure(name, detail, advice: advice) }
        if distance > 1000 { return .warning(name, detail, advice: advice) }
        return .ok(name, detail)
    }

    /// What a node may have open at once, roughly: clients, customers' binds, and a reserve for the database, webhooks and
    /// carriers.
    static func openFiles(_ limit: Int, connections: Int, sessions: Int) -> DoctorCheck {
        let needed = connections + sessions + 2048
        let detail = "\(limit) may be open, \(needed) may be needed"
        guard limit < needed else { return .ok("open files", detail) }
        return .warning(
            "open files", "\(detail) (the limit of this shell, not necessarily the server's)",
            advice: "Set LimitNOFILE=\(needed) or more in the unit, or lower http.maxConnections.")
    }
}
