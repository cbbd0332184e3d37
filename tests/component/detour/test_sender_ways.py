"""Senders with ways of their own: a tenant's mail and forwards leave by their pools, everything
else as before; a provider's detour wins; a pool's own detour moves its mail and nobody else's."""
import time

from component.detour.world import OTHER, PROVIDER, World
from peers.ground import wait_until

POOLS = ("tenant ways=egress2,egress3 senders=@tenant.test,chief@other.test",
         "forwards ways=egress3 senders=@srs.c.test")
TENANT, CHIEF, CLERK = "anna+news@Tenant.Test", "chief@other.test", "clerk@other.test"
FORWARD = "SRS0=q7Zx=5W=elsewhere.example=bob@srs.c.test"
TABLE = "sender_dependent_default_transport_maps"


class Senders(World):
    def __init__(self, peers, **options) -> None:
        super().__init__(peers, pools=POOLS, **options)
        self.first = self.postfix.egress_address
        self.second = self.postfix.egress2_address
        self.third = self.egress3_address

    def looked_up(self, key: str) -> str:
        table = self.postfix.command("postconf", "-h", TABLE).stdout.strip()
        return self.postfix.command("postmap", "-q", key, table).stdout.strip()

    def way_of(self, sender: str, domain: str = OTHER) -> str:
        """The egress by which a mail of the sender leaves now."""
        name = "f" if sender == FORWARD else "u" if sender == CLERK else "t"
        self.send(domain, 1, name=name, sender=sender)
        subject = f"mail {self.serial}"
        return wait_until(lambda: next((mail.client for mail in self.sink.mails
                                        if mail.header("Subject") == subject), ""),
                          f"the mail of {sender}", 120, 0.1)

    def wait_for_way(self, sender: str, address: str, domain: str = OTHER) -> None:
        """Postfix looks at a replaced table within ten seconds."""
        wait_until(lambda: self.way_of(sender, domain) == address, f"{sender} by {address}", 120,
                   1)

    def route(self, recipient: str, sender: str) -> tuple:
        found = self.leumundd.get(f"/v1/route?recipient={recipient}&sender={sender}")
        return found["target"], found["pool"]

    def check_usual_ways(self) -> None:
        self.wait_for_way(TENANT, self.second)
        self.wait_for_way(FORWARD, self.third)
        self.wait_for_way(CHIEF, self.second)
        assert self.way_of(CLERK) == self.first, "others of the same domain"


def test_senders_leave_by_their_pools_and_a_providers_detour_wins(peers):
    world = Senders(peers, mode="observe")
    # In observe mode Postfix already asks, and nothing is there to be found.
    assert "sender_ways" in world.postfix.command("postconf", "-h", TABLE).stdout
    assert world.looked_up("@tenant.test") == ""
    assert world.way_of(TENANT) == world.way_of(FORWARD) == world.first
    assert world.route("x@firma.example", "anna@tenant.test") == ("", "tenant")

    world.set_config(mode="enforce")
    wait_until(lambda: world.looked_up("@tenant.test") == "egress2:", "the table", 60, 0.2)
    world.check_usual_ways()
    assert world.route("x@firma.example", "anna@tenant.test") == ("egress2:", "tenant")
    assert world.route("x@firma.example", CLERK) == ("", None)
    plain = (world.leumundd.state / "tables" / "sender_ways.txt").read_text()
    assert plain == ("@srs.c.test egress3:\n@tenant.test egress2:\nchief@other.test egress2:\n")

    # The recipient is asked for first: all mail for the provider takes its detour.
    done = world.leumundd.leumund("detour", PROVIDER, "--via", "egress2")
    assert done.returncode == 0, done.stdout + done.stderr
    world.wait_for_way(FORWARD, world.second, "hotmail.com")
    # That it is served there too a delivery tells first.
    world.wait_for_way(CLERK, world.second, "club.example")
    assert world.way_of(FORWARD) == world.third, "to others it leaves as before"
    assert world.route("x@hotmail.com", FORWARD.replace("+", "%2B"))[0] == "egress2:"
    world.check_usual_ways()
    assert world.leumundd.leumund("detour", PROVIDER, "--end").returncode == 0
    world.wait_for_way(FORWARD, world.third, "hotmail.com")
    world.wait_for_way(CLERK, world.first, "hotmail.com")

    # With the daemon dead the table stays.
    world.leumundd.kill()
    world.check_usual_ways()
    world.check_nothing_lost()


def test_a_pool_that_a_provider_refuses_takes_its_next_way_alone(peers):
    world = Senders(peers)
    world.wait_for_way(TENANT, world.second)
    world.refuse(world.second)
    world.send("hotmail.com", 4, name="t", sender=TENANT)
    time.sleep(11)  # what comes within ten seconds is one incident
    world.send("hotmail.com", 4, name="t", sender=TENANT)
    wait_until(lambda: world.cell("egress2") == "refused", "the refusal of egress2", 90, 0.5)
    wait_until(lambda: world.detour("tenant")["phase"] == "open",
               f"the pool's detour: {world.detour('tenant')}", 90, 0.3)
    found = world.detour("tenant")
    assert (found["home"], found["via"]) == ("egress2", "egress3"), found
    assert world.detour()["phase"] == "none", "everybody else's way is not refused"
    world.check_nothing_lost()  # also what was deferred until then
    world.wait_for_way(TENANT, world.third)
    assert world.way_of(CLERK, "hotmail.com") == world.first
    told = world.leumundd.leumund("detour")
    assert f"{PROVIDER}, senders of tenant" in told.stdout, told.stdout
    notices = [mail.header("Subject") for mail in world.mailbox.mails]
    assert any("leaves by egress3" in subject for subject in notices), notices

    # Probes of its usual way bring it back.
    world.sink.refusals.clear()

    def returned() -> bool:
        world.send("hotmail.com", 1, name="t", sender=TENANT)
        time.sleep(1.5)
        return world.detour("tenant")["phase"] == "none"

    wait_until(returned, "the return", 200, 0.5)
    world.wait_for_way(TENANT, world.second, "hotmail.com")
    world.check_nothing_lost()
    assert {mail.client for mail in world.sink.mails
            if mail.envelope_sender == CLERK} == {world.first}
