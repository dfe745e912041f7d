/* A Discord that refuses the application is left alone for a minute, then asked again, and told everything anew: the
 * application may have been made meanwhile. Takes that minute of the clock. */
#define _GNU_SOURCE
#include "discord.h"

int main(void) {
  int64_t refused;
  discord_starts();
  initialize();
  show_state("In menu");
  discord_is_greeted();
  discord_sends(CLOSE, "{\"code\":4000,\"message\":\"Invalid Client ID\"}");
  discord_hangs_up();
  SOON(was_told("disconnected 4000 Invalid Client ID\n"));
  refused = player_now_ms();
  show_state("Meanwhile");
  while (!discord_comes(theirs.listener, 0)) {
    EXPECT(player_now_ms() - refused < 60000 + PATIENCE_MS);
    player_run();
    player_pause(20);
  }
  EXPECT(player_now_ms() - refused > 55000);
  discord_welcomes();
  discord_hears_subscriptions();
  HEARS("SET_ACTIVITY", NULL, state_args("Meanwhile"));
  SOON(was_told(READY_LINE));
  finish();
  return 0;
}
