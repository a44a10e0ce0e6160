// SPDX-License-Identifier: Apache-2.0
// The codes of the 2FA API's errors. 1006, 1008 and 1017 are what clients of the API know; the others are Parley's own,
// listed in docs/2fa.md: below 1030 a value that is not acceptable, then why a well-formed request is not carried out, and
// from 1060 on what has to do with HTTP.

internal import HTTPTypes

enum TwoFactorCode: Int {
    case unreadable = 1000
    case number = 1001
    case country = 1002
    case applicationID = 1003
    case attempts = 1004
    case name = 1005
    case pinLength = 1006
    case alphanumeric = 1007
    case expire = 1008
    case sender = 1009
    case caller = 1010
    case deleteCaller = 1011
    case language = 1012
    case text = 1013
    case channel = 1014
    case via = 1015
    case otpCode = 1016
    case reservedName = 1017
    case referenceID = 1018
    case clientIP = 1019

    case unknownApplication = 1030
    case unknownOTP = 1031
    case unknownLanguage = 1032
    case defaultApplication = 1033
    case englishTemplate = 1034
    case tooManyApplications = 1035
    case noLongerValid = 1036
    case applicationDeleted = 1037

    case noRoute = 1040
    case noVoice = 1041
    case noPrice = 1042
    case textTooLong = 1043
    case insufficientBalance = 1044
    case limited = 1050
    case blocked = 1051
    case tooManyRequests = 1052

    case nothingHere = 1060
    case methodNotAllowed = 1061
    case tooSlow = 1062
    case tooLarge = 1063
    case mediaType = 1064
    case failed = 1090
    case unavailable = 1091

    /// Of a parameter that cannot be read.
    init(field: String) {
        switch field {
        case "number": self = .number
        case "country": self = .country
        case "applicationId": self = .applicationID
        case "attempts": self = .attempts
        case "name": self = .name
        case "pinLength": self = .pinLength
        case "alphanumeric": self = .alphanumeric
        case "expire": self = .expire
        case "sender": self = .sender
        case "caller": self = .caller
        case "deleteCaller": self = .deleteCaller
        case "language": self = .language
        case "text": self = .text
        case "channel": self = .channel
        case "via": self = .via
        case "otpCode": self = .otpCode
        case "referenceId": self = .referenceID
        case "clientIp": self = .clientIP
        default: self = .unreadable
        }
    }

    /// Of an error that the surfaces have in common.
    init(status: HTTPResponse.Status) {
        switch status.code {
        case 404: self = .nothingHere
        case 405: self = .methodNotAllowed
        case 408: self = .tooSlow
        case 413: self = .tooLarge
        case 415: self = .mediaType
        case 429: self = .tooManyRequests
        case 503: self = .unavailable
        case 500...: self = .failed
        default: self = .unreadable
        }
    }
}
