"""What providers say of us, dropped as files: shown beside the watch, bad lines named, and an own
address that SNDS calls red is a case that outlives a kill."""
import os
import time

import pytest

from peers.ground import wait_until

OURS = "198.18.7.25"

CONFIG = """\
log_sources = []
egresses = ["out1 address=198.18.7.25 helo=mail.example.org"]
[watch]
reports_folder = "{folder}"
"""


def snds(day: int, colour: str, address: str = OURS) -> str:
    """A row of today where `day` is 22, of days ago before."""
    date = time.strftime("%m/%d/%Y", time.gmtime(time.time() - 86400 * (22 - day)))
    return (f"{address},{date} 12:00 AM,{date} 7:00 PM,1031,1000,1024,{colour},"
            f"{'2.3%' if colour == 'RED' else '< 0.1%'},,,{3 if colour == 'RED' else 0},"
            "mail.example.org,a@example.org,\n")


class Story:
    def __init__(self, peers) -> None:
        self.folder = peers.ground.place("reports")
        self.leumundd = peers.leumundd(CONFIG.format(folder=self.folder))

    def drop(self, name: str, text: str) -> None:
        """As a careful cron job does: written beside, then renamed."""
        beside = self.folder / f"{name}.part"
        beside.write_text(text)
        beside.rename(self.folder / name)

    def reports(self) -> dict:
        return self.leumundd.get("/v1/provider-reports")

    def read(self, name: str) -> dict:
        files = {one["name"]: one for one in self.reports()["files"]}
        return files.get(name, {})

    def decisions(self, kind: str) -> list:
        body = self.leumundd.get("/v1/events?limit=1000")
        return [one for one in body["decisions"] if one["decision"] == kind]


@pytest.fixture
def story(peers):
    return Story(peers)


def test_a_red_address_is_a_case_until_it_is_green(story):
    story.drop("snds-20.csv", snds(20, "GREEN") + "nonsense\n" + snds(20, "RED", "198.18.9.9"))
    wait_until(lambda: story.read("snds-20.csv"), "the file to be read")
    read = story.read("snds-20.csv")
    assert (read["kind"], read["rows"], read["bad"]) == ("snds", 2, 1)
    assert read["problems"] == ["line 2: 1 fields instead of 14"]
    assert story.decisions("listed") == [], "green, and another's red"

    story.drop("snds-21.csv", snds(21, "RED"))
    told = wait_until(lambda: story.decisions("listed"), "the red address")
    assert told[0]["subject"] == "egress:out1"
    assert told[0]["listing"]["list"] == "microsoft-snds"
    assert "2.30 %" in told[0]["listing"]["meaning"]
    cases = wait_until(lambda: story.leumundd.leumund_json("cases")["cases"], "the case")
    assert "list:microsoft-snds" in str(cases[0])
    shown = story.leumundd.leumund("lists").stdout
    assert "What providers say of us (2 files)" in shown
    assert "snds-20.csv: 1 line cannot be read" in shown and "RED" in shown
    assert "steht auf Microsoft SNDS" in \
        story.leumundd.leumund("--lang", "de", "explain", "egress:out1").stdout
    _, metrics = story.leumundd.request("GET", "/metrics")
    assert f'leumund_provider_colour{{source="snds",place="{OURS}",reporter=""}} 2' in metrics
    letter = story.leumundd.leumund_json("case", "1", "letter")
    assert letter["url"] or letter["to"], "Microsoft's own form"

    story.leumundd.kill()
    story.leumundd.start()
    wait_until(lambda: len(story.reports()["files"]) == 2, "the files to be read again")
    assert len(story.decisions("listed")) == 1 and story.decisions("delisted") == []

    story.drop("snds-22.csv", snds(22, "GREEN"))
    wait_until(lambda: story.decisions("delisted"), "it to be green")
    wait_until(lambda: all(one["state"] != "open" for one in
                           story.leumundd.leumund_json("cases")["cases"]), "the case to be quiet")


def test_status_postmaster_and_feedback_loops_stand_side_by_side(story):
    story.drop("status.csv", "198.18.7.0,198.18.7.255,Yes,Blocked due to user complaints\n")
    story.drop("google.json", '{"trafficStats":[{"domainReputation":"HIGH",'
                              '"name":"domains/example.org/trafficStats/20261121",'
                              '"userReportedSpamRatio":0.001}]}')
    story.drop("fbl.csv", "date,provider,ip,delivered,complaints\n2026-11-21,Yahoo,"
                          f"{OURS},5000,10\n")
    story.drop("what.txt", "no report at all\n")
    wait_until(lambda: len(story.reports()["files"]) == 4, "the files to be read")
    figures = {(one["source"], one["place"]): one for one in story.reports()["figures"]}
    assert figures[("postmaster", "example.org")]["colour"] == "green"
    assert figures[("fbl", OURS)]["complaint_share"] == 0.002
    assert figures[("snds-status", "198.18.7.0-198.18.7.255")]["colour"] == "red"
    assert "tells of no kind that is known" in story.read("what.txt")["problems"][0]
    told = wait_until(lambda: story.decisions("listed"), "the blocked range")
    assert told[0]["listing"]["place"] == OURS and told[0]["listing"]["scope"] == "range"
    (story.folder / "status.csv").unlink()
    wait_until(lambda: story.decisions("delisted"), "what nobody says any more to end")


def test_a_red_word_ends_by_itself_where_only_empty_files_follow(story):
    (story.folder / "red.csv.part").write_text(snds(10, "RED"))
    ago = time.time() - 86400 * 12
    os.utime(story.folder / "red.csv.part", (ago, ago))
    (story.folder / "red.csv.part").rename(story.folder / "red.csv")
    wait_until(lambda: story.decisions("listed"), "the red address")
    story.drop("today.csv", "")  # a blocked address has no traffic, so no row
    gone = wait_until(lambda: story.decisions("delisted"), "the word to grow old")
    assert "nothing newer since" in gone[0]["listing"]["meaning"]
