/* Our Gateway client against discord-digital-twin, which serves bots for discord.js: the API asked where the Gateway is, READY,
 * a guild, a message that somebody posts; then the session is taken away, and a new one begins; at last a token that is none.
 *
 *   against_twin <api> <gateway> <token>
 *
 * Speaks with the script that runs us by lines: prints `post` and `close`, and goes on. The twin compresses nothing, whatever
 * it is asked for, and answers neither RESUME nor requests for members. */
#include "check.h"

static gb_conn open_by(gb_client *gb, const char *member, const char *address, const char *token) {
  gb_conn conn = 0;
  gb_args *params = gb_args_new();
  gb_args_str(params, "/token", token);
  /* GUILDS, GUILD_MESSAGES, MESSAGE_CONTENT. */
  gb_args_int(params, "/intents", 1 + 512 + 32768);
  gb_args_str(params, member, address);
  CHECK_OK(gb_connect(gb, "gateway", gb_args_json(params, NULL), &conn));
  gb_args_free(params);
  return conn;
}

static void is_in_its_guild(gb_client *gb, gb_conn conn) {
  const gb_event *ev = AWAIT(gb, GB_EVENT_CONNECTED, conn, NULL);
  CHECK(ev->seq == 1 && ev->peer == 0 && (ev->flags & GB_FLAG_RESUMED) == 0);
  CHECK_TEXT("Twin", gb_str(gb_get(ev->data, "/user/username"), NULL));
  ev = AWAIT(gb, GB_EVENT_DISPATCH, conn, "GUILD_CREATE");
  CHECK(ev->seq == 2);
  CHECK_TEXT("quay", gb_str(gb_get(ev->data, "/channels/0/name"), NULL));
}

static void hears(gb_client *gb, gb_conn conn, const char *content) {
  const gb_event *ev;
  puts("post");
  ev = AWAIT(gb, GB_EVENT_DISPATCH, conn, "MESSAGE_CREATE");
  CHECK_TEXT(content, gb_str(gb_get(ev->data, "/content"), NULL));
  CHECK_TEXT("ada", gb_str(gb_get(ev->data, "/author/username"), NULL));
}

static void sends(gb_client *gb, gb_conn conn) {
  gb_request request = GB_REQUEST_INIT;
  const gb_event *ev;
  CHECK_OK(gb_send(gb, conn, "PRESENCE_UPDATE", "{\"since\":null,\"activities\":[],\"status\":\"idle\",\"afk\":false}", 1));
  CHECK_OK(AWAIT_REPLY(gb, conn, 1)->status);
  request.timeout_ms = 200;
  request.command = "REQUEST_GUILD_MEMBERS";
  request.args = "{\"guild_id\":\"1\",\"query\":\"\",\"limit\":0,\"gather\":true}";
  request.tag = 2;
  CHECK_OK(gb_send_request(gb, conn, &request));
  CHECK_STATUS(GB_ERR_TIMEOUT, AWAIT_REPLY(gb, conn, 2)->status);
  CHECK_OK(gb_send(gb, conn, "GET_SHARDS", NULL, 3));
  ev = AWAIT_REPLY(gb, conn, 3);
  CHECK_TEXT("ready", gb_str(gb_get(ev->data, "/shards/0/state"), NULL));
}

int main(int argc, char **argv) {
  gb_client *gb = new_client();
  gb_conn conn;
  const gb_event *ev;
  CHECK(argc == 4);
  setvbuf(stdout, NULL, _IOLBF, 4096);
  conn = open_by(gb, "/api", argv[1], argv[3]);
  is_in_its_guild(gb, conn);
  hears(gb, conn, "message 1");
  sends(gb, conn);

  puts("close");
  ev = AWAIT(gb, GB_EVENT_RECONNECTING, conn, NULL);
  CHECK(ev->code == 4009 && (ev->flags & GB_FLAG_RETRYING) != 0);
  is_in_its_guild(gb, conn);
  hears(gb, conn, "message 2");
  CHECK_OK(gb_disconnect(gb, conn));
  CHECK_OK(AWAIT(gb, GB_EVENT_DISCONNECTED, conn, NULL)->status);

  conn = open_by(gb, "/url", argv[2], "another");
  ev = AWAIT(gb, GB_EVENT_DISCONNECTED, conn, NULL);
  CHECK_STATUS(GB_ERR_AUTH, ev->status);
  CHECK(ev->code == 4004 && (ev->flags & GB_FLAG_FATAL) != 0);
  puts("done");
  gb_client_free(gb);
  return 0;
}
