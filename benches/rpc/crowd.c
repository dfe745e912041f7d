/* 32 bare clients of a local RPC server at once: `crowd <path>`. Each has one SET_ACTIVITY under way; a round is over when all
 * have their reply. Prints commands a second over all of them, and how long a round takes. */
#include "bare.h"

enum { PEERS = 32, WARM = 200, ROUNDS = 4000 };

static inbox in[PEERS];
static uint64_t took[ROUNDS];

static void replied(inbox *of) {
  size_t length;
  if (next_frame(of, &length) == NULL) {
    fprintf(stderr, "the server went away\n");
    exit(1);
  }
}

static void round_of_all(const char *frame, size_t length) {
  int at;
  for (at = 0; at < PEERS; at++) write_whole(in[at].fd, frame, length);
  for (at = 0; at < PEERS; at++) replied(&in[at]);
}

int main(int argc, char **argv) {
  char frame[4096];
  size_t length;
  uint64_t start;
  int at;
  if (argc < 2) return 2;
  length = put_frame(frame, HANDSHAKE, "{\"v\":1,\"client_id\":\"" CLIENT_ID "\"}");
  for (at = 0; at < PEERS; at++) {
    in[at].fd = bare_connect(argv[1]);
    write_whole(in[at].fd, frame, length);
    replied(&in[at]);
  }
  length = put_frame(frame, FRAME, "{\"cmd\":\"SET_ACTIVITY\",\"args\":" UPDATE ",\"nonce\":\"f7a1d3c2\"}");
  for (at = 0; at < WARM; at++) round_of_all(frame, length);
  start = now_ns();
  for (at = 0; at < ROUNDS; at++) {
    uint64_t from = now_ns();
    round_of_all(frame, length);
    took[at] = now_ns() - from;
  }
  printf("crowd_commands_per_second %.0f\n", (double)PEERS * ROUNDS / ((double)(now_ns() - start) / 1e9));
  print_quantiles("crowd_round_us", took, ROUNDS);
  return 0;
}
