"""Which mail counts for a blocklist of our own: what anybody can write proves nothing."""
import smtplib
import time

from component.ownlist.test_ownlist import SPAM, World, complain
from component.ownlist.test_ownlist import world  # noqa: F401 (a fixture)
from peers.ground import wait_until


def test_a_known_reporters_mail_counts_in_full(world):
    client = "203.0.113.31"
    world.report(client, "fbl.provider.test")
    complain(world, client, "anna@c.test")  # from anywhere: it may be anybody
    wait_until(lambda: world.why(client)["reports"]["complaint"] == 2, "the mail to be heard")
    assert not world.is_listed(client)
    complain(world, client, "anna@c.test", place="198.51.100.200")
    wait_until(lambda: world.is_listed(client), "the complaint of a known reporter to count")


def test_nobody_who_hands_in_mail_on_our_host_can_list_an_address(world, swaks):
    """A hijacked script writes the Received line of a spammer below which no other stands."""
    victim, host = "198.51.100.77", world.postfix.parameters["myhostname"]
    date = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(time.time() - 60))
    for by in (host, "anything.test"):
        forged = (f"from victim.test (victim.test [{victim}]) by {by} (Postfix) with ESMTP id "
                  f"4XyZ; {date} (UTC)")
        sent = swaks(world.postfix.smtp_port, "trap@spamtraps.c.test", sender="x@c.test",
                     headers=[f"Received: {forged}"])
        assert sent, sent.transcript
    wait_until(lambda: 'leumund_list_trap_mail_total{outcome="ourselves"} 2' in
               world.leumundd.request("GET", "/metrics")[1], "the traps' mail to be read")
    assert sum(world.why(victim)["reports"].values()) == 0


def test_what_any_user_of_the_host_can_write_is_no_witness(peers):
    world = World(peers, trust_tcp="false")
    victim, host = "198.51.100.78", world.postfix.parameters["myhostname"]
    date = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(time.time() - 60))
    line = (f"Received: from bot.test (bot.test [{victim}]) by {host} (Postfix) with ESMTP id 4X; "
            f"{date}\r\n")
    with smtplib.LMTP("127.0.0.1", world.lmtp_port, timeout=60) as lmtp:
        lmtp.sendmail("x@bank.test", ["trap@spamtraps.c.test"], line + SPAM)
    world.report(victim, "fbl.provider.test")
    assert world.why(victim)["reports"]["pristine_trap"] == 1
    assert not world.is_listed(victim)
