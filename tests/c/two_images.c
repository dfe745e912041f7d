/* Two images of the library in one process (as a drop-in library and a game's own copy would be): each has its own
 * thread and its own errors, they do not meet, and each can talk to the other's server. */
#define _GNU_SOURCE
#include "image.h"
#include "params.h"

#include <string.h>

typedef struct side {
  image it;
  gb_client *gb;
  gb_conn server;
  int port;
} side;

static side side_open(const char *path) {
  side s;
  s.gb = NULL;
  s.server = 0;
  s.it = image_open(path);
  IMAGE_CHECK(s.it.gb_client_new(NULL, &s.gb) == GB_OK);
  IMAGE_CHECK(s.it.gb_serve(s.gb, "rpc", SERVE_PARAMS, &s.server) == GB_OK);
  s.port = (int)s.it.gb_int(
      s.it.gb_get(image_await(&s.it, s.gb, s.server, GB_EVENT_CONNECTED, 0)->data, ADDRESS_PORT), 0);
  IMAGE_CHECK(s.port > 0);
  return s;
}

static void talk(const side *from, const side *to) {
  gb_conn conn = 0;
  char params[256];
  snprintf(params, sizeof params, WEBSOCKET_PARAMS, to->port);
  IMAGE_CHECK(from->it.gb_connect(from->gb, "rpc", params, &conn) == GB_OK);
  image_await(&from->it, from->gb, conn, GB_EVENT_CONNECTED, 0);
  IMAGE_CHECK(from->it.gb_disconnect(from->gb, conn) == GB_OK);
  image_await(&from->it, from->gb, conn, GB_EVENT_DISCONNECTED, 0);
}

int main(int argc, char **argv) {
  side a, b;
  char error[256];
  IMAGE_CHECK(argc > 2);
  a = side_open(argv[1]);
  b = side_open(argv[2]);
  IMAGE_CHECK(a.it.gb_poll != b.it.gb_poll);
  IMAGE_CHECK(a.it.gb_version() == b.it.gb_version());
  talk(&a, &a);
  talk(&a, &b);
  talk(&b, &a);
  /* An error in one is not the other's. */
  IMAGE_CHECK(a.it.gb_send(a.gb, 4000000000u, "GET_GUILDS", NULL, 1) != GB_OK);
  snprintf(error, sizeof error, "%s", a.it.gb_last_error());
  IMAGE_CHECK(error[0] != '\0' && strcmp(error, b.it.gb_last_error()) != 0);
  a.it.gb_client_free(a.gb);
  /* The other goes on after one has gone. */
  talk(&b, &b);
  b.it.gb_client_free(b.gb);
  IMAGE_CHECK(system_unload(a.it.handle) && system_unload(b.it.handle));
  return 0;
}
