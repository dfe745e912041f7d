/* Any function from any thread, but one caller at a time in poll and wait: the second is told so and harms nothing. */
#define _GNU_SOURCE
#include "host.h"

#include <pthread.h>
#include <sched.h>

enum { SENDERS = 4, SENDS = 200 };

typedef struct job {
  gb_client *gb;
  gb_conn conn;
  uint64_t first_tag;
} job;

static void *sends(void *argument) {
  const job *it = (const job *)argument;
  uint64_t i;
  for (i = 0; i < SENDS; i++) {
    gb_status status;
    while ((status = gb_send(it->gb, it->conn, "SUBSCRIBE", "{\"evt\":\"ACTIVITY_JOIN\"}", it->first_tag + i)) == GB_ERR_FULL)
      sched_yield();
    CHECK_OK(status);
  }
  return NULL;
}

/* Every send of every thread gets exactly one reply. */
static void replies_are_as_many_as_sends(host *h) {
  static unsigned char seen[SENDERS * SENDS + 1];
  gb_client *gb = new_client();
  gb_conn conn = connect_ipc(gb, h->ipc);
  pthread_t threads[SENDERS];
  job jobs[SENDERS];
  int i;
  AWAIT(gb, GB_EVENT_CONNECTED, conn, NULL);
  for (i = 0; i < SENDERS; i++) {
    jobs[i].gb = gb;
    jobs[i].conn = conn;
    jobs[i].first_tag = 1 + (uint64_t)i * SENDS;
    CHECK(pthread_create(&threads[i], NULL, sends, &jobs[i]) == 0);
  }
  for (i = 0; i < SENDERS * SENDS; i++) {
    const gb_event *ev = AWAIT(gb, GB_EVENT_REPLY, conn, NULL);
    CHECK(ev->tag >= 1 && ev->tag <= SENDERS * SENDS);
    CHECK_INT(0, seen[ev->tag]);
    seen[ev->tag] = 1;
    CHECK_OK(ev->status);
  }
  for (i = 0; i < SENDERS; i++) pthread_join(threads[i], NULL);
  CHECK_OK(gb_disconnect(gb, conn));
  CHECK(AWAIT(gb, GB_EVENT_DISCONNECTED, conn, NULL)->tag == 0);
  CHECK(gb_poll(gb) == NULL);
  gb_client_free(gb);
}

static void *waits_once(void *gb) {
  (void)gb_wait((gb_client *)gb, 30000);
  return NULL;
}

/* While one thread waits, another's poll is refused; a wake lets the first return. */
static void a_second_polling_thread_is_refused(void) {
  gb_client *gb = new_client();
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, waits_once, gb) == 0);
  /* Until the other thread is inside, our own polls simply find nothing. */
  for (;;) {
    CHECK(gb_poll(gb) == NULL);
    if (strstr(gb_last_error(), "thread") != NULL) break;
    sched_yield();
  }
  CHECK(gb_wait(gb, 30000) == NULL);
  gb_wake(gb);
  pthread_join(thread, NULL);
  CHECK(gb_poll(gb) == NULL);
  gb_client_free(gb);
}

/* `gb_wake` is remembered once when nobody waits. */
static void a_wake_is_remembered_once(void) {
  gb_client *gb = new_client();
  gb_wake(gb);
  gb_wake(gb);
  CHECK(gb_wait(gb, 30000) == NULL);
  CHECK(gb_wait(gb, 0) == NULL);
  gb_client_free(gb);
}

static void *polls(void *argument) {
  gb_client *gb = (gb_client *)argument;
  int i;
  for (i = 0; i < 2000; i++) {
    const gb_event *ev = gb_poll(gb);
    if (ev != NULL) (void)gb_get(ev->data, "/user/id");
    gb_wake(gb);
  }
  return NULL;
}

/* Threads that break the rule together harm nothing: each gets an event or NULL. */
static void polling_from_many_threads_harms_nothing(host *h) {
  gb_client *gb = new_client();
  gb_conn conn = connect_ipc(gb, h->ipc);
  pthread_t threads[SENDERS];
  int i;
  for (i = 0; i < SENDERS; i++) CHECK(pthread_create(&threads[i], NULL, polls, gb) == 0);
  for (i = 0; i < SENDERS; i++) pthread_join(threads[i], NULL);
  CHECK_OK(gb_send(gb, conn, "SET_ACTIVITY", "{\"activity\":{\"state\":\"Still here\"}}", 9));
  CHECK_OK(AWAIT_REPLY(gb, conn, 9)->status);
  gb_client_free(gb);
}

int main(void) {
  host h = host_start();
  replies_are_as_many_as_sends(&h);
  a_second_polling_thread_is_refused();
  a_wake_is_remembered_once();
  polling_from_many_threads_harms_nothing(&h);
  gb_client_free(h.gb);
  return 0;
}
