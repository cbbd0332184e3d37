"""The world of the detour's stories, with a foreign DNS list in it: rbldnsd serves it, unbound
stands between it and leumundd, and the usual egress has a public address that it can list."""
import random
import time

from component.detour.world import ADDRESS, OTHER, PROVIDER, USERS, ZONES, World
from component.hundredfold.story import CRACKED, habits
from peers.dns_lists import Rbldnsd, Unbound
from peers.ground import wait_until
from peers.name_server import NameServer
from peers.swaks import Sent, swaks

LIST, LIST_ZONE = "spamhaus-zen", "zen.spamhaus.org"
LIST_PARTY, PROVIDER_PARTY = f"list:{LIST}", f"provider:{PROVIDER}"
ENTRIES = [":127.0.0.4:https://www.spamhaus.org/query/ip/$", "127.0.0.2"]
# Names both the list and our address, as the provider says it.
REFUSED = (f"550 5.7.1 Service unavailable, Client host [{ADDRESS}] blocked using Spamhaus. To "
           f"request removal from this list see https://www.spamhaus.org/query/ip/{ADDRESS} "
           "(AS3130)")
VICTIMS = "victims.example"

MORE = """\
[watch]
lists = [{lists}]
addresses = ["{address}"]
interval = "4s"
queries_per_second = 0
list_queries_per_day = 0
[cases]
close_after = "30s"
"""


class ListedWorld(World):
    zones = {**ZONES, VICTIMS: "@ IN MX 10 mx\nmx IN A 127.0.0.1"}
    users = {**USERS, CRACKED: "secret"}
    foreign = {LIST: LIST_ZONE}  # the lists that are asked, all with the same entries

    def surroundings(self, peers, names: NameServer) -> dict[str, str]:
        self.lists = peers._keep("rbldnsd", Rbldnsd(
            peers.ground, {zone: ("ip4set", ENTRIES) for zone in self.foreign.values()}))
        self.stubs = {**{zone: f"{names.address}@53" for zone in self.zones},
                      **dict.fromkeys(self.foreign.values(), self.lists.port)}
        more = MORE.format(address=ADDRESS,
                           lists=", ".join(f'"{name}"' for name in self.foreign))
        return {"resolver": f"127.0.0.1@{self.resolver_port(peers)}", "stubs": "", "more": more,
                "usual": f'"default address={ADDRESS} helo=mail.c.test", '}

    def resolver_port(self, peers) -> int:
        """Of the resolver that leumundd asks; Postfix asks the name server itself."""
        return peers._keep("unbound", Unbound(peers.ground, self.stubs, {})).port

    # The foreign list.

    def put(self, *lines: str, name: str = LIST) -> None:
        self.lists.write(self.foreign[name], [*ENTRIES, *lines])

    def list_state(self, name: str = LIST) -> str:
        return next(one["state"] for one in self.leumundd.leumund_json("lists")["lists"]
                    if one["list"] == name)

    def listings(self) -> list[dict]:
        return self.leumundd.leumund_json("lists")["listings"]

    def wait_for_list_state(self, state: str, name: str = LIST) -> None:
        wait_until(lambda: self.list_state(name) == state, f"{name} to be {state}", 120, 0.3)

    # Senders.

    def live_weeks(self, account: str = CRACKED) -> None:
        """What the account did in the weeks before: a few mails a day to the same people."""
        self.leumundd.events(habits(account, time.time()))

    def burst(self, count: int, domain: str, first: int = 0) -> list[Sent]:
        """The cracked account writes to strangers, from another network each time."""
        chooser = random.Random(first)
        return [swaks(self.postfix.submission_port, f"stranger{n}@{domain}", user=CRACKED,
                      client=f"{chooser.choice([45, 103, 177, 186])}.{n + 1}.7.9",
                      subject=f"Your parcel {n}", body="Click http://bad.test/x")
                for n in range(first, first + count)]

    def about(self, account: str) -> dict:
        return self.leumundd.get(f"/v1/explain?subject={account}")

    def held(self) -> set[str]:
        """Queue ids on hold."""
        return {entry["queue_id"] for entry in self.postfix.queued("hold")}

    # What became of it.

    def table(self) -> str:
        return (self.leumundd.state / "tables" / "detours.txt").read_text()

    def decisions(self, kind: str) -> list[dict]:
        return [one for one in self.leumundd.get("/v1/events?limit=1000")["decisions"]
                if one["decision"] == kind]

    def cases(self) -> list[dict]:
        return self.leumundd.leumund_json("cases", "--all")["cases"]

    def refused_cell(self) -> dict:
        return next(cell for cell in self.leumundd.leumund_json("block-matrix")["cells"]
                    if (cell["egress"], cell["provider"]) == ("default", PROVIDER))

    def wait_for_return(self, seconds: float = 200) -> None:
        """People go on writing; their mails are the probes."""
        def returned() -> bool:
            self.send_unless_put_off("hotmail.com")
            time.sleep(1.5)
            return self.detour()["phase"] == "none"

        wait_until(returned, "the return", seconds, 0.5)


__all__ = ["ADDRESS", "CRACKED", "LIST", "LIST_PARTY", "OTHER", "PROVIDER", "PROVIDER_PARTY",
           "REFUSED", "VICTIMS", "ListedWorld"]
