// SPDX-License-Identifier: Apache-2.0
// Lines for whoever started the program; written at once, also into a pipe.

import Foundation

enum Terminal {
    static func say(_ text: String) {
        FileHandle.standardOutput.write(Data((text + "\n").utf8))
    }
}
