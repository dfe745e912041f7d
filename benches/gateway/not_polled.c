/* Nobody polls while a flood comes in, and the connection was told to drop: resident memory on the way, and how many events
 * the gap stands for in the end. */
#include "gamebridge.h"
#include "meter.h"

int main(void) {
  char params[256];
  gb_client *gb = NULL;
  gb_conn conn = 0;
  const gb_event *ev;
  uint64_t dropped = 0, kept = 0;
  long peak = 0, first, at_cap = 0;
  int at;
  const char *port = getenv("BENCH_PORT");
  snprintf(params, sizeof params, "{\"token\":\"x\",\"intents\":0,\"overflow\":\"drop\",\"url\":\"ws://127.0.0.1:%s\"}", port);
  if (gb_client_new(NULL, &gb) != GB_OK) return 1;
  first = meter_kb("VmRSS");
  if (gb_connect(gb, "gateway", params, &conn) != GB_OK) return 1;
  for (at = 0; at < 200; at++) {
    struct timespec pause = {0, 10000000};
    long now;
    nanosleep(&pause, NULL);
    now = meter_kb("VmRSS");
    if (now > peak) peak = now;
    if (at == 20) at_cap = now;
  }
  while ((ev = gb_wait(gb, 1000)) != NULL) {
    if (ev->type == GB_EVENT_DROPPED) dropped += ev->tag;
    if (ev->type == GB_EVENT_DISPATCH) kept++;
    if (strcmp(ev->name, "BENCH_END") == 0) break;
  }
  printf("resident_before_kb %ld\nresident_early_kb %ld\nresident_peak_kb %ld\ndropped %llu\nkept %llu\n", first, at_cap, peak,
         (unsigned long long)dropped, (unsigned long long)kept);
  gb_client_free(gb);
  return 0;
}
