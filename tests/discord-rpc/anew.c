/* A game that is linked anew, by our headers, from an installed prefix: every function is there, and a Discord that is not
 * is no harm. */
#include <discord_register.h>
#include <discord_rpc.h>
#include <string.h>

static int disconnected;

static void on_disconnected(int code, const char *message) { disconnected = code == 4000 && message[0] != '\0'; }

int main(void) {
  DiscordEventHandlers handlers;
  DiscordRichPresence presence;
  memset(&handlers, 0, sizeof handlers);
  memset(&presence, 0, sizeof presence);
  handlers.disconnected = on_disconnected;
  presence.state = "In menu";
  Discord_Register("no digits", NULL);
  Discord_RegisterSteamGame("no digits", "440");
  /* No Discord is asked about an application that is none. */
  Discord_Initialize("no digits", &handlers, 0, NULL);
  Discord_UpdatePresence(&presence);
  Discord_UpdateHandlers(&handlers);
  Discord_UpdateConnection();
  Discord_Respond("12", DISCORD_REPLY_IGNORE);
  Discord_ClearPresence();
  Discord_RunCallbacks();
  Discord_Shutdown();
  return disconnected ? 0 : 1;
}
