// SPDX-License-Identifier: Apache-2.0
// TLS material from PEM files.

internal import NIOSSL

extension SMPPServerTLS {
    /// Reads a certificate, followed by those that lead to a root, and its private key; throws when either cannot be read.
    public init(certificateFile: String, privateKeyFile: String) throws {
        self.init(
            certificateChain: try NIOSSLCertificate.fromPEMFile(certificateFile),
            privateKey: try NIOSSLPrivateKey(file: privateKeyFile, format: .pem))
    }
}
