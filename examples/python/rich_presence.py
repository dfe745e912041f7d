"""Rich Presence: what the player does, in their list of friends.

    python rich_presence.py <client id>

Start it with or without a Discord: it says what it finds. Ctrl-C ends it, and the activity with it.
"""

from __future__ import annotations

import argparse
import sys
import time

from gamebridge import Activity, Presence
from gamebridge.presence import DiscordNotFound, PyPresenceException

LEVELS = ("Old Mill", "Harbour", "Lighthouse")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("client_id", help="the application's id, from discord.com/developers")
    parser.add_argument("--pace", type=float, default=15, metavar="SECONDS", help="between two levels (15)")
    parser.add_argument("--levels", type=int, default=sys.maxsize, metavar="N", help="how many to play (no end)")
    options = parser.parse_args()

    begun = time.time()
    try:
        with Presence(options.client_id) as presence:
            for number in range(options.levels):
                level = LEVELS[number % len(LEVELS)]
                # From here on Discord may be closed and opened: the newest activity is shown again by itself.
                presence.set(
                    Activity(
                        details=f"Level {number + 1}: {level}",
                        state="Playing alone",
                        start=begun,
                        large_image=level.lower().replace(" ", "_"),
                        large_text=level,
                    )
                )
                print(f"shown: {level}", flush=True)
                time.sleep(options.pace)
    except DiscordNotFound as error:
        print(f"{error}\nThe game goes on without.", file=sys.stderr)
    except PyPresenceException as error:
        print(f"Discord says: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
