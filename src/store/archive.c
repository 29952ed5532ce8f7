// SPDX-License-Identifier: Apache-2.0
// Tar archives: a header of 512 bytes per file, its bytes, zeros up to the next 512; at the end two
// blocks of zeros. POSIX.1-2017 pax "ustar Interchange Format".
#include "store/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 512, CHUNK = 64 * 1024, PATH_SIZE = 4096, NAME_SIZE_MAX = 32, SUMS_SIZE = 2048 };
#define SUMS_NAME "SHA256SUMS"
// What eleven octal digits can tell.
#define FILE_SIZE_MAX 0x1ffffffffULL

// struct posix_header, as far as it is used.
struct header {
    char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type;
    char link_name[100], magic[6], version[2], owner[32], group[32], rest[183];
};
_Static_assert(sizeof(struct header) == BLOCK, "a header is one block");

static enum err fail(struct store_problem *problem, const char *path, const char *what)
{
    int number = errno;
    return store_problem_set(problem, store_err_of_errno(number), "%s: %s: %s", path, what,
                             strerror(number));
}

static enum err fail_damaged(struct store_problem *problem, const char *path, const char *what)
{
    return store_problem_set(problem, ERR_CORRUPT, "%s: is no back-up of Lineward, or damaged: %s",
                             path, what);
}

static bool put_path(char path[PATH_SIZE], const char *folder, const char *name)
{
    return snprintf(path, PATH_SIZE, "%s/%s", folder, name) < PATH_SIZE;
}

static unsigned sum_of(const struct header *header)
{
    struct header copy = *header;
    const unsigned char *bytes = (const unsigned char *)&copy;
    unsigned sum = 0;
    memset(copy.checksum, ' ', sizeof copy.checksum);
    for (size_t i = 0; i < BLOCK; i++) sum += bytes[i];
    return sum;
}

// ---- Writing

static bool write_all(int out, const void *bytes, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t written = write(out, (const char *)bytes + done, len - done);
        if (written <= 0) return false;
        done += (size_t)written;
    }
    return true;
}

static bool write_header(int out, const char *name, uint64_t size)
{
    struct header header = {.type = '0', .magic = "ustar", .version = {'0', '0'}};
    snprintf(header.name, sizeof header.name, "%s", name);
    snprintf(header.mode, sizeof header.mode, "%07o", 0600U);
    snprintf(header.uid, sizeof header.uid, "%07o", 0U);
    snprintf(header.gid, sizeof header.gid, "%07o", 0U);
    snprintf(header.size, sizeof header.size, "%011llo", (unsigned long long)size);
    snprintf(header.mtime, sizeof header.mtime, "%011o", 0U);
    snprintf(header.checksum, sizeof header.checksum, "%06o", sum_of(&header));
    return write_all(out, &header, sizeof header);
}

static bool write_padding(int out, uint64_t size)
{
    static const char zeros[BLOCK];
    return write_all(out, zeros, (BLOCK - size % BLOCK) % BLOCK);
}

// Copies the bytes of `in`, to `out` where that is not -1, and adds them to the checksum.
static bool copy(int in, int out, uint64_t *size, crypto_hash_sha256_state *sum)
{
    char chunk[CHUNK];
    ssize_t len;
    *size = 0;
    while ((len = read(in, chunk, sizeof chunk)) > 0) {
        if (out >= 0 && !write_all(out, chunk, (size_t)len)) return false;
        crypto_hash_sha256_update(sum, (const unsigned char *)chunk, (unsigned long long)len);
        *size += (uint64_t)len;
    }
    return len == 0;
}

static void put_sum(struct buffer *sums, crypto_hash_sha256_state *sum, const char *name)
{
    unsigned char digest[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_final(sum, digest);
    buffer_put_hex(sums, digest, sizeof digest);
    buffer_printf(sums, "  %s\n", name);
}

// Adds the line of a file to the checksums; as sha256sum writes them.
static enum err add_sum(const char *folder, const char *name, struct buffer *sums,
                        struct store_problem *problem)
{
    char path[PATH_SIZE];
    uint64_t size;
    crypto_hash_sha256_state sum;
    crypto_hash_sha256_init(&sum);
    int in = put_path(path, folder, name) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (in < 0) return fail(problem, path, "cannot be read");
    enum err err = copy(in, -1, &size, &sum) ? ERR_NONE : fail(problem, path, "cannot be read");
    close(in);
    if (err == ERR_NONE && size > FILE_SIZE_MAX) {
        err = store_problem_set(problem, ERR_TOO_BIG, "%s: is larger than 8 GB", path);
    }
    put_sum(sums, &sum, name);
    return err;
}

static enum err add_file(int out, const char *folder, const char *name,
                         struct store_problem *problem)
{
    char path[PATH_SIZE];
    struct stat status;
    uint64_t size;
    crypto_hash_sha256_state sum;
    crypto_hash_sha256_init(&sum);
    int in = put_path(path, folder, name) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (in < 0) return fail(problem, path, "cannot be read");
    bool is_written = fstat(in, &status) == 0 &&
                      write_header(out, name, (uint64_t)status.st_size) &&
                      copy(in, out, &size, &sum) && write_padding(out, size);
    enum err err = is_written ? ERR_NONE : fail(problem, name, "cannot be written to the back-up");
    close(in);
    return err;
}

static enum err write_content(int out, const char *folder, const char *const *names,
                              struct store_problem *problem)
{
    static const char zeros[2 * BLOCK];
    char bytes[SUMS_SIZE];
    struct buffer sums = buffer_over(bytes, sizeof bytes);
    enum err err = ERR_NONE;
    for (size_t i = 0; names[i] && err == ERR_NONE; i++) {
        err = add_sum(folder, names[i], &sums, problem);
    }
    if (err != ERR_NONE) return err;
    if (!write_header(out, SUMS_NAME, sums.len) || !write_all(out, sums.at, sums.len) ||
        !write_padding(out, sums.len)) {
        return fail(problem, SUMS_NAME, "cannot be written to the back-up");
    }
    for (size_t i = 0; names[i] && err == ERR_NONE; i++) {
        err = add_file(out, folder, names[i], problem);
    }
    if (err != ERR_NONE) return err;
    bool is_written = write_all(out, zeros, sizeof zeros) && fsync(out) == 0;
    return is_written ? ERR_NONE : fail(problem, "the back-up", "cannot be written");
}

enum err archive_write(const char *path, const char *folder, const char *const *names,
                       struct store_problem *problem)
{
    int out = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (out < 0) return fail(problem, path, "cannot be created");
    enum err err = write_content(out, folder, names, problem);
    if (close(out) != 0 && err == ERR_NONE) err = fail(problem, path, "cannot be written");
    if (err != ERR_NONE) unlink(path);
    return err;
}

// ---- Reading

static bool read_all(int in, void *bytes, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t count = read(in, (char *)bytes + done, len - done);
        if (count <= 0) return false;
        done += (size_t)count;
    }
    return true;
}

static bool is_zeros(const struct header *header)
{
    return sodium_is_zero((const unsigned char *)header, sizeof *header);
}

// Reads the octal number of a field that ends with NUL or a blank.
static bool read_octal(const char *digits, size_t size, uint64_t *value)
{
    size_t i = 0;
    *value = 0;
    for (; i < size && digits[i] >= '0' && digits[i] <= '7'; i++) {
        *value = 8 * *value + (uint64_t)(digits[i] - '0');
    }
    return i > 0 && i < size && (digits[i] == '\0' || digits[i] == ' ');
}

static bool is_sound(const struct header *header, uint64_t *size)
{
    uint64_t sum;
    return memcmp(header->magic, "ustar", 5) == 0 && header->type == '0' &&
           memchr(header->name, '\0', sizeof header->name) &&
           read_octal(header->size, sizeof header->size, size) &&
           read_octal(header->checksum, sizeof header->checksum, &sum) && sum == sum_of(header);
}

// Copies `size` bytes and skips the padding behind them.
static bool take_bytes(int in, int out, uint64_t size, crypto_hash_sha256_state *sum)
{
    char chunk[CHUNK];
    for (uint64_t left = size; left > 0;) {
        size_t len = left < sizeof chunk ? (size_t)left : sizeof chunk;
        if (!read_all(in, chunk, len) || !write_all(out, chunk, len)) return false;
        crypto_hash_sha256_update(sum, (const unsigned char *)chunk, len);
        left -= len;
    }
    return read_all(in, chunk, (BLOCK - size % BLOCK) % BLOCK);
}

// What has been unpacked so far.
struct unpacking {
    const char *path, *folder;
    const char *const *names;
    char sums[SUMS_SIZE]; // as the archive has them
    size_t sums_len;
    unsigned found; // a bit for each of `names`
    struct store_problem *problem;
};

static enum err take_sums(int in, uint64_t size, struct unpacking *unpacking)
{
    char padding[BLOCK];
    bool is_read = size < SUMS_SIZE && read_all(in, unpacking->sums, (size_t)size) &&
                   read_all(in, padding, (BLOCK - size % BLOCK) % BLOCK);
    unpacking->sums_len = is_read ? (size_t)size : 0;
    return is_read ? ERR_NONE
                   : fail_damaged(unpacking->problem, unpacking->path, "its checksums are missing");
}

// Whether the checksums of the archive have the line of this file.
static bool has_sum(const struct unpacking *unpacking, crypto_hash_sha256_state *sum,
                    const char *name)
{
    char bytes[2 * crypto_hash_sha256_BYTES + NAME_SIZE_MAX + 4];
    struct buffer line = buffer_over(bytes, sizeof bytes);
    struct span sums = {unpacking->sums, unpacking->sums_len};
    put_sum(&line, sum, name);
    while (sums.len > 0) {
        if (span_eq(span_split(&sums, '\n'), span_slice(buffer_span(&line), 0, line.len - 1))) {
            return true;
        }
    }
    return false;
}

static enum err take_file(int in, const char *name, uint64_t size, struct unpacking *unpacking)
{
    char path[PATH_SIZE];
    crypto_hash_sha256_state sum;
    crypto_hash_sha256_init(&sum);
    if (!put_path(path, unpacking->folder, name)) errno = ENAMETOOLONG;
    int out = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (out < 0) return fail(unpacking->problem, path, "cannot be created");
    errno = 0;
    bool is_whole = take_bytes(in, out, size, &sum);
    int number = errno;
    bool is_kept = fsync(out) == 0;
    close(out);
    errno = number;
    if (!is_kept || (!is_whole && number != 0)) {
        return fail(unpacking->problem, path, "cannot be written");
    }
    if (!is_whole) return fail_damaged(unpacking->problem, unpacking->path, "it is cut off");
    if (has_sum(unpacking, &sum, name)) return ERR_NONE;
    return fail_damaged(unpacking->problem, unpacking->path, "a checksum is wrong");
}

static enum err take_entry(int in, const struct header *header, struct unpacking *unpacking)
{
    uint64_t size;
    if (!is_sound(header, &size)) {
        return fail_damaged(unpacking->problem, unpacking->path, "a header is wrong");
    }
    if (strcmp(header->name, SUMS_NAME) == 0) return take_sums(in, size, unpacking);
    for (size_t i = 0; unpacking->names[i]; i++) {
        if (strcmp(header->name, unpacking->names[i]) != 0) continue;
        unpacking->found |= 1U << i;
        return take_file(in, unpacking->names[i], size, unpacking);
    }
    return fail_damaged(unpacking->problem, unpacking->path, "it has a file that is none of ours");
}

enum err archive_read(const char *path, const char *folder, const char *const *names,
                      struct store_problem *problem)
{
    struct unpacking unpacking = {
        .path = path, .folder = folder, .names = names, .problem = problem};
    struct header header;
    enum err err = ERR_NONE;
    bool has_end = false;
    int in = open(path, O_RDONLY | O_CLOEXEC);
    if (in < 0) return fail(problem, path, "cannot be read");
    while (err == ERR_NONE && !has_end && read_all(in, &header, sizeof header)) {
        has_end = is_zeros(&header);
        if (!has_end) err = take_entry(in, &header, &unpacking);
    }
    close(in);
    if (err != ERR_NONE) return err;
    if (!has_end) return fail_damaged(problem, path, "it is cut off");
    for (size_t i = 0; names[i]; i++) {
        if (!(unpacking.found & 1U << i)) return fail_damaged(problem, path, "a file is missing");
    }
    return ERR_NONE;
}
