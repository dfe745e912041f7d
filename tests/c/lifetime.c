/* Load, create, serve, connect, use, free, unload, many times over: threads and descriptors return to what they were
 * after every round, and memory stays flat. */
#define _GNU_SOURCE
#include "image.h"
#include "params.h"

#include <dirent.h>
#include <string.h>
#include <unistd.h>

enum { ROUNDS = 120, WARM = 20 };

static int entries(const char *folder) {
  DIR *dir = opendir(folder);
  int count = 0;
  IMAGE_CHECK(dir != NULL);
  while (readdir(dir) != NULL) count++;
  closedir(dir);
  return count;
}

static int threads(void) { return entries("/proc/self/task"); }
static int descriptors(void) { return entries("/proc/self/fd"); }

/* Resident memory, in KiB. */
static long resident(void) {
  FILE *file = fopen("/proc/self/statm", "r");
  long size = 0, pages = 0;
  IMAGE_CHECK(file != NULL && fscanf(file, "%ld %ld", &size, &pages) == 2);
  fclose(file);
  return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* A thread that was joined may stand in /proc for a moment longer. */
static void await_threads(int expected) {
  int tries;
  for (tries = 0; tries < 1000 && threads() != expected; tries++) usleep(1000);
  IMAGE_CHECK(threads() == expected);
}

static void round_trip(const char *path) {
  image it = image_open(path);
  gb_client *gb = NULL;
  gb_conn server = 0, websocket = 0, ipc = 0;
  const gb_event *ev;
  char params[512];
  IMAGE_CHECK(it.gb_client_new(NULL, &gb) == GB_OK);
  IMAGE_CHECK(it.gb_serve(gb, "rpc", SERVE_PARAMS, &server) == GB_OK);
  ev = image_await(&it, gb, server, GB_EVENT_CONNECTED, 0);
  snprintf(params, sizeof params, WEBSOCKET_PARAMS, (int)it.gb_int(it.gb_get(ev->data, ADDRESS_PORT), 0));
  IMAGE_CHECK(it.gb_connect(gb, "rpc", params, &websocket) == GB_OK);
  snprintf(params, sizeof params, IPC_PARAMS, it.gb_str(it.gb_get(ev->data, ADDRESS_IPC), ""));
  IMAGE_CHECK(it.gb_connect(gb, "rpc", params, &ipc) == GB_OK);
  image_await(&it, gb, ipc, GB_EVENT_CONNECTED, 0);
  IMAGE_CHECK(it.gb_send(gb, ipc, "SET_ACTIVITY", "{\"activity\":{\"state\":\"In menu\"}}", 7) == GB_OK);
  IMAGE_CHECK(image_await(&it, gb, ipc, GB_EVENT_REPLY, 7)->status == GB_OK);
  it.gb_client_free(gb);
  IMAGE_CHECK(dlclose(it.handle) == 0);
}

int main(int argc, char **argv) {
  int round, open_before = 0, running;
  long warm = 0, grown;
  IMAGE_CHECK(argc > 1);
  running = threads();
  for (round = 0; round < ROUNDS; round++) {
    round_trip(argv[1]);
    await_threads(running);
    /* The first round may leave what a process opens once. */
    if (round == 0) open_before = descriptors();
    IMAGE_CHECK(descriptors() == open_before);
    if (round == WARM) warm = resident();
  }
  grown = resident() - warm;
  printf("%d rounds, %ld KiB more than after %d\n", ROUNDS, grown, WARM);
  IMAGE_CHECK(grown < 1024);
  return 0;
}
