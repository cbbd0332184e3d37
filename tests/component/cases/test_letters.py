"""A provider refuses an egress: the letter, the dossier, the public status page and the notice to
the customer whose mails did not arrive, from a running daemon."""
import json
import time
import urllib.error
import urllib.request

import pytest

from peers.ground import answers, wait_until

OURS = "198.18.7.25"
PATIENCE = 120
PROVIDER = "provider:microsoft-consumer"
REFUSED = f"550 5.7.1 Unfortunately, messages from [{OURS}] weren't sent. Please contact your " \
          "Internet service provider since part of their network is on our block list (S3140)."

CONFIG = """\
log_sources = []
egresses = ["out1 address=198.18.7.25 helo=mail.example.org"]
[watch]
enabled = false
[detour]
mode = "off"
[public]
listen = "inet:127.0.0.1:{public_port}"
status = true
requests_per_minute = 10000
[cases]
contacts = ['provider:microsoft-consumer note="answer their first mail"']
[letters]
organisation = "Beispiel Hosting"
name = "Anna Ops"
[customers]
told = true
after = "1s"
domains = ["kunde.example=leitung@kunde.example"]
[measures]
contact = "help@hosting.example"
[notices]
admin = "admin@ops.test"
from = "leumund@c.test"
smtp = "inet:127.0.0.1:{notice_port}"
language = "en"
"""


class Story:
    def __init__(self, peers) -> None:
        self.mailbox = peers.smtp_sink()
        self.port = peers.ground.ports.free()
        self.config = CONFIG.format(notice_port=self.mailbox.port, public_port=self.port)
        self.leumundd = peers.leumundd(self.config)
        wait_until(lambda: answers(self.port), "the public page's port")
        self.serial = 0

    def deliver(self, count: int, status: str, reply: str, account: str = "") -> None:
        """Mails of the last minutes to one provider; with `account` its submissions before them."""
        now = time.time()
        events = []
        for n in range(count):
            self.serial += 1
            at, name = now - 480 * (1 - n / count), f"d{self.serial}"
            recipient = f"r{self.serial}@hotmail.com"
            if account:
                events.append({"type": "submission", "at": at - 1, "id": name, "account": account,
                               "client": "192.0.2.77", "envelope_sender": account,
                               "recipients": [recipient], "size": 2000})
            events.append({"type": "delivery", "at": at, "id": name, "recipient": recipient,
                           "egress": OURS, "status": status, "stage": "mail", "reply": reply,
                           "remote": "hotmail-com.olc.protection.outlook.com[203.0.113.9]"})
        self.leumundd.events(events)

    def page(self, path: str, language: str = "en") -> tuple[int, str]:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}",
                                         headers={"Accept-Language": language})
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()

    def status(self) -> dict:
        code, body = self.page("/status.json")
        assert code == 200, body
        return json.loads(body)


@pytest.fixture
def story(peers):
    return Story(peers)


def test_a_refusal_becomes_a_letter_a_dossier_a_public_word_and_a_notice_to_whom_it_hits(story):
    daemon = story.leumundd
    assert story.status()["affected"] == []
    daemon.leumund("suspend", "account:anna@verein.example", "--reason", "password guessed")
    daemon.leumund("suspend", "account:carla@laden.example", "--reason", "unpaid")
    story.deliver(3, "bounced", REFUSED, account="bert@firma.example")
    story.deliver(24, "bounced", REFUSED)
    wait_until(lambda: daemon.leumund_json("cases")["cases"], "the case", PATIENCE)

    letter = daemon.leumund_json("case", "1", "letter", "--lang", "de")
    assert letter["party"] == PROVIDER and letter["way"] == "form" and letter["ready"], letter
    assert letter["url"] == "https://olcsupport.office.com/"
    assert "mail.example.org (198.18.7.25)" in letter["body"] and "ein Postfach" in letter["body"]
    assert OURS in [field["value"] for field in letter["fields"]]
    assert any("answer their first mail" in advice for advice in letter["advice"])
    for name in ("anna", "bert", "verein", "firma"):
        assert name not in letter["body"] + letter["subject"]
    shown = daemon.leumund("case", "1", "letter", "--channel", "upstream", "--lang", "en")
    assert shown.returncode == 0 and "upstream=..." in shown.stdout, shown.stdout
    assert daemon.leumund("case", "1", "letter", "--party", "list:psbl").returncode == 1
    page = daemon.leumund("case", "1", "letter", "--html", "--lang", "en").stdout
    assert page.startswith("<!DOCTYPE html>") and "mail.example.org" in page

    # Who was stopped for something else is no cause, unless somebody who knows says so.
    anna, carla = "account:anna@verein.example", "account:carla@laden.example"
    one = daemon.leumund_json("case", "1", "cause", "remove", anna, "--text", "only a newsletter")
    assert one["causes"] == []
    letter = daemon.leumund_json("case", "1", "letter", "--lang", "en")
    assert not letter["ready"] and "we stopped it" not in letter["body"], letter
    one = daemon.leumund_json("case", "1", "cause", "add", carla)
    assert [cause["subject"] for cause in one["causes"]] == [carla]
    assert ("cause_removed", anna, "only a newsletter") in \
        [(line["event"], line["party"], line["text"]) for line in one["lines"]]
    letter = daemon.leumund_json("case", "1", "letter", "--lang", "en")
    assert letter["ready"] and "we stopped it" in letter["body"], letter
    assert daemon.leumund("case", "1", "cause", "add", "free@laden.example").returncode == 1
    assert daemon.leumund("case", "1", "cause", "add").returncode == 2
    assert daemon.leumund("case", "1", "cause", "remove", carla).returncode == 0
    assert daemon.leumund("case", "1", "cause", "add", anna).returncode == 0
    assert "no cause after all: account:carla" in daemon.leumund("case", "1").stdout

    dossier = daemon.leumund("case", "1", "dossier").stdout
    assert "sender 1" in dossier and "anna" not in dossier and "S3140" in dossier
    assert "account:anna@verein.example" in daemon.leumund("case", "1", "dossier", "--names").stdout

    seen = wait_until(lambda: story.status()["affected"], "the status page", PATIENCE)
    assert [one["provider"] for one in seen] == ["microsoft-consumer"]
    assert "hotmail.com" in seen[0]["domains"]
    code, german = story.page("/status", "de")
    assert code == 200 and "Betroffen" in german and "<script" not in german
    code, feed = story.page("/status.atom")
    assert code == 200 and "urn:leumund:outage:microsoft-consumer:" in feed
    for text in (german, feed):
        assert "firma" not in text and OURS not in text

    mail = wait_until(lambda: story.mailbox.mails_to("bert@firma.example"), "the notice", PATIENCE)
    assert len(mail) == 1
    for recipient in ("r1@hotmail.com", "r2@hotmail.com", "r3@hotmail.com"):
        assert recipient in mail[0].text
    assert "r4@hotmail.com" not in mail[0].text and "help@hosting.example" in mail[0].text
    # It is sent, then written down: a kill in between would send it twice.
    undelivered = daemon.state / "undelivered"
    wait_until(lambda: undelivered.exists() and
               "t\taccount:bert@firma.example" in undelivered.read_text(), "the notice on record")
    daemon.kill()
    daemon.start()
    story.deliver(1, "bounced", REFUSED, account="bert@firma.example")
    wait_until(lambda: "leumund_undelivered_mails 4" in daemon.request("GET", "/metrics")[1],
               "the mail that was not delivered", PATIENCE)
    assert len(story.mailbox.mails_to("bert@firma.example")) == 1, "one in a day"


def test_whom_a_refusal_names_stands_in_no_file_letter_or_dossier(story):
    daemon = story.leumundd
    story.deliver(24, "bounced", REFUSED + " From <anna1@verein.example> to Bob1@GMX.NET"
                  " (bounces+carl1=3Dgmx.net@list.example, \"dora1 x\"@verein.example);"
                  " ask delist@messaging.microsoft.com")
    wait_until(lambda: daemon.leumund_json("cases")["cases"], "the case", PATIENCE)
    dossier = daemon.leumund("case", "1", "dossier").stdout
    shown = [dossier, daemon.leumund("case", "1", "dossier", "--names").stdout,
             daemon.leumund("case", "1", "letter", "--channel", "postmaster").stdout,
             json.dumps(daemon.leumund_json("case", "1")),
             daemon.request("GET", "/v1/block-matrix")[1]]
    assert "delist@messaging.microsoft.com" in dossier
    assert daemon.stop() == 0
    kept = b"".join(path.read_bytes() for path in daemon.state.rglob("*") if path.is_file())
    assert b"delist@messaging.microsoft.com" in kept
    for name in ("anna1", "bob1", "carl1", "dora1"):
        assert name.encode() not in kept.lower(), name
        for text in shown:
            assert name not in text.lower(), (name, text)


def test_what_was_undelivered_is_forgotten_when_customers_are_told_no_more(story):
    daemon = story.leumundd
    story.deliver(2, "bounced", REFUSED, account="bert@firma.example")
    undelivered = daemon.state / "undelivered"
    assert daemon.stop() == 0
    assert "r1@hotmail.com" in undelivered.read_text()
    daemon.write_config(story.config.replace("told = true", "told = false"))
    daemon.start()
    assert not undelivered.exists()


def test_the_contact_of_a_domain_gets_one_notice_of_all_its_accounts(story):
    for account, count in (("carl", 2), ("dora", 1)):
        story.deliver(count, "bounced", REFUSED, account=f"{account}@kunde.example")
    story.deliver(1, "bounced", REFUSED, account="bert@firma.example")
    story.deliver(24, "bounced", REFUSED)
    mails = wait_until(lambda: story.mailbox.mails_to("leitung@kunde.example"), "the notice",
                       PATIENCE)
    wait_until(lambda: story.mailbox.mails_to("bert@firma.example"), "the other's", PATIENCE)
    assert len(mails) == 1
    text = mails[0].text
    for name in ("carl@kunde.example", "dora@kunde.example", "r1@hotmail.com", "r2@hotmail.com",
                 "r3@hotmail.com"):
        assert name in text, text
    assert "bert" not in text and "firma" not in text and "r4@hotmail.com" not in text, text
    for account in ("carl", "dora"):
        assert not story.mailbox.mails_to(f"{account}@kunde.example"), "told by his domain"
