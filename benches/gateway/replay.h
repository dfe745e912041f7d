/* The connection to the replay server: from its READY, where the clock starts, to its BENCH_END, where it stops. BENCH_COMPRESS
 * says which compression is asked for; none unless given. */
#ifndef REPLAY_H
#define REPLAY_H

#include "gamebridge.h"
#include "meter.h"

/* Shows every dispatch in between to `each`, and prints the line. */
static inline int replay(const char *label, void (*each)(const gb_event *)) {
  const char *port = getenv("BENCH_PORT"), *given = getenv("CLIENT");
  const char *compress = getenv("BENCH_COMPRESS");
  char params[256];
  gb_client *gb = NULL;
  gb_conn conn = 0;
  meter m = meter_start();
  uint64_t events = 0;
  snprintf(params, sizeof params, "{\"token\":\"x\",\"intents\":0,\"url\":\"ws://127.0.0.1:%s\",\"compress\":\"%s\",\"retry\":false}",
           port != NULL ? port : "9200", compress != NULL ? compress : "none");
  if (gb_client_new(NULL, &gb) != GB_OK || gb_connect(gb, "gateway", params, &conn) != GB_OK) {
    fprintf(stderr, "%s\n", gb_last_error());
    return 1;
  }
  for (;;) {
    const gb_event *ev = gb_wait(gb, -1);
    for (; ev != NULL; ev = gb_poll(gb)) {
      switch (ev->type) {
      case GB_EVENT_CONNECTED:
        m = meter_start();
        events = 0;
        break;
      case GB_EVENT_DISPATCH:
        if (strcmp(ev->name, "BENCH_END") == 0) {
          meter_print(&m, given != NULL ? given : label, events);
          gb_client_free(gb);
          return 0;
        }
        each(ev);
        events++;
        break;
      case GB_EVENT_DROPPED:
      case GB_EVENT_RECONNECTING:
      case GB_EVENT_DISCONNECTED:
        fprintf(stderr, "%s: %s\n", ev->name, ev->message);
        return 1;
      default: break;
      }
    }
  }
}

#endif
