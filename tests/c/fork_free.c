/* A fork of a process with a live client: the child is told so by every call, may free and exit or start anew, and neither hangs nor
 * disturbs the parent, which goes on. */
#define _GNU_SOURCE
#include "host.h"

#include <sys/wait.h>
#include <unistd.h>

enum { CHILDREN = 10 };

/* In the child a failed check must not run the parent's exit handlers. */
#define CHILD_CHECK(condition)                                                                                         \
  do {                                                                                                                 \
    if (!(condition)) {                                                                                                \
      fprintf(stderr, "in the child, line %d, not so: %s (%s)\n", __LINE__, #condition, gb_last_error());              \
      _exit(1);                                                                                                        \
    }                                                                                                                  \
  } while (0)

/* What the child makes itself is not the parent's, and works. */
static void a_client_of_ones_own(void) {
  gb_client *gb = NULL;
  gb_conn server = 0;
  int tries;
  CHILD_CHECK(gb_client_new(NULL, &gb) == GB_OK);
  CHILD_CHECK(gb_serve(gb, "rpc", SERVE_PARAMS, &server) == GB_OK);
  for (tries = 0; tries < 400; tries++) {
    const gb_event *ev = gb_wait(gb, 100);
    if (ev == NULL || ev->type != GB_EVENT_CONNECTED) continue;
    gb_client_free(gb);
    return;
  }
  CHILD_CHECK(!"a server of the child's own listens");
}

static void child(gb_client *gb, gb_client *other, gb_conn conn, gb_event *copy) {
  gb_conn made = 0;
  CHILD_CHECK(gb_send(gb, conn, "GET_GUILDS", NULL, 1) == GB_ERR_FORKED);
  CHILD_CHECK(gb_last_error()[0] != '\0');
  CHILD_CHECK(gb_connect(gb, "rpc", "{\"client_id\":\"1\"}", &made) == GB_ERR_FORKED && made == 0);
  CHILD_CHECK(gb_serve(gb, "rpc", "{}", &made) == GB_ERR_FORKED && made == 0);
  CHILD_CHECK(gb_cancel(gb, conn, 1) == GB_ERR_FORKED);
  CHILD_CHECK(gb_answer(gb, conn, 1, GB_OK, NULL) == GB_ERR_FORKED);
  CHILD_CHECK(gb_disconnect(gb, conn) == GB_ERR_FORKED);
  CHILD_CHECK(gb_poll(gb) == NULL);
  CHILD_CHECK(gb_wait(gb, 60000) == NULL);
  gb_wake(gb);
  /* A copy is plain memory and can be read on. */
  CHILD_CHECK(copy->type == GB_EVENT_CONNECTED && gb_str(gb_get(copy->data, "/user/username"), NULL) != NULL);
  gb_event_free(copy);
  gb_client_free(gb);
  gb_client_free(other);
  a_client_of_ones_own();
}

int main(void) {
  host h = host_start();
  gb_client *gb = new_client();
  gb_conn conn = connect_ipc(gb, h.ipc);
  gb_event *copy = gb_event_copy(AWAIT(gb, GB_EVENT_CONNECTED, conn, NULL));
  int i;
  CHECK(copy != NULL);
  for (i = 0; i < CHILDREN; i++) {
    int status = 0;
    const pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
      /* Every second child leaves as programs do, through exit and with the client live; the others free it. */
      if (i % 2 == 0) {
        child(gb, h.gb, conn, copy);
        _exit(0);
      }
      exit(0);
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK_OK(gb_send(gb, conn, "SUBSCRIBE", "{\"evt\":\"ACTIVITY_JOIN\"}", (uint64_t)i + 1));
    CHECK_OK(AWAIT_REPLY(gb, conn, (uint64_t)i + 1)->status);
  }
  gb_event_free(copy);
  gb_client_free(gb);
  gb_client_free(h.gb);
  return 0;
}
