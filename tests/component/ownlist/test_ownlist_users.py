"""What our own users, and who would like to be one, bring a blocklist of ours: spam whose header is
pasted into a mail, and logins as accounts that nobody has."""
import re
import smtplib
import time

import pytest
from component.ownlist.test_ownlist import World
from peers.ground import wait_until

OUTLOOK = """\
Bitte sperren!

-----Ursprüngliche Nachricht-----
Von: Bank <x@bank.test>
Gesendet: Freitag, 20. November 2026 08:00
An: Anna
Betreff: Ihr Konto

"""


@pytest.fixture
def users(peers):
    auth = peers.dovecot_auth({"anna@c.test": "secret", "bert@c.test": "secret"})
    sink = peers.smtp_sink()
    world = World(peers, auth=auth, nexthop=sink.nexthop,
                  more='honeypots = ["*@old.c.test", "scanner"]')
    world.sink = sink
    return world


def source(world, client: str) -> str:
    """A spam's header as "view source" shows it."""
    date = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(time.time() - 60))
    return (f"Return-Path: <x@bank.test>\nReceived: from bot.test (bot.test [{client}])\n\tby "
            f"{world.postfix.parameters['myhostname']} (Postfix) with ESMTP id 4XyZ\n\tfor "
            f"<anna@c.test>; {date} (UTC)\nReceived: from bank.test (bank.test [192.0.2.77])\n\tby "
            f"bot.test; {date}\nFrom: x@bank.test\nSubject: Ihr Konto\n")


def write(world, text: str, subject: str = "Fwd: Ihr Konto", password: str = "secret",
          login: str = "anna@c.test") -> None:
    """Anna's mail to the report address, as her mail program submits it."""
    whole = (f"From: Anna <anna@c.test>\nSubject: {subject}\nMIME-Version: 1.0\nContent-Type: "
             f"text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{text}")
    with smtplib.SMTP("127.0.0.1", world.postfix.submission_port, timeout=60) as smtp:
        smtp.ehlo()
        assert smtp.docmd("XCLIENT", "ADDR=198.51.100.9 NAME=[UNAVAILABLE]")[0] == 220
        smtp.ehlo()
        if password:
            smtp.login(login, password)
        smtp.sendmail("anna@c.test", ["spam@reports.c.test"], whole.encode())


def reported(world, outcome: str, metric: str = "reported_mail") -> int:
    name = f'leumund_list_{metric}_total{{outcome="{outcome}"}} '
    lines = world.leumundd.request("GET", "/metrics")[1].splitlines()
    return next(int(line[len(name):]) for line in lines if line.startswith(name))


def test_a_header_that_a_user_pastes_counts_as_an_attached_spam_does(users):
    client = "203.0.113.81"
    write(users, "Hallo,\n\ndas kam heute:\n\n" + source(users, client) + "\nSehr geehrte ...\n")
    wait_until(lambda: users.why(client)["reports"]["complaint"] == 1, "the report to be heard")
    assert not users.is_listed(client), "never on one report"
    users.report(client, "fbl.provider.test")
    assert users.is_listed(client)
    quoted = "203.0.113.82"
    write(users, "".join(f"> {line}\n" for line in source(users, quoted).splitlines()))
    wait_until(lambda: users.why(quoted)["reports"]["complaint"] == 1, "the quoted header")
    assert reported(users, "pasted") == 2 and not users.sink.mails


def test_who_does_not_log_in_is_no_witness_whatever_he_pastes(users):
    victim = "203.0.113.83"
    write(users, source(users, victim), password="")
    wait_until(lambda: users.why(victim)["reports"]["complaint"] == 1, "the report to be heard")
    users.report(victim, "fbl.provider.test")
    assert not users.is_listed(victim)


def test_a_login_speaks_for_nobody_else(users):
    """Else a mailbox that was broken into would list whom it likes in the reporters' names."""
    victim = "203.0.113.85"
    write(users, source(users, victim), login="bert@c.test")
    wait_until(lambda: users.why(victim)["reports"]["complaint"] == 1, "the report to be heard")
    users.report(victim, "fbl.provider.test")
    assert not users.is_listed(victim)


def test_a_forward_without_the_header_is_told_how_it_would_be_of_use(users):
    """... and what the spam itself says of where it came from lists nobody."""
    victim = "203.0.113.84"
    write(users, OUTLOOK + source(users, victim), subject="WG: Ihr Konto")
    wait_until(lambda: users.sink.mails, "the answer to the forwarder")
    [told] = users.sink.mails
    assert told.recipients == ["anna@c.test"] and told.envelope_sender == ""
    text = told.text.replace("\r\n", " ")
    assert "forward it as an" in text and "als Anhang weiterleiten" in text, told.text
    assert reported(users, "no_header") == 1
    assert sum(users.why(victim)["reports"].values()) == 0
    # Who did not log in may not be who he says: no mail to him.
    write(users, OUTLOOK, subject="WG: Ihr Konto", password="")
    wait_until(lambda: reported(users, "no_header") == 2, "the second to be read")
    time.sleep(1)
    assert len(users.sink.mails) == 1


def guess(world, client: str, account: str) -> None:
    """A password for an account, as a bot tries it at the submission port."""
    with smtplib.SMTP("127.0.0.1", world.postfix.submission_port, timeout=60) as smtp:
        smtp.ehlo()
        assert smtp.docmd("XCLIENT", f"ADDR={client} NAME=[UNAVAILABLE]")[0] == 220
        smtp.ehlo()
        with pytest.raises(smtplib.SMTPAuthenticationError):
            smtp.login(account, "123456")


def honeypots(world, outcome: str) -> int:
    return reported(world, outcome, "honeypot_logins")


def submissions_read(world) -> int:
    [told] = [part["detail"] for part in world.leumundd.get("/v1/status")["parts"]
              if part["name"] == f"log file:{world.postfix.mail_log}"]
    return int(re.search(r"(\d+) submission", told).group(1))


def test_who_tries_to_log_in_as_nobody_is_listed_with_one_more_report(users):
    bot = "203.0.113.91"
    for account in ("sales@old.c.test", "info@old.c.test", "sales@old.c.test"):
        guess(users, bot, account)
    wait_until(lambda: users.why(bot)["reports"]["honeypot"] == 2, "both names to be heard")
    assert honeypots(users, "counted") == 2 and users.why(bot)["reporters"] == 1
    assert not users.is_listed(bot), "one domain's names have one voice"
    users.report(bot, "fbl.provider.test")
    assert users.is_listed(bot)
    guess(users, "203.0.113.94", "scanner")
    # Names that are no honeypots, and people who mistype theirs.
    guess(users, "203.0.113.92", "anna@c.test")
    guess(users, "203.0.113.92", "sales@c.test")
    write(users, "nothing to report")  # anna logs in
    users.postfix.wait_for_log("client=unknown[198.51.100.9], sasl_method=PLAIN")
    # Two logs are read side by side: the login must be read before the other tells of the guess.
    wait_until(lambda: submissions_read(users) == sum("queue active" in line for line in
                                                      users.postfix.log_lines()), "the log read")
    guess(users, "198.51.100.9", "anna@old.c.test")
    wait_until(lambda: honeypots(users, "user") == 1, "the login from anna's office")
    assert honeypots(users, "counted") == 3
    for client in ("203.0.113.92", "198.51.100.9"):
        assert sum(users.why(client)["reports"].values()) == 0, client


def test_a_name_that_sends_is_no_honeypot_and_our_own_addresses_are_not_reported(users):
    users.leumundd.events([{"type": "submission", "at": time.time(), "id": "m1", "client":
                            "198.51.100.33", "account": "bert@old.c.test", "envelope_sender":
                            "bert@old.c.test", "recipients": ["x@elsewhere.test"]}])
    guess(users, "203.0.113.93", "bert@old.c.test")
    guess(users, "192.0.2.25", "sales@old.c.test")
    wait_until(lambda: honeypots(users, "in_use") == honeypots(users, "ourselves") == 1,
               "both logins to be heard")
    assert honeypots(users, "counted") == 0
    for client in ("203.0.113.93", "192.0.2.25"):
        assert sum(users.why(client)["reports"].values()) == 0, client
    assert "why=in_use account=bert@old.c.test" in users.leumundd.log()
