/* From nothing to READY: a new client (its thread included), connected over the local socket, 100 times. `start <path>`,
 * and the floor: the same by a bare socket. */
#include "bare.h"
#include "gamebridge.h"

enum { TIMES = 100 };

static uint64_t ours[TIMES], bare[TIMES];

int main(int argc, char **argv) {
  char params[512], frame[256];
  int at;
  if (argc != 2) return 2;
  snprintf(params, sizeof params, "{\"client_id\":\"" CLIENT_ID "\",\"path\":\"%s\"}", argv[1]);
  for (at = 0; at < TIMES; at++) {
    static inbox in;
    size_t length;
    uint64_t start = now_ns();
    gb_client *gb = NULL;
    gb_conn conn = 0;
    const gb_event *ev;
    if (gb_client_new(NULL, &gb) != GB_OK || gb_connect(gb, "rpc", params, &conn) != GB_OK) return 1;
    do ev = gb_wait(gb, 5000);
    while (ev != NULL && ev->type == GB_EVENT_LOG);
    if (ev == NULL || ev->type != GB_EVENT_CONNECTED) {
      fprintf(stderr, "%s\n", ev != NULL ? ev->message : "no READY");
      return 1;
    }
    ours[at] = now_ns() - start;
    gb_client_free(gb);

    start = now_ns();
    memset(&in, 0, sizeof in);
    in.fd = bare_connect(argv[1]);
    length = put_frame(frame, HANDSHAKE, "{\"v\":1,\"client_id\":\"" CLIENT_ID "\"}");
    write_whole(in.fd, frame, length);
    if (next_frame(&in, &length) == NULL) return 1;
    bare[at] = now_ns() - start;
    close(in.fd);
  }
  print_quantiles("start_to_ready_us", ours, TIMES);
  print_quantiles("bare_start_us", bare, TIMES);
  return 0;
}
