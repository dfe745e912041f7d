/* The values with which every export is provoked; the calls are written by xtask/src/provocation.rs.
 *
 * For each parameter's type: N_type is how many values there are, V_type(i) is the i-th. 0 is NULL or nothing, 1 is valid.
 * Pointers are NULL or lead to what they should lead to, with garbage in it: a wild pointer is beyond any library. */
#ifndef PROVOKE_H
#define PROVOKE_H

#include "host.h"

#include <math.h>

#ifdef PROVOKE_PANICS
/* Only in the build with the feature `panic-probe`: while on, every export panics inside its boundary. */
void gb_panic_probe(bool on);
#define PROVOKE_PANIC(on) gb_panic_probe(on)
#else
#define PROVOKE_PANIC(on) ((void)0)
#endif

static host provoke_host;
static gb_client *provoke_gb;
static gb_conn provoke_live, provoke_stale;
static gb_event *provoke_event;
static gb_args *provoke_args;
static long provoke_calls;

/* What the calls write to, and what they were given to own. */
static gb_client *provoke_out_client, *provoke_own_client;
static gb_event *provoke_own_event;
static gb_args *provoke_own_args;
static gb_conn provoke_out_conn;
static size_t provoke_out_size;

static char provoke_deep[4097];
static char provoke_long[100001];

#define N_client 2
#define V_client(i) ((i) == 0 ? NULL : provoke_gb)
#define N_out_client 2
#define V_out_client(i) ((i) == 0 ? NULL : &provoke_out_client)
#define N_out_conn 2
#define V_out_conn(i) ((i) == 0 ? NULL : &provoke_out_conn)
#define N_out_size 2
#define V_out_size(i) ((i) == 0 ? NULL : &provoke_out_size)

#define N_own_client 2
#define V_own_client(i) ((i) == 0 ? NULL : (provoke_own_client = new_client()))
#define N_own_event 2
#define V_own_event(i) ((i) == 0 ? NULL : (provoke_own_event = gb_event_copy(provoke_event)))
#define N_own_args 2
#define V_own_args(i) ((i) == 0 ? NULL : (provoke_own_args = gb_args_new()))

#define N_conn 5
static inline gb_conn V_conn(int i) {
  const gb_conn values[N_conn] = {0, provoke_live, provoke_stale, provoke_host.server, UINT32_MAX};
  return values[i];
}

#define N_text 11
static inline const char *V_text(int i) {
  static const char *const values[N_text] = {NULL,
                                             "rpc",
                                             "",
                                             "{}",
                                             "{\"client_id\":7,\"activity\":[],\"evt\":{}}",
                                             "{\"unfinished\":",
                                             "\xff\xfe\xc0\xaf",
                                             "/\x01~2/%n%s\r\n",
                                             "SET_ACTIVITY",
                                             provoke_deep,
                                             provoke_long};
  return values[i];
}

#define N_event 2
#define V_event(i) ((i) == 0 ? NULL : (const gb_event *)provoke_event)
#define N_value 3
static inline const gb_value *V_value(int i) {
  return i == 0 ? NULL : i == 1 ? provoke_event->data : gb_get(provoke_event->data, "/user/username");
}
#define N_args 2
#define V_args(i) ((i) == 0 ? NULL : provoke_args)

#define N_options 6
static inline const gb_options *V_options(int i) {
  static const gb_options valid = GB_OPTIONS_INIT;
  static const gb_options empty = {0, 0, 0, 0}, small = {1, 2, 3, 4}, wild = {sizeof(gb_options), 1, 1, UINT32_MAX};
  /* A struct of a later version: longer than ours, and not zero there. */
  static const struct {
    gb_options known;
    uint32_t unknown[4];
  } later = {{sizeof(gb_options) + 16, 0, 0, 0}, {1, 2, 3, 4}};
  const gb_options *const values[N_options] = {NULL, &valid, &empty, &small, &wild, &later.known};
  return values[i];
}

#define N_request 7
static inline const gb_request *V_request(int i) {
  static gb_request values[N_request];
  size_t size = sizeof(gb_request);
  memset(values, 0, sizeof values);
  values[1].size = (uint32_t)size;
  values[1].command = "GET_GUILDS";
  values[1].tag = 3;
  values[2].command = "GET_GUILDS"; /* size 0 */
  values[3].size = 1;
  values[4].size = (uint32_t)size; /* no command */
  values[5] = values[1];
  values[5].args = "{\"a\":1}garbage";
  values[5].args_len = 14;
  values[5].timeout_ms = 1;
  values[6] = values[1];
  values[6].args_len = 5; /* lengths without the pointers that they speak of */
  values[6].bytes_len = SIZE_MAX;
  return i == 0 ? NULL : &values[i];
}

#define N_activity 9
static inline const gb_activity *V_activity(int i) {
  static gb_activity values[N_activity];
  size_t size = sizeof(gb_activity);
  int at;
  memset(values, 0, sizeof values);
  for (at = 1; at < N_activity; at++) values[at].size = (uint32_t)size;
  values[1].state = "In a match";
  values[1].party_id = "party";
  values[1].join_secret = "secret";
  values[2].size = 0;
  values[3].size = 5;
  values[4].state = "\xff\xfe\xc0\xaf";
  values[5].details = values[5].join_secret = provoke_long;
  values[6].type = values[6].status_display_type = values[6].party_privacy = UINT32_MAX;
  values[6].supported_platforms = values[6].instance = UINT32_MAX;
  values[7].start = values[7].end = INT64_MIN;
  values[7].party_size = values[7].party_max = INT32_MIN;
  values[8].button1_label = values[8].button2_url = "";
  values[8].button2_label = "/\x01~2/%n%s\r\n";
  return i == 0 ? NULL : &values[i];
}

/* What is valid is written, into the private folder that the suite gives to every run. */
#define N_launch 7
static inline const gb_launch *V_launch(int i) {
  static gb_launch values[N_launch];
  size_t size = sizeof(gb_launch);
  memset(values, 0, sizeof values);
  values[1].size = (uint32_t)size;
  values[1].application_id = "99";
  values[2].application_id = "99"; /* size 0 */
  values[3].size = (uint32_t)size; /* no id */
  values[4] = values[1];
  values[4].application_id = "../99";
  values[5] = values[1];
  values[5].command = provoke_long;
  values[5].name = "\xff\xfe";
  values[6] = values[1];
  values[6].command = "'";
  values[6].steam_id = "x";
  return i == 0 ? NULL : &values[i];
}

/* A wait may be forever, but somebody wakes it. */
#define N_timeout 5
static inline int32_t V_timeout(int i) {
  static const int32_t values[N_timeout] = {0, 1, -1, INT32_MIN, INT32_MAX};
  gb_wake(provoke_gb);
  return values[i];
}

#define N_int32 6
static inline int32_t V_int32(int i) {
  static const int32_t values[N_int32] = {0, GB_ERR_CLOSED, 1, -99, INT32_MIN, INT32_MAX};
  return values[i];
}
#define N_uint32 4
static inline uint32_t V_uint32(int i) {
  static const uint32_t values[N_uint32] = {0, 1, 77, UINT32_MAX};
  return values[i];
}
#define N_int64 5
static inline int64_t V_int64(int i) {
  static const int64_t values[N_int64] = {0, 1, -1, INT64_MIN, INT64_MAX};
  return values[i];
}
#define N_uint64 4
static inline uint64_t V_uint64(int i) {
  static const uint64_t values[N_uint64] = {0, 1, 77, UINT64_MAX};
  return values[i];
}
#define N_size 4
static inline size_t V_size(int i) {
  static const size_t values[N_size] = {0, 1, 1000, SIZE_MAX};
  return values[i];
}
#define N_number 7
static inline double V_number(int i) {
  const double values[N_number] = {0.0, 1.5, -0.0, 1e308, (double)NAN, (double)INFINITY, -(double)INFINITY};
  return values[i];
}
#define N_truth 2
#define V_truth(i) ((i) == 1)

/* Frees what a call made, and keeps the queue from filling with what it caused. */
static inline void provoke_after(void) {
  int i;
  PROVOKE_PANIC(false);
  provoke_calls++;
  if (provoke_out_client != NULL) gb_client_free(provoke_out_client);
  if (provoke_out_conn != 0) (void)gb_disconnect(provoke_gb, provoke_out_conn);
#ifdef PROVOKE_PANICS
  /* The call that should have freed these panicked. */
  if (provoke_own_client != NULL) gb_client_free(provoke_own_client);
  gb_event_free(provoke_own_event);
  gb_args_free(provoke_own_args);
#endif
  provoke_out_client = provoke_own_client = NULL;
  provoke_own_event = NULL;
  provoke_own_args = NULL;
  provoke_out_conn = 0;
  for (i = 0; i < 4 && gb_poll(provoke_gb) != NULL; i++) continue;
}

static inline void provoke_wrong(const char *name, const char *what) {
  fprintf(stderr, "%s: %s (last error: %s)\n", name, what, gb_last_error());
  exit(1);
}

/* Ways to look at what a call returned. With PROVOKE_PANICS every one of them must be the answer of a caught panic, and
 * the thread's last error must say something. */
#ifdef PROVOKE_PANICS
#define PROVOKE_EXPECT(condition, name, what) ((condition) ? (void)0 : provoke_wrong(name, what))
#else
#define PROVOKE_EXPECT(condition, name, what) ((void)0)
#endif

static inline void provoke_status(const char *name, gb_status status) {
#ifdef PROVOKE_PANICS
  if (status != GB_ERR_PANIC) provoke_wrong(name, "a panic did not become GB_ERR_PANIC");
#else
  if (status > 0 || status < GB_ERR_PANIC) provoke_wrong(name, "no known status");
  if (status == GB_ERR_PANIC) provoke_wrong(name, "it panicked");
#endif
  if (status == GB_OK) return;
  if (gb_last_error()[0] == '\0') provoke_wrong(name, "an error without a sentence");
  if (provoke_out_conn != 0 || provoke_out_client != NULL) provoke_wrong(name, "an output was written on failure");
}

/* Reads all of it, for a sanitizer to see. */
static inline void provoke_read(const char *text, size_t length) {
  static volatile unsigned char sum;
  size_t i;
  for (i = 0; i < length; i++) sum = (unsigned char)(sum + (unsigned char)text[i]);
}

#define LOOK(name, type, call, look)                                                                                   \
  do {                                                                                                                 \
    type got;                                                                                                          \
    provoke_out_size = 0;                                                                                              \
    PROVOKE_PANIC(true);                                                                                               \
    got = (call);                                                                                                      \
    PROVOKE_PANIC(false);                                                                                              \
    look;                                                                                                              \
    provoke_after();                                                                                                   \
  } while (0)

#define LOOK_VOID(name, call) LOOK(name, int, ((call), 0), (void)got)
#define LOOK_STATUS(name, call) LOOK(name, gb_status, call, provoke_status(#name, got))
#define LOOK_NUMBER(name, call) LOOK(name, double, (double)(call), (void)got)
#define LOOK_HANDLE(name, call)                                                                                        \
  LOOK(name, intptr_t, call, PROVOKE_EXPECT(got <= 0, #name, "a panic gave a handle"); (void)got)
#define LOOK_POINTER(name, call)                                                                                       \
  LOOK(name, const void *, call, PROVOKE_EXPECT(got == NULL, #name, "a panic gave a pointer"); (void)got)
#define LOOK_TEXT(name, call) LOOK(name, const char *, call, if (got != NULL) provoke_read(got, strlen(got)))
#define LOOK_BYTES(name, call) LOOK(name, const char *, call, if (got != NULL) provoke_read(got, provoke_out_size))
#define LOOK_OWNED(name, type, free, call)                                                                             \
  LOOK(name, type *, call, PROVOKE_EXPECT(got == NULL, #name, "a panic gave a pointer"); free(got))

static inline void provoke_begin(void) {
  memset(provoke_deep, '[', sizeof provoke_deep - 1);
  memset(provoke_long, 'x', sizeof provoke_long - 1);
  provoke_host = host_start();
  provoke_gb = provoke_host.gb;
  provoke_args = gb_args_new();
  CHECK(provoke_args != NULL);
  provoke_stale = connect_ipc(provoke_gb, provoke_host.ipc);
  AWAIT(provoke_gb, GB_EVENT_CONNECTED, provoke_stale, NULL);
  CHECK_OK(gb_disconnect(provoke_gb, provoke_stale));
  AWAIT(provoke_gb, GB_EVENT_DISCONNECTED, provoke_stale, NULL);
  provoke_live = connect_websocket(provoke_gb, &provoke_host);
  provoke_event = gb_event_copy(AWAIT(provoke_gb, GB_EVENT_CONNECTED, provoke_live, NULL));
  CHECK(provoke_event != NULL && provoke_event->data != NULL);
}

/* After all that a new connection is served as if nothing had been. The live one may have been closed by a call. */
static inline int provoke_end(void) {
  gb_client *gb = new_client();
  gb_conn conn;
  host h;
#ifdef PROVOKE_PANICS
  h = provoke_host;
#else
  h = host_start();
#endif
  conn = connect_websocket(gb, &h);
  AWAIT(gb, GB_EVENT_CONNECTED, conn, NULL);
  CHECK_OK(gb_send(gb, conn, "GET_GUILDS", NULL, 5));
  (void)AWAIT_REPLY(gb, conn, 5);
  gb_client_free(gb);
  if (h.gb != provoke_gb) gb_client_free(h.gb);
  gb_event_free(provoke_event);
  gb_args_free(provoke_args);
  gb_client_free(provoke_gb);
  printf("%ld calls\n", provoke_calls);
  return 0;
}

#endif
