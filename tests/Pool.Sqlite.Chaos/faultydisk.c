/*
 * Preloaded into a process, it makes calls on the files whose path begins with FAULTYDISK_PREFIX fail at random, as a bad or
 * full disk, or a process with too many files, would. The process itself says how often: faultydisk_set.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define DESCRIPTORS 4096

enum { WRITES, SYNCS, OPENS, TRUNCATES, KINDS };

static atomic_int chances[KINDS]; /* of 10,000 */
static atomic_long injected[KINDS];
static atomic_ullong state = 88172645463325252ull;
static atomic_char ours[DESCRIPTORS];
static const char *prefix;

static int (*real_open)(const char *, int, ...);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_write)(int, const void *, size_t);
static int (*real_ftruncate)(int, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_close)(int);

__attribute__((constructor)) static void load(void) {
    if (real_open) return;
    real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
    real_write = dlsym(RTLD_NEXT, "write");
    real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    real_close = dlsym(RTLD_NEXT, "close");
    real_open = dlsym(RTLD_NEXT, "open64");
    prefix = getenv("FAULTYDISK_PREFIX");
}

/* How many calls of 10,000 are to fail, and from which seed. */
void faultydisk_set(uint64_t seed, int writes, int syncs, int opens, int truncates) {
    atomic_store(&state, seed * 2654435761u + 88172645463325252ull);
    atomic_store(&chances[WRITES], writes);
    atomic_store(&chances[SYNCS], syncs);
    atomic_store(&chances[OPENS], opens);
    atomic_store(&chances[TRUNCATES], truncates);
}

/* How many have failed so far: 0 writes, 1 syncs, 2 opens, 3 truncates. */
int64_t faultydisk_injected(int kind) { return atomic_load(&injected[kind]); }

static uint64_t next(void) {
    uint64_t x = atomic_fetch_add(&state, 0x9E3779B97F4A7C15ull);
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
    return x ^ (x >> 31);
}

/* The error of a call that is to fail; zero otherwise. */
static int fails(int kind, int one, int other) {
    int chance = atomic_load(&chances[kind]);
    if (chance == 0) return 0;
    uint64_t random = next();
    if ((int)(random % 10000) >= chance) return 0;
    atomic_fetch_add(&injected[kind], 1);
    return (random >> 32) & 1 ? one : other;
}

static int is_ours(int descriptor) {
    return descriptor >= 0 && descriptor < DESCRIPTORS && atomic_load(&ours[descriptor]);
}

static int open_file(const char *path, int flags, mode_t mode) {
    load();
    int matches = prefix && strncmp(path, prefix, strlen(prefix)) == 0;
    int error = matches ? fails(OPENS, EMFILE, EIO) : 0;
    if (error) {
        errno = error;
        return -1;
    }
    int descriptor = real_open(path, flags, mode);
    if (descriptor >= 0 && descriptor < DESCRIPTORS) atomic_store(&ours[descriptor], matches);
    return descriptor;
}

int open(const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;
    va_end(more);
    return open_file(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;
    va_end(more);
    return open_file(path, flags, mode);
}

ssize_t pwrite64(int descriptor, const void *data, size_t size, off_t offset) {
    load();
    int error = is_ours(descriptor) ? fails(WRITES, EIO, ENOSPC) : 0;
    if (error == 0) return real_pwrite(descriptor, data, size, offset);

    /* A disk may take a part. */
    if (size > 1 && next() & 1) real_pwrite(descriptor, data, size / 2, offset);
    errno = error;
    return -1;
}

ssize_t pwrite(int descriptor, const void *data, size_t size, off_t offset) { return pwrite64(descriptor, data, size, offset); }

ssize_t write(int descriptor, const void *data, size_t size) {
    load();
    int error = is_ours(descriptor) ? fails(WRITES, EIO, ENOSPC) : 0;
    if (error == 0) return real_write(descriptor, data, size);
    errno = error;
    return -1;
}

int ftruncate64(int descriptor, off_t size) {
    load();
    int error = is_ours(descriptor) ? fails(TRUNCATES, EIO, ENOSPC) : 0;
    if (error == 0) return real_ftruncate(descriptor, size);
    errno = error;
    return -1;
}

int ftruncate(int descriptor, off_t size) { return ftruncate64(descriptor, size); }

int fsync(int descriptor) {
    load();
    int error = is_ours(descriptor) ? fails(SYNCS, EIO, EIO) : 0;
    if (error == 0) return real_fsync(descriptor);
    errno = error;
    return -1;
}

int fdatasync(int descriptor) {
    load();
    int error = is_ours(descriptor) ? fails(SYNCS, EIO, EIO) : 0;
    if (error == 0) return real_fdatasync(descriptor);
    errno = error;
    return -1;
}

int close(int descriptor) {
    load();
    if (descriptor >= 0 && descriptor < DESCRIPTORS) atomic_store(&ours[descriptor], 0);
    return real_close(descriptor);
}
