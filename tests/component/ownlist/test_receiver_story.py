"""The story of a receiver with a list of its own, in one test: from the report to the refusal by
our own screening, and to the end of the listing by the daemon's clock."""
import email.utils
import json
import smtplib
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Optional

from component.ownlist.asking import NO_ERROR, NO_SUCH_NAME, SPAM, Answer, ask
from peers.dns_lists import Unbound
from peers.ground import wait_until

STORY = """\
log_sources = []
[postfix]
queue_helper = ""
[dns]
forwarders = ["127.0.0.1@{resolver_port}"]
[reports]
listen = ["inet:127.0.0.1:{lmtp_port}"]
trust_tcp = true
own_hosts = ["{host}"]
[list]
zones = ["bl bl.lists.example kinds=complaint,pristine_trap,recycled_trap,typo_trap",
         "logins logins.lists.example kinds=honeypot answer=127.0.0.4"]
listen = ["inet:{dns_address}:53"]
name_servers = ["ns.c.test"]
lookup_url = "https://lists.c.test/bl?$"
ttl = "2s"
negative_ttl = "1s"
traps = ["pristine trap@spamtraps.c.test", "typo @gmial.test"]
[screening]
listen = "inet:127.0.0.1:{screening_port}"
enforce = true
block_lists = ["bl.lists.example"]
score_lists = ["logins.lists.example*1"]
refuse_score = 3
"""
# In no network for documents: a list that lists one of those lists the world.
SPAMMER, LOGGER, POOL, BOT, VICTIM = (f"40.107.21.{n}" for n in (107, 110, 120, 121, 130))
HOUSE = "40.107.22.200"  # three complaints: 24 hours
REFUSED = ("5.7.1 <x@inside.c.test>: Recipient address rejected: Service unavailable; Client host "
           "[40.107.21.107] blocked using bl.lists.example; "
           "Blocked - see https://lists.c.test/bl?40.107.21.107")


class Receiver:
    """A Postfix whose every client is screened by leumundd, which asks the list that leumundd
    itself serves; an unbound stands between."""

    def __init__(self, peers) -> None:
        self.dns = (peers.ground.addresses.free(), 53)
        free = peers.ground.ports.free
        self.lmtp_port, screening_port = free(), free()
        stubs = {zone: f"{self.dns[0]}@53" for zone in ("bl.lists.example", "logins.lists.example")}
        unbound = peers._keep("unbound", Unbound(peers.ground, stubs, {}))
        self.sink = peers.smtp_sink()
        self.postfix = peers.postfix(nexthop=self.sink.nexthop, main={
            "relay_domains": "inside.c.test",
            "virtual_mailbox_domains": "spamtraps.c.test gmial.test",
            "virtual_transport": f"lmtp:inet:127.0.0.1:{self.lmtp_port}",
            "smtpd_relay_restrictions": "reject_unauth_destination",
            "smtpd_recipient_restrictions":
                "reject_unauth_destination, check_recipient_access inline:{ "
                "{spamtraps.c.test = OK}, {gmial.test = OK} }, check_policy_service { "
                f"inet:127.0.0.1:{screening_port}, timeout=10s, default_action=DUNNO }}"})
        self.host = self.postfix.parameters["myhostname"]
        begun = time.monotonic()
        self.leumundd = peers.leumundd(STORY.format(
            resolver_port=unbound.port, lmtp_port=self.lmtp_port, host=self.host,
            dns_address=self.dns[0], screening_port=screening_port),
            arguments=self.clock_at(time.time()))
        self.start_takes = time.monotonic() - begun
        self.wait_for_screening()

    def clock_at(self, when: float) -> list[str]:
        return ["--clock", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(when))]

    def wait_for_screening(self) -> None:
        def well() -> bool:
            lines = self.leumundd.request("GET", "/metrics")[1].splitlines()
            figures = [line for line in lines if line.startswith("leumund_screening_list_well{")]
            return len(figures) == 2 and all(line.endswith(" 1") for line in figures)

        wait_until(well, "both lists to be tried", 60)

    def travel_before(self, when: float) -> None:
        """To some seconds before, by a restart."""
        self.leumundd.stop()
        self.leumundd._arguments = self.clock_at(when - 15 - 2 * self.start_takes)
        self.leumundd.start()

    def now(self) -> float:
        return self.leumundd.get("/v1/status")["now"]

    def answer(self, client: str, zone: str = "bl.lists.example") -> Answer:
        return ask(self.dns, ".".join(reversed(client.split("."))) + "." + zone)

    def wait_until_forgotten(self, cached_by: float) -> None:
        """The list's "no", whose TTL is a second. A resolver counts whole ones: what it cached it
        tells to the end of the next."""
        wait_until(lambda: int(time.time()) >= int(cached_by) + 2, "the resolver to forget",
                   step=0.05)

    def is_listed(self, client: str) -> bool:
        return self.answer(client).code == NO_ERROR

    def why(self, client: str) -> dict:
        return self.leumundd.get(f"/v1/list/why?address={client}")["lists"][0]

    def report(self, client: str, *reporters: str, **more) -> None:
        lines = "".join(json.dumps({"client": client, "reporter": who, **more}) + "\n"
                        for who in reporters)
        status, body = self.leumundd.request("POST", "/v1/reports", lines)
        assert status == 200 and json.loads(body)["kept"], body

    def trap(self, client: str, trap: str) -> None:
        """A trap's mail as Postfix hands it on."""
        with smtplib.LMTP("127.0.0.1", self.lmtp_port, timeout=60) as lmtp:
            lmtp.sendmail("x@bank.test", [trap], (
                f"Received: from bot.test (bot.test [{client}])\r\n\tby {self.host} (Postfix) with "
                f"ESMTP id 4XyZ\r\n\tfor <{trap}>; {email.utils.formatdate()}\r\n{SPAM}"))

    def bring(self, client: str, to: str = "x@inside.c.test") -> tuple[int, str]:
        with smtplib.SMTP("127.0.0.1", self.postfix.smtp_port, timeout=60) as smtp:
            smtp.ehlo("client.test")
            code, text = smtp.docmd("XCLIENT", f"ADDR={client}")
            assert code == 220, text
            smtp.ehlo("client.test")
            smtp.mail("s@away.test")
            code, text = smtp.rcpt(to)
            if code == 250:
                code, text = smtp.data(f"From: s@away.test\nTo: {to}\n\nHello {client}\n")
            return code, text.decode()

    def seconds_until_listed(self, client: str, tell) -> float:
        """From the last report to the DNS; whoever tells may wait for the disk meanwhile."""
        assert not self.is_listed(client)
        begun = time.monotonic()
        with ThreadPoolExecutor(1) as teller:
            told = teller.submit(tell)
            while not self.is_listed(client):
                assert time.monotonic() < begun + 20, f"{client} is not listed"
            took = time.monotonic() - begun
            told.result()
        return took

    def expired(self, client: str) -> Optional[dict]:
        told = self.why(client)
        return told if told["history"][0]["move"] == "expired" and not told["listed"] else None

    def ends_at(self, client: str, until: float) -> None:
        """Asks until it is over: with the daemon's time before and after each question."""
        assert until == int(until)
        last = 0.0
        while True:
            before = self.now()
            answer = self.answer(client)
            after = self.now()
            if answer.code == NO_SUCH_NAME:
                break
            assert before < until + 1, "listed a second after it was over"
            assert answer.ttl <= max(0, until - before), "an answer would outlive the listing"
            last = before
        assert last > 0 and after > until - 1, (last - until, after - until)
        wait_until(lambda: self.now() >= until, "the second", step=0.05)
        # The DNS is told first, then the disk, which the history is read from.
        told = wait_until(lambda: self.expired(client), "the end on record", step=0.05)
        assert not told["listed"]
        assert (told["history"][0]["move"], told["history"][0]["at"]) == ("expired", until)


def test_the_story_of_a_receiver_and_its_own_list(peers):
    world = Receiver(peers)

    # Within a tenth of a second from the second report, by complaint and by trap.
    took = []
    for host in range(1, 11):
        client = f"40.107.22.{host}"
        world.report(client, "a.test")
        took.append(world.seconds_until_listed(client, lambda: world.report(client, "b.test")))
        client = f"40.107.22.{host + 100}"
        world.trap(client, "trap@spamtraps.c.test")
        took.append(world.seconds_until_listed(
            client, lambda: world.trap(client, "a.b@gmial.test")))
    took.sort()
    print(f"listed in DNS after: median {took[10] * 1000:.0f} ms, worst {took[-1] * 1000:.0f} ms")
    assert took[10] < 0.1 and took[16] < 0.1, took

    # A trap that Postfix hands on and a complaint list a client; its next mail is refused.
    assert world.bring(SPAMMER, "trap@spamtraps.c.test")[0] == 250
    screened_by = time.time()
    wait_until(lambda: world.why(SPAMMER)["reports"]["pristine_trap"] == 1, "the trap to be heard")
    wait_until(lambda: world.now() > world.why(SPAMMER)["last_report_at"] + 1, "a second to pass")
    world.wait_until_forgotten(screened_by)
    said_at = int(world.now())
    world.report(SPAMMER, "fbl.provider.test", at=said_at)
    assert world.is_listed(SPAMMER)
    assert world.bring(SPAMMER) == (554, REFUSED)
    assert world.bring("40.107.21.108")[0] == 250, "its neighbour"
    world.report(HOUSE, "a.test", at=said_at - 120)
    world.report(HOUSE, "b.test", at=said_at - 60)
    world.report(HOUSE, "c.test", at=said_at)

    # A list that only scores does not refuse alone.
    world.report(LOGGER, "h1.test", "h2.test", kind="honeypot")
    assert world.answer(LOGGER, "logins.lists.example").records[0][2] == bytes([127, 0, 0, 4])
    assert world.bring(LOGGER, "scored@inside.c.test")[0] == 250
    mail = world.sink.wait_for("scored@inside.c.test")[0]
    assert mail.header("X-Leumund-Screen") == "score=1/3 "\
        f"client={LOGGER} logins.lists.example=127.0.0.4*1"

    # A shared pool with little spam for its mail is not listed; who sends spam alone is.
    world.leumundd.events([
        {"type": "submission", "at": time.time(), "id": f"m{n}", "client": POOL,
         "envelope_sender": f"u{n}@pool.test", "recipients": ["a@inside.c.test"]}
        for n in range(1500)])
    for client in (POOL, BOT):
        world.report(client, "a.test", "b.test", "c.test")
    assert not world.is_listed(POOL) and world.is_listed(BOT)
    assert world.bring(POOL)[0] == 250 and world.bring(BOT)[0] == 554

    # One who reports again and again lists nobody.
    for _ in range(3):
        world.report(VICTIM, *["evil.test"] * 100)
    assert not world.is_listed(VICTIM) and world.bring(VICTIM)[0] == 250

    # 12 hours after the last of two reports, 24 after the last of more, at their second.
    assert world.why(SPAMMER)["until"] == said_at + 12 * 3600
    assert world.why(HOUSE)["until"] == said_at + 24 * 3600
    world.travel_before(said_at + 12 * 3600)
    world.ends_at(SPAMMER, said_at + 12 * 3600)
    assert world.is_listed(HOUSE), "three reports"
    assert world.bring(SPAMMER)[0] == 250, "its mail is taken again"
    world.travel_before(said_at + 24 * 3600)
    world.ends_at(HOUSE, said_at + 24 * 3600)
