// SPDX-License-Identifier: Apache-2.0
// An entry of an address book, as WhatsApp sends it.

public struct ContactCard: Sendable, Equatable, Codable {
    public struct Name: Sendable, Equatable, Codable {
        public var formattedName: String
        public var prefix: String?
        public var firstName: String?
        public var middleName: String?
        public var lastName: String?
        public var suffix: String?

        public init(formattedName: String) { self.formattedName = formattedName }
    }

    public struct Address: Sendable, Equatable, Codable {
        public var city: String?
        public var country: String?
        public var countryCode: String?
        public var state: String?
        public var street: String?
        public var type: String?
        public var zip: String?

        public init() {}
    }

    public struct Email: Sendable, Equatable, Codable {
        public var email: String?
        public var type: String?

        public init(email: String? = nil, type: String? = nil) {
            self.email = email
            self.type = type
        }
    }

    /// An account of another messenger.
    public struct InstantMessenger: Sendable, Equatable, Codable {
        public var service: String?
        public var userId: String?

        public init(service: String? = nil, userId: String? = nil) {
            self.service = service
            self.userId = userId
        }
    }

    public struct Organisation: Sendable, Equatable, Codable {
        public var company: String?
        public var department: String?
        public var title: String?

        public init() {}
    }

    public struct Phone: Sendable, Equatable, Codable {
        public var phone: String?
        public var type: String?
        /// Inbound: the number's WhatsApp id.
        public var waId: String?

        public init(phone: String? = nil, type: String? = nil, waId: String? = nil) {
            self.phone = phone
            self.type = type
            self.waId = waId
        }
    }

    public struct Link: Sendable, Equatable, Codable {
        public var url: String?
        public var type: String?

        public init(url: String? = nil, type: String? = nil) {
            self.url = url
            self.type = type
        }
    }

    /// `YYYY-MM-DD`.
    public var birthday: String?
    public var addresses: [Address]?
    public var emails: [Email]?
    public var ims: [InstantMessenger]?
    public var name: Name?
    public var org: Organisation?
    public var phones: [Phone]?
    public var urls: [Link]?

    public init() {}
}
