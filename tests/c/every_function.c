/* Every function of the header, used as a game would use it. Compiles as C99 to C2x and as C++11 to C++20. */
#include "host.h"

#if defined(__unix__) || defined(__APPLE__)
#include <poll.h>
#endif

static void says_its_version_and_its_statuses(void) {
  gb_status status;
  CHECK_INT(GB_VERSION, gb_version());
  for (status = GB_OK; status >= GB_ERR_PANIC; status--) {
    CHECK(gb_status_str(status) != NULL && gb_status_str(status)[0] != '\0');
    CHECK(status == GB_OK || strcmp(gb_status_str(status), gb_status_str(GB_OK)) != 0);
  }
  CHECK(gb_status_str(12345) != NULL);
}

static void makes_and_frees_clients(void) {
  gb_options options = GB_OPTIONS_INIT;
  gb_client *gb = NULL;
  options.queue_bytes = 1u << 20;
  options.shutdown_ms = 200;
  CHECK_OK(gb_client_new(&options, &gb));
  CHECK(gb_poll(gb) == NULL && gb_wait(gb, 0) == NULL);
  gb_client_free(gb);
  gb_client_free(NULL);
  CHECK_STATUS(GB_ERR_ARGUMENT, gb_client_new(NULL, NULL));
  CHECK(gb_last_error()[0] != '\0');
}

#if defined(__unix__) || defined(__APPLE__)
/* Polls until there is nothing and the handle is quiet. It may still be set for what was just taken, for as long as the
 * library's thread, having published, is on its way from setting it. */
static void comes_to_rest(gb_client *gb, struct pollfd *handle) {
  int tries;
  for (tries = 0; tries < CHECK_PATIENCE_S * 1000; tries++) {
    while (gb_poll(gb) != NULL) continue;
    if (poll(handle, 1, 0) == 0) return;
    (void)poll(NULL, 0, 1);
  }
  CHECK(!"the handle is quiet when all is polled");
}
#endif

/* Signalled while something can be polled, not read by us, quiet when all is polled. */
static void the_handle_follows_the_queue(gb_client *gb, gb_conn conn) {
#if defined(__unix__) || defined(__APPLE__)
  struct pollfd handle;
  handle.fd = (int)gb_wakeup_handle(gb);
  handle.events = POLLIN;
  CHECK(handle.fd >= 0);
  comes_to_rest(gb, &handle);
  CHECK_OK(gb_send(gb, conn, "SET_ACTIVITY", "{}", 77));
  CHECK_INT(1, poll(&handle, 1, CHECK_PATIENCE_S * 1000));
  CHECK(AWAIT_REPLY(gb, conn, 77) != NULL);
  comes_to_rest(gb, &handle);
#else
  CHECK(gb_wakeup_handle(gb) != 0);
  (void)conn;
#endif
}

static void a_wake_ends_a_wait(gb_client *gb) {
  gb_wake(gb);
  while (gb_wait(gb, CHECK_PATIENCE_S * 1000) != NULL) continue;
}

/* Builds an activity without pasting strings, and sends it. */
static void sends_what_the_builder_built(gb_client *gb, gb_conn conn) {
  gb_args *args = gb_args_new();
  size_t length = 0;
  const char *json;
  CHECK(args != NULL);
  gb_args_str(args, "/activity/state", "\"quoted\" \\ and new\nline");
  gb_args_str(args, "/activity/details", "In a match");
  gb_args_int(args, "/activity/party/size/0", 2);
  gb_args_int(args, "/activity/party/size/1", 5);
  gb_args_str(args, "/activity/party/id", "party");
  gb_args_num(args, "/activity/timestamps/start", 1700000000.0);
  gb_args_bool(args, "/activity/instance", true);
  gb_args_id(args, "/nonsense/id", UINT64_MAX);
  gb_args_raw(args, "/nonsense/raw", "[null, {\"a\": 1.5}]");
  json = gb_args_json(args, &length);
  CHECK(json != NULL && length == strlen(json));
  CHECK(strstr(json, "\\\"quoted\\\" \\\\ and new\\nline") != NULL);
  CHECK(strstr(json, "\"18446744073709551615\"") != NULL && strstr(json, "[2,5]") != NULL);
  CHECK(strstr(json, "1.5") != NULL && strstr(json, "null") != NULL);
  CHECK(strstr(json, "1700000000") != NULL && strstr(json, "true") != NULL);
  gb_args_clear(args);
  CHECK_TEXT("{}", gb_args_json(args, NULL));
  gb_args_str(args, "/activity/state", "In menu");
  CHECK_OK(gb_send(gb, conn, "SET_ACTIVITY", gb_args_json(args, NULL), 11));
  CHECK_OK(AWAIT_REPLY(gb, conn, 11)->status);
  /* One sticky error: a path that cannot be, and what follows changes nothing. */
  gb_args_str(args, "no slash", "x");
  gb_args_str(args, "/activity/details", "Later");
  CHECK_TEXT("", gb_args_json(args, &length));
  CHECK(strstr(gb_last_error(), "no slash") != NULL);
  CHECK_STATUS(GB_ERR_ARGUMENT, gb_send(gb, conn, "SET_ACTIVITY", gb_args_json(args, NULL), 12));
  CHECK(strstr(gb_last_error(), "no slash") != NULL);
  gb_args_free(args);
  gb_args_free(NULL);
}

static void requests_and_cancels(gb_client *gb, gb_conn conn) {
  gb_request request = GB_REQUEST_INIT;
  const gb_event *ev;
  request.timeout_ms = CHECK_PATIENCE_S * 1000;
  request.command = "SUBSCRIBE";
  request.args = "{\"evt\":\"ACTIVITY_JOIN\"}";
  request.args_len = strlen(request.args);
  request.tag = 21;
  CHECK_OK(gb_send_request(gb, conn, &request));
  ev = AWAIT_REPLY(gb, conn, 21);
  CHECK_OK(ev->status);
  CHECK_TEXT("SUBSCRIBE", ev->name);
  CHECK_TEXT("ACTIVITY_JOIN", gb_str(gb_get(ev->data, "/evt"), NULL));
  request.size = 1;
  CHECK(gb_send_request(gb, conn, &request) != GB_OK);
  /* Cancelled or already answered: one reply in any case. */
  CHECK_OK(gb_send(gb, conn, "SET_ACTIVITY", "{}", 22));
  CHECK_OK(gb_cancel(gb, conn, 22));
  ev = AWAIT_REPLY(gb, conn, 22);
  CHECK(ev->status == GB_OK || ev->status == GB_ERR_CANCELLED);
}

static void refuses_with_a_sentence_that_names_the_field(gb_client *gb, gb_conn conn) {
  CHECK_STATUS(GB_ERR_ARGUMENT, gb_send(gb, conn, "SET_ACTIVITY", "{\"activity\":{\"state\":\"x\"}}", 31));
  CHECK(strstr(gb_last_error(), "activity.state") != NULL);
  CHECK_STATUS(GB_ERR_ARGUMENT, gb_send(gb, conn, "SET_ACTIVITY", "{", 31));
  CHECK_STATUS(GB_ERR_ARGUMENT, gb_send(gb, conn, NULL, NULL, 31));
  CHECK(gb_send(gb, conn + 1000, "GET_GUILDS", NULL, 31) != GB_OK);
}

/* A REQUEST of the server is settled once, by the host. */
static void the_host_answers(host *h, gb_client *gb, gb_conn conn) {
  const gb_event *request;
  uint64_t id;
  CHECK_OK(gb_send(gb, conn, "AUTHORIZE", "{\"client_id\":\"" CLIENT_ID "\",\"scopes\":[\"rpc\",\"identify\"]}", 41));
  request = AWAIT(h->gb, GB_EVENT_REQUEST, h->server, "AUTHORIZE");
  id = request->tag;
  CHECK(id != 0);
  CHECK_OK(gb_answer(h->gb, h->server, id, GB_OK, NULL));
  /* A second answer comes too late to change anything; the log says so. */
  CHECK_OK(gb_answer(h->gb, h->server, id, GB_ERR_AUTH, NULL));
  CHECK(strstr(AWAIT(h->gb, GB_EVENT_LOG, h->server, NULL)->message, "answered already") != NULL);
  CHECK_STATUS(GB_ERR_ARGUMENT, gb_answer(h->gb, h->server, 0, GB_OK, NULL));
  {
    const gb_event *reply = AWAIT_REPLY(gb, conn, 41);
    CHECK_OK(reply->status);
    CHECK(gb_len(gb_get(reply->data, "/code")) > 0);
  }
}

/* Values of the event that a connection begins with. */
static void reads_values(const gb_event *connected) {
  const gb_value *user = gb_get(connected->data, "/user");
  const gb_value *member;
  size_t members = 0, length = 0;
  bool found = false;
  CHECK_INT(GB_KIND_OBJECT, gb_kind_of(user));
  CHECK(gb_id(gb_get(user, "/id")) != 0);
  CHECK(gb_len(gb_get(user, "/username")) == strlen(gb_str(gb_get(user, "/username"), "")));
  for (member = gb_first(user); gb_kind_of(member) != GB_KIND_MISSING; member = gb_next(member), members++)
    if (strcmp(gb_key(member), "username") == 0) found = true;
  CHECK(found && members == gb_len(user));
  CHECK(gb_at(user, 0) == gb_first(user));
  CHECK_INT(1, gb_int(gb_get(connected->data, "/v"), 0));
  CHECK(gb_num(gb_get(connected->data, "/v"), 0) == 1.0);
  CHECK(gb_bool(gb_get(user, "/nothing"), true));
  CHECK(gb_json(user, &length) != NULL && length > 2);
}

/* An activity without JSON; what is wrong in it is named. */
static void shows_what_the_player_does(gb_client *gb, gb_conn conn) {
  gb_activity activity = GB_ACTIVITY_INIT;
  const gb_event *ev;
  activity.state = "In a group";
  activity.details = "Capture the flag";
  activity.party_id = "party";
  activity.party_size = 2;
  activity.party_max = 4;
  activity.party_privacy = GB_PARTY_PUBLIC;
  activity.join_secret = "come in";
  activity.supported_platforms = GB_PLATFORM_DESKTOP;
  CHECK_OK(gb_set_activity(gb, conn, &activity, 41));
  ev = AWAIT_REPLY(gb, conn, 41);
  CHECK_OK(ev->status);
  CHECK_TEXT("In a group", gb_str(gb_get(ev->data, "/state"), NULL));
  CHECK_INT(2, gb_int(gb_get(ev->data, "/party/size/0"), 0));
  CHECK_INT(1, gb_int(gb_get(ev->data, "/party/privacy"), 0));
  CHECK_TEXT("come in", gb_str(gb_get(ev->data, "/secrets/join"), NULL));
  CHECK_TEXT("desktop", gb_str(gb_get(ev->data, "/supported_platforms/0"), NULL));
  activity.details = "x";
  CHECK_STATUS(GB_ERR_ARGUMENT, gb_set_activity(gb, conn, &activity, 42));
  CHECK(strstr(gb_last_error(), "activity.details: ") == gb_last_error());
  CHECK_OK(gb_clear_activity(gb, conn, 43));
  ev = AWAIT_REPLY(gb, conn, 43);
  CHECK_OK(ev->status);
  CHECK_INT(GB_KIND_NULL, gb_kind_of(ev->data));
  /* Nobody asked. */
  CHECK_OK(gb_reply_join(gb, conn, 53908232506183680u, true, 44));
  CHECK_STATUS(GB_ERR_REMOTE, AWAIT_REPLY(gb, conn, 44)->status);
}

/* The suite gives every run folders of its own to register in. */
static void registers_what_starts_the_game(void) {
  gb_launch launch = GB_LAUNCH_INIT;
  launch.application_id = "192741864418312192";
  launch.name = "Every function";
  CHECK_OK(gb_register_launch(&launch));
  launch.command = "\"/opt/my game/game\" --fast";
  CHECK_OK(gb_register_launch(&launch));
  launch.command = NULL;
#ifndef _WIN32 /* There it is looked up where Steam is. */
  launch.steam_id = "440";
  CHECK_OK(gb_register_launch(&launch));
#endif
  launch.steam_id = "x";
  CHECK_STATUS(GB_ERR_ARGUMENT, gb_register_launch(&launch));
  CHECK(strstr(gb_last_error(), "steam_id: ") == gb_last_error());
  CHECK_OK(gb_unregister_launch(launch.application_id));
  CHECK_OK(gb_unregister_launch(launch.application_id));
  CHECK_STATUS(GB_ERR_ARGUMENT, gb_unregister_launch("../1"));
  CHECK(strstr(gb_last_error(), "application_id: ") == gb_last_error());
}

int main(void) {
  host h;
  gb_client *gb;
  gb_conn websocket, ipc;
  gb_event *copy;
  const gb_event *last;
  says_its_version_and_its_statuses();
  makes_and_frees_clients();
  registers_what_starts_the_game();
  h = host_start_with(SERVE_AND_ASK_PARAMS);
  gb = new_client();
  websocket = connect_websocket(gb, &h);
  copy = gb_event_copy(AWAIT(gb, GB_EVENT_CONNECTED, websocket, NULL));
  CHECK(copy != NULL);
  ipc = connect_ipc(gb, h.ipc);
  CHECK(ipc != websocket);
  AWAIT(gb, GB_EVENT_CONNECTED, ipc, NULL);

  reads_values(copy);
  sends_what_the_builder_built(gb, ipc);
  shows_what_the_player_does(gb, ipc);
  requests_and_cancels(gb, ipc);
  refuses_with_a_sentence_that_names_the_field(gb, ipc);
  the_handle_follows_the_queue(gb, ipc);
  a_wake_ends_a_wait(gb);
  the_host_answers(&h, gb, websocket);

  CHECK_OK(gb_disconnect(gb, websocket));
  last = AWAIT(gb, GB_EVENT_DISCONNECTED, websocket, NULL);
  CHECK_OK(last->status);
  CHECK_STATUS(GB_ERR_CLOSED, gb_send(gb, websocket, "GET_GUILDS", NULL, 1));
  gb_client_free(gb);
  gb_client_free(h.gb);
  reads_values(copy);
  gb_event_free(copy);
  return 0;
}
