// The header alone, twice in one file, beside the C header in either order, under every warning that programs turn on.
#include <atomic>
#include <iterator>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

// Macros of headers that games include before ours: Xlib, windows.h, an engine's.
#define Status int
#define Bool int
#define None 0L
#define Success 0
#define True 1
#define Always 2
#define min(a, b) a b
#define max(a, b) a b
#define check(expression) expression
#define verify(expression) expression
#define TEXT(text) L##text
#define interface struct
#define small char

#include <gamebridge.hpp>
#include <gamebridge.h>
#include <gamebridge.hpp>

static_assert(!std::is_copy_constructible<gamebridge::Client>::value, "a client is moved");
static_assert(!std::is_copy_constructible<gamebridge::EventCopy>::value, "an event's copy is moved");
static_assert(!std::is_copy_constructible<gamebridge::Args>::value, "arguments are moved");
static_assert(std::is_nothrow_move_constructible<gamebridge::Client>::value, "a client goes into a vector");
static_assert(std::is_nothrow_move_assignable<gamebridge::EventCopy>::value, "a copy goes into a vector");
static_assert(std::is_trivially_copyable<gamebridge::Event>::value, "an event is a view");
static_assert(std::is_trivially_copyable<gamebridge::Value>::value, "a value is a view");
static_assert(std::is_trivially_copyable<gamebridge::Connection>::value, "a connection is an id");
static_assert(sizeof(gamebridge::Value) == sizeof(void *), "a value is a pointer");

// Templates are looked at only where they are used.
inline void uses(gamebridge::Client &client) {
  namespace gb = gamebridge;
  gb::Connection rpc = client.connect("rpc", {{"/client_id", "1"}, {"/pid", 1u}, {"/retry", false}, {"/x", 1.5f}});
  rpc.request("GET_GUILDS", [](const gb::Event &) {});
  rpc.request("GET_GUILDS", {}, [](const gb::Event &) {}, 5);
  rpc.request("GET_GUILDS", "{}", [](const gb::Event &) {});
  for (const gb::Event &ev : client.poll())
    for (gb::Value value : ev.data()) rpc.send(ev.name(), {{"/value", value}, {"/first", value[0].id()}}, 5);
}
