/* Every function from many threads at once, with a Discord that comes and goes. No handler runs beside another. */
#define _GNU_SOURCE
#include "discord.h"

#include <stdatomic.h>

enum { THREADS = 6, CALLS = 3000 };

static atomic_int inside, over, calls_made;

static void enters(void) {
  EXPECT(atomic_fetch_add(&inside, 1) == 0);
  sched_yield();
  atomic_fetch_sub(&inside, 1);
  atomic_fetch_add(&calls_made, 1);
}
static void user_enters(const old_user *user) {
  EXPECT(user->texts[0] != NULL);
  enters();
}
static void failure_enters(int32_t code, const char *message) {
  (void)code;
  EXPECT(message != NULL);
  enters();
}
static void secret_enters(const char *secret) {
  EXPECT(secret != NULL);
  enters();
}

static void *plays(void *arg) {
  unsigned seed = (unsigned)(uintptr_t)arg;
  old_handlers handlers = {user_enters, failure_enters, failure_enters, secret_enters, secret_enters, user_enters};
  char state[64];
  int call;
  for (call = 0; call < CALLS; call++) {
    switch (rand_r(&seed) % 16) {
      case 0: Discord_Initialize(APPLICATION, &handlers, 0, NULL); break;
      case 1:
        if (rand_r(&seed) % 64 == 0) Discord_Shutdown();
        break;
      case 2: Discord_UpdateHandlers(rand_r(&seed) % 2 ? &handlers : NULL); break;
      case 3: Discord_ClearPresence(); break;
      case 4: Discord_Respond("12", (int)(rand_r(&seed) % 3)); break;
      case 5: Discord_UpdateConnection(); break;
      case 6:
      case 7:
      case 8:
        snprintf(state, sizeof state, "State %d", call);
        show_state(state);
        break;
      default: Discord_RunCallbacks();
    }
  }
  return NULL;
}

/* Serves whoever comes, badly. */
static void *serves(void *arg) {
  unsigned seed = 7;
  while (!atomic_load(&over)) {
    if (theirs.peer < 0) {
      if (!discord_comes(theirs.listener, 5)) continue;
      theirs.peer = accept(theirs.listener, NULL, NULL);
      theirs.used = 0;
      if (theirs.peer < 0) continue;
      if (discord_reads(1000) != NULL) {
        const char *ready = "{\"cmd\":\"DISPATCH\",\"evt\":\"READY\",\"data\":{\"user\":{\"id\":\"1\",\"username\":\"n\"}}}";
        const char *join = "{\"cmd\":\"DISPATCH\",\"evt\":\"ACTIVITY_JOIN\",\"data\":{\"secret\":\"s\"}}";
        char frames[1024];
        uint32_t head[2] = {FRAME, 0};
        size_t used = 0;
        head[1] = (uint32_t)strlen(ready);
        memcpy(frames, head, 8), memcpy(frames + 8, ready, strlen(ready)), used = 8 + strlen(ready);
        head[1] = (uint32_t)strlen(join);
        memcpy(frames + used, head, 8), memcpy(frames + used + 8, join, strlen(join)), used += 8 + strlen(join);
        /* It may be gone already. */
        if (send(theirs.peer, frames, used, MSG_NOSIGNAL) < 0) discord_hangs_up();
      }
    } else if (discord_reads(2) == NULL && rand_r(&seed) % 4 == 0) {
      discord_hangs_up();
    }
  }
  return arg;
}

int main(void) {
  pthread_t threads[THREADS], server;
  uintptr_t at;
  discord_starts();
  EXPECT(pthread_create(&server, NULL, serves, NULL) == 0);
  for (at = 0; at < THREADS; at++) EXPECT(pthread_create(&threads[at], NULL, plays, (void *)(at + 1)) == 0);
  for (at = 0; at < THREADS; at++) EXPECT(pthread_join(threads[at], NULL) == 0);
  atomic_store(&over, 1);
  EXPECT(pthread_join(server, NULL) == 0);
  Discord_Shutdown();
  EXPECT(atomic_load(&inside) == 0);
  discord_quits();
  return 0;
}
