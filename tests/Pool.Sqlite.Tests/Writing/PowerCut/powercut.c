/*
 * Preloaded into a process, it keeps a log of all that is written to the files of one folder (POWERCUT_FOLDER), in the order
 * in which the kernel sees it, and of every sync, in the file POWERCUT_LOG. From the log the files can be put back as a disk
 * without a write cache of its own would have them after a power failure at any moment.
 *
 * A record: kind (1), file number (4), offset (8), length (8), and for a write and a name as many bytes.
 *   N a file's name    W a write    T a new size (offset)    S a sync: covers what stands in the log before offset
 *   U the file's name is deleted
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#define DESCRIPTORS 4096
#define FILES 65536

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int log_descriptor = -2;
static const char *folder;
static uint64_t position;
static uint32_t numbers[DESCRIPTORS]; /* 0: not known, 1: not ours, else the number of its file plus 2 */
static ino_t inodes[FILES];
static uint32_t files;

static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_write)(int, const void *, size_t);
static int (*real_ftruncate)(int, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_close)(int);
static int (*real_unlink)(const char *);

static void begin(void) {
    if (log_descriptor != -2) return;
    real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
    real_write = dlsym(RTLD_NEXT, "write");
    real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    real_close = dlsym(RTLD_NEXT, "close");
    real_unlink = dlsym(RTLD_NEXT, "unlink");
    folder = getenv("POWERCUT_FOLDER");
    const char *path = getenv("POWERCUT_LOG");
    log_descriptor = folder && path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
}

__attribute__((constructor)) static void load(void) { begin(); }

static void append(char kind, uint32_t file, uint64_t offset, uint64_t length, const void *data, size_t size) {
    size_t total = 21 + size;
    char small[1024];
    char *record = total <= sizeof small ? small : malloc(total);
    record[0] = kind;
    memcpy(record + 1, &file, 4);
    memcpy(record + 5, &offset, 8);
    memcpy(record + 13, &length, 8);
    if (size) memcpy(record + 21, data, size);
    real_write(log_descriptor, record, total);
    position += total;
    if (record != small) free(record);
}

/* The number of a descriptor's file; -1 when it is not in the folder. With the lock. */
static long number_of(int descriptor) {
    if (log_descriptor < 0 || descriptor < 0 || descriptor >= DESCRIPTORS) return -1;
    if (numbers[descriptor] != 0) return (long)numbers[descriptor] - 2;
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    struct stat status;
    if (length <= 0) return -1;
    path[length] = 0;
    size_t prefix = strlen(folder);
    if (strncmp(path, folder, prefix) != 0 || strstr(path, "-shm") || strstr(path, " (deleted)") || fstat(descriptor, &status) != 0) {
        numbers[descriptor] = 1;
        return -1;
    }
    uint32_t file = 0;
    while (file < files && inodes[file] != status.st_ino) file++;
    if (file == files) {
        inodes[files++] = status.st_ino;
        append('N', file, 0, (uint64_t)length, path, (size_t)length);
    }
    numbers[descriptor] = file + 2;
    return (long)file;
}

ssize_t pwrite64(int descriptor, const void *data, size_t size, off_t offset) {
    begin();
    pthread_mutex_lock(&lock);
    long file = number_of(descriptor);
    ssize_t written = real_pwrite(descriptor, data, size, offset);
    if (file >= 0 && written > 0) append('W', (uint32_t)file, (uint64_t)offset, (uint64_t)written, data, (size_t)written);
    pthread_mutex_unlock(&lock);
    return written;
}

ssize_t pwrite(int descriptor, const void *data, size_t size, off_t offset) { return pwrite64(descriptor, data, size, offset); }

int ftruncate64(int descriptor, off_t size) {
    begin();
    pthread_mutex_lock(&lock);
    long file = number_of(descriptor);
    int result = real_ftruncate(descriptor, size);
    if (file >= 0 && result == 0) append('T', (uint32_t)file, (uint64_t)size, 0, 0, 0);
    pthread_mutex_unlock(&lock);
    return result;
}

int ftruncate(int descriptor, off_t size) { return ftruncate64(descriptor, size); }

static int sync_file(int descriptor, int (*real)(int)) {
    pthread_mutex_lock(&lock);
    long file = number_of(descriptor);
    uint64_t before = position;
    pthread_mutex_unlock(&lock);
    int result = real(descriptor);
    pthread_mutex_lock(&lock);
    if (file >= 0 && result == 0) append('S', (uint32_t)file, before, 0, 0, 0);
    pthread_mutex_unlock(&lock);
    return result;
}

int fsync(int descriptor) { begin(); return sync_file(descriptor, real_fsync); }

int fdatasync(int descriptor) { begin(); return sync_file(descriptor, real_fdatasync); }

int close(int descriptor) {
    begin();
    pthread_mutex_lock(&lock);
    if (descriptor >= 0 && descriptor < DESCRIPTORS) numbers[descriptor] = 0;
    int result = real_close(descriptor);
    pthread_mutex_unlock(&lock);
    return result;
}

int unlink(const char *path) {
    begin();
    pthread_mutex_lock(&lock);
    struct stat status;
    int known = log_descriptor >= 0 && stat(path, &status) == 0;
    int result = real_unlink(path);
    for (uint32_t file = 0; known && result == 0 && file < files; file++) {
        if (inodes[file] == status.st_ino) {
            append('U', file, 0, 0, 0, 0);
            inodes[file] = 0;
        }
    }
    pthread_mutex_unlock(&lock);
    return result;
}
