/* From a server's write to the return of gb_wait: a bare server in a thread writes a dispatch a millisecond with the time in
 * it. `latency <path>`; the floor is the same over a bare socket, with a blocking read. */
#include "bare.h"
#include "gamebridge.h"

#include <pthread.h>

enum { TIMES = 5000 };

static uint64_t took[TIMES];

static void *serve(void *arg) {
  static inbox in;
  char frame[1024], json[512];
  int listener = *(int *)arg, fd, at;
  while ((fd = accept(listener, NULL, NULL)) >= 0) {
    size_t length;
    memset(&in, 0, sizeof in);
    in.fd = fd;
    if (next_frame(&in, &length) == NULL) continue;
    length = put_frame(frame, FRAME,
                       "{\"cmd\":\"DISPATCH\",\"evt\":\"READY\",\"nonce\":null,\"data\":{\"v\":1,\"config\":{\"cdn_host\":"
                       "\"cdn.discordapp.com\",\"api_endpoint\":\"//discord.com/api\",\"environment\":\"production\"},"
                       "\"user\":{\"id\":\"1\",\"username\":\"bench\",\"discriminator\":\"0\",\"avatar\":null}}}");
    write_whole(fd, frame, length);
    for (at = 0; at < TIMES; at++) {
      struct timespec pause = {0, 1000000};
      nanosleep(&pause, NULL);
      snprintf(json, sizeof json,
               "{\"cmd\":\"DISPATCH\",\"evt\":\"ACTIVITY_JOIN\",\"nonce\":null,\"data\":{\"secret\":\"%020llu\"}}",
               (unsigned long long)now_ns());
      length = put_frame(frame, FRAME, json);
      write_whole(fd, frame, length);
    }
    /* Until the client goes. */
    while (next_frame(&in, &length) != NULL) {}
    close(fd);
  }
  return NULL;
}

static void ours(const char *path) {
  char params[512];
  gb_client *gb = NULL;
  gb_conn conn = 0;
  int at = 0;
  snprintf(params, sizeof params, "{\"client_id\":\"" CLIENT_ID "\",\"path\":\"%s\"}", path);
  if (gb_client_new(NULL, &gb) != GB_OK || gb_connect(gb, "rpc", params, &conn) != GB_OK) exit(1);
  while (at < TIMES) {
    const gb_event *ev = gb_wait(gb, 5000);
    uint64_t now = now_ns();
    if (ev == NULL || ev->type == GB_EVENT_DISCONNECTED) {
      fprintf(stderr, "%s\n", ev != NULL ? ev->message : "nothing comes");
      exit(1);
    }
    if (ev->type == GB_EVENT_DISPATCH) took[at++] = now - strtoull(gb_str(gb_get(ev->data, "/secret"), "0"), NULL, 10);
  }
  print_quantiles("write_to_poll_us", took, TIMES);
  gb_client_free(gb);
}

static void bare(const char *path) {
  static inbox in;
  char frame[256];
  size_t length = put_frame(frame, HANDSHAKE, "{\"v\":1,\"client_id\":\"" CLIENT_ID "\"}");
  int at;
  in.fd = bare_connect(path);
  write_whole(in.fd, frame, length);
  if (next_frame(&in, &length) == NULL) exit(1);
  for (at = 0; at < TIMES; at++) {
    const char *payload = next_frame(&in, &length);
    uint64_t now = now_ns();
    if (payload == NULL) exit(1);
    took[at] = now - strtoull(payload + length - 23, NULL, 10);
  }
  print_quantiles("write_to_read_us", took, TIMES);
  close(in.fd);
}

int main(int argc, char **argv) {
  pthread_t thread;
  int listener;
  if (argc != 2) return 2;
  listener = bare_listen(argv[1]);
  if (pthread_create(&thread, NULL, serve, &listener) != 0) return 1;
  ours(argv[1]);
  bare(argv[1]);
  unlink(argv[1]);
  return 0;
}
