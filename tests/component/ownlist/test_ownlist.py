"""A blocklist of our own, from the report to the refusal: traps and complaints list a client, the
next mail is refused with the reason, the listing ends by itself, and a kill loses nothing."""
import hashlib
import json
import smtplib
import time
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
from component.ownlist.asking import (A, NO_ERROR, NO_SUCH_NAME, SOA, SPAM, TXT, Answer, ask)
from peers.ground import answers, wait_until
from peers.list_server import rbldnsd

CONFIG = """\
log_sources = {logs}
egresses = ["out1 address=192.0.2.25"]
[postfix]
queue_helper = ""
[public]
listen = "inet:127.0.0.1:{public_port}"
requests_per_minute = 1000
[reports]
listen = ["inet:127.0.0.1:{lmtp_port}"]
trust_tcp = {trust_tcp}
own_hosts = ["{host}"]
maildirs = ["{{folder}}/Maildir"]
[list]
zones = ["bl bl.c.test",
         "traps traps.c.test kinds=pristine_trap,recycled_trap,typo_trap answer=127.0.0.3",
         "dbl dbl.c.test of=domains", "ebl ebl.c.test of=sha1 answer=127.0.0.9"]
spared = ["198.18.7.0/24", "freemail.com"]
listen = ["inet:{dns_address}:53"]
name_servers = ["ns.c.test"]
lookup_url = "https://lists.c.test/bl?$"
ttl = "40s"
negative_ttl = "5s"
traps = ["pristine trap@spamtraps.c.test", "typo @gmial.test"]
reporters = ["anna@c.test 1 198.51.100.200"]
export_folder = "{{folder}}"
export_every = "1s"
{more}
"""

class World:
    """leumundd with two lists, and a Postfix that asks one of them and hands it its traps. With
    `auth`, a Dovecot, people log in at that Postfix and leumundd follows both logs."""

    def __init__(self, peers, trust_tcp: str = "true", auth=None, nexthop: str = None,
                 more: str = "") -> None:
        self.peers = peers
        self.dns = (peers.ground.addresses.free(), 53)
        self.public_port = peers.ground.ports.free()
        self.lmtp_port = lmtp_port = peers.ground.ports.free()
        sasl_path = auth.sasl_path if auth else None
        self.postfix = peers.postfix(name_server=self.dns[0], sasl_path=sasl_path,
                                     nexthop=nexthop, main={
            "virtual_mailbox_domains": "spamtraps.c.test gmial.test reports.c.test inside.c.test",
            "virtual_transport": f"lmtp:inet:127.0.0.1:{lmtp_port}",
            "transport_maps": "inline:{ {inside.c.test = discard:} }",
            "smtpd_relay_restrictions": "reject_unauth_destination",
            # As docs/operate/ownlist.md has it: a login vouches for its own name only.
            "smtpd_sasl_authenticated_header": "yes",
            # An smtpd process remembers what lists said for as long as it lives.
            "max_use": "1",
            # As docs/operate/ownlist.md has it: own traps are asked before the list.
            "smtpd_recipient_restrictions":
                "reject_unauth_destination, check_recipient_access inline:{ "
                "{spamtraps.c.test = OK}, {gmial.test = OK}, {reports.c.test = OK} }, "
                "reject_rbl_client bl.c.test"})
        self.leumundd = peers.leumundd(CONFIG.format(
            public_port=self.public_port, lmtp_port=lmtp_port, dns_address=self.dns[0],
            host=self.postfix.parameters["myhostname"], trust_tcp=trust_tcp, more=more,
            logs=json.dumps([f"file:{log}" for log in (self.postfix.mail_log, auth.log_file)]
                            if auth else [])))
        wait_until(lambda: answers(self.public_port), "the public page's port")

    # What is asked.

    def ask(self, client: str, kind: int = A, zone: str = "bl.c.test") -> Answer:
        return ask(self.dns, ".".join(reversed(client.split("."))) + "." + zone, kind)

    def is_listed(self, client: str, zone: str = "bl.c.test") -> bool:
        return self.ask(client, zone=zone).code == NO_ERROR

    def why(self, client: str, name: str = "bl") -> dict:
        lists = self.leumundd.get(f"/v1/list/why?address={client}")["lists"]
        return next(one for one in lists if one["list"] == name)

    def page(self, path: str, data: dict = None) -> tuple[int, str]:
        body = urllib.parse.urlencode(data).encode() if data else None
        request = urllib.request.Request(f"http://127.0.0.1:{self.public_port}{path}", data=body)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()

    # What comes.

    def report(self, client: str, *reporters: str, **more) -> None:
        lines = "".join(json.dumps({"client": client, "reporter": who, **more}) + "\n"
                        for who in reporters)
        status, body = self.leumundd.request("POST", "/v1/reports", lines)
        told = json.loads(body)
        assert status == 200 and told["rejected"] == 0 and told["kept"], body

    def mail(self, swaks, client: str, to: str = "a@inside.c.test", **more):
        return swaks(self.postfix.smtp_port, to, sender="x@bank.test", client=client, **more)


@pytest.fixture
def world(peers):
    return World(peers)


def test_a_trap_and_a_complaint_list_a_client_and_its_next_mail_is_refused(world, swaks):
    spammer = "203.0.113.7"
    assert world.mail(swaks, spammer), "nothing is known of it"
    trapped = world.mail(swaks, spammer, to="trap@spamtraps.c.test")
    assert trapped, trapped.transcript
    wait_until(lambda: world.why(spammer)["reports"]["pristine_trap"] == 1, "the trap to be heard")
    assert not world.is_listed(spammer), "never on one report"

    world.report(spammer, "fbl.provider.test")
    listed = world.ask(spammer)
    assert listed.code == NO_ERROR and listed.authoritative
    assert listed.records[0][2] == bytes([127, 0, 0, 2]) and listed.ttl == 40
    refused = world.mail(swaks, spammer)
    assert not refused
    assert refused.refusal == (
        "554 5.7.1 Service unavailable; Client host [203.0.113.7] blocked using bl.c.test; "
        "Blocked - see https://lists.c.test/bl?203.0.113.7"), refused.transcript
    assert world.mail(swaks, "203.0.113.8"), "its neighbour is not listed"
    assert not world.is_listed(spammer, "traps.c.test"), "one trap alone"


def test_an_end_by_hand_is_kept_to_the_second_and_no_answer_outlives_it(world):
    client = "203.0.113.9"
    assert world.leumundd.leumund("list", "add", client, "--for", "6s", "--reason",
                                  "x").returncode == 0
    until = world.why(client)["by_hand"]["until"]
    while True:
        asked_at = time.time()
        answer = world.ask(client)
        if answer.code != NO_ERROR:
            break
        assert answer.ttl <= until - asked_at + 1 and asked_at < until + 5
        time.sleep(0.2)
    [(kind, ttl, _)] = answer.authority
    assert kind == SOA and ttl == 5


def test_a_shared_pool_with_little_spam_for_its_mail_is_not_listed(world):
    pool, bot = "203.0.113.20", "203.0.113.21"
    world.leumundd.events([
        {"type": "submission", "at": time.time(), "id": f"m{n}", "client": pool,
         "envelope_sender": f"u{n}@pool.test", "recipients": ["a@inside.c.test"]}
        for n in range(1500)])
    reporters = ["a.test", "b.test", "c.test"]
    world.report(pool, *reporters)
    world.report(bot, *reporters)
    assert not world.is_listed(pool) and world.is_listed(bot)
    told = world.why(pool)
    assert told["mail"] == 1500 and told["honest_per_spam"] > 150, told
    assert told["verdict"] in ("too_little_spam", "too_much_collateral")


def test_a_poisoner_lists_nobody(world):
    victim = "203.0.113.30"
    for _ in range(5):
        world.report(victim, *["evil.test"] * 100)
    assert not world.is_listed(victim)
    assert world.why(victim)["reporters"] == 1
    # Reports by mail are anybody's word, and three such are no witness.
    for number in range(3):
        complain(world, victim, f"somebody@house{number}.test")
    wait_until(lambda: world.why(victim)["reports"]["complaint"] >= 6, "the mails to be heard")
    assert not world.is_listed(victim)


def complain(world, client: str, reporter: str, place: str = "198.51.100.9") -> None:
    """A mail that a person forwards from `place` as an attachment to the report address."""
    host = world.postfix.parameters["myhostname"]
    inner = (f"Received: from bot.test (bot.test [{client}])\r\n\tby {host} (Postfix) with ESMTP "
             "id 4XyZ\r\n\tfor <a@inside.c.test>; Sat, 21 Nov 2026 10:00:00 +0000 (UTC)\r\n" + SPAM)
    whole = (f"From: {reporter}\r\nSubject: Fwd: win\r\nMIME-Version: 1.0\r\n"
             "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nspam\r\n--b\r\n"
             f"Content-Type: message/rfc822\r\n\r\n{inner}\r\n--b--\r\n")
    inner_date = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(time.time() - 60))
    whole = whole.replace("Sat, 21 Nov 2026 10:00:00 +0000", inner_date)
    with smtplib.SMTP("127.0.0.1", world.postfix.smtp_port, timeout=60) as smtp:
        smtp.ehlo()
        assert smtp.docmd("XCLIENT", f"ADDR={place} NAME=[UNAVAILABLE]")[0] == 220
        smtp.ehlo()
        smtp.sendmail(reporter, ["spam@reports.c.test"], whole)


def test_traps_and_forwarded_spam_may_lie_in_a_maildir(world):
    box = world.leumundd.folder / "Maildir"
    for name in ("tmp", "new", "cur"):
        (box / name).mkdir(parents=True, exist_ok=True)
    client, host = "203.0.113.35", world.postfix.parameters["myhostname"]
    date = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(time.time() - 60))
    spam = (f"Received: from bot.test (bot.test [{client}])\n\tby {host} (Postfix) with ESMTP "
            f"id 4XyZ\n\tfor <a@inside.c.test>; {date} (UTC)\n" + SPAM.replace("\r", ""))

    def deliver(name: str, text: str) -> None:
        (box / "tmp" / name).write_text(text)
        (box / "tmp" / name).rename(box / "new" / name)

    deliver("1.trap", f"Return-Path: <x@bank.test>\nX-Original-To: trap@spamtraps.c.test\n{spam}")
    deliver("2.forged", f"Subject: no envelope\n{spam}")
    deliver("3.complaint",
            "Return-Path: <anna@c.test>\nX-Original-To: spam@reports.c.test\n"
            f"Received: by {host}\nFrom: anna@c.test\nMIME-Version: 1.0\nContent-Type: "
            f"multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n{spam}\n--b--\n")
    wait_until(lambda: sum(world.why(client)["reports"].values()) == 2, "the Maildir's reports")
    told = world.why(client)["reports"]
    assert told["pristine_trap"] == 1 and told["complaint"] == 1, told
    assert not world.is_listed(client), "nobody vouches for the reporter"
    world.report(client, "fbl.provider.test")
    assert world.is_listed(client)
    wait_until(lambda: not list((box / "new").iterdir()), "the Maildir to be read")


def test_a_kill_in_between_loses_nothing(world, swaks):
    first, second = "203.0.113.40", "203.0.113.41"
    world.report(first, "a.test", "b.test", "c.test")
    world.report(second, "a.test")
    added = world.leumundd.leumund("list", "add", "198.51.100.0/24", "--reason", "a bad house")
    assert added.returncode == 0, added.stdout + added.stderr
    before = [world.why(client) for client in (first, second, "198.51.100.77")]
    world.leumundd.kill()
    world.leumundd.start()
    after = [world.why(client) for client in (first, second, "198.51.100.77")]
    for old, new in zip(before, after):
        for name in ("listed", "since", "until", "reports", "reporters", "times_listed", "by_hand",
                     "history"):
            assert old[name] == new[name], name
    assert world.is_listed(first) and world.is_listed("198.51.100.77")
    assert not world.is_listed(second)
    world.report(second, "b.test")
    assert world.is_listed(second), "the report from before the kill counts"
    assert not world.mail(swaks, first)


def store_is_well(world) -> bool:
    parts = world.leumundd.get("/v1/status")["parts"]
    return next(one for one in parts if one["name"] == "own lists")["well"]


def listed_meanwhile(world, clients: list[str]) -> list[float]:
    """Seconds from the reports to the DNS, sorted; none waits for the answer to the one before."""
    took = []
    with ThreadPoolExecutor(len(clients)) as reporters:
        for client in clients:
            lines = "".join(json.dumps({"client": client, "reporter": who}) + "\n"
                            for who in ("a.test", "b.test"))
            begun = time.monotonic()
            reporters.submit(world.leumundd.request, "POST", "/v1/reports", lines)
            while not world.is_listed(client):
                assert time.monotonic() < begun + 20, f"{client} is not listed"
            took.append(time.monotonic() - begun)
            time.sleep(0.1)
    return sorted(took)


def test_a_store_that_fails_is_told_and_the_list_goes_on(world):
    world.report("203.0.113.50", "a.test", "b.test")
    database = world.leumundd.state / "leumund.db"
    import sqlite3
    lock = sqlite3.connect(database, timeout=60, isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    try:
        lines = "".join(json.dumps({"client": "203.0.113.51", "reporter": who}) + "\n"
                        for who in ("a.test", "b.test"))
        status, body = world.leumundd.request("POST", "/v1/reports", lines)
        assert status == 200 and json.loads(body)["kept"] is False, body
        assert world.is_listed("203.0.113.51"), "it is listed all the same"
        took = listed_meanwhile(world, [f"198.51.100.{n}" for n in range(1, 21)])
        assert took[10] < 0.1 and took[16] < 0.1, took
    finally:
        lock.execute("ROLLBACK")
        lock.close()
    wait_until(lambda: store_is_well(world), "what waited to be on disk")
    world.report("203.0.113.52", "a.test", "b.test")
    world.leumundd.kill()
    world.leumundd.start()
    assert world.is_listed("203.0.113.51"), "what could not be kept then was kept later"


def test_anybody_reads_why_and_delists_his_address_once(world):
    client = "203.0.113.60"
    assert "is not listed on bl.c.test" in world.page(f"/bl?{client}&lang=en")[1]
    world.report(client, "secret-reporter.test", "b.test")
    status, shown = world.page(f"/bl?{client}&lang=en")
    assert status == 200 and "203.0.113.60 is listed on bl.c.test" in shown
    assert "2 complaints" in shown and "secret-reporter" not in shown and "<script" not in shown
    assert "steht auf bl.c.test" in world.page(f"/bl?{client}&lang=de")[1]
    told = json.loads(world.page(f"/bl?ip={client}&format=json")[1])
    assert told["lists"][0]["listed"] is True and told["lists"][0]["reports"]["complaint"] == 2
    again = json.loads(world.page(f"/v1/bl?ip={client}")[1])["lists"][0]
    assert [again[name] for name in ("since", "until", "reports")] == \
        [told["lists"][0][name] for name in ("since", "until", "reports")]

    assert world.page("/bl", {"ip": client, "lang": "en", "reason": ""})[0] == 400
    status, done = world.page("/bl", {"ip": client, "lang": "en", "reason": "a cracked form"})
    assert status == 200 and "It is taken off." in done
    assert not world.is_listed(client)
    assert world.why(client)["history"][0]["reason"] == "a cracked form"
    world.report(client, "c.test", "d.test")
    assert world.is_listed(client), "what goes on sending is listed again"
    assert world.page("/bl", {"ip": client, "lang": "en", "reason": "again"})[0] == 409
    assert world.is_listed(client)


def test_the_operator_shows_adds_removes_and_asks_for_himself(world):
    command = world.leumundd.leumund
    assert command("list", "add", "0.0.0.0/0", "--reason", "x").returncode == 1, "RFC 6471"
    added = command("list", "add", "198.51.100.0/24", "--for", "1h", "--reason", "a bad house")
    assert "198.51.100.0/24 is listed on bl.c.test" in added.stdout
    assert command("list", "add", "192.0.2.0/24", "--reason", "x").returncode == 1, "holds ours"
    assert world.is_listed("198.51.100.200")
    assert "a bad house" in world.page("/bl?198.51.100.200&lang=en")[1]
    world.report("203.0.113.70", "a.test", "b.test")
    shown = command("list", "show").stdout
    assert "203.0.113.70" in shown and "198.51.100.0/24" in shown
    assert "192.0.2.25 would not be listed" in shown
    # Complaints about ourselves are judged as anybody's, and list nobody.
    world.report("192.0.2.25", "a.test", "b.test", "c.test")
    assert "192.0.2.25 would be listed" in command("list", "show").stdout
    # ... and tell the operator, once, also over a restart.
    def told() -> list:
        return [one for one in world.leumundd.get("/v1/events?limit=1000")["decisions"]
                if one["decision"] == "listed"]

    wait_until(lambda: len(told()) == 1, "the decision about ourselves")
    assert told()[0]["subject"] == "egress:out1", told()

    def standing() -> list:
        explained = world.leumundd.leumund_json("explain", "egress:out1")
        return [one["list"] for one in explained["listings"]]

    world.leumundd.restart()
    assert standing() == ["own"], "known again before a case is looked at"
    world.report("203.0.113.75", "a.test", "b.test")
    assert len(told()) == 1, "not told again"
    assert not world.is_listed("192.0.2.25")
    assert "192.0.2.25 würde gelistet" in command("list", "show", "--lang", "de").stdout

    assert command("list", "why", "203.0.113.70").returncode == 1
    wrong = command("list", "remove", "203.0.113.70", "--reason", "an error", "--wrong-reports")
    assert wrong.returncode == 0, wrong.stderr
    assert command("list", "remove", "198.51.100.0/24", "--reason", "sold").returncode == 0
    assert not world.is_listed("203.0.113.70") and not world.is_listed("198.51.100.200")
    assert command("list", "why", "203.0.113.70").returncode == 0
    assert command("list", "remove", "198.51.100.0/24", "--reason", "sold").returncode == 1


def test_domains_and_mail_addresses_are_listed_by_name_and_carried_by_a_mirror(world):
    reporters = ["a.test", "b.test"]
    drop = "Drop.Box@mail-c-test.com"
    digest = hashlib.sha1(drop.lower().encode()).hexdigest()

    def report(**about) -> dict:
        lines = "".join(json.dumps({"reporter": who, **about}) + "\n" for who in reporters)
        status, body = world.leumundd.request("POST", "/v1/reports", lines)
        assert status == 200, body
        return json.loads(body)

    told = report(domain="www.spam-c-test.com", account=drop)
    assert told["accepted"] == 2 and told["kept"], told
    assert report(domain="co.uk")["rejected"] == 2, "nobody lists a whole country"
    assert report(domain="shop.freemail.com", account="x@freemail.com")["accepted"] == 2
    for name, code in (("spam-c-test.com.dbl", NO_ERROR), ("a.b.spam-c-test.com.dbl", NO_ERROR),
                       ("freemail.com.dbl", NO_SUCH_NAME), ("test.dbl", NO_ERROR),
                       ("invalid.dbl", NO_SUCH_NAME), (digest + ".ebl", NO_ERROR),
                       (hashlib.sha1(b"x@freemail.com").hexdigest() + ".ebl", NO_SUCH_NAME)):
        assert ask(world.dns, name + ".c.test").code == code, name
    listed = ask(world.dns, digest + ".ebl.c.test")
    assert listed.records[0][2] == bytes([127, 0, 0, 9]) and listed.ttl == 40
    assert ask(world.dns, "x.spam-c-test.com.dbl.c.test", TXT).text == \
        "Blocked - see https://lists.c.test/bl?spam-c-test.com"

    command = world.leumundd.leumund
    assert command("list", "why", "shop.spam-c-test.com").returncode == 1
    assert command("list", "why", drop.lower()).returncode == 1
    assert command("list", "why", "nobody@elsewhere.com").returncode == 0
    assert command("list", "add", "by-hand-c-test.com", "--reason", "sold drugs").returncode == 0
    assert "sold drugs" in world.page("/bl?www.by-hand-c-test.com&lang=en")[1]
    shown = command("list", "show").stdout
    assert "spam-c-test.com" in shown and digest in shown and "Drop.Box" not in shown
    status, page = world.page(f"/bl?ip={urllib.parse.quote(drop)}&lang=en")
    assert status == 200 and "is listed on ebl.c.test" in page

    world.leumundd.kill()
    world.leumundd.start()
    for name in ("spam-c-test.com.dbl", digest + ".ebl", "by-hand-c-test.com.dbl"):
        assert ask(world.dns, name + ".c.test").code == NO_ERROR, name
    stored = (world.leumundd.state / "leumund.db").read_bytes()
    assert b"rop.box@" not in stored.lower(), "of mail addresses only digests are kept"

    folder = world.leumundd.folder
    exported = folder / "dbl.c.test.dnset"
    wait_until(lambda: exported.exists() and "by-hand-c-test.com" in exported.read_text(),
               "the export")
    mirror = rbldnsd(world.peers.ground, folder, ["dbl.c.test:dnset:dbl.c.test.dnset"])
    try:
        where = ("127.0.0.1", mirror.port)
        for name in ("www.spam-c-test.com", "by-hand-c-test.com", "test", "other-c-test.com"):
            assert ask(where, name + ".dbl.c.test").code == \
                ask(world.dns, name + ".dbl.c.test").code, name
    finally:
        mirror.stop()

    status, done = world.page("/bl", {"ip": "spam-c-test.com", "lang": "en", "reason": "hacked"})
    assert status == 200 and "It is taken off." in done
    assert ask(world.dns, "spam-c-test.com.dbl.c.test").code == NO_SUCH_NAME
    assert command("list", "remove", digest, "--reason", "an error").returncode == 0
    assert ask(world.dns, digest + ".ebl.c.test").code == NO_SUCH_NAME


def test_two_lists_and_a_mirror_with_rbldnsd(world, swaks):
    client = "203.0.113.80"
    for trap in ("trap@spamtraps.c.test", "anything@gmial.test"):
        assert world.mail(swaks, client, to=trap)
    wait_until(lambda: world.is_listed(client, "traps.c.test"), "two traps to list it")
    assert world.ask(client, zone="traps.c.test").records[0][2] == bytes([127, 0, 0, 3])
    folder = world.leumundd.folder
    exported = folder / "traps.c.test.ip4trie"
    wait_until(lambda: exported.exists() and client in exported.read_text(), "the export")
    told = world.leumundd.leumund("list", "export", "--list", "traps").stdout
    assert client in told
    mirror = rbldnsd(world.peers.ground, folder, ["traps.c.test:ip4trie:traps.c.test.ip4trie"])
    try:
        name = "80.113.0.203.traps.c.test"
        where = ("127.0.0.1", mirror.port)
        assert ask(where, name).records[0][2] == bytes([127, 0, 0, 3])
        assert ask(where, name, TXT).text == ask(world.dns, name, TXT).text
    finally:
        mirror.stop()


def test_the_test_points_and_the_zone_itself_are_always_there(world):
    assert world.ask("127.0.0.2").records[0][2] == bytes([127, 0, 0, 2])
    assert world.ask("127.0.0.1").code == NO_SUCH_NAME
    assert world.leumundd.leumund("list", "add", "127.0.0.1", "--reason", "x").returncode == 1
    assert ask(world.dns, "bl.c.test", SOA).records[0][0] == SOA
    assert ask(world.dns, "bl.c.test", 2).records[0][0] == 2
    assert ask(world.dns, "example.org").code == 5, "refused: it is no zone of ours"
