// SPDX-License-Identifier: Apache-2.0
// Both work on the files, not by the API: a back-up must also be possible while no server runs, and
// holds what the API never tells, the key of the passwords.
#include "app/backup.h"

#include "app/config.h"
#include "app/directory.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct words {
    const char *data_dir, *file;
};

static bool read_words(int argc, char **argv, struct words *words)
{
    const char *data_dir = getenv("LINEWARD_DATA_DIR");
    *words = (struct words){data_dir && *data_dir ? data_dir : "/var/lib/lineward", NULL};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--data-dir") == 0 && i + 1 < argc) {
            words->data_dir = argv[++i];
        } else if (argv[i][0] == '-' || words->file) {
            words->file = NULL;
            break;
        } else {
            words->file = argv[i];
        }
    }
    if (words->file && *words->file) return true;
    fprintf(stderr, "lineward: usage: lineward %s FILE [--data-dir DIR]\n", argv[0]);
    return false;
}

static int fail(const char *reason)
{
    fprintf(stderr, "lineward: %s\n", reason);
    return 1;
}

int backup_run(int argc, char **argv)
{
    struct words words;
    struct store_problem problem;
    if (!read_words(argc, argv, &words)) return 2;
    if (store_backup(words.data_dir, words.file, &problem) != ERR_NONE) return fail(problem.text);
    printf("%s is backed up in %s\n"
           "It holds the key of the lines' passwords: keep it as you keep a password.\n",
           words.data_dir, words.file);
    return 0;
}

int restore_run(int argc, char **argv)
{
    struct words words;
    struct store_problem problem;
    struct directory directory;
    char aside[STORE_PATH_SIZE], why[DIRECTORY_PROBLEM_SIZE];
    if (!read_words(argc, argv, &words)) return 2;
    bool is_ours = directory_open(words.data_dir, &directory, why);
    enum err err = ERR_NONE;
    if (is_ours) err = store_restore(words.file, words.data_dir, aside, &problem);
    directory_close(&directory);
    if (!is_ours) return fail(why);
    if (err != ERR_NONE) return fail(problem.text);
    printf("%s is restored from %s\nWhat was there before is in %s\n", words.data_dir, words.file,
           aside);
    return 0;
}
