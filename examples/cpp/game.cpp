// A game of 60 frames a second with a presence, friends who join, and an overlay that shows who speaks. C++11.
//
// What concerns Discord is in three classes: Presence and Friends need nothing but a Discord on the machine, the
// Overlay an access token of the player with the scope `rpc`. None of them waits: each is told of events once a frame.
//
// Town stands in for Discord and for other people, so that all this plays without an account: it hosts GameBridge in
// the same process and drives it. A real game has no such class.
//
//     cargo xtask demo --cpp              plays it, and prints a line for everything that happens
//     cargo xtask demo --cpp --discord    with the Discord that runs here: DISCORD_CLIENT_ID names your application,
//                                         and DISCORD_ACCESS_TOKEN, when it is set, opens the overlay
#include <gamebridge.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <thread>

namespace gb = gamebridge;

static const char *const CLIENT_ID = "192741864418312192";

// -------------------------------------------------------------------------------------------------------- the trace --

static int frame = 0;

static void say(const char *who, const std::string &what) {
  std::printf("frame %4d  %-9s %s\n", frame, who, what.c_str());
}

// For commands of which only the failure is worth a word.
static void report_failure(const gb::Event &reply) {
  if (!reply.ok()) say("failed", reply.name().str() + ": " + reply.message().str());
}

// ----------------------------------------------------------------------------------------------------- the presence --

// What the game is doing, as friends see it.
class Presence {
 public:
  explicit Presence(gb::Connection rpc) : rpc_(rpc) {
    activity_.details = "The \"Old Mill\", 2 to 1";
    activity_.large_image = "old_mill";
    activity_.party_max = 4;
  }

  // Whenever something changes, in any state of the connection: the latest one is sent, no faster than Discord allows.
  void show(const std::string &party, int size) {
    activity_.state = size > 1 ? "In a party" : "Alone";
    activity_.party_id = party;
    activity_.party_size = size;
    // A real one is nothing that anybody could guess: docs/presence.md.
    activity_.join_secret = "join-" + party;
    const gb::Sent sent = rpc_.set_activity(activity_, [](const gb::Event &reply) {
      if (reply.has(GB_FLAG_SUPERSEDED)) return;  // a newer one took its place
      if (reply.ok()) say("presence", "friends see: " + reply["/state"].text().str());
      report_failure(reply);
    });
    if (!sent) say("presence", gb::last_error().str());
  }
  void one_more() { show(activity_.party_id, activity_.party_size + 1); }

 private:
  gb::Connection rpc_;
  gb::Activity activity_;
};

// ------------------------------------------------------------------------------------------------------ the friends --

// Joining and being joined.
class Friends {
 public:
  Friends(gb::Connection rpc, Presence &presence)
      : rpc_(rpc), presence_(presence), listens_(false), joined_(false), let_in_(false) {
    rpc_.request("SUBSCRIBE", {{"/evt", "ACTIVITY_JOIN"}}, report_failure);
    rpc_.request("SUBSCRIBE", {{"/evt", "ACTIVITY_JOIN_REQUEST"}}, [this](const gb::Event &reply) {
      report_failure(reply);
      listens_ = reply.ok();
    });
  }

  void on_dispatch(const gb::Event &ev) {
    if (ev.name() == "ACTIVITY_JOIN") {
      // The player clicked on a friend's invitation. The secret is what that friend's game gave to Discord.
      say("friends", "we join with " + ev["/secret"].text().str());
      joined_ = true;
      presence_.show("party-9", 2);
    } else if (ev.name() == "ACTIVITY_JOIN_REQUEST") {
      say("friends", ev["/user/username"].text("somebody").str() + " wants to join; welcome");
      rpc_.reply_join(ev["/user/id"].id(), true, [this](const gb::Event &reply) {
        let_in_ = reply.ok();
        report_failure(reply);
        if (let_in_) presence_.one_more();
      });
    }
  }

  bool listens() const { return listens_; }
  bool joined() const { return joined_; }
  bool let_in() const { return let_in_; }

 private:
  gb::Connection rpc_;
  Presence &presence_;
  bool listens_, joined_, let_in_;
};

// ------------------------------------------------------------------------------------------------------ the overlay --

// Who is in the player's voice channel, and who speaks.
class Overlay {
 public:
  explicit Overlay(gb::Connection rpc) : rpc_(rpc), pending_(0), changed_(false) {
    rpc_.request("SUBSCRIBE", {{"/evt", "VOICE_CHANNEL_SELECT"}}, report_failure);
    look();
  }

  void on_dispatch(const gb::Event &ev) {
    const gb::Text name = ev.name();
    if (name == "VOICE_CHANNEL_SELECT") return look();
    const bool start = name == "SPEAKING_START", stop = name == "SPEAKING_STOP";
    if (start || stop) {
      const auto found = people_.find(ev["/user_id"].id());
      if (found == people_.end()) return;
      found->second.speaks = start;
      changed_ = true;
    } else if (name == "VOICE_STATE_CREATE" || name == "VOICE_STATE_UPDATE") {
      enter(ev.data());
    } else if (name == "VOICE_STATE_DELETE") {
      people_.erase(ev["/user/id"].id());
      changed_ = true;
    }
  }

  // Once a frame; here a line of text when there is something new.
  void draw() {
    if (!changed_) return;
    changed_ = false;
    std::string line;
    for (const auto &person : people_)
      line += person.second.speaks ? " ((" + person.second.name + "))" : " " + person.second.name;
    say("overlay", line.empty() ? "nobody" : line.substr(1));
  }

  // Whether this one is in the channel, and whether they speak.
  bool shows(gb::Id user) const { return pending_ == 0 && people_.count(user) != 0; }
  bool hears(gb::Id user) const { return shows(user) && people_.find(user)->second.speaks; }

 private:
  struct Person {
    std::string name;
    bool speaks;
  };

  // Asks which channel the player is in, and who with.
  void look() {
    rpc_.request("GET_SELECTED_VOICE_CHANNEL", [this](const gb::Event &reply) {
      report_failure(reply);
      const gb::Id channel = reply["/id"].id();
      if (channel != channel_) {
        follow("UNSUBSCRIBE", channel_);
        follow("SUBSCRIBE", channel);
        channel_ = channel;
      }
      people_.clear();
      for (gb::Value state : reply["/voice_states"]) enter(state);
      changed_ = true;
    });
  }
  void follow(const char *command, gb::Id channel) {
    if (!channel) return;
    for (const char *event :
         {"VOICE_STATE_CREATE", "VOICE_STATE_UPDATE", "VOICE_STATE_DELETE", "SPEAKING_START", "SPEAKING_STOP"})
      if (rpc_.request(command, {{"/evt", event}, {"/args/channel_id", channel}}, [this](const gb::Event &reply) {
            report_failure(reply);
            pending_--;
          }))
        pending_++;
  }
  void enter(gb::Value state) {
    Person &person = people_[state["/user/id"].id()];
    person.name = state["/nick"].text("?").str();
    changed_ = true;
  }

  gb::Connection rpc_;
  gb::Id channel_;
  std::map<gb::Id, Person> people_;
  int pending_;  // subscriptions that have no answer yet
  bool changed_;
};

// --------------------------------------------------------------------------------------------------------- the town --

// Plays Discord and another player, Mason, by commands to the server.
class Town {
 public:
  explicit Town(gb::Connection server) : server_(server) {
    server_.request("USER_CREATE", {{"/username", "Mason"}}, [this](const gb::Event &reply) {
      mason_ = reply["/id"].id();
      server_.request("GUILD_CREATE", {{"/name", "The Mill"}, {"/members/0", mason_}}, [this](const gb::Event &guild) {
        report_failure(guild);
        server_.request("CHANNEL_CREATE",
                        {{"/type", "GUILD_VOICE"}, {"/name", "Stones"}, {"/guild_id", guild["/id"].id()}},
                        [this](const gb::Event &channel) {
                          report_failure(channel);
                          channel_ = channel["/id"].id();
                        });
      });
    });
  }

  // A token without a dialog; a real game's server gets one for the code of AUTHORIZE.
  template <class F>
  void token(F then) const {
    server_.request("TOKEN_CREATE", {{"/client_id", CLIENT_ID}, {"/scopes/0", "rpc"}}, then);
  }
  void invite_accepted() const { act("ACTIVITY_JOIN", {{"/secret", "join-party-9"}}); }
  void mason_asks_to_join() const { act("ACTIVITY_JOIN_REQUEST", {{"/user_id", mason_}}); }
  void both_enter_voice() const {
    act("VOICE_JOIN", {{"/channel_id", channel_}, {"/user_id", mason_}});
    act("VOICE_JOIN", {{"/channel_id", channel_}});
  }
  void both_leave_voice() const {
    act("VOICE_LEAVE", {{"/user_id", mason_}});
    act("VOICE_LEAVE", {});
  }
  void mason_speaks(bool starts) const { act(starts ? "SPEAKING_START" : "SPEAKING_STOP", {{"/user_id", mason_}}); }

  gb::Id mason() const { return mason_; }
  bool built() const { return static_cast<bool>(channel_); }

 private:
  void act(const char *command, const gb::Args &args) const { server_.request(command, args, report_failure); }

  gb::Connection server_;
  gb::Id mason_, channel_;
};

// --------------------------------------------------------------------------------------------------------- the game --

class Game {
 public:
  explicit Game(bool discord) : discord_(discord), step_(0), wrong_(false) {}

  // Whether all that was to happen has happened.
  bool play() {
    if (!client_) return stopped("the library", gb::last_error());
    if (!(discord_ ? start_with_discord() : start_with_a_town())) return stopped("the start", gb::last_error());
    const int patience = 60 * (discord_ ? 30 : 10);
    auto next = std::chrono::steady_clock::now();
    while (!wrong_ && step_ < DONE && frame < patience) {
      frame++;
      for (const gb::Event &ev : client_.poll()) on_event(ev);
      if (!discord_) direct();
      if (overlay_) overlay_->draw();
      next += std::chrono::microseconds(16667);
      std::this_thread::sleep_until(next);
    }
    if (!wrong_ && !discord_ && step_ < DONE) stopped("the play", "it did not come to its end");
    if (!wrong_) say("game", "over");
    return !wrong_;
  }

 private:
  enum { DONE = 7 };

  bool stopped(const char *what, gb::Text why) {
    say("stop", std::string(what) + ": " + why.str());
    wrong_ = true;
    return false;
  }

  bool start_with_discord() {
    const char *id = std::getenv("DISCORD_CLIENT_ID"), *token = std::getenv("DISCORD_ACCESS_TOKEN");
    gb::Args params{{"/client_id", id != nullptr ? id : CLIENT_ID}};
    if (token != nullptr) params.set("/access_token", token);
    with_overlay_ = token != nullptr;
    rpc_ = client_.connect("rpc", params);
    return static_cast<bool>(rpc_);
  }

  bool start_with_a_town() {
    server_ = client_.serve("rpc", {{"/transport", "ipc"}, {"/username", "Robin"}});
    return static_cast<bool>(server_);
  }

  void on_event(const gb::Event &ev) {
    switch (ev.type()) {
    case GB_EVENT_CONNECTED:
      if (ev.conn() == server_) return on_server(ev);
      say("game", "connected as " + ev["/user/username"].text("?").str());
      // Only once: after a break the library puts subscriptions and presence back by itself.
      if (presence_) return;
      presence_.reset(new Presence(rpc_));
      presence_->show("party-7", 1);
      friends_.reset(new Friends(rpc_, *presence_));
      if (with_overlay_) overlay_.reset(new Overlay(rpc_));
      break;
    case GB_EVENT_DISPATCH:
      if (ev.conn() != rpc_) return;
      if (friends_) friends_->on_dispatch(ev);
      if (overlay_) overlay_->on_dispatch(ev);
      break;
    case GB_EVENT_RECONNECTING: say("game", "connecting again: " + ev.message().str()); break;
    case GB_EVENT_DISCONNECTED: stopped("the connection", ev.message()); break;
    case GB_EVENT_LOG: say("log", ev.message().str()); break;
    default: break;  // later versions may bring types that we do not know
    }
  }

  void on_server(const gb::Event &ev) {
    const std::string socket = ev["/ipc"].text().str();
    say("town", "GameBridge listens at " + socket);
    town_.reset(new Town(server_));
    town_->token([this, socket](const gb::Event &reply) {
      with_overlay_ = reply.ok();
      rpc_ = client_.connect(
          "rpc", {{"/client_id", CLIENT_ID}, {"/path", socket}, {"/access_token", reply["/access_token"].text()}});
      if (!rpc_) stopped("connecting", gb::last_error());
    });
  }

  // What other people do, each when the game has come so far.
  void direct() {
    if (!town_ || !friends_ || !overlay_) return;
    const gb::Id mason = town_->mason();
    switch (step_) {
    case 0: return when(town_->built() && friends_->listens(), [this] { town_->invite_accepted(); });
    case 1: return when(friends_->joined(), [this] { town_->mason_asks_to_join(); });
    case 2: return when(friends_->let_in(), [this] { town_->both_enter_voice(); });
    case 3: return when(overlay_->shows(mason), [this] { town_->mason_speaks(true); });
    case 4: return when(overlay_->hears(mason), [this] { town_->mason_speaks(false); });
    case 5: return when(!overlay_->hears(mason), [this] { town_->both_leave_voice(); });
    case 6: return when(!overlay_->shows(mason), [] {});
    default: return;
    }
  }
  template <class F>
  void when(bool so_far, F then) {
    if (!so_far) return;
    step_++;
    then();
  }

  // The order matters at the end: the client goes last, after all that its handlers know.
  gb::Client client_;
  gb::Connection server_, rpc_;
  std::unique_ptr<Town> town_;
  std::unique_ptr<Presence> presence_;
  std::unique_ptr<Friends> friends_;
  std::unique_ptr<Overlay> overlay_;
  bool discord_, with_overlay_ = false;
  int step_;
  bool wrong_;
};

int main(int argc, char **argv) {
  const bool discord = argc > 1 && std::string(argv[1]) == "--discord";
  return Game(discord).play() ? 0 : 1;
}
