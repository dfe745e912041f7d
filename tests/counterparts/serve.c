/* Our server for a client that others wrote: hosts GameBridge, prints its addresses, then every event as a JSON object on a
 * line of its own, and does what standard input says, a line each:
 *
 *     NAME {json}          sends a command to the server; its reply is an event
 *     answer 7 allow       answers the REQUEST with that tag; or `deny`
 *
 * Ends with its input. The first argument, if there is one, are the server's parameters; with a second one it is a sandbox. */
#define _POSIX_C_SOURCE 200809L
#include "host.h"

#include <poll.h>
#include <unistd.h>

static const char *kind_of(const gb_event *ev) {
  switch (ev->type) {
    case GB_EVENT_CONNECTED: return "CONNECTED";
    case GB_EVENT_DISCONNECTED: return "DISCONNECTED";
    case GB_EVENT_REPLY: return "REPLY";
    case GB_EVENT_DISPATCH: return "DISPATCH";
    case GB_EVENT_REQUEST: return "REQUEST";
    case GB_EVENT_LOG: return "LOG";
    default: return "OTHER";
  }
}

static void tell(const gb_event *ev) {
  gb_args *line = gb_args_new();
  const char *text, *json;
  size_t length = 0, data = 0;
  gb_args_str(line, "/type", kind_of(ev));
  gb_args_str(line, "/name", ev->name);
  gb_args_str(line, "/status", gb_status_str(ev->status));
  gb_args_str(line, "/message", ev->message);
  gb_args_int(line, "/tag", (int64_t)ev->tag);
  gb_args_int(line, "/peer", (int64_t)ev->peer);
  gb_args_int(line, "/code", ev->code);
  text = gb_args_json(line, &length);
  json = gb_json(ev->data, &data);
  /* The data is JSON already: it goes in before the closing brace. */
  printf("%.*s,\"data\":%.*s}\n", (int)length - 1, text, json != NULL ? (int)data : 4, json != NULL ? json : "null");
  gb_args_free(line);
}

static void carry_out(const host *h, char *line) {
  static uint64_t tag = 0;
  char *rest = strchr(line, ' ');
  if (rest != NULL) *rest++ = '\0';
  if (strcmp(line, "answer") == 0) {
    char *verdict = NULL;
    uint64_t request = strtoull(rest != NULL ? rest : "0", &verdict, 10);
    CHECK_OK(gb_answer(h->gb, h->server, request, strstr(verdict, "allow") != NULL ? GB_OK : GB_ERR_CANCELLED, NULL));
  } else if (gb_send(h->gb, h->server, line, rest, ++tag) != GB_OK) {
    /* The script waits for a reply. */
    gb_args *told = gb_args_new();
    gb_args_str(told, "/type", "REPLY");
    gb_args_str(told, "/name", line);
    gb_args_str(told, "/status", "refused");
    gb_args_str(told, "/message", gb_last_error());
    printf("%s\n", gb_args_json(told, NULL));
    gb_args_free(told);
  }
}

/* A sandbox has no local socket unless it is asked for, and two addresses more. */
static char gateway[64], api[64];

static host sandbox_start(const char *params) {
  host h;
  const gb_event *ev;
  memset(&h, 0, sizeof h);
  h.gb = new_client();
  CHECK_OK(gb_serve(h.gb, "sandbox", params, &h.server));
  ev = AWAIT(h.gb, GB_EVENT_CONNECTED, h.server, NULL);
  h.port = (int)gb_int(gb_get(ev->data, ADDRESS_PORT), 0);
  snprintf(gateway, sizeof gateway, "%s", gb_str(gb_get(ev->data, "/gateway"), ""));
  snprintf(api, sizeof api, "%s", gb_str(gb_get(ev->data, "/api"), ""));
  CHECK(h.port > 0 && gateway[0] != '\0' && api[0] != '\0');
  return h;
}

int main(int argc, char **argv) {
  host h = argc > 2 ? sandbox_start(argv[1]) : argc > 1 ? host_start_with(argv[1]) : host_start();
  struct pollfd ready[2];
  /* A scenario may be a long line. */
  static char line[1 << 20];
  size_t held = 0;
  setvbuf(stdout, NULL, _IOLBF, 1 << 16);
  printf("{\"port\":%d,\"ipc\":\"%s\",\"launch_token\":\"%s\",\"gateway\":\"%s\",\"api\":\"%s\"}\n", h.port, h.ipc,
         h.launch_token, gateway, api);
  ready[0].fd = 0;
  ready[1].fd = (int)gb_wakeup_handle(h.gb);
  ready[0].events = ready[1].events = POLLIN;
  while (poll(ready, 2, -1) > 0) {
    const gb_event *ev;
    while ((ev = gb_poll(h.gb)) != NULL) tell(ev);
    if (ready[0].revents != 0) {
      ssize_t got = read(0, line + held, sizeof line - 1 - held);
      char *end, *from = line;
      if (got <= 0) break;
      held += (size_t)got;
      line[held] = '\0';
      while ((end = strchr(from, '\n')) != NULL) {
        *end = '\0';
        carry_out(&h, from);
        from = end + 1;
      }
      held = (size_t)(line + held - from);
      memmove(line, from, held);
      CHECK(held < sizeof line - 1);
    }
  }
  gb_client_free(h.gb);
  return 0;
}
