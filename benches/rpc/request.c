/* A command and its reply through our client: gb_send to the REPLY of gb_wait. `request <path>`. Five on each connection,
 * since more activities in 20 s are held back and coalesced. */
#include "bare.h"
#include "gamebridge.h"

enum { CONNECTIONS = 200, EACH = 5 };

static uint64_t took[CONNECTIONS * EACH];

static const gb_event *await(gb_client *gb, gb_event_type type, gb_conn conn) {
  const gb_event *ev;
  do {
    ev = gb_wait(gb, 5000);
    if (ev == NULL) {
      fprintf(stderr, "nothing comes\n");
      exit(1);
    }
  } while (ev->type != type || ev->conn != conn);
  return ev;
}

int main(int argc, char **argv) {
  char params[512], args[512];
  gb_client *gb = NULL;
  int connection, at;
  if (argc != 2 || gb_client_new(NULL, &gb) != GB_OK) return 2;
  snprintf(params, sizeof params, "{\"client_id\":\"" CLIENT_ID "\",\"path\":\"%s\"}", argv[1]);
  for (connection = 0; connection < CONNECTIONS; connection++) {
    gb_conn conn = 0;
    if (gb_connect(gb, "rpc", params, &conn) != GB_OK) return 1;
    await(gb, GB_EVENT_CONNECTED, conn);
    for (at = 0; at < EACH; at++) {
      uint64_t start;
      const gb_event *ev;
      snprintf(args, sizeof args,
               "{\"activity\":{\"state\":\"In menu %d\",\"details\":\"Old Mill\",\"timestamps\":{\"start\":1700000000},"
               "\"assets\":{\"large_image\":\"old_mill\"},\"party\":{\"id\":\"party\",\"size\":[1,4]}}}",
               at);
      start = now_ns();
      if (gb_send(gb, conn, "SET_ACTIVITY", args, 1) != GB_OK) return 1;
      ev = await(gb, GB_EVENT_REPLY, conn);
      took[connection * EACH + at] = now_ns() - start;
      if (ev->status != GB_OK) {
        fprintf(stderr, "%s\n", ev->message);
        return 1;
      }
    }
    gb_disconnect(gb, conn);
    await(gb, GB_EVENT_DISCONNECTED, conn);
  }
  print_quantiles("request_us", took, CONNECTIONS * EACH);
  gb_client_free(gb);
  return 0;
}
