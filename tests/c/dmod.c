/* The dmod gateway, C to C: a sandbox with a guild and its moderator, and a client that looks after it. The rules of both are
 * tried closer in proto/tests/dmod; here the whole way is shown, over real sockets. */
#include "check.h"

enum { LONGEST = 2048 };

#define TEXT 256

/* What the reply to this command has at `path`. */
static void ask(gb_client *gb, gb_conn conn, const char *command, const char *args, const char *path, char *out) {
  static uint64_t tag = 100;
  const gb_event *ev;
  CHECK_OK(gb_send(gb, conn, command, args, ++tag));
  ev = AWAIT_REPLY(gb, conn, tag);
  if (ev->status != GB_OK) check_failed(__FILE__, __LINE__, ev->message);
  if (out != NULL) snprintf(out, TEXT, "%s", gb_str(gb_get(ev->data, path), ""));
}

int main(void) {
  gb_client *gb = new_client();
  gb_conn sandbox = 0, dmod = 0, stranger = 0;
  char url[TEXT], ada[TEXT], guild[TEXT], role[TEXT], token[TEXT], hash[TEXT], guild_token[TEXT], args[LONGEST];
  const gb_event *ev;

  CHECK_OK(gb_serve(gb, "sandbox", NULL, &sandbox));
  ev = AWAIT(gb, GB_EVENT_CONNECTED, sandbox, NULL);
  snprintf(url, sizeof url, "%s", gb_str(gb_get(ev->data, "/dmod"), ""));
  CHECK(strncmp(url, "ws://127.0.0.1:", 15) == 0);
  ask(gb, sandbox, "USER_CREATE", "{\"username\":\"ada\"}", "/id", ada);
  snprintf(args, sizeof args, "{\"name\":\"Harbour\",\"members\":[\"%s\"]}", ada);
  ask(gb, sandbox, "GUILD_CREATE", args, "/id", guild);
  snprintf(args, sizeof args, "{\"guild_id\":\"%s\",\"name\":\"pilots\"}", guild);
  ask(gb, sandbox, "ROLE_CREATE", args, "/id", role);
  snprintf(args, sizeof args, "{\"user_id\":\"%s\",\"hash\":\"gateway-hash-of-ada\"}", ada);
  ask(gb, sandbox, "DMOD_USER", args, "/token", token);
  ask(gb, sandbox, "DMOD_USER", args, "/hash", hash);
  CHECK_TEXT("gateway-hash-of-ada", hash);
  snprintf(args, sizeof args, "{\"user_id\":\"%s\",\"token\":\"%s\",\"hash\":\"%s\"}", ada, token, hash);
  ask(gb, sandbox, "DMOD_USER", args, "/token", token);
  snprintf(args, sizeof args, "{\"guild_id\":\"%s\"}", guild);
  ask(gb, sandbox, "DMOD_GUILD", args, "/token", guild_token);
  snprintf(args, sizeof args, "{\"user_id\":\"%s\",\"proccessed_type\":4}", ada);
  ask(gb, sandbox, "DMOD_NOTIFY", args, NULL, NULL);

  /* What does not fit is refused at the call. */
  CHECK_STATUS(GB_ERR_ARGUMENT, gb_connect(gb, "dmod", NULL, &dmod));
  CHECK_STATUS(GB_ERR_ARGUMENT, gb_connect(gb, "dmod", "{\"url\":\"ws://example.com\"}", &dmod));
  CHECK(strstr(gb_last_error(), "dmod: url") != NULL);

  /* Let in, with what was missed. */
  snprintf(args, sizeof args, "{\"url\":\"%s\",\"token\":\"%s\",\"uid\":\"%s\"}", url, token, ada);
  CHECK_OK(gb_connect(gb, "dmod", args, &dmod));
  ev = AWAIT(gb, GB_EVENT_CONNECTED, dmod, NULL);
  CHECK_TEXT("APPLICATION_REVIWED", gb_str(gb_get(ev->data, "/missed_notifications/0/type"), ""));
  CHECK_INT(4, gb_int(gb_get(ev->data, "/missed_notifications/0/proccessed_type"), 0));

  /* A guild, a session, and what happens to both. */
  snprintf(args, sizeof args, "{\"token\":\"%s\",\"gid\":\"%s\"}", guild_token, guild);
  CHECK_OK(gb_send(gb, dmod, "CONNECT_GUILD", args, 1));
  ev = AWAIT_REPLY(gb, dmod, 1);
  CHECK_INT(GB_OK, ev->status);
  CHECK_INT(2, gb_int(gb_get(ev->data, "/guild/count"), 0));
  CHECK_TEXT("ada#0", gb_str(gb_get(ev->data, "/user/tag"), ""));
  snprintf(args, sizeof args, "{\"uid\":\"%s\",\"gid\":\"%s\",\"utokh\":\"%s\",\"uhash\":\"%s\"}", ada, guild, token, hash);
  CHECK_OK(gb_send(gb, dmod, "APPLICATION_SESSION", args, 2));
  ev = AWAIT_REPLY(gb, dmod, 2);
  CHECK_INT(GB_OK, ev->status);
  snprintf(args, sizeof args, "{\"guild_id\":\"%s\",\"user_id\":\"%s\",\"roles\":[\"%s\"]}", guild, ada, role);
  ask(gb, sandbox, "MEMBER_EDIT", args, NULL, NULL);
  snprintf(args, sizeof args, "{\"guild_id\":\"%s\",\"role_id\":\"%s\",\"permissions\":[\"BAN_MEMBERS\"]}", guild, role);
  CHECK_OK(gb_send(gb, sandbox, "ROLE_EDIT", args, 0));
  ev = AWAIT(gb, GB_EVENT_DISPATCH, dmod, "GUILD_PRIVILEGE_UPDATE");
  CHECK_TEXT(ada, gb_str(gb_get(ev->data, "/id"), ""));
  AWAIT(gb, GB_EVENT_DISPATCH, dmod, "APPLICATION_SESSION_REAUTH");
  snprintf(args, sizeof args, "{\"guild_id\":\"%s\",\"user_id\":\"%s\"}", guild, ada);
  CHECK_OK(gb_send(gb, sandbox, "GUILD_LEAVE", args, 0));
  AWAIT(gb, GB_EVENT_DISPATCH, dmod, "GUILD_MEMBER_COUNT_CHANGE");
  ev = AWAIT(gb, GB_EVENT_DISPATCH, dmod, "APPLICATION_SESSION_END");
  CHECK_TEXT("left", gb_str(gb_get(ev->data, "/reason"), ""));

  /* Refused by the server, with its code. */
  CHECK_OK(gb_send(gb, dmod, "DISCONNECT_GUILD", "{\"gid\":\"5\"}", 3));
  ev = AWAIT_REPLY(gb, dmod, 3);
  CHECK_INT(GB_ERR_REMOTE, ev->status);
  CHECK_INT(10004, ev->code);
  CHECK_STATUS(GB_ERR_ARGUMENT, gb_send(gb, dmod, "CONNECT_GUILD", "{}", 4));

  /* A break, and a stranger. */
  CHECK_OK(gb_send(gb, sandbox, "DMOD_FAULT", "{\"fault\":\"drop\"}", 0));
  AWAIT(gb, GB_EVENT_RECONNECTING, dmod, NULL);
  AWAIT(gb, GB_EVENT_CONNECTED, dmod, NULL);
  AWAIT(gb, GB_EVENT_DISPATCH, dmod, "CONNECT_GUILD");
  snprintf(args, sizeof args, "{\"url\":\"%s\",\"token\":\"nobody's\"}", url);
  CHECK_OK(gb_connect(gb, "dmod", args, &stranger));
  ev = AWAIT(gb, GB_EVENT_DISCONNECTED, stranger, NULL);
  CHECK_INT(GB_ERR_AUTH, ev->status);
  CHECK_INT(4004, ev->code);

  CHECK_OK(gb_disconnect(gb, dmod));
  AWAIT(gb, GB_EVENT_DISCONNECTED, dmod, NULL);
  gb_client_free(gb);
  return 0;
}
