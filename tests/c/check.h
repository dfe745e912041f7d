/* What every program of the C suite checks with: one failed check ends the program with a sentence on standard error,
 * which is otherwise empty. Compiles as C99 and as C++11. */
#ifndef CHECK_H
#define CHECK_H

#include <gamebridge.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A machine under load, or valgrind, may be slow; a program that hangs is a failure all the same. */
#define CHECK_PATIENCE_S 20

/* Events that an await passed over, to tell of when it fails. */
static char check_passed_over[512];

static inline void check_failed(const char *file, int line, const char *what) {
  fprintf(stderr, "%s:%d: %s (last error: %s)\n", file, line, what, gb_last_error());
  exit(1);
}

static inline void check_status(const char *file, int line, const char *call, gb_status expected, gb_status got) {
  char what[640];
  if (expected == got) return;
  snprintf(what, sizeof what, "%s: expected %s (%d), got %s (%d)", call, gb_status_str(expected), (int)expected,
           gb_status_str(got), (int)got);
  check_failed(file, line, what);
}

static inline void check_text(const char *file, int line, const char *call, const char *expected, const char *got) {
  char what[1024];
  if (got != NULL && strcmp(expected, got) == 0) return;
  snprintf(what, sizeof what, "%s: expected \"%s\", got \"%s\"", call, expected, got != NULL ? got : "(NULL)");
  check_failed(file, line, what);
}

static inline void check_int(const char *file, int line, const char *call, int64_t expected, int64_t got) {
  char what[512];
  if (expected == got) return;
  snprintf(what, sizeof what, "%s: expected %" PRId64 ", got %" PRId64, call, expected, got);
  check_failed(file, line, what);
}

#define CHECK(condition) ((condition) ? (void)0 : check_failed(__FILE__, __LINE__, "not so: " #condition))
#define CHECK_STATUS(expected, call) check_status(__FILE__, __LINE__, #call, expected, call)
#define CHECK_OK(call) CHECK_STATUS(GB_OK, call)
#define CHECK_TEXT(expected, call) check_text(__FILE__, __LINE__, #call, expected, call)
#define CHECK_INT(expected, call) check_int(__FILE__, __LINE__, #call, (int64_t)(expected), (int64_t)(call))

/* A new client with the defaults. */
static inline gb_client *new_client(void) {
  gb_client *gb = NULL;
  CHECK_OK(gb_client_new(NULL, &gb));
  CHECK(gb != NULL);
  return gb;
}

/* The next event of this type, of this connection (0 for any) and with this name (NULL for any). Others are passed over,
 * and told of when it does not come. */
static inline const gb_event *await_event(const char *file, int line, gb_client *gb, gb_event_type type, gb_conn conn,
                                          const char *name) {
  const time_t start = time(NULL);
  char what[1024];
  check_passed_over[0] = '\0';
  while (time(NULL) - start < CHECK_PATIENCE_S) {
    const gb_event *ev = gb_wait(gb, 250);
    size_t used;
    if (ev == NULL) continue;
    CHECK(ev->name != NULL && ev->message != NULL);
    if (ev->type == type && (conn == 0 || ev->conn == conn) && (name == NULL || strcmp(ev->name, name) == 0)) return ev;
    used = strlen(check_passed_over);
    snprintf(check_passed_over + used, sizeof check_passed_over - used, " [%u of %u: %s, %s, %s]", (unsigned)ev->type,
             (unsigned)ev->conn, ev->name, gb_status_str(ev->status), ev->message);
  }
  snprintf(what, sizeof what, "no event of type %u named %s on %u; passed over:%s", (unsigned)type,
           name != NULL ? name : "(any)", (unsigned)conn, check_passed_over);
  check_failed(file, line, what);
  return NULL;
}
#define AWAIT(gb, type, conn, name) await_event(__FILE__, __LINE__, gb, type, conn, name)

/* The reply to this tag; others are passed over. */
static inline const gb_event *await_reply(const char *file, int line, gb_client *gb, gb_conn conn, uint64_t tag) {
  for (;;) {
    const gb_event *ev = await_event(file, line, gb, GB_EVENT_REPLY, conn, NULL);
    if (ev->tag == tag) return ev;
  }
}
#define AWAIT_REPLY(gb, conn, tag) await_reply(__FILE__, __LINE__, gb, conn, tag)

#endif
