/* gamebridge for C++11 and later: clients, events, values and arguments as objects, over gamebridge.h.
 * SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Header-only: every function is a few inline lines over the C function of the same name, whose rules (threads,
 * lifetimes, what each event means) stand in gamebridge.h and hold here. Link the same library. Constants are those of
 * gamebridge.h: GB_EVENT_DISPATCH, GB_ERR_FULL, GB_FLAG_UNCERTAIN.
 *
 *   #include <gamebridge.hpp>
 *   namespace gb = gamebridge;
 *
 *   gb::Client client;
 *   gb::Connection rpc = client.connect("rpc", {{"/client_id", "1234"}});
 *   if (!rpc) return fail(gb::last_error());
 *
 *   for (;;) {                                                     // once a frame
 *     for (const gb::Event &ev : client.poll())
 *       switch (ev.type()) {
 *       case GB_EVENT_CONNECTED:
 *         rpc.set_activity(activity);                              // an Activity that the game keeps
 *         rpc.send("SUBSCRIBE", {{"/evt", "ACTIVITY_JOIN"}});
 *         rpc.request("GET_GUILDS", [](const gb::Event &reply) {
 *           for (gb::Value guild : reply["/guilds"]) std::puts(guild["/name"].text("?").c_str());
 *         });
 *         break;
 *       case GB_EVENT_DISPATCH:
 *         if (ev.name() == "ACTIVITY_JOIN") join(ev["/secret"].text());
 *         break;
 *       default:
 *         break;
 *       }
 *     draw();
 *   }
 *
 * ERRORS. Nothing here throws, and all of it works with -fno-exceptions and -fno-rtti. (Memory that cannot be had is
 * the standard library's matter, as anywhere; an exception out of your own reply handler comes out of the loop that
 * polls.) What can fail returns a Result, or an object that is false; last_error() is then the sentence that says why.
 * An object that is false, or was moved from, may be used on: every call on it fails in the same way.
 *
 * LIFETIMES. A Client and an EventCopy own what they stand for and can be moved, not copied. An Event, a Value and a
 * Text are views, small enough to pass by value: of a polled event they are good until the next poll or wait on that
 * client, of an EventCopy as long as the copy. A Connection is an id with its client's address, good as long as the
 * client, wherever that was moved.
 *
 * REPLIES come to the handler that was given to request(), called by whoever polls, before poll() goes on to the next
 * event; they are not seen in the loop. Handlers may be lambdas that hold things that only move. A handler may send,
 * request and disconnect; when it polls, its event ends as any does. Exactly one reply comes for each request whose
 * Sent is true; when the client goes first, the handlers that wait are destroyed without being called. Tags from 2^63
 * up belong to this header.
 *
 * THREADS. As in gamebridge.h: one at a time polls; sending, requesting, answering, disconnecting and waking go from
 * any. */
#ifndef GAMEBRIDGE_HPP
#define GAMEBRIDGE_HPP

#include "gamebridge.h"

#include <atomic>
#include <cstdio>
#include <cstring>
#include <initializer_list>
#include <iosfwd>
#include <iterator>
#include <memory>
#include <mutex>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <utility>

#if __cplusplus >= 201703L || (defined(_MSVC_LANG) && _MSVC_LANG >= 201703L)
#define GAMEBRIDGE_HAS_STRING_VIEW 1
#include <string_view>
#else
#define GAMEBRIDGE_HAS_STRING_VIEW 0
#endif

namespace gamebridge {

// ------------------------------------------------------------------------------------------------------------ texts --

// A text in UTF-8 that somebody else owns and that ends with a NUL: what events hold, and what functions here take,
// from a literal, a std::string, or another Text. Never NULL. From C++17 on it converts to std::string_view by itself.
// A function that takes one reads it to its first NUL, as C does; a text of an event may hold more than one, and size()
// counts them.
class Text {
 public:
  Text(const char *text) noexcept : Text(text != nullptr ? text : "", text != nullptr ? std::strlen(text) : 0) {}
  // From what has c_str() and size(): a std::string, with whatever allocator, or a class of yours.
  template <class S, class = decltype(static_cast<const char *>(std::declval<const S &>().c_str()))>
  Text(const S &text) noexcept : Text(text.c_str(), static_cast<std::size_t>(text.size())) {}

  const char *c_str() const noexcept { return data_; }
  const char *data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  const char *begin() const noexcept { return data_; }
  const char *end() const noexcept { return data_ + size_; }
  // A copy that is yours.
  std::string str() const { return std::string(data_, size_); }
  operator std::string() const { return str(); }
#if GAMEBRIDGE_HAS_STRING_VIEW
  operator std::string_view() const noexcept { return std::string_view(data_, size_); }
#endif

  friend bool operator==(Text a, Text b) noexcept {
    return a.size_ == b.size_ && std::memcmp(a.data_, b.data_, a.size_) == 0;
  }
  friend bool operator!=(Text a, Text b) noexcept { return !(a == b); }
  template <class Traits>
  friend std::basic_ostream<char, Traits> &operator<<(std::basic_ostream<char, Traits> &out, Text text) {
    return out.write(text.data_, static_cast<std::streamsize>(text.size_));
  }

 private:
  friend class Value;
  Text(const char *data, std::size_t size) noexcept : data_(data), size_(size) {}
  const char *data_;
  std::size_t size_;
};

// The sentence of this thread's last failure. Good until the next failure on this thread.
inline Text last_error() noexcept { return Text(gb_last_error()); }

// The version of the library that runs: major << 16 | minor << 8 | patch. GB_VERSION is the header's.
inline std::uint32_t version() noexcept { return gb_version(); }

// --------------------------------------------------------------------------------------------------- status and ids --

// How a call or a request ended. True is success.
class Result {
 public:
  Result(gb_status status = GB_OK) noexcept : status_(status) {}
  bool ok() const noexcept { return status_ == GB_OK; }
  explicit operator bool() const noexcept { return ok(); }
  // GB_OK, or one of GB_ERR_...
  gb_status code() const noexcept { return status_; }
  // In a few words, for logs.
  Text text() const noexcept { return Text(gb_status_str(status_)); }

  friend bool operator==(Result a, Result b) noexcept { return a.status_ == b.status_; }
  friend bool operator!=(Result a, Result b) noexcept { return a.status_ != b.status_; }

 private:
  gb_status status_;
};

// A command's status, and the tag by which it can be cancelled while it has no reply.
class Sent : public Result {
 public:
  Sent(gb_status status, std::uint64_t tag) noexcept : Result(status), tag_(tag) {}
  std::uint64_t tag() const noexcept { return tag_; }

 private:
  std::uint64_t tag_;
};

// A snowflake, Discord's id of 64 bits. False when it is 0, which is none. Args writes it as the string of digits that
// Discord expects; a plain integer would be written as a number.
class Id {
 public:
  explicit Id(std::uint64_t value = 0) noexcept : value_(value) {}
  std::uint64_t value() const noexcept { return value_; }
  explicit operator bool() const noexcept { return value_ != 0; }

  friend bool operator==(Id a, Id b) noexcept { return a.value_ == b.value_; }
  friend bool operator!=(Id a, Id b) noexcept { return a.value_ != b.value_; }
  friend bool operator<(Id a, Id b) noexcept { return a.value_ < b.value_; }

 private:
  std::uint64_t value_;
};

// ----------------------------------------------------------------------------------------------------------- values --

// JSON inside an event. What is not there is a Value too: it has the fallbacks, no elements and no members, so that
// accesses chain without checks.
//
//   ev["/user/username"].text("?")             by JSON pointer (RFC 6901)
//   for (Value user : ev["/voice_states"])     elements of an array, members of an object (with key())
class Value {
 public:
  // The walk of a range-for over elements or members.
  class iterator {
   public:
    typedef std::input_iterator_tag iterator_category;
    typedef Value value_type;
    typedef std::ptrdiff_t difference_type;
    typedef const Value *pointer;
    typedef Value reference;

    explicit iterator(const gb_value *at = nullptr) noexcept : at_(at) {}
    Value operator*() const noexcept { return Value(at_); }
    iterator &operator++() noexcept {
      at_ = gb_next(at_);
      return *this;
    }
    iterator operator++(int) noexcept {
      iterator before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(iterator a, iterator b) noexcept { return a.at_ == b.at_; }
    friend bool operator!=(iterator a, iterator b) noexcept { return a.at_ != b.at_; }

   private:
    const gb_value *at_;
  };

  explicit Value(const gb_value *value = nullptr) noexcept : value_(value) {}

  // GB_KIND_..., GB_KIND_MISSING for what is not there.
  gb_kind kind() const noexcept { return gb_kind_of(value_); }
  bool exists() const noexcept { return kind() != GB_KIND_MISSING; }
  bool is_null() const noexcept { return kind() == GB_KIND_NULL; }
  // Bytes of a string, elements of an array, members of an object; else 0.
  std::size_t size() const noexcept { return gb_len(value_); }

  // The value at a JSON pointer, "" for this one.
  Value operator[](Text pointer) const noexcept { return Value(gb_get(value_, pointer.c_str())); }
  // The element or member at a position.
  template <class N, class = typename std::enable_if<std::is_integral<N>::value>::type>
  Value operator[](N index) const noexcept {
    return Value(gb_at(value_, static_cast<std::size_t>(index)));
  }
  iterator begin() const noexcept { return iterator(gb_first(value_)); }
  iterator end() const noexcept { return iterator(); }
  // The member's name, of a value in an object; else "".
  Text key() const noexcept { return Text(gb_key(value_)); }

  // Text of a string.
  Text text(Text fallback = "") const noexcept {
    const char *text = gb_str(value_, nullptr);
    return text != nullptr ? Text(text, gb_len(value_)) : fallback;
  }
  std::int64_t integer(std::int64_t fallback = 0) const noexcept { return gb_int(value_, fallback); }
  double number(double fallback = 0) const noexcept { return gb_num(value_, fallback); }
  bool boolean(bool fallback = false) const noexcept { return gb_bool(value_, fallback); }
  Id id() const noexcept { return Id(gb_id(value_)); }
  // The JSON exactly as it came; "" for what is not there.
  Text json() const noexcept {
    std::size_t size = 0;
    const char *json = gb_json(value_, &size);
    return json != nullptr ? Text(json, size) : Text("");
  }
  // The value for functions of gamebridge.h; NULL for what is not there.
  const gb_value *get() const noexcept { return value_; }

 private:
  const gb_value *value_;
};

// ----------------------------------------------------------------------------------------------------------- events --

class EventCopy;

// Something that happened. False when there is none; it then has type 0, and empty texts and values.
class Event {
 public:
  explicit Event(const gb_event *event = nullptr) noexcept : event_(event) {}
  explicit operator bool() const noexcept { return event_ != nullptr; }

  // GB_EVENT_...; ignore those that you do not know.
  gb_event_type type() const noexcept { return event_ != nullptr ? event_->type : 0; }
  // The connection or server that it belongs to; compares with a Connection.
  gb_conn conn() const noexcept { return event_ != nullptr ? event_->conn : 0; }
  std::uint64_t tag() const noexcept { return event_ != nullptr ? event_->tag : 0; }
  // How it ended: of a reply, a disconnection, a reconnection.
  Result status() const noexcept { return event_ != nullptr ? event_->status : GB_OK; }
  bool ok() const noexcept { return status().ok(); }
  // Whether it has this GB_FLAG_...
  bool has(std::uint32_t flag) const noexcept { return event_ != nullptr && (event_->flags & flag) != 0; }
  Text name() const noexcept { return Text(event_ != nullptr ? event_->name : ""); }
  Value data() const noexcept { return Value(event_ != nullptr ? event_->data : nullptr); }
  // The value in data at a JSON pointer.
  Value operator[](Text pointer) const noexcept { return data()[pointer]; }
  const std::uint8_t *bytes() const noexcept { return event_ != nullptr ? event_->bytes : nullptr; }
  std::size_t bytes_size() const noexcept { return event_ != nullptr ? event_->bytes_len : 0; }
  // The peer's own error or close code; of a LOG the level.
  std::int32_t code() const noexcept { return event_ != nullptr ? event_->code : 0; }
  // A sentence for a person; may be empty.
  Text message() const noexcept { return Text(event_ != nullptr ? event_->message : ""); }
  std::uint32_t retry_after_ms() const noexcept { return event_ != nullptr ? event_->retry_after_ms : 0; }
  std::uint32_t peer() const noexcept { return event_ != nullptr ? event_->peer : 0; }
  std::uint64_t seq() const noexcept { return event_ != nullptr ? event_->seq : 0; }
  std::uint64_t time_ns() const noexcept { return event_ != nullptr ? event_->time_ns : 0; }

  // A copy that is yours, for any thread. False for none.
  EventCopy copy() const noexcept;
  // The event for functions of gamebridge.h.
  const gb_event *get() const noexcept { return event_; }

 protected:
  const gb_event *event_;
};

// An event that is yours: decoded, immutable, for any thread; it outlives the client. An Event made of it is a view.
class EventCopy : public Event {
 public:
  EventCopy() noexcept : own_(nullptr) {}
  // Takes what gb_event_copy gave.
  explicit EventCopy(gb_event *own) noexcept : Event(own), own_(own) {}
  EventCopy(EventCopy &&other) noexcept : Event(other.own_), own_(other.own_) { other.forget(); }
  EventCopy &operator=(EventCopy &&other) noexcept {
    if (this != &other) {
      gb_event_free(own_);
      own_ = other.own_;
      event_ = own_;
      other.forget();
    }
    return *this;
  }
  EventCopy(const EventCopy &) = delete;
  EventCopy &operator=(const EventCopy &) = delete;
  ~EventCopy() { gb_event_free(own_); }

 private:
  void forget() noexcept {
    own_ = nullptr;
    event_ = nullptr;
  }
  gb_event *own_;
};

inline EventCopy Event::copy() const noexcept { return EventCopy(gb_event_copy(event_)); }

// -------------------------------------------------------------------------------------------------------- arguments --

// JSON text that you trust, for a field of Args: {"/activity/party/size", Json("[1,4]")}.
class Json {
 public:
  explicit Json(Text text) noexcept : text_(text) {}
  Text text() const noexcept { return text_; }

 private:
  Text text_;
};

// Arguments under construction, a JSON object that is filled by JSON pointer: what is missing on the way is made,
// arrays where a path goes on with 0 or - (append). Takes texts, numbers, bool, nullptr (null), an Id, a Value out of
// an event, and Json. Errors stick, and the call that the object is passed to refuses it with a sentence that names the
// path.
//
//   rpc.send("SUBSCRIBE", {{"/evt", "SPEAKING_START"}, {"/args/channel_id", channel}});
//   Args args;
//   args.set("/activity/state", name).set("/activity/party/size/0", 1).set("/activity/party/size/1", 4);
class Args {
 public:
  // A path with its value, of a list in braces.
  class Field {
   public:
    template <class T>
    Field(Text path, const T &value) noexcept
        : path_(path.c_str()), value_(std::addressof(value)), put_([](Args &args, const char *at, const void *it) {
            args.set(Text(at), *static_cast<const T *>(it));
          }) {}

   private:
    friend class Args;
    const char *path_;
    const void *value_;
    void (*put_)(Args &, const char *, const void *);
  };

  Args() : args_(gb_args_new()) {}
  Args(std::initializer_list<Field> fields) : args_(gb_args_new()) {
    for (const Field &field : fields) field.put_(*this, field.path_, field.value_);
  }
  Args(Args &&other) noexcept : args_(other.args_) { other.args_ = nullptr; }
  Args &operator=(Args &&other) noexcept {
    std::swap(args_, other.args_);
    return *this;
  }
  Args(const Args &) = delete;
  Args &operator=(const Args &) = delete;
  ~Args() { gb_args_free(args_); }

  // A NULL text puts null.
  Args &set(Text path, const char *value) noexcept {
    gb_args_str(args_, path.c_str(), value);
    return *this;
  }
  template <class S, class = decltype(static_cast<const char *>(std::declval<const S &>().c_str()))>
  Args &set(Text path, const S &value) noexcept {
    return set(path, static_cast<const char *>(value.c_str()));
  }
#if GAMEBRIDGE_HAS_STRING_VIEW
  Args &set(Text path, std::string_view value) { return set(path, std::string(value)); }
#endif
  Args &set(Text path, std::nullptr_t) noexcept { return set(path, static_cast<const char *>(nullptr)); }
  Args &set(Text path, bool value) noexcept {
    gb_args_bool(args_, path.c_str(), value);
    return *this;
  }
  Args &set(Text path, double value) noexcept {
    gb_args_num(args_, path.c_str(), value);
    return *this;
  }
  Args &set(Text path, float value) noexcept { return set(path, static_cast<double>(value)); }
  Args &set(Text path, Id value) noexcept {
    gb_args_id(args_, path.c_str(), value.value());
    return *this;
  }
  // As it came; null for what is not there.
  Args &set(Text path, Value value) noexcept { return set(path, Json(value.exists() ? value.json() : Text("null"))); }
  Args &set(Text path, Json value) noexcept {
    gb_args_raw(args_, path.c_str(), value.text().c_str());
    return *this;
  }
  // Any whole number. A char is neither a number nor a text.
  template <class N>
  typename std::enable_if<std::is_integral<N>::value && !std::is_same<N, bool>::value && !std::is_same<N, char>::value,
                          Args &>::type
  set(Text path, N value) noexcept {
    return put_whole(path, value, std::is_signed<N>());
  }

  // Back to an empty object without an error.
  Args &clear() noexcept {
    gb_args_clear(args_);
    return *this;
  }
  // The JSON so far; "" when something went wrong on the way, which last_error() then tells. Good until the next call.
  Text json() const noexcept { return Text(gb_args_json(args_, nullptr)); }

 private:
  template <class N>
  Args &put_whole(Text path, N value, std::true_type) noexcept {
    gb_args_int(args_, path.c_str(), static_cast<std::int64_t>(value));
    return *this;
  }
  // What is beyond the C function's int64_t is written out.
  template <class N>
  Args &put_whole(Text path, N value, std::false_type) noexcept {
    const unsigned long long whole = value;
    if (whole <= static_cast<unsigned long long>(INT64_MAX)) return put_whole(path, whole, std::true_type());
    char digits[24];
    std::snprintf(digits, sizeof digits, "%llu", whole);
    return set(path, Json(digits));
  }

  gb_args *args_;
};

// --------------------------------------------------------------------------------------------------------- presence --

// What a player does, in the fields of gb_activity, whose rules hold; a text that is empty and a number that is 0 are
// left out. It holds its texts, so it can be kept and changed from update to update.
//
//   gb::Activity activity;
//   activity.state = "In a group";
//   activity.party_id = party, activity.party_size = 2, activity.party_max = 4;
//   rpc.set_activity(activity);
struct Activity {
  std::uint32_t type = GB_ACTIVITY_PLAYING;
  std::uint32_t status_display_type = GB_STATUS_DISPLAY_NAME;
  bool instance = false;
  std::string name, state, state_url, details, details_url;
  std::int64_t start = 0, end = 0;
  std::string large_image, large_text, large_url, small_image, small_text, small_url, invite_cover_image;
  std::string party_id;
  std::int32_t party_size = 0, party_max = 0;
  std::uint32_t party_privacy = GB_PARTY_PRIVATE;
  std::uint32_t supported_platforms = 0;
  std::string join_secret, spectate_secret, match_secret;
  std::string button1_label, button1_url, button2_label, button2_url;

  // The same for functions of gamebridge.h; good as long as this object, unchanged.
  gb_activity get() const noexcept {
    gb_activity c = gb_activity();
    c.size = static_cast<std::uint32_t>(sizeof c);
    c.type = type;
    c.status_display_type = status_display_type;
    c.instance = instance ? 1 : 0;
    c.name = name.c_str();
    c.state = state.c_str();
    c.state_url = state_url.c_str();
    c.details = details.c_str();
    c.details_url = details_url.c_str();
    c.start = start;
    c.end = end;
    c.large_image = large_image.c_str();
    c.large_text = large_text.c_str();
    c.large_url = large_url.c_str();
    c.small_image = small_image.c_str();
    c.small_text = small_text.c_str();
    c.small_url = small_url.c_str();
    c.invite_cover_image = invite_cover_image.c_str();
    c.party_id = party_id.c_str();
    c.party_size = party_size;
    c.party_max = party_max;
    c.party_privacy = party_privacy;
    c.supported_platforms = supported_platforms;
    c.join_secret = join_secret.c_str();
    c.spectate_secret = spectate_secret.c_str();
    c.match_secret = match_secret.c_str();
    c.button1_label = button1_label.c_str();
    c.button1_url = button1_url.c_str();
    c.button2_label = button2_label.c_str();
    c.button2_url = button2_url.c_str();
    return c;
  }
};

// What starts the game when its player joins a friend while it is not running: the fields of gb_launch.
struct Launch {
  std::string application_id, name, command, steam_id;
};

// Registers it, for the user who runs this. At every start; what is there already is not written again.
inline Result register_launch(const Launch &launch) noexcept {
  const auto text = [](const std::string &it) { return it.empty() ? nullptr : it.c_str(); };
  gb_launch c = gb_launch();
  c.size = static_cast<std::uint32_t>(sizeof c);
  c.application_id = launch.application_id.c_str();
  c.name = text(launch.name);
  c.command = text(launch.command);
  c.steam_id = text(launch.steam_id);
  return gb_register_launch(&c);
}

// Takes back what register_launch wrote for this application.
inline Result unregister_launch(Text application_id) noexcept { return gb_unregister_launch(application_id.c_str()); }

// ------------------------------------------------------------------------------------------ clients and connections --

namespace detail {

// A reply handler of any type, also one that only moves (std::function would copy it).
class Handler {
 public:
  Handler() = default;
  Handler(const Handler &) = delete;
  Handler &operator=(const Handler &) = delete;
  virtual ~Handler() = default;
  virtual void call(const Event &reply) = 0;
};

template <class F>
class HandlerOf final : public Handler {
 public:
  explicit HandlerOf(F &&function) : function_(std::move(function)) {}
  explicit HandlerOf(const F &function) : function_(function) {}
  void call(const Event &reply) override { function_(reply); }

 private:
  F function_;
};

// Whether F can be called with a reply; not a tag.
template <class F>
using IfHandler = decltype(std::declval<typename std::decay<F>::type &>()(std::declval<const Event &>()));

// What a client owns, at an address that stays when the client is moved.
class Core {
 public:
  explicit Core(const gb_options *options) : client(nullptr), loops_(0), left_(false), count_(0) {
    gb_client_new(options, &client);
  }
  Core(const Core &) = delete;
  Core &operator=(const Core &) = delete;

  // A loop over events keeps the core; so the client may go inside of it, which ends the loop.
  void enter() noexcept { loops_++; }
  void leave() noexcept {
    if (--loops_ == 0 && left_) delete this;
  }
  struct Leave {
    void operator()(Core *core) const noexcept {
      core->left_ = true;
      if (core->loops_ == 0) delete core;
    }
  };

  // Keeps the handler under a new tag. Before the command is sent: its reply may come before the call returns.
  std::uint64_t keep(std::unique_ptr<Handler> handler) {
    const std::lock_guard<std::mutex> hold(lock_);
    const std::uint64_t tag = OURS | ++count_;
    handlers_[tag] = std::move(handler);
    return tag;
  }
  std::unique_ptr<Handler> take(std::uint64_t tag) {
    std::unique_ptr<Handler> handler;
    const std::lock_guard<std::mutex> hold(lock_);
    const auto found = handlers_.find(tag);
    if (found != handlers_.end()) {
      handler = std::move(found->second);
      handlers_.erase(found);
    }
    return handler;
  }
  // The next event that no handler takes.
  const gb_event *next(std::int32_t timeout_ms) {
    if (left_) return nullptr;
    const gb_event *event = timeout_ms == 0 ? gb_poll(client) : gb_wait(client, timeout_ms);
    while (event != nullptr && event->type == GB_EVENT_REPLY && (event->tag & OURS) != 0) {
      const std::unique_ptr<Handler> handler = take(event->tag);
      if (handler == nullptr) break;
      handler->call(Event(event));
      event = left_ ? nullptr : gb_poll(client);
    }
    return event;
  }

  gb_client *client;

 private:
  ~Core() { gb_client_free(client); }

  // One loop, more where a handler polls. Atomic for a second thread that polls by mistake, which is to do no harm.
  std::atomic<unsigned> loops_;
  std::atomic<bool> left_;
  static const std::uint64_t OURS = static_cast<std::uint64_t>(1) << 63;
  std::mutex lock_;
  std::uint64_t count_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Handler>> handlers_;
};

}  // namespace detail

// A connection, or a server that you host: an id of its client. False when connect() or serve() refused. It needs no
// closing; the client ends what is left.
class Connection {
 public:
  Connection() noexcept : core_(nullptr), id_(0) {}
  explicit operator bool() const noexcept { return id_ != 0; }
  gb_conn id() const noexcept { return id_; }

  // Sends a command. The outcome is a GB_EVENT_REPLY with this tag in the loop; with tag 0 there is none.
  Sent send(Text command, const Args &args, std::uint64_t tag = 0) const noexcept {
    return send(command, args.json(), tag);
  }
  // The same with JSON text.
  Sent send(Text command, Text json, std::uint64_t tag = 0) const noexcept {
    return Sent(gb_send(client(), id_, command.c_str(), json.c_str(), tag), tag);
  }
  Sent send(Text command) const noexcept { return send(command, "{}"); }

  // Sends a command, and has handler(const Event &) called with the reply, by whoever polls. timeout_ms is how long to
  // wait for it, 0 the command's own default.
  template <class F>
  Sent request(Text command, const Args &args, F &&handler, std::uint32_t timeout_ms = 0) const {
    return request(command, args.json(), std::forward<F>(handler), timeout_ms);
  }
  template <class F>
  Sent request(Text command, Text json, F &&handler, std::uint32_t timeout_ms = 0) const {
    gb_request request = gb_request();
    request.size = static_cast<std::uint32_t>(sizeof request);
    request.timeout_ms = timeout_ms;
    request.command = command.c_str();
    request.args = json.c_str();
    return with_handler(std::forward<F>(handler), [&](std::uint64_t tag) {
      request.tag = tag;
      return gb_send_request(client(), id_, &request);
    });
  }
  template <class F, class = detail::IfHandler<F>>
  Sent request(Text command, F &&handler) const {
    return request(command, "{}", std::forward<F>(handler));
  }

  // Shows what the player does. As often as you like, also before CONNECTED: the latest always arrives, and is shown
  // again on every new connection. The reply is as send()'s with a tag, as request()'s with a handler.
  Sent set_activity(const Activity &activity, std::uint64_t tag = 0) const noexcept {
    const gb_activity c = activity.get();
    return Sent(gb_set_activity(client(), id_, &c, tag), tag);
  }
  template <class F, class = detail::IfHandler<F>>
  Sent set_activity(const Activity &activity, F &&handler) const {
    const gb_activity c = activity.get();
    return with_handler(std::forward<F>(handler),
                        [&](std::uint64_t tag) { return gb_set_activity(client(), id_, &c, tag); });
  }
  // Shows nothing any more.
  Sent clear_activity(std::uint64_t tag = 0) const noexcept { return Sent(gb_clear_activity(client(), id_, tag), tag); }
  template <class F, class = detail::IfHandler<F>>
  Sent clear_activity(F &&handler) const {
    return with_handler(std::forward<F>(handler),
                        [&](std::uint64_t tag) { return gb_clear_activity(client(), id_, tag); });
  }
  // Lets in who asks to join (ev["/user/id"].id() of an ACTIVITY_JOIN_REQUEST), or turns them down.
  Sent reply_join(Id user, bool accept, std::uint64_t tag = 0) const noexcept {
    return Sent(gb_reply_join(client(), id_, user.value(), accept, tag), tag);
  }
  template <class F, class = detail::IfHandler<F>>
  Sent reply_join(Id user, bool accept, F &&handler) const {
    return with_handler(std::forward<F>(handler),
                        [&](std::uint64_t tag) { return gb_reply_join(client(), id_, user.value(), accept, tag); });
  }

  // Ends what was sent with this tag and has no reply: it replies GB_ERR_CANCELLED.
  Result cancel(std::uint64_t tag) const noexcept { return gb_cancel(client(), id_, tag); }

  // Settles a GB_EVENT_REQUEST of a server: GB_OK grants it, an error refuses.
  Result answer(const Event &request, Result answer) const noexcept { return this->answer(request.tag(), answer); }
  Result answer(std::uint64_t request, Result answer) const noexcept {
    return gb_answer(client(), id_, request, answer.code(), nullptr);
  }
  Result answer(std::uint64_t request, Result answer, const Args &data) const noexcept {
    return gb_answer(client(), id_, request, answer.code(), data.json().c_str());
  }

  // Ends it, after what was sent: GB_EVENT_DISCONNECTED comes when it is over.
  Result disconnect() const noexcept { return gb_disconnect(client(), id_); }

  friend bool operator==(const Connection &a, const Connection &b) noexcept { return a.id_ == b.id_; }
  friend bool operator!=(const Connection &a, const Connection &b) noexcept { return a.id_ != b.id_; }
  friend bool operator==(const Connection &a, gb_conn b) noexcept { return a.id_ == b; }
  friend bool operator!=(const Connection &a, gb_conn b) noexcept { return a.id_ != b; }
  friend bool operator==(gb_conn a, const Connection &b) noexcept { return a == b.id_; }
  friend bool operator!=(gb_conn a, const Connection &b) noexcept { return a != b.id_; }

 private:
  friend class Client;
  Connection(detail::Core *core, gb_conn id) noexcept : core_(core), id_(id) {}
  gb_client *client() const noexcept { return core_ != nullptr ? core_->client : nullptr; }
  // Keeps the handler while `send` sends its command with a tag.
  template <class F, class Send>
  Sent with_handler(F &&handler, Send send) const {
    if (core_ == nullptr) return Sent(send(0), 0);
    typedef detail::HandlerOf<typename std::decay<F>::type> Held;
    const std::uint64_t tag = core_->keep(std::unique_ptr<detail::Handler>(new Held(std::forward<F>(handler))));
    const gb_status status = send(tag);
    if (status != GB_OK) core_->take(tag);
    return Sent(status, tag);
  }

  detail::Core *core_;
  gb_conn id_;
};

// One program's use of the library: its connections, and the queue of their events. False when it could not be made.
class Client {
 public:
  // The events that are there, once: for (const Event &ev : client.poll()). Leave the loop where you like; the next one
  // goes on behind that event. (Each step of the walk is a poll, which is what ends the event before.) The client may
  // be destroyed inside, by this thread: that ends the loop, and the event is good until then.
  class Events {
   public:
    class iterator {
     public:
      typedef std::input_iterator_tag iterator_category;
      typedef Event value_type;
      typedef std::ptrdiff_t difference_type;
      typedef const Event *pointer;
      typedef const Event &reference;

      iterator() noexcept : core_(nullptr) {}
      const Event &operator*() const noexcept { return event_; }
      const Event *operator->() const noexcept { return &event_; }
      iterator &operator++() {
        event_ = Event(core_->next(0));
        return *this;
      }
      void operator++(int) { ++*this; }
      // Only "is there one more" is meant.
      friend bool operator==(const iterator &a, const iterator &b) noexcept { return !a.event_ == !b.event_; }
      friend bool operator!=(const iterator &a, const iterator &b) noexcept { return !(a == b); }

     private:
      friend class Events;
      iterator(detail::Core *core, const gb_event *event) noexcept : core_(core), event_(event) {}
      detail::Core *core_;
      Event event_;
    };

    Events(Events &&other) noexcept : core_(other.core_), timeout_ms_(other.timeout_ms_) { other.core_ = nullptr; }
    Events(const Events &) = delete;
    Events &operator=(const Events &) = delete;
    ~Events() {
      if (core_ != nullptr) core_->leave();
    }

    // Takes the first event.
    iterator begin() { return core_ != nullptr ? iterator(core_, core_->next(timeout_ms_)) : iterator(); }
    iterator end() const noexcept { return iterator(); }
    // Takes one event: none when there is none. With wait(), so may be the answer before the time is over.
    Event next() { return *begin(); }

   private:
    friend class Client;
    Events(detail::Core *core, std::int32_t timeout_ms) noexcept : core_(core), timeout_ms_(timeout_ms) {
      if (core_ != nullptr) core_->enter();
    }
    detail::Core *core_;
    std::int32_t timeout_ms_;
  };

  Client() : core_(new detail::Core(nullptr)) {}
  // gb_options options = GB_OPTIONS_INIT; options.log_level = GB_LOG_DEBUG; Client client(options);
  explicit Client(const gb_options &options) : core_(new detail::Core(&options)) {}
  Client(Client &&) noexcept = default;
  Client &operator=(Client &&) noexcept = default;
  Client(const Client &) = delete;
  Client &operator=(const Client &) = delete;

  explicit operator bool() const noexcept { return get() != nullptr; }

  // Starts a connection: "rpc" or "gateway". The outcome is an event.
  Connection connect(Text protocol, const Args &params) const noexcept { return connect(protocol, params.json()); }
  Connection connect(Text protocol, Text params_json) const noexcept {
    gb_conn id = 0;
    gb_connect(get(), protocol.c_str(), params_json.c_str(), &id);
    return connection(id);
  }
  // Starts a server in this process: "rpc", GameBridge.
  Connection serve(Text service, const Args &params) const noexcept { return serve(service, params.json()); }
  Connection serve(Text service, Text params_json = "{}") const noexcept {
    gb_conn id = 0;
    gb_serve(get(), service.c_str(), params_json.c_str(), &id);
    return connection(id);
  }
  // The connection of an event: client.connection(ev.conn()).send(...)
  Connection connection(gb_conn id) const noexcept { return Connection(core_.get(), id); }

  // The events that are there, without waiting.
  Events poll() const noexcept { return Events(core_.get(), 0); }
  // The same, waiting for the first one at most timeout_ms (negative: no limit). May come out empty early, as after
  // wake().
  Events wait(std::int32_t timeout_ms) const noexcept { return Events(core_.get(), timeout_ms); }
  // Makes one wait() return: the one that waits, or the next.
  void wake() const noexcept { gb_wake(get()); }
  // Readable (on Windows: signalled) while something can be polled. Never read or close it.
  std::intptr_t wakeup_handle() const noexcept { return gb_wakeup_handle(get()); }

  // The client for functions of gamebridge.h; NULL when it is false. Replies to request() are for poll() and wait()
  // here.
  gb_client *get() const noexcept { return core_ != nullptr ? core_->client : nullptr; }

 private:
  std::unique_ptr<detail::Core, detail::Core::Leave> core_;
};

}  // namespace gamebridge

#endif /* GAMEBRIDGE_HPP */
