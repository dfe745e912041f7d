/* What a program of somebody else does with the installed library: hosts a server, connects to it, sets an activity, and
 * ends with 0 when the reply came. */
#include <gamebridge.h>

#include <stdio.h>

static int failed(const char *what) {
  fprintf(stderr, "%s: %s\n", what, gb_last_error());
  return 1;
}

int main(void) {
  gb_client *gb;
  gb_conn server, rpc = 0;
  const gb_event *ev;
  int waits;
  if (gb_version() != GB_VERSION) return failed("the header is of another version");
  if (gb_client_new(NULL, &gb) != GB_OK) return failed("client");
  if (gb_serve(gb, "rpc", "{\"transport\":\"ipc\"}", &server) != GB_OK) return failed("serve");
  for (waits = 0; waits < 200; waits++) {
    if ((ev = gb_wait(gb, 100)) == NULL) continue;
    if (ev->type == GB_EVENT_CONNECTED && ev->conn == server) {
      gb_args *args = gb_args_new();
      gb_args_str(args, "/client_id", "192741864418312192");
      gb_args_str(args, "/path", gb_str(gb_get(ev->data, "/ipc"), ""));
      if (gb_connect(gb, "rpc", gb_args_json(args, NULL), &rpc) != GB_OK) return failed("connect");
      gb_args_free(args);
      if (gb_send(gb, rpc, "SET_ACTIVITY", "{\"activity\":{\"state\":\"Linked\"}}", 1) != GB_OK) return failed("send");
    } else if (ev->type == GB_EVENT_REPLY && ev->conn == rpc) {
      if (ev->status != GB_OK) return failed(ev->message);
      gb_client_free(gb);
      return 0;
    }
  }
  return failed("no reply");
}
