/* A bare client that drives a local RPC server: `load <path> [echo]`. Greets, then sends SET_ACTIVITY one at a time (round
 * trips) and 50 at a time (commands a second). With `echo` the server is no RPC server and greets with our own words. */
#include "bare.h"

enum { SERIAL = 20000, WARM = 2000, FLIGHT = 50, PIPELINED = 200000 };

static inbox in;
static uint64_t took[SERIAL];

static void replied(void) {
  size_t length;
  if (next_frame(&in, &length) == NULL) {
    fprintf(stderr, "the server went away\n");
    exit(1);
  }
}

int main(int argc, char **argv) {
  char frame[4096], many[FLIGHT * 1024];
  size_t length;
  int at, sent = 0, received = 0;
  uint64_t start;
  if (argc < 2) return 2;
  in.fd = bare_connect(argv[1]);
  length = put_frame(frame, HANDSHAKE, "{\"v\":1,\"client_id\":\"" CLIENT_ID "\"}");
  write_whole(in.fd, frame, length);
  replied();
  length = put_frame(frame, FRAME, "{\"cmd\":\"SET_ACTIVITY\",\"args\":" UPDATE ",\"nonce\":\"f7a1d3c2\"}");
  for (at = 0; at < WARM; at++) {
    write_whole(in.fd, frame, length);
    replied();
  }
  for (at = 0; at < SERIAL; at++) {
    start = now_ns();
    write_whole(in.fd, frame, length);
    replied();
    took[at] = now_ns() - start;
  }
  print_quantiles("round_trip_us", took, SERIAL);
  for (at = 0; at < FLIGHT; at++) memcpy(many + (size_t)at * length, frame, length);
  start = now_ns();
  while (received < PIPELINED) {
    /* As many as there is room for, in one write; then all answers that have come. */
    int room = FLIGHT - (sent - received);
    if (room > PIPELINED - sent) room = PIPELINED - sent;
    if (room > 0) write_whole(in.fd, many, (size_t)room * length);
    sent += room;
    do {
      replied();
      received++;
    } while (in.end - in.start >= 8 && received < sent);
  }
  printf("commands_per_second %.0f\n", PIPELINED / ((double)(now_ns() - start) / 1e9));
  return 0;
}
