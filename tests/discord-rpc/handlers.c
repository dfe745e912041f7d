/* A game that changes its handlers again and again: what was asked of an event last is all that counts, and the game is not
 * made to wait, neither by a Discord that is not there, nor by one that answers no subscription (arRPC's way). Not for
 * valgrind, under which so many calls take their time. */
#define _GNU_SOURCE
#include "discord.h"

/* More than the library's queue has places. */
enum { CHANGES = 3000 };

static void changes(int at) {
  old_handlers none;
  memset(&none, 0, sizeof none);
  if (at % 2) initialize();
  else Discord_UpdateHandlers(&none);
}

int main(void) {
  int64_t start = player_now_ms();
  int at;
  initialize();
  for (at = 0; at < CHANGES; at++) changes(at);
  EXPECT(player_now_ms() - start < PATIENCE_MS);
  discord_starts();
  discord_welcomes();
  discord_hears_subscriptions();
  SOON(was_told(READY_LINE));
  start = player_now_ms();
  for (at = 0; at < CHANGES; at++) {
    changes(at);
    /* Read, and not answered. */
    discord_hears(), discord_hears(), discord_hears();
  }
  EXPECT(player_now_ms() - start < PATIENCE_MS);
  show_state("Still heard");
  HEARS("SET_ACTIVITY", NULL, state_args("Still heard"));
  EXPECT(!was_told("errored"));
  finish();
  return 0;
}
