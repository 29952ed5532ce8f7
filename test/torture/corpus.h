// SPDX-License-Identifier: Apache-2.0
// The test data: where it is, and its files. It is no part of the project (docs/testing.md):
// LINEWARD_CORPUS names the folder, else it is beside the project. Without it these tests are
// skipped.
#pragma once

#include "unit/sip/check.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

enum { EXIT_SKIPPED = 77 };

static inline const char *corpus_folder(void)
{
    const char *folder = getenv("LINEWARD_CORPUS");
    return folder && *folder ? folder : "../shared/corpus";
}

static inline bool is_corpus_there(void)
{
    DIR *folder = opendir(corpus_folder());
    if (folder) closedir(folder);
    return folder != NULL;
}

// What a test program returns when there is no corpus: skipped, but failed where everything must be
// there.
static inline int report_no_corpus(void)
{
    const char *ci = getenv("CI");
    printf("skipped: no corpus\n");
    return ci && strcmp(ci, "true") == 0 ? EXIT_FAILURE : EXIT_SKIPPED;
}

struct path {
    char text[1024];
};

static inline struct path join(const char *folder, const char *name)
{
    struct path path;
    struct buffer out = buffer_over(path.text, sizeof path.text);
    buffer_printf(&out, "%s/%s", folder, name);
    assert_false(out.is_full);
    return path;
}

// The bytes of a file of the corpus, in memory of exactly their size that the caller frees.
static inline struct span load_file(const char *path)
{
    struct path whole = join(corpus_folder(), path);
    FILE *file = fopen(whole.text, "rb");
    if (!file) fail_msg("cannot read %s", whole.text);
    static char bytes[SIP_MESSAGE_MAX];
    size_t len = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    char *copy = malloc(len + (len == 0));
    assert_non_null(copy);
    memcpy(copy, bytes, len);
    return (struct span){copy, len};
}

static inline void free_file(struct span bytes)
{
    free((void *)(uintptr_t)bytes.at);
}

// All but the checksums and texts that lie beside the messages.
static inline int is_message_file(const struct dirent *entry)
{
    struct span name = span_of(entry->d_name);
    struct span ending = span_from(name, name.len > 3 ? name.len - 3 : 0);
    return name.at[0] != '.' && !span_eq(ending, SPAN(".md")) && !span_eq(name, SPAN("SHA256SUMS"));
}

// Calls `visit` with every SIP message of the corpus, in a fixed order. Returns how many there
// were.
static inline size_t for_each_message(void (*visit)(const char *path, struct span bytes))
{
    static const char *const folders[] = {
        "rfc4475",        "rfc5118/archive", "rfc5118/wire",
        "seeds/sip-jsip", "seeds/sip-sipgo", "seeds/sip-ims",
    };
    size_t message_count = 0;
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        struct dirent **entries = NULL;
        int count = scandir(join(corpus_folder(), folders[i]).text, &entries, is_message_file,
                            alphasort);
        for (int j = 0; j < count; j++) {
            struct path path = join(folders[i], entries[j]->d_name);
            struct span bytes = load_file(path.text);
            visit(path.text, bytes);
            free_file(bytes);
            free(entries[j]);
            message_count++;
        }
        free(entries);
    }
    return message_count;
}
