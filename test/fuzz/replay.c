// SPDX-License-Identifier: Apache-2.0
// Runs a fuzz target once over the files of a folder: replay FOLDER.
#include "fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

static void run_file(const char *folder, const char *name)
{
    char path[1024];
    struct buffer out = buffer_over(path, sizeof path);
    buffer_printf(&out, "%s/%s", folder, name);
    FILE *file = out.is_full ? NULL : fopen(path, "rb");
    uint8_t *bytes = malloc(1 << 20);
    ASSERT(file && bytes);
    size_t size = fread(bytes, 1, 1 << 20, file);
    // In memory of its exact size, so that a read too far is seen.
    uint8_t *exact = realloc(bytes, size + (size == 0));
    ASSERT(exact);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    fclose(file);
}

int main(int argument_count, char **arguments)
{
    DIR *folder = argument_count == 2 ? opendir(arguments[1]) : NULL;
    if (!folder) {
        fprintf(stderr, "usage: %s FOLDER\n", arguments[0]);
        return 2;
    }
    int count = 0;
    for (const struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        if (entry->d_name[0] == '.') continue;
        run_file(arguments[1], entry->d_name);
        count++;
    }
    closedir(folder);
    printf("%d inputs\n", count);
    return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
