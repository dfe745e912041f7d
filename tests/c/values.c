/* The values of an event, read in every way there is, from a Discord that answers what the test wrote byte for byte. */
#define _GNU_SOURCE
#include "host.h"
#include "raw.h"

#include <math.h>
#include <pthread.h>

/* Replies with these `data` to the commands ONE, TWO, ... in turn; a NULL is a reply whose JSON is broken. */
static const char *const REPLIES[] = {
    /* kinds and numbers */
    "{\"null\":null,\"true\":true,\"false\":false,\"int\":-9223372036854775808,\"num\":2.5e3,\"big\":18446744073709551616,"
    "\"id\":\"18446744073709551615\",\"number id\":17,\"str\":\"text\",\"array\":[1,[2],{}],\"object\":{\"a\":{\"b\":[0,42]}}}",
    /* strings: escapes, a NUL inside, beyond the basic plane, a slash and a tilde in keys, a name that stands twice */
    "{\"escapes\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\",\"nul\":\"a\\u0000b\",\"pair\":\"\\ud83d\\ude00\",\"utf8\":\"\xc3\xa9\","
    "\"a/b\":1,\"m~n\":2,\"\":3,\"twice\":1,\"twice\":2,\"empty\":\"\"}",
    /* an array as data */
    "[\"first\",\"second\",\"third\"]",
    /* no data to speak of */
    "null",
};

static void *answering_discord(void *listener) {
  char payload[8192], nonce[128], reply[8192];
  const int peer = accept(*(const int *)listener, NULL, NULL);
  size_t next = 0;
  if (peer < 0 || raw_hear(peer, payload, sizeof payload) != RAW_HANDSHAKE) return NULL;
  raw_say(peer, RAW_FRAME, RAW_READY);
  while (raw_hear(peer, payload, sizeof payload) == RAW_FRAME) {
    if (!raw_nonce(payload, nonce, sizeof nonce)) break;
    snprintf(reply, sizeof reply, "{\"cmd\":\"ASK\",\"evt\":null,\"nonce\":\"%s\",\"data\":%s}", nonce, REPLIES[next]);
    if (!raw_say(peer, RAW_FRAME, reply)) break;
    if (++next == sizeof REPLIES / sizeof REPLIES[0]) next = 0;
  }
  close(peer);
  return NULL;
}

/* A command that no catalog knows is passed on as it is, and its reply is the next of the list. */
static const gb_value *ask(gb_client *gb, gb_conn conn) {
  const gb_event *ev;
  CHECK_OK(gb_send(gb, conn, "ASK", NULL, 1));
  ev = AWAIT_REPLY(gb, conn, 1);
  CHECK_OK(ev->status);
  CHECK_TEXT("ASK", ev->name);
  return ev->data;
}

static void reads_kinds_and_numbers(const gb_value *data) {
  static const struct {
    const char *pointer;
    gb_kind kind;
    size_t length;
  } KINDS[] = {
      {"/null", GB_KIND_NULL, 0},  {"/true", GB_KIND_BOOL, 0}, {"/int", GB_KIND_INT, 0},     {"/num", GB_KIND_NUM, 0},
      {"/str", GB_KIND_STR, 4},    {"/array", GB_KIND_ARRAY, 3}, {"/object", GB_KIND_OBJECT, 1}, {"", GB_KIND_OBJECT, 11},
      {"/none", GB_KIND_MISSING, 0}, {"/array/3", GB_KIND_MISSING, 0}, {"/str/0", GB_KIND_MISSING, 0}, {"str", GB_KIND_MISSING, 0},
  };
  size_t i;
  for (i = 0; i < sizeof KINDS / sizeof KINDS[0]; i++) {
    CHECK_INT(KINDS[i].kind, gb_kind_of(gb_get(data, KINDS[i].pointer)));
    CHECK_INT(KINDS[i].length, gb_len(gb_get(data, KINDS[i].pointer)));
  }
  CHECK(gb_int(gb_get(data, "/int"), 0) == INT64_MIN);
  CHECK_INT(5, gb_int(gb_get(data, "/big"), 5));
  CHECK(gb_num(gb_get(data, "/big"), 0) == 18446744073709551616.0);
  CHECK(gb_num(gb_get(data, "/num"), 0) == 2500.0);
  CHECK(gb_num(gb_get(data, "/str"), 1.5) == 1.5);
  CHECK(gb_bool(gb_get(data, "/true"), false) && !gb_bool(gb_get(data, "/false"), true));
  CHECK(gb_bool(gb_get(data, "/null"), true) && !gb_bool(NULL, false));
  CHECK(gb_id(gb_get(data, "/id")) == UINT64_MAX && gb_id(gb_get(data, "/number id")) == 17);
  CHECK(gb_id(gb_get(data, "/str")) == 0 && gb_id(NULL) == 0);
  CHECK_INT(42, gb_int(gb_get(data, "/object/a/b/1"), 0));
}

static void walks_arrays_and_objects(const gb_value *data) {
  static const char *const KEYS[] = {"null", "true", "false", "int", "num", "big", "id", "number id", "str", "array", "object"};
  const gb_value *value = gb_first(data);
  size_t i;
  for (i = 0; i < sizeof KEYS / sizeof KEYS[0]; i++, value = gb_next(value)) {
    CHECK_TEXT(KEYS[i], gb_key(value));
    CHECK(value == gb_at(data, i));
  }
  CHECK(gb_kind_of(value) == GB_KIND_MISSING);
  value = gb_get(data, "/array");
  CHECK_INT(1, gb_int(gb_first(value), 0));
  CHECK_INT(2, gb_int(gb_first(gb_next(gb_first(value))), 0));
  CHECK_INT(GB_KIND_OBJECT, gb_kind_of(gb_at(value, 2)));
  CHECK(gb_key(gb_at(value, 0)) == NULL);
  CHECK_INT(GB_KIND_MISSING, gb_kind_of(gb_at(value, 3)));
  CHECK_INT(GB_KIND_MISSING, gb_kind_of(gb_first(gb_at(value, 2))));
}

static void gives_back_the_json_itself(const gb_value *data) {
  size_t length = 0;
  const char *json = gb_json(gb_get(data, "/array"), &length);
  CHECK(json != NULL && length == 10 && memcmp(json, "[1,[2],{}]", 10) == 0);
  json = gb_json(gb_get(data, "/big"), &length);
  CHECK(json != NULL && length == 20 && memcmp(json, "18446744073709551616", 20) == 0);
}

static void reads_strings(const gb_value *data) {
  CHECK_TEXT("\"\\/\b\f\n\r\t", gb_str(gb_get(data, "/escapes"), NULL));
  CHECK_INT(3, gb_len(gb_get(data, "/nul")));
  CHECK(memcmp(gb_str(gb_get(data, "/nul"), ""), "a\0b", 4) == 0);
  CHECK_TEXT("\xf0\x9f\x98\x80", gb_str(gb_get(data, "/pair"), NULL));
  CHECK_TEXT("\xc3\xa9", gb_str(gb_get(data, "/utf8"), NULL));
  CHECK_TEXT("", gb_str(gb_get(data, "/empty"), NULL));
  CHECK_TEXT("else", gb_str(gb_get(data, "/none"), "else"));
  CHECK(gb_str(gb_get(data, "/a~1b"), NULL) == NULL);
  CHECK_INT(1, gb_int(gb_get(data, "/a~1b"), 0));
  CHECK_INT(2, gb_int(gb_get(data, "/m~0n"), 0));
  CHECK_INT(3, gb_int(gb_get(data, "/"), 0));
  CHECK_INT(2, gb_int(gb_get(data, "/twice"), 0));
}

/* NULL in gives NULL out, and the fallback, all the way down. */
static void null_is_a_value_that_is_not_there(void) {
  CHECK(gb_get(NULL, "/a") == NULL && gb_at(NULL, 0) == NULL && gb_first(NULL) == NULL && gb_next(NULL) == NULL);
  CHECK(gb_key(NULL) == NULL && gb_kind_of(NULL) == GB_KIND_MISSING && gb_len(NULL) == 0);
  CHECK_INT(3, gb_int(gb_get(gb_at(gb_get(NULL, "/a"), 1), "/b"), 3));
  CHECK_TEXT("x", gb_str(NULL, "x"));
}

int main(void) {
  gb_client *gb = new_client();
  int listener = raw_listen(raw_path());
  gb_conn conn;
  gb_event *copy;
  const gb_value *data;
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, answering_discord, &listener) == 0);
  conn = connect_ipc(gb, raw_path());
  AWAIT(gb, GB_EVENT_CONNECTED, conn, NULL);
  null_is_a_value_that_is_not_there();

  data = ask(gb, conn);
  reads_kinds_and_numbers(data);
  walks_arrays_and_objects(data);
  gives_back_the_json_itself(data);

  /* A copy says the same when its event, its connection and its client are gone. */
  CHECK_OK(gb_send(gb, conn, "ASK", NULL, 2));
  copy = gb_event_copy(AWAIT_REPLY(gb, conn, 2));
  CHECK(copy != NULL && copy->tag == 2);
  reads_strings(copy->data);

  data = ask(gb, conn);
  CHECK_INT(3, gb_len(data));
  CHECK_TEXT("second", gb_str(gb_get(data, "/1"), NULL));
  CHECK_TEXT("third", gb_str(gb_at(data, 2), NULL));
  CHECK(gb_kind_of(gb_get(data, "/01")) == GB_KIND_MISSING && gb_kind_of(gb_get(data, "/-")) == GB_KIND_MISSING);

  data = ask(gb, conn);
  CHECK(gb_kind_of(data) == GB_KIND_NULL || data == NULL);

  gb_client_free(gb);
  pthread_join(thread, NULL);
  close(listener);
  reads_strings(copy->data);
  gb_event_free(copy);
  gb_event_free(NULL);
  return 0;
}
