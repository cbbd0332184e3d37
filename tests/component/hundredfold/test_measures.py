"""What each measure lets through and stops, with real Postfix; and that memory, store, file and
tables say the same whatever happens at once."""
import contextlib
import smtplib
import threading
import time

import pytest

from component.hundredfold.story import CRACKED, HELPDESK, HONEST, Provider
from peers.ground import PATIENCE, wait_until

SPELLED = ["Mixed@C.test", "mixed@c.TEST", "mixed@c.test"]


@pytest.fixture(scope="module")
def provider(story_peers):
    """One for all tests that do not stop it; each has accounts of its own."""
    return Provider(story_peers, users=SPELLED)


def test_helpdesk_mail_of_a_suspended_account_is_delivered(provider):
    provider.suspend(CRACKED)
    session = provider.session(CRACKED)
    session.sendmail(CRACKED, [HELPDESK], "Subject: help\n\nI cannot send.\n")
    [mail] = provider.sink.wait_for(HELPDESK, seconds=PATIENCE)
    assert mail.envelope_sender == CRACKED and "I cannot send" in mail.text
    # Beside the helpdesk nobody: the mail goes to whom it may.
    refused = session.sendmail(CRACKED, [HELPDESK, "x@out.test"], "Subject: both\n\nx\n")
    assert set(refused) == {"x@out.test"} and refused["x@out.test"][0] == 554
    assert len(provider.sink.wait_for(HELPDESK, 2, PATIENCE)[1].recipients) == 1
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        session.sendmail(CRACKED, ["x@out.test"], "Subject: no\n\nx\n")
    assert provider.sink.mails_to("x@out.test") == []
    provider.release(CRACKED)


def test_external_only_delivers_to_the_inside_recipients_of_a_mixed_mail(provider):
    provider.suspend(HONEST, "--level", "external_only")
    session = provider.session(HONEST)
    refused = session.sendmail(HONEST, ["in1@c.test", "x@out.test", "in2@c.test", HELPDESK],
                               "Subject: mixed\n\nx\n")
    assert set(refused) == {"x@out.test"}
    code, text = refused["x@out.test"]
    assert code == 554 and b"other domains" in text, text
    for inside in ("in1@c.test", "in2@c.test"):
        assert provider.sink.wait_for(inside, seconds=PATIENCE)
    assert provider.sink.mails_to("x@out.test") == []
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        session.sendmail(HONEST, ["x@out.test"], "Subject: out\n\nx\n")
    provider.release(HONEST)

    def goes_out() -> bool:
        """An open session keeps the table it began with; the next one has the new one."""
        with contextlib.suppress(smtplib.SMTPRecipientsRefused):
            return provider.session(HONEST).sendmail(HONEST, ["x@out.test"],
                                                     "Subject: out\n\nx\n") == {}
        return False

    wait_until(goes_out, "mail to others after the release")


def test_an_account_is_one_subject_however_its_name_is_spelled(provider):
    def submissions() -> int:
        [log] = [part["detail"] for part in provider.leumundd.get("/v1/status")["parts"]
                 if part["name"].startswith("log ")]
        return int(log.split(" submissions")[0].rpartition(" ")[2])

    def log_is_read() -> bool:
        return submissions() == sum("queue active" in line for line in provider.postfix.log_lines())

    wait_until(log_is_read, "the log read", PATIENCE)
    before = provider.leumundd.get("/v1/status")["counters"]["subjects"]
    for number, login in enumerate(SPELLED):
        session = provider.session(login)
        session.sendmail("mixed@c.test", [f"friend{number}@out.test"], "Subject: x\n\nx\n")
        assert provider.sink.wait_for(f"friend{number}@out.test", seconds=PATIENCE)
    lines = [line for line in provider.postfix.log_lines() if "sasl_username=" in line]
    assert len({line.rpartition("sasl_username=")[2] for line in lines
                if "mixed" in line.lower()}) == 3, "the log has it spelled three ways"
    wait_until(log_is_read, "the log read", PATIENCE)
    assert provider.leumundd.get("/v1/status")["counters"]["subjects"] == before + 1
    provider.suspend("MIXED@C.TEST")
    for login in SPELLED:
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            provider.session(login).sendmail("mixed@c.test", ["x@out.test"], "Subject: x\n\nx\n")
    provider.release("mixed@c.test")


def test_decisions_made_at_once_come_to_one_order_everywhere(peers):
    """Suspend and release in eight threads: whatever came last stands in memory, file and table,
    and again after a kill."""
    provider = Provider(peers)
    daemon, accounts = provider.leumundd, ["other@c.test", HONEST]

    def hammer(number: int) -> None:
        for turn in range(12):
            account = accounts[(number + turn) % 2]
            path, order = (("/v1/suspend", '{"subject": "%s", "reason": "t"}') if turn % 3 else
                           ("/v1/release", '{"subject": "%s", "without_checklist": true}'))
            status, body = daemon.request("POST", path, order % account)
            assert status in (200, 404, 409), body

    threads = [threading.Thread(target=hammer, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()
    # What was decided is on disk in its order, so all of it is where a later one stands.
    provider.suspend("last@c.test")
    wait_until(lambda: "account:last@c.test" in {one["subject"] for one in daemon.get(
        "/v1/events?limit=1000")["decisions"]}, "the last decision on disk")
    decisions = daemon.get("/v1/events?limit=1000")["decisions"]
    assert len(decisions) > 20
    numbers = [decision["number"] for decision in decisions]
    assert numbers == sorted(set(numbers))
    last = {account: [d for d in decisions if d["subject"] == f"account:{account}"][-1]["decision"]
            for account in accounts}

    def stands(account: str) -> bool:
        return provider.standing(account) == "suspended"

    def in_table(account: str) -> bool:
        found = provider.postfix.command(
            "postmap", "-q", account, f"cdb:{daemon.state}/tables/suspended_accounts")
        return found.stdout.strip() == "leumund_no_sending"

    def in_file(account: str) -> bool:
        return f"{account} no_sending" in (daemon.state / "suspended_senders").read_text()

    wanted = [last[account] == "restricted" for account in accounts]
    for look in (stands, in_table, in_file):
        wait_until(lambda: [look(account) for account in accounts] == wanted, look.__name__,
                   PATIENCE)
    daemon.kill()
    daemon.start()
    assert [stands(account) for account in accounts] == wanted


def test_the_unattended_time_outlives_a_kill_and_stops_although_it_only_observes(peers, swaks):
    provider = Provider(peers, mode="observe")
    daemon = provider.leumundd
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 7200))
    done = daemon.leumund("unattended", "--until", until)
    assert done.returncode == 0, done.stdout + done.stderr
    provider.wait_for_checkpoint()  # the habits; a kill loses the last second of counting
    daemon.kill()
    daemon.start()
    sent = provider.burst(swaks, 14)
    assert not all(sent) and len([mail for mail in sent if mail]) <= 10
    assert provider.standing(CRACKED) == "suspended"
    decision = daemon.get("/v1/events?limit=1000")["decisions"][-1]
    assert decision["decision"] == "restricted" and decision["unattended"], decision
    # It stands after the next kill as well, and one word takes it back.
    daemon.kill()
    daemon.start()
    assert provider.standing(CRACKED) == "suspended"
    done = daemon.leumund("undo", str(decision["number"]))
    assert done.returncode == 0, done.stdout + done.stderr
    wait_until(lambda: provider.standing(CRACKED) != "suspended", "the undo", PATIENCE)


@pytest.mark.parametrize("kind", ["cdb", "lmdb"])
def test_an_edit_of_the_file_reaches_the_table_that_postfix_reads(peers, swaks, kind):
    """With both kinds of tables; nobody answers for Leumund when Postfix is asked."""
    provider = Provider(peers, more=f'[tables]\ntype = "{kind}"\n')
    daemon, port = provider.leumundd, provider.postfix.submission_port
    recipients = provider.postfix.command("postconf", "-h", "smtpd_recipient_restrictions").stdout
    assert f"check_sasl_access {kind}:{daemon.state}/tables/suspended_accounts" in recipients
    listing = daemon.state / "suspended_senders"
    wait_until(listing.exists, "the file", PATIENCE)

    def in_table() -> str:
        return provider.postfix.command(
            "postmap", "-q", HONEST,
            f"{kind}:{daemon.state}/tables/suspended_accounts").stdout.strip()

    listing.write_text(listing.read_text() + f"{HONEST}\n")
    wait_until(lambda: in_table() == "leumund_no_sending", "the edit in the table", PATIENCE)
    daemon.kill()
    refused = swaks(port, "x@out.test", user=HONEST)
    assert not refused and refused.refusal.startswith("554 5.7.1"), refused.transcript
    assert swaks(port, "x@out.test", user="other@c.test")
    daemon.start()

    def removed() -> bool:
        # Until it sticks: a text that was read before the daemon has noted a decision in it is an
        # old one, and what it lacks is put back (docs/operate/suspend.md).
        lines = listing.read_text().splitlines(True)
        if any(HONEST in line for line in lines):
            listing.write_text("".join(line for line in lines if HONEST not in line))
        return in_table() == ""

    wait_until(removed, "the removal in the table", PATIENCE, step=1.0)
    assert swaks(port, "y@out.test", user=HONEST)
