/* What is as it was: what goes over the wire, who is called when, and on which thread. */
#define _GNU_SOURCE
#include "discord.h"

/* Before the first RunCallbacks everything has happened already, and nobody was told. */
static void handlers_run_in_run_callbacks_alone(void) {
  discord_starts();
  initialize();
  discord_welcomes();
  discord_dispatches("ACTIVITY_JOIN", "{\"secret\":\"j\"}");
  discord_hears_subscriptions();
  EXPECT(discord_hears_nothing(50));
  EXPECT(told_times == 0);
  SOON(was_told("joined j\n"));
  EXPECT_TEXT(READY_LINE "joined j\n", told);
  finish();
}

static void whole_presence(old_presence *presence) {
  memset(presence, 0, sizeof *presence);
  presence->state = "West of House";
  presence->details = "Frustration level: 0";
  presence->start = 1700000000;
  presence->end = 1700000300;
  presence->large_key = "canary-large";
  presence->large_text = "The house";
  presence->small_key = "ptb-small";
  presence->small_text = "A lantern";
  presence->party_id = "party1234";
  presence->party_size = 1;
  presence->party_max = 6;
  presence->match = "xyzzy";
  presence->join = "join";
  presence->spectate = "look";
  presence->instance = 1;
}

static void the_presence_goes_out_member_by_member(void) {
  old_presence presence;
  begin();
  whole_presence(&presence);
  Discord_UpdatePresence(&presence);
  memset(&presence, 0xAA, sizeof presence);
  HEARS("SET_ACTIVITY", NULL,
        activity_args("{\"state\":\"West of House\",\"details\":\"Frustration level: 0\",\"timestamps\":{\"start\":1700000000,"
                      "\"end\":1700000300},\"assets\":{\"large_image\":\"canary-large\",\"large_text\":\"The house\","
                      "\"small_image\":\"ptb-small\",\"small_text\":\"A lantern\"},\"party\":{\"id\":\"party1234\",\"size\":[1,6]},"
                      "\"secrets\":{\"match\":\"xyzzy\",\"join\":\"join\",\"spectate\":\"look\"},\"instance\":true}"));
  memset(&presence, 0, sizeof presence);
  Discord_UpdatePresence(&presence);
  HEARS("SET_ACTIVITY", NULL, activity_args("{\"instance\":false}"));
  /* Both ways to clear. */
  Discord_UpdatePresence(NULL);
  HEARS("SET_ACTIVITY", NULL, activity_args(NULL));
  show_state("Again");
  HEARS("SET_ACTIVITY", NULL, state_args("Again"));
  Discord_ClearPresence();
  HEARS("SET_ACTIVITY", NULL, activity_args(NULL));
  finish();
}

/* Subscribed is to what there is a handler for, and to nothing else. */
static void subscriptions_follow_the_handlers(void) {
  old_handlers handlers = all_handlers();
  handlers.spectate = NULL;
  discord_starts();
  Discord_Initialize(APPLICATION, &handlers, 0, NULL);
  discord_welcomes();
  HEARS("SUBSCRIBE", "ACTIVITY_JOIN", "{}");
  HEARS("SUBSCRIBE", "ACTIVITY_JOIN_REQUEST", "{}");
  handlers.spectate = on_spectate;
  handlers.join = NULL;
  Discord_UpdateHandlers(&handlers);
  HEARS("UNSUBSCRIBE", "ACTIVITY_JOIN", "{}");
  HEARS("SUBSCRIBE", "ACTIVITY_SPECTATE", "{}");
  Discord_UpdateHandlers(&handlers);
  Discord_UpdateHandlers(NULL);
  HEARS("UNSUBSCRIBE", "ACTIVITY_SPECTATE", "{}");
  HEARS("UNSUBSCRIBE", "ACTIVITY_JOIN_REQUEST", "{}");
  EXPECT(discord_hears_nothing(30));
  SOON(1);
  finish();
}

static void who_asks_is_let_in_or_turned_down(void) {
  begin();
  discord_dispatches("ACTIVITY_JOIN_REQUEST",
                     "{\"user\":{\"id\":\"12\",\"username\":\"Ada\",\"discriminator\":\"0001\",\"avatar\":\"hash\"}}");
  discord_dispatches("ACTIVITY_JOIN_REQUEST", "{\"user\":{\"id\":\"13\",\"username\":\"B\xc3\xa9n\\u00e9\",\"avatar\":null}}");
  SOON(was_told("asked 12 Ada 0001 hash\n") && was_told("asked 13 B\xc3\xa9n\xc3\xa9  \n"));
  Discord_Respond("12", 1);
  Discord_Respond("13", 0);
  Discord_Respond("13", 2);
  HEARS("SEND_ACTIVITY_JOIN_INVITE", NULL, "{\"user_id\":\"12\"}");
  HEARS("CLOSE_ACTIVITY_REQUEST", NULL, "{\"user_id\":\"13\"}");
  HEARS("CLOSE_ACTIVITY_REQUEST", NULL, "{\"user_id\":\"13\"}");
  finish();
}

static void a_refusal_is_told_with_its_code(void) {
  begin();
  show_state("In menu");
  discord_hears();
  discord_answers(discord_nonce(), "\"ERROR\"", "{\"code\":4000,\"message\":\"child \\\"activity\\\" fails\"}");
  SOON(was_told("errored 4000 child \"activity\" fails\n"));
  /* What was refused may be tried again as it is. */
  show_state("In menu");
  HEARS("SET_ACTIVITY", NULL, state_args("In menu"));
  finish();
}

/* ready and disconnected enclose the rest: errored, joinGame, spectateGame, joinRequest. */
static void handlers_are_called_in_their_order(void) {
  begin();
  player_forgets();
  show_state("Refused");
  discord_hears();
  discord_dispatches("ACTIVITY_JOIN_REQUEST", "{\"user\":{\"id\":\"12\",\"username\":\"Ada\"}}");
  discord_dispatches("ACTIVITY_SPECTATE", "{\"secret\":\"s\"}");
  discord_dispatches("ACTIVITY_JOIN", "{\"secret\":\"first\"}");
  discord_dispatches("ACTIVITY_JOIN", "{\"secret\":\"last\"}");
  discord_answers(discord_nonce(), "\"ERROR\"", "{\"code\":1,\"message\":\"no\"}");
  discord_sends(CLOSE, "{\"code\":1000,\"message\":\"bye\"}");
  /* It has read all of that when it is gone. */
  EXPECT(discord_reads(PATIENCE_MS) == NULL);
  discord_hangs_up();
  player_pause(20);
  player_run();
  EXPECT_TEXT("errored 1 no\njoined last\nwatched s\nasked 12 Ada  \ndisconnected 1000 bye\n", told);
  player_forgets();
  discord_welcomes();
  discord_hears_subscriptions();
  SOON(was_told(READY_LINE));
  player_forgets();
  /* And when it is there again, the break comes first. */
  discord_hangs_up();
  discord_welcomes();
  discord_hears_subscriptions();
  player_pause(20);
  player_run();
  EXPECT(strncmp(told, "disconnected 1 ", 15) == 0 && strstr(told, READY_LINE) > told);
  finish();
}

static void a_ping_is_answered_with_its_payload(void) {
  begin();
  discord_sends(PING, "{\"n\":7}");
  EXPECT_TEXT("{\"n\":7}", discord_hears());
  EXPECT(theirs.opcode == PONG);
  finish();
}

/* Programs built without an I/O thread drive both by hand. */
static void a_program_that_drives_the_connection_itself(void) {
  discord_starts();
  initialize();
  Discord_UpdateConnection();
  discord_welcomes();
  discord_hears_subscriptions();
  while (!was_told(READY_LINE)) {
    Discord_UpdateConnection();
    player_frame();
  }
  finish();
}

int main(void) {
  handlers_run_in_run_callbacks_alone();
  the_presence_goes_out_member_by_member();
  subscriptions_follow_the_handlers();
  who_asks_is_let_in_or_turned_down();
  a_refusal_is_told_with_its_code();
  handlers_are_called_in_their_order();
  a_ping_is_answered_with_its_payload();
  a_program_that_drives_the_connection_itself();
  return 0;
}
