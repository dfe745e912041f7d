/* SIGPIPE at its default kills a process that writes to a closed socket. Peers vanish here while the library writes to
 * them, on both sides and many times, and the process lives. */
#define _GNU_SOURCE
#include "host.h"
#include "raw.h"

#include <pthread.h>
#include <signal.h>

enum { ROUNDS = 40, COMMANDS = 64 };

/* A Discord that says READY and is gone, without reading what was sent; until its listener is shut down. */
static void *vanishing_discord(void *listener) {
  const int fd = *(const int *)listener;
  int peer;
  while ((peer = accept(fd, NULL, NULL)) >= 0) {
    char payload[4096];
    if (raw_hear(peer, payload, sizeof payload) == RAW_HANDSHAKE) raw_say(peer, RAW_FRAME, RAW_READY);
    close(peer);
  }
  return NULL;
}

static void the_client_outlives_its_discord(void) {
  gb_client *gb = new_client();
  int listener = raw_listen(raw_path());
  int round, i;
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, vanishing_discord, &listener) == 0);
  for (round = 0; round < ROUNDS; round++) {
    gb_conn conn = connect_ipc(gb, raw_path());
    AWAIT(gb, GB_EVENT_CONNECTED, conn, NULL);
    /* Written after the peer has closed, or refused because it is known already: both are fine. */
    for (i = 0; i < COMMANDS; i++) (void)gb_send(gb, conn, "GET_GUILDS", NULL, 0);
    CHECK_OK(gb_disconnect(gb, conn));
    AWAIT(gb, GB_EVENT_DISCONNECTED, conn, NULL);
  }
  shutdown(listener, SHUT_RDWR);
  close(listener);
  pthread_join(thread, NULL);
  unlink(raw_path());
  gb_client_free(gb);
}

static void the_server_outlives_its_peers(void) {
  host h = host_start();
  gb_client *gb = new_client();
  int round, i;
  for (round = 0; round < ROUNDS; round++) {
    const int fd = raw_connect(h.ipc);
    CHECK(raw_say(fd, RAW_HANDSHAKE, "{\"v\":1,\"client_id\":\"" CLIENT_ID "\"}"));
    for (i = 0; i < COMMANDS; i++)
      if (!raw_say(fd, RAW_FRAME, "{\"cmd\":\"GET_GUILDS\",\"args\":{},\"nonce\":\"1\"}")) break;
    /* Closed with answers on their way. */
    close(fd);
  }
  /* And it still serves. */
  AWAIT(gb, GB_EVENT_CONNECTED, connect_websocket(gb, &h), NULL);
  gb_client_free(gb);
  gb_client_free(h.gb);
}

int main(void) {
  struct sigaction action;
  CHECK(sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_DFL);
  the_client_outlives_its_discord();
  the_server_outlives_its_peers();
  CHECK(sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_DFL);
  return 0;
}
