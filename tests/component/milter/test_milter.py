"""A real Postfix shows whole messages to leumundd, by smtpd and sendmail, and goes on without."""
import time

import pytest
from peers.ground import wait_until
from peers.leumundd import built

CONFIG = """\
log_sources = {logs}
[milter]
listen = ["inet:127.0.0.1:{{milter_port}}"]
[detectors.burst]
mode = "enforce"
[reports]
trace_header = true
[measures]
helpdesk = ["helpdesk@c.test"]
[postfix]
config_dirs = ["{etc}"]
queue_helper = "{queue_helper}"
"""
USER = "a@c.test"
MAIL = "From: {sender}\nTo: {to}\nSubject: Hello\n\nA few words for {to}.\n"


class World:
    """Postfix with a milter and nothing else, or connected as `leumund connect` does it."""

    def __init__(self, peers, follow_log: bool = True, connect: bool = False) -> None:
        self.sink = peers.smtp_sink()
        auth = peers.dovecot_auth({USER: "secret"})
        self.postfix = peers.postfix(sasl_path=auth.sasl_path, nexthop=self.sink.nexthop)
        self.postfix.mail_log.touch()
        logs = f'["file:{self.postfix.mail_log}"]' if follow_log else "[]"
        self.leumundd = peers.leumundd(CONFIG.format(
            logs=logs, etc=self.postfix.etc, queue_helper=built("leumund-queue")))
        if connect:
            self.connect()
        else:
            self._set_milters()
        time.sleep(0.5)  # smtpd processes of before the reload end

    def connect(self) -> str:
        done = self.leumundd.leumund("connect", "postfix", "--config-dir", str(self.postfix.etc),
                                     "--config", str(self.leumundd.config_path))
        assert done.returncode == 0, done.stdout + done.stderr
        self.postfix.reload()
        return done.stdout

    def _set_milters(self) -> None:
        milter = (f"{{ inet:127.0.0.1:{self.leumundd.milter_port}, connect_timeout=2s, "
                  "command_timeout=2s, content_timeout=10s, default_action=accept }")
        self.postfix.set(smtpd_milters=milter, non_smtpd_milters=milter)

    def submit(self, to: str):
        return self.postfix.sendmail("www@site.test", [to],
                                     MAIL.format(sender="www@site.test", to=to), user="nobody")


@pytest.fixture
def world(peers):
    return World(peers)


def test_mail_of_a_login_is_seen_whole_and_a_suspended_one_is_refused(world, swaks):
    sent = swaks(world.postfix.submission_port, "x@y.test", user=USER, client="91.12.34.56")
    assert sent, sent.transcript
    mail = world.sink.wait_for("x@y.test")[0]
    assert mail.header("X-Leumund-Trace").startswith("v1."), mail.text
    _, metrics = world.leumundd.request("GET", "/metrics")
    assert 'leumund_milter_answers_total{answer="pass"} 1' in metrics, metrics
    done = world.leumundd.leumund("suspend", f"account:{USER}", "--reason", "test")
    assert done.returncode == 0, done.stderr
    refused = swaks(world.postfix.submission_port, "x2@y.test", user=USER, client="91.12.34.56")
    assert not refused and "5.7.1" in refused.refusal
    helpdesk = swaks(world.postfix.submission_port, "helpdesk@c.test", user=USER,
                     client="91.12.34.56")
    assert helpdesk, helpdesk.transcript
    world.sink.wait_for("helpdesk@c.test")


def test_mail_held_for_review_waits_in_the_hold_queue_and_goes_on_after_release(world, swaks):
    done = world.leumundd.leumund("suspend", f"account:{USER}", "--level", "hold", "--reason", "t")
    assert done.returncode == 0, done.stderr
    assert swaks(world.postfix.submission_port, "x@y.test", user=USER, client="91.12.34.56")
    wait_until(lambda: [entry["queue_name"] for entry in world.postfix.queue()] == ["hold"],
               "the mail in the hold queue")


def contact_form(now: float, days: int = 28) -> list[dict]:
    """What the site's script did in the weeks before: a few mails a day to its owner."""
    return [{"type": "submission", "at": now - day * 86400 + hour * 3600, "id": f"f{day}-{hour}",
             "script": "uid65534", "client": "127.0.0.1", "envelope_sender": "www@site.test",
             "recipients": ["owner@site.test"], "size": 900}
            for day in range(days, 1, -1) for hour in (1, 4, 9)]


def test_a_scripts_mail_is_judged_inline_by_its_uid(world):
    """Without the milter tens of mails get out before the log tells; here the burst ends inline."""
    world.leumundd.events(contact_form(time.time()))
    for n in range(60):
        assert world.submit(f"victim{n}@quick.test").returncode == 0
    def left() -> int:  # what is refused comes back to the script's owner as a bounce
        return len([mail for mail in world.sink.mails if "victim" in mail.recipients[0]])

    def refused() -> int:
        return sum("milter-reject" in line for line in world.postfix.log_lines())

    wait_until(lambda: left() + refused() >= 60, "all mails judged", 60)
    out = left()
    print(f"script: {out} of 60 mails left")
    assert 1 <= out <= 10
    done = world.leumundd.leumund("explain", "script:uid65534")
    assert "suspended" in done.stdout, done.stdout


def test_mail_goes_on_when_leumundd_is_killed_or_hangs(world, swaks):
    assert swaks(world.postfix.submission_port, "x1@y.test", user=USER, client="91.12.34.56")
    world.leumundd.freeze()
    try:
        began = time.monotonic()
        sent = swaks(world.postfix.submission_port, "x2@y.test", user=USER, client="91.12.34.56",
                     timeout=60)
        assert sent, sent.transcript
        assert time.monotonic() - began < 25
    finally:
        world.leumundd.thaw()
    world.leumundd.kill()
    assert swaks(world.postfix.submission_port, "x3@y.test", user=USER, client="91.12.34.56")
    for n in (1, 2, 3):
        world.sink.wait_for(f"x{n}@y.test")


def test_local_mail_goes_on_where_no_log_is_followed(peers):
    world = World(peers, follow_log=False)
    assert world.submit("x@y.test").returncode == 0
    world.sink.wait_for("x@y.test")


def test_policy_milter_and_log_tell_one_submission_that_is_counted_and_marked_once(peers, swaks):
    world = World(peers, connect=True)
    assert swaks(world.postfix.submission_port, ["x@y.test", "z@y.test"], user=USER,
                 client="91.12.34.56")
    mail = world.sink.wait_for("x@y.test")[0]
    assert mail.text.count("X-Leumund-Trace:") == 1, mail.text
    world.postfix.wait_for_log("removed")
    wait_until(lambda: " 1 submission" in world.leumundd.leumund("status").stdout,
               "the log to be read")
    _, metrics = world.leumundd.request("GET", "/metrics")
    assert "\nleumund_recipients_total 2\n" in metrics, metrics
    assert 'leumund_milter_answers_total{answer="pass"} 1' in metrics
    assert "milters" not in world.connect(), "a second connect changes nothing"
