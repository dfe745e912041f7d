/* The layout of 120 bytes, against a library that was built for it. */
#define _GNU_SOURCE
#define OLD_HEAD
#include "discord.h"

int main(void) {
  old_presence presence;
  begin();
  memset(&presence, 0, sizeof presence);
  presence.party_id = "party";
  presence.party_size = 2;
  presence.party_max = 4;
  presence.party_privacy = 1;
  presence.match = "m";
  presence.join = "j";
  presence.spectate = "s";
  presence.instance = 1;
  Discord_UpdatePresence(&presence);
  HEARS("SET_ACTIVITY", NULL,
        activity_args("{\"party\":{\"id\":\"party\",\"size\":[2,4],\"privacy\":1},\"secrets\":{\"match\":\"m\",\"join\":\"j\","
                      "\"spectate\":\"s\"},\"instance\":true}"));
  presence.party_privacy = 0;
  Discord_UpdatePresence(&presence);
  HEARS("SET_ACTIVITY", NULL,
        activity_args("{\"party\":{\"id\":\"party\",\"size\":[2,4]},\"secrets\":{\"match\":\"m\",\"join\":\"j\",\"spectate\":\"s\"},"
                      "\"instance\":true}"));
  finish();
  return 0;
}
