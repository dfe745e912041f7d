#include "discord.h"

#include <gdextension_interface.h>
#include <godot_cpp/classes/engine.hpp>
#include <godot_cpp/core/class_db.hpp>
#include <godot_cpp/core/defs.hpp>
#include <godot_cpp/godot.hpp>

using namespace godot;

void Discord::_bind_methods() {
	ClassDB::bind_method(D_METHOD("set_client_id", "id"), &Discord::set_client_id);
	ClassDB::bind_method(D_METHOD("get_client_id"), &Discord::get_client_id);
	ClassDB::bind_method(D_METHOD("show_activity", "state", "party_id", "party_size", "party_max", "join_secret"),
			&Discord::show_activity);
	ADD_PROPERTY(PropertyInfo(Variant::STRING, "client_id"), "set_client_id", "get_client_id");
	ADD_SIGNAL(MethodInfo("connected", PropertyInfo(Variant::STRING, "username")));
	ADD_SIGNAL(MethodInfo("join", PropertyInfo(Variant::STRING, "secret")));
}

void Discord::_enter_tree() {
	// Scenes run in the editor too; the presence is the game's.
	if (Engine::get_singleton()->is_editor_hint()) {
		set_process(false);
		return;
	}
	client = std::make_unique<gamebridge::Client>();
	rpc = client->connect("rpc", { { "/client_id", client_id.utf8().get_data() } });
	if (!rpc) {
		ERR_PRINT(String::utf8(gamebridge::last_error().c_str()));
	}
	// Waits for the connection, and is put back after each break.
	rpc.send("SUBSCRIBE", { { "/evt", "ACTIVITY_JOIN" } });
	show();
}

void Discord::_process(double) {
	if (!client) {
		return;
	}
	for (const gamebridge::Event &ev : client->poll()) {
		if (ev.type() == GB_EVENT_CONNECTED) {
			emit_signal("connected", String::utf8(ev["/user/username"].text().c_str()));
		} else if (ev.type() == GB_EVENT_DISPATCH && ev.name() == "ACTIVITY_JOIN") {
			emit_signal("join", String::utf8(ev["/secret"].text().c_str()));
		}
	}
}

void Discord::_exit_tree() {
	client.reset();
	rpc = gamebridge::Connection();
}

void Discord::show_activity(const String &state, const String &party_id, int party_size, int party_max,
		const String &join_secret) {
	activity.state = state.utf8().get_data();
	activity.party_id = party_id.utf8().get_data();
	activity.party_size = party_size;
	activity.party_max = party_max;
	activity.join_secret = join_secret.utf8().get_data();
	shows = true;
	show();
}

void Discord::show() {
	if (rpc && shows && !rpc.set_activity(activity)) {
		ERR_PRINT(String::utf8(gamebridge::last_error().c_str()));
	}
}

static void initialize(ModuleInitializationLevel level) {
	if (level == MODULE_INITIALIZATION_LEVEL_SCENE) {
		ClassDB::register_class<Discord>();
	}
}

static void uninitialize(ModuleInitializationLevel) {}

extern "C" GDExtensionBool GDE_EXPORT discord_init(GDExtensionInterfaceGetProcAddress get_proc_address,
		GDExtensionClassLibraryPtr library, GDExtensionInitialization *initialization) {
	GDExtensionBinding::InitObject init(get_proc_address, library, initialization);
	init.register_initializer(initialize);
	init.register_terminator(uninitialize);
	init.set_minimum_library_initialization_level(MODULE_INITIALIZATION_LEVEL_SCENE);
	return init.init();
}
