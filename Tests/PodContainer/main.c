/*
 * Starts one container of a test's pod: namespaces of its own, a root made of bind mounts, the user and the rights that
 * were asked for, then the command as process 1. In C, because between fork and exec nothing else may run.
 *
 *     pod-container PLAN REPORT LIFELINE
 *
 * PLAN is a file of words, each ended by a NUL: verbs with their arguments, in the order in which they are done. REPORT is a
 * descriptor that gets the reason if the command cannot be started, and is closed when it has. When LIFELINE's other end
 * closes, because whoever keeps the pod is gone, everything in the container is killed.
 *
 * Ends as container runtimes report it: with the command's code, or 128 and the signal that ended it. SIGTERM is handed on;
 * SIGUSR1 is handed on as SIGKILL.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int report;

static void fail(const char *format, ...) {
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    /* Nobody is left to tell if this fails, too. */
    ssize_t ignored = write(report, text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
    (void)ignored;
    _exit(128);
}

/* The plan. */

static char *plan, *end_of_plan, *at;

static void read_plan(const char *path) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    struct stat info;
    if (file < 0 || fstat(file, &info) < 0) fail("read %s: %s", path, strerror(errno));
    plan = malloc((size_t)info.st_size + 1);
    if (!plan || read(file, plan, (size_t)info.st_size) != info.st_size) fail("read %s", path);
    end_of_plan = plan + info.st_size;
    *end_of_plan = 0;
    at = plan;
    close(file);
}

static char *word(void) {
    if (at >= end_of_plan) fail("the plan ends too early");
    char *word = at;
    at += strlen(at) + 1;
    return word;
}

/* Files. */

static void make_folders(const char *path) {
    char part[4096];
    for (size_t i = 1; path[i - 1]; i++) {
        if (path[i] != '/' && path[i]) continue;
        snprintf(part, sizeof part, "%.*s", (int)i, path);
        if (mkdir(part, 0755) < 0 && errno != EEXIST && errno != EROFS) fail("make %s: %s", part, strerror(errno));
    }
}

static void make_place(const char *source, const char *target) {
    struct stat info;
    if (stat(source, &info) < 0) fail("mount %s: %s", source, strerror(errno));
    if (S_ISDIR(info.st_mode)) { make_folders(target); return; }
    char folder[4096];
    snprintf(folder, sizeof folder, "%s", target);
    char *slash = strrchr(folder, '/');
    if (slash) { *slash = 0; make_folders(folder); }
    int file = open(target, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (file >= 0) close(file);
}

static void bind_mount(const char *source, const char *target, const char *mode) {
    make_place(source, target);
    if (mount(source, target, NULL, MS_BIND | MS_REC, NULL) < 0) fail("mount %s at %s: %s", source, target, strerror(errno));
    if (strcmp(mode, "ro")) return;
    struct statvfs info;
    unsigned long flags = 0;
    /* What the mount has already must stay: without rights over the whole machine nothing of it can be taken off. */
    if (statvfs(target, &info) == 0)
        flags = info.f_flag & (ST_NOSUID | ST_NODEV | ST_NOEXEC | ST_NOATIME | ST_NODIRATIME | ST_RELATIME);
    if (mount(NULL, target, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | flags, NULL) < 0)
        fail("make %s read-only: %s", target, strerror(errno));
}

static void enter(const char *root) {
    if (chdir(root) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
        fail("enter %s: %s", root, strerror(errno));
}

/* Rights. */

static void write_file(const char *path, const char *text) {
    int file = open(path, O_WRONLY | O_CLOEXEC);
    ssize_t length = (ssize_t)strlen(text);
    if (file < 0 || write(file, text, (size_t)length) != length) fail("write %s: %s", path, strerror(errno));
    close(file);
}

/* Without being the super-user: a namespace in which we are the one user that the container knows. */
static void become_owner_of_namespace(const char *user, const char *group) {
    char map[64];
    uid_t outer_user = geteuid();
    gid_t outer_group = getegid();
    if (unshare(CLONE_NEWUSER) < 0)
        fail("containers need the super-user, or user namespaces (kernel.unprivileged_userns_clone): %s", strerror(errno));
    write_file("/proc/self/setgroups", "deny");
    snprintf(map, sizeof map, "%s %u 1", user, outer_user);
    write_file("/proc/self/uid_map", map);
    snprintf(map, sizeof map, "%s %u 1", group, outer_group);
    write_file("/proc/self/gid_map", map);
}

static void become(const char *user, const char *group, const char *extra) {
    gid_t groups[1] = {(gid_t)atol(extra)};
    uid_t uid = (uid_t)atol(user);
    if (setgroups(*extra ? 1 : 0, groups) < 0 || setgid((gid_t)atol(group)) < 0 || setuid(uid) < 0)
        fail("become user %s: %s", user, strerror(errno));
}

static void drop_capabilities(void) {
    for (int capability = 0; capability <= 63; capability++) prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
}

/* The command. */

static void start(int is_super_user) {
    char *environment[4096], *arguments[4096];
    char *user = "0", *group = "0", *extra = "", *folder = "/", *search = NULL;
    int count = 0, words = 0, has_no_new_rights = 0, drops_capabilities = 0;
    while (at < end_of_plan) {
        char *verb = word();
        if (!strcmp(verb, "root")) {
            char *place = word();
            if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) fail("make mounts private: %s", strerror(errno));
            if (mount("none", place, "tmpfs", 0, "size=256m,mode=755") < 0) fail("mount a root: %s", strerror(errno));
        } else if (!strcmp(verb, "bind")) {
            char *source = word(), *target = word();
            bind_mount(source, target, word());
        } else if (!strcmp(verb, "link")) {
            char *text = word(), *place = word();
            if (symlink(text, place) < 0) fail("link %s: %s", place, strerror(errno));
        } else if (!strcmp(verb, "folder")) {
            char *place = word();
            make_folders(place);
            chmod(place, (mode_t)strtol(word(), NULL, 8));
        } else if (!strcmp(verb, "proc")) {
            char *place = word();
            make_folders(place);
            /* Where a container of ours runs in one that hides parts of /proc, the kernel gives no fresh one. */
            if (mount("proc", place, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0
                && mount("/proc", place, NULL, MS_BIND | MS_REC, NULL) < 0) fail("mount /proc: %s", strerror(errno));
        } else if (!strcmp(verb, "enter")) {
            enter(word());
        } else if (!strcmp(verb, "name")) {
            char *name = word();
            if (sethostname(name, strlen(name)) < 0) fail("name the host %s: %s", name, strerror(errno));
        } else if (!strcmp(verb, "sealed")) {
            if (mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) < 0) fail("seal the root: %s", strerror(errno));
        } else if (!strcmp(verb, "user")) {
            user = word(); group = word(); extra = word();
        } else if (!strcmp(verb, "no-new-rights")) {
            has_no_new_rights = 1;
        } else if (!strcmp(verb, "no-capabilities")) {
            drops_capabilities = 1;
        } else if (!strcmp(verb, "in")) {
            folder = word();
        } else if (!strcmp(verb, "variable") && count < 4095) {
            environment[count++] = word();
            if (!strncmp(environment[count - 1], "PATH=", 5)) search = environment[count - 1] + 5;
        } else if (!strcmp(verb, "argument") && words < 4095) {
            arguments[words++] = word();
        } else {
            fail("the plan has '%s' in it", verb);
        }
    }
    environment[count] = NULL;
    arguments[words] = NULL;
    if (!words) fail("no command specified");
    if (drops_capabilities) drop_capabilities();
    if (is_super_user) become(user, group, extra);
    /* After the change of user, which forgets it. */
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (has_no_new_rights) prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (chdir(folder) < 0) fail("chdir to cwd (\"%s\") set in config.json failed: %s", folder, strerror(errno));
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setenv("PATH", search ? search : "", 1);
    execvpe(arguments[0], arguments, environment);
    fail("exec: \"%s\": %s", arguments[0],
         errno == ENOENT && !strchr(arguments[0], '/') ? "executable file not found in $PATH" : strerror(errno));
}

/* Waits for the container's first process; ends it when whoever keeps the pod is gone. */
static int keep(pid_t container, int lifeline, const sigset_t *signals) {
    int heard = signalfd(-1, signals, SFD_CLOEXEC);
    for (;;) {
        struct pollfd sources[2] = {{.fd = heard, .events = POLLIN}, {.fd = lifeline, .events = POLLIN}};
        if (poll(sources, 2, -1) < 0) continue;
        if (sources[1].revents) { kill(container, SIGKILL); lifeline = -1; }
        if (!sources[0].revents) continue;
        struct signalfd_siginfo signal;
        if (read(heard, &signal, sizeof signal) != sizeof signal) continue;
        if (signal.ssi_signo != SIGCHLD) {
            kill(container, signal.ssi_signo == SIGUSR1 ? SIGKILL : (int)signal.ssi_signo);
            continue;
        }
        int status;
        if (waitpid(container, &status, WNOHANG) != container) continue;
        return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }
}

int main(int count, char **words) {
    if (count != 4) return 2;
    report = atoi(words[2]);
    int lifeline = atoi(words[3]);
    fcntl(report, F_SETFD, FD_CLOEXEC);
    fcntl(lifeline, F_SETFD, FD_CLOEXEC);
    read_plan(words[1]);
    char *user = word(), *group = word();
    int is_super_user = geteuid() == 0;
    if (!is_super_user) become_owner_of_namespace(user, group);
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGUSR1);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    if (unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC) < 0)
        fail("containers need namespaces of their own: %s", strerror(errno));
    pid_t container = fork();
    if (container < 0) fail("fork: %s", strerror(errno));
    if (container == 0) start(is_super_user);
    /* Its output ends with the container. */
    close(report);
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    dup2(nothing, 1);
    dup2(nothing, 2);
    return keep(container, lifeline, &signals);
}
