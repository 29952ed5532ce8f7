// SPDX-License-Identifier: Apache-2.0
// Fills a new data directory with the settings of the benchmark (fill.h).
//
//   bench_load DIRECTORY LINES PBX_PORT
#include "batch.h"
#include "fill.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>

int main(int argc, char **argv)
{
    struct store_problem problem;
    if (argc != 4) bench_fail("usage", "bench_load DIRECTORY LINES PBX_PORT");
    uint32_t line_count = bench_number(argv[2], 0, 900000);
    uint32_t pbx_port = bench_number(argv[3], 1, UINT16_MAX);
    if (sodium_init() < 0) bench_fail("libsodium", "has no entropy");
    if (mkdir(argv[1], 0700) != 0) bench_fail(argv[1], strerror(errno));
    struct store *store = store_open_sqlite(argv[1], &problem);
    if (!store) bench_fail(argv[1], problem.text);
    fill_store(store, line_count, pbx_port);
    store_close(store);
    return 0;
}
