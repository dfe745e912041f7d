/* Our client against arRPC: READY, an activity set and cleared, once over each transport; then arRPC goes and comes back
 * (the script that runs us does that when told), and the activity is there again without our doing.
 *
 * What is found by looking, as a game does it: no path and no port is given. Speaks with the script by lines: prints
 * `restart`, and goes on. */
#include "host.h"

static gb_conn open_by(gb_client *gb, const char *transport) {
  gb_conn conn = 0;
  char params[256];
  /* arRPC lets no Origin but Discord's own pages in by WebSocket; over IPC there is none. */
  snprintf(params, sizeof params, "{\"client_id\":\"" CLIENT_ID "\",\"transport\":\"%s\",\"origin\":\"%s\"}", transport,
           "https://discord.com");
  CHECK_OK(gb_connect(gb, "rpc", params, &conn));
  return conn;
}

static void is_greeted(gb_client *gb, gb_conn conn, const char *prefix) {
  const gb_event *ev = AWAIT(gb, GB_EVENT_CONNECTED, conn, NULL);
  CHECK_TEXT("arrpc", gb_str(gb_get(ev->data, "/user/username"), NULL));
  CHECK_TEXT("1045800378228281345", gb_str(gb_get(ev->data, "/user/id"), NULL));
  CHECK_INT(1, gb_int(gb_get(ev->data, "/v"), 0));
  CHECK(strncmp(prefix, ev->message, strlen(prefix)) == 0);
}

static void sets_an_activity(gb_client *gb, gb_conn conn, const char *state, uint64_t tag) {
  gb_args *args = gb_args_new();
  const gb_event *ev;
  gb_args_str(args, "/activity/state", state);
  gb_args_str(args, "/activity/details", "Old Mill");
  gb_args_int(args, "/activity/timestamps/start", 1700000000);
  gb_args_str(args, "/activity/buttons/0/label", "Watch");
  gb_args_str(args, "/activity/buttons/0/url", "https://example.com/watch");
  CHECK_OK(gb_send(gb, conn, "SET_ACTIVITY", gb_args_json(args, NULL), tag));
  gb_args_free(args);
  ev = AWAIT_REPLY(gb, conn, tag);
  CHECK_OK(ev->status);
  CHECK_TEXT("SET_ACTIVITY", ev->name);
  CHECK_TEXT(state, gb_str(gb_get(ev->data, "/state"), NULL));
  CHECK_TEXT(CLIENT_ID, gb_str(gb_get(ev->data, "/application_id"), NULL));
}

static void clears_it(gb_client *gb, gb_conn conn, uint64_t tag) {
  const gb_event *ev;
  CHECK_OK(gb_send(gb, conn, "SET_ACTIVITY", "{}", tag));
  ev = AWAIT_REPLY(gb, conn, tag);
  CHECK_OK(ev->status);
  CHECK(ev->data == NULL || gb_kind_of(ev->data) == GB_KIND_NULL);
}

/* What arRPC never answers ends at our own deadline, and nothing else suffers. */
static void gives_up_what_is_never_answered(gb_client *gb, gb_conn conn) {
  gb_request request = GB_REQUEST_INIT;
  request.timeout_ms = 200;
  request.command = "GET_GUILDS";
  request.tag = 9;
  CHECK_OK(gb_send_request(gb, conn, &request));
  CHECK_STATUS(GB_ERR_TIMEOUT, AWAIT_REPLY(gb, conn, 9)->status);
}

int main(void) {
  gb_client *gb = new_client();
  gb_conn ipc = open_by(gb, "ipc"), websocket;
  setvbuf(stdout, NULL, _IOLBF, 4096);
  is_greeted(gb, ipc, "ipc ");
  sets_an_activity(gb, ipc, "In menu", 1);
  clears_it(gb, ipc, 2);
  gives_up_what_is_never_answered(gb, ipc);

  websocket = open_by(gb, "websocket");
  is_greeted(gb, websocket, "websocket ");
  sets_an_activity(gb, websocket, "Over the wire", 3);
  CHECK_OK(gb_disconnect(gb, websocket));
  AWAIT(gb, GB_EVENT_DISCONNECTED, websocket, NULL);

  sets_an_activity(gb, ipc, "Kept across a restart", 4);
  puts("restart");
  CHECK((AWAIT(gb, GB_EVENT_RECONNECTING, ipc, NULL)->flags & GB_FLAG_RETRYING) != 0);
  is_greeted(gb, ipc, "ipc ");
  /* A command after it finds arRPC in order; that it has the activity again, the script sees. */
  gives_up_what_is_never_answered(gb, ipc);
  puts("done");
  CHECK_OK(gb_disconnect(gb, ipc));
  CHECK_OK(AWAIT(gb, GB_EVENT_DISCONNECTED, ipc, NULL)->status);
  gb_client_free(gb);
  return 0;
}
