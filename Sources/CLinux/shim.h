#ifndef CLINUX_SHIM_H
#define CLINUX_SHIM_H

#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* prctl and syscall are variadic, which Swift does not import. */
static inline int clinux_set_parent_death_signal(int signal) { return prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0); }
static inline int clinux_set_child_subreaper(int on) { return prctl(PR_SET_CHILD_SUBREAPER, on, 0, 0, 0); }
static inline int clinux_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }
static inline int clinux_pidfd_send_signal(int pidfd, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}
/* GNU extensions, which Swift's view of glibc leaves out. */
extern int pipe2(int ends[2], int flags);
static inline int clinux_pipe(int *ends, int flags) { return pipe2(ends, flags); }
extern int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *actions, const char *path);
static inline int clinux_spawn_add_directory(posix_spawn_file_actions_t *actions, const char *path) {
    return posix_spawn_file_actions_addchdir_np(actions, path);
}
static inline short clinux_spawn_new_session(void) { return 0x80; /* POSIX_SPAWN_SETSID */ }
/* A GNU extension of unistd.h, which Swift's view of glibc leaves out. */
extern int syncfs(int fd);
static inline int clinux_sync_file_system(int fd) { return syncfs(fd); }
/* The macros over wait's status are not imported. */
static inline int clinux_exited(int status) { return WIFEXITED(status); }
static inline int clinux_exit_status(int status) { return WEXITSTATUS(status); }
static inline int clinux_signaled(int status) { return WIFSIGNALED(status); }
static inline int clinux_term_signal(int status) { return WTERMSIG(status); }
/* The fields of siginfo_t are macros. The number of a child that has ended and was not waited for; 0: there is none. */
static inline pid_t clinux_ended_child(void) {
    siginfo_t info;
    info.si_pid = 0;
    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 ? info.si_pid : 0;
}
/* dl_iterate_phdr, a GNU extension, by another name: what it tells of is known to link.h alone, of which only the second member is of interest. */
extern int clinux_each_library(int (*take)(void *library, size_t size, void *context), void *context) __asm__("dl_iterate_phdr");
static inline const char *clinux_library_path(void *library) { return ((const char **)library)[1]; }
/* glibc spells RUSAGE_CHILDREN as an enum that Swift finds awkward. */
static inline int clinux_usage_of_children(struct rusage *usage) { return getrusage(RUSAGE_CHILDREN, usage); }
static inline int clinux_usage_of_self(struct rusage *usage) { return getrusage(RUSAGE_SELF, usage); }

/* fcntl is variadic, and the commands for locks that belong to an open file are GNU extensions, which Swift's view of glibc leaves out. */
static inline int clinux_file_lock(int descriptor, short kind, off_t start, off_t length) {
    struct flock lock = { .l_type = kind, .l_whence = SEEK_SET, .l_start = start, .l_len = length };
    return fcntl(descriptor, 37 /* F_OFD_SETLK */, &lock);
}
static inline int clinux_file_is_locked(int descriptor, off_t start, off_t length) {
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = start, .l_len = length };
    return fcntl(descriptor, 36 /* F_OFD_GETLK */, &lock) == 0 && lock.l_type != F_UNLCK;
}

/* A number that threads, of several processes too, change and wait for. syscall is variadic, and Swift's own atomics have no address. */
static inline unsigned clinux_atomic_load(unsigned *word) { return __atomic_load_n(word, __ATOMIC_SEQ_CST); }
static inline void clinux_atomic_store(unsigned *word, unsigned value) { __atomic_store_n(word, value, __ATOMIC_SEQ_CST); }
static inline unsigned clinux_atomic_exchange(unsigned *word, unsigned value) {
    return __atomic_exchange_n(word, value, __ATOMIC_SEQ_CST);
}
/* Not 0 where the word was what is expected. */
static inline int clinux_atomic_compare_exchange(unsigned *word, unsigned expected, unsigned value) {
    return __atomic_compare_exchange_n(word, &expected, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}
static inline void clinux_atomic_add(unsigned *word, int change) { __atomic_fetch_add(word, change, __ATOMIC_SEQ_CST); }
/* Returns when woken, when the word is not what is expected, on a signal, and after the time, if there is one (less than 0: none). */
static inline void clinux_futex_wait(unsigned *word, unsigned expected, long nanoseconds) {
    struct timespec time = { .tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000 };
    syscall(SYS_futex, word, FUTEX_WAIT, expected, nanoseconds < 0 ? NULL : &time, NULL, 0);
}
/* The same, for one who is woken only by whom wakes one of its bits, or anybody. */
static inline void clinux_futex_wait_for(unsigned *word, unsigned expected, unsigned bits, long nanoseconds) {
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += (end.tv_nsec + nanoseconds) / 1000000000;
    end.tv_nsec = (end.tv_nsec + nanoseconds) % 1000000000;
    syscall(SYS_futex, word, FUTEX_WAIT_BITSET, expected, &end, NULL, bits);
}
static inline void clinux_futex_wake_for(unsigned *word, int count, unsigned bits) {
    syscall(SYS_futex, word, FUTEX_WAKE_BITSET, count, NULL, NULL, bits);
}
static inline void clinux_futex_wake(unsigned *word, int count) {
    syscall(SYS_futex, word, FUTEX_WAKE, count, NULL, NULL, 0);
}

#endif
