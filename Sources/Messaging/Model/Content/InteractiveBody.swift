// SPDX-License-Identifier: Apache-2.0
// A message that the recipient answers by choosing: buttons, lists, products, forms.

public struct InteractiveBody: Sendable, Equatable, Codable {
    /// Text or media above the body.
    public var header: TemplateParameter?
    public var body: String
    public var footer: String?
    public var action: Action

    public init(header: TemplateParameter? = nil, body: String, footer: String? = nil, action: Action) {
        self.header = header
        self.body = body
        self.footer = footer
        self.action = action
    }

    /// What there is to choose; the API's `subType`.
    public enum Action: Sendable, Equatable, Codable {
        case buttons([ReplyButton])
        case list(title: String, sections: [ListSection])
        case product(catalogId: String, productId: String)
        case productList(catalogId: String, sections: [ProductSection])
        case locationRequest
        case flow(FlowAction)
        case address(AddressRequest)
    }

    public struct ReplyButton: Sendable, Equatable, Codable {
        public var payload: String
        public var title: String

        public init(payload: String, title: String) {
            self.payload = payload
            self.title = title
        }
    }

    public struct ListSection: Sendable, Equatable, Codable {
        public var title: String?
        public var rows: [ListRow]

        public init(title: String? = nil, rows: [ListRow]) {
            self.title = title
            self.rows = rows
        }
    }

    public struct ListRow: Sendable, Equatable, Codable {
        public var payload: String
        public var title: String
        public var description: String?

        public init(payload: String, title: String, description: String? = nil) {
            self.payload = payload
            self.title = title
            self.description = description
        }
    }

    public struct ProductSection: Sendable, Equatable, Codable {
        public var title: String?
        public var productIds: [String]

        public init(title: String? = nil, productIds: [String]) {
            self.title = title
            self.productIds = productIds
        }
    }

    /// Opens a form.
    public struct FlowAction: Sendable, Equatable, Codable {
        /// `published` or `draft`.
        public var mode: String
        public var flowToken: String
        public var flowId: String
        /// The words on the button.
        public var flowCta: String
        /// `navigate` or `data_exchange`.
        public var flowAction: String
        /// The first screen, for `navigate`.
        public var screen: String?
        /// JSON text of an object.
        public var data: String?

        public init(
            mode: String, flowToken: String, flowId: String, flowCta: String, flowAction: String, screen: String? = nil,
            data: String? = nil
        ) {
            self.mode = mode
            self.flowToken = flowToken
            self.flowId = flowId
            self.flowCta = flowCta
            self.flowAction = flowAction
            self.screen = screen
            self.data = data
        }
    }

    /// Asks for a postal address; India and Singapore only.
    public struct AddressRequest: Sendable, Equatable, Codable {
        public struct Saved: Sendable, Equatable, Codable {
            public var id: String
            public var value: [String: String]

            public init(id: String, value: [String: String]) {
                self.id = id
                self.value = value
            }
        }

        /// `IN` or `SG`.
        public var country: String
        /// By the API's member names.
        public var values: [String: String]
        public var savedAddresses: [Saved]
        public var validationErrors: [String: String]

        public init(
            country: String, values: [String: String] = [:], savedAddresses: [Saved] = [],
            validationErrors: [String: String] = [:]
        ) {
            self.country = country
            self.values = values
            self.savedAddresses = savedAddresses
            self.validationErrors = validationErrors
        }
    }
}
