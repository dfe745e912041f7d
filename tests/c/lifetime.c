/* Load, create, serve, connect, use, free, unload, many times over: threads and descriptors return to what they were
 * after every round, and memory stays flat. */
#define _GNU_SOURCE
#include "image.h"
#include "params.h"

enum { ROUNDS = 120, WARM = 20 };

/* A thread that was joined may be counted for a moment longer. */
static void await_threads(int expected) {
  int tries;
  for (tries = 0; tries < 1000 && system_threads() != expected; tries++) system_pause(1);
  IMAGE_CHECK(system_threads() == expected);
}

static void round_trip(const char *library) {
  image it = image_open(library);
  gb_client *gb = NULL;
  gb_conn server = 0, websocket = 0, ipc = 0;
  const gb_event *ev;
  char path[256], params[512];
  IMAGE_CHECK(it.gb_client_new(NULL, &gb) == GB_OK);
  IMAGE_CHECK(it.gb_serve(gb, "rpc", SERVE_PARAMS, &server) == GB_OK);
  ev = image_await(&it, gb, server, GB_EVENT_CONNECTED, 0);
  snprintf(params, sizeof params, WEBSOCKET_PARAMS, (int)it.gb_int(it.gb_get(ev->data, ADDRESS_PORT), 0));
  IMAGE_CHECK(it.gb_connect(gb, "rpc", params, &websocket) == GB_OK);
  snprintf(path, sizeof path, "%s", it.gb_str(it.gb_get(ev->data, ADDRESS_IPC), ""));
  snprintf(params, sizeof params, IPC_PARAMS, params_path(path));
  IMAGE_CHECK(it.gb_connect(gb, "rpc", params, &ipc) == GB_OK);
  image_await(&it, gb, ipc, GB_EVENT_CONNECTED, 0);
  IMAGE_CHECK(it.gb_send(gb, ipc, "SET_ACTIVITY", "{\"activity\":{\"state\":\"In menu\"}}", 7) == GB_OK);
  IMAGE_CHECK(image_await(&it, gb, ipc, GB_EVENT_REPLY, 7)->status == GB_OK);
  it.gb_client_free(gb);
  IMAGE_CHECK(system_unload(it.handle));
}

int main(int argc, char **argv) {
  int round, open_before = 0, running;
  long warm = 0, grown;
  IMAGE_CHECK(argc > 1);
  running = system_threads();
  for (round = 0; round < ROUNDS; round++) {
    round_trip(argv[1]);
    await_threads(running);
    /* The first round may leave what a process opens once. */
    if (round == 0) open_before = system_handles();
    IMAGE_CHECK(system_handles() == open_before);
    if (round == WARM) warm = system_resident();
  }
  grown = system_resident() - warm;
  printf("%d rounds, %ld KiB more than after %d\n", ROUNDS, grown, WARM);
  IMAGE_CHECK(grown < 1024);
  return 0;
}
