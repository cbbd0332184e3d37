"""A real Postfix sends to providers that refuse in greeting, MAIL, RCPT and end of data, each with
its own words; the matrix says exactly that, outlives kill -9, and turns open after they accept."""
import time
from dataclasses import dataclass, field

import pytest

from peers.ground import wait_until

CONFIG = """\
log_sources = ["file:{mail_log}"]
egresses = ["out2 address=192.0.2.26 syslog_name=postfix/egress2"]
[dns]
forwarders = ["127.0.0.1@{dns_port}"]
stub_zones = ["{stub}"]
[postfix]
queue_helper = ""
[notices]
admin = "admin@ops.test"
from = "leumund@c.test"
smtp = "inet:127.0.0.1:{notice_port}"
language = "de"
"""


@dataclass
class Refusal:
    """Where and how a provider refuses, and what the matrix must make of it."""
    domain: str
    provider: str
    stage: str
    reply: str
    lists: list
    private: bool
    deferred: bool = False
    words: str = ""
    mails: list = field(default_factory=list)


REFUSALS = [
    Refusal("t-online.de", "t-online", "greeting",
            "554 IP=192.0.2.25 - A problem occurred. (Ask your postmaster for help or to contact "
            "tosa@rx.t-online.de to clarify.) (BL)", ["t-online"], True, True, "(BL)"),
    Refusal("gmx.net", "unitedinternet-consumer", "greeting",
            "554-gmx.net (mxgmx007) Nemesis ESMTP Service not available\r\n554-No SMTP service\r\n"
            "554-IP address is black listed.\r\n554 For explanation visit "
            "http://postmaster.gmx.com/en/error-messages?ip=192.0.2.25&c=bl",
            ["united-internet"], True, True, "black listed"),
    Refusal("hotmail.com", "microsoft-consumer", "mail",
            "550 5.7.1 Unfortunately, messages from [192.0.2.25] weren't sent. Please contact your "
            "Internet service provider since part of their network is on our block list (S3140). "
            "You can also refer your provider to "
            "http://mail.live.com/mail/troubleshooting.aspx#errors.",
            ["microsoft"], True, False, "S3140"),
    Refusal("yahoo.com", "yahoo", "mail",
            "553 5.7.1 [BL21] Connections will not be accepted from 192.0.2.25, because the ip is "
            "in Spamhaus's list; see https://help.yahoo.com/kb/postmaster/SLN5070.html",
            ["spamhaus"], False, False, "[BL21]"),
    Refusal("orange.fr", "orange-fr", "rcpt",
            "550 mwinf5c10 ME Service refuse. Veuillez essayer plus tard. Service refused, please "
            "try later. OFR006_103 192.0.2.25 [103]", ["orange"], True, False, "OFR006_103"),
    Refusal("icloud.com", "apple", "end",
            "550 5.7.1 Mail from IP 192.0.2.25 was rejected due to listing in Spamhaus SBL. For "
            "details please see http://www.spamhaus.org/query/bl?ip=192.0.2.25",
            ["spamhaus-sbl"], False, False, "Spamhaus SBL"),
]

# What must not count: a provider that only greylists, one that has full mailboxes, one that speaks
# of content, and Microsoft 365 behind a company's domain, which the name server tells.
HARMLESS = {
    "freenet.de": "450 4.2.0 Greylisted, please try again in 300 seconds",
    "web.de": "452 4.2.2 The email account that you tried to reach is over quota",
    "gmail.com": "550-5.7.1 Our system has detected that this message is likely unsolicited "
                 "mail\r\n550 5.7.1 message content was judged as spam",
    "firma.example": "250 2.1.5 Ok",
}


class Providers:
    """Postfix, a sink for each provider, the name server and leumundd."""

    def __init__(self, peers) -> None:
        self.sinks = {}
        for one in REFUSALS:
            sink = self.sinks[one.domain] = peers.smtp_sink()
            self.refuse(sink, one)
        for domain, reply in HARMLESS.items():
            self.sinks[domain] = peers.smtp_sink()
            self.sinks[domain].replies[domain] = reply
        self.mailbox = peers.smtp_sink()
        names = peers.name_server(
            {"firma.example": "@ IN MX 10 firma-example.mail.protection.outlook.com."})
        self.postfix = peers.postfix(main={
            # Every mail is tried although the one before was refused in the greeting.
            "smtp_destination_concurrency_failed_cohort_limit": "100",
            "smtp_connection_cache_on_demand": "no"})
        table = self.postfix.etc / "transport"
        table.write_text("".join(f"{domain} smtp:{sink.nexthop}\n"
                                 for domain, sink in self.sinks.items()) +
                         f"second.example egress2:{self.sinks['hotmail.com'].nexthop}\n")
        self.postfix.set(transport_maps=f"texthash:{table}")
        self.postfix.mail_log.touch()
        self.leumundd = peers.leumundd(CONFIG.format(
            mail_log=self.postfix.mail_log, notice_port=self.mailbox.port,
            dns_port=names.port, stub=names.stub("firma.example")))
        wait_until(lambda: self.leumundd.mark(f"log/file:{self.postfix.mail_log}"),
                   "the log to be read")
        self.serial = 0

    @staticmethod
    def refuse(sink, one: Refusal) -> None:
        if one.stage == "greeting":
            sink.greetings["*"] = one.reply
        elif one.stage == "mail":
            sink.mail_reply = one.reply
        elif one.stage == "rcpt":
            sink.replies[one.domain] = one.reply
        else:
            sink.end_reply = one.reply

    @staticmethod
    def accept(sink) -> None:
        sink.greetings.clear()
        sink.replies.clear()
        sink.mail_reply = sink.end_reply = ""

    def send(self, domain: str, count: int) -> None:
        for _ in range(count):
            self.serial += 1
            done = self.postfix.sendmail(
                f"sender@firm{self.serial % 2}.test", [f"r{self.serial}@{domain}"],
                f"From: sender@firm{self.serial % 2}.test\nSubject: Hallo\n\nGuten Tag\n")
            assert done.returncode == 0, done.stderr

    def cells(self) -> dict:
        return {(cell["egress"], cell["provider"]): cell
                for cell in self.leumundd.leumund_json("block-matrix")["cells"]}

    def state(self, provider: str) -> str:
        return self.cells().get(("default", provider), {}).get("state", "")

    def all_told(self, mails: int) -> bool:
        """A cell is refused before the last refusals are in the log; the counts want them all."""
        cells = self.cells()
        return all(cells.get(("default", one.provider), {}).get("mails", 0) >= mails
                   for one in REFUSALS)

    def all_in(self, state: str) -> bool:
        cells = self.cells()
        return all(cells.get(("default", one.provider), {}).get("state") == state
                   for one in REFUSALS)


@pytest.fixture
def providers(peers):
    return Providers(peers)


def send_until_refused(providers: Providers) -> None:
    """Two lots, since what comes within ten seconds is one incident."""
    for lot in range(2):
        for one in REFUSALS:
            providers.send(one.domain, 4)
        for domain in HARMLESS:
            providers.send(domain, 4)
        if lot == 0:
            time.sleep(11)
    wait_until(lambda: providers.all_in("refused"), "six providers to be called refused", 90, 0.5)
    wait_until(lambda: providers.all_told(8), "each provider's eight mails to be told", 90, 0.5)
    # The others' deliveries may be read, and their MX asked for, after the last refusal.
    wait_until(lambda: {("default", "microsoft-365"), ("default", "google")} <=
               providers.cells().keys(), "the open providers to be told", 90, 0.5)
    wait_until(lambda: providers.cells()[("default", "google")]["other_refusals"] > 0,
               "a refusal over content to be told", 90, 0.5)


def check_refused(providers: Providers) -> None:
    cells = providers.cells()
    for one in REFUSALS:
        cell = cells[("default", one.provider)]
        assert cell["lists"] == one.lists, cell
        assert cell["private"] is one.private, cell
        assert cell["refused_share"] == 1, cell
        assert cell["mails"] == cell["recipients"] == 8, cell
        assert cell["sender_domains"] == 2 and cell["accounts"] == 1, cell
        assert cell["listed_address"] in ("192.0.2.25", ""), cell
        assert {example["stage"] for example in cell["examples"]} == {one.stage}, cell
        assert any(one.words in example["reply"] for example in cell["examples"]), cell
        assert not any("r1@" in example["reply"] for example in cell["examples"])
        queued = [entry for entry in providers.postfix.queue()
                  if any(one.domain in r["address"] for r in entry["recipients"])]
        assert bool(queued) is one.deferred, (one.domain, queued)
    others = {key: cell["state"] for key, cell in cells.items()
              if key[1] not in {one.provider for one in REFUSALS}}
    assert set(others.values()) <= {"open"}, others
    assert ("default", "microsoft-365") in others, others
    assert cells[("default", "google")]["other_refusals"] > 0, "content is shown"


def test_six_providers_refuse_at_every_stage_and_accept_again(providers):
    send_until_refused(providers)
    check_refused(providers)
    told = providers.leumundd.leumund("block-matrix")
    assert told.returncode == 0 and "REFUSED" in told.stdout and "t-online" in told.stdout
    german = providers.leumundd.leumund("--lang", "de", "explain", "provider:t-online")
    assert "ABGEWIESEN" in german.stdout and "eigene Entscheidung" in german.stdout, german.stdout
    assert "(BL)" in german.stdout
    reach = providers.leumundd.get("/v1/reachable?recipient=x@hotmail.com")
    assert reach["reachable"] is False and reach["not_since"] and reach["through"] == [], reach
    reach = providers.leumundd.get("/v1/reachable?recipient=chef@firma.example")
    assert reach["provider"] == "microsoft-365" and reach["reachable"] is True, reach

    # The admin is told of each by a way that does not use our egress.
    wait_until(lambda: len(providers.mailbox.mails) >= 5, "the notices")
    subjects = [mail.header("Subject") for mail in providers.mailbox.mails]
    assert any("nimmt unsere Post nicht an" in subject for subject in subjects), subjects

    # kill -9 loses no finding.
    before = providers.cells()
    decided = len([one for one in providers.leumundd.get("/v1/events")["decisions"]
                   if one["decision"] == "provider_refuses"])
    time.sleep(2.5)
    providers.leumundd.kill()
    providers.leumundd.start()
    after = providers.cells()
    assert {key: cell["state"] for key, cell in after.items()} == \
        {key: cell["state"] for key, cell in before.items()}
    assert after[("default", "yahoo")]["since"] == before[("default", "yahoo")]["since"]
    assert decided == len(REFUSALS)

    # They accept again.
    for one in REFUSALS:
        providers.accept(providers.sinks[one.domain])
    for one in REFUSALS:
        providers.send(one.domain, 8)
    wait_until(lambda: providers.all_in("open"), "six providers to be open again", 90, 0.5)

    def told(kind: str) -> int:
        return sum(one["decision"] == kind
                   for one in providers.leumundd.get("/v1/events")["decisions"])

    wait_until(lambda: told("provider_accepts") >= len(REFUSALS), "six decisions on disk")
    assert told("provider_accepts") == told("provider_refuses") == len(REFUSALS)
    reach = providers.leumundd.get("/v1/reachable?recipient=x@hotmail.com")
    assert reach["reachable"] is True and reach["through"] == ["default"], reach


def test_a_refused_egress_leaves_the_other_open(providers):
    """The same provider, two transports: only one of our addresses is refused."""
    events = []
    now = time.time()
    for n in range(24):
        refused = n % 2 == 0
        events.append({"type": "delivery", "at": now - 600 + n * 20, "id": f"d{n}",
                       "egress": "192.0.2.26" if refused else "", "recipient": f"x{n}@hotmail.com",
                       "remote": "hotmail-com.olc.protection.outlook.com[203.0.113.9]",
                       "status": "bounced" if refused else "sent", "stage": "mail",
                       "reply": REFUSALS[2].reply if refused else "250 2.6.0 Queued"})
    providers.leumundd.events(events)
    cells = providers.cells()
    assert cells[("out2", "microsoft-consumer")]["state"] == "refused"
    assert cells[("default", "microsoft-consumer")]["state"] == "open"
    reach = providers.leumundd.get("/v1/reachable?recipient=x@hotmail.com")
    assert reach["reachable"] is True and reach["through"] == ["default"], reach
    assert [one["egress"] for one in reach["refused"]] == ["out2"]
    # The log tells the same transport by its syslog_name.
    providers.send("second.example", 1)
    wait_until(lambda: "postfix/egress2/smtp" in providers.postfix.log(), "egress2 in the log")
    why = providers.leumundd.leumund("explain", "egress:out2")
    assert why.returncode == 0 and "REFUSED" in why.stdout, why.stdout
