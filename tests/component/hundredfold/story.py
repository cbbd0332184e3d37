"""The provider of story 1: Postfix with SASL through Dovecot, leumundd beside it, connected by
`leumund connect postfix`, and the rest of the Internet as a sink."""
import json
import random
import smtplib
import sqlite3
import time
from contextlib import closing
from typing import Optional

from peers.ground import wait_until
from peers.leumundd import built

ADMIN = "admin@ops.test"
HELPDESK = "helpdesk@c.test"
HONEST, CRACKED = "honest@c.test", "cracked@c.test"
USERS = {HONEST: "secret", CRACKED: "secret", "other@c.test": "secret"}

CONFIG = """\
log_sources = ["file:{mail_log}"]
[detectors.burst]
mode = "{mode}"
[measures]
helpdesk = ["helpdesk@c.test"]
own_domains = ["c.test"]
contact = "helpdesk@c.test"
[postfix]
config_dirs = ["{etc}"]
queue_helper = "{queue_helper}"
[notices]
admin = "admin@ops.test"
from = "leumund@c.test"
smtp = "inet:127.0.0.1:{notice_port}"
language = "en"
"""

HOME = {HONEST: "91.12.34.56", CRACKED: "84.56.7.8", "other@c.test": "79.1.2.3"}


def bot(number: int) -> str:
    """A client of a botnet: each in another network, all far from home."""
    chooser = random.Random(number)
    network = chooser.choice([45, 103, 177, 186, 201])
    return f"{network}.{number % 250 + 1}.{chooser.randrange(1, 250)}.9"


def habits(account: str, now: float, weeks: int = 4) -> list[dict]:
    """What the account did in the weeks before: a few mails a day to the same people."""
    chooser = random.Random(account)
    friends = [f"friend{n}@partner{n % 3}.test" for n in range(8)]
    events = []
    for day in range(weeks * 7, 0, -1):
        for hour in sorted(chooser.sample(range(8, 18), 3)):
            at = now - day * 86400 + (hour - 12) * 3600
            if at >= now:
                continue
            to = chooser.sample(friends, chooser.choice([1, 1, 2]))
            name = f"{account}-{day}-{hour}"
            events.append({"type": "submission", "at": at, "id": name, "account": account,
                           "client": HOME[account], "helo": "pc", "envelope_sender": account,
                           "recipients": to, "size": 2000})
            events += [{"type": "delivery", "at": at + 2, "id": name, "recipient": x,
                        "egress": "192.0.2.25", "remote": "mx.partner.test[198.51.100.9]",
                        "status": "sent", "stage": "end", "reply": "250 2.0.0 Ok"} for x in to]
    return sorted(events, key=lambda event: event["at"])


class Provider:
    """Everything started and connected; habits fed. `more` is added to the configuration; `users`
    are further logins, with their names as they are spelled there; `postfix` is for Postfix."""

    def __init__(self, peers, mode: str = "enforce", more: str = "",
                 users: Optional[list[str]] = None, **postfix) -> None:
        self.sink = peers.smtp_sink()
        self.mailbox = peers.smtp_sink()  # the admin's, reached without our egress
        auth = peers.dovecot_auth({**USERS, **dict.fromkeys(users or [], "secret")},
                                  fold=users is None)
        self.postfix = peers.postfix(sasl_path=auth.sasl_path, nexthop=self.sink.nexthop,
                                     **postfix)
        self.postfix.mail_log.touch()
        self.leumundd = peers.leumundd(CONFIG.format(
            mail_log=self.postfix.mail_log, etc=self.postfix.etc, mode=mode,
            queue_helper=built("leumund-queue"), notice_port=self.mailbox.port) + more)
        with self.postfix.reloaded():
            done = self.leumundd.leumund(
                "connect", "postfix", "--config-dir", str(self.postfix.etc),
                "--config", str(self.leumundd.config_path))
            assert done.returncode == 0, done.stdout + done.stderr
        now = time.time()
        for account in USERS:
            self.leumundd.events(habits(account, now))

    def standing(self, subject: str) -> str:
        done = self.leumundd.leumund("explain", subject, "--json")
        assert done.returncode in (0, 1), done.stdout + done.stderr
        return json.loads(done.stdout)["standing"]

    def session(self, login: str) -> smtplib.SMTP:
        """An SMTP session of a mail client that is at home."""
        session = smtplib.SMTP("127.0.0.1", self.postfix.submission_port, timeout=60)
        session.ehlo("pc.test")
        session.docmd("XCLIENT", f"ADDR={HOME.get(login.lower(), '91.12.34.99')}")
        session.ehlo("pc.test")
        session.login(login, "secret")
        return session

    def suspend(self, subject: str, *arguments: str) -> None:
        done = self.leumundd.leumund("suspend", subject, "--reason", "test", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr

    def release(self, subject: str, *arguments: str) -> None:
        done = self.leumundd.leumund("release", subject, "--without-checklist", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr

    def held(self) -> set[str]:
        """Queue ids on hold."""
        return {entry["queue_id"] for entry in self.postfix.queued("hold")}

    def wait_for_checkpoint(self) -> None:
        """Until all that was counted before the call is on disk."""
        def checkpoints() -> int:
            [store] = [part for part in self.leumundd.get("/v1/status")["parts"]
                       if part["name"] == "store"]
            return int(store["detail"].split(" ", 1)[0])

        enough = checkpoints() + 2  # one may be under way
        wait_until(lambda: checkpoints() >= enough, "two checkpoints", 30)

    def kept_queue(self) -> set[str]:
        """Queue ids that the daemon's store would know after a kill."""
        with closing(sqlite3.connect(f"file:{self.leumundd.state}/leumund.db?mode=ro", uri=True,
                                     timeout=10)) as store:
            return {row[0] for row in store.execute("SELECT queue_id FROM queued")}

    def burst(self, swaks, mails: int, first: int = 0) -> list:
        """The cracked account writes to strangers from the botnet, one mail each."""
        return [swaks(self.postfix.submission_port, f"stranger{n}@victims{n % 7}.test",
                      user=CRACKED,
                      client=bot(n), subject="Your parcel", body="Click http://bad.test/x")
                for n in range(first, first + mails)]
