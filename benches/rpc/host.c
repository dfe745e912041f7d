/* Our server, as a game would host it: polled by the thread that made it. Prints its addresses (`ipc <path>`, `port <n>`);
 * for each line of standard input it prints its resident memory; ends with its input. With the argument `client` it is also
 * its own client, connected over the local socket. */
#include "bare.h"
#include "gamebridge.h"
#include "../gateway/meter.h"

#include <poll.h>

int main(int argc, char **argv) {
  gb_client *gb = NULL;
  gb_conn server = 0, own = 0;
  struct pollfd ready[2];
  char params[512];
  int with_client = argc > 1 && strcmp(argv[1], "client") == 0;
  if (gb_client_new(NULL, &gb) != GB_OK ||
      gb_serve(gb, "rpc", "{\"port\":0,\"commands_per_second\":0}", &server) != GB_OK) {
    fprintf(stderr, "%s\n", gb_last_error());
    return 1;
  }
  setvbuf(stdin, NULL, _IONBF, 0);
  setvbuf(stdout, NULL, _IOLBF, 0);
  ready[0].fd = 0;
  ready[1].fd = (int)gb_wakeup_handle(gb);
  ready[0].events = ready[1].events = POLLIN;
  while (poll(ready, 2, -1) > 0) {
    const gb_event *ev;
    while ((ev = gb_poll(gb)) != NULL) {
      if (ev->type == GB_EVENT_DISCONNECTED) {
        fprintf(stderr, "%s\n", ev->message);
        return 1;
      }
      if (ev->type != GB_EVENT_CONNECTED) continue;
      if (ev->conn == server) {
        const char *path = gb_str(gb_get(ev->data, "/ipc"), "");
        printf("port %lld\n", (long long)gb_int(gb_get(ev->data, "/port"), 0));
        if (!with_client) {
          printf("ipc %s\n", path);
          continue;
        }
        snprintf(params, sizeof params, "{\"client_id\":\"" CLIENT_ID "\",\"path\":\"%s\"}", path);
        printf("ipc_after_client %s\n", path);
        if (gb_connect(gb, "rpc", params, &own) != GB_OK) return 1;
      } else {
        gb_send(gb, own, "SET_ACTIVITY", UPDATE, 1);
        printf("ipc ready\n");
      }
    }
    if (ready[0].revents != 0) {
      char line[64];
      if (fgets(line, sizeof line, stdin) == NULL) break;
      printf("resident_kb %ld\n", meter_kb("VmRSS"));
    }
  }
  gb_client_free(gb);
  return 0;
}
