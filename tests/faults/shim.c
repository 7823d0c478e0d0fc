/* Fails, counts and logs what a process does to the files below one folder; see injector.py.

   Loaded before libc (LD_PRELOAD). Lance writes by libc's write; some of its renames and links are
   system calls of their own and are not seen, which costs nothing: names are compared instead. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { OFF, COUNT, FAIL, FAIL_ALL, SHORT, KILL };

static char folder[4096];
static volatile int mode = OFF;
static int error_number;
static long nth;
static long count;
static int journal = -1;

#define REAL(type, name, ...) \
  static type (*real)(__VA_ARGS__); \
  if (!real) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

void faults_arm(const char *below, int how, long at, int error, int log_to) {
  mode = OFF;
  snprintf(folder, sizeof folder, "%s", below);
  nth = at;
  error_number = error;
  journal = log_to;
  count = 0;
  mode = how;
}

long faults_disarm(void) {
  mode = OFF;
  journal = -1;
  return count;
}

static int below(const char *path) {
  return mode != OFF && path && strncmp(path, folder, strlen(folder)) == 0;
}

static const char *path_of(int fd, char *out, size_t size) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t n = readlink(link, out, size - 1);
  if (n <= 0) return NULL;
  out[n] = 0;
  return out;
}

static void note(char what, int fd, const char *path) {
  struct stat facts;
  if (journal >= 0 && fstat(fd, &facts) == 0)
    dprintf(journal, "%c %lu %ld %s\n", what, (unsigned long)facts.st_ino, (long)facts.st_size, path);
}

/* Whether this operation is to fail. */
static int hit(const char *path, int grows) {
  if (!below(path)) return 0;
  long now = __sync_add_and_fetch(&count, 1);
  if (mode == KILL && now == nth) kill(getpid(), SIGKILL);
  /* A full disk still renames and removes. */
  if (mode == FAIL_ALL && !grows) return 0;
  int fails = (mode == FAIL || mode == SHORT) ? now == nth : mode == FAIL_ALL && now >= nth;
  if (fails) errno = error_number;
  return fails;
}

ssize_t write(int fd, const void *data, size_t n) {
  REAL(ssize_t, "write", int, const void *, size_t);
  char own[4096];
  const char *path = mode == OFF ? NULL : path_of(fd, own, sizeof own);
  if (below(path)) {
    if (hit(path, 1)) {
      if (mode == SHORT && n > 1) return real(fd, data, n / 2);
      errno = error_number;
      return -1;
    }
    note('W', fd, path);
  }
  return real(fd, data, n);
}

ssize_t writev(int fd, const struct iovec *parts, int n) {
  REAL(ssize_t, "writev", int, const struct iovec *, int);
  char own[4096];
  const char *path = mode == OFF ? NULL : path_of(fd, own, sizeof own);
  if (below(path)) {
    if (hit(path, 1)) return -1;
    note('W', fd, path);
  }
  return real(fd, parts, n);
}

ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at) {
  REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
  char own[4096];
  const char *path = mode == OFF ? NULL : path_of(fd, own, sizeof own);
  if (below(path)) {
    if (hit(path, 1)) return -1;
    note('W', fd, path);
  }
  return real(fd, data, n, at);
}

static int synced(int fd, int (*real)(int)) {
  char own[4096];
  const char *path = mode == OFF ? NULL : path_of(fd, own, sizeof own);
  if (!below(path)) return real(fd);
  if (hit(path, 1)) return -1;
  int done = real(fd);
  struct stat facts;
  if (done == 0 && fstat(fd, &facts) == 0) note(S_ISDIR(facts.st_mode) ? 'D' : 'S', fd, path);
  return done;
}

int fsync(int fd) {
  REAL(int, "fsync", int);
  return synced(fd, real);
}

int fdatasync(int fd) {
  REAL(int, "fdatasync", int);
  return synced(fd, real);
}

int rename(const char *from, const char *to) {
  REAL(int, "rename", const char *, const char *);
  if (hit(to, 0)) return -1;
  return real(from, to);
}

int linkat(int a, const char *from, int b, const char *to, int flags) {
  REAL(int, "linkat", int, const char *, int, const char *, int);
  if (hit(to, 1)) return -1;
  return real(a, from, b, to, flags);
}

int unlink(const char *path) {
  REAL(int, "unlink", const char *);
  if (hit(path, 0)) return -1;
  return real(path);
}

int mkdir(const char *path, mode_t bits) {
  REAL(int, "mkdir", const char *, mode_t);
  if (hit(path, 1)) return -1;
  return real(path, bits);
}

int open64(const char *path, int flags, ...) {
  REAL(int, "open64", const char *, int, ...);
  va_list more;
  va_start(more, flags);
  mode_t bits = flags & O_CREAT ? va_arg(more, mode_t) : 0;
  va_end(more);
  if ((flags & O_CREAT) && hit(path, 1)) return -1;
  return real(path, flags, bits);
}
