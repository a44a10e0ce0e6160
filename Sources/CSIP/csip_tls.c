// SPDX-License-Identifier: Apache-2.0
// TLS to one peer. libre's SIP transports check no certificate, so the context itself is made to: whatever connection
// is made with it fails unless the peer proves the name that was configured.

#define USE_OPENSSL 1
#include "csip_internal.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

static int name_index = -1;

static void free_name(void *parent, void *name, CRYPTO_EX_DATA *data, int index, long argl, void *argp) {
    (void)parent;
    (void)data;
    (void)index;
    (void)argl;
    (void)argp;
    mem_deref(name);
}

/// Adds the name to the ClientHello; libre does not.
static void handshake_handler(const SSL *ssl, int where, int ret) {
    const char *name;
    (void)ret;
    if (!(where & SSL_CB_HANDSHAKE_START) || SSL_is_server(ssl)) return;
    name = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), name_index);
    if (name) (void)SSL_set_tlsext_host_name((SSL *)(uintptr_t)ssl, name);
}

static int set_name(SSL_CTX *context, const char *name) {
    struct sa address;
    char *copy = NULL;
    if (!sa_set_str(&address, name, 0)) {
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_CTX_get0_param(context), name) ? 0 : EINVAL;
    }
    X509_VERIFY_PARAM_set_hostflags(SSL_CTX_get0_param(context), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (!X509_VERIFY_PARAM_set1_host(SSL_CTX_get0_param(context), name, 0)) return EINVAL;
    if (name_index < 0) name_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, free_name);
    if (name_index < 0) return ENOMEM;
    if (str_dup(&copy, name)) return ENOMEM;
    if (!SSL_CTX_set_ex_data(context, name_index, copy)) {
        mem_deref(copy);
        return ENOMEM;
    }
    SSL_CTX_set_info_callback(context, handshake_handler);
    return 0;
}

int csip_tls_open(struct tls **result, const csip_agent_settings *settings) {
    struct tls *tls = NULL;
    SSL_CTX *context;
    int err = tls_alloc(&tls, TLS_METHOD_SSLV23, NULL, NULL);
    if (err) return err;
    context = tls_openssl_context(tls);
    if (!SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION)) err = EINVAL;
    if (!err && settings->ca_file) {
        err = tls_add_ca(tls, settings->ca_file);
    } else if (!err && !SSL_CTX_set_default_verify_paths(context)) {
        err = EINVAL;
    }
    if (!err && settings->server_name) err = set_name(context, settings->server_name);
    if (!err) SSL_CTX_set_verify(context, settings->verifies ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
    if (err) {
        mem_deref(tls);
    } else {
        *result = tls;
    }
    return err;
}
