"""Our own addresses on foreign lists: rbldnsd, with unbound between, and a daemon that is killed.
A listing shows within an interval and goes within one; a list that refuses, lists the world, hangs
or lies is an alarm about the list and never a listing."""
import sqlite3
import time
from contextlib import closing

import pytest

from peers.dns_lists import Rbldnsd, SilentDns, Unbound
from peers.flows import UDP, Flow, Nfcapd
from peers.ground import wait_until

INTERVAL = 8
OURS = "198.18.7.25"
GOOD = ":127.0.0.2:Listed, see https://lists.example/$"

CONFIG = """\
log_sources = []
egresses = ["out1 address=198.18.7.25 helo=mail.example.org"]
[dns]
forwarders = ["127.0.0.1@{dns_port}"]
[watch]
lists = [{lists}]
addresses = ["198.18.7.25", "2001:db8:1:2::25"]
networks = ["198.18.5.0/25", "2001:db8:5::/62"]
domains = ["example.org"]
counters_file = "{counters}"
flows_file = "{flows}"
interval = "{interval}s"
network_interval = "{interval}s"
queries_per_second = 0
list_queries_per_day = 0
[notices]
admin = "admin@ops.test"
from = "leumund@c.test"
smtp = "inet:127.0.0.1:{notice_port}"
language = "en"
"""

ADDRESSES = ("ip4set", [GOOD, "127.0.0.2"])
DATASETS = {
    "good.lists.example": ADDRESSES,
    "second.lists.example": ADDRESSES,
    "names.lists.example": ("dnset", [GOOD, "test"]),
    "refuses.lists.example": ("ip4set", [":127.255.255.254:open resolver", "0.0.0.0/1",
                                         "128.0.0.0/1"]),
    "world.lists.example": ADDRESSES,
    "empty.lists.example": ("ip4set", [GOOD]),
    "six.lists.example": ("combined", ["$DATASET ip4set:four @", GOOD, "127.0.0.2",
                                       "$DATASET ip6trie:six @", GOOD]),
}
FOREIGN = ["hangs.lists.example", "lies.lists.example"]


class Story:
    def __init__(self, peers) -> None:
        self.lists = peers._keep("rbldnsd", Rbldnsd(peers.ground, DATASETS))
        self.silent = peers._keep("silent", SilentDns(peers.ground))
        stubs = {zone: self.lists.port for zone in DATASETS}
        stubs["hangs.lists.example"] = self.silent.port
        self.unbound = peers._keep("unbound", Unbound(
            peers.ground, stubs, {"lies.lists.example": "203.0.113.9"}))
        self.mailbox = peers.smtp_sink()
        self.counters = counters = peers.ground.place("count") / "sent"
        counters.write_text("198.18.5.0/24 0 2026-11-01T00:00:00Z\n")
        words = ", ".join(f'"{zone}"' for zone in [*DATASETS, *FOREIGN])
        self.config = dict(dns_port=self.unbound.port, lists=words, interval=INTERVAL,
                           notice_port=self.mailbox.port, counters=counters, flows="")
        self.leumundd = peers.leumundd(CONFIG.format(**self.config))

    def set_config(self, **changes) -> None:
        self.config.update(changes)
        self.leumundd.write_config(CONFIG.format(**self.config))
        done = self.leumundd.leumund("config", "reload")
        assert done.returncode == 0, done.stdout + done.stderr

    def report(self) -> dict:
        return self.leumundd.leumund_json("lists")

    def listings(self) -> dict:
        return {(one["list"], one["place"]): one for one in self.report()["listings"]}

    def states(self) -> dict:
        return {one["list"]: one["state"] for one in self.report()["lists"]}

    def decisions(self, kind: str) -> list:
        status, body = 200, self.leumundd.get("/v1/events?limit=1000")
        assert status == 200
        return [one for one in body["decisions"] if one["decision"] == kind]

    def told(self, kind: str, count: int) -> list:
        """What is shown already is told, then written down, from where it is read here."""
        return wait_until(lambda: len(self.decisions(kind)) >= count and self.decisions(kind),
                          f"{count} times {kind}")

    def asked(self, zone: str) -> int:
        return next(one["asked"] for one in self.report()["lists"] if one["list"] == zone)

    def on_record(self, what: str) -> list:
        """What the watch has on disk: its faults (watch-fault), its listings (watch-listing)."""
        with closing(sqlite3.connect(f"file:{self.leumundd.state}/leumund.db?mode=ro",
                                     uri=True)) as store:
            return store.execute("SELECT subject FROM ledger WHERE subject LIKE ? AND state <> ''",
                                 [f"{what} %"]).fetchall()

    def wait_for_a_round(self, zone: str) -> None:
        """Until everything watched, the 128 addresses of the network too, was asked for anew."""
        before = self.asked(zone)
        wait_until(lambda: self.asked(zone) >= before + 140, "a whole round", 120)

    def put(self, zone: str, *lines: str) -> float:
        self.lists.write(zone, [*DATASETS[zone][1], *lines])
        return time.monotonic()


@pytest.fixture
def story(peers):
    return Story(peers)


def test_a_listing_shows_within_an_interval_outlives_a_kill_and_goes_within_one(story):
    wait_until(lambda: story.states()["good.lists.example"] == "well", "the list to be tested")
    began = story.put("good.lists.example", OURS)
    place = ("good.lists.example", OURS)
    wait_until(lambda: place in story.listings(), "the listing", 4 * INTERVAL)
    shown = time.monotonic() - began
    print(f"listing shown after {shown:.1f} s of an interval of {INTERVAL} s")
    listing = story.listings()[place]
    assert listing["egress"] == "out1" and listing["sends"]
    assert listing["codes"] == ["127.0.0.2"]
    assert listing["reason"] == f"Listed, see https://lists.example/{OURS}"
    told = story.told("listed", 1)
    assert [one["subject"] for one in told] == ["egress:out1"]
    wait_until(lambda: any("198.18.7.25 stands on the DNS list good.lists.example" in one.text
                           for one in story.mailbox.mails_to("admin@ops.test")), "the notice")

    wait_until(lambda: story.on_record("watch-listing"), "the listing on record")
    story.leumundd.kill()
    story.leumundd.start()
    assert story.listings()[place]["since"] == listing["since"], "kept, and since when"
    story.wait_for_a_round("good.lists.example")
    assert len(story.decisions("listed")) == 1, "told once"
    explained = story.leumundd.leumund("explain", "egress:out1")
    assert "good.lists.example" in explained.stdout, explained.stdout
    status = story.leumundd.leumund("status")
    assert "198.18.7.25 is listed on good.lists.example" in status.stdout
    looked_up = story.leumundd.leumund("lookup", OURS)
    assert looked_up.returncode == 1 and "good.lists.example: listed" in looked_up.stdout
    assert "second.lists.example: listed" not in looked_up.stdout
    german = story.leumundd.leumund("--lang", "de", "lists")
    assert "steht auf good.lists.example seit" in german.stdout

    began = story.put("good.lists.example")
    wait_until(lambda: place not in story.listings(), "the entry to go", 4 * INTERVAL)
    gone = time.monotonic() - began
    print(f"delisting shown after {gone:.1f} s")
    assert len(story.told("delisted", 1)) == 1
    story.leumundd.restart()
    assert place not in story.listings()


def test_an_ipv6_entry_is_found_by_its_64_for_an_own_address_and_for_a_network(story):
    wait_until(lambda: story.states()["six.lists.example"] == "well", "the list to be tested")
    story.put("six.lists.example", "2001:db8:1:2::/64", "2001:db8:5:2::/64")
    own = ("six.lists.example", "2001:db8:1:2::25")
    network = ("six.lists.example", "2001:db8:5::/56")
    wait_until(lambda: {own, network} <= set(story.listings()), "both listings", 4 * INTERVAL)
    listing = story.listings()[own]
    assert listing["sends"] and listing["reason"].startswith("Listed, see https://lists.example/")
    gathered = story.listings()[network]
    assert not gathered["sends"] and gathered["addresses"] == 1, "each /64 is asked for once"
    assert gathered["examples"] == ["2001:db8:5:2::1"]
    assert {one["subject"] for one in story.told("listed", 2)} == \
        {"address:2001:db8:1:2::25", "network:2001:db8:5::/56"}
    looked_up = story.leumundd.leumund("lookup", "2001:db8:1:2::25")
    assert looked_up.returncode == 1 and "six.lists.example: listed" in looked_up.stdout
    story.put("six.lists.example")
    wait_until(lambda: not story.listings(), "both to go", 6 * INTERVAL)


def test_a_reload_watches_what_is_new_and_forgets_what_is_gone(story):
    wait_until(lambda: story.states()["good.lists.example"] == "well", "the list to be tested")
    story.put("good.lists.example", OURS, "198.18.9.9")
    place = ("good.lists.example", OURS)
    wait_until(lambda: place in story.listings(), "the listing", 4 * INTERVAL)
    since, asked = story.listings()[place]["since"], story.asked("good.lists.example")

    def reload(before: str, after: str) -> str:
        text = story.leumundd.config_path.read_text()
        assert before in text
        story.leumundd.config_path.write_text(text.replace(before, after))
        done = story.leumundd.leumund("config", "reload")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    told = reload('addresses = ["198.18.7.25"', 'addresses = ["198.18.9.9", "198.18.7.25"')
    assert "watch.addresses" in told and "in force" in told, told
    assert story.listings()[place]["since"] == since, "what stood goes on standing"
    new = ("good.lists.example", "198.18.9.9")
    wait_until(lambda: new in story.listings(), "the new address's listing", 4 * INTERVAL)
    assert story.asked("good.lists.example") > asked, "today's questions are counted on"
    assert [one["subject"] for one in story.told("listed", 2)] == \
        ["egress:out1", "address:198.18.9.9"], "each told once"

    reload('"198.18.9.9", ', "")
    assert new not in story.listings() and place in story.listings()
    reload('[watch]\n', '[watch]\nenabled = false\n')
    assert not story.report()["on"] and story.report()["listings"] == []
    reload('enabled = false\n', 'enabled = true\n')
    wait_until(lambda: place in story.listings(), "the listing once more", 4 * INTERVAL)


def test_lists_that_refuse_hang_lie_or_list_the_world_are_faults_and_never_listings(story):
    wait_until(lambda: story.states()["world.lists.example"] == "well", "the list to be tested")
    # An own listing first: then the whole world, as when a list is shut down.
    story.put("world.lists.example", "0.0.0.0/1", "128.0.0.0/1")
    faulty = ["refuses.lists.example", "lies.lists.example", "hangs.lists.example",
              "world.lists.example", "empty.lists.example"]
    wait_until(lambda: all(story.states()[one] == "faulty" for one in faulty),
               "the faults to be found", 90)
    assert story.listings() == {}, "nobody lists us"
    assert story.decisions("listed") == []
    reasons = {one["list_fault"]["list"]: one["list_fault"]["reason"]
               for one in story.told("list_fault", len(faulty))}
    assert sorted(reasons) == sorted(faulty), "each told once"
    assert "127.255.255.254" in reasons["refuses.lists.example"]
    assert "203.0.113.9" in reasons["lies.lists.example"]
    assert "does not answer" in reasons["hangs.lists.example"]
    assert "lists the world" in reasons["world.lists.example"]
    assert "does not list its test point 127.0.0.2" in reasons["empty.lists.example"]
    states = story.states()
    assert states["good.lists.example"] == states["names.lists.example"] == "well"
    mails = wait_until(lambda: len(story.mailbox.mails_to("admin@ops.test")) >= 5 and
                       story.mailbox.mails_to("admin@ops.test"), "an alarm for each")
    assert all("cannot be believed" in one.text for one in mails)
    looked_up = story.leumundd.leumund("lookup", OURS)
    assert "world.lists.example: listed" in looked_up.stdout  # it says so, and is not believed
    assert "not to be believed just now" in looked_up.stdout
    assert "empty.lists.example: does not list its test point 127.0.0.2" in looked_up.stdout
    # good, second, six, and names, of which nothing says that it knows domains alone
    assert "listed on 0 of 4 lists" in looked_up.stdout, looked_up.stdout

    # The resolver lies about every list at once: no listing, an alarm for each list.
    story.unbound.stop()
    story.unbound.lies = {zone: "203.0.113.77" for zone in [*DATASETS, *FOREIGN]}
    story.unbound.start()
    wait_until(lambda: all(one == "faulty" for one in story.states().values()),
               "no list to be believed", 90)
    assert story.decisions("listed") == []

    # Shown, told, then written: a kill in between would tell it twice.
    wait_until(lambda: len(story.on_record("watch-fault")) == len(DATASETS) + len(FOREIGN),
               "every fault to be on record")
    story.leumundd.kill()
    story.leumundd.start()
    assert all(one == "faulty" for one in story.states().values()), "kept over a kill"
    story.unbound.stop()
    story.unbound.lies = {}
    story.unbound.start()
    wait_until(lambda: story.states()["good.lists.example"] == "well", "it to be well again", 90)
    wait_until(lambda: "good.lists.example" in {one["list_fault"]["list"]
                                                for one in story.decisions("list_well")},
               "that to be told")


def test_networks_and_domains_are_watched_and_what_is_known_of_their_mail_is_told(story):
    wait_until(lambda: story.states()["names.lists.example"] == "well", "the list to be tested")
    story.put("names.lists.example", "example.org")
    story.put("second.lists.example", "198.18.5.0/26")
    wait_until(lambda: len(story.listings()) == 2, "both listings", 4 * INTERVAL)
    wait_until(lambda: story.listings()[("second.lists.example", "198.18.5.0/24")]["addresses"] ==
               64, "all of the range", 4 * INTERVAL)
    listing = story.listings()[("second.lists.example", "198.18.5.0/24")]
    assert not listing["sends"]
    assert listing["proof"].startswith(
        "no packet to port 25 left 198.18.5.0/24 between 2026-11-01T00:00:00Z and 20"), listing
    assert {one["subject"] for one in story.told("listed", 2)} == \
        {"domain:example.org", "network:198.18.5.0/24"}
    # The cron job writes on, nobody reloads: what is told is what stands there now.
    key = ("second.lists.example", "198.18.5.0/24")
    story.counters.write_text("198.18.5.0/24 77 2026-11-01T00:00:00Z\n")
    wait_until(lambda: story.listings()[key]["proof"].startswith("77 packets"), "the figures", 40)
    story.counters.write_text("198.18.5.0/24 many 2026-11-01T00:00:00Z\n")
    wait_until(lambda: story.listings()[key]["proof"] == "", "no figures of a bad file", 40)
    assert "watch.counters_file" in story.leumundd.leumund("lists").stdout
    metrics = story.leumundd.request("GET", "/metrics")[1]
    assert 'leumund_watch_listings{list="second.lists.example"} 1' in metrics


def test_flow_data_name_who_sends_past_us_and_prove_silence_for_the_time_they_cover(story, peers):
    place = ("second.lists.example", "198.18.5.0/24")
    wait_until(lambda: story.states()["second.lists.example"] == "well", "the list to be tested")
    story.put("second.lists.example", "198.18.5.0/26")
    wait_until(lambda: place in story.listings(), "the listing", 4 * INTERVAL)

    collector = peers._keep("nfcapd", Nfcapd(peers.ground))
    hour = int(time.time()) // 3600 * 3600 - 7200
    stamp = [time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(hour + n)) for n in (0, 3600)]
    collector.send([Flow("198.18.5.7", hour + 60), Flow("198.18.5.7", hour + 120, seconds=9),
                    Flow(OURS, hour + 60), Flow("198.18.5.8", hour + 60, port=443),
                    Flow("198.18.5.9", hour + 60, protocol=UDP), Flow("10.0.0.1", hour + 60)])
    covers = "# covers 198.18.0.0/16 {} {}\n".format(*stamp)
    everything = collector.written()
    assert everything.count("198.18.5.7,") == 2, everything
    flows = peers.ground.place("flows.csv") / "flows.csv"

    # Somebody sends from there past us, which outweighs the counter.
    flows.write_text(covers + everything)
    story.set_config(flows=flows)
    proof = story.listings()[place]["proof"]
    assert proof == ("2 flows to port 25 left 198.18.5.7 between " + stamp[0].replace("00:00Z",
                     "01:00Z") + " and " + stamp[0].replace("00:00Z", "02:09Z") +
                     ": somebody sends from there past us"), proof
    german = story.leumundd.leumund("--lang", "de", "lists").stdout
    assert "2 Verbindungen an Port 25 verließen 198.18.5.7" in german, german

    # Nobody did, as far as somebody looked.
    flows.write_text(covers + collector.written("proto tcp and dst port 25 and src net "
                                                "198.18.6.0/24"))
    story.set_config(counters="")
    assert story.listings()[place]["proof"] == \
        "no flow to port 25 left 198.18.5.0/24 between {} and {}".format(*stamp)

    # The next night's file, and nobody reloads.
    flows.write_text(covers + everything)
    wait_until(lambda: story.listings()[place]["proof"].startswith("2 flows"), "the new flows", 40)

    # What cannot be read may have been a flow; it is named, with file and line.
    flows.write_text(covers + everything.replace("198.18.5.7,", "198.18.5,"))
    story.set_config()
    assert story.listings()[place]["proof"] == ""
    problems = story.report()["problems"]
    assert any(f"{flows}: line " in one and "'198.18.5'" in one for one in problems), problems
