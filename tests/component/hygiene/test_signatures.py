"""What leaves is judged by the signatures that were seen: a real signer before and behind our
milter, and a bounce that brings a signed mail back. What cannot be seen is no fault."""
import smtplib

from component.bounces import BOUNCE
from peers.ground import wait_until
from peers.opendkim import OpenDkim
from peers.swaks import swaks

USER, FRIEND = "a@verein.example", "friend@partner.test"
DOMAIN, SELECTOR = "verein.example", "m2026"
CONFIG = """\
log_sources = ["file:{log}"]
egresses = ["out1 address=198.18.7.25 helo=mail.verein.example"]
[dns]
stub_zones = ["{stub}"]
[milter]
listen = ["inet:127.0.0.1:{{milter_port}}"]
[postfix]
config_dirs = ["{etc}"]
queue_helper = ""
[watch]
enabled = false
addresses = ["198.18.7.25"]
[measures]
own_domains = ["verein.example"]
[reports]
listen = ["inet:127.0.0.1:{lmtp}"]
own_hosts = ["{host}"]
trace_header = true
"""
ZONE = """\
@ IN TXT "v=spf1 ip4:198.18.7.25 -all"
_dmarc IN TXT "v=DMARC1; p=reject"
mail IN A 198.18.7.25
"""


class Story:
    def __init__(self, peers) -> None:
        self.signer = peers._keep("opendkim", OpenDkim(peers.ground, DOMAIN, SELECTOR))
        names = peers.name_server({DOMAIN: ZONE + self.signer.record})
        self.sink = peers.smtp_sink()
        auth = peers.dovecot_auth({USER: "secret"})
        self.postfix = peers.postfix(sasl_path=auth.sasl_path, nexthop=self.sink.nexthop)
        self.postfix.mail_log.touch()
        self.lmtp = peers.ground.ports.free()
        self.leumundd = peers.leumundd(CONFIG.format(
            log=self.postfix.mail_log, etc=self.postfix.etc, stub=names.stub(DOMAIN),
            lmtp=self.lmtp, host=self.postfix.parameters["myhostname"]))

    def set_milters(self, *ports: int) -> None:
        self.postfix.set(smtpd_milters=" ".join(f"inet:127.0.0.1:{port}" for port in ports),
                         milter_default_action="accept")
        self.postfix.reload()

    def send(self, count: int) -> None:
        before = len(self.sink.mails)
        for n in range(count):
            sent = swaks(self.postfix.submission_port, FRIEND, user=USER, subject=f"mail {n}")
            assert sent, sent.transcript
        wait_until(lambda: len(self.sink.mails) == before + count, "the mail to arrive")
        assert all(f"d={DOMAIN}" in mail.header("DKIM-Signature")
                   for mail in self.sink.mails[before:])

    def findings(self, check: str) -> list[tuple[str, bool, str]]:
        # Not while another look is under way.
        wait_until(lambda: self.leumundd.leumund("hygiene", "--now").returncode in (0, 1),
                   "a look", 60, 0.5)
        [domain] = [one for one in self.leumundd.get("/v1/hygiene")["domains"]
                    if one["domain"] == DOMAIN]
        return [(one["state"], one.get("grave", False), one["text"])
                for one in domain["findings"] if one["check"] == check]


def test_signatures_are_seen_behind_the_signer_and_in_what_comes_back(peers):
    story = Story(peers)
    ours, signer = story.leumundd.milter_port, story.signer.port

    # Behind the signer: what passes is signed, and the key it was signed with is looked up.
    story.set_milters(signer, ours)
    story.send(4)
    assert story.findings("dkim_mail") == \
        [("good", False, "4 of 4 mails of verein.example bore its DKIM signature")]
    assert story.findings("dkim") == \
        [("good", False, "the DKIM key m2026._domainkey.verein.example has 2048 bits")]

    # Before the signer nothing of it is seen, which is told and no fault.
    story.leumundd.stop()
    story.leumundd.start()
    story.set_milters(ours, signer)
    story.send(12)
    [(state, grave, text)] = story.findings("dkim_mail")
    assert (state, grave) == ("unknown", False) and text.startswith("0 of 12 mails"), text
    assert story.findings("alignment")[0][0] == "good"
    german = story.leumundd.leumund("--lang", "de", "hygiene").stdout
    assert "0 von 12 Mails von verein.example trugen ihre DKIM-Signatur, als" in german, german

    # A bounce brings one back as it left.
    headers = story.sink.mails[-1].text.replace("\r\n", "\n").partition("\n\n")[0]
    bounce = BOUNCE.format(to="bounces@reports.verein.example", recipient=FRIEND,
                           headers=headers)
    with smtplib.LMTP("127.0.0.1", story.lmtp) as session:
        session.sendmail("", ["bounces@reports.verein.example"], bounce)
    found = story.findings("dkim_mail")
    back = f"1 of 1 mails of {DOMAIN} that came back bore its DKIM signature"
    assert ("good", False, back) in found, found
    assert all(state != "fault" for state, _, _ in found), found
