// SPDX-License-Identifier: Apache-2.0
// The machine as the doctor sees it: disks, file systems, clocks, limits, certificates.

import Foundation
import Testing
import Wire

@testable import Parley

struct DoctorHostTests {
    /// Free and in all, in tenths of a gigabyte.
    private static let disks: [(Int64, Int64, DoctorCheck.Outcome)] = [
        (1, 1000, .failure), (10, 50, .warning), (150, 2000, .warning), (150, 1000, .ok), (1000, 40_000, .ok),
        (0, 0, .failure),
    ]

    @Test(arguments: disks)
    func `a disk is judged by what is free, absolutely and by share`(
        _ free: Int64, _ total: Int64, _ outcome: DoctorCheck.Outcome
    ) {
        let space = DiskSpace(free: free * 100_000_000, total: total * 100_000_000)
        #expect(DoctorHost.disk("disk", folder: "/x", space).outcome == outcome)
    }

    @Test func `a folder that is not there fails, and this one has room`() throws {
        let folder = try DoctorMaterial.folder()
        #expect(DoctorHost.disk("disk", folder: folder + "/none").outcome == .failure)
        let space = try #require(DiskSpace(ofFolder: folder))
        #expect(space.total > 0 && space.free > 0 && space.free <= space.total)
    }

    private static let mounts = """
        22 1 259:2 / / rw,relatime shared:1 - ext4 /dev/root rw
        23 22 0:21 / /proc rw,nosuid - proc proc rw
        24 22 0:44 / /srv rw - nfs4 nas:/export rw
        25 24 0:45 / /srv/local\\040disk rw - xfs /dev/sdb1 rw
        26 22 0:46 / /mnt rw master:3 - fuse.sshfs host:/ rw
        27 22 0:47 / /run rw - tmpfs tmpfs rw
        28 22 0:48 / /over rw - ext4 /dev/sdc rw
        29 22 0:49 / /over rw - cifs //server/share rw
        nonsense
        """

    private static let places: [(String, String, DoctorCheck.Outcome)] = [
        ("/var/lib/parley", "ext4", .ok), ("/srv", "nfs4", .failure), ("/srv/db", "nfs4", .failure),
        ("/srvother", "ext4", .ok), ("/srv/local disk/db", "xfs", .ok), ("/mnt/db", "fuse.sshfs", .failure),
        ("/run/parley", "tmpfs", .warning), ("/over/x", "cifs", .failure), ("/", "ext4", .ok),
    ]

    @Test(arguments: places)
    func `a file system over a network or in memory is found by the deepest mount`(
        _ path: String, _ kind: String, _ outcome: DoctorCheck.Outcome
    ) {
        let table = MountTable(Self.mounts)
        #expect(table.kind(of: path) == kind)
        #expect(DoctorHost.fileSystem(of: path, mounts: table).outcome == outcome)
    }

    @Test func `a table of mounts of any form is read without harm`() {
        var seed: UInt64 = 20_260_131
        func next(below limit: Int) -> Int {
            // Knuth's MMIX: the high bits are good enough to choose with.
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(seed >> 33) % limit
        }
        let pieces = ["/", " ", " - ", "\n", "\\040", "ext4", "1", "-", "\\"]
        for _ in 0..<2000 {
            let text = (0..<next(below: 31)).map { _ in pieces[next(below: pieces.count)] }.joined()
            _ = MountTable(text).kind(of: "/var/lib")
        }
        #expect(MountTable("").kind(of: "/") == nil)
        #expect(DoctorHost.fileSystem(of: "/", mounts: MountTable("")).outcome == .ok)
    }

    private static let clocks: [(Milliseconds, Milliseconds, DoctorCheck.Outcome)] = [
        (0, 0, .ok), (-900, 10, .ok), (1400, 1000, .ok), (1500, 10, .warning),
        (-20_000, 100, .warning), (31_000, 100, .failure), (-3_600_000, 0, .failure),
    ]

    @Test(arguments: clocks)
    func `the database's clock may differ by no more than its answer took and a second`(
        _ offset: Milliseconds, _ roundTrip: Milliseconds, _ outcome: DoctorCheck.Outcome
    ) {
        #expect(DoctorHost.databaseClock(offset: offset, roundTrip: roundTrip).outcome == outcome)
    }

    @Test func `a clock that nobody keeps is a warning, and asking the kernel works`() {
        #expect(DoctorHost.clock(isSynchronised: false).outcome == .warning)
        #expect(DoctorHost.clock(isSynchronised: true).outcome == .ok)
        #expect(DoctorHost.clock(isSynchronised: nil).outcome == .ok)
        #if os(Linux)
            #expect(HostFacts.isClockSynchronised != nil)
        #endif
    }

    @Test func `the limit of open files is held against what may be needed`() {
        #expect(DoctorHost.openFiles(65_536, connections: 10_000, sessions: 1000).outcome == .ok)
        #expect(DoctorHost.openFiles(1024, connections: 10_000, sessions: 0).outcome == .warning)
        #expect(DoctorHost.openFiles(1024, connections: 10_000, sessions: 0).advice?.contains("12048") == true)
        #expect(HostFacts.openFileLimit > 0)
    }

    // MARK: Certificates

    @Test func `a certificate is readable, has its key, and is in force`() throws {
        let now = Timestamp.now()
        let certificate = try DoctorMaterial.file(DoctorMaterial.certificate)
        let key = try DoctorMaterial.file(DoctorMaterial.key)
        func outcome(_ certificate: String, _ key: String, at now: Milliseconds = now) -> DoctorCheck.Outcome {
            DoctorCertificate.check(
                "certificate", Configuration.TLSFiles(certificate: certificate, privateKey: key), now: now
            ).outcome
        }
        #expect(outcome(certificate, key) == .ok)
        #expect(outcome(certificate, try DoctorMaterial.file(DoctorMaterial.otherKey)) == .failure)
        #expect(outcome(certificate, certificate) == .failure)
        #expect(outcome(key, key) == .failure)
        #expect(outcome(certificate + "x", key) == .failure)
        #expect(outcome(certificate, key + "x") == .failure)
        // It ends in 2126.
        #expect(outcome(certificate, key, at: 5_000_000_000_000) == .failure)
        #expect(outcome(certificate, key, at: 0) == .failure)
    }

    @Test func `two weeks before its end a certificate is a warning`() {
        let day: Milliseconds = 86_400_000
        func outcome(_ days: Int64) -> DoctorCheck.Outcome {
            DoctorCertificate.validity("c", "f", from: 0, until: 1000 * day + days * day, now: 1000 * day).outcome
        }
        let days: [Int64] = [-1, 0, 13, 14, 90]
        #expect(days.map(outcome) == [.failure, .warning, .warning, .ok, .ok])
    }

    @Test func `sizes and ages are written as people read them`() {
        let sizes: [Int64] = [0, 1, 312_400, 12_040_000, 1_449_000_000]
        #expect(sizes.map(Amount.bytes) == ["0 kB", "1 kB", "313 kB", "12.0 MB", "1.4 GB"])
        let ages: [Milliseconds] = [0, 119_000, 120_000, 7_200_000, 172_800_000]
        #expect(ages.map(Amount.age) == ["0 s", "119 s", "2 min", "2 hours", "2 days"])
        #expect(Amount.seconds(.milliseconds(4249)) == "4.2 s")
    }
}
