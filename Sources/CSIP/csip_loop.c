// SPDX-License-Identifier: Apache-2.0
// The thread that libre runs on, and how others wake it.

#include "csip_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DEBUG_MODULE "csip"
#define DEBUG_LEVEL 0
#include <re_dbg.h>

struct csip_loop {
    struct mqueue *queue;
    void (*woken)(void *context);
    void *context;
};

static void queue_handler(int id, void *data, void *arg) {
    csip_loop *loop = arg;
    (void)id;
    (void)data;
    loop->woken(loop->context);
}

int csip_loop_open(csip_loop **result, int descriptors, void (*woken)(void *context), void *context) {
    csip_loop *loop;
    int err = libre_init();
    if (err) return err;
    // What libre has to say about bad packets would let anybody write our log.
    dbg_init(DBG_EMERG, DBG_NONE);
    // libre refuses file descriptors above a limit, which is 128 by default; a server's are higher.
    err = fd_setsize(descriptors);
    if (err) return err;
    loop = calloc(1, sizeof(*loop));
    if (!loop) return ENOMEM;
    loop->woken = woken;
    loop->context = context;
    err = mqueue_alloc(&loop->queue, queue_handler, loop);
    if (err) {
        free(loop);
        return err;
    }
    *result = loop;
    return 0;
}

int csip_loop_run(void) {
    return re_main(NULL);
}

int csip_loop_wake(csip_loop *loop) {
    return mqueue_push(loop->queue, 0, NULL);
}

const char *csip_error_text(int error, char *buffer, size_t size) {
    switch (error) {
    case EDESTADDRREQ: return "its name has no address";
    case EAUTH: return "it does not take the credentials";
    case EPROTO: return "no TLS connection could be made";
    default: return str_error(error, buffer, size);
    }
}
