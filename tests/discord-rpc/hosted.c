/* An old game and GameBridge, driven by its host: presence, an invitation, watching, asking to join, a restart. The
 * server comes from libgamebridge, the game's half from libdiscord-rpc: two libraries in one process. */
#define _GNU_SOURCE
#include "host.h"
#include "player.h"

static host house;

/* The next activity of the game that the host is told of. */
static const gb_value *activity(void) {
  return gb_get(AWAIT(house.gb, GB_EVENT_DISPATCH, house.server, "ACTIVITY_UPDATE")->data, "/activity");
}

static const gb_event *commands(const char *name, const char *args) {
  static uint64_t tag;
  const gb_event *reply;
  CHECK_OK(gb_send(house.gb, house.server, name, args, ++tag));
  reply = AWAIT_REPLY(house.gb, house.server, tag);
  CHECK_OK(reply->status);
  return reply;
}

static void shows_everything(void) {
  old_presence presence;
  const gb_value *shown;
  memset(&presence, 0, sizeof presence);
  presence.state = "West of House";
  presence.details = "Frustration level: 0";
  presence.start = 1700000000;
  presence.large_key = "canary-large";
  presence.small_text = "A lantern";
  presence.party_id = "party1234";
  presence.party_size = 1;
  presence.party_max = 6;
  presence.match = "xyzzy";
  presence.join = "join me";
  presence.spectate = "look";
  presence.instance = 1;
  Discord_UpdatePresence(&presence);
  shown = activity();
  CHECK_TEXT("West of House", gb_str(gb_get(shown, "/state"), NULL));
  CHECK_TEXT("Frustration level: 0", gb_str(gb_get(shown, "/details"), NULL));
  CHECK(gb_int(gb_get(shown, "/timestamps/start"), 0) != 0);
  CHECK_TEXT("canary-large", gb_str(gb_get(shown, "/assets/large_image"), NULL));
  CHECK_TEXT("A lantern", gb_str(gb_get(shown, "/assets/small_text"), NULL));
  CHECK_TEXT("party1234", gb_str(gb_get(shown, "/party/id"), NULL));
  CHECK_INT(6, gb_int(gb_get(shown, "/party/size/1"), 0));
  CHECK_INT(1, gb_bool(gb_get(shown, "/instance"), 0));
}

static void is_invited(void) {
  commands("ACTIVITY_JOIN", "{\"secret\":\"come in\"}");
  SOON(was_told("joined come in\n"));
  commands("ACTIVITY_SPECTATE", "{\"secret\":\"watch\"}");
  SOON(was_told("watched watch\n"));
}

static void is_asked(const char *name, int reply) {
  char args[128], line[128], id[32];
  const gb_event *answered;
  snprintf(args, sizeof args, "{\"username\":\"%s\"}", name);
  snprintf(id, sizeof id, "%s", gb_str(gb_get(commands("USER_CREATE", args)->data, "/id"), ""));
  snprintf(args, sizeof args, "{\"user_id\":\"%s\"}", id);
  CHECK_INT(1, gb_int(gb_get(commands("ACTIVITY_JOIN_REQUEST", args)->data, "/peers"), 0));
  snprintf(line, sizeof line, "asked %s %s ", id, name);
  SOON(was_told(line));
  Discord_Respond(id, reply);
  answered = AWAIT(house.gb, GB_EVENT_DISPATCH, house.server, "JOIN_REQUEST_ANSWERED");
  CHECK_INT(reply == 1, gb_bool(gb_get(answered->data, "/accepted"), 0));
  CHECK_TEXT(id, gb_str(gb_get(answered->data, "/user/id"), NULL));
  if (reply == 1) CHECK_TEXT("join me", gb_str(gb_get(answered->data, "/secret"), NULL));
}

static void ends_the_house(void) {
  CHECK_OK(gb_disconnect(house.gb, house.server));
  AWAIT(house.gb, GB_EVENT_DISCONNECTED, house.server, NULL);
  gb_client_free(house.gb);
}

int main(void) {
  house = host_start();
  initialize();
  SOON(was_told("ready "));
  shows_everything();
  is_invited();
  is_asked("Ada", 1);
  is_asked("Ben", 0);
  is_asked("Cem", 2);
  EXPECT(!was_told("errored"));

  ends_the_house();
  SOON(was_told("disconnected "));
  player_forgets();
  house = host_start();
  SOON(was_told("ready "));
  CHECK_TEXT("West of House", gb_str(gb_get(activity(), "/state"), NULL));
  is_invited();
  is_asked("Dee", 1);

  Discord_ClearPresence();
  CHECK(gb_kind_of(activity()) == GB_KIND_NULL);
  show_state("At the end");
  CHECK_TEXT("At the end", gb_str(gb_get(activity(), "/state"), NULL));
  Discord_Shutdown();
  CHECK(gb_kind_of(activity()) == GB_KIND_NULL);
  ends_the_house();
  return 0;
}
