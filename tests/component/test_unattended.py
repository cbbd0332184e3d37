"""The unattended time: the configuration's hours, and a person's word during them."""
import datetime
import time

from peers.ground import wait_until

CONFIG = """\
[unattended]
until = "{until}"
"""


def stamp(at: float) -> str:
    return datetime.datetime.fromtimestamp(at, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_persons_window_given_during_the_configured_one_stands(leumundd):
    configured = int(time.time()) + 8
    daemon = leumundd(CONFIG.format(until=stamp(configured)))
    away = daemon.get("/v1/unattended")
    assert away["now"] and away["until"] == configured, away
    done = daemon.leumund("unattended", "--until", "7d")
    assert done.returncode == 0, done.stdout + done.stderr
    said = daemon.get("/v1/unattended")["until"]
    assert said > time.time() + 6 * 86400
    wait_until(lambda: time.time() > configured + 2.5, "the configured end to be past")
    away = daemon.get("/v1/unattended")
    assert away["now"] and away["until"] == said, away
    daemon.restart()
    away = daemon.get("/v1/unattended")
    assert away["now"] and away["until"] == said, away


def test_off_during_the_configured_hours_is_not_undone(leumundd):
    daemon = leumundd(CONFIG.format(until=stamp(time.time() + 3600)))
    assert daemon.get("/v1/unattended")["now"]
    done = daemon.leumund("unattended", "--off")
    assert done.returncode == 0, done.stdout + done.stderr
    time.sleep(2.5)  # two ticks
    assert not daemon.get("/v1/unattended")["now"]


def test_the_configured_bounds_hold_for_a_persons_window_and_after_a_restart(leumundd):
    daemon = leumundd("[unattended]\nrestrictions_per_hour = 1\nrestrictions_per_day = 2\n")

    def bounds() -> tuple[int, int]:
        away = daemon.get("/v1/unattended")
        return away["restrictions_per_hour"], away["restrictions_per_day"]

    done = daemon.leumund("unattended", "--until", "7d")
    assert done.returncode == 0, done.stdout + done.stderr
    assert bounds() == (1, 2)
    daemon.restart()
    assert daemon.get("/v1/unattended")["now"]
    assert bounds() == (1, 2)
    daemon.config_path.write_text(daemon.config_path.read_text().replace("hour = 1", "hour = 3"))
    done = daemon.leumund("config", "reload")
    assert done.returncode == 0, done.stdout + done.stderr
    wait_until(lambda: bounds() == (3, 2), "the new bound")
