/* Bad input, from the game and from a Discord that is none. Nothing here may crash, hang or leak; a Discord that
 * comes to its senses is served again. */
#define _GNU_SOURCE
#include "discord.h"

static void null_everywhere(void) {
  old_handlers none;
  memset(&none, 0, sizeof none);
  Discord_UpdateConnection();
  Discord_RunCallbacks();
  Discord_UpdatePresence(NULL);
  Discord_ClearPresence();
  Discord_Respond(NULL, 1);
  Discord_UpdateHandlers(NULL);
  Discord_UpdateHandlers(&none);
  Discord_Register(NULL, NULL);
  Discord_Register("no digits", "/bin/true");
  Discord_RegisterSteamGame(NULL, NULL);
  Discord_RegisterSteamGame(APPLICATION, "../../x");
  Discord_Shutdown();
  Discord_Initialize(NULL, NULL, 0, NULL);
  Discord_RunCallbacks();
  Discord_Shutdown();
  Discord_Initialize(APPLICATION, NULL, 0, NULL);
  Discord_Shutdown();
}

/* What Discord would say to it is said without asking. */
static void an_application_that_is_none(void) {
  static char long_id[5000];
  const char *ids[] = {NULL, "", "0", "-1", "x", "1e9", "99999999999999999999999", long_id, "\xff\xfe", "12\"}"};
  size_t at;
  memset(long_id, '7', sizeof long_id - 1);
  for (at = 0; at < sizeof ids / sizeof *ids; at++) {
    old_handlers handlers = all_handlers();
    player_forgets();
    Discord_Initialize(ids[at], &handlers, 0, ids[at]);
    SOON(was_told("disconnected 4000 "));
    show_state("Nobody sees it");
    Discord_Respond("1", 1);
    player_frame();
    Discord_Shutdown();
  }
}

static void texts_of_any_kind(void) {
  static char huge[1 << 20];
  const char *texts[] = {NULL, "", "x", "\xff", "\xc3", "\xed\xa0\x80\xed\xb0\x80", "\xf8\x88\x80\x80\x80", "\"\\\n\x01\x7f",
                         "https://", "mp:", huge};
  size_t count = sizeof texts / sizeof *texts, at;
  old_presence presence;
  memset(huge, 0xE2, sizeof huge - 1);
  begin();
  for (at = 0; at < count * 4; at++) {
    const char *text = texts[at % count];
    memset(&presence, 0, sizeof presence);
    presence.state = presence.details = presence.large_key = presence.large_text = presence.small_key = presence.small_text = text;
    presence.party_id = presence.match = presence.join = presence.spectate = text;
    presence.start = at % 2 ? INT64_MIN : INT64_MAX;
    presence.end = at % 3 ? INT64_MAX : -1;
    presence.party_size = at % 2 ? INT32_MIN : INT32_MAX;
    presence.party_max = at % 3 ? INT32_MAX : -1;
    presence.instance = (int8_t)(at - 20);
    Discord_UpdatePresence(&presence);
    Discord_Respond(text, (int32_t)at - 2);
    player_frame();
  }
  /* Still there, and still one connection. */
  player_forgets();
  discord_dispatches("ACTIVITY_JOIN", "{\"secret\":\"alive\"}");
  SOON(was_told("joined alive\n"));
  EXPECT(!discord_comes(theirs.listener, 0));
  finish();
}

/* A secret has no greatest length on its way in. */
static void secrets_of_any_length(void) {
  static const size_t lengths[] = {0, 1, 127, 128, 255, 256, 257, 1000, 7000};
  char data[8100], line[8100];
  size_t at;
  begin();
  for (at = 0; at < sizeof lengths / sizeof *lengths; at++) {
    char secret[7001];
    memset(secret, 's', lengths[at]);
    secret[lengths[at]] = '\0';
    snprintf(data, sizeof data, "{\"secret\":\"%s\"}", secret);
    snprintf(line, sizeof line, "joined %s\n", secret);
    player_forgets();
    discord_dispatches("ACTIVITY_JOIN", data);
    SOON(was_told(line));
    snprintf(line, sizeof line, "watched %s\n", secret);
    discord_dispatches("ACTIVITY_SPECTATE", data);
    SOON(was_told(line));
  }
  finish();
}

/* Frames that are none of what is expected, each followed by one that is. */
static void events_that_make_no_sense(void) {
  static const char *frames[] = {
      "{\"cmd\":\"DISPATCH\",\"evt\":\"ACTIVITY_JOIN\"}",
      "{\"cmd\":\"DISPATCH\",\"evt\":\"ACTIVITY_JOIN\",\"data\":null}",
      "{\"cmd\":\"DISPATCH\",\"evt\":\"ACTIVITY_JOIN\",\"data\":[]}",
      "{\"cmd\":\"DISPATCH\",\"evt\":\"ACTIVITY_JOIN\",\"data\":{\"secret\":7}}",
      "{\"cmd\":\"DISPATCH\",\"evt\":\"ACTIVITY_SPECTATE\",\"data\":{\"secret\":null}}",
      "{\"cmd\":\"DISPATCH\",\"evt\":\"ACTIVITY_JOIN_REQUEST\",\"data\":{}}",
      "{\"cmd\":\"DISPATCH\",\"evt\":\"ACTIVITY_JOIN_REQUEST\",\"data\":{\"user\":{\"username\":\"no id\"}}}",
      "{\"cmd\":\"DISPATCH\",\"evt\":\"ACTIVITY_JOIN_REQUEST\",\"data\":{\"user\":[1,2]}}",
      "{\"cmd\":\"DISPATCH\",\"evt\":\"\",\"data\":{}}",
      "{\"cmd\":\"DISPATCH\",\"evt\":7,\"data\":{}}",
      "{\"cmd\":\"DISPATCH\",\"evt\":\"READY\",\"data\":{}}",
      "{\"cmd\":\"DISPATCH\",\"evt\":\"ERROR\",\"data\":{\"code\":\"x\"}}",
      "{\"cmd\":\"NOBODY_KNOWS\",\"evt\":null,\"nonce\":\"99999\",\"data\":{}}",
      "{\"cmd\":\"SET_ACTIVITY\",\"evt\":\"ERROR\",\"nonce\":\"not a number\",\"data\":{}}",
      "{\"cmd\":\"SET_ACTIVITY\",\"evt\":\"ERROR\",\"nonce\":null,\"data\":null}",
      "{}",
  };
  size_t at;
  begin();
  for (at = 0; at < sizeof frames / sizeof *frames; at++) {
    player_forgets();
    discord_sends(FRAME, frames[at]);
    discord_dispatches("ACTIVITY_JOIN", "{\"secret\":\"sense\"}");
    SOON(was_told("joined sense\n"));
    EXPECT(told_times == 1);
  }
  finish();
}

/* Every code that Discord has, and some that it has not: told with the code, and connected again or left alone for a
 * while. */
static void closed_with_every_code(void) {
  static const int codes[] = {1000, 1001, 1006, 1011, 4000, 4001, 4002, 4003, 4004, 4005, 4999, 0, 70000, -1};
  size_t at;
  for (at = 0; at < sizeof codes / sizeof *codes; at++) {
    char json[128], line[64];
    begin();
    snprintf(json, sizeof json, "{\"code\":%d,\"message\":\"because\"}", codes[at]);
    if (codes[at] > 0 && codes[at] < 65536) snprintf(line, sizeof line, "disconnected %d because\n", codes[at]);
    else snprintf(line, sizeof line, "disconnected 1 "); /* no code that there can be */
    discord_sends(CLOSE, json);
    SOON(was_told(line));
    show_state("Meanwhile");
    finish();
    /* The same before READY. */
    discord_starts();
    initialize();
    discord_is_greeted();
    discord_sends(CLOSE, json);
    discord_hangs_up();
    if (codes[at] >= 4000 && codes[at] <= 4005 && codes[at] != 4002) SOON(was_told(line));
    show_state("Meanwhile");
    finish();
  }
}

/* Answers come in any order, twice, or never. */
static void answers_out_of_order(void) {
  char nonces[5][64];
  int at;
  begin();
  for (at = 0; at < 5; at++) {
    char state[32];
    snprintf(state, sizeof state, "State %d", at);
    show_state(state);
    discord_hears();
    snprintf(nonces[at], sizeof nonces[at], "%s", discord_nonce());
  }
  player_forgets();
  discord_answers(nonces[4], "null", "{}");
  discord_answers(nonces[2], "\"ERROR\"", "{\"code\":2,\"message\":\"two\"}");
  discord_answers(nonces[0], "\"ERROR\"", "{\"code\":3,\"message\":\"nought\"}");
  discord_answers(nonces[2], "\"ERROR\"", "{\"code\":4,\"message\":\"again\"}");
  discord_dispatches("ACTIVITY_JOIN", "{\"secret\":\"after\"}");
  SOON(was_told("joined after\n"));
  EXPECT_TEXT("errored 2 two\nerrored 3 nought\njoined after\n", told);
  finish();
}

/* It says nothing at all after the hello, and the game ends. */
static void a_discord_that_never_answers(void) {
  int64_t start;
  discord_starts();
  initialize();
  discord_is_greeted();
  show_state("In menu");
  player_frame();
  start = player_now_ms();
  Discord_Shutdown();
  EXPECT(player_now_ms() - start < 5000);
  discord_quits();
  player_forgets();
}

static void death_in_the_middle_of_a_frame(void) {
  const char *json = "{\"cmd\":\"DISPATCH\",\"evt\":\"ACTIVITY_JOIN\",\"nonce\":null,\"data\":{\"secret\":\"half\"}}";
  size_t cut;
  uint32_t head[2];
  head[0] = FRAME;
  head[1] = (uint32_t)strlen(json);
  for (cut = 1; cut < 8 + strlen(json); cut += 17) {
    begin();
    discord_sends_bytes(head, cut < 8 ? cut : 8);
    if (cut > 8) discord_sends_bytes(json, cut - 8);
    discord_hangs_up();
    SOON(was_told("disconnected 1 "));
    EXPECT(!was_told("joined"));
    player_forgets();
    discord_welcomes();
    discord_hears_subscriptions();
    SOON(was_told(READY_LINE));
    finish();
  }
}

/* Not JSON, an opcode that there is not, a length of nothing. */
static void bytes_of_any_kind(void) {
  static const struct {
    uint32_t opcode;
    const char *payload;
  } frames[] = {{FRAME, "not JSON"}, {FRAME, ""}, {FRAME, "[]"}, {FRAME, "{\"a\":\xff}"}, {7, "{}"}, {HANDSHAKE, "{}"}, {CLOSE, "not JSON"}};
  size_t at;
  for (at = 0; at < sizeof frames / sizeof *frames; at++) {
    begin();
    discord_sends(frames[at].opcode, frames[at].payload);
    SOON(was_told("disconnected 1 "));
    discord_hangs_up();
    player_forgets();
    discord_welcomes();
    discord_hears_subscriptions();
    SOON(was_told(READY_LINE));
    finish();
  }
}

int main(void) {
  null_everywhere();
  an_application_that_is_none();
  texts_of_any_kind();
  secrets_of_any_length();
  events_that_make_no_sense();
  closed_with_every_code();
  answers_out_of_order();
  a_discord_that_never_answers();
  death_in_the_middle_of_a_frame();
  bytes_of_any_kind();
  return 0;
}
