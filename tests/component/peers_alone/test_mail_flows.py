"""The test bed itself: Postfix and Dovecot alone take mail from a login and deliver it.

If this fails, no other component story means anything.
"""
import pytest

USERS = {"a@c.test": "secret", "b@c.test": "other"}


@pytest.fixture
def site(peers):
    sink = peers.smtp_sink()
    auth = peers.dovecot_auth(USERS)
    return peers.postfix(sasl_path=auth.sasl_path, nexthop=sink.nexthop), sink


def test_mail_of_a_login_is_accepted_and_delivered(site, swaks):
    postfix, sink = site
    sent = swaks(postfix.submission_port, ["x@y.test", "z@y.test"], user="a@c.test",
                 client="198.51.100.7", subject="Probe")
    assert sent.accepted, sent.transcript
    [mail] = sink.wait_for("x@y.test")
    assert mail.recipients == ["x@y.test", "z@y.test"]
    assert mail.header("Subject") == "Probe"
    assert mail.client == postfix.egress_address
    line = postfix.wait_for_log(f"{sent.queue_id}: client=")
    assert "[198.51.100.7]" in line and "sasl_username=a@c.test" in line


def test_a_wrong_password_and_no_login_are_refused(site, swaks):
    postfix, sink = site
    wrong = swaks(postfix.submission_port, "x@y.test", user="a@c.test", password="guess")
    assert not wrong and wrong.refusal.startswith("535 "), wrong.transcript
    anonymous = swaks(postfix.submission_port, "x@y.test", sender="a@c.test")
    assert not anonymous and anonymous.refusal.startswith("554 5.7.1"), anonymous.transcript
    assert sink.mails == []


def test_refusals_of_the_sink_bounce_or_defer_as_told(site, swaks):
    postfix, sink = site
    sink.replies["full.test"] = "452 4.2.2 Mailbox full"
    sink.replies["no@y.test"] = "550 5.7.1 Client host [127.0.0.1] blocked using bl.test"
    deferred = swaks(postfix.submission_port, "x@full.test", user="b@c.test", password="other")
    assert deferred, deferred.transcript
    assert "status=deferred" in postfix.wait_for_log("to=<x@full.test>")
    assert [entry["queue_id"] for entry in postfix.queued()] == [deferred.queue_id]
    assert swaks(postfix.submission_port, "no@y.test", user="b@c.test", password="other")
    assert "status=bounced" in postfix.wait_for_log("to=<no@y.test>")
    bounce = sink.wait_for("b@c.test")[0]
    assert bounce.envelope_sender == "" and "blocked using bl.test" in bounce.text


def test_queued_mail_goes_on_hold_and_out_again(site, swaks):
    postfix, sink = site
    sink.greetings[postfix.egress_address] = "450 4.3.2 Later"
    sent = swaks(postfix.submission_port, "x@y.test", user="a@c.test")
    postfix.wait_for_log("to=<x@y.test>")
    assert postfix.command("postsuper", "-h", sent.queue_id).returncode == 0
    assert [entry["queue_id"] for entry in postfix.queued("hold")] == [sent.queue_id]
    sink.greetings.clear()
    assert postfix.command("postsuper", "-H", sent.queue_id).returncode == 0
    postfix.command("postqueue", "-f")
    sink.wait_for("x@y.test")


def test_a_script_submits_through_sendmail_under_its_own_uid(site):
    postfix, sink = site
    message = "From: s@c.test\nTo: x@y.test\nSubject: Formular\n\nAnfrage\n"
    done = postfix.sendmail("s@c.test", ["x@y.test"], message, user="nobody")
    assert done.returncode == 0, done.stderr
    sink.wait_for("x@y.test")
    assert "from=<s@c.test>" in postfix.wait_for_log("uid=65534")
