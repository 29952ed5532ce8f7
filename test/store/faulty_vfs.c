// SPDX-License-Identifier: Apache-2.0
// The failing disk: each file keeps what its sectors were when it was last synced.
#include "faulty_vfs.h"

enum { SECTOR = 512, FILES_MAX = 32 };

// What a sector was at the last sync of its file.
struct old_sector {
    sqlite3_int64 offset;
    char bytes[SECTOR];
};

// A file on the disk, known by its name beyond its handles.
struct disk_file {
    char path[512];
    sqlite3_int64 synced_size;
    struct old_sector *sectors;
    size_t count, capacity;
};

struct faulty_file {
    sqlite3_file base;
    struct disk_file *disk; // NULL: a temporary file
    sqlite3_file *real;     // behind this struct
};

static struct {
    sqlite3_vfs vfs, *real;
    bool is_registered, is_lasting, is_dead;
    unsigned fail_at, cut_at, calls;
    struct disk_file files[FILES_MAX];
    size_t count;
} faulty;

static struct faulty_file *file_of(sqlite3_file *file)
{
    return (struct faulty_file *)file;
}

// Counts a call; true when it is to fail.
static bool is_due(void)
{
    faulty.calls++;
    if (faulty.cut_at > 0 && faulty.calls >= faulty.cut_at) faulty.is_dead = true;
    if (faulty.is_dead) return true;
    if (faulty.fail_at == 0) return false;
    return faulty.is_lasting ? faulty.calls >= faulty.fail_at : faulty.calls == faulty.fail_at;
}

// ---- What was on the disk before

static struct disk_file *disk_file_of(const char *path)
{
    for (size_t i = 0; i < faulty.count; i++) {
        if (strcmp(faulty.files[i].path, path) == 0) return &faulty.files[i];
    }
    assert_true(faulty.count < FILES_MAX);
    struct disk_file *disk = &faulty.files[faulty.count++];
    struct stat status;
    *disk = (struct disk_file){.synced_size = stat(path, &status) == 0 ? status.st_size : 0};
    snprintf(disk->path, sizeof disk->path, "%s", path);
    return disk;
}

static bool is_kept(const struct disk_file *disk, sqlite3_int64 offset)
{
    for (size_t i = 0; i < disk->count; i++) {
        if (disk->sectors[i].offset == offset) return true;
    }
    return false;
}

// Keeps what the sectors of a range are, unless they were written since the last sync.
static void keep_old(struct faulty_file *file, sqlite3_int64 offset, sqlite3_int64 len)
{
    struct disk_file *disk = file->disk;
    if (!disk) return;
    for (sqlite3_int64 at = offset / SECTOR * SECTOR; at < offset + len; at += SECTOR) {
        if (at >= disk->synced_size || is_kept(disk, at)) continue;
        if (disk->count == disk->capacity) {
            disk->capacity = 2 * disk->capacity + 64;
            disk->sectors = realloc(disk->sectors, disk->capacity * sizeof disk->sectors[0]);
            assert_non_null(disk->sectors);
        }
        struct old_sector *old = &disk->sectors[disk->count++];
        memset(old, 0, sizeof *old);
        old->offset = at;
        file->real->pMethods->xRead(file->real, old->bytes, SECTOR, at); // short: zeros
    }
}

static void note_synced(struct faulty_file *file)
{
    if (!file->disk) return;
    file->disk->count = 0;
    file->real->pMethods->xFileSize(file->real, &file->disk->synced_size);
}

// ---- Calls on a file

static int on_close(sqlite3_file *file)
{
    return file_of(file)->real->pMethods->xClose(file_of(file)->real);
}

static int on_read(sqlite3_file *file, void *bytes, int len, sqlite3_int64 offset)
{
    if (is_due()) return SQLITE_IOERR_READ;
    return file_of(file)->real->pMethods->xRead(file_of(file)->real, bytes, len, offset);
}

static int on_write(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 offset)
{
    if (is_due()) return faulty.calls % 2 ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    keep_old(file_of(file), offset, len);
    return file_of(file)->real->pMethods->xWrite(file_of(file)->real, bytes, len, offset);
}

static int on_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    struct faulty_file *of = file_of(file);
    if (is_due()) return SQLITE_IOERR_TRUNCATE;
    if (of->disk && size < of->disk->synced_size) {
        keep_old(of, size, of->disk->synced_size - size);
    }
    return of->real->pMethods->xTruncate(of->real, size);
}

static int on_sync(sqlite3_file *file, int flags)
{
    (void)flags;
    if (is_due()) return SQLITE_IOERR_FSYNC;
    note_synced(file_of(file)); // the real disk is not waited for: this one decides what lasts
    return SQLITE_OK;
}

static int on_file_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return file_of(file)->real->pMethods->xFileSize(file_of(file)->real, size);
}

static int on_lock(sqlite3_file *file, int lock)
{
    return file_of(file)->real->pMethods->xLock(file_of(file)->real, lock);
}

static int on_unlock(sqlite3_file *file, int lock)
{
    return file_of(file)->real->pMethods->xUnlock(file_of(file)->real, lock);
}

static int on_check_lock(sqlite3_file *file, int *is_locked)
{
    return file_of(file)->real->pMethods->xCheckReservedLock(file_of(file)->real, is_locked);
}

static int on_control(sqlite3_file *file, int operation, void *argument)
{
    return file_of(file)->real->pMethods->xFileControl(file_of(file)->real, operation, argument);
}

static int on_sector_size(sqlite3_file *file)
{
    (void)file;
    return SECTOR;
}

// None: sectors may be torn from each other in any order. (Linux would promise that what follows a
// write in the same sector stays as it is.)
static int on_characteristics(sqlite3_file *file)
{
    (void)file;
    return 0;
}

static int on_shm_map(sqlite3_file *file, int page, int size, int is_extended,
                      void volatile **mapped)
{
    return file_of(file)->real->pMethods->xShmMap(file_of(file)->real, page, size, is_extended,
                                                  mapped);
}

static int on_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
    return file_of(file)->real->pMethods->xShmLock(file_of(file)->real, offset, count, flags);
}

static void on_shm_barrier(sqlite3_file *file)
{
    file_of(file)->real->pMethods->xShmBarrier(file_of(file)->real);
}

static int on_shm_unmap(sqlite3_file *file, int is_deleted)
{
    return file_of(file)->real->pMethods->xShmUnmap(file_of(file)->real, is_deleted);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = on_close,
    .xRead = on_read,
    .xWrite = on_write,
    .xTruncate = on_truncate,
    .xSync = on_sync,
    .xFileSize = on_file_size,
    .xLock = on_lock,
    .xUnlock = on_unlock,
    .xCheckReservedLock = on_check_lock,
    .xFileControl = on_control,
    .xSectorSize = on_sector_size,
    .xDeviceCharacteristics = on_characteristics,
    .xShmMap = on_shm_map,
    .xShmLock = on_shm_lock,
    .xShmBarrier = on_shm_barrier,
    .xShmUnmap = on_shm_unmap,
};

// ---- Calls on the disk

static int on_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags,
                   int *flags_out)
{
    (void)vfs;
    struct faulty_file *of = file_of(file);
    of->base.pMethods = NULL;
    of->real = (sqlite3_file *)(of + 1);
    of->disk = path ? disk_file_of(path) : NULL;
    if (is_due()) return SQLITE_CANTOPEN;
    int code = faulty.real->xOpen(faulty.real, path, of->real, flags, flags_out);
    if (of->real->pMethods) of->base.pMethods = &methods;
    return code;
}

// A file that is deleted is gone at once: SQLite deletes the log only when nothing needs it.
static int on_delete(sqlite3_vfs *vfs, const char *path, int is_synced)
{
    (void)vfs;
    if (is_due()) return SQLITE_IOERR_DELETE;
    struct disk_file *disk = disk_file_of(path);
    disk->count = 0;
    disk->synced_size = 0;
    return faulty.real->xDelete(faulty.real, path, is_synced);
}

// Nobody else has the files, so nothing gets better by waiting.
static int on_sleep(sqlite3_vfs *vfs, int us)
{
    (void)vfs;
    return us;
}

void faulty_register(void)
{
    if (faulty.is_registered) return;
    faulty.is_registered = true;
    faulty.real = sqlite3_vfs_find(NULL);
    faulty.vfs = *faulty.real;
    faulty.vfs.zName = "faulty";
    faulty.vfs.szOsFile = (int)sizeof(struct faulty_file) + faulty.real->szOsFile;
    faulty.vfs.xOpen = on_open;
    faulty.vfs.xDelete = on_delete;
    faulty.vfs.xSleep = on_sleep;
    assert_int_equal(sqlite3_vfs_register(&faulty.vfs, 1), SQLITE_OK);
}

// ---- Faults

void faulty_fail_at(unsigned call, bool is_lasting)
{
    faulty.fail_at = call;
    faulty.is_lasting = is_lasting;
    faulty.calls = 0;
}

unsigned faulty_call_count(void)
{
    return faulty.calls;
}

void faulty_cut_power_at(unsigned call)
{
    faulty.cut_at = call;
    faulty.calls = 0;
}

static void lose(const struct disk_file *disk)
{
    struct stat status;
    int file = open(disk->path, O_RDWR);
    if (file < 0) return;
    assert_int_equal(fstat(file, &status), 0);
    off_t size = status.st_size, synced = disk->synced_size;
    for (size_t i = 0; i < disk->count; i++) {
        if (rand() % 2) continue;
        const struct old_sector *old = &disk->sectors[i];
        assert_int_equal(pwrite(file, old->bytes, SECTOR, old->offset), SECTOR);
    }
    // What was appended is there, is zeros, or is not there, sector by sector.
    char zeros[SECTOR] = "";
    for (off_t at = synced; at < size; at += SECTOR) {
        off_t len = size - at < SECTOR ? size - at : SECTOR;
        if (rand() % 2) assert_int_equal(pwrite(file, zeros, (size_t)len, at), len);
    }
    if (size > synced && rand() % 2) {
        assert_int_equal(ftruncate(file, synced + rand() % (size - synced + 1)), 0);
    }
    close(file);
}

void faulty_lose_unsynced(unsigned seed)
{
    srand(seed);
    for (size_t i = 0; i < faulty.count; i++) {
        // The shared memory beside a log does not outlive a power cut.
        lose(&faulty.files[i]);
    }
}

void faulty_reset(void)
{
    for (size_t i = 0; i < faulty.count; i++) free(faulty.files[i].sectors);
    memset(faulty.files, 0, sizeof faulty.files);
    faulty.count = 0;
    faulty.is_dead = faulty.is_lasting = false;
    faulty.fail_at = faulty.cut_at = faulty.calls = 0;
}
