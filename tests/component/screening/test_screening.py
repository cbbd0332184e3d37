"""A real Postfix asks leumundd about clients that bring mail; rbldnsd serves the lists, unbound
stands between. One list refuses, others only add up; whoever logged in is never screened; nothing
that goes wrong behind it keeps mail away."""
import json
import smtplib
import time

import pytest

from peers.dns_lists import Rbldnsd, SilentDns, Unbound
from peers.ground import wait_until

LISTED, SCORED, BOTH, CLEAN = "40.107.21.79", "40.107.21.80", "40.107.21.81", "40.107.21.82"
USER = "a@c.test"

CONFIG = """\
log_sources = []
[dns]
forwarders = ["127.0.0.1@{dns_port}"]
[screening]
listen = "inet:127.0.0.1:{port}"
enforce = {enforce}
block_lists = ["block.lists.example", "hangs.lists.example"]
score_lists = ["one.lists.example=127.0.0.[2..3]*2", "two.lists.example*1"]
refuse_score = 3
"""
PAGE = ":127.0.0.2:Blocked - see https://block.lists.example/?$"
DATASETS = {
    "block.lists.example": ("ip4set", [PAGE, "127.0.0.2", LISTED]),
    "one.lists.example": ("ip4set", [":127.0.0.2:", "127.0.0.2", SCORED, BOTH]),
    "two.lists.example": ("ip4set", [":127.0.0.2:", "127.0.0.2", BOTH]),
}
REFUSAL = (f"5.7.1 <x@ours.test>: Recipient address rejected: Service unavailable; Client host "
           f"[{LISTED}] blocked using block.lists.example; "
           f"Blocked - see https://block.lists.example/?{LISTED}")


class Story:
    def __init__(self, peers, enforce: str = "true", more: str = "") -> None:
        self.lists = peers._keep("rbldnsd", Rbldnsd(peers.ground, DATASETS))
        self.silent = peers._keep("silent", SilentDns(peers.ground))
        stubs = {zone: self.lists.port for zone in DATASETS}
        stubs["hangs.lists.example"] = self.silent.port
        self.unbound = peers._keep("unbound", Unbound(peers.ground, stubs, {}))
        self.port = peers.ground.ports.free()
        self.leumundd = peers.leumundd(CONFIG.format(dns_port=self.unbound.port, port=self.port,
                                                     enforce=enforce) + more)
        self.sink = peers.smtp_sink()
        auth = peers.dovecot_auth({USER: "secret"})
        ask = (f"check_policy_service {{ inet:127.0.0.1:{self.port}, timeout=10s, try_limit=1, "
               "default_action=DUNNO }")
        self.postfix = peers.postfix(sasl_path=auth.sasl_path, nexthop=self.sink.nexthop, main={
            "relay_domains": "ours.test",
            "smtpd_relay_restrictions": "permit_sasl_authenticated, reject_unauth_destination",
            "smtpd_recipient_restrictions": f"reject_unauth_destination, {ask}"})
        wait_until(self.tried, "all lists to be tried", 60)

    def figure(self, name: str, zone: str) -> float:
        lines = self.leumundd.request("GET", "/metrics")[1].splitlines()
        return next(float(line.rsplit(" ", 1)[1]) for line in lines
                    if line.startswith(name) and f'list="{zone}"' in line)

    def tried(self) -> bool:
        return all(self.figure("leumund_screening_list_well", zone) == 1 for zone in DATASETS)

    def bring(self, client: str, recipient: str = "x@ours.test", login: bool = False,
              headers: str = ""):
        """Code and text that the last recipient, or the mail, is answered with."""
        with smtplib.SMTP("127.0.0.1", self.postfix.smtp_port, timeout=60) as smtp:
            smtp.ehlo("client.test")
            if login:
                smtp.login(USER, "secret")
            code, text = smtp.docmd("XCLIENT", f"ADDR={client}"
                                    + (f" LOGIN={USER}" if login else ""))
            assert code == 220, text
            smtp.ehlo("client.test")
            smtp.mail("s@away.test")
            code, text = smtp.rcpt(recipient)
            if code == 250:
                code, text = smtp.data(f"{headers}From: s@away.test\nTo: {recipient}\n\n"
                                       f"Hello {client}\n")
            return code, text.decode()


def test_one_list_refuses_others_add_up_and_who_logged_in_is_not_asked_about(peers):
    story = Story(peers)
    code, text = story.bring(LISTED)
    assert (code, text) == (554, REFUSAL)
    assert story.bring(CLEAN, "clean@ours.test")[0] == 250
    assert "X-Leumund-Screen" not in story.sink.wait_for("clean@ours.test")[0].text
    assert story.bring(SCORED, "scored@ours.test")[0] == 250, "a scoring list refuses nobody alone"
    mail = story.sink.wait_for("scored@ours.test")[0]
    assert mail.header("X-Leumund-Screen") == \
        f"score=2/3 client={SCORED} one.lists.example=127.0.0.2*2 unknown=1", "one list hangs"
    code, text = story.bring(BOTH)
    assert code == 554 and "blocked by score 3 of one.lists.example, two.lists.example" in text
    assert story.bring(LISTED, "user@ours.test", login=True)[0] == 250
    assert story.figure("leumund_screening_list_decided_total", "block.lists.example") == 1
    status = story.leumundd.leumund("status").stdout
    assert "hangs.lists.example is not asked" in status, status


def test_who_is_complained_of_later_counts_for_the_lists_that_named_him(peers):
    story = Story(peers, more='[list]\nzones = ["bl bl.ours.test"]\n'
                              'name_servers = ["ns.ours.test"]\n')
    for client in (SCORED, CLEAN):
        assert story.bring(client, "taken@ours.test")[0] == 250
    assert story.bring(LISTED)[0] == 554
    lines = "".join(f'{{"client":"{client}","reporter":"anna@ours.test"}}\n'
                    for client in (SCORED, LISTED, "198.18.7.9"))
    status, body = story.leumundd.request("POST", "/v1/reports", lines)
    assert status == 200, body
    said = json.loads(story.leumundd.request("GET", "/v1/screening")[1])
    assert (said["clients"], said["complained"]) == (2, 1), "nobody complains of refused mail"
    of_one = next(one for one in said["lists"] if one["list"] == "one.lists.example")
    assert (of_one["listed"], of_one["complained"], of_one["proposed"]) == (1, 1, None)
    shown = story.leumundd.leumund("screening").stdout
    assert "one.lists.example" in shown and "No weights are proposed yet" in shown, shown
    assert "Gewichte" in story.leumundd.leumund("--lang", "de", "screening").stdout


def test_the_milter_marks_strangers_mail_and_takes_their_own_marks_away(peers):
    story = Story(peers, enforce="false",
                  more='[milter]\nlisten = ["inet:127.0.0.1:{milter_port}"]\n')
    story.postfix.set(smtpd_milters=f"inet:127.0.0.1:{story.leumundd.milter_port}")
    story.postfix.reload()
    forged = "X-Leumund-Screen: score=-9/3 all is well\nx-leumund-screen: again\n"
    mark = f"score=2/3 client={SCORED} one.lists.example=127.0.0.2*2 unknown=1"

    def marks(to: str) -> list[str]:
        head = story.sink.wait_for(to)[0].text.replace("\r", "").split("\n\n")[0]
        return [line.split(": ", 1)[1] for line in head.splitlines()
                if line.lower().startswith("x-leumund-screen:")]

    def metric(name: str) -> int:
        lines = story.leumundd.request("GET", "/metrics")[1].splitlines()
        return next(int(float(line.split()[1])) for line in lines if line.startswith(name + " "))

    # The policy service asked and told the same.
    assert story.bring(SCORED, "both@ours.test", headers=forged)[0] == 250
    assert marks("both@ours.test") == [mark]
    assert metric("leumund_screening_marked_total") == 0, "known from the policy request"
    assert story.bring(SCORED, "plain@ours.test")[0] == 250
    assert marks("plain@ours.test") == [mark]
    # The milter alone.
    story.postfix.set(smtpd_recipient_restrictions="reject_unauth_destination")
    story.postfix.reload()
    assert story.bring(LISTED, "alone@ours.test", headers=forged)[0] == 250
    assert marks("alone@ours.test") == [
        f"score=0/3 client={LISTED} block.lists.example=127.0.0.2*block unknown=1 would-refuse"]
    assert story.bring(CLEAN, "clean@ours.test", headers=forged)[0] == 250
    assert marks("clean@ours.test") == [], "nothing to tell, and nothing of his stays"
    assert metric("leumund_screening_marked_total") == 2
    # Who logged in may write what he likes, and is not asked about.
    assert story.bring(BOTH, "user@ours.test", login=True, headers=forged)[0] == 250
    assert marks("user@ours.test") == ["score=-9/3 all is well", "again"]
    assert metric("leumund_screening_marked_total") == 2
    assert metric("leumund_milter_screen_forged_total") == 3
    # A resolver that is gone keeps no mail longer than the deadline.
    story.unbound.stop()
    began = time.monotonic()
    assert story.bring("40.107.21.96", "slow@ours.test", headers=forged)[0] == 250
    assert time.monotonic() - began < 20
    assert marks("slow@ours.test") == []


def test_while_observing_the_refusal_is_only_told(peers):
    story = Story(peers, enforce="false")
    assert story.bring(LISTED, "told@ours.test")[0] == 250
    mail = story.sink.wait_for("told@ours.test")[0]
    assert mail.header("X-Leumund-Screen").endswith("block.lists.example=127.0.0.2*block "
                                                    "unknown=1 would-refuse")


def test_a_list_that_begins_to_list_the_world_refuses_nobody(peers):
    story = Story(peers)
    assert story.bring(LISTED)[0] == 554
    time.sleep(11)  # the control that stood beside that listing holds for ten seconds
    story.lists.write("block.lists.example", [PAGE, "127.0.0.2", "0.0.0.0/1", "128.0.0.0/1"])
    wait_until(lambda: story.lists.names("block.lists.example", "40.107.21.90"),
               "rbldnsd to read the changed file")
    assert story.bring("40.107.21.90", "world@ours.test")[0] == 250
    assert story.bring("40.107.21.91", "world@ours.test")[0] == 250
    assert story.figure("leumund_screening_list_well", "block.lists.example") == 0


def test_without_resolver_or_daemon_mail_goes_on(peers):
    story = Story(peers)
    story.unbound.stop()
    began = time.monotonic()
    assert story.bring("40.107.21.95", "slow@ours.test")[0] == 250
    assert time.monotonic() - began < 20, "the deadline, and not a resolver's patience"
    story.leumundd.kill()
    assert story.bring(LISTED, "gone@ours.test")[0] == 250
