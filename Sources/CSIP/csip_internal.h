// SPDX-License-Identifier: Apache-2.0
// What the files of CSIP share.
#ifndef CSIP_INTERNAL_H
#define CSIP_INTERNAL_H

#include "csip.h"

#include <re.h>

struct csip_agent {
    struct sip *sip;
    struct sipsess_sock *sessions;
    struct sip_lsnr *requests;
    struct sip_lsnr *responses;
    struct sipreg *registration;
    struct dnsc *dns;
    struct tls *tls;
    /// The local address of signalling and media; its port is 0.
    struct sa local;
    char *username;
    char *password;
    uint16_t media_first;
    uint16_t media_last;
    struct tmr closing;
    uint64_t close_by;
    csip_agent_handlers handlers;
    void *context;
};

/// Answers a challenge with the agent's credentials, which is `arg`.
int csip_authenticate(char **username, char **password, const char *realm, void *arg);

/// A TLS context for one peer, whose certificate it checks as `settings` say.
int csip_tls_open(struct tls **tls, const csip_agent_settings *settings);

/// Has the kernel drop datagrams that are not from `peer`.
int csip_restrict(struct sip *sip, const struct sa *local, const struct sa *peer);

#endif
