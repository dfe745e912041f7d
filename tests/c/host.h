/* GameBridge hosted by a test program: an RPC server on a port that the system chooses and on a socket in the private
 * folder that xtask gives to every run (XDG_RUNTIME_DIR), and the two ways to connect to it. */
#ifndef HOST_H
#define HOST_H

#include "check.h"
#include "params.h"

typedef struct host {
  gb_client *gb;
  gb_conn server;
  int port;
  char ipc[256];
  char launch_token[64];
} host;

/* Reads the addresses out of the server's CONNECTED. */
static inline void host_addresses(host *h, const gb_event *connected) {
  h->port = (int)gb_int(gb_get(connected->data, ADDRESS_PORT), 0);
  CHECK(h->port > 0 && h->port < 65536);
  snprintf(h->ipc, sizeof h->ipc, "%s", gb_str(gb_get(connected->data, ADDRESS_IPC), ""));
  CHECK(params_path(h->ipc)[0] != '\0');
  snprintf(h->launch_token, sizeof h->launch_token, "%s", gb_str(gb_get(connected->data, "/launch_token"), ""));
}

/* A server with these parameters in a client of its own, listening. */
static inline host host_start_with(const char *params) {
  host h;
  memset(&h, 0, sizeof h);
  h.gb = new_client();
  CHECK_OK(gb_serve(h.gb, "rpc", params, &h.server));
  CHECK(h.server != 0);
  host_addresses(&h, AWAIT(h.gb, GB_EVENT_CONNECTED, h.server, NULL));
  return h;
}

static inline host host_start(void) { return host_start_with(SERVE_PARAMS); }

/* Connects to the server by WebSocket; the outcome is an event. */
static inline gb_conn connect_websocket(gb_client *gb, const host *h) {
  gb_conn conn = 0;
  char params[256];
  snprintf(params, sizeof params, WEBSOCKET_PARAMS, h->port);
  CHECK_OK(gb_connect(gb, "rpc", params, &conn));
  CHECK(conn != 0);
  return conn;
}

/* Connects to a socket by its path; the outcome is an event. */
static inline gb_conn connect_ipc(gb_client *gb, const char *path) {
  gb_conn conn = 0;
  char params[512];
  snprintf(params, sizeof params, IPC_PARAMS, path);
  CHECK_OK(gb_connect(gb, "rpc", params, &conn));
  CHECK(conn != 0);
  return conn;
}

#endif
