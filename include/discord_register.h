/* discord_register.h: how Discord starts a program for an invitation. Beside discord_rpc.h, whose Discord_Initialize
 * does it when asked (autoRegister). */
#ifndef DISCORD_REGISTER_H
#define DISCORD_REGISTER_H

#include "discord_rpc.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Has Discord start this command; NULL for this program. For the user who runs it. */
DISCORD_EXPORT void Discord_Register(const char *applicationId, const char *command);

/* Has Discord start a game of this id through Steam. */
DISCORD_EXPORT void Discord_RegisterSteamGame(const char *applicationId, const char *steamId);

#ifdef __cplusplus
}
#endif

#endif
