// SPDX-License-Identifier: Apache-2.0
// A self-signed certificate for localhost and its key: worth nothing outside of these tests.

enum TLSMaterial {
    static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBmjCCAUGgAwIBAgIUVkuB8XvhDDkK6L/kupuA47mBM4swCgYIKoZIzj0EAwIw
        FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTA0MDQwMVoYDzIxMjYxMDI4
        MDQwNDAxWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
        PQMBBwNCAAQ6luI53IjRdkAnwKvQAYNNgGLB+smOqaST6e7AfOVlifRx204MgmfM
        UKsxNifCPrsSqt5mu4QSFYDfLJrKj8qUo28wbTAdBgNVHQ4EFgQUNl/0HB8caKPR
        vg13+1lDMC7jGCIwHwYDVR0jBBgwFoAUNl/0HB8caKPRvg13+1lDMC7jGCIwDwYD
        VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
        zj0EAwIDRwAwRAIgeFGVmjyhAOaRXoqOXf60ok3blXPvehWFkJ13xqWShIgCIBqS
        5iFKvy7R0yPFYI3JJpwR32s3acd7pXFKa+qadNp3
        -----END CERTIFICATE-----
        """

    static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgXr/kg7VuPd6LGUHM
        mq9t7XMPklVA3QTA86zoUrewz/6hRANCAAQ6luI53IjRdkAnwKvQAYNNgGLB+smO
        qaST6e7AfOVlifRx204MgmfMUKsxNifCPrsSqt5mu4QSFYDfLJrKj8qU
        -----END PRIVATE KEY-----
        """
}
