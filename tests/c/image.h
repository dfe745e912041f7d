/* The library as a program loads it by hand: one struct of functions for each image. */
#ifndef IMAGE_H
#define IMAGE_H

#include "system.h"

#include <gamebridge.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* name for name what the header declares */
#define IMAGE_FUNCTIONS(F)                                                                                             \
  F(gb_version) F(gb_status_str) F(gb_last_error) F(gb_client_new) F(gb_client_free) F(gb_connect) F(gb_serve)          \
  F(gb_send) F(gb_disconnect) F(gb_poll) F(gb_wait) F(gb_get) F(gb_int) F(gb_str) F(gb_event_copy) F(gb_event_free)

typedef struct image {
  void *handle;
#define FIELD(name) __typeof__(name) *name;
  IMAGE_FUNCTIONS(FIELD)
#undef FIELD
} image;

static inline image image_open(const char *path) {
  image it;
  it.handle = system_load(path);
  if (it.handle == NULL) {
    fprintf(stderr, "%s: %s\n", path, system_error());
    exit(1);
  }
#define LOAD(name)                                                                                                     \
  *(void **)(&it.name) = system_symbol(it.handle, #name);                                                                      \
  if (it.name == NULL) {                                                                                               \
    fprintf(stderr, "%s: %s\n", #name, system_error());                                                               \
    exit(1);                                                                                                           \
  }
  IMAGE_FUNCTIONS(LOAD)
#undef LOAD
  return it;
}

/* Waits for an event of a type on a connection of this image's client. */
static inline const gb_event *image_await(const image *it, gb_client *gb, gb_conn conn, gb_event_type type, uint64_t tag) {
  const time_t start = time(NULL);
  while (time(NULL) - start < 40) {
    const gb_event *ev = it->gb_wait(gb, 100);
    if (ev != NULL && ev->conn == conn && ev->type == type && ev->tag == tag) return ev;
  }
  fprintf(stderr, "no event of type %u on connection %u\n", (unsigned)type, (unsigned)conn);
  exit(1);
}

#define IMAGE_CHECK(condition)                                                                                         \
  do {                                                                                                                 \
    if (!(condition)) {                                                                                                \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                                          \
      exit(1);                                                                                                         \
    }                                                                                                                  \
  } while (0)

#endif
