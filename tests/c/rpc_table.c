/* Every command and every event of local RPC, from our own client to our own server: a row each for what works, what is
 * refused and with which code. The server holds a small town, made by the scenario below; in a row `$name` stands for
 * the id of what was made under that name. The server's own tables (proto/tests/rpc_door) look closer; here the whole
 * way is shown, C to C, over real sockets. */
#include "host.h"

#define SCENARIO                                                                                                      \
  "{\"scenario\":{\"scenario\":1,\"users\":{\"ada\":{},\"bob\":{}},\"guilds\":{\"town\":{\"name\":\"Town\","          \
  "\"members\":{\"me\":{},\"ada\":{},\"bob\":{}},\"channels\":{\"square\":{},"                                        \
  "\"lounge\":{\"type\":\"GUILD_VOICE\"},\"attic\":{\"type\":\"GUILD_VOICE\"}}}},"                                    \
  "\"channels\":{\"dm\":{\"type\":\"DM\",\"recipients\":[\"@bob\"]}},"                                                \
  "\"setup\":[{\"do\":\"RELATIONSHIP_SET\",\"args\":{\"user_id\":\"@bob\",\"type\":\"FRIEND\"}}]}}"

#define EVERYTHING                                                                                                    \
  "[\"rpc\",\"identify\",\"messages.read\",\"rpc.notifications.read\",\"rpc.voice.read\",\"rpc.voice.write\","        \
  "\"relationships_read\"]"

enum { LONGEST = 2048 };

/* Who sends a row's command. */
typedef enum { FULL, LOCAL, BARE, POOR, SPEAKERS } speaker;

/* A command, and what comes of it: the status and Discord's code, and in the reply's data at `path` the JSON `shows`.
 * A row of HOST is a command of the host's. */
typedef struct {
  speaker who;
  const char *command, *args;
  gb_status status;
  int32_t code;
  const char *path, *shows;
} row;

/* Refused by the server, with this code; refused at the call, before it leaves. */
#define REMOTE(code) GB_ERR_REMOTE, code, NULL, NULL
#define AT_THE_CALL GB_ERR_ARGUMENT, 0, NULL, NULL
#define DONE(path, shows) GB_OK, 0, path, shows
#define HOST(command, args) {SPEAKERS, command, args, DONE(NULL, NULL)}

static const row COMMANDS[] = {
    {FULL, "GET_GUILDS", "{}", DONE("/guilds/0/id", "\"$town\"")},
    {LOCAL, "GET_GUILDS", NULL, REMOTE(4006)},
    {BARE, "GET_GUILDS", NULL, REMOTE(4006)},
    {FULL, "GET_GUILD", "{\"guild_id\":\"$town\"}", DONE("/name", "\"Town\"")},
    {FULL, "GET_GUILD", "{\"guild_id\":\"1\"}", REMOTE(4003)},
    {FULL, "GET_GUILD", "{}", AT_THE_CALL},
    {POOR, "GET_GUILD", "{\"guild_id\":\"$town\"}", REMOTE(4006)},
    HOST("GUILD_EDIT", "{\"guild_id\":\"$town\",\"available\":false}"),
    {FULL, "GET_GUILD", "{\"guild_id\":\"$town\",\"timeout\":1}", REMOTE(5002)},
    HOST("GUILD_EDIT", "{\"guild_id\":\"$town\",\"available\":true}"),
    {FULL, "GET_CHANNELS", "{\"guild_id\":\"$town\"}", DONE("/channels/0/name", "\"square\"")},
    {FULL, "GET_CHANNELS", "{\"guild_id\":\"1\"}", REMOTE(4003)},
    {BARE, "GET_CHANNELS", "{\"guild_id\":\"$town\"}", REMOTE(4006)},
    {FULL, "GET_CHANNEL", "{\"channel_id\":\"$lounge\"}", DONE("/type", "2")},
    {FULL, "GET_CHANNEL", "{\"channel_id\":\"1\"}", REMOTE(4005)},
    {BARE, "GET_CHANNEL", "{\"channel_id\":\"$lounge\"}", REMOTE(4006)},
    {FULL, "SELECT_TEXT_CHANNEL", "{\"channel_id\":\"$square\"}", DONE("/name", "\"square\"")},
    {FULL, "SELECT_TEXT_CHANNEL", "{\"channel_id\":\"$lounge\"}", REMOTE(4005)},
    {LOCAL, "SELECT_TEXT_CHANNEL", "{\"channel_id\":\"$square\"}", REMOTE(4006)},
    {FULL, "GET_SELECTED_VOICE_CHANNEL", NULL, DONE("", "null")},
    {FULL, "SELECT_VOICE_CHANNEL", "{\"channel_id\":\"$lounge\"}", DONE("/id", "\"$lounge\"")},
    {FULL, "SELECT_VOICE_CHANNEL", "{\"channel_id\":\"$attic\"}", REMOTE(5003)},
    {FULL, "SELECT_VOICE_CHANNEL", "{\"channel_id\":\"$square\",\"force\":true}", REMOTE(4005)},
    {FULL, "SELECT_VOICE_CHANNEL", "{\"channel_id\":\"$attic\",\"force\":true,\"navigate\":true}", DONE("/name",
     "\"attic\"")},
    {FULL, "GET_SELECTED_VOICE_CHANNEL", NULL, DONE("/id", "\"$attic\"")},
    {POOR, "GET_SELECTED_VOICE_CHANNEL", NULL, REMOTE(4006)},
    {FULL, "SELECT_VOICE_CHANNEL", "{\"channel_id\":null}", DONE("", "null")},
    HOST("VOICE_SERVERS_SET", "{\"available\":false}"),
    {FULL, "SELECT_VOICE_CHANNEL", "{\"channel_id\":\"$lounge\",\"timeout\":0}", REMOTE(5001)},
    HOST("VOICE_SERVERS_SET", "{\"available\":true}"),
    {BARE, "SELECT_VOICE_CHANNEL", "{\"channel_id\":null}", REMOTE(4006)},
    {FULL, "GET_VOICE_SETTINGS", NULL, DONE("/mode/type", "\"VOICE_ACTIVITY\"")},
    {BARE, "GET_VOICE_SETTINGS", NULL, REMOTE(4006)},
    {FULL, "SET_VOICE_SETTINGS", "{\"input\":{\"volume\":42}}", DONE("/input/volume", "42")},
    {FULL, "SET_VOICE_SETTINGS", "{\"input\":{\"device_id\":\"none such\"}}", REMOTE(4000)},
    {FULL, "SET_VOICE_SETTINGS", "{\"input\":{\"volume\":101}}", AT_THE_CALL},
    {LOCAL, "SET_VOICE_SETTINGS", "{\"deaf\":true}", REMOTE(4006)},
    {FULL, "SET_USER_VOICE_SETTINGS", "{\"user_id\":\"$bob\",\"volume\":150}", DONE("/volume", "150")},
    {FULL, "SET_USER_VOICE_SETTINGS", "{\"user_id\":\"1\",\"mute\":true}", REMOTE(4010)},
    {FULL, "SET_USER_VOICE_SETTINGS", "{\"user_id\":\"$bob\",\"volume\":201}", AT_THE_CALL},
    {BARE, "SET_USER_VOICE_SETTINGS", "{\"user_id\":\"$bob\",\"mute\":true}", REMOTE(4006)},
    {FULL, "SET_CERTIFIED_DEVICES", "{\"devices\":[]}", DONE("", "null")},
    {FULL, "SET_CERTIFIED_DEVICES", "{\"devices\":[{\"type\":\"audioinput\"}]}", AT_THE_CALL},
    {BARE, "SET_CERTIFIED_DEVICES", "{\"devices\":[]}", REMOTE(4006)},
    {LOCAL, "SET_ACTIVITY", "{\"activity\":{\"state\":\"In a group\"}}", DONE("/state", "\"In a group\"")},
    {LOCAL, "SET_ACTIVITY", "{\"activity\":null}", DONE("", "null")},
    {LOCAL, "SET_ACTIVITY", "{\"activity\":{\"state\":\"x\"}}", AT_THE_CALL},
    {BARE, "SET_ACTIVITY", "{\"activity\":null}", REMOTE(4006)},
    HOST("ACTIVITY_JOIN_REQUEST", "{\"user_id\":\"$bob\"}"),
    {LOCAL, "SEND_ACTIVITY_JOIN_INVITE", "{\"user_id\":\"$bob\"}", DONE("", "null")},
    {LOCAL, "SEND_ACTIVITY_JOIN_INVITE", "{\"user_id\":\"$bob\"}", REMOTE(4010)},
    {LOCAL, "SEND_ACTIVITY_JOIN_INVITE", "{}", AT_THE_CALL},
    {BARE, "SEND_ACTIVITY_JOIN_INVITE", "{\"user_id\":\"$bob\"}", REMOTE(4006)},
    HOST("ACTIVITY_JOIN_REQUEST", "{\"user_id\":\"$ada\"}"),
    {LOCAL, "CLOSE_ACTIVITY_REQUEST", "{\"user_id\":\"$ada\"}", DONE("", "null")},
    {LOCAL, "CLOSE_ACTIVITY_REQUEST", "{\"user_id\":\"$ada\"}", REMOTE(4010)},
    {BARE, "CLOSE_ACTIVITY_REQUEST", "{\"user_id\":\"$ada\"}", REMOTE(4006)},
    {LOCAL, "SUBSCRIBE", "{\"evt\":\"ACTIVITY_JOIN\"}", DONE("/evt", "\"ACTIVITY_JOIN\"")},
    {LOCAL, "SUBSCRIBE", "{\"evt\":\"GUILD_CREATE\"}", REMOTE(4006)},
    {FULL, "SUBSCRIBE", "{\"evt\":\"GUILD_STATUS\",\"args\":{\"guild_id\":\"1\"}}", REMOTE(4003)},
    {FULL, "SUBSCRIBE", "{\"evt\":\"MESSAGE_CREATE\",\"args\":{\"channel_id\":\"1\"}}", REMOTE(4005)},
    {BARE, "SUBSCRIBE", "{\"evt\":\"ACTIVITY_JOIN\"}", REMOTE(4006)},
    {LOCAL, "UNSUBSCRIBE", "{\"evt\":\"ACTIVITY_JOIN\"}", DONE("/evt", "\"ACTIVITY_JOIN\"")},
    {BARE, "AUTHORIZE", "{\"client_id\":\"" CLIENT_ID "\",\"scopes\":[\"rpc\"]}", DONE("/code", NULL)},
    {BARE, "AUTHORIZE", "{\"client_id\":\"5\",\"scopes\":[\"rpc\"]}", REMOTE(4007)},
    {BARE, "AUTHORIZE", "{\"client_id\":\"" CLIENT_ID "\",\"scopes\":[\"rpc\"],\"rpc_token\":\"wrong\"}", REMOTE(4009)},
    {BARE, "AUTHENTICATE", "{\"access_token\":\"wrong\"}", GB_ERR_AUTH, 4009, NULL, NULL},
    {BARE, "AUTHENTICATE", "{}", AT_THE_CALL},
    {FULL, "SUBSCRIBE", "{\"evt\":\"NO_SUCH_EVENT\"}", REMOTE(4004)},
    {FULL, "NO_SUCH_COMMAND", "{}", REMOTE(4002)},
};

/* What is subscribed to, with which arguments; what the host does; and what the event then shows. */
typedef struct {
  const char *event, *args, *command, *command_args, *path, *shows;
} occasion;

static const occasion EVENTS[] = {
    {"GUILD_STATUS", "{\"guild_id\":\"$town\"}", "GUILD_EDIT", "{\"guild_id\":\"$town\",\"name\":\"City\"}",
     "/guild/name", "\"City\""},
    {"GUILD_CREATE", "{}", "GUILD_CREATE", "{\"name\":\"Village\"}", "/name", "\"Village\""},
    {"CHANNEL_CREATE", "{}", "CHANNEL_CREATE", "{\"type\":\"GUILD_TEXT\",\"guild_id\":\"$town\",\"name\":\"yard\"}",
     "/name", "\"yard\""},
    {"VOICE_CHANNEL_SELECT", "{}", "VOICE_JOIN", "{\"channel_id\":\"$lounge\"}", "/channel_id", "\"$lounge\""},
    {"VOICE_STATE_CREATE", "{\"channel_id\":\"$lounge\"}", "VOICE_JOIN",
     "{\"channel_id\":\"$lounge\",\"user_id\":\"$ada\"}", "/user/id", "\"$ada\""},
    {"VOICE_STATE_UPDATE", "{\"channel_id\":\"$lounge\"}", "VOICE_STATE_EDIT", "{\"self_mute\":true}",
     "/voice_state/self_mute", "true"},
    {"SPEAKING_START", "{\"channel_id\":\"$lounge\"}", "SPEAKING_START", "{\"user_id\":\"$ada\"}", "/user_id",
     "\"$ada\""},
    {"SPEAKING_STOP", "{\"channel_id\":\"$lounge\"}", "SPEAKING_STOP", "{\"user_id\":\"$ada\"}", "/user_id",
     "\"$ada\""},
    {"VOICE_STATE_DELETE", "{\"channel_id\":\"$lounge\"}", "VOICE_LEAVE", "{\"user_id\":\"$ada\"}", "/user/id",
     "\"$ada\""},
    {"VOICE_CONNECTION_STATUS", "{}", "VOICE_PING", "{\"ms\":12.5}", "/last_ping", "12.5"},
    {"VOICE_SETTINGS_UPDATE", "{}", "VOICE_SETTINGS_EDIT", "{\"deaf\":true}", "/deaf", "true"},
    {"MESSAGE_CREATE", "{\"channel_id\":\"$square\"}", "MESSAGE_POST",
     "{\"channel_id\":\"$square\",\"user_id\":\"$ada\",\"content\":\"Hello\"}", "/message/content", "\"Hello\""},
    {"MESSAGE_UPDATE", "{\"channel_id\":\"$square\"}", "MESSAGE_EDIT",
     "{\"channel_id\":\"$square\",\"message_id\":\"$made\",\"content\":\"Bye\"}", "/message/content", "\"Bye\""},
    {"MESSAGE_DELETE", "{\"channel_id\":\"$square\"}", "MESSAGE_DELETE",
     "{\"channel_id\":\"$square\",\"message_id\":\"$made\"}", "/message/id", "\"$made\""},
    {"NOTIFICATION_CREATE", "{}", "MESSAGE_POST",
     "{\"channel_id\":\"$dm\",\"user_id\":\"$bob\",\"content\":\"You?\"}", "/body", "\"You?\""},
    {"ACTIVITY_JOIN", "{}", "ACTIVITY_JOIN", "{\"secret\":\"join me\"}", "/secret", "\"join me\""},
    {"ACTIVITY_SPECTATE", "{}", "ACTIVITY_SPECTATE", "{\"secret\":\"watch me\"}", "/secret", "\"watch me\""},
    {"ACTIVITY_JOIN_REQUEST", "{}", "ACTIVITY_JOIN_REQUEST", "{\"user_id\":\"$bob\"}", "/user/id", "\"$bob\""},
    {"CURRENT_USER_UPDATE", "{}", "USER_EDIT", "{\"global_name\":\"The Miller\"}", "/global_name", "\"The Miller\""},
    {"RELATIONSHIP_UPDATE", "{}", "RELATIONSHIP_SET", "{\"user_id\":\"$ada\",\"type\":\"FRIEND\"}", "/user/id",
     "\"$ada\""},
    {"ACTIVITY_INVITE", "{}", "ACTIVITY_INVITE", "{\"user_id\":\"$bob\",\"application_id\":\"" CLIENT_ID "\"}",
     "/user/id", "\"$bob\""},
    {"ENTITLEMENT_CREATE", "{}", "ENTITLEMENT_CREATE", "{\"application_id\":\"" CLIENT_ID "\"}",
     "/entitlement/application_id", "\"" CLIENT_ID "\""},
    {"ENTITLEMENT_DELETE", "{}", "ENTITLEMENT_DELETE", "{\"entitlement_id\":\"$made\"}", "/entitlement/id",
     "\"$made\""},
};

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

/* ------------------------------------------------------------------------------------------------- names and ids -- */

static struct {
  char name[16], id[24];
} names[16];
static size_t named;

static void name_is(const char *name, const char *id) {
  size_t at;
  for (at = 0; at < named && strcmp(names[at].name, name) != 0; at++) {}
  CHECK(at < LENGTH(names) && id != NULL);
  if (at == named) named++;
  snprintf(names[at].name, sizeof names[at].name, "%s", name);
  snprintf(names[at].id, sizeof names[at].id, "%s", id);
}

/* The text with ids in place of `$name`; good until the next but three. */
static const char *filled(const char *text) {
  static char turns[4][LONGEST];
  static unsigned turn;
  char *out = turns[turn++ % 4], *to = out;
  if (text == NULL) return NULL;
  while (*text != '\0') {
    size_t at, length = 0;
    for (at = 0; *text == '$' && at < named; at++) {
      length = strlen(names[at].name);
      if (strncmp(text + 1, names[at].name, length) == 0) break;
      length = 0;
    }
    CHECK(to - out < LONGEST - 32);
    if (length > 0) {
      to += snprintf(to, 24, "%s", names[at].id);
      text += 1 + length;
    } else {
      *to++ = *text++;
    }
  }
  *to = '\0';
  return out;
}

/* ------------------------------------------------------------------------------------------------------ the rows -- */

typedef struct {
  host h;
  gb_client *gb;
  gb_conn of[SPEAKERS];
  uint64_t tag;
  char token[256];
} town;

static void wrong(const char *command, const char *args, const char *what, const char *got) {
  char sentence[LONGEST];
  snprintf(sentence, sizeof sentence, "%s %s: expected %s, got %s", command, args != NULL ? args : "", what, got);
  check_failed(__FILE__, __LINE__, sentence);
}

/* The data at `path`, as JSON, is `shows`; without `shows` there is something. */
static void check_shows(const char *command, const char *args, const gb_event *ev, const char *path,
                        const char *shows) {
  size_t length = 0;
  const char *json = gb_json(path[0] == '\0' ? ev->data : gb_get(ev->data, path), &length);
  if (json == NULL) json = "null";
  if (shows == NULL ? strcmp(json, "null") == 0 : strcmp(json, filled(shows)) != 0)
    wrong(command, args, shows != NULL ? filled(shows) : "something", json);
}

/* Has the host carry out a command; its reply's `id` is `$made` from now on. */
static void host_does(town *t, const char *command, const char *args) {
  const gb_event *ev;
  CHECK_OK(gb_send(t->h.gb, t->h.server, command, filled(args), ++t->tag));
  ev = AWAIT_REPLY(t->h.gb, t->h.server, t->tag);
  if (ev->status != GB_OK) wrong(command, args, "that the host may", ev->message);
  if (gb_str(gb_get(ev->data, "/id"), NULL) != NULL) name_is("made", gb_str(gb_get(ev->data, "/id"), NULL));
}

static void play(town *t, const row *r) {
  char got[LONGEST];
  const gb_event *ev;
  gb_status status;
  if (r->who == SPEAKERS) {
    host_does(t, r->command, r->args);
    return;
  }
  status = gb_send(t->gb, t->of[r->who], r->command, filled(r->args), ++t->tag);
  if (status != GB_OK) {
    if (status != r->status || r->code != 0) wrong(r->command, r->args, gb_status_str(r->status), gb_last_error());
    return;
  }
  ev = AWAIT_REPLY(t->gb, t->of[r->who], t->tag);
  snprintf(got, sizeof got, "%s, code %d: %s", gb_status_str(ev->status), (int)ev->code, ev->message);
  if (ev->status != r->status || ev->code != r->code) wrong(r->command, r->args, gb_status_str(r->status), got);
  if (r->status != GB_OK && ev->message[0] == '\0') wrong(r->command, r->args, "a sentence", "none");
  if (r->path != NULL) check_shows(r->command, r->args, ev, r->path, r->shows);
}

/* Subscribes, has it happen, sees it; subscribes no longer, has the like happen, and sees nothing. */
static void happen(town *t, const occasion *o) {
  char args[LONGEST];
  const gb_event *ev;
  snprintf(args, sizeof args, "{\"evt\":\"%s\",\"args\":%s}", o->event, filled(o->args));
  CHECK_OK(gb_send(t->gb, t->of[FULL], "SUBSCRIBE", args, ++t->tag));
  ev = AWAIT_REPLY(t->gb, t->of[FULL], t->tag);
  if (ev->status != GB_OK) wrong("SUBSCRIBE", args, "a subscription", ev->message);
  host_does(t, o->command, o->command_args);
  ev = AWAIT(t->gb, GB_EVENT_DISPATCH, 0, o->event);
  if (ev->conn != t->of[FULL]) wrong(o->event, o->args, "that only who subscribed is told", "it on another connection");
  check_shows(o->event, o->args, ev, o->path, o->shows);
  CHECK_OK(gb_send(t->gb, t->of[FULL], "UNSUBSCRIBE", args, ++t->tag));
  CHECK_OK(AWAIT_REPLY(t->gb, t->of[FULL], t->tag)->status);
}

/* -------------------------------------------------------------------------------------------------------- a town -- */

static void authenticate(town *t, speaker who, const char *scopes) {
  char args[LONGEST];
  const gb_event *ev;
  snprintf(args, sizeof args, "{\"client_id\":\"" CLIENT_ID "\",\"scopes\":%s}", scopes);
  CHECK_OK(gb_send(t->h.gb, t->h.server, "TOKEN_CREATE", args, ++t->tag));
  ev = AWAIT_REPLY(t->h.gb, t->h.server, t->tag);
  CHECK_OK(ev->status);
  snprintf(args, sizeof args, "{\"access_token\":\"%s\"}", gb_str(gb_get(ev->data, "/access_token"), ""));
  CHECK_OK(gb_send(t->gb, t->of[who], "AUTHENTICATE", args, ++t->tag));
  ev = AWAIT_REPLY(t->gb, t->of[who], t->tag);
  CHECK_OK(ev->status);
  CHECK_TEXT("Guest", gb_str(gb_get(ev->data, "/user/username"), NULL));
}

static void settle(town *t) {
  static const char *const MADE[] = {"ada", "bob", "town", "square", "lounge", "attic", "dm"};
  const gb_event *ev;
  size_t at;
  memset(t, 0, sizeof *t);
  t->h = host_start();
  CHECK_OK(gb_send(t->h.gb, t->h.server, "SCENARIO_LOAD", SCENARIO, ++t->tag));
  ev = AWAIT_REPLY(t->h.gb, t->h.server, t->tag);
  if (ev->status != GB_OK) wrong("SCENARIO_LOAD", NULL, "a town", ev->message);
  for (at = 0; at < LENGTH(MADE); at++) {
    char path[32];
    snprintf(path, sizeof path, "/names/%s", MADE[at]);
    name_is(MADE[at], gb_str(gb_get(ev->data, path), NULL));
  }
  t->gb = new_client();
  for (at = 0; at < SPEAKERS; at++) {
    t->of[at] = at == FULL || at == LOCAL ? connect_ipc(t->gb, t->h.ipc) : connect_websocket(t->gb, &t->h);
    CHECK(AWAIT(t->gb, GB_EVENT_CONNECTED, t->of[at], NULL)->status == GB_OK);
  }
  authenticate(t, FULL, EVERYTHING);
  authenticate(t, POOR, "[\"identify\"]");
}

int main(void) {
  town t;
  size_t at;
  settle(&t);
  for (at = 0; at < LENGTH(COMMANDS); at++) play(&t, &COMMANDS[at]);
  for (at = 0; at < LENGTH(EVENTS); at++) happen(&t, &EVENTS[at]);
  gb_client_free(t.gb);
  gb_client_free(t.h.gb);
  return 0;
}
