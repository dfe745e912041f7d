/* A game that friends can join, watch, and ask to join.
 *
 * It registers at every start how it is started. Started by its player it hosts a party: its own server makes the secrets
 * (examples/lobby; the game cannot read them), and the activity shows the party with them. Started through its link,
 * because its player accepted an invitation while it was not running, it waits for the secret, which Discord hands over
 * once the game has subscribed, and goes where that leads. Who asks to join is let in.
 *
 *     party                    the player starts it
 *     party discord-ID://...   Discord starts it
 *     party --register         only registers, as an installer would
 *
 * LOBBY_PORT says where its server listens. It ends at SIGTERM. `cargo xtask demo --party` plays it with two players and
 * their Discords (examples/c/two_discords.c). For systems with BSD sockets. */
#define _POSIX_C_SOURCE 200809L

#include <gamebridge.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLIENT_ID "192741864418312192"

/* Discord takes 128 characters; a text of ours says if something is longer. */
enum { SECRET_SIZE = 128 + 1, LINE_SIZE = 512 };

typedef struct party {
  char id[32];
  char join[SECRET_SIZE], spectate[SECRET_SIZE], match[SECRET_SIZE];
  int players, most;
  const char *state;
} party;

static volatile sig_atomic_t over;
static void end(int signal) {
  (void)signal;
  over = 1;
}

static int fail(const char *what, const char *why) {
  fprintf(stderr, "party: %s: %s\n", what, why);
  return 1;
}

/* ------------------------------------------------------------------------------------------ the game's own server -- */

/* One line there, one line back. A real game does not wait for its server on the thread that draws. */
static int ask_lobby(const char *word, const char *secret, char answer[LINE_SIZE]) {
  const char *port = getenv("LOBBY_PORT");
  struct sockaddr_in address;
  char line[LINE_SIZE];
  size_t used = 0;
  int length = snprintf(line, sizeof line, "%s%s%s\n", word, secret[0] != '\0' ? " " : "", secret);
  int lobby = socket(AF_INET, SOCK_STREAM, 0);
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons((uint16_t)(port != NULL ? atoi(port) : 0));
  answer[0] = '\0';
  if (lobby < 0) return 0;
  if (length > 0 && (size_t)length < sizeof line &&
      connect(lobby, (const struct sockaddr *)&address, sizeof address) == 0 &&
      write(lobby, line, (size_t)length) == (ssize_t)length)
    for (;;) {
      ssize_t got = read(lobby, answer + used, LINE_SIZE - 1 - used);
      if (got <= 0) break;
      used += (size_t)got;
    }
  answer[used] = '\0';
  answer[strcspn(answer, "\n")] = '\0';
  close(lobby);
  return answer[0] != '\0';
}

static int host_party(party *p) {
  char answer[LINE_SIZE];
  int number;
  if (!ask_lobby("host", "", answer) ||
      sscanf(answer, "party %d %128s %128s %128s", &number, p->join, p->spectate, p->match) != 4)
    return fail("hosting", answer);
  snprintf(p->id, sizeof p->id, "party-%d", number);
  p->players = 1;
  p->most = 4;
  p->state = "Waiting for friends";
  return 0;
}

/* A secret came. What is in it only the server knows; it may be old, or made up by somebody. */
static void enter_party(party *p, const char *secret) {
  char answer[LINE_SIZE];
  int number;
  if (!ask_lobby("enter", secret, answer)) {
    fail("entering", "the lobby does not answer");
    return;
  }
  memset(p, 0, sizeof *p);
  if (sscanf(answer, "join %d %d %d", &number, &p->players, &p->most) == 3)
    p->state = "In a party";
  else if (sscanf(answer, "watch %d", &number) == 1)
    p->state = "Watching a party";
  else {
    printf("party: not let in: %s\n", answer);
    p->state = "In the menu";
    return;
  }
  snprintf(p->id, sizeof p->id, "party-%d", number);
  printf("party: %s, %s\n", p->state, p->id);
}

/* ------------------------------------------------------------------------------------------------------- Discord -- */

static void show(gb_client *gb, gb_conn rpc, const party *p) {
  gb_activity activity = GB_ACTIVITY_INIT;
  activity.state = p->state;
  activity.details = "The Old Mill";
  activity.party_id = p->id;
  activity.party_size = p->players;
  activity.party_max = p->most;
  activity.join_secret = p->join;
  activity.spectate_secret = p->spectate;
  activity.match_secret = p->match;
  activity.instance = p->match[0] != '\0';
  activity.supported_platforms = GB_PLATFORM_DESKTOP;
  if (gb_set_activity(gb, rpc, &activity, 0) != GB_OK) fail("gb_set_activity", gb_last_error());
}

static void subscribe(gb_client *gb, gb_conn rpc) {
  static const char *const events[] = {"{\"evt\":\"ACTIVITY_JOIN\"}", "{\"evt\":\"ACTIVITY_SPECTATE\"}",
                                       "{\"evt\":\"ACTIVITY_JOIN_REQUEST\"}"};
  size_t at;
  /* Once: the library puts them back when Discord was restarted. */
  for (at = 0; at < sizeof events / sizeof *events; at++)
    if (gb_send(gb, rpc, "SUBSCRIBE", events[at], 0) != GB_OK) fail("SUBSCRIBE", gb_last_error());
}

static void take(gb_client *gb, gb_conn rpc, party *p, const gb_event *ev) {
  const gb_value *user = gb_get(ev->data, "/user");
  if (strcmp(ev->name, "ACTIVITY_JOIN") == 0 || strcmp(ev->name, "ACTIVITY_SPECTATE") == 0) {
    enter_party(p, gb_str(gb_get(ev->data, "/secret"), ""));
    show(gb, rpc, p);
  } else if (strcmp(ev->name, "ACTIVITY_JOIN_REQUEST") == 0) {
    /* A real game asks its player. */
    printf("party: %s asks to join\n", gb_str(gb_get(user, "/username"), "somebody"));
    if (gb_reply_join(gb, rpc, gb_id(gb_get(user, "/id")), p->players < p->most, 0) != GB_OK)
      fail("gb_reply_join", gb_last_error());
  }
}

int main(int argc, char **argv) {
  const char *asked = argc > 1 ? argv[1] : "";
  const int by_link = strncmp(asked, "discord-" CLIENT_ID ":", strlen("discord-" CLIENT_ID ":")) == 0;
  gb_launch launch = GB_LAUNCH_INIT;
  gb_client *gb = NULL;
  gb_conn rpc = 0;
  struct sigaction action;
  party p;
  int ended = 0;

  launch.application_id = CLIENT_ID;
  launch.name = "Old Mill";
  /* Without it friends can join all the same while the game runs. */
  if (gb_register_launch(&launch) != GB_OK) fail("gb_register_launch", gb_last_error());
  if (strcmp(asked, "--register") == 0) return 0;

  memset(&action, 0, sizeof action);
  action.sa_handler = end;
  sigaction(SIGTERM, &action, NULL);
  memset(&p, 0, sizeof p);
  p.state = "On the way";
  if (!by_link && host_party(&p) != 0) return 1;
  if (gb_client_new(NULL, &gb) != GB_OK || gb_connect(gb, "rpc", "{\"client_id\":\"" CLIENT_ID "\"}", &rpc) != GB_OK)
    return fail("Discord", gb_last_error());
  subscribe(gb, rpc);
  show(gb, rpc, &p);
  while (!ended) {
    const gb_event *ev = gb_wait(gb, 20); /* a frame: a real game polls and draws */
    if (over == 1) {
      over = 2;
      gb_clear_activity(gb, rpc, 0);
      gb_disconnect(gb, rpc);
    }
    if (ev == NULL) continue;
    if (ev->type == GB_EVENT_DISPATCH) take(gb, rpc, &p, ev);
    if (ev->type == GB_EVENT_DISCONNECTED) ended = 1;
  }
  gb_client_free(gb);
  return over == 2 ? 0 : fail("Discord", "it is gone for good");
}
