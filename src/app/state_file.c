// SPDX-License-Identifier: Apache-2.0
// Files of state: read whole, replaced whole.
#include "app/state_file.h"

#include "net/net.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_SIZE_MAX = 512 * 1024 * 1024 };

void state_file_init(struct state_file *file, const char *data_dir, const char *name)
{
    snprintf(file->path, sizeof file->path, "%s/%s", data_dir, name);
    snprintf(file->new_path, sizeof file->new_path, "%s/%s.new", data_dir, name);
}

struct span state_file_read(const struct state_file *file, char **bytes)
{
    struct stat stat;
    FILE *in = fopen(file->path, "re");
    *bytes = NULL;
    if (!in) return SPAN_NONE;
    bool is_fit = fstat(fileno(in), &stat) == 0 && stat.st_size > 0 &&
                  stat.st_size <= FILE_SIZE_MAX;
    size_t size = is_fit ? (size_t)stat.st_size : 0;
    *bytes = is_fit ? malloc(size) : NULL;
    struct span text = {*bytes, *bytes ? fread(*bytes, 1, size, in) : 0};
    fclose(in);
    return text;
}

bool state_file_write(const struct state_file *file, void (*put)(FILE *out, void *context),
                      void *context)
{
    int handle = open(file->new_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FILE *out = handle >= 0 ? fdopen(handle, "w") : NULL;
    if (!out) {
        if (handle >= 0) close(handle);
        return false;
    }
    put(out, context);
    bool is_written = !ferror(out);
    is_written = fclose(out) == 0 && is_written;
    return is_written && rename(file->new_path, file->path) == 0;
}

// ---- The clock

// The name of the machine's start, of letters, digits and hyphens.
struct boot {
    char id[64];
};

// "-" where the system does not tell.
static struct boot read_boot(void)
{
    struct boot boot = {"-"};
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
    if (!file) return boot;
    if (fscanf(file, "%63[-0-9a-f]", boot.id) != 1) boot = (struct boot){"-"};
    fclose(file);
    return boot;
}

void state_file_put_clock(FILE *out, struct span heading)
{
    fprintf(out, "%.*s%s %llu\n", SPAN_ARG(heading), read_boot().id,
            (unsigned long long)net_wall_ahead_us());
}

bool state_file_read_clock(struct span line, struct span heading, uint64_t *shift_us)
{
    const struct boot boot = read_boot();
    uint64_t ahead_us;
    if (!span_starts_with(line, heading)) return false;
    line = span_from(line, heading.len);
    bool is_same_boot = span_eq(span_split(&line, ' '), span_of(boot.id)) && boot.id[0] != '-';
    if (!span_to_u64(line, UINT64_MAX, &ahead_us)) return false;
    *shift_us = is_same_boot ? net_wall_ahead_us() - ahead_us : 0;
    return true;
}
