"""`./dev run` keeps its promise: a newcomer sees the hacked account found, explained and stopped,
and nobody else."""
import os
import subprocess
import sys
from pathlib import Path

from peers.ground import require_program, require_root
from peers.leumundd import built

SCRIPT = Path(__file__).parents[3] / "tools/run_sample_day.py"
HACKED = "account:m.ebert@tischlerei-ebert.example"


def run(*arguments):
    environment = {**os.environ, "LC_ALL": "C.UTF-8",
                   "LEUMUND_BIN": str(Path(built("leumundd")).parent)}
    return subprocess.run([sys.executable, str(SCRIPT), "--once", *arguments], env=environment,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=280,
                          check=False)


def assert_story(done):
    told = done.stdout + done.stderr
    assert done.returncode == 0, told
    assert f"{HACKED} is stopped after" in told, told
    assert f"$ leumund explain {HACKED}" in told and "never" in told, told
    assert "leumund connect postfix --dry-run" in told, told
    assert told.count("  stopped: ") == 1, told
    assert "--socket" not in told, "a socket is named that is gone with the end"


def test_the_day_through_the_policy_port():
    require_program("zstd")
    assert_story(run("--speed", "1440"))


def test_a_part_of_the_day_as_real_mail():
    require_root("a private Postfix")
    require_program("postfix")
    require_program("dovecot")
    assert_story(run("--postfix", "--speed", "180"))
