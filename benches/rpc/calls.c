/* What the two calls of a frame loop cost their caller: `calls <path>`. An empty gb_poll beside a call of a function in
 * another library that only loads a word; gb_send(SET_ACTIVITY) in a tight row, and once a millisecond. */
#include "bare.h"
#include "gamebridge.h"

enum { POLLS = 20000000, ROW = 1000, ROWS = 50, PACED = 3000 };

static uint64_t took[ROW * ROWS > PACED ? ROW * ROWS : PACED];

static void drain(gb_client *gb) {
  while (gb_wait(gb, 20) != NULL) {}
}

int main(int argc, char **argv) {
  char params[512];
  gb_client *gb = NULL;
  gb_conn conn = 0;
  uint64_t start, found = 0, best = UINT64_MAX, best_floor = UINT64_MAX;
  int at, row;
  if (argc != 2 || gb_client_new(NULL, &gb) != GB_OK) return 2;
  snprintf(params, sizeof params, "{\"client_id\":\"" CLIENT_ID "\",\"path\":\"%s\"}", argv[1]);
  if (gb_connect(gb, "rpc", params, &conn) != GB_OK) return 1;
  drain(gb);
  for (row = 0; row < 5; row++) {
    start = now_ns();
    for (at = 0; at < POLLS; at++) found += gb_poll(gb) != NULL;
    start = now_ns() - start;
    if (start < best) best = start;
    /* The floor: the loop, the call through the linkage table, and nothing else. */
    start = now_ns();
    for (at = 0; at < POLLS; at++) found += gb_version() == 0;
    start = now_ns() - start;
    if (start < best_floor) best_floor = start;
  }
  printf("empty_poll_ns %.2f\nbare_call_ns %.2f\n", (double)best / POLLS, (double)best_floor / POLLS);
  if (found != 0) fprintf(stderr, "%llu events came\n", (unsigned long long)found);

  best = UINT64_MAX;
  for (row = 0; row < ROWS; row++) {
    start = now_ns();
    for (at = 0; at < ROW; at++)
      if (gb_send(gb, conn, "SET_ACTIVITY", UPDATE, 0) != GB_OK) return 1;
    took[row] = (now_ns() - start) / ROW;
    drain(gb);
  }
  qsort(took, ROWS, sizeof *took, by_size);
  printf("send_tight_ns %llu\n", (unsigned long long)took[ROWS / 2]);
  for (at = 0; at < PACED; at++) {
    struct timespec pause = {0, 1000000};
    nanosleep(&pause, NULL);
    start = now_ns();
    if (gb_send(gb, conn, "SET_ACTIVITY", UPDATE, 0) != GB_OK) return 1;
    took[at] = now_ns() - start;
  }
  print_quantiles("send_paced_us", took, PACED);
  gb_client_free(gb);
  return 0;
}
