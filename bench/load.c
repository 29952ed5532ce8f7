// SPDX-License-Identifier: Apache-2.0
// Fills a new data directory with the settings of the benchmark (fill.h).
//
//   bench_load DIRECTORY LINES PBX_PORT [devices]
#include "batch.h"
#include "fill.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>

int main(int argc, char **argv)
{
    struct store_problem problem;
    bool has_devices = argc == 5 && strcmp(argv[4], "devices") == 0;
    if (argc != 4 && !has_devices) {
        bench_fail("usage", "bench_load DIRECTORY LINES PBX_PORT [devices]");
    }
    struct fill fill = {.line_count = bench_number(argv[2], 0, 900000),
                        .pbx_port = bench_number(argv[3], 1, UINT16_MAX),
                        .has_devices = has_devices};
    if (sodium_init() < 0) bench_fail("libsodium", "has no entropy");
    if (mkdir(argv[1], 0700) != 0) bench_fail(argv[1], strerror(errno));
    struct store *store = store_open_sqlite(argv[1], &problem);
    if (!store) bench_fail(argv[1], problem.text);
    fill_store(store, &fill);
    store_close(store);
    return 0;
}
