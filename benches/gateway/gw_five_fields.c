/* Five typed fields of every event are read; one that an event lacks is asked for all the same. */
#include "replay.h"

static uint64_t sum, found;

static const gb_value *either(const gb_value *data, const char *one, const char *other) {
  const gb_value *value = gb_get(data, one);
  return value != NULL ? value : gb_get(data, other);
}

static void text(const gb_value *value) {
  const char *content = gb_str(value, NULL);
  if (content == NULL) return;
  found++;
  sum += gb_len(value) + (unsigned char)content[0];
}

static void take(const gb_event *ev) {
  uint64_t id = gb_id(gb_get(ev->data, "/id"));
  uint64_t place = gb_id(either(ev->data, "/channel_id", "/guild_id"));
  found += (id != 0) + (place != 0);
  sum += id + place;
  text(either(ev->data, "/author/username", "/user/username"));
  text(either(ev->data, "/content", "/status"));
  text(either(ev->data, "/timestamp", "/joined_at"));
}

int main(void) {
  int failed = replay("gamebridge five fields", take);
  fprintf(stderr, "%llu fields, sum %llu\n", (unsigned long long)found, (unsigned long long)sum);
  return failed;
}
