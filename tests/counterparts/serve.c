/* Our server for a client that others wrote: hosts GameBridge, prints its addresses, then an event on each line, and does
 * what standard input says: `COMMAND {json}` is sent to the server. Ends with its input. */
#define _POSIX_C_SOURCE 200809L
#include "host.h"

#include <poll.h>

static void tell(const gb_event *ev) {
  size_t length = 0;
  const char *json = gb_json(ev->data, &length);
  printf("%u %s %s %.*s\n", (unsigned)ev->type, ev->name, gb_status_str(ev->status), json != NULL ? (int)length : 0,
         json != NULL ? json : "");
}

int main(void) {
  host h = host_start();
  struct pollfd ready[2];
  char line[4096];
  setvbuf(stdin, NULL, _IONBF, 0);
  setvbuf(stdout, NULL, _IOLBF, 4096);
  printf("{\"port\":%d,\"ipc\":\"%s\"}\n", h.port, h.ipc);
  ready[0].fd = 0;
  ready[1].fd = (int)gb_wakeup_handle(h.gb);
  ready[0].events = ready[1].events = POLLIN;
  while (poll(ready, 2, -1) > 0) {
    const gb_event *ev;
    while ((ev = gb_poll(h.gb)) != NULL) tell(ev);
    if (ready[0].revents != 0) {
      char *args;
      if (fgets(line, sizeof line, stdin) == NULL) break;
      line[strcspn(line, "\n")] = '\0';
      args = strchr(line, ' ');
      if (args != NULL) *args++ = '\0';
      CHECK_OK(gb_send(h.gb, h.server, line, args, 1));
    }
  }
  gb_client_free(h.gb);
  return 0;
}
