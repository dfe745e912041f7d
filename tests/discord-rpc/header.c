/* include/discord_rpc.h and discord_register.h, each twice, under every standard; and that they lay memory out as
 * discord-rpc 3.4.0 did (with DISCORD_PARTY_PRIVACY as its head did). */
#include <discord_register.h>
#include <discord_register.h>
#include <discord_rpc.h>
#include <discord_rpc.h>

#include <stddef.h>

#ifdef DISCORD_PARTY_PRIVACY
enum { GROWN = 8 };
#else
enum { GROWN = 0 };
#endif

/* An array of -1 elements is no array. (64-bit systems.) */
#define STANDS(name, what) typedef char name[(what) ? 1 : -1]
STANDS(presence_has_its_size, sizeof(DiscordRichPresence) == 112 + GROWN);
STANDS(details_stand, offsetof(DiscordRichPresence, details) == 8);
STANDS(start_stands, offsetof(DiscordRichPresence, startTimestamp) == 16);
STANDS(end_stands, offsetof(DiscordRichPresence, endTimestamp) == 24);
STANDS(large_key_stands, offsetof(DiscordRichPresence, largeImageKey) == 32);
STANDS(large_text_stands, offsetof(DiscordRichPresence, largeImageText) == 40);
STANDS(small_key_stands, offsetof(DiscordRichPresence, smallImageKey) == 48);
STANDS(small_text_stands, offsetof(DiscordRichPresence, smallImageText) == 56);
STANDS(party_stands, offsetof(DiscordRichPresence, partyId) == 64);
STANDS(size_stands, offsetof(DiscordRichPresence, partySize) == 72);
STANDS(max_stands, offsetof(DiscordRichPresence, partyMax) == 76);
STANDS(match_stands, offsetof(DiscordRichPresence, matchSecret) == 80 + GROWN);
STANDS(join_stands, offsetof(DiscordRichPresence, joinSecret) == 88 + GROWN);
STANDS(spectate_stands, offsetof(DiscordRichPresence, spectateSecret) == 96 + GROWN);
STANDS(instance_stands, offsetof(DiscordRichPresence, instance) == 104 + GROWN);
STANDS(user_has_its_size, sizeof(DiscordUser) == 4 * sizeof(char *));
STANDS(handlers_have_their_size, sizeof(DiscordEventHandlers) == 6 * sizeof(void (*)(void)));

static void on_user(const DiscordUser *user) { (void)user->userId; }
static void on_failure(int code, const char *message) { (void)code, (void)message; }
static void on_secret(const char *secret) { (void)secret; }

/* Calls each function as programs do. */
void calls_everything(void);
void calls_everything(void) {
  DiscordEventHandlers handlers = {on_user, on_failure, on_failure, on_secret, on_secret, on_user};
  static DiscordRichPresence presence;
  presence.state = "In menu";
  Discord_Initialize("1", &handlers, 0, NULL);
  Discord_UpdatePresence(&presence);
  Discord_ClearPresence();
  Discord_RunCallbacks();
  Discord_UpdateConnection();
  Discord_Respond("1", DISCORD_REPLY_YES);
  Discord_UpdateHandlers(&handlers);
  Discord_Register("1", NULL);
  Discord_RegisterSteamGame("1", "2");
  Discord_Shutdown();
}
