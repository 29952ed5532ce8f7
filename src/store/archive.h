// SPDX-License-Identifier: Apache-2.0
// The file that a back-up is: a tar archive (POSIX ustar) of plain files, so that anybody can look
// into it with the tools at hand. Only what we write ourselves is read back.
#pragma once

#include "store/store_int.h"

#include <sodium.h>

// Writes the files `names` (up to NULL) of `folder` and, in front of them, their checksums in a
// file SHA256SUMS into the new file `path`, for us alone, and has it on the disk.
enum err archive_write(const char *path, const char *folder, const char *const *names,
                       struct store_problem *problem) WARN_UNUSED;

// Unpacks the archive `path` into the empty `folder`. Only files of `names` are accepted, all of
// them must be there, and each must have its checksum.
enum err archive_read(const char *path, const char *folder, const char *const *names,
                      struct store_problem *problem) WARN_UNUSED;
