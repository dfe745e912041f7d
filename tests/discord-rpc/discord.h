/* A Discord of our own making, as bare as can be: the test says each byte that it sends, and reads each frame that
 * comes. It stands in the private folder that every run gets (XDG_RUNTIME_DIR). */
#ifndef DISCORD_H
#define DISCORD_H

#include "player.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { HANDSHAKE = 0, FRAME = 1, CLOSE = 2, PING = 3, PONG = 4, BIGGEST = 1 << 16 };

typedef struct discord {
  char path[108];
  int listener, peer;
  size_t used;
  uint32_t opcode; /* of the last frame */
  unsigned char bytes[2 * BIGGEST];
  char payload[BIGGEST + 1]; /* of the last frame */
} discord;

static discord theirs;

static void discord_listens(const char *path) {
  struct sockaddr_un address;
  memset(&address, 0, sizeof address);
  address.sun_family = AF_UNIX;
  EXPECT(strlen(path) < sizeof address.sun_path);
  memcpy(theirs.path, path, strlen(path) + 1);
  memcpy(address.sun_path, path, strlen(path) + 1);
  unlink(path);
  theirs.peer = -1;
  theirs.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  EXPECT(theirs.listener >= 0);
  EXPECT(bind(theirs.listener, (struct sockaddr *)&address, sizeof address) == 0);
  EXPECT(listen(theirs.listener, 16) == 0);
}

static void discord_starts(void) {
  char path[512];
  snprintf(path, sizeof path, "%s/discord-ipc-0", getenv("XDG_RUNTIME_DIR"));
  discord_listens(path);
}

static int discord_comes(int fd, int ms) {
  struct pollfd ready;
  ready.fd = fd;
  ready.events = POLLIN;
  ready.revents = 0;
  return poll(&ready, 1, ms) == 1;
}

static void discord_hangs_up(void) {
  if (theirs.peer >= 0) close(theirs.peer);
  theirs.peer = -1;
  theirs.used = 0;
}

static void discord_quits(void) {
  discord_hangs_up();
  close(theirs.listener);
  unlink(theirs.path);
}

static void discord_sends_bytes(const void *bytes, size_t length) {
  const char *at = bytes;
  while (length > 0) {
    ssize_t n = send(theirs.peer, at, length, MSG_NOSIGNAL);
    EXPECT(n > 0);
    at += n;
    length -= (size_t)n;
  }
}

static void discord_sends_head(uint32_t opcode, uint32_t length) {
  discord_sends_bytes(&opcode, 4);
  discord_sends_bytes(&length, 4);
}

/* A frame in one piece: a client that refuses the head may hang up before the rest is sent. */
static void discord_sends(uint32_t opcode, const char *json) {
  static unsigned char frame[8 + BIGGEST];
  uint32_t length = (uint32_t)strlen(json);
  EXPECT(length <= BIGGEST);
  memcpy(frame, &opcode, 4);
  memcpy(frame + 4, &length, 4);
  memcpy(frame + 8, json, length);
  discord_sends_bytes(frame, 8 + length);
}

static void discord_dispatches(const char *event, const char *data) {
  char json[8192];
  snprintf(json, sizeof json, "{\"cmd\":\"DISPATCH\",\"evt\":\"%s\",\"nonce\":null,\"data\":%s}", event, data);
  discord_sends(FRAME, json);
}

/* The next frame's payload, or NULL when none comes in time or the peer is gone. */
static const char *discord_reads(int ms) {
  int64_t until = player_now_ms() + ms;
  for (;;) {
    uint32_t length;
    ssize_t n;
    int64_t left;
    if (theirs.used >= 8) {
      memcpy(&theirs.opcode, theirs.bytes, 4);
      memcpy(&length, theirs.bytes + 4, 4);
      EXPECT(length <= BIGGEST);
      if (theirs.used >= 8 + (size_t)length) {
        memcpy(theirs.payload, theirs.bytes + 8, length);
        theirs.payload[length] = '\0';
        theirs.used -= 8 + (size_t)length;
        memmove(theirs.bytes, theirs.bytes + 8 + length, theirs.used);
        return theirs.payload;
      }
    }
    left = until - player_now_ms();
    if (!discord_comes(theirs.peer, left > 0 ? (int)left : 0)) return NULL;
    n = recv(theirs.peer, theirs.bytes + theirs.used, sizeof theirs.bytes - theirs.used, 0);
    if (n <= 0) return NULL;
    theirs.used += (size_t)n;
  }
}

/* The same, and there is one. */
static const char *discord_hears(void) {
  const char *payload = discord_reads(PATIENCE_MS);
  EXPECT(payload != NULL);
  return payload;
}

/* Nothing comes for a while. (That nothing comes can only be waited for.) */
static int discord_hears_nothing(int ms) { return discord_reads(ms) == NULL; }

/* The peer says goodbye and hangs up. */
static void discord_is_left(void) {
  const char *last = discord_reads(PATIENCE_MS);
  if (last != NULL) {
    EXPECT(theirs.opcode == CLOSE);
    last = discord_reads(PATIENCE_MS);
  }
  EXPECT(last == NULL);
}

/* Somebody connects and says hello. */
static void discord_is_greeted(void) {
  EXPECT(discord_comes(theirs.listener, PATIENCE_MS));
  theirs.used = 0;
  theirs.peer = accept(theirs.listener, NULL, NULL);
  EXPECT(theirs.peer >= 0);
  EXPECT_TEXT("{\"v\":1,\"client_id\":\"" APPLICATION "\"}", discord_hears());
  EXPECT(theirs.opcode == HANDSHAKE);
}

#define READY_DATA                                                                                                     \
  "{\"v\":1,\"config\":{\"cdn_host\":\"cdn.discordapp.com\",\"api_endpoint\":\"//discord.com/api\",\"environment\":"   \
  "\"production\"},\"user\":{\"id\":\"53908232506183680\",\"username\":\"Mason\",\"discriminator\":\"1337\",\"avatar\":" \
  "\"a_bab14f271d565501444b2ca3be944b25\"}}"
#define READY_LINE "ready 53908232506183680 Mason 1337 a_bab14f271d565501444b2ca3be944b25\n"

static void discord_welcomes(void) {
  discord_is_greeted();
  discord_dispatches("READY", READY_DATA);
}

/* The nonce of the last frame, without its quotes. */
static const char *discord_nonce(void) {
  static char nonce[64];
  const char *at = strstr(theirs.payload, "\"nonce\":\"");
  nonce[0] = '\0';
  if (at != NULL) sscanf(at, "\"nonce\":\"%63[^\"]", nonce);
  return nonce;
}

static void discord_answers(const char *nonce, const char *event, const char *data) {
  char json[8192];
  snprintf(json, sizeof json, "{\"cmd\":\"SET_ACTIVITY\",\"evt\":%s,\"nonce\":\"%s\",\"data\":%s}", event, nonce, data);
  discord_sends(FRAME, json);
}

/* The last frame is this command, with these arguments. */
static void discord_heard(const char *file, int line, const char *command, const char *event, const char *args) {
  char expected[BIGGEST];
  char quoted[128] = "";
  if (event != NULL) snprintf(quoted, sizeof quoted, "\"evt\":\"%s\",", event);
  snprintf(expected, sizeof expected, "{\"cmd\":\"%s\",\"nonce\":\"%s\",%s\"args\":%s}", command, discord_nonce(), quoted, args);
  if (strcmp(expected, theirs.payload) == 0) return;
  fprintf(stderr, "expected: %s\n     got: %s\n", expected, theirs.payload);
  player_fails(file, line, "another command");
}
/* Reads a frame, which is this one, and says that it is well. */
#define HEARS(command, event, args)                                                                                    \
  do {                                                                                                                 \
    discord_hears();                                                                                                   \
    discord_heard(__FILE__, __LINE__, command, event, args);                                                           \
    discord_answers(discord_nonce(), "null", "{}");                                                                    \
  } while (0)

static void discord_hears_subscriptions(void) {
  HEARS("SUBSCRIBE", "ACTIVITY_JOIN", "{}");
  HEARS("SUBSCRIBE", "ACTIVITY_SPECTATE", "{}");
  HEARS("SUBSCRIBE", "ACTIVITY_JOIN_REQUEST", "{}");
}

/* The arguments of SET_ACTIVITY with this activity's text; NULL for none. */
static const char *activity_args(const char *activity) {
  static char args[BIGGEST];
  int n = snprintf(args, sizeof args, "{\"pid\":%d", (int)getpid());
  if (activity != NULL) n += snprintf(args + n, sizeof args - (size_t)n, ",\"activity\":%s", activity);
  snprintf(args + n, sizeof args - (size_t)n, "}");
  return args;
}
static const char *state_args(const char *state) {
  char activity[1024];
  snprintf(activity, sizeof activity, "{\"state\":\"%s\",\"instance\":false}", state);
  return activity_args(activity);
}

/* Ends as a game does; takes what is said at the end. Called by programs whose Discord is connected. */
typedef struct farewell {
  pthread_t thread;
} farewell;
static void *discord_shut_down(void *arg) {
  Discord_Shutdown();
  return arg;
}
static farewell shutdown_begins(void) {
  farewell it;
  EXPECT(pthread_create(&it.thread, NULL, discord_shut_down, NULL) == 0);
  return it;
}
static void shutdown_ends(farewell it) { EXPECT(pthread_join(it.thread, NULL) == 0); }

/* Begins with everything, up to READY and the subscriptions. */
static void begin(void) {
  player_forgets();
  discord_starts();
  initialize();
  discord_welcomes();
  discord_hears_subscriptions();
  SOON(was_told(READY_LINE));
}
static void finish(void) {
  Discord_Shutdown();
  discord_quits();
  player_forgets();
}

static inline void discord_used(void) {
  (void)discord_hears_nothing, (void)state_args, (void)shutdown_begins, (void)shutdown_ends, (void)begin, (void)finish;
  (void)discord_sends_head, (void)discord_is_left, player_used();
}

#endif
