/* Makes writes and syncs of chosen files fail, for tests: loaded with LD_PRELOAD into a program, never linked into one.
 *
 * The file that BAI_FAULTS names says what is to fail; it is looked at in every call, so that a test can change its mind. It holds one line:
 *
 *     ID CALL FAULT SKIP COUNT PATTERN
 *
 * ID      a number; another one starts counting anew
 * CALL    sync (fsync, fdatasync), write (write, pwrite), truncate (ftruncate) or any
 * FAULT   EIO, ENOSPC, or SHORT: half of a write is done, and said so
 * SKIP    how many calls go well first
 * COUNT   how many fail then; 0 is all
 * PATTERN how the file's path ends
 *
 * The file that BAI_WALL_CLOCK names holds a number of seconds by which the wall clock is wrong.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

enum fault { FAULT_NONE, FAULT_EIO, FAULT_ENOSPC, FAULT_SHORT };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long current_id = -1;
static long calls;

static int ends_with(const char *text, const char *end) {
    size_t length = strlen(text), wanted = strlen(end);
    return length >= wanted && strcmp(text + length - wanted, end) == 0;
}

/* What the file that a variable names says now; raw system calls, because the usual ones come here. */
static int read_instructions(const char *variable, char *line, size_t size) {
    const char *path = getenv(variable);
    if (path == NULL) return 0;
    int descriptor = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    if (descriptor < 0) return 0;
    ssize_t count = syscall(SYS_read, descriptor, line, size - 1);
    syscall(SYS_close, descriptor);
    if (count <= 0) return 0;
    line[count] = 0;
    return 1;
}

static enum fault fault_of(const char *call, int descriptor) {
    char line[512], wanted[16], word[16], pattern[256], link[64], path[4096];
    long id, skip, count;
    int saved = errno;
    if (!read_instructions("BAI_FAULTS", line, sizeof line)) { errno = saved; return FAULT_NONE; }
    if (sscanf(line, "%ld %15s %15s %ld %ld %255s", &id, wanted, word, &skip, &count, pattern) != 6) return FAULT_NONE;
    if (strcmp(wanted, "any") != 0 && strcmp(wanted, call) != 0) return FAULT_NONE;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    errno = saved;
    if (length < 0) return FAULT_NONE;
    path[length] = 0;
    if (!ends_with(path, pattern)) return FAULT_NONE;
    pthread_mutex_lock(&lock);
    if (id != current_id) { current_id = id; calls = 0; }
    long number = calls++;
    pthread_mutex_unlock(&lock);
    if (number < skip || (count > 0 && number >= skip + count)) return FAULT_NONE;
    if (strcmp(word, "ENOSPC") == 0) return FAULT_ENOSPC;
    return strcmp(word, "SHORT") == 0 ? FAULT_SHORT : FAULT_EIO;
}

/* Sets errno for a fault that is an error; 0 for one that is none. */
static int fails(enum fault fault) {
    if (fault == FAULT_EIO) errno = EIO;
    if (fault == FAULT_ENOSPC) errno = ENOSPC;
    return fault == FAULT_EIO || fault == FAULT_ENOSPC;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int fsync(int descriptor) { return fails(fault_of("sync", descriptor)) ? -1 : NEXT(fsync)(descriptor); }

int fdatasync(int descriptor) { return fails(fault_of("sync", descriptor)) ? -1 : NEXT(fdatasync)(descriptor); }

int ftruncate(int descriptor, off_t length) {
    return fails(fault_of("truncate", descriptor)) ? -1 : NEXT(ftruncate)(descriptor, length);
}

int ftruncate64(int descriptor, off64_t length) {
    return fails(fault_of("truncate", descriptor)) ? -1 : NEXT(ftruncate64)(descriptor, length);
}

ssize_t write(int descriptor, const void *bytes, size_t count) {
    enum fault fault = fault_of("write", descriptor);
    if (fails(fault)) return -1;
    return NEXT(write)(descriptor, bytes, fault == FAULT_SHORT ? count / 2 : count);
}

ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t offset) {
    enum fault fault = fault_of("write", descriptor);
    if (fails(fault)) return -1;
    return NEXT(pwrite)(descriptor, bytes, fault == FAULT_SHORT ? count / 2 : count, offset);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off64_t offset) {
    enum fault fault = fault_of("write", descriptor);
    if (fails(fault)) return -1;
    return NEXT(pwrite64)(descriptor, bytes, fault == FAULT_SHORT ? count / 2 : count, offset);
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    int result = (int)syscall(SYS_clock_gettime, clock, time);
    char line[64];
    int saved = errno;
    if (result == 0 && clock == CLOCK_REALTIME && read_instructions("BAI_WALL_CLOCK", line, sizeof line)) time->tv_sec += atol(line);
    errno = saved;
    return result;
}
