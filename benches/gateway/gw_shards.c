/* Four shards of one bot in one client, each sent the whole replay at once; one thread takes everything, undecoded. From the first
 * READY to the last BENCH_END. */
#include "gamebridge.h"
#include "meter.h"

enum { SHARDS = 4 };

int main(void) {
  const char *port = getenv("BENCH_PORT");
  gb_client *gb = NULL;
  gb_conn conn = 0;
  meter m = meter_start();
  uint64_t events = 0, bytes = 0;
  int at, begun = 0, left = SHARDS;
  if (gb_client_new(NULL, &gb) != GB_OK) return 1;
  for (at = 0; at < SHARDS; at++) {
    char params[256];
    snprintf(params, sizeof params,
             "{\"token\":\"x\",\"intents\":0,\"url\":\"ws://127.0.0.1:%s\",\"compress\":\"none\",\"shard\":[%d,%d],\"retry\":false}",
             port != NULL ? port : "9200", at, SHARDS);
    if (gb_connect(gb, "gateway", params, &conn) != GB_OK) {
      fprintf(stderr, "%s\n", gb_last_error());
      return 1;
    }
  }
  while (left > 0) {
    const gb_event *ev = gb_wait(gb, -1);
    for (; ev != NULL; ev = gb_poll(gb)) {
      size_t length = 0;
      switch (ev->type) {
      case GB_EVENT_CONNECTED:
        if (!begun++) m = meter_start();
        break;
      case GB_EVENT_DISPATCH:
        if (strcmp(ev->name, "BENCH_END") == 0) {
          left--;
          break;
        }
        gb_json(ev->data, &length);
        bytes += length;
        events++;
        break;
      case GB_EVENT_DROPPED:
      case GB_EVENT_RECONNECTING:
      case GB_EVENT_DISCONNECTED: fprintf(stderr, "%s: %s\n", ev->name, ev->message); return 1;
      default: break;
      }
    }
  }
  meter_print(&m, "gamebridge, four shards", events);
  fprintf(stderr, "%llu bytes\n", (unsigned long long)bytes);
  gb_client_free(gb);
  return 0;
}
