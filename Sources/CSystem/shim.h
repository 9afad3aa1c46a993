/* POSIX and Linux as SMTPTransport sees them.  What Swift cannot import, because
 * it is a macro, a union or differs between C libraries, is a small function. */
#ifndef CSYSTEM_SHIM_H
#define CSYSTEM_SHIM_H

/* No _GNU_SOURCE: structures would differ from those of Swift's own C module. */

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/types.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static inline int csystem_errno(void) { return errno; }
static inline void csystem_set_errno(int code) { errno = code; }

/* strerror is not safe with threads; the safe variant has two signatures. */
static inline const char *csystem_error_text(int code, char *buffer, size_t size) {
#if defined(__GLIBC__) && defined(_GNU_SOURCE)
  return strerror_r(code, buffer, size);
#else
  return strerror_r(code, buffer, size) == 0 ? buffer : "unknown error";
#endif
}

/* Whether malloc provides this much.  volatile: a compiler may remove an allocation that
 * is not used. */
static inline int csystem_can_allocate(size_t octets) {
  void *volatile trial = malloc(octets);
  int can = trial != NULL;
  free(trial);
  return can;
}

/* A page that contains 1 here and 0 in every child process; NULL when the kernel does not
 * support it (before Linux 4.14). */
static inline unsigned char *csystem_fork_mark(void) {
#ifdef MADV_WIPEONFORK
  size_t size = (size_t)sysconf(_SC_PAGESIZE);
  void *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return NULL;
  if (madvise(page, size, MADV_WIPEONFORK) != 0) {
    munmap(page, size);
    return NULL;
  }
  *(unsigned char *)page = 1;
  return (unsigned char *)page;
#else
  return NULL;
#endif
}
static inline void csystem_fork_mark_free(unsigned char *mark) {
  if (mark != NULL) munmap(mark, (size_t)sysconf(_SC_PAGESIZE));
}

/* Non-blocking and closed on exec from the first moment. */
static inline int csystem_stream_socket(int family) {
  return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* Octets that were written to a socket and that the peer has not acknowledged yet; -1 for
 * a socket that does not know. */
static inline int csystem_unsent(int fd) {
  int count = 0;
  return ioctl(fd, SIOCOUTQ, &count) == 0 ? count : -1;
}

/* 0 for a descriptor that a message can be read from; an errno value for one that can
 * never be read: open for writing only, a directory, a listening socket, or no stream
 * (epoll, eventfd, timerfd and similar ones have no file type). */
static inline int csystem_unreadable(int fd) {
  struct stat status;
  int flags = fcntl(fd, F_GETFL);
  int listens = 0;
  socklen_t size = sizeof listens;
  if (flags < 0 || fstat(fd, &status) != 0) return errno;
  if ((flags & O_ACCMODE) == O_WRONLY) return EBADF;
#ifdef __O_PATH
  if (flags & __O_PATH) return EBADF;
#endif
  if (S_ISDIR(status.st_mode)) return EISDIR;
  if ((status.st_mode & S_IFMT) == 0) return EINVAL;
  if (S_ISSOCK(status.st_mode) &&
      getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens != 0)
    return EINVAL;
  return 0;
}

/* The A-labels of a name in UTF-8 (IDNA 2008, UTS 46 nontransitional), by libidn2, which is
 * loaded and not linked.  0, and `form` is to be freed with free(); 1 when there is no
 * libidn2; else an error of it, whose text is in `reason`. */
static inline int csystem_ascii_form(const char *name, char **form, const char **reason) {
  /* The second call finds it loaded. */
  void *library = dlopen("libidn2.so.0", RTLD_NOW | RTLD_LOCAL);
  int (*lookup)(const uint8_t *, uint8_t **, int);
  const char *(*text)(int);
  void (*release)(void *);
  uint8_t *found = NULL;
  /* IDN2_NFC_INPUT and IDN2_NONTRANSITIONAL */
  enum { flags = 1 | 8 };
  int code;
  if (library == NULL) return 1;
  *(void **)&lookup = dlsym(library, "idn2_lookup_u8");
  *(void **)&text = dlsym(library, "idn2_strerror");
  *(void **)&release = dlsym(library, "idn2_free");
  if (lookup == NULL || text == NULL || release == NULL) return 1;
  code = lookup((const uint8_t *)name, &found, flags);
  if (code != 0) {
    *reason = text(code);
    return code;
  }
  *form = strdup((const char *)found);
  release(found);
  if (*form != NULL) return 0;
  *reason = "there is not enough memory";
  return ENOMEM;
}

static inline int csystem_stream_type(void) { return SOCK_STREAM; }
/* A duplicate that is closed on exec. */
static inline int csystem_duplicate(int fd) { return fcntl(fd, F_DUPFD_CLOEXEC, 0); }

static inline int csystem_set_nonblocking(int fd) { return fcntl(fd, F_SETFL, O_NONBLOCK); }

/* How many octets of a regular file are left from its position; -1 when it is no regular
 * file, or when that is not known. */
static inline int64_t csystem_regular_file_rest(int fd) {
  struct stat status;
  off_t place;
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return -1;
  place = lseek(fd, 0, SEEK_CUR);
  return place < 0 || place > status.st_size ? -1 : status.st_size - place;
}

/* 1 when a read would not block: there is data, the end, or an error. */
static inline int csystem_poll_readable(int fd) {
  struct pollfd entry = {fd, POLLIN, 0};
  return poll(&entry, 1, 0);
}

/* A detached thread that blocks all signals of the host.  Its stack has the system's
 * usual size: the C library places the host's thread-local variables in it.  Returns
 * an errno value. */
static inline int csystem_start_thread(void *(*run)(void *), void *argument) {
  pthread_attr_t attributes;
  pthread_t thread;
  sigset_t all, before;
  int result = pthread_attr_init(&attributes);
  if (result != 0) return result;
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  result = pthread_create(&thread, &attributes, run, argument);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  return result;
}

#endif
