/* Updates are paced to what Discord takes (5 in 20 seconds), and what was shown last is always sent in the end,
 * though the game never calls the library again. Takes 20 seconds of the clock. */
#define _GNU_SOURCE
#include "discord.h"

enum { UPDATES = 20000 };

int main(void) {
  char state[64];
  int64_t first, last;
  int at, frames = 0, shown = -1;
  discord_starts();
  initialize();
  discord_welcomes();
  discord_hears_subscriptions();
  first = player_now_ms();
  /* As fast as it can, and never a RunCallbacks: no queue fills up for good. */
  for (at = 1; at <= UPDATES; at++) {
    snprintf(state, sizeof state, "Round %d", at);
    show_state(state);
  }
  EXPECT(player_now_ms() - first < 10000);
  while (shown < UPDATES) {
    int now;
    EXPECT(discord_reads(40000) != NULL);
    EXPECT(sscanf(strstr(theirs.payload, "\"state\":"), "\"state\":\"Round %d\"", &now) == 1);
    EXPECT(now > shown);
    shown = now;
    discord_answers(discord_nonce(), "null", "{}");
    frames++;
  }
  last = player_now_ms();
  EXPECT(frames == 6);
  EXPECT(last - first > 20000);
  EXPECT(discord_hears_nothing(50));
  finish();
  return 0;
}
