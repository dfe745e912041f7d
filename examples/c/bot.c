/* A tiny bot: prints what is written in the guilds where it is, and shows how much it has heard.
 *
 *     cc -I include -o bot examples/c/bot.c -L target/release -lgamebridge
 *     DISCORD_TOKEN=... ./bot                                   Discord's own Gateway
 *     DISCORD_TOKEN=token-of-the-ferry ./bot http://127.0.0.1:9200/api/v10      a sandbox's API, as examples/c/sandbox.c prints it
 *
 * A second argument ends it after so many messages. What is lost on the way, the library makes good by itself: a connection that
 * breaks is made anew, its session taken up, and what was written meanwhile comes in its order.
 */
#include <gamebridge.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* GUILDS, GUILD_MESSAGES, MESSAGE_CONTENT. */
#define INTENTS (1 + 512 + 32768)

static int fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, gb_last_error());
  return 1;
}

/* As often as it likes: the library sends the latest one, no more often than Discord takes it. */
static void show(gb_client *gb, gb_conn bot, int heard) {
  gb_args *args = gb_args_new();
  char name[64];
  snprintf(name, sizeof name, "heard %d", heard);
  gb_args_str(args, "/activities/0/name", name);
  gb_args_int(args, "/activities/0/type", 0);
  gb_args_raw(args, "/since", "null");
  gb_args_str(args, "/status", "online");
  gb_args_bool(args, "/afk", 0);
  if (gb_send(gb, bot, "PRESENCE_UPDATE", gb_args_json(args, NULL), 0) != GB_OK) fail("PRESENCE_UPDATE");
  gb_args_free(args);
}

int main(int argc, char **argv) {
  const char *token = getenv("DISCORD_TOKEN");
  int heard = 0, most = argc > 2 ? atoi(argv[2]) : -1, running = 1, status = 0;
  gb_args *params = gb_args_new();
  gb_client *gb;
  gb_conn bot;
  const gb_event *ev;
  if (token == NULL) {
    fprintf(stderr, "a token is needed: DISCORD_TOKEN\n");
    return 1;
  }
  gb_args_str(params, "/token", token);
  gb_args_int(params, "/intents", INTENTS);
  if (argc > 1) gb_args_str(params, "/api", argv[1]);
  if (gb_client_new(NULL, &gb) != GB_OK) return fail("gb_client_new");
  if (gb_connect(gb, "gateway", gb_args_json(params, NULL), &bot) != GB_OK) return fail("gb_connect");
  gb_args_free(params);
  while (running && (ev = gb_wait(gb, -1)) != NULL) {
    switch (ev->type) {
      case GB_EVENT_CONNECTED:
        if (ev->flags & GB_FLAG_RESUMED) puts("back, and nothing missed");
        else printf("here as %s\n", gb_str(gb_get(ev->data, "/user/username"), "?"));
        break;
      case GB_EVENT_RECONNECTING: printf("away: %s\n", ev->message); break;
      case GB_EVENT_DISPATCH:
        if (strcmp(ev->name, "MESSAGE_CREATE") == 0 && !gb_bool(gb_get(ev->data, "/author/bot"), 0)) {
          printf("%s: %s\n", gb_str(gb_get(ev->data, "/author/username"), "?"), gb_str(gb_get(ev->data, "/content"), ""));
          show(gb, bot, ++heard);
          if (heard == most) gb_disconnect(gb, bot);
        }
        break;
      case GB_EVENT_DISCONNECTED:
        if (ev->status != GB_OK) {
          fprintf(stderr, "%s\n", ev->message);
          status = 1;
        }
        running = 0;
        break;
      default: break;
    }
    fflush(stdout);
  }
  gb_client_free(gb);
  return status;
}
