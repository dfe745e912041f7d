/* Every event is handed over as the text that it came as: its name, its sequence, its JSON and its length. */
#include "replay.h"

static uint64_t bytes, last;

static void take(const gb_event *ev) {
  size_t length = 0;
  const char *json = gb_json(ev->data, &length);
  if (json == NULL || json[0] != '{') exit(2);
  bytes += length;
  last = ev->seq;
}

int main(void) {
  int failed = replay("gamebridge undecoded", take);
  fprintf(stderr, "%llu bytes, last %llu\n", (unsigned long long)bytes, (unsigned long long)last);
  return failed;
}
