/* A game that links discord-rpc, with our library in its place.
 *
 *     old_game start     a hundred times from Discord_Initialize to `ready`, against the server in XDG_RUNTIME_DIR
 *     old_game calls     an idle Discord_RunCallbacks; Discord_UpdatePresence with another text each time, in a tight row and
 *                        once a millisecond; and with the same text each time
 *     old_game latency   from a server's write to the handler, with Discord_RunCallbacks called all the while */
#include "bare.h"
#include "discord_rpc.h"

#include <pthread.h>

enum { TIMES = 100, IDLE = 20000000, ROW = 1000, ROWS = 50, PACED = 3000, EVENTS = 5000 };

static int ready;
static uint64_t took[ROW * ROWS];
static int events;

static void on_ready(const DiscordUser *user) { ready = user != NULL; }
static void on_join(const char *secret) {
  uint64_t now = now_ns();
  if (events < EVENTS) took[events++] = now - strtoull(secret, NULL, 10);
}

static void begin(void) {
  DiscordEventHandlers handlers;
  memset(&handlers, 0, sizeof handlers);
  handlers.ready = on_ready;
  handlers.joinGame = on_join;
  ready = 0;
  Discord_Initialize(CLIENT_ID, &handlers, 0, NULL);
}

static void await_ready(void) {
  uint64_t start = now_ns();
  while (!ready) {
    Discord_RunCallbacks();
    if (now_ns() - start > 10000000000u) exit(1);
  }
}

static void pause_ms(long ms) {
  struct timespec pause = {0, ms * 1000000};
  nanosleep(&pause, NULL);
}

static void starts(void) {
  int at;
  for (at = 0; at < TIMES; at++) {
    uint64_t start = now_ns();
    begin();
    await_ready();
    took[at] = now_ns() - start;
    Discord_Shutdown();
  }
  print_quantiles("old_start_us", took, TIMES);
}

static void updates(int number) {
  char details[64];
  DiscordRichPresence presence;
  memset(&presence, 0, sizeof presence);
  snprintf(details, sizeof details, "Round %d", number);
  presence.state = "In menu";
  presence.details = details;
  presence.startTimestamp = 1700000000;
  presence.largeImageKey = "old_mill";
  presence.partyId = "party";
  presence.partySize = 1;
  presence.partyMax = 4;
  Discord_UpdatePresence(&presence);
}

static void calls(void) {
  uint64_t start, best = UINT64_MAX;
  int at, row, number = 0;
  begin();
  await_ready();
  for (row = 0; row < 5; row++) {
    start = now_ns();
    for (at = 0; at < IDLE; at++) Discord_RunCallbacks();
    start = now_ns() - start;
    if (start < best) best = start;
  }
  printf("old_idle_ns %.2f\n", (double)best / IDLE);
  for (row = 0; row < ROWS; row++) {
    start = now_ns();
    for (at = 0; at < ROW; at++) updates(number++);
    took[row] = (now_ns() - start) / ROW;
    for (at = 0; at < 20; at++) pause_ms(1), Discord_RunCallbacks();
  }
  qsort(took, ROWS, sizeof *took, by_size);
  printf("old_update_tight_ns %llu\n", (unsigned long long)took[ROWS / 2]);
  for (row = 0; row < ROWS; row++) {
    start = now_ns();
    for (at = 0; at < ROW; at++) updates(number);
    took[row] = (now_ns() - start) / ROW;
  }
  qsort(took, ROWS, sizeof *took, by_size);
  printf("old_update_same_ns %llu\n", (unsigned long long)took[ROWS / 2]);
  for (at = 0; at < PACED; at++) {
    pause_ms(1);
    start = now_ns();
    updates(number++);
    took[at] = now_ns() - start;
    Discord_RunCallbacks();
  }
  print_quantiles("old_update_paced_us", took, PACED);
  Discord_Shutdown();
}

static void *serve(void *arg) {
  static inbox in;
  char frame[1024], json[512];
  size_t length;
  int at;
  memset(&in, 0, sizeof in);
  in.fd = accept(*(int *)arg, NULL, NULL);
  if (in.fd < 0 || next_frame(&in, &length) == NULL) return NULL;
  length = put_frame(frame, FRAME,
                     "{\"cmd\":\"DISPATCH\",\"evt\":\"READY\",\"nonce\":null,\"data\":{\"v\":1,\"user\":{\"id\":\"1\",\"username\":"
                     "\"bench\",\"discriminator\":\"0\",\"avatar\":null}}}");
  write_whole(in.fd, frame, length);
  for (at = 0; at < EVENTS; at++) {
    pause_ms(1);
    snprintf(json, sizeof json,
             "{\"cmd\":\"DISPATCH\",\"evt\":\"ACTIVITY_JOIN\",\"nonce\":null,\"data\":{\"secret\":\"%020llu\"}}",
             (unsigned long long)now_ns());
    length = put_frame(frame, FRAME, json);
    write_whole(in.fd, frame, length);
  }
  /* Until the game goes. */
  while (next_frame(&in, &length) != NULL) {}
  close(in.fd);
  return NULL;
}

static void latency(void) {
  char path[104];
  pthread_t thread;
  int listener;
  uint64_t start;
  snprintf(path, sizeof path, "%s/discord-ipc-0", getenv("XDG_RUNTIME_DIR"));
  listener = bare_listen(path);
  if (pthread_create(&thread, NULL, serve, &listener) != 0) exit(1);
  begin();
  start = now_ns();
  /* A game calls it once a frame; here it is called all the while, with a breath between, to see the library's part alone. A
   * join that is overtaken by the next one is told once: some may be missing at the end. */
  while (events < EVENTS && now_ns() - start < 15000000000u) {
    struct timespec breath = {0, 5000};
    Discord_RunCallbacks();
    nanosleep(&breath, NULL);
  }
  if (events < EVENTS / 2) exit(1);
  print_quantiles("old_write_to_handler_us", took, (size_t)events);
  Discord_Shutdown();
  unlink(path);
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  if (strcmp(argv[1], "start") == 0) starts();
  else if (strcmp(argv[1], "calls") == 0) calls();
  else if (strcmp(argv[1], "latency") == 0) latency();
  else return 2;
  return 0;
}
