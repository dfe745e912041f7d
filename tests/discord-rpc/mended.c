/* What discord-rpc does badly, one function each. (That updates are paced: pace.c; the places of sockets: places.c; handlers that change
 * without end: handlers.c.) */
#define _GNU_SOURCE
#include "discord.h"

#include <limits.h>

/* Its reply was read at the next tick of a back-off: 1 to 2.9 seconds. */
static void ready_comes_in_milliseconds(void) {
  int64_t best = INT_MAX;
  int round;
  for (round = 0; round < 5; round++) {
    int64_t start;
    discord_starts();
    start = player_now_ms();
    initialize();
    discord_welcomes();
    SOON(was_told(READY_LINE));
    if (player_now_ms() - start < best) best = player_now_ms() - start;
    discord_hears_subscriptions();
    finish();
  }
  /* The best of five, because a machine may be busy; theirs was never below half a second. */
  EXPECT(best < 250);
}

/* It looked once in 500 ms. */
static void what_comes_in_is_there_at_once(void) {
  int64_t best = INT_MAX;
  int round;
  begin();
  for (round = 0; round < 10; round++) {
    int64_t start = player_now_ms();
    player_forgets();
    discord_dispatches("ACTIVITY_JOIN", "{\"secret\":\"now\"}");
    SOON(was_told("joined now\n"));
    if (player_now_ms() - start < best) best = player_now_ms() - start;
  }
  EXPECT(best < 100);
  finish();
}

/* Invitations stayed out for ever after Discord was updated. */
static void a_restart_of_discord_restores_everything(void) {
  int round;
  begin();
  show_state("In menu");
  HEARS("SET_ACTIVITY", NULL, state_args("In menu"));
  for (round = 0; round < 2; round++) {
    discord_quits();
    SOON(was_told("disconnected 1 "));
    player_forgets();
    discord_starts();
    discord_welcomes();
    discord_hears_subscriptions();
    HEARS("SET_ACTIVITY", NULL, state_args("In menu"));
    SOON(was_told(READY_LINE));
    discord_dispatches("ACTIVITY_JOIN", "{\"secret\":\"after\"}");
    SOON(was_told("joined after\n"));
  }
  finish();
}

/* What is shown and heard while Discord is away counts when it is back. */
static void what_changes_while_discord_is_away_holds(void) {
  old_handlers handlers = all_handlers();
  begin();
  show_state("Before");
  HEARS("SET_ACTIVITY", NULL, state_args("Before"));
  discord_quits();
  SOON(was_told("disconnected 1 "));
  show_state("Meanwhile");
  show_state("After all");
  handlers.join = NULL;
  Discord_UpdateHandlers(&handlers);
  Discord_Respond("12", 1);
  discord_starts();
  discord_welcomes();
  /* Join was replayed and taken back, or never asked for; it is not subscribed in the end. */
  {
    int join = 0, others = 0, frames = 0;
    while (frames++ < 6 && others < 3) {
      const char *frame = discord_hears();
      discord_answers(discord_nonce(), "null", "{}");
      EXPECT(strstr(frame, "INVITE") == NULL);
      if (strstr(frame, "\"UNSUBSCRIBE\"") != NULL && strstr(frame, "\"ACTIVITY_JOIN\"") != NULL) join--;
      else if (strstr(frame, "\"ACTIVITY_JOIN\"") != NULL) join++;
      else others++;
      if (strstr(frame, "SET_ACTIVITY") != NULL) EXPECT(strstr(frame, "After all") != NULL);
    }
    EXPECT(join == 0 && others == 3);
  }
  EXPECT(discord_hears_nothing(30));
  finish();
}

/* It held a lock that UpdateHandlers wanted. */
static void in_a_handler(const char *line) {
  old_handlers handlers = all_handlers();
  if (strncmp(line, "ready", 5) == 0) {
    show_state("From a handler");
    handlers.spectate = NULL;
    Discord_UpdateHandlers(&handlers);
    /* No handler runs inside a handler. */
    Discord_RunCallbacks();
  } else if (strncmp(line, "asked", 5) == 0) {
    Discord_Respond("12", 1);
  } else if (strncmp(line, "joined", 6) == 0) {
    Discord_Shutdown();
  }
}

static void handlers_may_call_everything(void) {
  player_forgets();
  meanwhile = in_a_handler;
  discord_starts();
  initialize();
  discord_welcomes();
  discord_hears_subscriptions();
  SOON(was_told(READY_LINE));
  /* Which of the two is written first is not said. */
  discord_hears();
  if (strstr(theirs.payload, "UNSUBSCRIBE") == NULL) discord_hears();
  else discord_heard(__FILE__, __LINE__, "UNSUBSCRIBE", "ACTIVITY_SPECTATE", "{}"), discord_hears();
  discord_dispatches("ACTIVITY_JOIN_REQUEST", "{\"user\":{\"id\":\"12\",\"username\":\"Ada\"}}");
  SOON(was_told("asked 12"));
  HEARS("SEND_ACTIVITY_JOIN_INVITE", NULL, "{\"user_id\":\"12\"}");
  discord_dispatches("ACTIVITY_JOIN", "{\"secret\":\"j\"}");
  discord_dispatches("ACTIVITY_JOIN_REQUEST", "{\"user\":{\"id\":\"14\",\"username\":\"Bob\"}}");
  player_pause(20);
  SOON(was_told("joined j\n"));
  /* That handler has ended it all. */
  player_run();
  EXPECT(!was_told("asked 14"));
  meanwhile = NULL;
  finish();
}

/* It leaked a thread and lost the handlers. */
static void a_second_initialize_replaces_the_handlers(void) {
  old_handlers none;
  begin();
  memset(&none, 0, sizeof none);
  Discord_Initialize(APPLICATION, &none, 0, NULL);
  HEARS("UNSUBSCRIBE", "ACTIVITY_JOIN", "{}");
  HEARS("UNSUBSCRIBE", "ACTIVITY_SPECTATE", "{}");
  HEARS("UNSUBSCRIBE", "ACTIVITY_JOIN_REQUEST", "{}");
  initialize();
  discord_hears_subscriptions();
  discord_dispatches("ACTIVITY_JOIN", "{\"secret\":\"still\"}");
  SOON(was_told("joined still\n"));
  /* The same connection all the while. */
  EXPECT(!discord_comes(theirs.listener, 20));
  finish();
}

static void ending_twice_and_beginning_again(void) {
  Discord_Shutdown();
  Discord_RunCallbacks();
  begin();
  Discord_Shutdown();
  Discord_Shutdown();
  discord_is_left();
  discord_quits();
  begin();
  finish();
}

/* It was sent with a process id of 0. */
static void a_presence_before_initialize_is_shown(void) {
  show_state("Early");
  discord_starts();
  initialize();
  show_state("A bit later");
  discord_welcomes();
  discord_hears_subscriptions();
  HEARS("SET_ACTIVITY", NULL, state_args("A bit later"));
  finish();
  show_state("Early again");
  player_forgets();
  discord_starts();
  initialize();
  discord_welcomes();
  discord_hears_subscriptions();
  HEARS("SET_ACTIVITY", NULL, state_args("Early again"));
  finish();
}

/* Its queue had eight places. */
static void all_replies_are_kept(void) {
  char user[32], args[64];
  int at;
  begin();
  for (at = 1; at <= 100; at++) {
    snprintf(user, sizeof user, "%d", at);
    Discord_Respond(user, at % 2);
  }
  for (at = 1; at <= 100; at++) {
    snprintf(args, sizeof args, "{\"user_id\":\"%d\"}", at);
    HEARS(at % 2 ? "SEND_ACTIVITY_JOIN_INVITE" : "CLOSE_ACTIVITY_REQUEST", NULL, args);
  }
  finish();
}

/* So are those who ask. */
static void all_who_ask_are_told(void) {
  char data[128];
  int at;
  begin();
  player_forgets();
  for (at = 1; at <= 50; at++) {
    snprintf(data, sizeof data, "{\"user\":{\"id\":\"%d\",\"username\":\"N\"}}", at);
    discord_dispatches("ACTIVITY_JOIN_REQUEST", data);
  }
  SOON(told_times == 50);
  finish();
}

/* A header without its body was taken for the end. */
static void frames_may_arrive_in_pieces(void) {
  const char *json = "{\"cmd\":\"DISPATCH\",\"evt\":\"ACTIVITY_JOIN\",\"nonce\":null,\"data\":{\"secret\":\"piece\"}}";
  unsigned char frame[256], both[512];
  uint32_t opcode = FRAME, length = (uint32_t)strlen(json);
  size_t cut, whole = 8 + strlen(json);
  memcpy(frame, &opcode, 4);
  memcpy(frame + 4, &length, 4);
  memcpy(frame + 8, json, length);
  memcpy(both, frame, whole);
  memcpy(both + whole, frame, whole);
  begin();
  for (cut = 1; cut < whole; cut += cut < 12 ? 1 : 13) {
    player_forgets();
    discord_sends_bytes(frame, cut);
    player_frame();
    EXPECT(told_times == 0);
    discord_sends_bytes(frame + cut, whole - cut);
    SOON(was_told("joined piece\n"));
  }
  for (cut = 0; cut < whole; cut++) discord_sends_bytes(frame + cut, 1);
  player_forgets();
  SOON(was_told("joined piece\n"));
  /* Two in one. */
  player_forgets();
  discord_sends_bytes(both, 2 * whole);
  SOON(was_told("joined piece\n"));
  finish();
}

/* A frame of more than 64 KiB was written over the stack. */
static void a_frame_that_is_too_long_is_refused(void) {
  static char large[200000];
  memset(large, 'x', sizeof large - 1);
  begin();
  /* One that is only long is read. */
  {
    char end[64];
    const char *start = "{\"cmd\":\"DISPATCH\",\"evt\":\"ACTIVITY_JOIN\",\"nonce\":null,\"data\":{\"pad\":\"";
    snprintf(end, sizeof end, "\",\"secret\":\"long\"}}");
    discord_sends_head(FRAME, (uint32_t)(strlen(start) + strlen(large) + strlen(end)));
    discord_sends_bytes(start, strlen(start));
    discord_sends_bytes(large, strlen(large));
    discord_sends_bytes(end, strlen(end));
    SOON(was_told("joined long\n"));
  }
  discord_sends_head(FRAME, 0xFFFFFFFFu);
  SOON(was_told("disconnected 1 "));
  discord_hangs_up();
  player_forgets();
  discord_welcomes();
  discord_hears_subscriptions();
  SOON(was_told(READY_LINE));
  finish();
}

/* The end of a text was sent as half a character, which Discord refuses; so does it texts of one. */
static void texts_are_made_to_fit(void) {
  char e_acute[300], keys[80], secret[300], activity[2048];
  old_presence presence;
  int at;
  begin();
  e_acute[0] = 'x';
  for (at = 0; at < 140; at++) memcpy(e_acute + 1 + 2 * at, "\xc3\xa9", 3);
  memset(keys, 'k', sizeof keys);
  keys[79] = '\0';
  memset(secret, 's', sizeof secret);
  secret[299] = '\0';
  memset(&presence, 0, sizeof presence);
  presence.state = e_acute;
  presence.details = "y";
  presence.large_key = keys;
  presence.small_key = "https://example.com/a/picture/of/more/than/32/bytes.png";
  presence.join = secret;
  presence.spectate = "whole";
  Discord_UpdatePresence(&presence);
  e_acute[127] = '\0';
  keys[32] = '\0';
  snprintf(activity, sizeof activity,
           "{\"state\":\"%s\",\"assets\":{\"large_image\":\"%s\",\"small_image\":\"%s\"},\"secrets\":{\"spectate\":\"whole\"},"
           "\"instance\":false}",
           e_acute, keys, presence.small_key);
  HEARS("SET_ACTIVITY", NULL, activity_args(activity));
  /* A buffer that is filled to its last byte, without a NUL. */
  {
    char *exact = malloc(128);
    char cut[129];
    memset(exact, 'z', 128);
    memset(cut, 'z', 128);
    cut[128] = '\0';
    memset(&presence, 0, sizeof presence);
    presence.state = exact;
    Discord_UpdatePresence(&presence);
    free(exact);
    HEARS("SET_ACTIVITY", NULL, state_args(cut));
  }
  /* What was cut by the game itself, in the middle of a character; and what is no UTF-8 at all. */
  show_state("ab\xe2\x82");
  HEARS("SET_ACTIVITY", NULL, state_args("ab"));
  show_state("\xff quoted \" and \x01");
  HEARS("SET_ACTIVITY", NULL, state_args("\xef\xbf\xbd quoted \\\" and \\u0001"));
  finish();
}

/* Clearing and ending left the presence standing, since the thread ended before it wrote. */
static void the_presence_is_gone_before_shutdown_returns(void) {
  farewell ending;
  int64_t start;
  begin();
  show_state("Playing");
  HEARS("SET_ACTIVITY", NULL, state_args("Playing"));
  ending = shutdown_begins();
  HEARS("SET_ACTIVITY", NULL, activity_args(NULL));
  discord_is_left();
  shutdown_ends(ending);
  discord_quits();
  /* A Discord that is stuck does not hold the game. */
  begin();
  show_state("Playing");
  HEARS("SET_ACTIVITY", NULL, state_args("Playing"));
  start = player_now_ms();
  Discord_Shutdown();
  EXPECT(player_now_ms() - start < 5000);
  discord_hears();
  discord_heard(__FILE__, __LINE__, "SET_ACTIVITY", NULL, activity_args(NULL));
  discord_quits();
  player_forgets();
}

/* The same text once a frame is one update, so that the next change is not held up. */
static void what_is_shown_already_is_not_said_again(void) {
  int at;
  begin();
  for (at = 0; at < 1000; at++) show_state("In menu");
  HEARS("SET_ACTIVITY", NULL, state_args("In menu"));
  EXPECT(discord_hears_nothing(30));
  show_state("In a match");
  HEARS("SET_ACTIVITY", NULL, state_args("In a match"));
  finish();
}

int main(void) {
  ready_comes_in_milliseconds();
  what_comes_in_is_there_at_once();
  a_restart_of_discord_restores_everything();
  what_changes_while_discord_is_away_holds();
  handlers_may_call_everything();
  a_second_initialize_replaces_the_handlers();
  ending_twice_and_beginning_again();
  a_presence_before_initialize_is_shown();
  all_replies_are_kept();
  all_who_ask_are_told();
  frames_may_arrive_in_pieces();
  a_frame_that_is_too_long_is_refused();
  texts_are_made_to_fit();
  the_presence_is_gone_before_shutdown_returns();
  what_is_shown_already_is_not_said_again();
  return 0;
}
