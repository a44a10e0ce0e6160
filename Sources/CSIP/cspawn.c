// SPDX-License-Identifier: Apache-2.0
// Starting the program that makes speech. In C because Swift does not see the one call that closes what is inherited.

#define _GNU_SOURCE
#include "cspawn.h"

#include <fcntl.h>
#include <spawn.h>

int cspawn_start(
    pid_t *process, const char *path, const char *const *arguments, const char *const *environment, int input,
    int output) {
    posix_spawn_file_actions_t actions;
    int err = posix_spawn_file_actions_init(&actions);
    if (err) return err;
    err = posix_spawn_file_actions_adddup2(&actions, input, 0);
    if (!err) err = posix_spawn_file_actions_adddup2(&actions, output, 1);
    if (!err) err = posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    if (!err) err = posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    // posix_spawn takes the strings as they are; its prototype is older than const.
    if (!err) {
        err = posix_spawn(process, path, &actions, NULL, (char *const *)arguments, (char *const *)environment);
    }
    posix_spawn_file_actions_destroy(&actions);
    return err;
}
