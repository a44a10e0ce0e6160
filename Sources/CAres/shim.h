// SPDX-License-Identifier: Apache-2.0
// The C library for asynchronous DNS requests, c-ares, as the Swift module CAres.
#include <ares.h>
