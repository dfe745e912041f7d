/* What a process may do around the library: load it by hand and unload it while it is connected, fork, and end
 * without a word. The library's path is the argument. */
#define _GNU_SOURCE
#include "discord.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <sys/wait.h>

/* The child has no connection of its parent's; it may make one of its own. The parent's stays as it is. */
static void a_fork_leaves_the_connection_to_the_parent(void) {
  pid_t child;
  int status;
  discord *parents;
  begin();
  show_state("The parent's");
  HEARS("SET_ACTIVITY", NULL, state_args("The parent's"));
  child = fork();
  EXPECT(child >= 0);
  if (child == 0) {
    player_forgets();
    player_run();
    Discord_Respond("12", 1);
    Discord_Shutdown();
    initialize();
    show_state("Of its own");
    SOON(was_told(READY_LINE));
    Discord_Shutdown();
    _exit(0);
  }
  parents = malloc(sizeof *parents);
  EXPECT(parents != NULL);
  *parents = theirs;
  discord_welcomes();
  discord_hears_subscriptions();
  /* The child's process id, not ours. */
  EXPECT(strstr(discord_hears(), "Of its own") != NULL);
  EXPECT(strstr(theirs.payload, activity_args(NULL)) == NULL);
  discord_answers(discord_nonce(), "null", "{}");
  discord_hears();
  discord_answers(discord_nonce(), "null", "{}");
  EXPECT(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
  discord_hangs_up();
  theirs = *parents;
  free(parents);
  EXPECT(discord_hears_nothing(20));
  discord_dispatches("ACTIVITY_JOIN", "{\"secret\":\"parent\"}");
  SOON(was_told("joined parent\n"));
  finish();
}

static atomic_int over;

static void *plays(void *arg) {
  char state[32];
  int at;
  for (at = 0; !atomic_load(&over); at++) {
    snprintf(state, sizeof state, "State %d", at);
    show_state(state);
  }
  return arg;
}

/* A thread that was inside the library when another one forked is not there in the child, to leave it. */
static void a_fork_in_the_middle_of_a_call(void) {
  pthread_t thread;
  int round, status;
  /* Before there is anything to begin with, and with a connection. */
  for (round = 0; round < 200; round++) {
    pid_t child;
    if (round == 0) EXPECT(pthread_create(&thread, NULL, plays, NULL) == 0);
    if (round == 100) begin();
    child = fork();
    EXPECT(child >= 0);
    if (child == 0) {
      alarm(20);
      Discord_RunCallbacks();
      show_state("The child's");
      Discord_Shutdown();
      _exit(0);
    }
    EXPECT(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  atomic_store(&over, 1);
  EXPECT(pthread_join(thread, NULL) == 0);
  finish();
}

/* Its thread goes on: the code stays, whatever the game unloads. And a game that ends without a word ends. */
static void a_library_that_is_unloaded_while_connected(const char *path) {
  typedef void (*initialize_fn)(const char *, old_handlers *, int32_t, const char *);
  old_handlers handlers;
  initialize_fn begins;
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  EXPECT(library != NULL);
  *(void **)&begins = dlsym(library, "Discord_Initialize");
  EXPECT(begins != NULL);
  memset(&handlers, 0, sizeof handlers);
  discord_starts();
  begins(APPLICATION, &handlers, 0, NULL);
  EXPECT(dlclose(library) == 0);
  discord_welcomes();
  discord_sends(PING, "{}");
  discord_hears();
  EXPECT(theirs.opcode == PONG);
}

int main(int argc, char **argv) {
  EXPECT(argc > 1);
  a_fork_in_the_middle_of_a_call();
  a_fork_leaves_the_connection_to_the_parent();
  a_library_that_is_unloaded_while_connected(argv[1]);
  return 0;
}
