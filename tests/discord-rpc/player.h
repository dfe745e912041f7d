/* What the programs of this folder check with, and a game that notes what its handlers are told.
 *
 * A program is silent and exits with 0, or says on standard error what was not so. */
#ifndef PLAYER_H
#define PLAYER_H

#include "old.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define APPLICATION "192741864418312192"
/* A machine under load, or valgrind, may be slow. */
#define PATIENCE_MS 20000

#define EXPECT(condition)                                                                                              \
  do {                                                                                                                 \
    if (!(condition)) player_fails(__FILE__, __LINE__, "not so: " #condition);                                         \
  } while (0)
#define EXPECT_TEXT(expected, got)                                                                                     \
  do {                                                                                                                 \
    const char *it_is = (got);                                                                                         \
    if (strcmp((expected), it_is) != 0) {                                                                              \
      fprintf(stderr, "expected: %s\n     got: %s\n", (expected), it_is);                                              \
      player_fails(__FILE__, __LINE__, #got);                                                                          \
    }                                                                                                                  \
  } while (0)
/* Runs callbacks, once a millisecond, until it is so. */
#define SOON(condition)                                                                                                \
  do {                                                                                                                 \
    int64_t until = player_now_ms() + PATIENCE_MS;                                                                     \
    while (!(condition)) {                                                                                             \
      if (player_now_ms() > until) player_fails(__FILE__, __LINE__, "never so: " #condition);                          \
      player_frame();                                                                                                  \
    }                                                                                                                  \
  } while (0)

/* Everything that handlers were told, in their order: "ready 1 mason 0 hash\n", "joined secret\n". */
static char told[1 << 20];
static size_t told_length;
static int told_times;
/* The thread that may run handlers now, and whether any may. */
static pthread_t telling_thread;
static int telling;
/* Called by handlers after they have noted; NULL for nothing. */
static void (*meanwhile)(const char *line);

static void player_fails(const char *file, int line, const char *what) {
  fprintf(stderr, "%s:%d: %s\ntold so far:\n%s", file, line, what, told);
  exit(1);
}

static int64_t player_now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void player_pause(int ms) {
  struct timespec pause;
  pause.tv_sec = ms / 1000;
  pause.tv_nsec = (long)(ms % 1000) * 1000000;
  nanosleep(&pause, NULL);
}

static void player_run(void) {
  telling_thread = pthread_self();
  telling = 1;
  Discord_RunCallbacks();
  telling = 0;
}

static void player_frame(void) {
  player_run();
  player_pause(1);
}

static void player_notes(const char *format, ...) {
  char line[8192];
  va_list args;
  va_start(args, format);
  vsnprintf(line, sizeof line, format, args);
  va_end(args);
  if (!telling || !pthread_equal(telling_thread, pthread_self())) {
    fprintf(stderr, "outside Discord_RunCallbacks, or on another thread: %s\n", line);
    exit(1);
  }
  told_times++;
  if (told_length + strlen(line) + 2 < sizeof told) told_length += (size_t)sprintf(told + told_length, "%s\n", line);
  if (meanwhile != NULL) meanwhile(line);
}

static void player_forgets(void) {
  told[0] = '\0';
  told_length = 0;
  told_times = 0;
}

static int was_told(const char *line) { return strstr(told, line) != NULL; }

static void on_user(const char *what, const old_user *user) {
  int at;
  for (at = 0; at < 4; at++) EXPECT(user->texts[at] != NULL);
  player_notes("%s %s %s %s %s", what, user->texts[0], user->texts[1], user->texts[2], user->texts[3]);
}
static void on_ready(const old_user *user) { on_user("ready", user); }
static void on_request(const old_user *user) { on_user("asked", user); }
static void on_disconnected(int32_t code, const char *message) { player_notes("disconnected %d %s", code, message); }
static void on_errored(int32_t code, const char *message) { player_notes("errored %d %s", code, message); }
static void on_join(const char *secret) { player_notes("joined %s", secret); }
static void on_spectate(const char *secret) { player_notes("watched %s", secret); }

static old_handlers all_handlers(void) {
  old_handlers handlers;
  handlers.ready = on_ready;
  handlers.disconnected = on_disconnected;
  handlers.errored = on_errored;
  handlers.join = on_join;
  handlers.spectate = on_spectate;
  handlers.request = on_request;
  return handlers;
}

static void initialize(void) {
  old_handlers handlers = all_handlers();
  Discord_Initialize(APPLICATION, &handlers, 0, NULL);
  /* It is copied. */
  memset(&handlers, 0xAA, sizeof handlers);
}

static void show_state(const char *state) {
  old_presence presence;
  memset(&presence, 0, sizeof presence);
  presence.state = state;
  Discord_UpdatePresence(&presence);
}

/* Not every program needs all of it. */
static inline void player_used(void) {
  (void)player_run, (void)player_forgets, (void)was_told, (void)initialize, (void)show_state;
}

#endif
