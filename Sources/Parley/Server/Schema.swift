// SPDX-License-Identifier: Apache-2.0
// All tables of the product.

import Messaging
import NumberInfo
import SQL
import Verification

enum Schema {
    /// Every migration, in the order in which they run.
    static let migrations: [Migration] =
        MessagingMigrations.all + Verifier.migrations + VerificationGate.migrations + NumberInfoMigrations.all
}
