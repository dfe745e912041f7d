/* Begin, play a little, end, a thousand times: threads and descriptors return to what they were after every round,
 * and memory stays flat. Every tenth round with no Discord, every seventh with one that hangs up. */
#define _GNU_SOURCE
#include "discord.h"
#include "system.h"

enum { ROUNDS = 1000, WARM = 200 };

/* A thread that was joined may be counted for a moment longer. */
static void await_threads(int expected) {
  int tries;
  for (tries = 0; tries < 2000 && system_threads() != expected; tries++) player_pause(1);
  EXPECT(system_threads() == expected);
}

static void round_trip(int round) {
  farewell ending;
  player_forgets();
  if (round % 10 == 9) {
    initialize();
    show_state("Nobody sees it");
    player_run();
    Discord_Shutdown();
    return;
  }
  discord_starts();
  initialize();
  show_state("In menu");
  discord_is_greeted();
  if (round % 7 == 6) {
    discord_hangs_up();
    Discord_Shutdown();
    discord_quits();
    return;
  }
  discord_dispatches("READY", READY_DATA);
  discord_hears_subscriptions();
  HEARS("SET_ACTIVITY", NULL, state_args("In menu"));
  discord_dispatches("ACTIVITY_JOIN", "{\"secret\":\"j\"}");
  SOON(was_told("joined j\n"));
  ending = shutdown_begins();
  HEARS("SET_ACTIVITY", NULL, activity_args(NULL));
  shutdown_ends(ending);
  discord_quits();
}

int main(void) {
  int round, open_before = 0, running = system_threads();
  long warm = 0, grown;
  for (round = 0; round < ROUNDS; round++) {
    round_trip(round);
    await_threads(running);
    /* The first round may leave what a process opens once. */
    if (round == 0) open_before = system_handles();
    EXPECT(system_handles() == open_before);
    if (round == WARM) warm = system_resident();
  }
  grown = system_resident() - warm;
  printf("%d rounds, %ld KiB more than after %d\n", ROUNDS, grown, WARM);
  EXPECT(grown < 512);
  return 0;
}
