"""A real Postfix with several egresses, receivers that refuse some of them, leumundd between."""
import time
from collections import Counter
from typing import Optional, Sequence

from peers.ground import wait_until
from peers.leumundd import built
from peers.name_server import NameServer
from peers.swaks import swaks

CONFIG = """\
log_sources = ["file:{mail_log}"]
egresses = [{usual}"egress2 address={egress2} syslog_name=postfix/egress2",
            "egress3 address={egress3}"]
[policy]
listen = ["inet:127.0.0.1:{{policy_port}}"]
[dns]
forwarders = ["{resolver}"]
stub_zones = [{stubs}]
[postfix]
config_dirs = ["{etc}"]
queue_helper = "{helper}"
{milter}
[detour]
mode = "{mode}"
ways = ["default", "egress2"]
pools = [{pools}]
socketmap = "{socketmap}"
cap = {cap}
warm_up = [{warm_up}]
probe_first = "5s"
probe_most = "10s"
[notices]
admin = "admin@ops.test"
from = "leumund@c.test"
smtp = "inet:127.0.0.1:{notices}"
{more}
"""

MILTER = """[milter]
listen = ["inet:127.0.0.1:{milter_port}"]"""

# The usual egress as others see it. In no network for documents: by those it is found out whether
# a list lists the world.
ADDRESS = "198.18.7.25"
# As the provider says it of the address that is meant.
REFUSED = (f"550 5.7.1 Unfortunately, messages from [{ADDRESS}] weren't sent. Please contact your "
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
USERS = {f"{name}{n}@c.test": "secret" for n in range(12) for name in ("u", "t", "f")}


class World:
    zones = ZONES
    users = USERS

    def __init__(self, peers, mode: str = "enforce", cap: int = 500, socketmap: str = "",
                 pools: Sequence[str] = (), milter: bool = False, **main: str) -> None:
        self.sink = peers.smtp_sink()
        self.mailbox = peers.smtp_sink()
        names = peers.name_server(self.zones, address=peers.ground.addresses.free())
        auth = peers.dovecot_auth(self.users)
        self.postfix = peers.postfix(
            sasl_path=auth.sasl_path, name_server=names.address,
            main={"smtp_dns_support_level": "enabled", "smtp_host_lookup": "dns",
                  "smtp_tcp_port": str(self.sink.port), "smtp_connection_cache_on_demand": "no",
                  "smtp_destination_concurrency_failed_cohort_limit": "100", **main})
        self.postfix.mail_log.touch()
        # A third egress, which only `leumund connect` makes.
        self.egress3_address = peers.ground.addresses.free()
        self.config = dict(
            mail_log=self.postfix.mail_log, egress2=self.postfix.egress2_address,
            egress3=self.egress3_address, pools=", ".join(f'"{pool}"' for pool in pools),
            resolver=f"{names.address}@53", usual="", warm_up="", more="",
            stubs=", ".join(f'"{names.stub(zone)}"' for zone in self.zones),
            etc=self.postfix.etc, helper=built("leumund-queue"), notices=self.mailbox.port,
            mode=mode, cap=cap, socketmap=socketmap, milter=MILTER if milter else "")
        self.config.update(self.surroundings(peers, names))
        self.leumundd = peers.leumundd(CONFIG.format(**self.config))
        with self.postfix.reloaded():
            done = self.leumundd.leumund("connect", "postfix", "--config",
                                         str(self.leumundd.config_path))
            assert done.returncode == 0, done.stdout + done.stderr
        self.serial = 0
        self.sent: dict[str, str] = {}  # subject -> recipient

    def surroundings(self, peers, names: NameServer) -> dict[str, str]:
        """What a story's configuration has otherwise."""
        return {}

    def refuse(self, address: str, reply: str = REFUSED) -> None:
        for domain in OURS:
            self.sink.refusals[(address, domain)] = reply

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

    def send(self, domain: str, count: int = 1, name: str = "u", subject: str = "mail",
             **options) -> None:
        """Mail of people: each writes little."""
        for _ in range(count):
            self.serial += 1
            user, title = f"{name}{self.serial % 10}@c.test", f"{subject} {self.serial}"
            recipient = f"r{self.serial}@{domain}"
            sent = swaks(self.postfix.submission_port, recipient, user=user, subject=title,
                         **options)
            assert sent, sent.transcript
            self.sent[title] = recipient

    def cell(self, egress: str) -> str:
        cells = self.leumundd.leumund_json("block-matrix")["cells"]
        return next((cell["state"] for cell in cells
                     if (cell["egress"], cell["provider"]) == (egress, PROVIDER)), "")

    def detour(self, pool: Optional[str] = None) -> dict:
        found = self.leumundd.get("/v1/detours")["detours"]
        return next((one for one in found if (one["provider"], one["pool"]) == (PROVIDER, pool)),
                    {"phase": "none"})

    def wait_for_phase(self, phase: str, seconds: float = 90) -> dict:
        wait_until(lambda: self.detour()["phase"] == phase, f"phase {phase}: {self.detour()}",
                   seconds, 0.3)
        return self.detour()

    @staticmethod
    def let_postfix_look() -> None:
        """The table may be a second or two behind the daemon's word, and Postfix looks whether it
        is a new one every ten."""
        time.sleep(16)

    def wait_for_an_empty_queue(self) -> None:
        """Postfix takes a mail out of its queue a moment after the receiver has it."""
        wait_until(lambda: self.postfix.queue() == [], f"an empty queue: {self.postfix.queue()}")

    @staticmethod
    def wait_for_a_new_incident() -> None:
        """The block matrix takes what comes within ten seconds of the clock as one."""
        slot = 10
        time.sleep(slot - time.time() % slot + 0.2)

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
        copies = Counter((mail.header("Subject"), *mail.recipients) for mail in self.sink.mails)
        assert all(count == 1 for count in copies.values()), copies
        assert "status=bounced" not in self.postfix.log(), self.postfix.log()
        assert not any("sender non-delivery" in line for line in self.postfix.log_lines())

    def ways(self, domain: str) -> set[str]:
        """The egresses by which mail to the domain has arrived."""
        return {mail.client for mail in self.sink.mails
                if mail.recipients[0].endswith("@" + domain)}
