// SPDX-License-Identifier: Apache-2.0
// A certificate that the server shows: readable, with the key that belongs to it, and for how long.

import Foundation
import NIOSSL
import Wire

enum DoctorCertificate {
    private static let day: Milliseconds = 86_400_000

    static func check(_ name: String, _ files: Configuration.TLSFiles, now: Milliseconds) -> DoctorCheck {
        let advice = "Put a certificate and its key in place; the server reads them again when they change."
        let chain: [NIOSSLCertificate]
        do {
            chain = try NIOSSLCertificate.fromPEMFile(files.certificate)
        } catch {
            return .failure(name, "\(files.certificate) cannot be read", advice: advice)
        }
        guard let leaf = chain.first else {
            return .failure(name, "\(files.certificate) holds no certificate", advice: advice)
        }
        let key: NIOSSLPrivateKey
        do {
            key = try NIOSSLPrivateKey(file: files.privateKey, format: .pem)
        } catch {
            return .failure(name, "\(files.privateKey) cannot be read as a key", advice: advice)
        }
        do {
            _ = try NIOSSLContext(
                configuration: .makeServerConfiguration(
                    certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key)))
        } catch {
            return .failure(
                name, "\(files.privateKey) is not the key of \(files.certificate)",
                advice: "Put the key in place with which the certificate was made.")
        }
        return validity(
            name, files.certificate, from: Milliseconds(leaf.notValidBefore) * 1000,
            until: Milliseconds(leaf.notValidAfter) * 1000, now: now)
    }

    static func validity(
        _ name: String, _ file: String, from: Milliseconds, until: Milliseconds, now: Milliseconds
    ) -> DoctorCheck {
        let end = Timestamp.rfc3339(until)
        if now > until {
            return .failure(name, "\(file) ended at \(end)", advice: "Renew it; the new file is taken up by itself.")
        }
        if now < from {
            return .failure(
                name, "\(file) begins at \(Timestamp.rfc3339(from))",
                advice: "Look at the clock, or wait for that time.")
        }
        let days = (until - now) / day
        let detail = "\(file), \(days) days left, until \(end)"
        guard days < 14 else { return .ok(name, detail) }
        return .warning(name, detail, advice: "Renew it now, and find out why it was not renewed before.")
    }
}
