/* A disk that fails once: call number `at` that changes a file below `prefix` fails with `error`, or ends the process
   there and then where `error` is DIES; 0 fails never. Loaded before the C library (LD_PRELOAD), so that SQLite's own
   writes are met as well as Python's. No machine loses its power here: below `prefix` a sync that does not fail is not
   waited for, which takes nine tenths of the time from a run. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define DIES (-1)

static long at = 0, calls = 0;
static int error = 0;
static char prefix[4096] = "";

void faulty_disk(long number, int code, const char *below) {
    at = number, calls = 0, error = code;
    snprintf(prefix, sizeof prefix, "%s", below);
}
long faulty_disk_calls(void) { return calls; }

static int below_prefix(const char *path) { return prefix[0] && !strncmp(path, prefix, strlen(prefix)); }
static int fails(const char *path) {
    if (!below_prefix(path)) return 0;
    if (strlen(path) > 4 && !strcmp(path + strlen(path) - 4, "-shm")) return 0; /* shared memory, no disk */
    if (__sync_add_and_fetch(&calls, 1) != at) return 0; /* the journal has a thread of its own */
    if (error == DIES) kill(getpid(), SIGKILL);
    errno = error;
    return 1;
}
static const char *path_of(int fd, char *path, size_t size) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, size - 1);
    path[length < 0 ? 0 : length] = 0;
    return path;
}
static int fd_fails(int fd) {
    char path[4096];
    return prefix[0] && fails(path_of(fd, path, sizeof path));
}
static int synced(int fd, int (*real)(int)) {
    char path[4096];
    if (!prefix[0] || !below_prefix(path_of(fd, path, sizeof path))) return real(fd);
    return fails(path) ? -1 : 0;
}
#define REAL(name) static __typeof__(name) *real; if (!real) real = dlsym(RTLD_NEXT, #name)

ssize_t write(int fd, const void *data, size_t size) { REAL(write); return fd_fails(fd) ? -1 : real(fd, data, size); }
ssize_t pwrite(int fd, const void *data, size_t size, off_t to) { REAL(pwrite); return fd_fails(fd) ? -1 : real(fd, data, size, to); }
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t to) { REAL(pwrite64); return fd_fails(fd) ? -1 : real(fd, data, size, to); }
int fsync(int fd) { REAL(fsync); return synced(fd, real); }
int fdatasync(int fd) { REAL(fdatasync); return synced(fd, real); }
int ftruncate(int fd, off_t size) { REAL(ftruncate); return fd_fails(fd) ? -1 : real(fd, size); }
int ftruncate64(int fd, off64_t size) { REAL(ftruncate64); return fd_fails(fd) ? -1 : real(fd, size); }
int rename(const char *from, const char *to) { REAL(rename); return fails(to) ? -1 : real(from, to); }
int renameat(int a, const char *from, int b, const char *to) { REAL(renameat); return fails(to) ? -1 : real(a, from, b, to); }
int mkdir(const char *path, mode_t mode);
int mkdir(const char *path, mode_t mode) { REAL(mkdir); return fails(path) ? -1 : real(path, mode); }
int unlink(const char *path) { REAL(unlink); return fails(path) ? -1 : real(path); }

/* Opening counts where it may make a file. */
#define MODE(flags) mode_t mode = 0; \
    if ((flags) & O_CREAT) { va_list more; va_start(more, flags); mode = va_arg(more, mode_t); va_end(more); }
int open(const char *path, int flags, ...) { REAL(open); MODE(flags); return (flags & O_CREAT) && fails(path) ? -1 : real(path, flags, mode); }
int open64(const char *path, int flags, ...) { REAL(open64); MODE(flags); return (flags & O_CREAT) && fails(path) ? -1 : real(path, flags, mode); }
int openat(int in, const char *path, int flags, ...) { REAL(openat); MODE(flags); return (flags & O_CREAT) && fails(path) ? -1 : real(in, path, flags, mode); }
int openat64(int in, const char *path, int flags, ...) { REAL(openat64); MODE(flags); return (flags & O_CREAT) && fails(path) ? -1 : real(in, path, flags, mode); }
