"""A case from discovery to review: an egress that a real list (rbldnsd, unbound between) lists and
a provider refuses, a sender stopped before, requests and answers, a daemon that is killed in
between, the end, and what worked when it comes back."""
import time

import pytest

from peers.dns_lists import Rbldnsd, Unbound
from peers.ground import wait_until

OURS = "198.18.7.25"
ZONE = "good.lists.example"
PATIENCE = 90
REFUSED = f"550 5.7.1 Unfortunately, messages from [{OURS}] weren't sent. Please contact your " \
          "Internet service provider since part of their network is on our block list (S3140)."

CONFIG = """\
log_sources = []
egresses = ["out1 address=198.18.7.25 helo=mail.example.org"]
[dns]
forwarders = ["127.0.0.1@{dns_port}"]
[detour]
mode = "off"
[watch]
lists = ["{zone}"]
addresses = ["198.18.7.25"]
interval = "4s"
queries_per_second = 0
[cases]
ask_after = "10s"
remind_after = "10s"
close_after = "2s"
reviews = ["30s"]
[notices]
admin = "admin@ops.test"
from = "leumund@c.test"
smtp = "inet:127.0.0.1:{notice_port}"
language = "en"
"""


class Story:
    def __init__(self, peers) -> None:
        self.lists = peers._keep("rbldnsd", Rbldnsd(peers.ground, {
            ZONE: ("ip4set", [":127.0.0.2:Listed, see https://lists.example/$", "127.0.0.2"])}))
        self.unbound = peers._keep("unbound", Unbound(peers.ground, {ZONE: self.lists.port}, {}))
        self.mailbox = peers.smtp_sink()
        self.leumundd = peers.leumundd(CONFIG.format(
            dns_port=self.unbound.port, zone=ZONE, notice_port=self.mailbox.port))
        self.serial = 0

    def put(self, *lines: str) -> None:
        self.lists.write(ZONE, [":127.0.0.2:Listed, see https://lists.example/$", "127.0.0.2",
                                *lines])

    def deliver(self, count: int, status: str, reply: str, seconds: int) -> None:
        """Deliveries of the last `seconds` to one provider."""
        now = time.time()
        events = []
        for n in range(count):
            self.serial += 1
            events.append({"type": "delivery", "at": now - seconds * (1 - n / count),
                           "id": f"d{self.serial}", "recipient": f"r{self.serial}@hotmail.com",
                           "egress": OURS,
                           "remote": "hotmail-com.olc.protection.outlook.com[203.0.113.9]",
                           "status": status, "stage": "mail", "reply": reply})
        self.leumundd.events(events)

    def cases(self, *more: str) -> list:
        return self.leumundd.leumund_json("cases", *more)["cases"]

    def case(self, number: int, *order: str) -> dict:
        return self.leumundd.leumund_json("case", str(number), *order)

    def events_of(self, number: int) -> list:
        return [(line["event"], line["party"]) for line in self.case(number)["lines"]]

    def told(self, kind: str) -> list:
        return [one for one in self.leumundd.get("/v1/events?limit=1000")["decisions"]
                if one["decision"] == kind]


@pytest.fixture
def story(peers):
    return Story(peers)


def test_a_case_tells_the_story_in_order_outlives_a_kill_and_helps_the_next_time(story):
    daemon = story.leumundd
    assert story.cases() == []
    daemon.leumund("suspend", "account:anna@verein.example", "--reason", "password guessed")
    list_id, provider = f"list:{ZONE}", "provider:microsoft-consumer"
    story.put(OURS)
    wait_until(lambda: story.cases(), "the case", PATIENCE)
    story.deliver(24, "bounced", REFUSED, 480)
    wait_until(lambda: len(story.cases()[0]["parties"]) == 2, "the provider to join", PATIENCE)

    shown = story.case(1)
    assert shown["subject"] == "egress:out1" and shown["state"] == "open"
    assert [one["party"] for one in shown["parties"]] == [list_id, provider]
    assert shown["parties"][0]["places"] == [OURS]
    assert shown["parties"][0]["words"] == f"Listed, see https://lists.example/{OURS}"
    assert [one["subject"] for one in shown["causes"]] == ["account:anna@verein.example"]
    told = [one for one in story.events_of(1) if one[0] != "reminder"]
    assert told == [("stopped", "account:anna@verein.example"), ("began", list_id),
                    ("began", provider)]
    assert len(story.told("case_opened")) == 1, "joining is no second case"
    wait_until(lambda: story.case(1)["parties"][1]["mails"] >= 20, "the impact", PATIENCE)

    # Nobody has asked: you are reminded, of each of them.
    wait_until(lambda: len(story.told("case_due")) >= 2, "the reminders", PATIENCE)
    mail = wait_until(lambda: [one.text for one in story.mailbox.mails_to("admin@ops.test")
                               if "case 1," in one.text], "the mail", PATIENCE)[0]
    assert "leumund case 1 attempt --party" in mail

    asked = daemon.leumund("case", "1", "attempt", "--party", list_id, "--channel", "form",
                           "--to", "https://lists.example/remove", "--text", "cause is stopped")
    assert asked.returncode == 0, asked.stderr
    daemon.leumund("case", "1", "note", "--text", "called their helpdesk")
    daemon.kill()
    daemon.start()
    kept = story.case(1)
    assert [one["text"] for one in kept["attempts"]] == ["cause is stopped"]
    assert [one["event"] for one in kept["lines"]].count("began") == 2, "written once"
    assert [one["text"] for one in kept["lines"] if one["event"] == "note"] == \
        ["called their helpdesk"]
    answered = story.case(1, "answer", "--attempt", "1", "--outcome", "accepted",
                          "--text", "removed")
    assert answered["attempts"][0]["outcome"] == "accepted"

    # Both give in: quiet, closed by itself, reviewed.
    story.put()
    story.deliver(400, "sent", "250 2.6.0 Queued", 5)
    wait_until(lambda: story.cases("--all")[0]["state"] == "closed", "the end", PATIENCE)
    wait_until(lambda: ("review", "") in story.events_of(1), "the review", PATIENCE)
    ends = [event for event, _ in story.events_of(1) if event in ("ended", "quiet", "closed")]
    assert ends == ["ended", "ended", "quiet", "closed"]
    daemon.leumund("case", "1", "review", "--text", "still clean")

    # It comes back: a case of its own, that knows what worked.
    story.put(OURS)
    wait_until(lambda: story.cases(), "the next case", PATIENCE)
    again = story.case(2)
    assert again["recurs_of"] == 1
    before = {one["party"]: one for one in again["before"]}[list_id]
    assert before["last_case"] == 1 and before["times"] == 2
    assert [one["answer"] for one in before["worked"]] == ["removed"]
    text = daemon.leumund("case", "2").stdout
    assert "it comes back: see case 1" in text and "https://lists.example/remove" in text
    german = daemon.leumund("--lang", "de", "case", "2").stdout
    assert "steht gegen uns seit" in german and "Was von ihnen bekannt ist" in german
    explained = daemon.leumund("explain", "egress:out1").stdout
    assert "leumund case 2" in explained
    metrics = daemon.request("GET", "/metrics")[1]
    assert 'leumund_cases{state="open"} 1' in metrics
    assert 'leumund_cases{state="closed"} 1' in metrics


def test_orders_that_make_no_sense_are_refused_in_words(story):
    daemon = story.leumundd
    nothing = daemon.leumund("case", "9")
    assert nothing.returncode == 1 and "no case 9" in nothing.stderr
    assert "Nobody is against us" in daemon.leumund("cases").stdout
    story.put(OURS)
    wait_until(lambda: story.cases(), "the case", PATIENCE)
    closed = daemon.leumund("case", "1", "close")
    assert closed.returncode == 2 and "say why it is closed" in closed.stderr
    assert daemon.leumund("case", "1", "reopen").returncode == 1
    assert daemon.leumund("case", "1", "attempt", "--party", "list:nobody").returncode == 1
    assert daemon.leumund("case", "1", "pay").returncode == 2
    done = daemon.leumund("case", "1", "close", "--text", "nobody uses this list")
    assert done.returncode == 0, done.stderr
    assert story.cases() == []
    daemon.restart()
    assert story.cases("--all")[0]["state"] == "closed"
