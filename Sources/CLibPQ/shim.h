// SPDX-License-Identifier: Apache-2.0
// PostgreSQL's C client library as the Swift module CLibPQ.
#include <libpq-fe.h>
