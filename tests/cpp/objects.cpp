// Everything that gamebridge.hpp has, against a GameBridge in the same process. Each function is one sentence about it.
// Built under every standard, with and without exceptions and run-time types.
#include <gamebridge.hpp>

#include "check.h"

#include <atomic>
#include <functional>
#include <sstream>
#include <thread>
#include <vector>

namespace gb = gamebridge;

static const char *const CLIENT = "192741864418312192";

// -------------------------------------------------------------------------------------------------------- the stage --

// A server and a connection to it, of one client.
struct Stage {
  gb::Client client;
  gb::Connection server, rpc;

  Stage() {
    CHECK(client);
    server = client.serve("rpc", {{"/transport", "ipc"}, {"/consent", "ask"}});
    CHECK(server);
    std::string ipc;
    await([&](const gb::Event &ev) {
      if (ev.type() != GB_EVENT_CONNECTED || ev.conn() != server) return false;
      ipc = ev["/ipc"].text().str();
      return true;
    });
    rpc = client.connect("rpc", {{"/client_id", CLIENT}, {"/path", ipc}});
    CHECK(rpc && rpc != server);
    await([&](const gb::Event &ev) { return ev.type() == GB_EVENT_CONNECTED && ev.conn() == rpc; });
  }

  // Polls until an event fits; it is gone when this returns.
  template <class Fits>
  void await(Fits fits) {
    const time_t start = time(nullptr);
    while (time(nullptr) - start < CHECK_PATIENCE_S)
      for (const gb::Event &ev : client.wait(250))
        if (fits(ev)) return;
    CHECK(!"the event came");
  }
  // Polls until handlers have done something.
  template <class Done>
  void until(Done done) {
    const time_t start = time(nullptr);
    while (!done() && time(nullptr) - start < CHECK_PATIENCE_S)
      for (const gb::Event &ev : client.wait(250)) (void)ev;
    CHECK(done());
  }
};

// ---------------------------------------------------------------------------------------------------------- objects --

static void texts_compare_and_convert() {
  const std::string owned("abc");
  const gb::Text text(owned);
  CHECK(text == "abc" && "abc" == text && text == owned && text != "abd" && text != "ab" && !text.empty());
  CHECK(gb::Text(nullptr) == "" && gb::Text("").empty() && gb::Text("xyz").size() == 3);
  const std::string copy = text;
  CHECK(copy == owned && text.str() == owned && text.c_str() == owned.c_str() && std::string(text.begin(), text.end()) == owned);
  std::ostringstream out;
  out << text << gb::Text("!");
  CHECK(out.str() == "abc!");
#if GAMEBRIDGE_HAS_STRING_VIEW
  const std::string_view view = text;
  CHECK(view.data() == text.data() && view.size() == 3 && text == std::string_view("abc"));
#endif
}

static void arguments_are_written_as_meant() {
  gb::Args args{
      {"/text", "a \"quote\""}, {"/string", std::string("s")}, {"/none", nullptr}, {"/id", gb::Id(UINT64_MAX)}};
  args.set("/list/0", -1).set("/list/-", true).set("/list/-", 2.5).set("/raw", gb::Json("[1, 4]"));
  args.set("/big", UINT64_MAX).set("/short", static_cast<unsigned short>(7)).set("/missing", gb::Value());
  args.set("/null text", static_cast<const char *>(nullptr));
  // Members stand in the order of their names.
  CHECK_TEXT("{\"big\":18446744073709551615,\"id\":\"18446744073709551615\",\"list\":[-1,true,2.5],"
             "\"missing\":null,\"none\":null,\"null text\":null,\"raw\":[1,4],\"short\":7,\"string\":\"s\","
             "\"text\":\"a \\\"quote\\\"\"}",
             args.json().c_str());
  CHECK(args.clear().json() == "{}");
#if GAMEBRIDGE_HAS_STRING_VIEW
  CHECK((gb::Args{{"/a", std::string_view("whole", 2)}}).json() == "{\"a\":\"wh\"}");
#endif
  gb::Args moved(std::move(args));
  CHECK(moved.set("/a", 1).json() == "{\"a\":1}");
  args = std::move(moved);
  CHECK(args.json() == "{\"a\":1}");
}

static void an_error_in_arguments_is_told_by_the_call(Stage &stage) {
  gb::Args args{{"no slash", 1}, {"/fine", 2}};
  CHECK(args.json().empty());
  CHECK(stage.rpc.send("SET_ACTIVITY", args) == GB_ERR_ARGUMENT);
  CHECK(std::strstr(gb::last_error().c_str(), "no slash") != nullptr);
  CHECK(!stage.client.connect("rpc", args));
}

static void what_is_false_fails_in_the_same_way() {
  gb_options options = GB_OPTIONS_INIT;
  options.log_level = 77;
  gb::Client broken(options);
  CHECK(!broken && broken.get() == nullptr && !gb::last_error().empty());
  gb::Client moved;
  gb::Client taken(std::move(moved));
  CHECK(taken && !moved);
  gb::Client *const clients[] = {&broken, &moved};
  for (gb::Client *client : clients) {
    CHECK(!client->connect("rpc", "{}") && !client->serve("rpc") && !client->poll().next() && !client->wait(0).next());
    for (const gb::Event &ev : client->poll()) CHECK(!ev);
    client->wake();
    CHECK(client->wakeup_handle() == -1);
    CHECK(!client->connection(1).send("X") && !client->connection(1).request("X", [](const gb::Event &) {}));
  }
  const gb::Connection none;
  CHECK(!none && none.id() == 0 && none == gb_conn(0));
  CHECK(!none.send("X") && !none.request("X", [](const gb::Event &) {}) && !none.cancel(1) && !none.disconnect());
  CHECK(!none.answer(1, GB_OK) && !none.answer(gb::Event(), GB_OK));
  const gb::Event nothing;
  CHECK(!nothing && nothing.type() == 0 && nothing.name().empty() && nothing.message().empty() && nothing.ok());
  CHECK(!nothing["/a/b"][3].exists() && nothing["/a"].text("x") == "x" && !nothing.copy() && !nothing.has(UINT32_MAX));
  CHECK(nothing.bytes() == nullptr && nothing.bytes_size() == 0 && nothing.data().begin() == nothing.data().end());
}

static void versions_and_results_are_told() {
  CHECK(gb::version() == GB_VERSION);
  CHECK(gb::Result(GB_ERR_FULL).text() == gb_status_str(GB_ERR_FULL) && !gb::Result(GB_ERR_FULL) && gb::Result());
}

// ----------------------------------------------------------------------------------------------------------- values --

static void values_are_read_and_walked(Stage &stage) {
  bool came = false;
  stage.server.request("STATE", [&](const gb::Event &reply) {
    CHECK(reply.ok() && reply.name() == "STATE" && reply.conn() == stage.server && reply.time_ns() != 0);
    CHECK(reply.data().kind() == GB_KIND_OBJECT && reply.data().size() > 0);
    std::size_t members = 0;
    for (gb::Value member : reply.data()) {
      CHECK(!member.key().empty() && reply.data()[members].get() == member.get());
      // A key may hold a slash; ours do not.
      CHECK(reply[gb::Text("/" + std::string(member.key().c_str()))].get() == member.get());
      members++;
    }
    CHECK(members == reply.data().size());
    const gb::Value user = reply["/user"];
    CHECK(user["/id"].id() && user["/id"].text().size() >= 17 && user["/username"].text("?") != "?");
    CHECK(user["/id"].integer(-1) == -1 && user["/nobody/knows"].integer(5) == 5 && user["/nobody"].number(2.5) == 2.5);
    CHECK(user["/nobody"].boolean(true) && !user["/nobody"].exists() && !user.is_null());
    CHECK(user.json().data()[0] == '{');
    CHECK((gb::Args{{"/copy", user["/id"]}}).json() == "{\"copy\":" + user["/id"].json().str() + "}");
    CHECK((gb::Args{{"/id", user["/id"].id()}}).json() == "{\"id\":\"" + user["/id"].text().str() + "\"}");
    came = true;
  });
  stage.until([&] { return came; });
}

// ---------------------------------------------------------------------------------------------------------- replies --

static void a_reply_comes_to_its_handler_and_not_to_the_loop(Stage &stage) {
  int handled = 0;
  const gb::Sent sent = stage.rpc.request("SUBSCRIBE", {{"/evt", "ACTIVITY_JOIN"}}, [&](const gb::Event &reply) {
    CHECK(reply.type() == GB_EVENT_REPLY && reply.ok() && reply["/evt"].text() == "ACTIVITY_JOIN");
    handled++;
  });
  CHECK(sent && sent.tag() != 0);
  stage.rpc.send("SUBSCRIBE", "{\"evt\":\"ACTIVITY_SPECTATE\"}", 7);
  stage.await([&](const gb::Event &ev) {
    CHECK(ev.tag() != sent.tag());
    return ev.type() == GB_EVENT_REPLY && ev.tag() == 7;
  });
  CHECK_INT(1, handled);
}

static void a_handler_may_hold_what_only_moves(Stage &stage) {
  struct Once {
    std::unique_ptr<int> number;
    int *out;
    void operator()(const gb::Event &) const { *out = *number; }
  };
  int out = 0;
  stage.server.request("STATE", Once{std::unique_ptr<int>(new int(42)), &out});
  stage.until([&] { return out == 42; });
  // One that is kept elsewhere is copied.
  const std::function<void(const gb::Event &)> kept = [&](const gb::Event &) { out++; };
  stage.server.request("STATE", kept);
  stage.server.request("STATE", gb::Args(), kept);
  stage.server.request("STATE", "{}", kept, 10000);
  stage.until([&] { return out == 45; });
}

static void a_handler_may_send_and_poll(Stage &stage) {
  int inner = 0;
  bool done = false;
  stage.server.request("STATE", [&](const gb::Event &) {
    stage.server.request("STATE", [&](const gb::Event &) { inner++; });
    const time_t start = time(nullptr);
    while (inner == 0 && time(nullptr) - start < CHECK_PATIENCE_S) stage.client.wait(100).next();
    done = true;
  });
  stage.until([&] { return done; });
  CHECK_INT(1, inner);
}

static void a_refused_request_keeps_no_handler(Stage &stage) {
  const std::shared_ptr<int> held = std::make_shared<int>(0);
  const auto handler = [held](const gb::Event &) { CHECK(!"it was called"); };
  const long before = held.use_count();
  CHECK(stage.rpc.request("SUBSCRIBE", {{"/evt", 5}}, handler) == GB_ERR_ARGUMENT);
  CHECK(stage.rpc.request("SUBSCRIBE", "not json", handler) == GB_ERR_ARGUMENT);
  CHECK(gb::Connection().request("SUBSCRIBE", handler) == GB_ERR_ARGUMENT);
  CHECK_INT(before, held.use_count());
}

static void a_cancelled_request_is_told(Stage &stage) {
  gb_status status = GB_OK;
  const gb::Sent sent = stage.rpc.request("AUTHORIZE", {{"/client_id", CLIENT}, {"/scopes/0", "rpc"}},
                                          [&](const gb::Event &reply) { status = reply.status().code(); });
  std::uint64_t request = 0;
  stage.await([&](const gb::Event &ev) {
    if (ev.type() == GB_EVENT_REQUEST && ev.conn() == stage.server) request = ev.tag();
    return request != 0;
  });
  CHECK(stage.rpc.cancel(sent.tag()));
  stage.until([&] { return status != GB_OK; });
  CHECK_STATUS(GB_ERR_CANCELLED, status);
  CHECK(stage.server.answer(request, GB_ERR_AUTH));
}

// On a stage of its own: whether the server was asked before the time was over is open.
static void a_late_request_is_told() {
  Stage stage;
  gb_status status = GB_OK;
  stage.rpc.request("AUTHORIZE", {{"/client_id", CLIENT}, {"/scopes/0", "rpc"}},
                    [&](const gb::Event &reply) { status = reply.status().code(); }, 30);
  stage.until([&] { return status != GB_OK; });
  CHECK_STATUS(GB_ERR_TIMEOUT, status);
}

static void a_server_is_asked_and_answers(Stage &stage) {
  const gb::Args wish{{"/client_id", CLIENT}, {"/scopes/0", "rpc"}, {"/username", "Robin"}};
  const auto ask = [&](std::function<void(const gb::Event &)> answer) {
    gb::EventCopy reply;
    stage.rpc.request("AUTHORIZE", wish, [&](const gb::Event &ev) { reply = ev.copy(); });
    stage.await([&](const gb::Event &ev) {
      if (ev.type() != GB_EVENT_REQUEST || ev.conn() != stage.server) return false;
      answer(ev);
      return true;
    });
    stage.until([&] { return !!reply; });
    return reply;
  };
  const gb::EventCopy yes = ask([&](const gb::Event &ev) { CHECK(stage.server.answer(ev, GB_OK)); });
  CHECK(yes.ok() && !yes["/code"].text().empty());
  const gb::EventCopy no =
      ask([&](const gb::Event &ev) { CHECK(stage.server.answer(ev.tag(), GB_ERR_AUTH, gb::Args())); });
  CHECK(no.status() == GB_ERR_REMOTE && no.code() != 0 && !no.message().empty());
}

static void requests_come_from_many_threads(Stage &stage) {
  enum { THREADS = 4, EACH = 100 };
  int replies = 0;  // handlers run where the polling is
  std::vector<std::thread> threads;
  for (int i = 0; i < THREADS; i++)
    threads.emplace_back([&] {
      for (int j = 0; j < EACH; j++) CHECK(stage.server.request("STATE", [&](const gb::Event &) { replies++; }));
    });
  stage.until([&] { return replies == THREADS * EACH; });
  for (std::thread &thread : threads) thread.join();
}

// --------------------------------------------------------------------------------------------------------- presence --

static void an_activity_is_shown_field_by_field(Stage &stage) {
  gb::Activity activity;
  activity.type = GB_ACTIVITY_COMPETING;
  activity.status_display_type = GB_STATUS_DISPLAY_DETAILS;
  activity.instance = true;
  activity.name = "name", activity.state = "state", activity.state_url = "https://example.com/state";
  activity.details = "details", activity.details_url = "https://example.com/details";
  activity.start = 1700000000, activity.end = 1700003600;
  activity.large_image = "large", activity.large_text = "large text", activity.large_url = "https://example.com/large";
  activity.small_image = "tiny", activity.small_text = "tiny text", activity.small_url = "https://example.com/tiny";
  activity.invite_cover_image = "cover";
  activity.party_id = "party", activity.party_size = 2, activity.party_max = 4;
  activity.party_privacy = GB_PARTY_PUBLIC;
  activity.supported_platforms = GB_PLATFORM_DESKTOP;
  activity.join_secret = "join", activity.spectate_secret = "spectate", activity.match_secret = "match";
  const gb_activity c = activity.get();
  CHECK_INT(sizeof c, c.size);
  CHECK(c.type == GB_ACTIVITY_COMPETING && c.instance == 1 && c.status_display_type == GB_STATUS_DISPLAY_DETAILS);
  const char *const texts[] = {c.name,        c.state,      c.state_url, c.details,    c.details_url,
                               c.large_image, c.large_text, c.large_url, c.small_image, c.small_text,
                               c.small_url,   c.invite_cover_image,      c.party_id,    c.join_secret,
                               c.spectate_secret,           c.match_secret};
  const char *const expected[] = {"name",
                                  "state",
                                  "https://example.com/state",
                                  "details",
                                  "https://example.com/details",
                                  "large",
                                  "large text",
                                  "https://example.com/large",
                                  "tiny",
                                  "tiny text",
                                  "https://example.com/tiny",
                                  "cover",
                                  "party",
                                  "join",
                                  "spectate",
                                  "match"};
  for (std::size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) CHECK_TEXT(expected[i], texts[i]);
  CHECK(c.start == 1700000000 && c.end == 1700003600 && c.party_size == 2 && c.party_max == 4);
  CHECK(c.party_privacy == GB_PARTY_PUBLIC && c.supported_platforms == GB_PLATFORM_DESKTOP);

  bool shown = false;
  CHECK(stage.rpc.set_activity(activity, [&](const gb::Event &reply) {
    CHECK(reply.ok() && reply["/state"].text() == "state" && reply["/party/size/1"].integer() == 4);
    shown = true;
  }));
  stage.until([&] { return shown; });
}

static void buttons_stand_in_the_place_of_secrets(Stage &stage) {
  gb::Activity activity;
  activity.button1_label = "Web", activity.button1_url = "https://example.com/1";
  activity.button2_label = "Shop", activity.button2_url = "https://example.com/2";
  const gb_activity c = activity.get();
  CHECK_TEXT("Web", c.button1_label);
  CHECK_TEXT("https://example.com/1", c.button1_url);
  CHECK_TEXT("Shop", c.button2_label);
  CHECK_TEXT("https://example.com/2", c.button2_url);
  CHECK(stage.rpc.set_activity(activity, 21));
  stage.await([&](const gb::Event &ev) { return ev.type() == GB_EVENT_REPLY && ev.tag() == 21 && ev.ok(); });
  activity.button1_label = std::string(33, 'x');
  CHECK(stage.rpc.set_activity(activity) == GB_ERR_ARGUMENT && !gb::last_error().empty());
}

static void an_activity_is_cleared_and_a_player_answered(Stage &stage) {
  bool cleared = false;
  CHECK(stage.rpc.clear_activity([&](const gb::Event &reply) { cleared = reply.ok(); }));
  CHECK(stage.rpc.clear_activity());
  stage.until([&] { return cleared; });
  // Nobody asked: the peer says so, or keeps quiet about it; one reply comes either way.
  bool answered = false;
  CHECK(stage.rpc.reply_join(gb::Id(1), true, [&](const gb::Event &) { answered = true; }));
  CHECK(stage.rpc.reply_join(gb::Id(1), false));
  stage.until([&] { return answered; });
  CHECK(!gb::Connection().set_activity(gb::Activity()) && !gb::Connection().clear_activity([](const gb::Event &) {}));
  CHECK(!gb::Connection().reply_join(gb::Id(1), true));
}

static void a_wrong_launch_is_refused() {
  gb::Launch launch;
  launch.application_id = "not digits";
  CHECK(gb::register_launch(launch) == GB_ERR_ARGUMENT && !gb::last_error().empty());
  CHECK(gb::unregister_launch("not digits") == GB_ERR_ARGUMENT);
}

static void a_second_thread_that_polls_harms_nothing() {
  gb::Client client;
  CHECK(client.serve("rpc", {{"/transport", "ipc"}}));
  std::vector<std::thread> threads;
  std::atomic<int> seen(0);
  for (int i = 0; i < 2; i++)
    threads.emplace_back([&] {
      for (int j = 0; j < 20000 && seen == 0; j++)
        for (const gb::Event &ev : client.poll())
          if (ev) seen++;
    });
  for (std::thread &thread : threads) thread.join();
}

#if defined(__cpp_exceptions) || defined(__EXCEPTIONS)
static void an_exception_of_a_handler_comes_out_of_the_loop(Stage &stage) {
  int after = 0;
  bool caught = false;
  stage.server.request("STATE", [](const gb::Event &) { throw 5; });
  stage.server.request("STATE", [&](const gb::Event &) { after++; });
  try {
    stage.until([&] { return after != 0; });
  } catch (int number) {
    caught = number == 5;
  }
  CHECK(caught && after == 0);
  stage.until([&] { return after == 1; });
}
#else
static void an_exception_of_a_handler_comes_out_of_the_loop(Stage &) {}
#endif

// -------------------------------------------------------------------------------------------------------- lifetimes --

static void a_copy_outlives_its_client() {
  gb::EventCopy copy, second;
  {
    Stage stage;
    stage.server.request("STATE", [&](const gb::Event &reply) { copy = reply.copy(); });
    stage.until([&] { return !!copy; });
  }
  second = copy.copy();
  const gb::Value user = second["/user"];
  gb::EventCopy moved(std::move(second));
  CHECK(!second && !second["/user"].exists() && moved["/user"].get() == user.get() && user["/id"].id());
  CHECK(copy["/user/id"].id() == user["/id"].id() && !(copy["/user/id"].id() != user["/id"].id()));
  copy = std::move(moved);
  copy = gb::EventCopy();
  CHECK(!copy);
}

static void a_moved_client_keeps_its_connections() {
  Stage stage;
  const gb::Connection server = stage.server;
  gb::Client elsewhere;
  elsewhere = std::move(stage.client);
  bool came = false;
  server.request("STATE", [&](const gb::Event &) { came = true; });
  const time_t start = time(nullptr);
  while (!came && time(nullptr) - start < CHECK_PATIENCE_S)
    for (const gb::Event &ev : elsewhere.wait(100)) (void)ev;
  CHECK(came);
}

static void handlers_that_wait_end_with_the_client() {
  const std::shared_ptr<int> held = std::make_shared<int>(0);
  {
    Stage stage;
    stage.rpc.request("AUTHORIZE", {{"/client_id", CLIENT}, {"/scopes/0", "rpc"}}, [held](const gb::Event &) {});
    stage.rpc.disconnect();
    CHECK_INT(2, held.use_count());
  }
  CHECK_INT(1, held.use_count());
}

static void a_client_may_go_inside_its_loop() {
  std::unique_ptr<gb::Client> client(new gb::Client);
  CHECK(client->serve("rpc", {{"/transport", "ipc"}}));
  int turns = 0;
  while (client) {
    for (const gb::Event &ev : client->wait(1000)) {
      client.reset();
      turns++;
      // The event is still there.
      CHECK(ev.type() == GB_EVENT_CONNECTED && !ev["/ipc"].text().empty());
    }
  }
  CHECK_INT(1, turns);
  // And so from a handler, in a loop that has other events to come.
  client.reset(new gb::Client);
  const gb::Connection server = client->serve("rpc", {{"/transport", "ipc"}});
  server.request("STATE", [&](const gb::Event &) { client.reset(); });
  server.send("STATE", "{}", 5);
  while (client)
    for (const gb::Event &ev : client->wait(1000)) CHECK(ev.tag() != 5);
}

static void a_connection_ends_in_the_loop(Stage &stage) {
  bool replied = false;
  stage.rpc.request("AUTHORIZE", {{"/client_id", CLIENT}, {"/scopes/0", "rpc"}}, [&](const gb::Event &reply) {
    CHECK(reply.status() == GB_ERR_CLOSED);
    replied = true;
  });
  stage.await([&](const gb::Event &ev) { return ev.type() == GB_EVENT_REQUEST; });
  CHECK(stage.rpc.disconnect());
  stage.await([&](const gb::Event &ev) { return ev.type() == GB_EVENT_DISCONNECTED && ev.conn() == stage.rpc; });
  CHECK(replied);
}

static void a_wait_is_woken() {
  const gb::Client client;
  CHECK(client.wakeup_handle() != -1);
  client.wake();
  CHECK(!client.wait(-1).next());
}

int main() {
  texts_compare_and_convert();
  arguments_are_written_as_meant();
  what_is_false_fails_in_the_same_way();
  versions_and_results_are_told();
  a_wait_is_woken();
  a_wrong_launch_is_refused();
  {
    Stage stage;
    an_error_in_arguments_is_told_by_the_call(stage);
    values_are_read_and_walked(stage);
    a_reply_comes_to_its_handler_and_not_to_the_loop(stage);
    a_handler_may_hold_what_only_moves(stage);
    a_handler_may_send_and_poll(stage);
    a_refused_request_keeps_no_handler(stage);
    a_cancelled_request_is_told(stage);
    a_server_is_asked_and_answers(stage);
    an_activity_is_shown_field_by_field(stage);
    buttons_stand_in_the_place_of_secrets(stage);
    an_activity_is_cleared_and_a_player_answered(stage);
    requests_come_from_many_threads(stage);
    an_exception_of_a_handler_comes_out_of_the_loop(stage);
    a_connection_ends_in_the_loop(stage);
  }
  a_second_thread_that_polls_harms_nothing();
  a_late_request_is_told();
  a_copy_outlives_its_client();
  a_moved_client_keeps_its_connections();
  a_client_may_go_inside_its_loop();
  handlers_that_wait_end_with_the_client();
  return 0;
}
