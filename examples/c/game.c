/* A game of 60 frames a second that never waits for Discord.
 *
 * It hosts GameBridge in its own process (a guest account needs no Discord on the machine), connects to it over WebSocket
 * as a game connects to Discord, authorises and authenticates, sets its activity and subscribes; a second time over
 * the local socket, for what needs no account. Another player, played by the host with gb_send on the server, sends an
 * invitation and then asks to join; the game answers. Every call here queues work and returns at once; what comes
 * of it is an event, polled once a frame.
 *
 *     cargo xtask demo                 plays all this, and prints a line for everything that happens
 *     cargo xtask demo --discord       talks to the Discord that runs here (DISCORD_CLIENT_ID names your application)
 */
#if !defined(_WIN32) && !defined(_POSIX_C_SOURCE)
#define _POSIX_C_SOURCE 200112L /* clock_gettime and nanosleep, under a strict -std=c99 */
#endif

#include <gamebridge.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef _WIN32
#include <windows.h>
#else
#include <time.h>
#endif

#define CLIENT_ID "192741864418312192"
#define SCOPES "[\"rpc\",\"identify\"]"

enum { FRAMES_PER_SECOND = 60, PATIENCE_FRAMES = 10 * FRAMES_PER_SECOND };

/* Tags say which reply is which. They are ours: any numbers but 0. */
enum {
  TAG_AUTHORIZE = 1, TAG_TOKEN, TAG_AUTHENTICATE, TAG_ACTIVITY, TAG_SUBSCRIBE_JOIN, TAG_SUBSCRIBE_REQUESTS,
  TAG_PLAYER, TAG_INVITE, TAG_ASK, TAG_ANSWER, TAG_CLEAR
};

/* What is to have happened at the end; one bit each. */
enum {
  DID_LISTEN = 1, DID_WEBSOCKET = 2, DID_IPC = 4, DID_AUTHENTICATE = 8, DID_ACTIVITY = 16, DID_SUBSCRIBE = 32,
  DID_JOIN = 64, DID_ANSWER = 128, DID_ALL = 255
};

typedef struct game {
  gb_client *gb;
  gb_conn server, websocket, ipc; /* with --discord only `ipc` is used: the connection, whatever carries it */
  uint64_t player;                /* who plays with us */
  unsigned did;
  int frame, act_at;              /* the frame in which the other player acts; -1 for not yet */
  int over;                       /* 1 when all has happened, -1 when something went wrong */
  int discord;
  double worst_ms, sum_ms;        /* what all this took of a frame, this trace included */
  int worst_frame;
} game;

/* ------------------------------------------------------------------------------------------------ time and trace -- */

static double now_ms(void) {
#ifdef _WIN32
  LARGE_INTEGER count, per_second;
  QueryPerformanceCounter(&count);
  QueryPerformanceFrequency(&per_second);
  return 1000.0 * (double)count.QuadPart / (double)per_second.QuadPart;
#else
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return 1000.0 * (double)now.tv_sec + (double)now.tv_nsec / 1e6;
#endif
}

static void sleep_ms(double ms) {
  if (ms <= 0) return;
#ifdef _WIN32
  Sleep((DWORD)ms);
#else
  struct timespec pause;
  pause.tv_sec = (time_t)(ms / 1000.0);
  pause.tv_nsec = (long)((ms - 1000.0 * (double)pause.tv_sec) * 1e6);
  nanosleep(&pause, NULL);
#endif
}

static void say(const game *g, const char *who, const char *format, ...) {
  va_list values;
  printf("frame %4d  %-10s ", g->frame, who);
  va_start(values, format);
  vprintf(format, values);
  va_end(values);
  putchar('\n');
}

static void fail(game *g, const char *what, const char *why) {
  printf("frame %4d  %-10s %s: %s\n", g->frame, "stop", what, why);
  g->over = -1;
}

/* A call that was refused on the spot says why in gb_last_error; most are not, and their outcome is an event. */
static void must(game *g, const char *what, gb_status status) {
  if (status != GB_OK) fail(g, what, gb_last_error());
}

/* -------------------------------------------------------------------------------------------- what the game sends -- */

/* gb_args escapes what it is given: a player's name can hold quotes and whatever else. */
static void set_activity(game *g, gb_conn conn) {
  gb_args *args = gb_args_new();
  gb_args_str(args, "/activity/state", "In a party");
  gb_args_str(args, "/activity/details", "The \"Old Mill\", 2 to 1");
  gb_args_str(args, "/activity/assets/large_image", "old_mill");
  gb_args_str(args, "/activity/party/id", "party-7");
  gb_args_int(args, "/activity/party/size/0", 1);
  gb_args_int(args, "/activity/party/size/1", 4);
  gb_args_str(args, "/activity/secrets/join", "join-party-7");
  must(g, "SET_ACTIVITY", gb_send(g->gb, conn, "SET_ACTIVITY", gb_args_json(args, NULL), TAG_ACTIVITY));
  gb_args_free(args);
}

static void subscribe(game *g, gb_conn conn, const char *event, uint64_t tag) {
  gb_args *args = gb_args_new();
  gb_args_str(args, "/evt", event);
  must(g, "SUBSCRIBE", gb_send(g->gb, conn, "SUBSCRIBE", gb_args_json(args, NULL), tag));
  gb_args_free(args);
}

/* One argument, a text or an id. */
static void send_one(game *g, gb_conn conn, const char *command, const char *path, const char *text, uint64_t id,
                     uint64_t tag) {
  gb_args *args = gb_args_new();
  if (text != NULL)
    gb_args_str(args, path, text);
  else
    gb_args_id(args, path, id);
  if (strcmp(command, "TOKEN_EXCHANGE") == 0) gb_args_str(args, "/client_id", CLIENT_ID);
  must(g, command, gb_send(g->gb, conn, command, gb_args_json(args, NULL), tag));
  gb_args_free(args);
}

static void connect_to_server(game *g, const gb_value *addresses) {
  gb_args *params = gb_args_new();
  gb_args_str(params, "/client_id", CLIENT_ID);
  gb_args_int(params, "/port", gb_int(gb_get(addresses, "/port"), 0));
  must(g, "connecting by WebSocket", gb_connect(g->gb, "rpc", gb_args_json(params, NULL), &g->websocket));
  gb_args_clear(params);
  gb_args_str(params, "/client_id", CLIENT_ID);
  gb_args_str(params, "/path", gb_str(gb_get(addresses, "/ipc"), ""));
  must(g, "connecting by the local socket", gb_connect(g->gb, "rpc", gb_args_json(params, NULL), &g->ipc));
  gb_args_free(params);
}

/* ------------------------------------------------------------------------------------------- what comes back of it -- */

static const char *name_of(const game *g, gb_conn conn) {
  return conn == g->server ? "host" : conn == g->websocket ? "websocket" : g->discord ? "discord" : "ipc";
}

static void on_connected(game *g, const gb_event *ev) {
  if (ev->conn == g->server) {
    g->did |= DID_LISTEN;
    say(g, "host", "GameBridge listens on port %" PRId64 " and at %s", gb_int(gb_get(ev->data, "/port"), 0),
        gb_str(gb_get(ev->data, "/ipc"), "no socket"));
    must(g, "registering", gb_send(g->gb, g->server, "APPLICATION_REGISTER",
                                   "{\"id\":\"" CLIENT_ID "\",\"name\":\"The Old Mill\"}", 0));
    connect_to_server(g, ev->data);
    return;
  }
  say(g, name_of(g, ev->conn), "connected (%s) as %s", ev->message, gb_str(gb_get(ev->data, "/user/username"), "?"));
  if (ev->conn == g->websocket) {
    g->did |= DID_WEBSOCKET;
    must(g, "AUTHORIZE",
         gb_send(g->gb, g->websocket, "AUTHORIZE",
                 "{\"client_id\":\"" CLIENT_ID "\",\"scopes\":" SCOPES ",\"username\":\"Robin\"}", TAG_AUTHORIZE));
  } else {
    g->did |= DID_IPC;
    if (g->discord) set_activity(g, ev->conn);
    subscribe(g, ev->conn, "ACTIVITY_JOIN_REQUEST", TAG_SUBSCRIBE_REQUESTS);
  }
}

static void on_reply(game *g, const gb_event *ev) {
  if (ev->status != GB_OK) {
    fail(g, ev->name, ev->message[0] != '\0' ? ev->message : gb_status_str(ev->status));
    return;
  }
  switch (ev->tag) {
  case TAG_AUTHORIZE: /* a code, which the host exchanges for a token as Discord's web service would */
    say(g, "websocket", "authorised");
    send_one(g, g->server, "TOKEN_EXCHANGE", "/code", gb_str(gb_get(ev->data, "/code"), ""), 0, TAG_TOKEN);
    break;
  case TAG_TOKEN:
    send_one(g, g->websocket, "AUTHENTICATE", "/access_token", gb_str(gb_get(ev->data, "/access_token"), ""), 0,
             TAG_AUTHENTICATE);
    break;
  case TAG_AUTHENTICATE:
    g->did |= DID_AUTHENTICATE;
    say(g, "websocket", "authenticated as %s", gb_str(gb_get(ev->data, "/user/username"), "?"));
    set_activity(g, g->websocket);
    subscribe(g, g->websocket, "ACTIVITY_JOIN", TAG_SUBSCRIBE_JOIN);
    break;
  case TAG_ACTIVITY:
    g->did |= DID_ACTIVITY;
    say(g, name_of(g, ev->conn), "activity set: %s", gb_str(gb_get(ev->data, "/details"), "?"));
    break;
  case TAG_SUBSCRIBE_JOIN:
  case TAG_SUBSCRIBE_REQUESTS:
    say(g, name_of(g, ev->conn), "subscribed to %s", gb_str(gb_get(ev->data, "/evt"), "?"));
    if (ev->tag == TAG_SUBSCRIBE_JOIN) g->did |= DID_SUBSCRIBE;
    break;
  case TAG_PLAYER: /* the other player is here: an invitation first */
    g->player = gb_id(gb_get(ev->data, "/id"));
    say(g, "host", "another player appears: %s", gb_str(gb_get(ev->data, "/username"), "?"));
    send_one(g, g->server, "ACTIVITY_JOIN", "/secret", "join-party-9", 0, TAG_INVITE);
    break;
  case TAG_ANSWER: say(g, name_of(g, ev->conn), "the answer is given"); break;
  default: break;
  }
}

static void on_dispatch(game *g, const gb_event *ev) {
  if (strcmp(ev->name, "ACTIVITY_JOIN") == 0) {
    g->did |= DID_JOIN;
    say(g, name_of(g, ev->conn), "ACTIVITY_JOIN: we join with the secret %s", gb_str(gb_get(ev->data, "/secret"), "?"));
    if (!g->discord) send_one(g, g->server, "ACTIVITY_JOIN_REQUEST", "/user_id", NULL, g->player, TAG_ASK);
  } else if (strcmp(ev->name, "ACTIVITY_JOIN_REQUEST") == 0) {
    const uint64_t user = gb_id(gb_get(ev->data, "/user/id"));
    say(g, name_of(g, ev->conn), "ACTIVITY_JOIN_REQUEST: %s asks to join; welcome",
        gb_str(gb_get(ev->data, "/user/username"), "?"));
    send_one(g, ev->conn, "SEND_ACTIVITY_JOIN_INVITE", "/user_id", NULL, user, TAG_ANSWER);
  } else if (strcmp(ev->name, "JOIN_REQUEST_ANSWERED") == 0) {
    g->did |= DID_ANSWER;
    say(g, "host", "%s was %s", gb_str(gb_get(ev->data, "/user/username"), "?"),
        gb_bool(gb_get(ev->data, "/accepted"), false) ? "invited" : "turned away");
  }
}

static void on_event(game *g, const gb_event *ev) {
  switch (ev->type) {
  case GB_EVENT_CONNECTED: on_connected(g, ev); break;
  case GB_EVENT_REPLY: on_reply(g, ev); break;
  case GB_EVENT_DISPATCH: on_dispatch(g, ev); break;
  case GB_EVENT_REQUEST: /* the host is asked for the user's consent */
    say(g, "host", "%s asks for consent; granted",
        gb_str(gb_get(ev->data, "/application/name"), ev->name));
    must(g, "the answer", gb_answer(g->gb, ev->conn, ev->tag, GB_OK, NULL));
    break;
  case GB_EVENT_RECONNECTING: say(g, name_of(g, ev->conn), "connecting again: %s", ev->message); break;
  case GB_EVENT_DISCONNECTED: fail(g, name_of(g, ev->conn), ev->message); break;
  case GB_EVENT_LOG: say(g, "log", "%s: %s", ev->name, ev->message); break;
  default: break; /* later versions may bring types that we do not know */
  }
}

/* ------------------------------------------------------------------------------------------------------- the loop -- */

/* Everything that concerns Discord in a frame. */
static void update_bridge(game *g) {
  const gb_event *ev;
  const double start = now_ms();
  double took;
  while (g->over == 0 && (ev = gb_poll(g->gb)) != NULL) on_event(g, ev);
  if (!g->discord) {
    const unsigned ready = DID_ALL & ~(unsigned)(DID_JOIN | DID_ANSWER);
    if (g->act_at < 0 && (g->did & ready) == ready) g->act_at = g->frame + FRAMES_PER_SECOND / 2;
    if (g->frame == g->act_at) send_one(g, g->server, "USER_CREATE", "/username", "Mason", 0, TAG_PLAYER);
    if (g->did == DID_ALL) g->over = 1;
  } else if ((g->did & DID_ACTIVITY) != 0 && g->act_at < 0) {
    g->act_at = g->frame + 5 * FRAMES_PER_SECOND; /* long enough to look at one's own profile */
    say(g, "discord", "look at your profile: the activity stays for five seconds");
  } else if (g->frame == g->act_at) {
    g->over = 1;
  }
  took = now_ms() - start;
  g->sum_ms += took;
  if (took > g->worst_ms) {
    g->worst_ms = took;
    g->worst_frame = g->frame;
  }
}

static void start(game *g) {
  gb_options options = GB_OPTIONS_INIT;
  options.log_level = g->discord ? GB_LOG_DEBUG : GB_LOG_WARN;
  if (gb_client_new(&options, &g->gb) != GB_OK) {
    fail(g, "the library", gb_last_error());
  } else if (g->discord) {
    const char *id = getenv("DISCORD_CLIENT_ID");
    gb_args *params = gb_args_new();
    gb_args_str(params, "/client_id", id != NULL ? id : CLIENT_ID);
    gb_args_bool(params, "/retry", false); /* without this it would be connected whenever Discord starts */
    say(g, "discord", "looking for Discord");
    must(g, "connecting", gb_connect(g->gb, "rpc", gb_args_json(params, NULL), &g->ipc));
    gb_args_free(params);
  } else {
    must(g, "hosting",
         gb_serve(g->gb, "rpc",
                  "{\"port\":0,\"consent\":\"ask\",\"username\":\"Guest\"}", &g->server));
  }
}

static int play(game *g) {
  const double began = now_ms();
  start(g);
  while (g->over == 0) {
    update_bridge(g);
    /* ... input, physics, drawing ... */
    if (++g->frame > PATIENCE_FRAMES) {
      fail(g, "ten seconds have passed", "not everything has happened");
      break;
    }
    /* The next frame's time, counted from the first: no drift. */
    sleep_ms(began + g->frame * 1000.0 / FRAMES_PER_SECOND - now_ms());
  }
  if (g->gb != NULL) gb_client_free(g->gb);
  if (g->over > 0)
    printf("\n%d frames in %.1f s. Discord took %.3f ms of the slowest frame (%d), %.4f ms on average.\n",
           g->frame, (now_ms() - began) / 1000.0, g->worst_ms, g->worst_frame, g->sum_ms / (g->frame + 1));
  return g->over > 0 ? 0 : 1;
}

int main(int argc, char **argv) {
  game g;
  memset(&g, 0, sizeof g);
  g.act_at = -1;
  setvbuf(stdout, NULL, _IOLBF, 4096);
  if (argc == 2 && strcmp(argv[1], "--discord") == 0) {
    g.discord = 1;
  } else if (argc != 1) {
    fprintf(stderr, "usage: %s [--discord]\n", argv[0]);
    return 2;
  }
  return play(&g);
}
