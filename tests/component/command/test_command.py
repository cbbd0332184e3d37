"""The command against a real daemon: what was left undone is told, a slip is turned away, later
orders win, and both languages say all of it."""
import json
import socket

import pytest

from peers.ground import wait_until

ANNA = "account:anna@verein.test"
CONFIG = """\
log_sources = []
detectors.default_mode = "enforce"
postfix.config_dirs = ["{folder}"]
postfix.queue_helper = "{helper}"
"""


@pytest.fixture
def daemon(leumundd, monkeypatch):
    """Starts a daemon with a queue helper of the test's choice."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    return lambda helper="": leumundd(CONFIG.replace("{helper}", str(helper)))


def part(leumundd, name):
    return next(one for one in leumundd.get("/v1/status")["parts"] if one["name"] == name)


def metric(leumundd, line):
    return line in leumundd.request("GET", "/metrics")[1].splitlines()


def hack(leumundd, account="anna@verein.test"):
    """A burst that suspends the account, with queue ids on this host."""
    now, host = leumundd.get("/v1/status")["now"], socket.gethostname()
    mail = {"type": "submission", "account": account, "envelope_sender": account}
    leumundd.events([{**mail, "at": now - (25 - day) * 86400, "id": f"h{day}",
                      "client": "203.0.113.7", "recipients": [f"friend{day % 4}@near.test"]}
                     for day in range(25)])
    for i in range(30):
        recipients = [f"r{i}-{j}@far.test" for j in range(20)]
        leumundd.events([{**mail, "at": now, "id": f"b{i}", "client": f"198.51.{i}.7",
                          "recipients": recipients, "queue_id": f"4Xb{i:03}", "host": host}] +
                        [{"type": "delivery", "at": now, "id": f"b{i}", "recipient": one,
                          "status": "bounced", "reply": "550 5.1.1 User unknown"}
                         for one in recipients[:10]])
    restrictions = leumundd.get("/v1/status")["restrictions"]
    assert [one["subject"] for one in restrictions] == [f"account:{account}"], restrictions
    return leumundd.get("/v1/events?after=0")["decisions"][0]["number"]


def test_a_missing_queue_helper_is_a_trouble_before_it_is_needed(daemon, tmp_path):
    gone = tmp_path / "leumund-queue"
    leumundd = daemon(str(gone))
    assert not part(leumundd, "queue")["well"]
    assert str(gone) in part(leumundd, "queue")["detail"]
    assert metric(leumundd, 'leumund_part_up{part="queue"} 0')
    status = leumundd.leumund("status")
    assert "queue" in status.stdout and "FAULT" in status.stdout, status.stdout
    assert status.returncode == 1, status

    suspended = leumundd.leumund("suspend", ANNA, "--reason", "password on a list")
    assert suspended.returncode == 1, suspended
    assert f"{ANNA} restricted: no sending" in suspended.stdout
    assert f"its queued mail is not held: {gone}" in suspended.stderr
    assert "--done password=WHO" in suspended.stderr

    gone.write_text("no program")
    assert "may not be used" in part(leumundd, "queue")["detail"]
    gone.unlink()
    gone.mkdir()
    assert "neither a socket nor a program" in part(leumundd, "queue")["detail"]
    gone.rmdir()
    gone.write_text("#!/bin/sh\nexit 0\n")
    gone.chmod(0o755)
    assert part(leumundd, "queue")["well"]


def test_undo_and_release_say_that_the_held_mail_stays(daemon, tmp_path):
    helper = tmp_path / "leumund-queue"
    helper.write_text("#!/bin/sh\necho 'cannot reach the queue' >&2\nexit 3\n")
    helper.chmod(0o755)
    leumundd = daemon(str(helper))
    number = hack(leumundd)
    undone = leumundd.leumund("undo", str(number))
    assert undone.returncode == 1, undone
    assert f"{ANNA} released" in undone.stdout
    assert "its held mail stays: " in undone.stderr, undone.stderr
    assert leumundd.get("/v1/status")["restrictions_total"] == 0

    leumundd.leumund("suspend", ANNA, "--reason", "again")
    released = leumundd.leumund("release", ANNA, "--without-checklist", "--mail", "release",
                                "--json")
    assert released.returncode == 1, released
    assert "its held mail stays: " in json.loads(released.stdout)["trouble"]


def test_the_later_order_wins_between_exempt_and_suspended(daemon):
    leumundd = daemon()
    assert leumundd.leumund("suspend", "anna@verein.test", "--reason", "x").returncode == 0
    exempted = leumundd.leumund("exempt", ANNA)
    assert f"{ANNA} released" in exempted.stdout, exempted
    assert leumundd.leumund_json("explain", ANNA)["restriction"] is None

    again = leumundd.leumund("suspend", ANNA, "--reason", "hacked all the same")
    assert f"{ANNA} no longer exempt" in again.stdout, again
    explained = leumundd.leumund_json("explain", ANNA)
    assert (explained["exempt"], explained["standing"]) == (False, "suspended")
    leumundd.kill()
    leumundd.start()
    explained = leumundd.leumund_json("explain", ANNA)
    assert (explained["exempt"], explained["standing"]) == (False, "suspended")

    leumundd.leumund("exempt", ANNA)
    leumundd.request("POST", "/v1/suspend", json.dumps({"subject": ANNA, "reason": "api"}))
    assert not leumundd.leumund_json("explain", ANNA)["exempt"]
    leumundd.leumund("exempt", ANNA)
    suspended = leumundd.state / "suspended_senders"
    wait_until(lambda: "anna" not in suspended.read_text(), "the file to know the exemption")
    suspended.write_text(suspended.read_text() + "anna@verein.test\n")
    wait_until(lambda: leumundd.leumund_json("explain", ANNA)["restriction"],
               "the edit to be taken up")
    assert not leumundd.leumund_json("explain", ANNA)["exempt"]
    assert leumundd.leumund("suspend", ANNA, "--reason", "again").returncode == 0

    changed = leumundd.leumund("suspend", ANNA, "--level", "hold", "--reason", "softer")
    assert f"{ANNA} was restricted before (no sending, until released" in changed.stdout
    assert leumundd.leumund("release", ANNA, "--without-checklist").returncode == 0
    twice = leumundd.leumund("release", ANNA, "--without-checklist")
    assert (twice.returncode, twice.stderr) == (1, f"leumund: {ANNA} is not restricted\n")


def test_a_slip_is_turned_away_by_command_and_api(daemon):
    leumundd = daemon()
    for slip in ("bogus:foo", "client:10.0.0.999", "", "account:", "a\x1bb", "script:www-data"):
        typed = leumundd.leumund("suspend", slip, "--reason", "x")
        assert typed.returncode == 2 and "\x1b" not in typed.stderr, (slip, typed)
        status, body = leumundd.request("POST", "/v1/suspend",
                                        json.dumps({"subject": slip, "reason": "x"}))
        assert status == 400 and json.loads(body)["error"]["code"] == "malformed", body
    assert leumundd.get("/v1/status")["restrictions_total"] == 0


def test_what_people_read_is_german_where_they_ask_for_it(daemon):
    leumundd = daemon()
    hack(leumundd)
    for verb in (["status"], ["explain", ANNA], ["events"], ["watch", "--count", "1"],
                 ["release", ANNA], ["queue", ANNA]):
        told = leumundd.leumund("--lang", "de", *verb)
        text = told.stdout + told.stderr
        for english in ("restricted", "Score", "Reasons", "recipients", "Habits", "networks",
                        "new_", "with mail", "held", "written", "the recovery", "within"):
            assert english not in text, (verb, english, text)
    explained = leumundd.leumund("--lang", "de", "explain", ANNA).stdout
    assert "als Absender gesperrt" in explained and "Gewohnheiten:" in explained
    assert "burst: burst" not in explained
