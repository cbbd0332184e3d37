"""How our ways out are set up, asked of real name servers: nsd has the zones, unbound stands
between. What is right is good, what is wrong is a fault with its words, and silence is neither."""
import json
import subprocess

import pytest

from peers.dns_lists import Unbound
from peers.ground import wait_until

REVERSE = "7.18.198.in-addr.arpa"
REVERSE6 = "1.0.0.0.0.0.0.0.2.0.0.0.1.0.0.2.ip6.arpa"
HOST25 = "5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0"
INTERVAL = 10

CONFIG = """\
log_sources = ["file:{log}"]
egresses = [
  "out1 address=198.18.7.25 address=2001:2:0:1::25 helo=mail.example.org",
  "out2 address=198.18.7.26 address=2001:2:0:1::26 helo=mail2.example.org",
]
[tables]
folder = "{{state}}/tables"
[dns]
forwarders = ["127.0.0.1@{dns_port}"]
[watch]
enabled = false
addresses = ["198.18.7.25", "198.18.7.26", "2001:2:0:1::25", "2001:2:0:1::26"]
[measures]
own_domains = ["example.org"]
[hygiene]
interval = "{interval}s"
dkim = ["example.org s1", "example.net s1"]
pages = ["https://www.example.org/imprint"]
[notices]
admin = "admin@ops.test"
from = "leumund@c.test"
smtp = "inet:127.0.0.1:{notice_port}"
language = "en"
"""

HOSTS = """\
@ IN MX 10 mail
@ IN TXT "v=spf1 include:_spf.example.org -all"
_spf IN TXT "v=spf1 a:mail.example.org ip6:2001:2:0:1::25 -all"
_dmarc IN TXT "v=DMARC1; p=reject; rua=mailto:d@example.org"
s1._domainkey IN TXT ( "v=DKIM1; k=rsa; p={key}" )
mail IN A 198.18.7.25
mail IN AAAA 2001:2:0:1::25
mail IN TXT "v=spf1 a -all"
mail2 IN A 198.18.7.26
"""
# example.net lets nobody send, and has no key.
OTHERS = """\
@ IN TXT "v=spf1 -all"
_dmarc IN TXT "v=DMARC1; p=quarantine"
"""


def rsa_key() -> str:
    """A public key of 2,048 bits, cut as TXT wants it."""
    private = subprocess.run(["openssl", "genrsa", "2048"], capture_output=True, check=True).stdout
    public = subprocess.run(["openssl", "rsa", "-pubout", "-outform", "PEM"], input=private,
                            capture_output=True, check=True).stdout.decode()
    text = "".join(line for line in public.splitlines() if not line.startswith("-"))
    return '" "'.join(text[at:at + 200] for at in range(0, len(text), 200))


class Story:
    def __init__(self, peers) -> None:
        forward = {"example.org": HOSTS.format(key=rsa_key()), "example.net": OTHERS,
                   "isp.example": ""}
        self.right = peers.name_server(forward | {
            REVERSE: "25 IN PTR mail.example.org.\n",
            REVERSE6: f"{HOST25} IN PTR mail.example.org.\n"
                      f"6{HOST25[1:]} IN PTR 2001-2-0-1--26.dyn.isp.example.\n"})
        self.wrong = peers.name_server({REVERSE: "25 IN PTR other.example.org.\n"})
        zones = [*forward, REVERSE, REVERSE6]
        self.stubs = {zone: self.right.port for zone in zones}
        self.unbound = peers._keep("unbound", Unbound(peers.ground, self.stubs, {}))
        self.mailbox = peers.smtp_sink()
        self.log = peers.ground.place("log") / "mail.log"
        self.log.write_text("")
        self.leumundd = peers.leumundd(CONFIG.format(
            dns_port=self.unbound.port, interval=INTERVAL, log=self.log,
            notice_port=self.mailbox.port))

    def report(self, *arguments: str) -> dict:
        def asked():
            done = self.leumundd.leumund("hygiene", *arguments, "--json")
            busy = done.returncode == 3 and "--now" in arguments  # it is looking already
            return None if busy else done

        done = wait_until(asked, "the look that goes on to end", 120, 0.5)
        assert done.returncode in (0, 1), done.stdout + done.stderr  # 1: there is a fault
        return json.loads(done.stdout)

    def looked(self) -> dict:
        wait_until(lambda: self.report()["checked_at"], "the first look")
        return self.report()

    def findings(self, place: str, check: str) -> list:
        report = self.report()
        every = [(one["address"], one["findings"]) for one in report["addresses"]]
        every += [(one["domain"], one["findings"]) for one in report["domains"]]
        return [one for name, found in every if name == place
                for one in found if one["check"] == check]

    def state(self, place: str, check: str, about: str = "") -> str:
        found = [one for one in self.findings(place, check) if about in ("", one["about"])]
        assert len(found) == 1, (place, check, found)
        return found[0]["state"]

    def decisions(self, kind: str) -> list:
        body = self.leumundd.get("/v1/events?limit=1000")
        return [one for one in body["decisions"] if one["decision"] == kind]

    def switch(self, zone: str, server) -> None:
        """Another server has the zone now; nothing of the old is cached."""
        self.unbound.stop()
        self.stubs[zone] = server.port
        self.unbound.start()


@pytest.fixture
def story(peers):
    return Story(peers)


def test_what_is_right_is_good_and_what_is_wrong_is_named(story):
    report = story.looked()
    assert report["on"] and report["problems"] == []
    for check in ("reverse_dns", "name", "helo", "helo_reverse", "spf_helo", "page"):
        assert story.state("198.18.7.25", check) == "good", check
        assert story.state("2001:2:0:1::25", check) == "good", check
    assert story.state("198.18.7.25", "spf", "example.org") == "good", "by an included record"
    assert story.state("2001:2:0:1::25", "spf", "example.org") == "good"
    assert story.state("198.18.7.25", "spf", "example.net") == "fault"
    assert story.state("198.18.7.26", "reverse_dns") == "fault"
    assert story.findings("198.18.7.26", "reverse_dns")[0]["text"] == \
        "198.18.7.26 has no reverse name"
    assert story.state("198.18.7.26", "helo") == "good"
    assert story.state("198.18.7.26", "spf", "example.org") == "fault"
    assert story.state("2001:2:0:1::26", "helo") == "fault", "there is no AAAA"
    assert story.state("2001:2:0:1::26", "name") == "fault"
    assert "lies in 2001:2:0:1::/64 like 2001:2:0:1::25" in \
        story.findings("2001:2:0:1::26", "network")[0]["text"]
    assert story.findings("example.org", "dkim")[0]["text"] == \
        "the DKIM key s1._domainkey.example.org has 2048 bits"
    assert story.state("example.org", "alignment") == "good", "out2 has the key, if no SPF"
    assert story.state("example.net", "dkim") == "fault"
    grave = story.findings("example.net", "alignment")[0]
    assert grave["grave"] and "does not pass DMARC, and p=quarantine" in grave["text"]


def test_people_and_machines_read_the_same_of_it(story):
    story.looked()
    english = story.leumundd.leumund("hygiene")
    assert english.returncode == 1, "a fault is a no"
    assert "198.18.7.26 (out2), way of a detour" in english.stdout
    assert "198.18.7.26 has no reverse name" in english.stdout
    assert "Have the operator of your network set the reverse name" in english.stdout
    german = story.leumundd.leumund("--lang", "de", "hygiene", "198.18.7.26")
    assert "198.18.7.26 hat keinen Rückwärtsnamen" in german.stdout
    assert "example.org lässt 198.18.7.26 nicht senden (SPF: fail)" in german.stdout
    assert "198.18.7.25" not in german.stdout
    assert {one["address"] for one in story.report("out1")["addresses"]} == \
        {"198.18.7.25", "2001:2:0:1::25"}
    assert story.leumundd.leumund("hygiene", "198.18.7.99").returncode == 1
    assert "no address, egress or domain" in story.leumundd.leumund("hygiene", "x.test").stderr
    status = story.leumundd.leumund("status").stdout
    assert "leumund hygiene" in status
    explained = story.leumundd.leumund("explain", "egress:out2").stdout
    assert "198.18.7.26 has no reverse name" in explained
    assert "198.18.7.26 has no reverse name" not in \
        story.leumundd.leumund("explain", "egress:out1").stdout
    _, metrics = story.leumundd.request("GET", "/metrics")
    assert 'leumund_hygiene_findings{place="198.18.7.26",state="grave"}' in metrics
    looks = story.report()["checked_at"]
    assert story.report("--now")["checked_at"] > looks


def test_before_a_detour_its_way_is_looked_at(story):
    story.looked()
    opened = story.leumundd.leumund("detour", "t-online", "--via", "out2")
    assert opened.returncode == 0, opened.stderr
    assert "ITS SET-UP IS FAULTY: 198.18.7.26 has no reverse name" in opened.stdout
    told = story.decisions("detour")
    assert "has no reverse name" in told[-1]["detour"]["warning"]
    mail = wait_until(lambda: [one for one in story.mailbox.mails_to("admin@ops.test")
                               if "BUT ITS SET-UP" in one.text], "the notice")
    assert "198.18.7.26 has no reverse name" in mail[0].text


def test_a_way_that_was_well_is_told_once_when_it_breaks_and_when_it_is_mended(story):
    story.looked()
    story.switch(REVERSE, story.wrong)
    told = wait_until(lambda: story.decisions("setup_fault"), "the fault to be confirmed", 120)
    assert told[0]["subject"] == "egress:out1"
    assert told[0]["reason"].startswith("198.18.7.25 is other.example.org, but")
    wait_until(lambda: any("198.18.7.25 is other.example.org" in one.text
                           for one in story.mailbox.mails_to("admin@ops.test")), "the notice")
    story.switch(REVERSE, story.right)
    wait_until(lambda: story.decisions("setup_well"), "it to be well again", 120)
    assert len(story.decisions("setup_fault")) == 1, "once, and of what never was well nothing"


def test_silence_is_neither_good_nor_a_fault(story):
    story.looked()
    before = story.report()["faults"]
    assert before > 0
    story.unbound.stop()
    report = story.report("--now")
    assert report["faults"] <= 2, "only what needs no DNS: the network of IPv6"
    assert story.state("198.18.7.25", "reverse_dns") == "unknown"
    assert story.state("198.18.7.26", "reverse_dns") == "unknown"
    assert story.decisions("setup_fault") == []
    story.unbound.start()
    wait_until(lambda: story.report()["faults"] == before, "the answers to come back", 120)


def test_the_log_tells_of_encryption(story):
    story.looked()
    assert story.state("198.18.7.25", "tls") == "unknown"
    with story.log.open("a") as log:
        log.write("Nov 22 11:00:00 mx postfix/out1/smtp[7]: Untrusted TLS connection established "
                  "to mx.d.test[198.18.9.9]:25: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384\n")
    wait_until(lambda: story.state("198.18.7.25", "tls") == "good", "the next look", 120)
    assert story.state("198.18.7.26", "tls") == "unknown", "too few deliveries to say so"
