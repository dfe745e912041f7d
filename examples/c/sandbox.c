/* A Discord for your bot, with no account and no network.
 *
 * It hosts a sandbox: a guild with a bot in it (examples/scenarios/harbour.json), a Gateway and the API for bots. It prints
 * where they are and what to change in your bot, tells what the bot does, and answers when it writes. Press
 * Enter now and then: the bot loses its connection, and has to resume.
 *
 *     cc -I include -o sandbox examples/c/sandbox.c -L target/release -lgamebridge
 *     ./sandbox examples/scenarios/harbour.json
 */
#if !defined(_WIN32) && !defined(_POSIX_C_SOURCE)
#define _POSIX_C_SOURCE 200112L /* poll, under a strict -std=c99 */
#endif

#include <gamebridge.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef _WIN32
#include <poll.h>
#include <unistd.h>
#endif

#define TOKEN "MTkyNzQxODY0NDE4MzEyMTky.harbour.token-of-the-ferry"

static int fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, gb_last_error());
  return 1;
}

static void welcome(const gb_event *ev) {
  const char *gateway = gb_str(gb_get(ev->data, "/gateway"), "?"), *api = gb_str(gb_get(ev->data, "/api"), "?");
  printf("Gateway  %s\nAPI      %s\ntoken    " TOKEN "\n\n", gateway, api);
  printf("discord.py:   discord.http.Route.BASE = '%s/v10'\n", api);
  printf("              discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL('%s')\n", gateway);
  printf("discord.js:   new REST({ version: '10', api: '%s' })\n\n", api);
  fflush(stdout);
}

/* Somebody in the guild answers, so that the bot has something to hear. */
static void answer(gb_client *gb, gb_conn server, const gb_event *ev) {
  gb_args *args = gb_args_new();
  char text[256];
  snprintf(text, sizeof text, "You said: %.200s", gb_str(gb_get(ev->data, "/content"), ""));
  gb_args_id(args, "/channel_id", gb_id(gb_get(ev->data, "/channel_id")));
  gb_args_str(args, "/content", text);
  if (gb_send(gb, server, "MESSAGE_POST", gb_args_json(args, NULL), 0) != GB_OK) fail("MESSAGE_POST");
  gb_args_free(args);
}

static void tell(gb_client *gb, const gb_event *ev) {
  if (strcmp(ev->name, "GATEWAY_SESSION") == 0) {
    printf("the bot's session was %s, version %d\n", gb_str(gb_get(ev->data, "/how"), "?"),
           (int)gb_int(gb_get(ev->data, "/version"), 0));
  } else if (strcmp(ev->name, "GATEWAY_CLOSED") == 0) {
    printf("the bot lost its connection (%d %s)\n", (int)ev->code, ev->message);
  } else if (strcmp(ev->name, "MESSAGE_CREATE") == 0) {
    printf("the bot wrote: %s\n", gb_str(gb_get(ev->data, "/content"), ""));
    answer(gb, ev->conn, ev);
  } else {
    printf("%s\n", ev->name);
  }
  fflush(stdout);
}

/* What waits on standard input: 1 for a line, -1 for its end, 0 for nothing. */
static int pressed(void) {
#ifdef _WIN32
  return 0; /* end it with Ctrl-C */
#else
  char line[64];
  struct pollfd in;
  ssize_t got;
  in.fd = 0;
  in.events = POLLIN;
  in.revents = 0;
  if (poll(&in, 1, 0) <= 0) return 0;
  got = read(0, line, sizeof line);
  return got > 0 ? 1 : -1;
#endif
}

int main(int argc, char **argv) {
  gb_client *gb;
  gb_conn server;
  gb_args *params = gb_args_new();
  const gb_event *ev;
  int open = 0, listening = 1;
  gb_args_str(params, "/scenario", argc > 1 ? argv[1] : "examples/scenarios/harbour.json");
  if (gb_client_new(NULL, &gb) != GB_OK) return fail("gb_client_new");
  if (gb_serve(gb, "sandbox", gb_args_json(params, NULL), &server) != GB_OK) return fail("gb_serve");
  gb_args_free(params);
  while (listening) {
    /* Short waits, for the key that may be pressed meanwhile. */
    while ((ev = gb_wait(gb, 100)) != NULL) {
      switch (ev->type) {
        case GB_EVENT_CONNECTED: welcome(ev); open = 1; break;
        case GB_EVENT_DISPATCH: tell(gb, ev); break;
        case GB_EVENT_LOG: fprintf(stderr, "%s\n", ev->message); break;
        case GB_EVENT_DISCONNECTED:
          if (ev->status != GB_OK) fprintf(stderr, "%s\n", ev->message);
          listening = 0;
          break;
        default: break;
      }
    }
    if (open) switch (pressed()) {
        case 1: gb_send(gb, server, "GATEWAY_FAULT", "{\"fault\":\"drop\"}", 0); break;
        case -1: open = 0; gb_disconnect(gb, server); break;
        default: break;
      }
  }
  gb_client_free(gb);
  return 0;
}
