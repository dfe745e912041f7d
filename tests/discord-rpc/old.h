/* The ABI of discord-rpc 3.4.0 as a shipped game was compiled with it: our own declaration, apart from
 * include/discord_rpc.h, so that neither can hide a slip of the other. With -DOLD_HEAD the struct of the never
 * released head. */
#ifndef OLD_H
#define OLD_H

#include <stddef.h>
#include <stdint.h>

typedef struct old_presence {
  const char *state, *details;
  int64_t start, end;
  const char *large_key, *large_text, *small_key, *small_text, *party_id;
  int32_t party_size, party_max;
#ifdef OLD_HEAD
  int32_t party_privacy;
#endif
  const char *match, *join, *spectate;
  int8_t instance;
} old_presence;

typedef struct old_user {
  const char *texts[4]; /* id, name, discriminator, avatar */
} old_user;

typedef struct old_handlers {
  void (*ready)(const old_user *);
  void (*disconnected)(int32_t, const char *);
  void (*errored)(int32_t, const char *);
  void (*join)(const char *);
  void (*spectate)(const char *);
  void (*request)(const old_user *);
} old_handlers;

extern void Discord_Initialize(const char *, old_handlers *, int32_t, const char *);
extern void Discord_Shutdown(void);
extern void Discord_RunCallbacks(void);
extern void Discord_UpdateConnection(void);
extern void Discord_UpdatePresence(const old_presence *);
extern void Discord_ClearPresence(void);
extern void Discord_Respond(const char *, int32_t);
extern void Discord_UpdateHandlers(old_handlers *);
extern void Discord_Register(const char *, const char *);
extern void Discord_RegisterSteamGame(const char *, const char *);

/* 64-bit systems; an array of -1 elements is no array. */
#ifdef OLD_HEAD
typedef char old_presence_is_120_bytes[sizeof(old_presence) == 120 ? 1 : -1];
typedef char old_privacy_stands_at_80[offsetof(old_presence, party_privacy) == 80 ? 1 : -1];
typedef char old_match_stands_at_88[offsetof(old_presence, match) == 88 ? 1 : -1];
#else
typedef char old_presence_is_112_bytes[sizeof(old_presence) == 112 ? 1 : -1];
typedef char old_match_stands_at_80[offsetof(old_presence, match) == 80 ? 1 : -1];
typedef char old_instance_stands_at_104[offsetof(old_presence, instance) == 104 ? 1 : -1];
#endif
typedef char old_user_is_32_bytes[sizeof(old_user) == 32 ? 1 : -1];
typedef char old_handlers_are_48_bytes[sizeof(old_handlers) == 48 ? 1 : -1];

#endif
