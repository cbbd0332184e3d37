"""docs/operate/exim.md holds with a real Exim: each recipient is asked about once, who is stopped
is refused also with nobody to ask, and mail goes on when Leumund hangs."""
import smtplib
import time

import pytest

from peers.ground import require_root

CONFIG = """\
log_sources = []
postfix.config_dirs = []
postfix.queue_helper = ""
measures.helpdesk = ["helpdesk@c.test"]
measures.contact = "helpdesk@c.test"
[api]
listen = ""
"""
ANNA = "anna@c.test"


@pytest.fixture
def ways(peers, leumundd):
    require_root("Exim in a mount namespace")
    daemon = leumundd(CONFIG)
    return daemon, peers.exim(policy_port=daemon.policy_port, tables=daemon.state / "tables")


def send(exim, *recipients, sender=ANNA):
    """Text of the refusals, "" if all went."""
    with smtplib.SMTP("127.0.0.1", exim.port, timeout=20) as session:
        session.ehlo("pc")
        session.user, session.password = sender, "secret"
        session.auth("PLAIN", session.auth_plain)
        try:
            refused = session.sendmail(sender, recipients, f"From: {sender}\r\n\r\nhello\r\n")
        except smtplib.SMTPRecipientsRefused as error:
            refused = error.recipients
        return "; ".join(f"{code} {text.decode()}" for code, text in refused.values())


def recipients_counted(daemon):
    return daemon.get("/v1/status")["counters"]["recipients"]


def test_each_recipient_counts_once_and_a_hold_freezes(ways):
    daemon, exim = ways
    assert send(exim, "a@far.test", "b@far.test", "c@far.test") == "", exim.log()
    assert recipients_counted(daemon) == 3
    assert daemon.get(f"/v1/explain?subject={ANNA}")["known"]
    assert list(exim.queued().values()) == [False]

    daemon.leumund_json("suspend", ANNA, "--level", "hold", "--reason", "a strange mailing")
    assert send(exim, "d@far.test") == "", exim.log()
    assert sorted(exim.queued().values()) == [False, True], exim.log()


def test_who_is_suspended_is_refused_also_with_nobody_to_ask(ways):
    daemon, exim = ways
    daemon.leumund_json("suspend", ANNA, "--reason", "hacked")
    refused = send(exim, "a@far.test")
    assert refused.startswith("550 5.7.1 ") and "helpdesk@c.test" in refused, refused
    assert send(exim, "helpdesk@c.test") == ""
    assert daemon.leumund_json("explain", ANNA)["attempts"]["recipients"] >= 1

    daemon.kill()
    assert "550 5.7.1 Sending from this account is suspended" in send(exim, "a@far.test")
    assert send(exim, "a@far.test", sender="berta@c.test") == "", exim.log()


def test_mail_goes_on_when_leumund_hangs(ways):
    daemon, exim = ways
    daemon.freeze()
    began = time.monotonic()
    assert send(exim, "a@far.test") == "", exim.log()
    assert 3 < time.monotonic() - began < 10, "two questions of 2 s each"
    daemon.thaw()
