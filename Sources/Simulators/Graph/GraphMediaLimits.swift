// SPDX-License-Identifier: Apache-2.0
// The media types that Meta takes, and how much of each.

enum GraphMediaLimits {
    /// What Meta takes, and how many bytes of it.
    static func limit(of mimeType: String) -> Int? {
        switch mimeType.split(separator: ";").first.map(String.init) ?? "" {
        case "image/jpeg", "image/png": 5 << 20
        case "image/webp": 500 << 10
        case "video/mp4", "video/3gpp": 16 << 20
        case "audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg": 16 << 20
        case "text/plain", "application/pdf", "application/msword", "application/vnd.ms-excel",
            "application/vnd.ms-powerpoint",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "application/vnd.openxmlformats-officedocument.presentationml.presentation":
            100 << 20
        default: nil
        }
    }
}
