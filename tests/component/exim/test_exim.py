"""docs/operate/exim.md holds with a real Exim: each recipient is asked about once, who is stopped
is refused also with nobody to ask, mail goes on when Leumund hangs, and a detour leads the mail of
one provider by another way and back."""
import smtplib
import time
from pathlib import Path

import pytest

from peers.ground import require_root, wait_until

CONFIG = """\
log_sources = []
postfix.config_dirs = []
postfix.queue_helper = ""
measures.helpdesk = ["helpdesk@c.test"]
measures.contact = "helpdesk@c.test"
measures.own_domains = ["magenta.de"]
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


@pytest.fixture
def world(peers):
    """Two ways and a relay host out; a third for one sender."""
    require_root("Exim in a mount namespace")
    sink, relay = peers.smtp_sink(), peers.smtp_sink()
    daemon = leumundd_with_ways(peers, relay.port)
    exim = peers.exim(policy_port=daemon.policy_port, tables=daemon.state / "tables", sink=sink)
    return daemon, exim, sink, relay


def leumundd_with_ways(peers, relay_port):
    return peers.leumundd(CONFIG.replace("[api]", f"""\
egresses = ["out2 address=127.0.0.2"]
[detour]
mode = "observe"
ways = ["default", "out2", "relay=[127.0.0.1]:{relay_port}"]
pools = ["tenant ways=default,out2 senders=@tenant.test"]
[api]"""))


def way_of(exim, sink, recipient, sender=ANNA):
    """The address that one more mail left from."""
    before = len(sink.mails_to(recipient))
    assert send(exim, recipient, sender=sender) == "", exim.log()
    wait_until(lambda: len(sink.mails_to(recipient)) > before, f"mail to {recipient}", 20)
    return sink.mails_to(recipient)[-1].client


def route(daemon, recipient, sender=ANNA):
    return daemon.get(f"/v1/route?recipient={recipient}&sender={sender}")["target"]


def detour(daemon, *arguments):
    done = daemon.leumund("detour", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_page_shows_the_routers_as_they_are():
    tree = Path(__file__).resolve().parents[3]
    shipped = (tree / "packaging/exim/leumund.routers").read_text()
    assert f"```\n{shipped}```\n" in (tree / "docs/operate/exim.md").read_text()


def test_a_detour_leads_one_providers_mail_by_another_way_and_back(world):
    daemon, exim, sink, relay = world
    theirs, another = "x@t-online.de", "x@gmx.de"
    assert way_of(exim, sink, theirs) == way_of(exim, sink, another) == exim.usual_address
    assert route(daemon, theirs) == ""

    detour(daemon, "t-online", "--via", "out2")
    wait_until(lambda: route(daemon, theirs) == "out2:", "the way by HTTP", 20)
    lines = daemon.state / "tables/detours.txt"
    wait_until(lambda: "t-online.de out2:" in lines.read_text(), "the table", 20)
    assert way_of(exim, sink, theirs) == exim.out2_address, exim.log()
    assert sink.mails_to(theirs)[-1].helo == "mail2.c.test"
    assert way_of(exim, sink, "Y@T-Online.de") == exim.out2_address
    assert way_of(exim, sink, another) == exim.usual_address
    assert route(daemon, another) == ""
    # Theirs by its MX, and ours by what the operator says.
    assert "magenta.de smtp:" in lines.read_text()
    assert way_of(exim, sink, "x@magenta.de") == exim.usual_address
    assert route(daemon, "x@magenta.de") == ""

    detour(daemon, "t-online", "--via", "relay")
    wait_until(lambda: "t-online.de relay:[127.0.0.1]:" in lines.read_text(), "the table", 20)
    assert way_of(exim, relay, theirs) == exim.relay_address, exim.log()

    # The tables stay as they are when nobody is there to write them.
    daemon.kill()
    assert way_of(exim, relay, theirs) == exim.relay_address, exim.log()
    daemon.start()

    detour(daemon, "t-online", "--end")
    wait_until(lambda: "t-online.de" not in lines.read_text(), "the end in the table", 20)
    assert route(daemon, theirs) == ""
    assert way_of(exim, sink, theirs) == exim.usual_address, exim.log()
    wait_until(lambda: exim.queued() == {}, "an empty queue")


def test_a_detour_of_a_pool_leads_its_senders_only(world):
    daemon, exim, sink, _ = world
    tenant, theirs = "chief@tenant.test", "x@t-online.de"
    detour(daemon, "t-online", "--pool", "tenant", "--via", "out2")
    lines = daemon.state / "tables/sender_ways.txt"
    wait_until(lambda: "@tenant.test out2:" in lines.read_text(), "the table", 20)
    assert route(daemon, theirs, tenant) == "out2:" and route(daemon, theirs) == ""
    assert way_of(exim, sink, theirs, sender=tenant) == exim.out2_address, exim.log()
    assert way_of(exim, sink, theirs) == exim.usual_address, exim.log()
    own = "x@magenta.de"
    assert route(daemon, own, tenant) == ""
    assert way_of(exim, sink, own, sender=tenant) == exim.usual_address, exim.log()


def test_mail_that_has_no_way_waits_and_leaves_later(world):
    """What a capped or deferred detour writes, since Exim's log tells Leumund of no delivery."""
    daemon, exim, sink, _ = world
    daemon.stop()
    lines = daemon.state / "tables/detours.txt"
    one_tries = "probe@t-online.de"
    lines.write_text(f"{one_tries} smtp:\n"
                     "t-online.de retry:4.7.1 mail to this provider waits for a way\n")
    assert way_of(exim, sink, one_tries) == exim.usual_address, exim.log()
    assert send(exim, "x@t-online.de") == ""
    wait_until(lambda: "waits for a way" in exim.log(), "the mail to be put off", 20)
    assert len(exim.queued()) == 1 and not sink.mails_to("x@t-online.de")
    lines.write_text("")
    exim.run_queue()
    wait_until(lambda: sink.mails_to("x@t-online.de"), "the mail that waited", 20)
    assert exim.queued() == {}
