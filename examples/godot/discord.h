// Discord as a node for Godot 4: add one to a scene, connect its signals, call show_activity. A GDExtension over
// godot-cpp.
#pragma once

#include <gamebridge.hpp>
#include <godot_cpp/classes/node.hpp>

class Discord : public godot::Node {
	GDCLASS(Discord, godot::Node)

public:
	void set_client_id(const godot::String &id) { client_id = id; }
	godot::String get_client_id() const { return client_id; }

	void show_activity(const godot::String &state, const godot::String &party_id, int party_size, int party_max,
			const godot::String &join_secret);

	void _enter_tree() override;
	void _process(double delta) override;
	void _exit_tree() override;

protected:
	static void _bind_methods();

private:
	void show();

	godot::String client_id;
	std::unique_ptr<gamebridge::Client> client;
	gamebridge::Connection rpc;
	// What is shown, also to a connection that is made later; nothing before the first show_activity.
	gamebridge::Activity activity;
	bool shows = false;
};
