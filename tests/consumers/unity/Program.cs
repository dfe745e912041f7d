// A C# program with the script that Unity projects copy: hosts a server, connects to it, sets an activity, and ends
// with 0 when the reply came.
using System;
using System.Threading;
using Gamebridge;

static class Program
{
    const string State = "Grüße \"✓\"";

    static int Main()
    {
        using (var client = new Client())
        {
            var told = Refused(client);
            if (told != null) return Failed(told);
            uint server, rpc = 0;
            using (var args = new Args().Set("/transport", "ipc").Set("/consent_timeout", 5))
                server = client.Serve("rpc", args);
            for (var naps = 0; naps < 4000; naps++, Thread.Sleep(5))
                while (client.Poll(out var ev))
                    if (ev.Type == Native.Connected && ev.Connection == server) rpc = Connect(client, ev);
                    else if (ev.Type == Native.Reply && ev.Connection == rpc) return Check(ev);
            return Failed("no reply");
        }
    }

    static string Refused(Client client)
    {
        return Refused("no slash", () =>
        {
            using (var args = new Args().Set("no slash", true)) client.Serve("rpc", args);
        }) ?? Refused("conn: 99", () => client.SetActivity(99, new Activity { State = "In menu" }))
            ?? Refused("activity.state", () => client.SetActivity(99, new Activity { State = "x" }))
            ?? Refused("conn: 99", () => client.ClearActivity(99))
            ?? Refused("user_id", () => client.ReplyJoin(99, 0, true))
            ?? Refused("application_id", () => Launch.Register("no digits", "Old Mill"))
            ?? Refused("application_id", () => Launch.Register(null))
            ?? Refused("application_id", () => Launch.Unregister("../1"));
    }

    static string Refused(string field, Action call)
    {
        try
        {
            call();
            return "it passed: " + field;
        }
        catch (GamebridgeException error)
        {
            return error.Status == -1 && error.Message.Contains(field) ? null : error.Message;
        }
    }

    static uint Connect(Client client, Event listening)
    {
        uint rpc;
        var params_ = new Args().Set("/client_id", "192741864418312192").Set("/path", listening["/ipc"].Text());
        using (params_) rpc = client.Connect("rpc", params_);
        // A size of 0 is none, as in C.
        var activity = new Activity { State = State, Instance = true, PartyId = "party", PartySize = 0, PartyMax = 4 };
        activity.Button2Label = "Web";
        activity.Button2Url = "https://example.com/";
        client.SetActivity(rpc, activity, 7);
        return rpc;
    }

    static int Check(Event reply)
    {
        if (reply.Status != Native.Ok || reply.Tag != 7 || reply.Name != "SET_ACTIVITY") return Failed(reply.Message);
        var data = reply.Data;
        var read = reply["/state"].Text("?") == State && data.Count > 0 && data[0].Key != null
            && reply["/instance"].Bool() && reply["/party/id"].Text() == "party" && !reply["/party/size"].Exists
            && reply["/buttons/0/label"].Text() == "Web";
        var missing = !reply["/nobody"].Exists && reply["/nobody"].Bool(true) && reply["/nobody"].Text("x") == "x"
            && reply["/nobody"].Int(5) == 5 && reply["/nobody"].Id == 0;
        return read && missing ? 0 : Failed(data.Json);
    }

    static int Failed(string what)
    {
        Console.Error.WriteLine(what);
        return 1;
    }
}
