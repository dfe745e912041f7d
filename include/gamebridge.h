/* gamebridge 0.1.0 - Discord for games
 * SPDX-License-Identifier: MIT OR Apache-2.0
 * Made by the build from src/ffi and cbindgen.toml: edit those, then run cargo xtask header.
 *
 * gamebridge talks to Discord from your game: to the Discord client that runs on the player's machine (local RPC, Rich
 * Presence), to a headless stand-in for it that lives inside your own process (GameBridge), and to the Gateway. It is three
 * verbs: connect, send a command, poll an event. C99 and later, C++11 and later.
 *
 *   gb_client *gb;
 *   gb_conn rpc;
 *   if (gb_client_new(NULL, &gb) != GB_OK || gb_connect(gb, "rpc", "{\"client_id\":\"1234\"}", &rpc) != GB_OK)
 *     return fail(gb_last_error());
 *   for (;;) {                                                  // once a frame
 *     for (const gb_event *ev; (ev = gb_poll(gb)) != NULL;)
 *       switch (ev->type) {
 *       case GB_EVENT_CONNECTED:
 *         gb_send(gb, ev->conn, "SET_ACTIVITY", "{\"activity\":{\"state\":\"In menu\"}}", 0);
 *         gb_send(gb, ev->conn, "SUBSCRIBE", "{\"evt\":\"ACTIVITY_JOIN_REQUEST\"}", 0);
 *         break;
 *       case GB_EVENT_DISPATCH:
 *         printf("%s from %s\n", ev->name, gb_str(gb_get(ev->data, "/user/username"), "?"));
 *         break;
 *       default:
 *         break;
 *       }
 *     draw();
 *   }
 *
 * THE LIFE OF A CONNECTION is CONNECTED (RECONNECTING CONNECTED)* DISCONNECTED, or DISCONNECTED alone. Breaks are mended by
 * themselves; subscriptions and the latest activity are put back. Commands may be sent at any time: they wait until the
 * connection is there. A command sent with a tag other than 0 gets exactly one REPLY with that tag, whatever happens.
 *
 * THREADS. Any function may be called from any thread, except that gb_poll and gb_wait are for one thread at a time, and
 * gb_client_free is the last call. Nothing blocks but gb_wait, gb_client_free (bounded), the first gb_client_new, which
 * starts a thread, and gb_register_launch, which writes small files. There are no callbacks: none of your code ever runs on
 * a thread of the library.
 *
 * MEMORY. An event and all that is in it is yours to read until your next gb_poll or gb_wait on that client. Keep one longer
 * with gb_event_copy. What you pass in is copied before the call returns. Values tolerate NULL all the way down:
 * gb_str(gb_get(ev->data, "/not/there"), "fallback") is fine. Text is UTF-8.
 *
 * ERRORS. 0 is success, negatives are errors, and gb_last_error() is a sentence about this thread's last failure: what was
 * wrong, in which field, what was expected. Outputs are written only on success. NULL is an error, never a crash.
 *
 * WHAT IT DOES TO YOUR PROCESS. The first client starts one thread with all signals blocked; the last gb_client_free ends
 * it. The library installs no signal handler and no exit handler, leaves the locale alone, never writes to stdout or stderr,
 * and never exits or aborts. Once loaded it stays loaded. Exit with a live client is legal. After fork the child may only
 * free what it inherited, and make clients of its own. It reads the environment variables that say where Discord's sockets
 * are (XDG_RUNTIME_DIR, TMPDIR, TMP, TEMP), in gb_register_launch those that say where a user's programs are (XDG_DATA_HOME,
 * XDG_CONFIG_HOME, HOME, APPIMAGE), GAMEBRIDGE_LOG, and GAMEBRIDGE_RECORD with GAMEBRIDGE_RECORD_MAX: a user who sets
 * that gets a file with all that is sent and received, without secrets (docs/recording.md), which takes one more thread.
 *
 * VERSIONS. New functions, event types, statuses, kinds, flags and fields at the end of structs come in minor versions: ignore
 * what you do not know. Each function tells the version that brought it. Structs that you pass start with their size: use the
 * _INIT macros.
 *
 * Commands, events and parameters: docs/reference.md. The exact rules, each with its test: docs/semantics.md.
 */


#ifndef GAMEBRIDGE_H
#define GAMEBRIDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GB_VERSION_MAJOR 0
#define GB_VERSION_MINOR 1
#define GB_VERSION_PATCH 0
// The header's version; gb_version() is the library's.
#define GB_VERSION ((GB_VERSION_MAJOR << 16) | (GB_VERSION_MINOR << 8) | GB_VERSION_PATCH)

// Define GB_STATIC before including this on Windows when you link the static library.
#ifndef GB_API
#if defined(_WIN32) && !defined(GB_STATIC)
#define GB_API __declspec(dllimport)
#else
#define GB_API
#endif
#endif

// gb_options options = GB_OPTIONS_INIT;
#define GB_OPTIONS_INIT {(uint32_t)sizeof(gb_options), 0, 0, 0}
// gb_request request = GB_REQUEST_INIT;
#define GB_REQUEST_INIT {(uint32_t)sizeof(gb_request), 0, NULL, NULL, 0, NULL, 0, 0}
// gb_activity activity = GB_ACTIVITY_INIT;
#define GB_ACTIVITY_INIT {(uint32_t)sizeof(gb_activity), 0, 0, 0, NULL, NULL, NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, \
  NULL, NULL, NULL, NULL, NULL, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL}
// gb_launch launch = GB_LAUNCH_INIT;
#define GB_LAUNCH_INIT {(uint32_t)sizeof(gb_launch), NULL, NULL, NULL, NULL}


// Bit of gb_event.flags: nothing further will be tried.
#define GB_FLAG_FATAL 1

// Bit of gb_event.flags: the library tries again by itself.
#define GB_FLAG_RETRYING 2

// Bit of gb_event.flags: the Gateway session was resumed, nothing was missed.
#define GB_FLAG_RESUMED 4

// Bit of gb_event.flags: the command was written before the break, so it may or may not have been carried out.
#define GB_FLAG_UNCERTAIN 8

// Bit of gb_event.flags: a newer update took this one's place before it was sent.
#define GB_FLAG_SUPERSEDED 16

// gb_options.log_level: no log events at all.
#define GB_LOG_OFF UINT32_MAX

// gb_options.log_level: only what failed and will stay so.
#define GB_LOG_ERROR 1

// gb_options.log_level: also what failed and nobody waits for. The default.
#define GB_LOG_WARN 2

// gb_options.log_level: also a connection's milestones.
#define GB_LOG_INFO 3

// gb_options.log_level: also what was tried, and why.
#define GB_LOG_DEBUG 4

// gb_activity.type: "Playing ...". The default.
#define GB_ACTIVITY_PLAYING 0

// gb_activity.type: "Listening to ..."
#define GB_ACTIVITY_LISTENING 2

// gb_activity.type: "Watching ..."
#define GB_ACTIVITY_WATCHING 3

// gb_activity.type: "Competing in ..."
#define GB_ACTIVITY_COMPETING 5

// gb_activity.status_display_type: the list of friends shows the name. The default.
#define GB_STATUS_DISPLAY_NAME 0

// gb_activity.status_display_type: it shows the state.
#define GB_STATUS_DISPLAY_STATE 1

// gb_activity.status_display_type: it shows the details.
#define GB_STATUS_DISPLAY_DETAILS 2

// gb_activity.party_privacy: who asks to join has to be let in. The default.
#define GB_PARTY_PRIVATE 0

// gb_activity.party_privacy: friends may join without being let in.
#define GB_PARTY_PUBLIC 1

// Bit of gb_activity.supported_platforms: Windows, macOS, Linux.
#define GB_PLATFORM_DESKTOP 1

// Bit of gb_activity.supported_platforms: Xbox.
#define GB_PLATFORM_XBOX 2

// Bit of gb_activity.supported_platforms: Samsung.
#define GB_PLATFORM_SAMSUNG 4

// Bit of gb_activity.supported_platforms: iOS.
#define GB_PLATFORM_IOS 8

// Bit of gb_activity.supported_platforms: Android.
#define GB_PLATFORM_ANDROID 16

// Bit of gb_activity.supported_platforms: inside Discord.
#define GB_PLATFORM_EMBEDDED 32

// Bit of gb_activity.supported_platforms: PlayStation 4.
#define GB_PLATFORM_PS4 64

// Bit of gb_activity.supported_platforms: PlayStation 5.
#define GB_PLATFORM_PS5 128

// Bit of gb_activity.supported_platforms: Meta Quest.
#define GB_PLATFORM_META_QUEST 256

// Arguments under construction: a JSON object that is filled by path. Pasting a player's name into a printf of JSON is
// an injection; this is not.
typedef struct gb_args gb_args;

// One program's use of the library: its connections, and the queue of their events.
typedef struct gb_client gb_client;

// JSON inside an event. Lives as long as the event.
typedef struct gb_value gb_value;

// How a call or a request ended. GB_OK is 0, errors are negative. Treat a number that you do not know as an error.
typedef int32_t gb_status;

// What a client is made with. Start with GB_OPTIONS_INIT; a field that is 0 has its default.
typedef struct gb_options {
  // sizeof(gb_options)
  uint32_t size;
  // Byte cap of each connection's queue of events that may be dropped, and of its unread replies. Default 4 MiB, at
  // least 512 KiB.
  uint32_t queue_bytes;
  // How long gb_client_free may take, in milliseconds. Default 500.
  uint32_t shutdown_ms;
  // The loudest log lines delivered as events: GB_LOG_ERROR to GB_LOG_DEBUG, or GB_LOG_OFF. Default
  // GB_LOG_WARN. The environment variable GAMEBRIDGE_LOG overrides it.
  uint32_t log_level;
} gb_options;

// The id of a connection, or of a server that you host. Never reused; 0 is none.
typedef uint32_t gb_conn;

// A command with everything that gb_send leaves at its default. Start with GB_REQUEST_INIT. The library copies
// what it points to before gb_send_request returns.
typedef struct gb_request {
  // sizeof(gb_request)
  uint32_t size;
  // How long to wait for the reply, counted from the call; 0 for the command's own default.
  uint32_t timeout_ms;
  // The command's name.
  const char *command;
  // Its arguments, a JSON object; NULL for none.
  const char *args;
  // Their length; 0 when args ends with a NUL.
  size_t args_len;
  // Binary part; NULL for none. No command of this version takes one.
  const void *bytes;
  // Its length.
  size_t bytes_len;
  // Comes back in the reply; 0 asks for none.
  uint64_t tag;
} gb_request;

// What kind of event it is. Ignore those that you do not know.
typedef uint32_t gb_event_type;

// Something that happened. Read-only, made only by the library. Fields may be appended in later versions, so never copy
// it by value and never take its sizeof.
typedef struct gb_event {
  // What kind of event; it says which of the other fields mean something.
  gb_event_type type;
  // The connection or server that it belongs to.
  gb_conn conn;
  // REPLY: the tag you sent. REQUEST: the id to answer. DROPPED: how many.
  uint64_t tag;
  // How it ended: of a reply, a disconnection, a reconnection.
  gb_status status;
  // GB_FLAG_... bits. Ignore those that you do not know.
  uint32_t flags;
  // "ACTIVITY_JOIN", "MESSAGE_CREATE"; of a reply the command's name. Never NULL.
  const char *name;
  // What came with it, decoded on first use. NULL when nothing did.
  const gb_value *data;
  // Audio and other binary; NULL when there is none.
  const uint8_t *bytes;
  // How many bytes.
  size_t bytes_len;
  // The peer's own error or close code, else 0. LOG: the level.
  int32_t code;
  // A sentence for a person. Never NULL; may be empty.
  const char *message;
  // RECONNECTING, and GB_ERR_RATE_LIMITED: how long until the next try.
  uint32_t retry_after_ms;
  // Of a server's event the peer, of a Gateway's the shard.
  uint32_t peer;
  // Gateway sequence.
  uint64_t seq;
  // When it arrived: nanoseconds of a monotonic clock (CLOCK_MONOTONIC; on Windows the performance counter).
  uint64_t time_ns;
} gb_event;

// What a value is. Treat a kind that you do not know as missing.
typedef uint32_t gb_kind;

// What a player does: Rich Presence. Start with GB_ACTIVITY_INIT; a text that is NULL or empty, and a number that is 0,
// is left out. Lengths count characters, not bytes.
typedef struct gb_activity {
  // sizeof(gb_activity)
  uint32_t size;
  // GB_ACTIVITY_PLAYING, _LISTENING, _WATCHING or _COMPETING.
  uint32_t type;
  // Which line the list of friends shows: GB_STATUS_DISPLAY_NAME, _STATE or _DETAILS.
  uint32_t status_display_type;
  // 1 for a match that will end: friends may ask to be told when it does, which is when match_secret changes.
  uint32_t instance;
  // Shown instead of the application's name; 1 to 128 characters.
  const char *name;
  // The party's situation, "In a group"; 2 to 128 characters.
  const char *state;
  // Opened by a click on it; 256 characters at most.
  const char *state_url;
  // What the player does, "Capture the flag"; 2 to 128 characters.
  const char *details;
  // Opened by a click on it; 256 characters at most.
  const char *details_url;
  // When it began, in seconds or milliseconds since 1970: shows the time elapsed.
  int64_t start;
  // When it ends, likewise: shows the time left.
  int64_t end;
  // Key of a picture that you uploaded, or a URL; 313 characters at most.
  const char *large_image;
  // Shown over it; 2 to 128 characters.
  const char *large_text;
  // Opened by a click on it; 256 characters at most.
  const char *large_url;
  // Key of a picture that you uploaded, or a URL; 313 characters at most.
  const char *small_image;
  // Shown over it; 2 to 128 characters.
  const char *small_text;
  // Opened by a click on it; 256 characters at most.
  const char *small_url;
  // Banner of invitations: a key, or a URL; 313 characters at most.
  const char *invite_cover_image;
  // The party's id, the same for all of its members, and none of its secrets; 128 characters at most. Needed for
  // invitations to join. It is left out where there is only a spectate_secret.
  const char *party_id;
  // How many are in the party. With 0 no size is shown.
  int32_t party_size;
  // How many can be. 0 is no limit; no size is shown then.
  int32_t party_max;
  // GB_PARTY_PRIVATE or GB_PARTY_PUBLIC.
  uint32_t party_privacy;
  // Where it can be joined from: GB_PLATFORM_... bits.
  uint32_t supported_platforms;
  // What lets a friend's game join this one: it is handed to that game in ACTIVITY_JOIN. 128 characters at most;
  // nobody should be able to guess or to read it (docs/presence.md).
  const char *join_secret;
  // What lets a friend's game watch this one: ACTIVITY_SPECTATE. Another one than join_secret.
  const char *spectate_secret;
  // What tells this match from the next. Another one than the other two.
  const char *match_secret;
  // What stands on the first button; 1 to 32 characters. Others see it, the player does not.
  const char *button1_label;
  // What it opens; 512 characters at most.
  const char *button1_url;
  // What stands on the second button.
  const char *button2_label;
  // What it opens.
  const char *button2_url;
} gb_activity;

// What starts a game when a player joins who does not have it running. Start with GB_LAUNCH_INIT.
typedef struct gb_launch {
  // sizeof(gb_launch)
  uint32_t size;
  // The application's id: digits.
  const char *application_id;
  // The game's name, which people read when their system asks what may open the link. NULL for the program's file name.
  const char *name;
  // The path of a program, or a command line quoted as on this system (no shell expands it). The link that was opened
  // is its last argument, unless a word %u (Windows: %1) says where. NULL for this very program.
  const char *command;
  // Or the id of a game that Steam starts; NULL for none.
  const char *steam_id;
} gb_launch;

// Success.
#define GB_OK 0

// An argument is wrong; gb_last_error names the field and says what was expected.
#define GB_ERR_ARGUMENT (-1)

// The call does not fit the state: a second polling thread, for one.
#define GB_ERR_STATE (-2)

// The connection is over, or broke before the reply came (see GB_FLAG_UNCERTAIN).
#define GB_ERR_CLOSED (-3)

// Cancelled by gb_cancel.
#define GB_ERR_CANCELLED (-4)

// Too many replies outstanding or unpolled. Nothing was sent: poll, then try again.
#define GB_ERR_FULL (-5)

// No reply in time.
#define GB_ERR_TIMEOUT (-6)

// The operating system refused.
#define GB_ERR_IO (-7)

// Credentials were refused.
#define GB_ERR_AUTH (-8)

// A rate limit; retry_after_ms says for how long.
#define GB_ERR_RATE_LIMITED (-9)

// The peer broke its protocol.
#define GB_ERR_PROTOCOL (-10)

// The peer answered with an error; code and message are the peer's.
#define GB_ERR_REMOTE (-11)

// Not in this build, not on this platform, or not known to this version.
#define GB_ERR_UNSUPPORTED (-12)

// The handle came over a fork: it may only be freed.
#define GB_ERR_FORKED (-13)

// A bug inside the library was caught. The handle may be used on; please report it.
#define GB_ERR_PANIC (-14)

// Ready for use; again after each GB_EVENT_RECONNECTING. Of a server: it listens, and data holds its addresses.
#define GB_EVENT_CONNECTED 1

// Over, after every reply. status says why, GB_OK when you asked for it.
#define GB_EVENT_DISCONNECTED 2

// Broken, and being made anew by itself. Once for each break.
#define GB_EVENT_RECONNECTING 3

// The one answer to a command that was sent with a tag: tag, status, data.
#define GB_EVENT_REPLY 4

// Something happened: name and data.
#define GB_EVENT_DISPATCH 5

// A server that you host needs a decision: settle it with gb_answer, giving tag.
#define GB_EVENT_REQUEST 6

// Received audio in bytes.
#define GB_EVENT_AUDIO 7

// A line of the library's log: name is the room, code the level (1 error to 4 debug), message the line.
#define GB_EVENT_LOG 8

// Here tag events of this connection were dropped, because nobody polled.
#define GB_EVENT_DROPPED 9

// Nothing is there.
#define GB_KIND_MISSING 0

// null
#define GB_KIND_NULL 1

// true or false
#define GB_KIND_BOOL 2

// A number without fraction or exponent.
#define GB_KIND_INT 3

// Any other number.
#define GB_KIND_NUM 4

// A string.
#define GB_KIND_STR 5

// An array.
#define GB_KIND_ARRAY 6

// An object.
#define GB_KIND_OBJECT 7

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// The sentence of this thread's last failure: what was wrong, in which field, what was expected. Never NULL; empty when
// nothing has failed yet; a success does not clear it. Valid until the next failure on this thread.
//
// Threads: any. Since 0.1.
GB_API const char *gb_last_error(void);

// The version of the library that runs: major << 16 | minor << 8 | patch. GB_VERSION is the header's.
//
// Threads: any. Since 0.1.
GB_API uint32_t gb_version(void);

// A status in a few words, the same every time: for logs. Never NULL.
//
// Threads: any. Since 0.1.
GB_API const char *gb_status_str(gb_status status);

// Makes a client. options may be NULL. The first client in the process starts the library's thread. Free it with
// gb_client_free.
//
// Threads: any. Since 0.1.
GB_API gb_status gb_client_new(const gb_options *options, gb_client **out);

// Closes all connections, discards what was not polled, and frees the client with its events; takes at most
// gb_options.shutdown_ms. To have everything sent first, gb_disconnect and await GB_EVENT_DISCONNECTED. NULL is
// fine, and so is a client that was freed before. In a forked child it leaks on purpose.
//
// Threads: any, as the last call on this client. Since 0.1.
GB_API void gb_client_free(gb_client *client);

// Starts a connection: protocol is "rpc" (a Discord on this machine), "gateway" or "dmod"; params_json is a JSON object
// with its parameters ({"client_id":"..."}; all of them are in docs/reference.md), or NULL for none. The id in
// out is good at once; the outcome is an event.
//
// Threads: any. Never blocks. Since 0.1.
GB_API
gb_status gb_connect(gb_client *client,
                     const char *protocol,
                     const char *params_json,
                     gb_conn *out);

// Starts a server in this process: service is "rpc", GameBridge, or "sandbox", a Discord on loopback to develop and test
// against; params_json may be NULL. Its addresses come with GB_EVENT_CONNECTED. It answers to the same verbs as a
// connection: poll its events, gb_answer its requests, drive its world by gb_send.
//
// Threads: any. Never blocks. Since 0.1.
GB_API
gb_status gb_serve(gb_client *client,
                   const char *service,
                   const char *params_json,
                   gb_conn *out);

// Sends a command. args_json is a JSON object, or NULL for none; it is checked here, and gb_last_error names the
// field that is wrong. Events come to who subscribes:
// gb_send(gb, conn, "SUBSCRIBE", "{\"evt\":\"MESSAGE_CREATE\",\"args\":{\"channel_id\":\"1\"}}", tag). A tag
// other than 0 comes back in exactly one GB_EVENT_REPLY; 0 asks for none. Before CONNECTED, and while RECONNECTING, commands wait.
//
// Threads: any. Never blocks. Since 0.1.
GB_API
gb_status gb_send(gb_client *client,
                  gb_conn conn,
                  const char *command,
                  const char *args_json,
                  uint64_t tag);

// As gb_send, with a time limit, arguments that need no NUL, and a binary part.
//
// Threads: any. Never blocks. Since 0.1.
GB_API
gb_status gb_send_request(gb_client *client,
                          gb_conn conn,
                          const gb_request *request);

// Ends all commands of this connection that have this tag and no reply yet: each replies GB_ERR_CANCELLED. What the
// peer was already told it may still carry out. (A server carries its host's commands out at once, so there is nothing to
// cancel.)
//
// Threads: any. Never blocks. Since 0.1.
GB_API
gb_status gb_cancel(gb_client *client,
                    gb_conn conn,
                    uint64_t tag);

// Settles a GB_EVENT_REQUEST of a server, once: GB_OK grants it, any error refuses it. request is the event's tag;
// data_json is NULL unless the request's documentation says otherwise. An answer that comes too late, twice, or to
// something that asked nothing does nothing but a log event.
//
// Threads: any. Never blocks. Since 0.1.
GB_API
gb_status gb_answer(gb_client *client,
                    gb_conn conn,
                    uint64_t request,
                    gb_status answer,
                    const char *data_json);

// Ends a connection or a server, after what was sent: GB_EVENT_DISCONNECTED comes when it is over.
//
// Threads: any. Never blocks. Since 0.1.
GB_API gb_status gb_disconnect(gb_client *client, gb_conn conn);

// The next event, or NULL. The event and its values are this thread's until its next gb_poll or gb_wait on this
// client. Costs a few nanoseconds when there is none, and never blocks, allocates or frees.
//
// Threads: one at a time; a second one gets NULL, and gb_last_error says so. Since 0.1.
GB_API const gb_event *gb_poll(gb_client *client);

// As gb_poll, waiting until there is an event, at most timeout_ms (negative: no limit). May return NULL early, as
// after gb_wake.
//
// Threads: one at a time; a second one gets NULL, and gb_last_error says so. Since 0.1.
GB_API const gb_event *gb_wait(gb_client *client, int32_t timeout_ms);

// Makes one gb_wait return: the one that waits, or the next.
//
// Threads: any. Never blocks. Since 0.1.
GB_API void gb_wake(gb_client *client);

// A descriptor that is readable while something can be polled (on Windows a HANDLE that is signalled), for poll,
// epoll, WaitForMultipleObjects or an event loop. Level-triggered: wait on it, never read it, and poll until NULL.
// It is the client's: do not close it. -1 on failure.
//
// Threads: any. Since 0.1.
GB_API intptr_t gb_wakeup_handle(gb_client *client);

// A copy of an event that is yours: decoded, immutable, for any thread, and it outlives the client. Free it with
// gb_event_free. Copy a copy as well as you like. NULL for NULL.
//
// Threads: the event's; the copy is any thread's. Since 0.1.
GB_API gb_event *gb_event_copy(const gb_event *event);

// Frees a copy made by gb_event_copy. NULL is fine. An event that is no copy, or was freed before, is left alone, and
// gb_last_error says so.
//
// Threads: any, when no other uses the copy. Since 0.1.
GB_API void gb_event_free(gb_event *event);

// The value at a JSON pointer (RFC 6901): gb_get(ev->data, "/user/username"), "/guilds/0/id"; "" is the value
// itself. NULL when it is not there, and NULL for NULL, so accesses chain without checks. Of members with the same name
// the last one counts. The result lives as long as the event.
//
// Threads: the event's. Since 0.1.
GB_API const gb_value *gb_get(const gb_value *value, const char *json_pointer);

// The element of an array, or the member of an object, at this position. NULL when there is none.
//
// Threads: the event's. Since 0.1.
GB_API const gb_value *gb_at(const gb_value *value, size_t index);

// The first element or member; walk on with gb_next. NULL when it is empty or neither array nor object.
//
// Threads: the event's. Since 0.1.
GB_API const gb_value *gb_first(const gb_value *value);

// The element or member after this one. NULL after the last.
//
// Threads: the event's. Since 0.1.
GB_API const gb_value *gb_next(const gb_value *value);

// The member name of a value that is in an object. NULL otherwise.
//
// Threads: the event's. Since 0.1.
GB_API const char *gb_key(const gb_value *value);

// What the value is; GB_KIND_MISSING for NULL, and for an event's data that is not JSON.
//
// Threads: the event's. Since 0.1.
GB_API gb_kind gb_kind_of(const gb_value *value);

// Bytes of a string (it may hold a NUL), elements of an array, members of an object; else 0.
//
// Threads: the event's. Since 0.1.
GB_API size_t gb_len(const gb_value *value);

// The text of a string, UTF-8, unescaped and ended by a NUL; fallback when it is no string.
//
// Threads: the event's. Since 0.1.
GB_API const char *gb_str(const gb_value *value, const char *fallback);

// A whole number; fallback when it is none, or does not fit.
//
// Threads: the event's. Since 0.1.
GB_API int64_t gb_int(const gb_value *value, int64_t fallback);

// Any number; fallback when it is none.
//
// Threads: the event's. Since 0.1.
GB_API double gb_num(const gb_value *value, double fallback);

// True or false; fallback when it is neither.
//
// Threads: the event's. Since 0.1.
GB_API bool gb_bool(const gb_value *value, bool fallback);

// A snowflake: an id of 64 bits, as Discord writes it in a string or as a number. 0 when it is none.
//
// Threads: the event's. Since 0.1.
GB_API uint64_t gb_id(const gb_value *value);

// The value as JSON, exactly as it came, ended by a NUL; its length in len unless that is NULL. NULL when the value is
// NULL. Lives as long as the event. Of an event's own data this costs nothing.
//
// Threads: the event's. Since 0.1.
GB_API
const char *gb_json(const gb_value *value,
                    size_t *len);

// An empty object. Free it with gb_args_free. NULL only if the library is broken.
//
// Threads: any; an object is one thread's at a time. Since 0.1.
GB_API gb_args *gb_args_new(void);

// Puts a string at a JSON pointer, gb_args_str(a, "/activity/state", name). What is missing on the way is made: arrays
// where the path goes on with 0 or - (append), objects elsewhere. A NULL text puts null. Errors stick and are told
// by gb_args_json.
//
// Threads: any; an object is one thread's at a time. Since 0.1.
GB_API
void gb_args_str(gb_args *args,
                 const char *path,
                 const char *value);

// Puts a whole number.
//
// Threads: any; an object is one thread's at a time. Since 0.1.
GB_API void gb_args_int(gb_args *args, const char *path, int64_t value);

// Puts a number; it must be finite.
//
// Threads: any; an object is one thread's at a time. Since 0.1.
GB_API void gb_args_num(gb_args *args, const char *path, double value);

// Puts true or false.
//
// Threads: any; an object is one thread's at a time. Since 0.1.
GB_API void gb_args_bool(gb_args *args, const char *path, bool value);

// Puts a snowflake, as the decimal string that Discord expects.
//
// Threads: any; an object is one thread's at a time. Since 0.1.
GB_API void gb_args_id(gb_args *args, const char *path, uint64_t value);

// Puts JSON text that you trust: gb_args_raw(a, "/activity/party/size", "[1,4]").
//
// Threads: any; an object is one thread's at a time. Since 0.1.
GB_API void gb_args_raw(gb_args *args, const char *path, const char *json);

// The JSON text so far, ended by a NUL; its length in len unless that is NULL. When something went wrong on the way it
// is an empty text: gb_last_error names the path, and gb_send and the others refuse it with the same words, so the
// result may be passed on unlooked at. Never NULL. Valid until the next call with this object.
//
// Threads: any; an object is one thread's at a time. Since 0.1.
GB_API
const char *gb_args_json(gb_args *args,
                         size_t *len);

// Back to an empty object without an error, for the next use.
//
// Threads: any; an object is one thread's at a time. Since 0.1.
GB_API void gb_args_clear(gb_args *args);

// Frees the object. NULL is fine.
//
// Threads: any. Since 0.1.
GB_API void gb_args_free(gb_args *args);

// Shows what the player does: SET_ACTIVITY, with every field checked here and named by gb_last_error when it is wrong;
// then nothing is sent, and what was shown stays. conn is a connection of "rpc". Call it as often as you like, also
// before CONNECTED: Discord takes 5 in 20 seconds, the latest always arrives, and it is shown again on every new
// connection. Of updates that a newer one overtook each tag other than 0 still gets its REPLY, with GB_FLAG_SUPERSEDED.
//
// Threads: any. Never blocks. Since 0.1.
GB_API
gb_status gb_set_activity(gb_client *client,
                          gb_conn conn,
                          const gb_activity *activity,
                          uint64_t tag);

// Shows nothing of the player any more. It takes its turn among the updates of gb_set_activity.
//
// Threads: any. Never blocks. Since 0.1.
GB_API gb_status gb_clear_activity(gb_client *client, gb_conn conn, uint64_t tag);

// Answers a player who asks to join, gb_id(gb_get(ev->data, "/user/id")) of an ACTIVITY_JOIN_REQUEST: lets them in, so
// that their game is handed your join_secret, or turns them down.
//
// Threads: any. Never blocks. Since 0.1.
GB_API
gb_status gb_reply_join(gb_client *client,
                        gb_conn conn,
                        uint64_t user_id,
                        bool accept,
                        uint64_t tag);

// Registers what starts the game when its player joins a friend and it is not running: the scheme
// discord-<application id>, for the user who runs this. Discord delivers the secret later, once the game has subscribed
// to ACTIVITY_JOIN. Call it at every start: what is there already is not written again, and what is there for another path
// is replaced. It needs no client. GB_ERR_UNSUPPORTED: the path is one that this system's registration cannot hold.
//
// Threads: any. Reads and writes small files (Windows: the registry). Since 0.1.
GB_API
gb_status gb_register_launch(const gb_launch *launch);

// Takes back what gb_register_launch wrote for this application, for the user who runs this. It is no error that there
// was nothing.
//
// Threads: any. As for gb_register_launch. Since 0.1.
GB_API
gb_status gb_unregister_launch(const char *application_id);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* GAMEBRIDGE_H */
