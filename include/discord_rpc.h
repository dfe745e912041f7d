/* discord_rpc.h: Rich Presence by the ten functions of discord-rpc.
 *
 * Source-compatible with the header of discord-rpc 3.4.0, written anew for gamebridge's libdiscord-rpc, which takes
 * the place of that library's file. docs/discord-rpc.md says what is the same and what is better.
 *
 * Every function may be called from any thread and inside a handler; none waits for Discord but Discord_Shutdown,
 * for half a second at most. Texts are UTF-8 and are copied. New programs: gamebridge.h has more, and says what went
 * wrong. */
#ifndef DISCORD_RPC_H
#define DISCORD_RPC_H

#include <stdint.h>

/* With DISCORD_DYNAMIC_LIB the functions are imported from the DLL directly. */
#ifndef DISCORD_EXPORT
#if defined(DISCORD_DYNAMIC_LIB) && defined(_WIN32)
#define DISCORD_EXPORT __declspec(dllimport)
#elif defined(DISCORD_DYNAMIC_LIB)
#define DISCORD_EXPORT __attribute__((visibility("default")))
#else
#define DISCORD_EXPORT
#endif
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* What is shown. Set what you do not use to 0. A text that is too long is cut at the end of a character; one of a
 * single character is left out (Discord takes two at least); a secret that is too long is left out whole. */
typedef struct DiscordRichPresence {
  const char *state;          /* the party's situation: 128 bytes */
  const char *details;        /* what the player does: 128 bytes */
  int64_t startTimestamp;     /* seconds since 1970: shows the time elapsed */
  int64_t endTimestamp;       /* likewise: shows the time left */
  const char *largeImageKey;  /* an uploaded picture: 32 bytes; or a link to one */
  const char *largeImageText; /* shown over it: 128 bytes */
  const char *smallImageKey;  /* 32 bytes, or a link */
  const char *smallImageText; /* 128 bytes */
  const char *partyId;        /* the same for all members: 128 bytes */
  int partySize;              /* 0: not told */
  int partyMax;               /* 0: no limit */
#ifdef DISCORD_PARTY_PRIVACY
  int partyPrivacy; /* DISCORD_PARTY_PRIVATE or _PUBLIC; only with a library that was built so */
#endif
  const char *matchSecret;    /* for this one match: 128 bytes */
  const char *joinSecret;     /* what a friend's game is given to join: 128 bytes */
  const char *spectateSecret; /* the same for watching: 128 bytes */
  int8_t instance;            /* not 0: a match that will end */
} DiscordRichPresence;

/* A person. Valid while the handler runs; no text is NULL. */
typedef struct DiscordUser {
  const char *userId;        /* decimal digits */
  const char *username;
  const char *discriminator; /* "0", or four digits; may be empty */
  const char *avatar;        /* the picture's hash; may be empty */
} DiscordUser;

/* What the program is called for, inside Discord_RunCallbacks; each may be NULL. */
typedef struct DiscordEventHandlers {
  void (*ready)(const DiscordUser *request);
  void (*disconnected)(int errorCode, const char *message);
  void (*errored)(int errorCode, const char *message);
  void (*joinGame)(const char *joinSecret);
  void (*spectateGame)(const char *spectateSecret);
  void (*joinRequest)(const DiscordUser *request);
} DiscordEventHandlers;

/* Replies of Discord_Respond. */
#define DISCORD_REPLY_NO 0
#define DISCORD_REPLY_YES 1
#define DISCORD_REPLY_IGNORE 2

#define DISCORD_PARTY_PRIVATE 0
#define DISCORD_PARTY_PUBLIC 1

/* Begins to look for a Discord. With autoRegister (not 0) Discord can start this program for an invitation: through
 * Steam when a Steam id is given. A second call replaces the handlers. */
DISCORD_EXPORT void Discord_Initialize(const char *applicationId, DiscordEventHandlers *handlers, int autoRegister,
                                       const char *optionalSteamId);

/* Takes the presence away and ends. */
DISCORD_EXPORT void Discord_Shutdown(void);

/* Calls the handlers of what has happened, on this thread. Once a frame. */
DISCORD_EXPORT void Discord_RunCallbacks(void);

/* For programs that were written to drive the connection themselves; nothing depends on it. */
DISCORD_EXPORT void Discord_UpdateConnection(void);

/* Shows this; NULL shows nothing. At any time, as often as you like: the latest is what arrives. */
DISCORD_EXPORT void Discord_UpdatePresence(const DiscordRichPresence *presence);
DISCORD_EXPORT void Discord_ClearPresence(void);

/* Answers joinRequest. */
DISCORD_EXPORT void Discord_Respond(const char *userid, /* DISCORD_REPLY_ */ int reply);

/* Replaces the handlers. NULL: none. */
DISCORD_EXPORT void Discord_UpdateHandlers(DiscordEventHandlers *handlers);

#ifdef __cplusplus
}
#endif

#endif
