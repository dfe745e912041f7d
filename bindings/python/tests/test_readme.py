"""The README's tour: what it says runs."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from gamebridge.testing import Server

README = Path(__file__).parents[1] / "README.md"
BLOCKS = re.findall(r"(<!-- runs -->\n)?```python\n(.*?)```", README.read_text(), re.DOTALL)


@pytest.mark.parametrize("code", [code for runs, code in BLOCKS if runs])
def test_the_tour_runs(code: str, gamebridge_server: Server, gamebridge_environ: dict[str, str]) -> None:
    ran = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=30)
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("code", [code for runs, code in BLOCKS if not runs])
def test_the_rest_is_python(code: str) -> None:
    compile(f"async def block():\n{textwrap.indent(code, '    ')}", "README.md", "exec")


def test_there_is_a_tour() -> None:
    assert sum(bool(runs) for runs, _ in BLOCKS) >= 4
