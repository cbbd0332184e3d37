"""One egress of a real Postfix is refused by one provider: mail for exactly its domains leaves by
the second, capped, once the cause is stopped; probes find out when the first is taken again. No
mail bounces, none arrives twice, whatever becomes of the daemon or of the second egress."""
import itertools
import os
import time
from collections import Counter

from peers.ground import wait_until
from peers.leumundd import built
from peers.swaks import swaks

CONFIG = """\
log_sources = ["file:{mail_log}"]
egresses = ["egress2 address={egress2} syslog_name=postfix/egress2"]
[policy]
listen = ["inet:127.0.0.1:{{policy_port}}"]
[dns]
forwarders = ["{dns}@53"]
stub_zones = [{stubs}]
[postfix]
config_dirs = ["{etc}"]
queue_helper = "{helper}"
[detour]
mode = "{mode}"
socketmap = "{socketmap}"
cap = {cap}
warm_up = []
probe_first = "5s"
probe_most = "10s"
[notices]
admin = "admin@ops.test"
from = "leumund@c.test"
smtp = "inet:127.0.0.1:{notices}"
"""

# As the provider says it of the address that is meant.
REFUSED = ("550 5.7.1 Unfortunately, messages from [192.0.2.25] weren't sent. Please contact your "
           "Internet service provider since part of their network is on our block list (S3140). "
           "You can also refer your provider to "
           "http://mail.live.com/mail/troubleshooting.aspx#errors.")
PROVIDER = "microsoft-consumer"
# The registry knows hotmail.com; that club.example is served there too only the DNS tells.
OURS = ("hotmail.com", "club.example")
OTHER = "firma.example"  # Microsoft 365 is another provider
ZONES = {
    "hotmail.com": "@ IN MX 10 hotmail-com.olc.protection.outlook.com.",
    "club.example": "@ IN MX 10 club-example.olc.protection.outlook.com.",
    "firma.example": "@ IN MX 10 firma-example.mail.protection.outlook.com.",
    "outlook.com": "hotmail-com.olc.protection IN A 127.0.0.1\n"
                   "club-example.olc.protection IN A 127.0.0.1\n"
                   "firma-example.mail.protection IN A 127.0.0.1",
}
_name_addresses = (f"127.53.{os.getpid() % 250}.{n}" for n in itertools.count(1))
USERS = {f"u{n}@c.test": "secret" for n in range(12)}


class World:
    def __init__(self, peers, mode: str = "enforce", cap: int = 500,
                 socketmap: str = "") -> None:
        self.sink = peers.smtp_sink()
        self.mailbox = peers.smtp_sink()
        names = peers.name_server(ZONES, address=next(_name_addresses))
        auth = peers.dovecot_auth(USERS)
        self.postfix = peers.postfix(
            sasl_path=auth.sasl_path, name_server=names.address,
            main={"smtp_dns_support_level": "enabled", "smtp_host_lookup": "dns",
                  "smtp_tcp_port": str(self.sink.port), "smtp_connection_cache_on_demand": "no",
                  "smtp_destination_concurrency_failed_cohort_limit": "100"})
        self.postfix.mail_log.touch()
        self.config = dict(
            mail_log=self.postfix.mail_log, egress2=self.postfix.egress2_address,
            dns=names.address, stubs=", ".join(f'"{names.stub(zone)}"' for zone in ZONES),
            etc=self.postfix.etc, helper=built("leumund-queue"), notices=self.mailbox.port,
            mode=mode, cap=cap, socketmap=socketmap)
        self.leumundd = peers.leumundd(CONFIG.format(**self.config))
        with self.postfix.reloaded():
            done = self.leumundd.leumund("connect", "postfix", "--config",
                                         str(self.leumundd.config_path))
            assert done.returncode == 0, done.stdout + done.stderr
        self.serial = 0
        self.sent: dict[str, str] = {}  # subject -> recipient

    def refuse(self, address: str) -> None:
        for domain in OURS:
            self.sink.refusals[(address, domain)] = REFUSED

    def set_config(self, **changes) -> None:
        self.config.update(changes)
        self.leumundd.write_config(CONFIG.format(**self.config))
        done = self.leumundd.leumund("config", "reload")
        assert done.returncode == 0, done.stdout + done.stderr

    def send_unless_put_off(self, domain: str) -> bool:
        """Whether it was taken; "450, waits for a way" is the only other answer that passes."""
        self.serial += 1
        subject, recipient = f"mail {self.serial}", f"r{self.serial}@{domain}"
        sent = swaks(self.postfix.submission_port, recipient, user=f"u{self.serial % 10}@c.test",
                     subject=subject)
        assert sent or "450 4.7.1" in sent.refusal and "waits for a way" in sent.refusal, sent
        if sent:
            self.sent[subject] = recipient
        return bool(sent)

    def send(self, domain: str, count: int = 1) -> None:
        """Mail of people: each writes little."""
        for _ in range(count):
            self.serial += 1
            user, subject = f"u{self.serial % 10}@c.test", f"mail {self.serial}"
            recipient = f"r{self.serial}@{domain}"
            sent = swaks(self.postfix.submission_port, recipient, user=user, subject=subject)
            assert sent, sent.transcript
            self.sent[subject] = recipient

    def cell(self, egress: str) -> str:
        cells = self.leumundd.leumund_json("block-matrix")["cells"]
        return next((cell["state"] for cell in cells
                     if (cell["egress"], cell["provider"]) == (egress, PROVIDER)), "")

    def detour(self) -> dict:
        found = self.leumundd.get("/v1/detours")["detours"]
        return next((one for one in found if one["provider"] == PROVIDER), {"phase": "none"})

    def wait_for_phase(self, phase: str, seconds: float = 90) -> dict:
        wait_until(lambda: self.detour()["phase"] == phase, f"phase {phase}: {self.detour()}",
                   seconds, 0.3)
        return self.detour()

    def block_first_egress(self) -> None:
        """Two lots, since what comes within ten seconds is one incident."""
        self.refuse(self.postfix.egress_address)
        self.send("hotmail.com", 4)
        time.sleep(11)
        self.send("hotmail.com", 3)
        self.send("club.example", 1)
        wait_until(lambda: self.cell("default") == "refused", "the first egress to be refused", 90,
                   0.5)

    def arrived(self) -> Counter:
        return Counter(mail.header("Subject") for mail in self.sink.mails)

    def check_put_off(self) -> None:
        """While no way is free, smtpd asks the client to come again, and takes other mail."""
        refused = swaks(self.postfix.submission_port, "x@club.example", user="u10@c.test")
        assert refused.refusal.startswith("450 4.7.1") and "waits" in refused.refusal, refused
        self.send(OTHER, 1)

    def all_arrived(self) -> bool:
        return set(self.sent) <= set(self.arrived())

    def check_nothing_lost(self, seconds: float = 150) -> None:
        wait_until(self.all_arrived, f"all mail: {set(self.sent) - set(self.arrived())}", seconds,
                   0.5)
        assert all(count == 1 for count in self.arrived().values()), self.arrived()
        assert "status=bounced" not in self.postfix.log(), self.postfix.log()
        assert not any("sender non-delivery" in line for line in self.postfix.log_lines())

    def ways(self, domain: str) -> set[str]:
        """The egresses by which mail to the domain has arrived."""
        return {mail.client for mail in self.sink.mails
                if mail.recipients[0].endswith("@" + domain)}


def test_detour_opens_is_capped_probes_and_returns(peers):
    world = World(peers, cap=6)
    first, second = world.postfix.egress_address, world.postfix.egress2_address
    world.send(OTHER, 1)
    world.block_first_egress()

    # Discovery opens it by itself, since nobody is suspected; the deferred mail leaves at once, and
    # no more than the cap.
    opened = wait_until(lambda: world.detour()["phase"] in ("open", "capped") and world.detour(),
                        "the detour", 60, 0.3)
    assert opened["home"] == "default" and opened["via"] == "egress2", opened
    capped = world.wait_for_phase("capped")
    assert 6 <= capped["delivered"] <= 8, capped  # what left before Postfix saw the table
    time.sleep(13)  # it has
    world.check_put_off()
    told = world.leumundd.leumund("detour")
    assert "egress2" in told.stdout and told.returncode == 0, told.stdout
    why = world.leumundd.leumund("--lang", "de", "explain", f"provider:{PROVIDER}")
    assert "Umweg" in why.stdout or "üblicher Weg" in why.stdout, why.stdout
    world.set_config(cap=400)
    world.wait_for_phase("open")
    world.check_nothing_lost()
    assert world.ways("hotmail.com") == world.ways("club.example") == {second}

    # Other providers' mail never left the usual way, and programs are told the same.
    world.send(OTHER, 2)
    world.check_nothing_lost()
    assert world.ways(OTHER) == {first}
    route = world.leumundd.get("/v1/route?recipient=x@club.example")
    assert route["target"] == "egress2:" and route["provider"] == PROVIDER, route
    assert world.leumundd.get("/v1/route?recipient=x@firma.example")["target"] == ""
    plain = (world.leumundd.state / "tables" / "detours.txt").read_text()
    assert "club.example egress2:" in plain and "firma" not in plain, plain

    # Who is suspended takes no way at all.
    assert world.leumundd.leumund("suspend", "u11@c.test", "--reason", "test").returncode == 0
    assert not swaks(world.postfix.submission_port, "x@hotmail.com", user="u11@c.test")

    # A probe that is refused is not lost: it arrives by the detour.
    def probed(what: str) -> bool:
        # Postfix goes by the table of the cap for up to ten seconds more and puts people off.
        if not world.send_unless_put_off("hotmail.com"):
            return False
        time.sleep(1)
        return world.detour().get(what, 0) > 0

    wait_until(lambda: probed("probes_refused"), "a refused probe", 60, 0.5)
    world.check_nothing_lost()
    assert first not in world.ways("hotmail.com")

    # The provider takes the first egress again: accepted probes bring the mail back.
    world.sink.refusals.clear()

    def returned() -> bool:
        world.send("hotmail.com", 1)
        time.sleep(1.5)
        return world.detour()["phase"] == "none"

    wait_until(returned, "the return", 150, 0.5)
    assert world.cell("default") == "open"
    time.sleep(12)
    before = len(world.sink.mails)
    world.send("hotmail.com", 2)
    world.check_nothing_lost()
    assert {mail.client for mail in world.sink.mails[before:]} == {first}
    kinds = [one["detour"]["phase"] for one in world.leumundd.get("/v1/events")["decisions"]
             if one["decision"] == "detour"]
    assert kinds[0] == "open" and "capped" in kinds and kinds[-1] == "none", kinds
    subjects = [mail.header("Subject") for mail in world.mailbox.mails]
    assert any("leaves by egress2" in subject for subject in subjects), subjects


def test_nothing_changes_while_the_daemon_is_dead_or_frozen_and_the_second_egress_fails(peers):
    world = World(peers)
    second = world.postfix.egress2_address
    world.block_first_egress()
    world.wait_for_phase("open")
    world.check_nothing_lost()
    time.sleep(2)
    world.leumundd.kill()
    world.send("hotmail.com", 2)
    world.check_nothing_lost()
    world.leumundd.start()
    assert world.detour()["phase"] == "open", world.detour()
    world.leumundd.freeze()
    world.send("club.example", 2)
    world.check_nothing_lost()
    world.leumundd.thaw()
    assert world.ways("hotmail.com") == world.ways("club.example") == {second}

    # Everything refused: mail waits, nothing bounces.
    world.refuse(second)
    world.send("hotmail.com", 2)
    world.wait_for_phase("deferred")
    time.sleep(12)
    world.check_put_off()
    wait_until(lambda: len(world.postfix.queued("deferred")) >= 2, "two mails that wait", 60, 0.5)
    assert "status=bounced" not in world.postfix.log()
    wait_until(lambda: any("waits for a way" in recipient.get("delay_reason", "")
                           for entry in world.postfix.queue()
                           for recipient in entry["recipients"]), "the reason of the delay", 60)
    world.sink.refusals.clear()
    done = world.leumundd.leumund("detour", PROVIDER, "--via", "egress2")
    assert done.returncode == 0, done.stdout + done.stderr
    world.check_nothing_lost()


def burst(world: World) -> None:
    """A cracked account: many strangers, from many networks, most of them not there."""
    now = time.time()
    events = []
    for n in range(150):
        recipient = f"v{n}@d{n}.example"
        events.append({"type": "submission", "at": now - 90 + n * 0.2, "id": f"b{n}",
                       "account": "bad@c.test", "client": f"198.51.{n % 40}.77",
                       "envelope_sender": "bad@c.test", "recipients": [recipient]})
        events.append({"type": "delivery", "at": now - 89.9 + n * 0.2, "id": f"b{n}",
                       "recipient": recipient, "remote": f"mx.d{n}.example[203.0.113.9]",
                       "status": "bounced", "stage": "rcpt",
                       "reply": "550 5.1.1 User unknown"})
    world.leumundd.events(events)
    about = world.leumundd.get("/v1/explain?subject=bad@c.test")
    assert about["score"] >= about["threshold"], about


def test_it_waits_until_the_cause_is_stopped(peers):
    world = World(peers)
    burst(world)
    world.block_first_egress()
    waiting = world.wait_for_phase("waiting")
    assert "bad@c.test" in waiting["reason"], waiting
    assert (world.leumundd.state / "tables" / "detours.txt").read_text() == ""
    assert world.leumundd.leumund("suspend", "bad@c.test", "--reason", "cracked").returncode == 0
    world.wait_for_phase("open")
    world.check_nothing_lost()


def test_observe_mode_writes_a_plan_and_changes_nothing(peers):
    world = World(peers, mode="observe")
    world.block_first_egress()
    detour = world.wait_for_phase("open")
    assert detour["planned"] is True and detour["via"] == "egress2", detour
    assert (world.leumundd.state / "tables" / "detours.txt").read_text() == ""
    kinds = [one["decision"] for one in world.leumundd.get("/v1/events")["decisions"]]
    assert "would_detour" in kinds and "detour" not in kinds, kinds
    assert world.leumundd.get("/v1/route?recipient=x@hotmail.com")["target"] == ""


def test_postfix_asks_by_socketmap_where_that_is_chosen(peers):
    port = peers.ground.ports.free()
    world = World(peers, socketmap=f"inet:127.0.0.1:{port}")
    table = f"socketmap:inet:127.0.0.1:{port}:detours"

    def asked(key: str) -> str:
        return world.postfix.command("postmap", "-q", key, table).stdout.strip()

    assert table in world.postfix.command("postconf", "-h", "transport_maps").stdout
    assert asked("hotmail.com") == ""
    done = world.leumundd.leumund("detour", PROVIDER, "--via", "egress2")
    assert done.returncode == 0, done.stdout + done.stderr
    wait_until(lambda: asked("hotmail.com") == "egress2:", "the detour")
    assert asked("x@hotmail.com") == "egress2:" and asked("x@firma.example") == ""
    world.send("hotmail.com", 1)
    world.check_nothing_lost()
    assert world.ways("hotmail.com") == {world.postfix.egress2_address}
    _, metrics = world.leumundd.request("GET", "/metrics")
    assert 'leumund_socketmap_answers_total{answer="found"}' in metrics

    # A dead socketmap puts mail off, which is why it is no default; nothing bounces.
    world.leumundd.kill()
    put_off = swaks(world.postfix.submission_port, "x@hotmail.com", user="u1@c.test")
    assert not put_off and "451 4.3.0" in put_off.refusal, put_off
    assert "status=bounced" not in world.postfix.log()
