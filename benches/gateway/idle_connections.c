/* What an idle shard holds: 200 of them, each a connection, are made to a server that is silent after READY. */
#include "gamebridge.h"
#include "meter.h"

enum { CONNECTIONS = 200 };
#define SHARD "{\"token\":\"x\",\"intents\":0,\"url\":\"ws://127.0.0.1:%s\",\"compress\":\"%s\",\"shard\":[%d,%d]}"

static void ready(gb_client *gb, int count) {
  while (count > 0) {
    const gb_event *ev = gb_wait(gb, 5000);
    if (ev == NULL || ev->type == GB_EVENT_DISCONNECTED) exit(1);
    count -= ev->type == GB_EVENT_CONNECTED;
  }
}

int main(void) {
  const char *port = getenv("BENCH_PORT"), *compress = getenv("BENCH_COMPRESS");
  char params[256];
  gb_client *gb = NULL;
  gb_conn conn = 0;
  long before;
  int at;
  if (port == NULL || compress == NULL || gb_client_new(NULL, &gb) != GB_OK) return 1;
  /* The first few pay for what all share. */
  for (at = 0; at < 5; at++) {
    snprintf(params, sizeof params, SHARD, port, compress, at, CONNECTIONS + 5);
    gb_connect(gb, "gateway", params, &conn);
  }
  ready(gb, 5);
  before = meter_kb("VmRSS");
  for (at = 0; at < CONNECTIONS; at++) {
    snprintf(params, sizeof params, SHARD, port, compress, at + 5, CONNECTIONS + 5);
    gb_connect(gb, "gateway", params, &conn);
  }
  ready(gb, CONNECTIONS);
  printf("idle_connection_kb %.1f\n", (double)(meter_kb("VmRSS") - before) / CONNECTIONS);
  gb_client_free(gb);
  return 0;
}
