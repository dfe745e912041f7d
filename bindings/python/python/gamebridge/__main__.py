"""`python -m gamebridge`: a small tool. Each of its commands is a module of its own."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from . import _doctor, _listen, _sandbox, _serve
from ._errors import GamebridgeError
from ._native import __version__

ABOUT = """Discord from a shell, by way of gamebridge.

  python -m gamebridge doctor                       is there a Discord, and can it be used from here?
  python -m gamebridge serve --scenario lobby.json  be a Discord, for a game that is being written
  python -m gamebridge sandbox                      be a Discord with a Gateway, for a bot that is being written
  python -m gamebridge listen 1234 ACTIVITY_JOIN    what does Discord tell?

Each has a --help of its own."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command; gives the exit status: 0 well, 1 not, 2 wrong arguments."""
    parser = argparse.ArgumentParser(
        prog="python -m gamebridge", description=ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=f"gamebridge {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for module in (_doctor, _serve, _sandbox, _listen):
        command = commands.add_parser(
            module.NAME,
            help=module.HELP,
            description=module.ABOUT,
            epilog=module.EXAMPLES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    options = parser.parse_args(argv)
    if options.command is None:
        parser.print_help(sys.stderr)
        return 2
    try:
        status: int = options.run(options)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Who read what we print has enough. Python would complain at its exit, too.
        sys.stderr.close()
        return 0
    except (GamebridgeError, ValueError) as error:
        print(f"gamebridge {options.command}: {error}", file=sys.stderr)
        return 1
    return status


if __name__ == "__main__":
    sys.exit(main())
