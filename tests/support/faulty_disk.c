/* A disk that fails once: call number `at` that changes a file below `prefix` fails with `error`.
   Loaded before the C library (LD_PRELOAD), so that SQLite's own writes are met as well as Python's. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static long at = 0, calls = 0;
static int error = 0;
static char prefix[4096] = "";

void faulty_disk(long number, int code, const char *below) {
    at = number, calls = 0, error = code;
    snprintf(prefix, sizeof prefix, "%s", below);
}
long faulty_disk_calls(void) { return calls; }

static int fails(const char *path) {
    if (!prefix[0] || strncmp(path, prefix, strlen(prefix))) return 0;
    if (strlen(path) > 4 && !strcmp(path + strlen(path) - 4, "-shm")) return 0; /* shared memory, no disk */
    if (++calls != at) return 0;
    errno = error;
    return 1;
}
static int fd_fails(int fd) {
    char link[64], path[4096];
    if (!prefix[0]) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return fails(path);
}
#define REAL(name) static __typeof__(name) *real; if (!real) real = dlsym(RTLD_NEXT, #name)

ssize_t write(int fd, const void *data, size_t size) { REAL(write); return fd_fails(fd) ? -1 : real(fd, data, size); }
ssize_t pwrite(int fd, const void *data, size_t size, off_t to) { REAL(pwrite); return fd_fails(fd) ? -1 : real(fd, data, size, to); }
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t to) { REAL(pwrite64); return fd_fails(fd) ? -1 : real(fd, data, size, to); }
int fsync(int fd) { REAL(fsync); return fd_fails(fd) ? -1 : real(fd); }
int fdatasync(int fd) { REAL(fdatasync); return fd_fails(fd) ? -1 : real(fd); }
int ftruncate(int fd, off_t size) { REAL(ftruncate); return fd_fails(fd) ? -1 : real(fd, size); }
int ftruncate64(int fd, off64_t size) { REAL(ftruncate64); return fd_fails(fd) ? -1 : real(fd, size); }
int rename(const char *from, const char *to) { REAL(rename); return fails(to) ? -1 : real(from, to); }
int renameat(int a, const char *from, int b, const char *to) { REAL(renameat); return fails(to) ? -1 : real(a, from, b, to); }
int mkdir(const char *path, mode_t mode);
int mkdir(const char *path, mode_t mode) { REAL(mkdir); return fails(path) ? -1 : real(path, mode); }
