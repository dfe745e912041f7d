/* The worst gb_poll while a flood comes in: each is timed; one during which this thread lost its processor to another
 * is counted apart, since that time was not spent in it. Decodes every event too, as a program would. */
#include "gamebridge.h"
#include "meter.h"

static uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static long switches(void) {
  struct rusage used;
  getrusage(RUSAGE_THREAD, &used);
  return used.ru_nivcsw + used.ru_nvcsw;
}

int main(void) {
  char params[256];
  gb_client *gb = NULL;
  gb_conn conn = 0;
  uint64_t worst = 0, worst_wall = 0, polls = 0, over = 0, sum = 0;
  long before;
  const char *port = getenv("BENCH_PORT");
  snprintf(params, sizeof params, "{\"token\":\"x\",\"intents\":0,\"url\":\"ws://127.0.0.1:%s\"}", port);
  if (gb_client_new(NULL, &gb) != GB_OK || gb_connect(gb, "gateway", params, &conn) != GB_OK) return 1;
  while (gb_wait(gb, 5000) == NULL) {}
  before = switches();
  for (;;) {
    uint64_t start = now_ns(), took;
    const gb_event *ev = gb_poll(gb);
    long after;
    took = now_ns() - start;
    after = switches();
    polls++;
    if (took > worst_wall) worst_wall = took;
    if (took > 100000) over++;
    if (after == before && took > worst) worst = took;
    before = after;
    if (ev == NULL) continue;
    if (strcmp(ev->name, "BENCH_END") == 0) break;
    if (ev->type == GB_EVENT_DISCONNECTED) return 1;
    sum += gb_id(gb_get(ev->data, "/id"));
  }
  printf("worst_poll_us %.1f\nworst_poll_preempted_us %.1f\npolls_over_100us %llu\npolls %llu\n", (double)worst / 1e3,
         (double)worst_wall / 1e3, (unsigned long long)over, (unsigned long long)polls);
  fprintf(stderr, "%llu\n", (unsigned long long)sum);
  gb_client_free(gb);
  return 0;
}
