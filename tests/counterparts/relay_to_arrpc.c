/* A server of ours whose account is that of arRPC, and clients of ours that meet arRPC through it: its user, an activity of
 * each with the process that it is of, one that goes with its client, and all of it again after arRPC went and came back.
 *
 * arRPC is found by looking, in the folder where the server has its own socket too. Speaks with the script by lines. */
#include "host.h"

static gb_conn open_at(gb_client *gb, const char *ipc, int pid) {
  gb_conn conn = 0;
  gb_args *args = gb_args_new();
  gb_args_str(args, "/client_id", CLIENT_ID);
  gb_args_str(args, "/path", ipc);
  gb_args_int(args, "/pid", pid);
  CHECK_OK(gb_connect(gb, "rpc", gb_args_json(args, NULL), &conn));
  gb_args_free(args);
  return conn;
}

/* Until it is arRPC's user: after its end the guest may have been met in between. */
static void meets_arrpc(gb_client *gb, gb_conn conn) {
  for (;;) {
    const gb_event *ev = AWAIT(gb, GB_EVENT_CONNECTED, conn, NULL);
    if (strcmp("arrpc", gb_str(gb_get(ev->data, "/user/username"), NULL)) == 0) break;
  }
}

static void sets_an_activity(gb_client *gb, gb_conn conn, const char *state, uint64_t tag) {
  gb_args *args = gb_args_new();
  const gb_event *ev;
  gb_args_str(args, "/activity/state", state);
  CHECK_OK(gb_send(gb, conn, "SET_ACTIVITY", gb_args_json(args, NULL), tag));
  gb_args_free(args);
  ev = AWAIT_REPLY(gb, conn, tag);
  CHECK_OK(ev->status);
  CHECK_TEXT(state, gb_str(gb_get(ev->data, "/state"), NULL));
  CHECK_TEXT(CLIENT_ID, gb_str(gb_get(ev->data, "/application_id"), NULL));
}

int main(void) {
  gb_client *gb = new_client();
  gb_conn server = 0, one, two;
  const gb_event *ev;
  char ipc[256];
  setvbuf(stdout, NULL, _IOLBF, 4096);
  CHECK_OK(gb_serve(gb, "rpc", "{\"transport\":\"ipc\",\"account\":\"auto\",\"client_id\":\"" CLIENT_ID "\"}", &server));
  ev = AWAIT(gb, GB_EVENT_CONNECTED, server, NULL);
  CHECK_TEXT("desktop", gb_str(gb_get(ev->data, "/account/kind"), NULL));
  CHECK_TEXT("arrpc", gb_str(gb_get(ev->data, "/account/user/username"), NULL));
  snprintf(ipc, sizeof ipc, "%s", gb_str(gb_get(ev->data, "/ipc"), NULL));

  one = open_at(gb, ipc, 4711);
  meets_arrpc(gb, one);
  two = open_at(gb, ipc, 4712);
  meets_arrpc(gb, two);
  sets_an_activity(gb, one, "Of the first", 1);
  sets_an_activity(gb, two, "Of the second", 2);
  CHECK_OK(gb_disconnect(gb, two));
  AWAIT(gb, GB_EVENT_DISPATCH, server, "PEER_DISCONNECTED");
  /* Its answer comes after all that was sent for the one who left. */
  sets_an_activity(gb, one, "Still here", 3);

  puts("restart");
  AWAIT(gb, GB_EVENT_RECONNECTING, one, NULL);
  meets_arrpc(gb, one);
  sets_an_activity(gb, one, "After a restart", 4);
  puts("done");
  CHECK_OK(gb_disconnect(gb, server));
  CHECK_OK(AWAIT(gb, GB_EVENT_DISCONNECTED, server, NULL)->status);
  gb_client_free(gb);
  return 0;
}
