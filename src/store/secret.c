// SPDX-License-Identifier: Apache-2.0
// The key file, and sealing.
#include "store/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_FILE "secret.key"

static enum err fail_errno(struct store_problem *problem, const char *what)
{
    int number = errno;
    return store_problem_set(problem, store_err_of_errno(number), KEY_FILE ": %s: %s", what,
                             strerror(number));
}

// ---- Making the key

// Writes a new key and has it on the disk before it returns.
static enum err write_key(int file, struct store_problem *problem)
{
    struct secret_key key;
    crypto_secretbox_keygen(key.bytes);
    ssize_t written = write(file, key.bytes, sizeof key.bytes);
    secret_key_wipe(&key);
    if (written >= 0 && written != (ssize_t)sizeof key.bytes) errno = ENOSPC;
    if (written != (ssize_t)sizeof key.bytes || fsync(file) != 0) {
        return fail_errno(problem, "cannot be written");
    }
    return ERR_NONE;
}

// The key appears under its name complete or not at all; the key of a faster process stays.
static enum err create_key(const char *path, struct store_problem *problem)
{
    char draft[4096 + 32];
    snprintf(draft, sizeof draft, "%s.XXXXXX", path);
    int file = mkostemp(draft, O_CLOEXEC); // made with mode 0600
    if (file < 0) return fail_errno(problem, "cannot be created");
    enum err err = write_key(file, problem);
    if (err == ERR_NONE && link(draft, path) != 0 && errno != EEXIST) {
        err = fail_errno(problem, "cannot be created");
    }
    unlink(draft);
    close(file);
    return err;
}

// ---- Reading the key

static enum err read_key(int file, struct secret_key *key, struct store_problem *problem)
{
    struct stat status;
    if (fstat(file, &status) != 0) return fail_errno(problem, "cannot be read");
    if (!S_ISREG(status.st_mode) || status.st_size != (off_t)sizeof key->bytes) {
        return store_problem_set(problem, ERR_CORRUPT,
                                 KEY_FILE ": is not a key of %zu bytes: put the right one back",
                                 sizeof key->bytes);
    }
    if (status.st_mode & (S_IRWXG | S_IRWXO)) {
        return store_problem_set(problem, ERR_ACCESS,
                                 KEY_FILE ": others may read it (mode %03o): "
                                          "take their rights away with chmod 600",
                                 status.st_mode & 0777);
    }
    if (read(file, key->bytes, sizeof key->bytes) != (ssize_t)sizeof key->bytes) {
        return fail_errno(problem, "cannot be read");
    }
    return ERR_NONE;
}

static int open_key(const char *path)
{
    return open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}

enum err secret_key_load(const char *directory, bool may_create, struct secret_key *key,
                         struct store_problem *problem)
{
    char path[4096];
    if (snprintf(path, sizeof path, "%s/" KEY_FILE, directory) >= (int)sizeof path) {
        return store_problem_set(problem, ERR_TOO_BIG, "the directory's path is too long");
    }
    int file = open_key(path);
    if (file < 0 && errno == ENOENT && !may_create) {
        return store_problem_set(problem, ERR_NOT_FOUND,
                                 KEY_FILE ": is missing, and without it the passwords in "
                                          "lineward.db cannot be read: put it back");
    }
    if (file < 0 && errno == ENOENT) {
        enum err err = create_key(path, problem);
        if (err != ERR_NONE) return err;
        file = open_key(path);
    }
    if (file < 0) return fail_errno(problem, "cannot be opened");
    enum err err = read_key(file, key, problem);
    close(file);
    return err;
}

void secret_key_wipe(struct secret_key *key)
{
    sodium_memzero(key, sizeof *key);
}

// ---- Sealing

void secret_seal(const struct secret_key *key, struct span plain, unsigned char *sealed)
{
    randombytes_buf(sealed, crypto_secretbox_NONCEBYTES);
    crypto_secretbox_easy(sealed + crypto_secretbox_NONCEBYTES, (const unsigned char *)plain.at,
                          plain.len, sealed, key->bytes);
}

bool secret_open(const struct secret_key *key, struct span sealed, char *plain, size_t size)
{
    const unsigned char *bytes = (const unsigned char *)sealed.at;
    if (sealed.len < SECRET_OVERHEAD || sealed.len - SECRET_OVERHEAD >= size) return false;
    int opened = crypto_secretbox_open_easy(
        (unsigned char *)plain, bytes + crypto_secretbox_NONCEBYTES,
        sealed.len - crypto_secretbox_NONCEBYTES, bytes, key->bytes);
    if (opened != 0) return false;
    plain[sealed.len - SECRET_OVERHEAD] = '\0';
    return true;
}
