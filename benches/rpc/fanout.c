/* One event to 32 subscribers: our server and 32 bare clients over its local socket, all in one process. From the host's
 * gb_send to the moment when the last one has read the event. The floor is a thread that is woken by a byte and writes the
 * same frame to 32 sockets. No other server here has an event that a program can cause: arRPC tells subscribers nothing. */
#include "bare.h"
#include "gamebridge.h"

#include <pthread.h>

enum { SUBSCRIBERS = 32, WARM = 200, TIMES = 2000 };

static inbox in[SUBSCRIBERS];
static uint64_t took[TIMES];
static char event[1024];
static size_t event_length;

static const char *read_one(inbox *of, size_t *length) {
  const char *payload = next_frame(of, length);
  if (payload == NULL) {
    fprintf(stderr, "the server went away\n");
    exit(1);
  }
  return payload;
}

static gb_conn serve(gb_client *gb, char *path, size_t room) {
  gb_conn server = 0;
  if (gb_serve(gb, "rpc", "{\"port\":0,\"commands_per_second\":0}", &server) != GB_OK) {
    fprintf(stderr, "%s\n", gb_last_error());
    exit(1);
  }
  for (;;) {
    const gb_event *ev = gb_wait(gb, 5000);
    if (ev == NULL || ev->type == GB_EVENT_DISCONNECTED) exit(1);
    if (ev->type != GB_EVENT_CONNECTED) continue;
    snprintf(path, room, "%s", gb_str(gb_get(ev->data, "/ipc"), ""));
    return server;
  }
}

static void subscribe_all(const char *path) {
  char hello[256], ask[256];
  size_t length, hello_length = put_frame(hello, HANDSHAKE, "{\"v\":1,\"client_id\":\"" CLIENT_ID "\"}");
  size_t ask_length = put_frame(ask, FRAME, "{\"cmd\":\"SUBSCRIBE\",\"evt\":\"ACTIVITY_JOIN\",\"args\":{},\"nonce\":\"1\"}");
  int at;
  for (at = 0; at < SUBSCRIBERS; at++) {
    in[at].fd = bare_connect(path);
    write_whole(in[at].fd, hello, hello_length);
    read_one(&in[at], &length);
    write_whole(in[at].fd, ask, ask_length);
    read_one(&in[at], &length);
  }
}

static void ours(void) {
  gb_client *gb = NULL;
  char path[512];
  gb_conn server;
  int round, at;
  if (gb_client_new(NULL, &gb) != GB_OK) exit(1);
  server = serve(gb, path, sizeof path);
  subscribe_all(path);
  for (round = -WARM; round < TIMES; round++) {
    uint64_t start = now_ns();
    if (gb_send(gb, server, "ACTIVITY_JOIN", "{\"secret\":\"come in\"}", 0) != GB_OK) exit(1);
    for (at = 0; at < SUBSCRIBERS; at++) {
      size_t length;
      const char *payload = read_one(&in[at], &length);
      if (event_length == 0 && length < sizeof event - 16) {
        /* The floor writes what we wrote. */
        char copy[1024];
        memcpy(copy, payload, length);
        copy[length] = '\0';
        event_length = put_frame(event, FRAME, copy);
      }
    }
    if (round >= 0) took[round] = now_ns() - start;
    while (gb_poll(gb) != NULL) {}
  }
  print_quantiles("fan_out_us", took, TIMES);
  for (at = 0; at < SUBSCRIBERS; at++) close(in[at].fd);
  gb_client_free(gb);
}

static int ends[SUBSCRIBERS], wake[2];

static void *broadcast(void *nothing) {
  char byte;
  int at;
  while (read(wake[0], &byte, 1) == 1)
    for (at = 0; at < SUBSCRIBERS; at++) write_whole(ends[at], event, event_length);
  return nothing;
}

static void floor_of_it(void) {
  pthread_t thread;
  int round, at, pair[2];
  memset(in, 0, sizeof in);
  if (pipe(wake) != 0) fail("pipe");
  for (at = 0; at < SUBSCRIBERS; at++) {
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) fail("socketpair");
    in[at].fd = pair[0];
    ends[at] = pair[1];
  }
  if (pthread_create(&thread, NULL, broadcast, NULL) != 0) exit(1);
  for (round = -WARM; round < TIMES; round++) {
    uint64_t start = now_ns();
    write_whole(wake[1], "x", 1);
    for (at = 0; at < SUBSCRIBERS; at++) {
      size_t length;
      read_one(&in[at], &length);
    }
    if (round >= 0) took[round] = now_ns() - start;
  }
  print_quantiles("bare_fan_out_us", took, TIMES);
  close(wake[1]);
  pthread_join(thread, NULL);
}

int main(void) {
  ours();
  floor_of_it();
  return 0;
}
