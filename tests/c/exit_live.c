/* Exit with a live client is legal, in every state it can be in: each case is a child that leaves in its own way, and
 * must be gone at once with the code that it chose. The parent never touches the library. */
#define _GNU_SOURCE
#include "host.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CODE = 7 };

/* Reachable to the end, so that a leak checker sees that nothing was lost. */
static gb_client *live;
static host served;

static void nothing_started(void) { live = new_client(); }

static void nobody_to_connect_to(void) {
  gb_conn conn = 0;
  live = new_client();
  CHECK_OK(gb_connect(live, "rpc", "{\"client_id\":\"" CLIENT_ID "\",\"transport\":\"ipc\"}", &conn));
}

static void serving(void) { served = host_start(); }

static void connected(void) {
  serving();
  live = new_client();
  AWAIT(live, GB_EVENT_CONNECTED, connect_websocket(live, &served), NULL);
}

static void amid_a_burst(void) {
  gb_conn conn;
  int i;
  serving();
  live = new_client();
  conn = connect_ipc(live, served.ipc);
  for (i = 1; i <= 500; i++) (void)gb_send(live, conn, "GET_GUILDS", NULL, (uint64_t)i);
}

static void disconnecting(void) {
  gb_conn conn;
  connected();
  conn = connect_ipc(live, served.ipc);
  CHECK_OK(gb_disconnect(live, conn));
}

static void *waits(void *unused) {
  (void)unused;
  for (;;) (void)gb_wait(live, 1000);
  return NULL;
}

static void another_thread_waits(void) {
  pthread_t thread;
  connected();
  CHECK(pthread_create(&thread, NULL, waits, NULL) == 0);
}

static void *leaves(void *unused) {
  (void)unused;
  exit(CODE);
}

static void exit_from_another_thread(void) {
  pthread_t thread;
  connected();
  CHECK(pthread_create(&thread, NULL, leaves, NULL) == 0);
  pthread_join(thread, NULL);
}

static void uses_it(void) {
  while (gb_poll(live) != NULL) continue;
  (void)gb_send(live, 1, "GET_GUILDS", NULL, 1);
}

static void frees_it(void) { gb_client_free(live); }

/* Handlers run in the reverse order: one registered before the library was first used runs last. */
static void used_in_a_handler_registered_first(void) {
  atexit(uses_it);
  connected();
}

static void used_in_a_handler_registered_last(void) {
  connected();
  atexit(uses_it);
}

static void freed_in_a_handler(void) {
  atexit(frees_it);
  connected();
}

static const struct {
  const char *name;
  void (*enter)(void);
} STATES[] = {
    {"nothing started", nothing_started},
    {"nobody to connect to", nobody_to_connect_to},
    {"serving", serving},
    {"connected", connected},
    {"amid a burst", amid_a_burst},
    {"disconnecting", disconnecting},
    {"another thread waits", another_thread_waits},
    {"exit from another thread", exit_from_another_thread},
    {"used in a handler registered first", used_in_a_handler_registered_first},
    {"used in a handler registered last", used_in_a_handler_registered_last},
    {"freed in a handler", freed_in_a_handler},
};

int main(void) {
  size_t i;
  int leave;
  for (i = 0; i < sizeof STATES / sizeof STATES[0]; i++)
    for (leave = 0; leave < 3; leave++) {
      int status = 0;
      pid_t pid;
      fflush(NULL);
      pid = fork();
      if (pid < 0) return 2;
      if (pid == 0) {
        alarm(60);
        STATES[i].enter();
        if (leave == 0) return CODE;
        if (leave == 1) quick_exit(CODE);
        _exit(CODE);
      }
      if (waitpid(pid, &status, 0) != pid) return 2;
      if (!WIFEXITED(status) || WEXITSTATUS(status) != CODE) {
        fprintf(stderr, "%s, way %d: status %d\n", STATES[i].name, leave, status);
        return 1;
      }
    }
  return 0;
}
