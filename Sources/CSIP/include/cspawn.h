// SPDX-License-Identifier: Apache-2.0
// Starting the program that makes speech.
#ifndef CSPAWN_H
#define CSPAWN_H

#include <sys/types.h>

/// Runs `path` with `input` and `output` as its standard input and output, its errors dropped, and no other file
/// descriptor of ours. `arguments` and `environment` end with NULL. Returns 0 or an error number.
int cspawn_start(
    pid_t *process, const char *path, const char *const *arguments, const char *const *environment, int input,
    int output);

#endif
