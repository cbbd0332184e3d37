"""While mail takes a detour, a list says yes to everything, and the resolver behind our own
refuses, is silent and lies: no mail changes its way for what the DNS does not say, no listing is
believed, and what a lie has moved comes back with the truth."""
from component.listed.world import (LIST, OTHER, PROVIDER, PROVIDER_PARTY, ListedWorld)
from peers.dns_lists import Unbound
from peers.ground import wait_until

WORLD_LIST = "psbl"
# Each is written to for the first time in its own part of the story.
FRESH = ("refused.example", "silent.example", "lied.example", "moved.example")
OWN_HOST = "@ IN MX 10 mx\nmx IN A 127.0.0.1"
SHORT_MEMORY = ["cache-max-ttl: 1", "cache-max-negative-ttl: 1", "infra-host-ttl: 1"]
LIE = "203.0.113.9"


class TurningWorld(ListedWorld):
    zones = {**ListedWorld.zones, **dict.fromkeys(FRESH, OWN_HOST)}
    foreign = {**ListedWorld.foreign, WORLD_LIST: "psbl.surriel.com"}

    def resolver_port(self, peers) -> int:
        """The resolver that leumundd asks, in front of the one that turns bad."""
        self.behind = peers._keep("behind", Unbound(peers.ground, self.stubs, {}))
        return peers._keep("front", Unbound(
            peers.ground, {}, {}, upstream=f"127.0.0.1@{self.behind.port}",
            says=SHORT_MEMORY)).port

    def check_ways(self, fresh: str) -> None:
        """All mail leaves as it did, also to a domain that nobody has asked for yet."""
        before = len(self.sink.mails)
        for domain in ("hotmail.com", "club.example", OTHER, fresh):
            self.send(domain, 2)
        self.check_nothing_lost()
        ways: dict[str, set] = {}
        for mail in self.sink.mails[before:]:
            ways.setdefault(mail.recipients[0].rpartition("@")[2], set()).add(mail.client)
        first, second = {self.postfix.egress_address}, {self.postfix.egress2_address}
        assert ways == {"hotmail.com": second, "club.example": second, OTHER: first,
                        fresh: first}, ways

    def check_nobody_is_believed(self) -> None:
        assert self.listings() == [] and self.decisions("listed") == []
        [case] = self.cases()
        assert [one["party"] for one in case["parties"]] == [PROVIDER_PARTY], case

    def check_fault(self, number: int, reason: str, name: str = LIST) -> None:
        """Shown in the list's state first, then told."""
        wait_until(lambda: len(self.faults(name)) == number, f"fault {number} of {name}")
        assert reason in self.faults(name)[-1], self.faults(name)

    def faults(self, name: str) -> list[str]:
        return [one["list_fault"]["reason"] for one in self.decisions("list_fault")
                if one["list_fault"]["list"] == name]


def test_no_mail_moves_and_no_listing_is_believed_for_a_resolver_or_list_gone_wrong(peers):
    world = TurningWorld(peers)
    for name in (LIST, WORLD_LIST):
        world.wait_for_list_state("well", name)
    world.send(OTHER, 1)
    world.block_first_egress()
    world.wait_for_phase("open")
    world.check_nothing_lost()
    wait_until(world.cases, "the case", 60, 0.5)
    table = world.table()
    assert "club.example egress2:" in table and "firma" not in table, table

    # A list says yes to everything.
    world.put("0.0.0.0/1", "128.0.0.0/1", name=WORLD_LIST)
    world.wait_for_list_state("faulty", WORLD_LIST)
    world.check_fault(1, "lists the world", WORLD_LIST)
    wait_until(lambda: any("cannot be believed" in mail.header("Subject") and
                           "lists the world" in mail.text.replace("=\n", "")
                           for mail in world.mailbox.mails_to("admin@ops.test")), "the alarm", 60)
    assert world.list_state() == "well"
    world.check_nobody_is_believed()
    assert world.detour()["phase"] == "open" and world.table() == table

    # It refuses, and it is silent.
    for number, (fresh, turned) in enumerate((("refused.example", "always_refuse"),
                                              ("silent.example", "always_deny")), 1):
        world.behind.turn({}, [f'local-zone: "." {turned}'])
        world.wait_for_list_state("faulty")
        world.check_fault(number, "does not answer")
        world.check_ways(fresh)
        assert world.table() == table
        world.check_nobody_is_believed()
        world.behind.turn({})
        world.wait_for_list_state("well")

    # It lies: one address for every name, and a false MX at the provider that refuses us.
    world.behind.turn({"": LIE, "moved.example": LIE}, [
        'local-data: "moved.example. 1 IN MX 10 moved-example.olc.protection.outlook.com."'])
    world.wait_for_list_state("faulty")
    world.check_fault(3, LIE)
    world.check_ways("lied.example")
    world.send("moved.example", 1)
    wait_until(lambda: world.table() != table, "what the DNS says now", 60, 0.3)
    moved = sorted(set(world.table().splitlines()) - set(table.splitlines()))
    assert moved == ["moved.example egress2:"], moved
    assert set(table.splitlines()) <= set(world.table().splitlines())
    world.send("moved.example", 1)
    world.check_nothing_lost()
    world.check_nobody_is_believed()

    # With the truth it comes back, and is not taken along the next time either.
    world.behind.turn({})
    world.sink.refusals.clear()
    world.wait_for_return()
    wait_until(lambda: world.table() == "", "an empty table", step=0.1)
    wait_until(lambda: way_of(world, "moved.example") == world.postfix.egress_address,
               "the usual way", 60, 1)
    done = world.leumundd.leumund("detour", PROVIDER, "--via", "egress2")
    assert done.returncode == 0, done.stdout + done.stderr
    wait_until(lambda: "hotmail.com egress2:" in world.table(), "the next detour", 60, 0.3)
    assert "moved.example" not in world.table(), world.table()
    assert "club.example egress2:" in world.table(), world.table()
    world.check_nothing_lost()
    assert "problem talking to server" not in "\n".join(world.postfix.log_lines())


def way_of(world: TurningWorld, domain: str) -> str:
    world.send(domain, 1)
    subject = f"mail {world.serial}"
    return wait_until(lambda: next((mail.client for mail in world.sink.mails
                                    if mail.header("Subject") == subject), ""),
                      f"a mail to {domain}", 60, 0.1)
