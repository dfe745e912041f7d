/* The local socket without any library: connecting, and whole frames (u32le opcode, u32le length, JSON). The floor's and
 * the load's side of every RPC measurement. */
#ifndef BARE_H
#define BARE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define CLIENT_ID "192741864418312192"
#define UPDATE                                                                                                          \
  "{\"pid\":4242,\"activity\":{\"state\":\"In menu\",\"details\":\"Old Mill\",\"timestamps\":{\"start\":1700000000},"     \
  "\"assets\":{\"large_image\":\"old_mill\"},\"party\":{\"id\":\"party\",\"size\":[1,4]}}}"

enum { HANDSHAKE = 0, FRAME = 1, BIGGEST = 64 * 1024 };

static inline void fail(const char *what) {
  perror(what);
  exit(1);
}

static inline uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline struct sockaddr_un address_of(const char *path) {
  struct sockaddr_un address;
  memset(&address, 0, sizeof address);
  address.sun_family = AF_UNIX;
  if (snprintf(address.sun_path, sizeof address.sun_path, "%s", path) >= (int)sizeof address.sun_path) fail(path);
  return address;
}

static inline int bare_connect(const char *path) {
  struct sockaddr_un address = address_of(path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) fail(path);
  return fd;
}

static inline int bare_listen(const char *path) {
  struct sockaddr_un address = address_of(path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  unlink(path);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 64) != 0) fail(path);
  return fd;
}

static inline void write_whole(int fd, const void *bytes, size_t length) {
  const char *at = bytes;
  while (length > 0) {
    ssize_t n = write(fd, at, length);
    if (n <= 0) fail("write");
    at += n;
    length -= (size_t)n;
  }
}

/* A frame into `out`, which has room for it; its whole length. */
static inline size_t put_frame(char *out, uint32_t opcode, const char *json) {
  uint32_t length = (uint32_t)strlen(json);
  memcpy(out, &opcode, 4);
  memcpy(out + 4, &length, 4);
  memcpy(out + 8, json, length);
  return 8 + length;
}

/* What was read and not taken. */
typedef struct inbox {
  int fd;
  size_t start, end;
  char bytes[2 * BIGGEST];
} inbox;

/* The next frame's payload (not ended by a NUL), its length in `length`; NULL when the peer is gone. */
static inline const char *next_frame(inbox *in, size_t *length) {
  for (;;) {
    ssize_t n;
    if (in->end - in->start >= 8) {
      uint32_t announced;
      memcpy(&announced, in->bytes + in->start + 4, 4);
      if (announced > BIGGEST) fail("a frame's length");
      if (in->end - in->start >= 8 + (size_t)announced) {
        const char *payload = in->bytes + in->start + 8;
        in->start += 8 + (size_t)announced;
        *length = announced;
        return payload;
      }
    }
    if (in->start > 0) {
      memmove(in->bytes, in->bytes + in->start, in->end - in->start);
      in->end -= in->start;
      in->start = 0;
    }
    n = read(in->fd, in->bytes + in->end, sizeof in->bytes - in->end);
    if (n <= 0) return NULL;
    in->end += (size_t)n;
  }
}

static inline int by_size(const void *a, const void *b) {
  uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;
  return one < other ? -1 : one > other;
}

/* Prints `<name>_p50 <name>_p99` in microseconds. Sorts. */
static inline void print_quantiles(const char *name, uint64_t *ns, size_t count) {
  qsort(ns, count, sizeof *ns, by_size);
  printf("%s_p50 %.1f\n%s_p99 %.1f\n", name, (double)ns[count / 2] / 1e3, name, (double)ns[count * 99 / 100] / 1e3);
}

#endif
