/* Two players and their Discords, for the game in party.c: Ada's game hosts, Bob's is not running.
 *
 * Each Discord is a GameBridge in a folder of its own, and what friends and Discord's own servers do between them is done
 * here by gb_send on these: Bob asks Ada to join, Ada's game lets him in, Bob's Discord is handed Ada's secret, finds no game,
 * and starts one through the link that the game registered; the secret is delivered when that game has subscribed. Then Bob
 * watches instead.
 *
 *     two_discords FOLDER PARTY     PARTY is the game's program; FOLDER an empty one, for sockets and registrations
 *
 * `cargo xtask demo --party` builds and plays all of it. */
#define _POSIX_C_SOURCE 200809L

#include <gamebridge.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CLIENT_ID "192741864418312192"

enum { PATIENCE_S = 20, PATH_SIZE = 512, SECRET_SIZE = 256 };

static gb_client *gb;
/* Games that run; ended with us, whatever happens. */
static pid_t running[2];

static void stop(const char *what, const char *why) {
  size_t at;
  fprintf(stderr, "two_discords: %s: %s\n", what, why);
  for (at = 0; at < 2; at++)
    if (running[at] > 0) kill(running[at], SIGKILL);
  exit(1);
}

static void must(const char *what, gb_status status) {
  if (status != GB_OK) stop(what, gb_last_error());
}

/* One player's side. */
typedef struct player {
  const char *name;
  char folder[PATH_SIZE];
  gb_conn discord;
} player;

/* The next event of that name, or reply, at a player's Discord. It stays until the next call. */
static const gb_event *await(const player *p, gb_event_type type, const char *name) {
  const time_t start = time(NULL);
  while (time(NULL) - start < PATIENCE_S) {
    const gb_event *ev = gb_wait(gb, 100);
    if (ev != NULL && ev->type == type && ev->conn == p->discord && (name == NULL || strcmp(ev->name, name) == 0))
      return ev;
  }
  stop(p->name, name != NULL ? name : "what was awaited did not come");
  return NULL;
}

/* An activity whose party and state are these; its secrets, if they are wanted. */
static void await_activity(const player *p, const char *state, char *party, char *join, char *spectate) {
  for (;;) {
    const gb_event *ev = await(p, GB_EVENT_DISPATCH, "ACTIVITY_UPDATE");
    const gb_value *shown = gb_get(ev->data, "/activity");
    if (strcmp(gb_str(gb_get(shown, "/state"), ""), state) != 0) continue;
    snprintf(party, SECRET_SIZE, "%s", gb_str(gb_get(shown, "/party/id"), ""));
    if (join != NULL) snprintf(join, SECRET_SIZE, "%s", gb_str(gb_get(shown, "/secrets/join"), ""));
    if (spectate != NULL) snprintf(spectate, SECRET_SIZE, "%s", gb_str(gb_get(shown, "/secrets/spectate"), ""));
    printf("%-4s %s, %" PRId64 " of %" PRId64 "\n", p->name, state, gb_int(gb_get(shown, "/party/size/0"), 0),
           gb_int(gb_get(shown, "/party/size/1"), 0));
    return;
  }
}

static void open_discord(player *p, const char *name, const char *folder) {
  gb_args *args = gb_args_new();
  p->name = name;
  snprintf(p->folder, sizeof p->folder, "%s/%s", folder, name);
  if (mkdir(p->folder, 0700) != 0) stop("mkdir", p->folder);
  gb_args_str(args, "/transport", "ipc");
  gb_args_str(args, "/folder", p->folder);
  gb_args_str(args, "/account", "guest");
  gb_args_str(args, "/username", name);
  gb_args_str(args, "/join_requests", "peers");
  must("gb_serve", gb_serve(gb, "rpc", gb_args_json(args, NULL), &p->discord));
  gb_args_free(args);
  await(p, GB_EVENT_CONNECTED, NULL);
}

/* A command to a player's Discord, which succeeds; its reply stays until the next call. */
static const gb_event *tell(const player *p, const char *command, const char *path, const char *text, uint64_t id) {
  gb_args *args = gb_args_new();
  const gb_event *ev;
  if (text != NULL)
    gb_args_str(args, path, text);
  else
    gb_args_id(args, path, id);
  if (strcmp(command, "USER_CREATE") != 0) gb_args_str(args, "/application_id", CLIENT_ID);
  must(command, gb_send(gb, p->discord, command, gb_args_json(args, NULL), 1));
  gb_args_free(args);
  ev = await(p, GB_EVENT_REPLY, command);
  if (ev->status != GB_OK) stop(command, ev->message);
  return ev;
}

/* Starts a program in a player's surroundings. */
static pid_t start(const player *p, char *const *argv) {
  pid_t child;
  fflush(stdout);
  child = fork();
  if (child < 0) stop("fork", argv[0]);
  if (child == 0) {
    setenv("XDG_RUNTIME_DIR", p->folder, 1);
    setenv("XDG_DATA_HOME", p->folder, 1);
    setenv("XDG_CONFIG_HOME", p->folder, 1);
    setenv("HOME", p->folder, 1);
    setenv("TMPDIR", p->folder, 1);
    unsetenv("TMP");
    unsetenv("TEMP");
    unsetenv("APPIMAGE");
    execv(argv[0], argv);
    _exit(127);
  }
  return child;
}

static void ends_well(const char *what, pid_t child) {
  int status = 0;
  if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
    stop(what, "did not end well");
}

/* The strings of a desktop entry, with their backslashes undone. (A path with line breaks is none of ours here.) */
static void undo_backslashes(char *text) {
  char *to = text;
  for (; *text != '\0'; text++) {
    if (text[0] == '\\' && text[1] != '\0') text++;
    *to++ = *text;
  }
  *to = '\0';
}

/* What a desktop does with the link: looks up who is registered for it, and starts that with the link in place of %u. A word
 * of `Exec` is plain, or in double quotes with backslashes of its own; see the Desktop Entry Specification. */
static pid_t open_link(const player *p, char *link) {
  char path[PATH_SIZE + 64], line[2048] = "", words[2048], *argv[8];
  size_t used = 0;
  int count = 0, quoted = 0;
  const char *at;
  FILE *entry;
  snprintf(path, sizeof path, "%s/applications/discord-" CLIENT_ID ".desktop", p->folder);
  entry = fopen(path, "r");
  if (entry == NULL) stop("nobody is registered for", link);
  while (fgets(line, sizeof line, entry) != NULL && strncmp(line, "Exec=", 5) != 0) continue;
  fclose(entry);
  line[strcspn(line, "\n")] = '\0';
  undo_backslashes(line);
  argv[count++] = words;
  for (at = line + 5; *at != '\0' && used + 1 < sizeof words && count < 7; at++)
    if (*at == '"')
      quoted = !quoted;
    else if (*at == ' ' && !quoted) {
      words[used++] = '\0';
      argv[count++] = words + used;
    } else if (at[0] == '%' && at[1] == 'u') {
      argv[count - 1] = link;
      at++;
    } else {
      if ((quoted && *at == '\\') || (at[0] == '%' && at[1] == '%')) at++;
      words[used++] = *at;
    }
  words[used] = '\0';
  argv[count] = NULL;
  return start(p, argv);
}

int main(int argc, char **argv) {
  player ada, bob;
  char party[SECRET_SIZE], where[SECRET_SIZE], join[SECRET_SIZE], spectate[SECRET_SIZE];
  char *install[] = {NULL, NULL, NULL}, *play[] = {NULL, NULL}, link[] = "discord-" CLIENT_ID "://", flag[] = "--register";
  const gb_event *ev;
  uint64_t bobs_id;
  memset(&ada, 0, sizeof ada);
  memset(&bob, 0, sizeof bob);
  if (argc != 3) stop("two_discords FOLDER PARTY", "two arguments expected");
  must("gb_client_new", gb_client_new(NULL, &gb));
  open_discord(&ada, "Ada", argv[1]);
  open_discord(&bob, "Bob", argv[1]);

  /* Bob has the game: its installer registered it. Ada plays. */
  install[0] = play[0] = argv[2];
  install[1] = flag;
  ends_well("the installer", start(&bob, install));
  running[0] = start(&ada, play);
  await_activity(&ada, "Waiting for friends", party, join, spectate);
  if (join[0] == '\0' || spectate[0] == '\0' || strstr(join, "party") != NULL) stop("Ada", "secrets expected");

  /* Bob asks Ada to join; her game lets him in. */
  bobs_id = gb_id(gb_get(tell(&ada, "USER_CREATE", "/username", "Bob", 0)->data, "/id"));
  tell(&ada, "ACTIVITY_JOIN_REQUEST", "/user_id", NULL, bobs_id);
  ev = await(&ada, GB_EVENT_DISPATCH, "JOIN_REQUEST_ANSWERED");
  if (!gb_bool(gb_get(ev->data, "/accepted"), false) || strcmp(gb_str(gb_get(ev->data, "/secret"), ""), join) != 0)
    stop("Ada", "was to let Bob in, with her secret");
  printf("Bob  is let in\n");

  /* Bob's Discord is handed the secret. His game does not run: it is started, and gets it when it has subscribed. */
  if (gb_int(gb_get(tell(&bob, "ACTIVITY_JOIN", "/secret", join, 0)->data, "/peers"), -1) != 0)
    stop("Bob", "a game that is not running expected");
  running[1] = open_link(&bob, link);
  await_activity(&bob, "In a party", where, NULL, NULL);
  if (strcmp(where, party) != 0) stop("Bob", "Ada's party expected");

  /* Now it runs, and Bob would rather watch. */
  if (gb_int(gb_get(tell(&bob, "ACTIVITY_SPECTATE", "/secret", spectate, 0)->data, "/peers"), -1) != 1)
    stop("Bob", "a game that runs expected");
  await_activity(&bob, "Watching a party", where, NULL, NULL);

  /* A forged secret lets nobody in. */
  join[0] = join[0] == '0' ? '1' : '0';
  tell(&bob, "ACTIVITY_JOIN", "/secret", join, 0);
  await_activity(&bob, "In the menu", where, NULL, NULL);

  kill(running[0], SIGTERM);
  kill(running[1], SIGTERM);
  ends_well("Ada's game", running[0]);
  ends_well("Bob's game", running[1]);
  gb_client_free(gb);
  printf("all of it happened\n");
  return 0;
}
