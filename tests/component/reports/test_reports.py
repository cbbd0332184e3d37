"""Bounces and complaints come back through a real Postfix: what is about our mail counts, what
anybody could have made up does not."""
import json
import re
import smtplib

import pytest

from component.bounces import BOUNCE
from peers.leumundd import built
from peers.ground import wait_until
from peers.postfix import policy_restriction

ACCOUNT = "kasse@c.test"
FRIEND = "friend@partner.test"
BOUNCES_TO = "bounces@reports.c.test"

CONFIG = """\
log_sources = ["file:{mail_log}"]
[detectors.burst]
mode = "enforce"
[postfix]
queue_helper = ""
[reports]
listen = ["inet:127.0.0.1:{lmtp_port}", "unix:{{folder}}/report"]
socket_mode = "0666"
maildirs = ["{{folder}}/Maildir"]
own_hosts = ["{host}"]
trace_header = true
"""

COMPLAINT = """\
From: feedback@fbl.provider.test
To: fbl@reports.c.test
Subject: complaint
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: text/plain

This is an abuse report.
--b
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: FBL/1
Version: 1
Source-IP: 192.0.2.25
Original-Rcpt-To: redacted
--b
Content-Type: message/rfc822

{original}
--b--
"""

VACATION = """\
From: friend@partner.test
To: kasse@c.test
Subject: Abwesenheitsnotiz: Hallo
Auto-Submitted: auto-replied

Ich bin bis Montag nicht im Haus.
"""


class World:
    """A Postfix that takes reports for reports.c.test by LMTP, pipe and Maildir."""

    def __init__(self, peers) -> None:
        self.sink = peers.smtp_sink()
        auth = peers.dovecot_auth({ACCOUNT: "secret"})
        lmtp_port = peers.ground.ports.free()
        self.postfix = peers.postfix(sasl_path=auth.sasl_path, nexthop=self.sink.nexthop)
        self.postfix.mail_log.touch()
        host = self.postfix.parameters["myhostname"]
        self.leumundd = peers.leumundd(CONFIG.format(
            mail_log=self.postfix.mail_log, lmtp_port=lmtp_port, host=host), start=False)
        for name in ("new", "cur", "tmp"):
            (self.leumundd.folder / "Maildir" / name).mkdir(parents=True)
        self.leumundd.start()
        report = built("leumund-report")
        with open(self.postfix.etc / "master.cf", "a") as master:
            master.write("leumund-report unix - n n - - pipe\n  flags=q user=nobody argv="
                         f"{report} --to unix:{self.leumundd.folder}/report\n")
        for folder in (self.leumundd.folder, *self.leumundd.folder.parents):
            if folder.stat().st_mode & 0o077 == 0:
                folder.chmod(0o711)  # nobody must reach the socket
        ask = policy_restriction(self.leumundd.policy_service)
        self.postfix.set(
            smtpd_recipient_restrictions=f"{ask}, permit_sasl_authenticated, "
                                         "reject_unauth_destination",
            smtpd_relay_restrictions="permit_sasl_authenticated, reject_unauth_destination",
            virtual_mailbox_domains="reports.c.test",
            virtual_transport=f"lmtp:inet:127.0.0.1:{lmtp_port}",
            transport_maps="inline:{ {piped@reports.c.test = leumund-report:} }")

    def send(self, swaks, *recipients: str):
        """One mail of the account; what arrived of it."""
        before = len(self.sink.mails)
        sent = swaks(self.postfix.submission_port, list(recipients), user=ACCOUNT,
                     client="91.12.34.56")
        assert sent, sent.transcript
        return wait_until(lambda: self.sink.mails[before:] or None, "the mail to arrive")[-1]

    def report(self, text: str, to: str = "fbl@reports.c.test") -> None:
        """A report from outside, to port 25, without a login."""
        with smtplib.SMTP("127.0.0.1", self.postfix.smtp_port, timeout=20) as client:
            client.sendmail("", [to], text.replace("\n", "\r\n"))

    def counted(self, outcome: str) -> int:
        status, text = self.leumundd.request("GET", "/metrics")
        assert status == 200
        found = re.search(rf'leumund_report_results_total{{outcome="{outcome}"}} (\d+)', text)
        assert found, text
        return int(found.group(1))

    def kinds(self, kind: str) -> int:
        text = self.leumundd.request("GET", "/metrics")[1]
        return int(re.search(rf'leumund_reports_total{{kind="{kind}"}} (\d+)', text).group(1))

    def terms(self) -> dict[str, float]:
        told = self.leumundd.leumund_json("explain", ACCOUNT)
        return {term["name"]: term["value"] for term in told["terms"]}


@pytest.fixture
def world(peers):
    return World(peers)


def original(mail) -> str:
    return mail.text.replace("\r\n", "\n")


def headers(mail) -> str:
    return original(mail).split("\n\n", 1)[0]


def test_a_complaint_with_our_mark_counts_once_and_a_forged_one_never(world, swaks):
    mail = world.send(swaks, FRIEND, "other@partner.test")
    mark = mail.header("X-Leumund-Trace")
    assert re.fullmatch(r"v1\.[A-Za-z0-9_-]{80,}", mark), mail.text
    assert mail.text.count("X-Leumund-Trace") == 1
    assert "kasse" not in mark

    forged = original(mail).replace(mark, mark[:40] + ("A" if mark[40] != "A" else "B") + mark[41:])
    world.report(COMPLAINT.format(original=forged.replace("Received:", "X-Was-Received:")))
    wait_until(lambda: world.counted("unverified") == 1, "the forged complaint to be counted")
    assert "complaint" not in world.terms()

    # The provider has blackened everything but our mark.
    redacted = f"From: redacted\nTo: redacted\nSubject: x\nX-Leumund-Trace: {mark}\n\nx"
    world.report(COMPLAINT.format(original=redacted))
    wait_until(lambda: world.counted("event") == 1, "the complaint")
    value = world.terms()["complaint"]
    assert value > 4

    # Said again, and said of a further mail to the same recipient: no more than before.
    world.report(COMPLAINT.format(original=redacted))
    again = world.send(swaks, FRIEND)
    world.report(COMPLAINT.format(original=original(again)))
    wait_until(lambda: world.counted("repeated") == 2, "the repetitions to be counted")
    assert world.terms()["complaint"] <= value
    status = world.leumundd.leumund_json("explain", ACCOUNT)["standing"]
    assert status in ("good", "watched")


def test_a_bounce_joins_the_mail_it_is_about_and_no_other(world, swaks):
    mail = world.send(swaks, FRIEND)
    mail_without_mark = re.sub(r"X-Leumund-Trace:.*\n", "", headers(mail))
    # Known queue id, but it never went to this recipient; then an unknown queue id.
    world.report(BOUNCE.format(to=BOUNCES_TO, recipient="stranger@partner.test",
                               headers=mail_without_mark),
                 "bounces@reports.c.test")
    queue_id = re.search(r"E?SMTPA? id (\S+)", mail_without_mark).group(1)
    world.report(BOUNCE.format(to=BOUNCES_TO, recipient=FRIEND, headers=mail_without_mark.replace(
        queue_id, "4ZZZZZ0aaaz1bb")), "bounces@reports.c.test")
    wait_until(lambda: world.counted("unverified") == 2, "the forged bounces to be counted")
    assert "content_refused" not in world.terms()

    # The log is read a moment after the mail went out.
    def joined() -> bool:
        world.report(BOUNCE.format(to=BOUNCES_TO, recipient=FRIEND, headers=mail_without_mark),
                     "bounces@reports.c.test")
        return world.counted("event") == 1

    wait_until(joined, "the bounce as an event")
    assert world.terms()["content_refused"] > 2


def test_reports_come_by_pipe_and_maildir_too_and_wait_while_the_daemon_is_away(world, swaks):
    mail = world.send(swaks, FRIEND)
    world.report(VACATION, "piped@reports.c.test")
    wait_until(lambda: world.kinds("automatic") == 1, "the piped report")
    maildir = world.leumundd.folder / "Maildir"
    (maildir / "tmp" / "1.x").write_text(VACATION)
    (maildir / "tmp" / "1.x").rename(maildir / "new" / "1.x")
    wait_until(lambda: world.kinds("automatic") == 2, "the report in the Maildir")
    wait_until(lambda: not list((maildir / "new").iterdir()), "it to be put away")

    world.leumundd.stop()
    complaint = COMPLAINT.format(original=original(mail))
    world.report(complaint)
    world.report(complaint, "piped@reports.c.test")
    wait_until(lambda: len(world.postfix.queued("deferred")) == 2, "both to wait in the queue")
    world.leumundd.start()
    world.postfix.command("postqueue", "-f")
    # The mark outlives the restart, after which no message is remembered.
    wait_until(lambda: world.counted("event") == 1, "the complaint after the restart")
    wait_until(lambda: world.counted("repeated") == 1, "the other copy")
    assert world.terms()["complaint"] > 4


def test_status_tells_of_the_reports(world):
    def status() -> dict:
        """The parts by name; the exit status is 1 while one of them is ill."""
        done = world.leumundd.leumund("status", "--json")
        parts = {part["name"]: part for part in json.loads(done.stdout)["parts"]}
        assert done.returncode == (0 if all(one["well"] for one in parts.values()) else 1)
        return parts

    assert status()["reports"]["well"]
    (world.leumundd.folder / "Maildir" / "new").rename(world.leumundd.folder / "gone")

    def trouble() -> str:
        told = status()
        return "" if told["reports"]["well"] else told["reports"]["detail"]

    assert "Maildir/new" in wait_until(trouble, "the missing Maildir to be told")
