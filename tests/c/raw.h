/* The local socket as plain bytes: a Discord client, or a game, that says and does whatever a test wants. Knows nothing
 * of the library. Frame: u32le opcode, u32le length, JSON. */
#ifndef RAW_H
#define RAW_H

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { RAW_HANDSHAKE = 0, RAW_FRAME = 1, RAW_CLOSE = 2, RAW_PING = 3, RAW_PONG = 4 };

#define RAW_READY                                                                                                      \
  "{\"cmd\":\"DISPATCH\",\"evt\":\"READY\",\"nonce\":null,\"data\":{\"v\":1,\"config\":{\"cdn_host\":\"\","              \
  "\"api_endpoint\":\"\",\"environment\":\"production\"},\"user\":{\"id\":\"53908232506183680\",\"username\":\"Mason\","  \
  "\"discriminator\":\"0\",\"avatar\":null}}}"

static inline void raw_die(const char *what) {
  fprintf(stderr, "raw.h: %s: %s\n", what, strerror(errno));
  exit(2);
}

static inline struct sockaddr_un raw_address(const char *path) {
  struct sockaddr_un address;
  memset(&address, 0, sizeof address);
  address.sun_family = AF_UNIX;
  if (strlen(path) >= sizeof address.sun_path) raw_die("the socket's path is too long");
  strcpy(address.sun_path, path);
  return address;
}

/* `discord-ipc-0` in the private folder of this run. */
static inline const char *raw_path(void) {
  static char path[256];
  const char *folder = getenv("XDG_RUNTIME_DIR");
  if (folder == NULL) raw_die("XDG_RUNTIME_DIR is not set");
  snprintf(path, sizeof path, "%s/discord-ipc-0", folder);
  return path;
}

static inline int raw_listen(const char *path) {
  struct sockaddr_un address = raw_address(path);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  unlink(path);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 16) != 0) raw_die(path);
  return fd;
}

static inline int raw_connect(const char *path) {
  struct sockaddr_un address = raw_address(path);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) raw_die(path);
  return fd;
}

/* Whether all of it could be written. MSG_NOSIGNAL: what SIGPIPE does is the library's to show, not ours. */
static inline int raw_send(int fd, uint32_t opcode, const char *payload, size_t length) {
  unsigned char head[8];
  const unsigned char *part = head;
  size_t left = sizeof head;
  int i;
  for (i = 0; i < 4; i++) {
    head[i] = (unsigned char)(opcode >> (8 * i));
    head[4 + i] = (unsigned char)((uint32_t)length >> (8 * i));
  }
  for (i = 0; i < 2; i++) {
    while (left > 0) {
      ssize_t n = send(fd, part, left, MSG_NOSIGNAL);
      if (n <= 0) return 0;
      part += n;
      left -= (size_t)n;
    }
    part = (const unsigned char *)payload;
    left = length;
  }
  return 1;
}

static inline int raw_say(int fd, uint32_t opcode, const char *json) { return raw_send(fd, opcode, json, strlen(json)); }

static inline int raw_all(int fd, unsigned char *into, size_t length) {
  while (length > 0) {
    ssize_t n = read(fd, into, length);
    if (n <= 0) return 0;
    into += n;
    length -= (size_t)n;
  }
  return 1;
}

/* The next frame's opcode and its payload as text; -1 when the peer is gone or the frame does not fit. */
static inline int raw_hear(int fd, char *payload, size_t room) {
  unsigned char head[8];
  uint32_t length;
  if (!raw_all(fd, head, sizeof head)) return -1;
  length = (uint32_t)head[4] | (uint32_t)head[5] << 8 | (uint32_t)head[6] << 16 | (uint32_t)head[7] << 24;
  if (length >= room || !raw_all(fd, (unsigned char *)payload, length)) return -1;
  payload[length] = '\0';
  return head[0];
}

/* Finds `"nonce":"..."` in a command and copies its text; 0 when there is none. */
static inline int raw_nonce(const char *json, char *nonce, size_t room) {
  const char *start = strstr(json, "\"nonce\":\"");
  const char *end;
  if (start == NULL) return 0;
  start += 9;
  end = strchr(start, '"');
  if (end == NULL || (size_t)(end - start) >= room) return 0;
  memcpy(nonce, start, (size_t)(end - start));
  nonce[end - start] = '\0';
  return 1;
}

#endif
