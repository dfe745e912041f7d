// gamebridge for Unity, and for any other C#: the functions of gamebridge.h as they are (Native), and the few objects
// that a script wants (Client, Activity, Event, Value, Args, Launch). This file goes into Assets/, the library into
// Assets/Plugins/ (docs/unity.md).
//
// Everything is polled: nothing here is ever called from another thread, and nothing blocks a frame. An Event and its
// Values are good until the next Poll. Needs no `unsafe`; C# 7.
using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Text;

namespace Gamebridge
{
    /// <summary>The declarations of gamebridge.h. Texts are UTF-8 with a NUL at the end: see Utf8.</summary>
    public static class Native
    {
#if UNITY_IOS && !UNITY_EDITOR
        const string Library = "__Internal";
#else
        const string Library = "gamebridge";
#endif
        const CallingConvention C = CallingConvention.Cdecl;

        public const int Ok = 0;
        public const uint Connected = 1, Disconnected = 2, Reconnecting = 3, Reply = 4, Dispatch = 5, Request = 6,
            Audio = 7, Log = 8, Dropped = 9;

        [StructLayout(LayoutKind.Sequential)]
        public struct gb_options
        {
            public uint size, queue_bytes, shutdown_ms, log_level;
        }

        /// <summary>The library may append fields, so it is read from its pointer and never passed.</summary>
        [StructLayout(LayoutKind.Sequential)]
        public struct gb_event
        {
            public uint type, conn;
            public ulong tag;
            public int status;
            public uint flags;
            public IntPtr name, data, bytes;
            public UIntPtr bytes_len;
            public int code;
            public IntPtr message;
            public uint retry_after_ms, peer;
            public ulong seq, time_ns;
        }

        [StructLayout(LayoutKind.Sequential)]
        public struct gb_activity
        {
            public uint size, type, status_display_type, instance;
            public IntPtr name, state, state_url, details, details_url;
            public long start, end;
            public IntPtr large_image, large_text, large_url, small_image, small_text, small_url, invite_cover_image;
            public IntPtr party_id;
            public int party_size, party_max;
            public uint party_privacy, supported_platforms;
            public IntPtr join_secret, spectate_secret, match_secret;
            public IntPtr button1_label, button1_url, button2_label, button2_url;
        }

        [StructLayout(LayoutKind.Sequential)]
        public struct gb_launch
        {
            public uint size;
            public IntPtr application_id, name, command, steam_id;
        }

        [DllImport(Library, CallingConvention = C)] public static extern IntPtr gb_last_error();
        [DllImport(Library, CallingConvention = C)] public static extern uint gb_version();
        [DllImport(Library, CallingConvention = C)] public static extern IntPtr gb_status_str(int status);
        [DllImport(Library, CallingConvention = C)]
        public static extern int gb_client_new(ref gb_options options, out IntPtr client);
        [DllImport(Library, CallingConvention = C)] public static extern void gb_client_free(IntPtr client);
        [DllImport(Library, CallingConvention = C)]
        public static extern int gb_connect(IntPtr client, byte[] protocol, byte[] params_json, out uint conn);
        [DllImport(Library, CallingConvention = C)]
        public static extern int gb_serve(IntPtr client, byte[] service, byte[] params_json, out uint conn);
        [DllImport(Library, CallingConvention = C)]
        public static extern int gb_send(IntPtr client, uint conn, byte[] command, byte[] args_json, ulong tag);
        [DllImport(Library, CallingConvention = C)]
        public static extern int gb_cancel(IntPtr client, uint conn, ulong tag);
        [DllImport(Library, CallingConvention = C)]
        public static extern int gb_answer(IntPtr client, uint conn, ulong request, int answer, byte[] data_json);
        [DllImport(Library, CallingConvention = C)] public static extern int gb_disconnect(IntPtr client, uint conn);
        [DllImport(Library, CallingConvention = C)]
        public static extern int gb_set_activity(IntPtr client, uint conn, ref gb_activity activity, ulong tag);
        [DllImport(Library, CallingConvention = C)]
        public static extern int gb_clear_activity(IntPtr client, uint conn, ulong tag);
        [DllImport(Library, CallingConvention = C)]
        public static extern int gb_reply_join(IntPtr client, uint conn, ulong user_id,
            [MarshalAs(UnmanagedType.I1)] bool accept, ulong tag);
        [DllImport(Library, CallingConvention = C)] public static extern int gb_register_launch(ref gb_launch launch);
        [DllImport(Library, CallingConvention = C)]
        public static extern int gb_unregister_launch(byte[] application_id);
        [DllImport(Library, CallingConvention = C)] public static extern IntPtr gb_poll(IntPtr client);
        [DllImport(Library, CallingConvention = C)] public static extern IntPtr gb_wait(IntPtr client, int timeout_ms);
        [DllImport(Library, CallingConvention = C)] public static extern void gb_wake(IntPtr client);
        [DllImport(Library, CallingConvention = C)]
        public static extern IntPtr gb_get(IntPtr value, byte[] json_pointer);
        [DllImport(Library, CallingConvention = C)] public static extern IntPtr gb_at(IntPtr value, UIntPtr index);
        [DllImport(Library, CallingConvention = C)] public static extern IntPtr gb_first(IntPtr value);
        [DllImport(Library, CallingConvention = C)] public static extern IntPtr gb_next(IntPtr value);
        [DllImport(Library, CallingConvention = C)] public static extern IntPtr gb_key(IntPtr value);
        [DllImport(Library, CallingConvention = C)] public static extern uint gb_kind_of(IntPtr value);
        [DllImport(Library, CallingConvention = C)] public static extern UIntPtr gb_len(IntPtr value);
        [DllImport(Library, CallingConvention = C)] public static extern IntPtr gb_str(IntPtr value, byte[] fallback);
        [DllImport(Library, CallingConvention = C)] public static extern long gb_int(IntPtr value, long fallback);
        [DllImport(Library, CallingConvention = C)] public static extern double gb_num(IntPtr value, double fallback);
        // A C bool is one byte; C# would read four.
        [DllImport(Library, CallingConvention = C)] [return: MarshalAs(UnmanagedType.I1)]
        public static extern bool gb_bool(IntPtr value, [MarshalAs(UnmanagedType.I1)] bool fallback);
        [DllImport(Library, CallingConvention = C)] public static extern ulong gb_id(IntPtr value);
        [DllImport(Library, CallingConvention = C)] public static extern IntPtr gb_json(IntPtr value, out UIntPtr len);
        [DllImport(Library, CallingConvention = C)] public static extern IntPtr gb_args_new();
        [DllImport(Library, CallingConvention = C)]
        public static extern void gb_args_str(IntPtr args, byte[] path, byte[] value);
        [DllImport(Library, CallingConvention = C)]
        public static extern void gb_args_int(IntPtr args, byte[] path, long value);
        [DllImport(Library, CallingConvention = C)]
        public static extern void gb_args_num(IntPtr args, byte[] path, double value);
        [DllImport(Library, CallingConvention = C)]
        public static extern void gb_args_bool(IntPtr args, byte[] path, [MarshalAs(UnmanagedType.I1)] bool value);
        [DllImport(Library, CallingConvention = C)]
        public static extern void gb_args_id(IntPtr args, byte[] path, ulong value);
        [DllImport(Library, CallingConvention = C)]
        public static extern void gb_args_raw(IntPtr args, byte[] path, byte[] json);
        [DllImport(Library, CallingConvention = C)]
        public static extern IntPtr gb_args_json(IntPtr args, out UIntPtr len);
        [DllImport(Library, CallingConvention = C)] public static extern void gb_args_clear(IntPtr args);
        [DllImport(Library, CallingConvention = C)] public static extern void gb_args_free(IntPtr args);

        /// <summary>A text for the library; null stays null.</summary>
        public static byte[] Utf8(string text)
        {
            return text == null ? null : Encoding.UTF8.GetBytes(text + "\0");
        }

        /// <summary>A text of the library, of a known length or up to its NUL.</summary>
        public static string Text(IntPtr text, int length = -1)
        {
            if (text == IntPtr.Zero) return null;
            if (length < 0)
                for (length = 0; Marshal.ReadByte(text, length) != 0;) length++;
            var bytes = new byte[length];
            Marshal.Copy(text, bytes, 0, length);
            return Encoding.UTF8.GetString(bytes);
        }

        /// <summary>What went wrong last on this thread, in a sentence.</summary>
        public static string LastError => Text(gb_last_error());
    }

    /// <summary>Texts that stay where they are while a call reads them.</summary>
    sealed class Pinned : IDisposable
    {
        readonly List<GCHandle> texts = new List<GCHandle>();

        public IntPtr Text(string text)
        {
            if (string.IsNullOrEmpty(text)) return IntPtr.Zero;
            // To its first NUL the library would read it: half a secret, say.
            if (text.IndexOf('\0') >= 0) throw new ArgumentException("a text with a NUL in it");
            var pin = GCHandle.Alloc(Native.Utf8(text), GCHandleType.Pinned);
            texts.Add(pin);
            return pin.AddrOfPinnedObject();
        }

        public void Dispose()
        {
            foreach (var text in texts) text.Free();
        }
    }

    /// <summary>What the player does, in the fields of gb_activity, whose lengths and rules stand in gamebridge.h. What is
    /// null, empty or 0 is left out.</summary>
    public sealed class Activity
    {
        public uint Type, StatusDisplayType, PartyPrivacy, SupportedPlatforms;
        public bool Instance;
        public string Name, State, StateUrl, Details, DetailsUrl;
        public long Start, End;
        public string LargeImage, LargeText, LargeUrl, SmallImage, SmallText, SmallUrl, InviteCoverImage;
        public string PartyId;
        public int PartySize, PartyMax;
        public string JoinSecret, SpectateSecret, MatchSecret;
        public string Button1Label, Button1Url, Button2Label, Button2Url;

        internal Native.gb_activity Read(Pinned pinned)
        {
            return new Native.gb_activity
            {
                size = (uint)Marshal.SizeOf<Native.gb_activity>(),
                type = Type, status_display_type = StatusDisplayType, instance = Instance ? 1u : 0u,
                name = pinned.Text(Name), state = pinned.Text(State), state_url = pinned.Text(StateUrl),
                details = pinned.Text(Details), details_url = pinned.Text(DetailsUrl), start = Start, end = End,
                large_image = pinned.Text(LargeImage), large_text = pinned.Text(LargeText),
                large_url = pinned.Text(LargeUrl), small_image = pinned.Text(SmallImage),
                small_text = pinned.Text(SmallText), small_url = pinned.Text(SmallUrl),
                invite_cover_image = pinned.Text(InviteCoverImage), party_id = pinned.Text(PartyId),
                party_size = PartySize, party_max = PartyMax, party_privacy = PartyPrivacy,
                supported_platforms = SupportedPlatforms, join_secret = pinned.Text(JoinSecret),
                spectate_secret = pinned.Text(SpectateSecret), match_secret = pinned.Text(MatchSecret),
                button1_label = pinned.Text(Button1Label), button1_url = pinned.Text(Button1Url),
                button2_label = pinned.Text(Button2Label), button2_url = pinned.Text(Button2Url),
            };
        }
    }

    /// <summary>What starts the game when its player joins a friend while it is not running.</summary>
    public static class Launch
    {
        /// <summary>At every start of the game, and not in the editor, which it would register.</summary>
        /// <param name="command">A program or a command line; null for this program.</param>
        /// <param name="steamId">Or a game of Steam's.</param>
        public static void Register(string applicationId, string name = null, string command = null, string steamId = null)
        {
            using (var pinned = new Pinned())
            {
                var launch = new Native.gb_launch
                {
                    size = (uint)Marshal.SizeOf<Native.gb_launch>(),
                    application_id = pinned.Text(applicationId), name = pinned.Text(name),
                    command = pinned.Text(command), steam_id = pinned.Text(steamId),
                };
                Client.Check(Native.gb_register_launch(ref launch));
            }
        }

        public static void Unregister(string applicationId)
        {
            Client.Check(Native.gb_unregister_launch(Native.Utf8(applicationId)));
        }
    }

    /// <summary>JSON in an event. What is not there has the fallbacks, so accesses chain without checks.</summary>
    public struct Value
    {
        readonly IntPtr value;

        public Value(IntPtr value) { this.value = value; }

        /// <summary>By JSON pointer: ev["/user/username"].Text("?").</summary>
        public Value this[string pointer] => new Value(Native.gb_get(value, Native.Utf8(pointer)));
        public Value this[int index] => new Value(Native.gb_at(value, (UIntPtr)index));
        public bool Exists => Native.gb_kind_of(value) != 0;
        /// <summary>Elements of an array, members of an object.</summary>
        public int Count => (int)Native.gb_len(value);
        public string Key => Native.Text(Native.gb_key(value));

        public string Text(string fallback = "")
        {
            var text = Native.gb_str(value, null);
            return text == IntPtr.Zero ? fallback : Native.Text(text, Count);
        }

        public long Int(long fallback = 0) => Native.gb_int(value, fallback);
        public double Num(double fallback = 0) => Native.gb_num(value, fallback);
        public bool Bool(bool fallback = false) => Native.gb_bool(value, fallback);
        /// <summary>A snowflake; 0 when it is none.</summary>
        public ulong Id => Native.gb_id(value);
        public string Json
        {
            get
            {
                UIntPtr length;
                var json = Native.gb_json(value, out length);
                return Native.Text(json, (int)length);
            }
        }
    }

    /// <summary>Something that happened; good until the next Poll.</summary>
    public struct Event
    {
        readonly Native.gb_event raw;

        public Event(IntPtr at) { raw = Marshal.PtrToStructure<Native.gb_event>(at); }

        /// <summary>Native.Connected, Native.Dispatch, ... Ignore those that you do not know.</summary>
        public uint Type => raw.type;
        public uint Connection => raw.conn;
        public ulong Tag => raw.tag;
        public int Status => raw.status;
        public string Name => Native.Text(raw.name);
        public string Message => Native.Text(raw.message);
        public int Code => raw.code;
        public Value Data => new Value(raw.data);
        public Value this[string pointer] => Data[pointer];
    }

    /// <summary>Arguments by JSON pointer: new Args().Set("/evt", "ACTIVITY_JOIN").</summary>
    public sealed class Args : IDisposable
    {
        IntPtr args = Native.gb_args_new();

        public Args Set(string path, string value)
        {
            Native.gb_args_str(args, Native.Utf8(path), Native.Utf8(value));
            return this;
        }
        public Args Set(string path, long value) { Native.gb_args_int(args, Native.Utf8(path), value); return this; }
        public Args Set(string path, double value) { Native.gb_args_num(args, Native.Utf8(path), value); return this; }
        public Args Set(string path, bool value) { Native.gb_args_bool(args, Native.Utf8(path), value); return this; }
        /// <summary>A snowflake, which JSON carries as text.</summary>
        public Args SetId(string path, ulong value) { Native.gb_args_id(args, Native.Utf8(path), value); return this; }
        /// <summary>The JSON so far; "" when a path was wrong, which the call that gets it tells.</summary>
        public string Json { get { UIntPtr length; return Native.Text(Native.gb_args_json(args, out length)); } }

        public void Dispose() { Native.gb_args_free(args); args = IntPtr.Zero; GC.SuppressFinalize(this); }
        ~Args() { Native.gb_args_free(args); }
    }

    /// <summary>What a call that was refused on the spot throws.</summary>
    public sealed class GamebridgeException : Exception
    {
        public int Status { get; }
        public GamebridgeException(int status) : base(Native.LastError) { Status = status; }
    }

    /// <summary>A program's use of the library. Poll it once a frame; Dispose it before play mode ends.</summary>
    public sealed class Client : IDisposable
    {
        IntPtr client;

        /// <param name="logLevel">0 for warnings, 1 errors, 3 milestones, 4 everything.</param>
        public Client(uint logLevel = 0)
        {
            var size = (uint)Marshal.SizeOf<Native.gb_options>();
            var options = new Native.gb_options { size = size, log_level = logLevel };
            Check(Native.gb_client_new(ref options, out client));
        }

        public uint Connect(string protocol, Args parameters)
        {
            uint conn;
            Check(Native.gb_connect(client, Native.Utf8(protocol), Native.Utf8(parameters.Json), out conn));
            return conn;
        }

        public uint Serve(string service, Args parameters)
        {
            uint conn;
            Check(Native.gb_serve(client, Native.Utf8(service), Native.Utf8(parameters.Json), out conn));
            return conn;
        }

        /// <summary>Sends a command. With a tag other than 0 one Native.Reply with that tag comes of it.</summary>
        public void Send(uint connection, string command, Args args = null, ulong tag = 0)
        {
            var json = args == null ? null : Native.Utf8(args.Json);
            Check(Native.gb_send(client, connection, Native.Utf8(command), json, tag));
        }

        /// <summary>Shows what the player does. As often as you like: the latest always arrives.</summary>
        public void SetActivity(uint connection, Activity activity, ulong tag = 0)
        {
            using (var pinned = new Pinned())
            {
                var read = activity.Read(pinned);
                Check(Native.gb_set_activity(client, connection, ref read, tag));
            }
        }

        public void ClearActivity(uint connection, ulong tag = 0)
        {
            Check(Native.gb_clear_activity(client, connection, tag));
        }

        /// <summary>Lets in who asks to join (ev["/user/id"].Id of an ACTIVITY_JOIN_REQUEST), or turns them down.</summary>
        public void ReplyJoin(uint connection, ulong user, bool accept, ulong tag = 0)
        {
            Check(Native.gb_reply_join(client, connection, user, accept, tag));
        }

        /// <summary>Settles a Native.Request of a server that you host.</summary>
        public void Answer(Event request, bool grant)
        {
            Check(Native.gb_answer(client, request.Connection, request.Tag, grant ? Native.Ok : -8, null));
        }

        public void Disconnect(uint connection) => Check(Native.gb_disconnect(client, connection));

        /// <summary>The next event, if there is one: while (client.Poll(out var ev)) ...</summary>
        public bool Poll(out Event ev)
        {
            var at = Native.gb_poll(client);
            ev = at == IntPtr.Zero ? default(Event) : new Event(at);
            return at != IntPtr.Zero;
        }

        public void Dispose() { Native.gb_client_free(client); client = IntPtr.Zero; GC.SuppressFinalize(this); }
        ~Client() { Native.gb_client_free(client); }

        internal static void Check(int status)
        {
            if (status != Native.Ok) throw new GamebridgeException(status);
        }
    }
}
