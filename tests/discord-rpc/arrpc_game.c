/* An old game beside arRPC: presence set and cleared, and set again by itself after arRPC was restarted. Speaks with
 * the script that runs it by lines: prints `restart`, and goes on. */
#define _GNU_SOURCE
#include "player.h"

int main(void) {
  old_presence presence;
  setvbuf(stdout, NULL, _IOLBF, 4096);
  initialize();
  SOON(was_told("ready 1045800378228281345 arrpc "));
  memset(&presence, 0, sizeof presence);
  presence.state = "In menu";
  presence.details = "Old Mill";
  presence.start = 1700000000;
  presence.party_id = "party";
  presence.party_size = 1;
  presence.party_max = 4;
  Discord_UpdatePresence(&presence);
  player_frame();
  puts("await In menu");
  EXPECT(getchar() == '\n');
  Discord_ClearPresence();
  puts("await null");
  EXPECT(getchar() == '\n');
  presence.state = "Kept across a restart";
  Discord_UpdatePresence(&presence);
  puts("await Kept across a restart");
  EXPECT(getchar() == '\n');
  player_forgets();
  puts("restart");
  SOON(was_told("disconnected "));
  SOON(was_told("ready 1045800378228281345 arrpc "));
  puts("await Kept across a restart");
  EXPECT(getchar() == '\n');
  EXPECT(!was_told("errored"));
  Discord_Shutdown();
  puts("await null");
  EXPECT(getchar() == '\n');
  return 0;
}
