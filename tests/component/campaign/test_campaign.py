"""One to four mails each over many accounts: seen as one campaign, held as one, released as one."""
import collections
import random
import time

import pytest

from component.campaign.story import (ACCOUNTS, DEPUTY, LIST, MEMBERS, OTHERS, SIGNERS, TALKERS,
                                      USUAL, Outbreak, home, letter, person)
from peers.ground import wait_until

LEFT_MAX = 24
# Members of whom the kill may take a mail's evidence.
LOST_MAX = 12
# Counts are written every second: what came later is lost with a kill, the campaign is not. On a
# fast machine a sixth of the members sends within that second.
CHECKPOINT = 2.5
ROUNDS = 3
# Gets a mail in whose middle the daemon is killed.
ON_THE_WAY = "unterwegs@partner1.test"


@pytest.fixture
def provider(peers):
    provider = Outbreak(peers)
    provider.thread = "Der Zaun am Bach ist seit dem Sturm kaputt, wer hilft am Samstag?\n"
    return provider


def send_all(provider: Outbreak, after_the_first_round) -> set[str]:
    """900 spam mails with honest ones among them; queue ids of the spam that was taken."""
    taken = set()
    for round_ in range(ROUNDS):
        for first in range(0, ACCOUNTS, 60):
            taken.update(provider.spam_round(round_, range(first, first + 60)))
            # Accounts that nobody cracked go on, and so do the others with their usual mail until
            # they are restricted.
            for honest in USUAL:
                assert provider.honest_from(honest, round_ * ACCOUNTS + first), "an honest mail"
            send_alike(provider, round_, first)
            if round_ == 0:
                assert provider.honest_from(first, 0), "a member's own mail"
        if round_ == 0:
            after_the_first_round()
    return taken - {""}


def send_alike(provider: Outbreak, round_: int, first: int) -> None:
    """Honest mail that many send alike, while the campaign runs and after it was found."""
    step = (round_ * ACCOUNTS + first) // 60
    if step < len(SIGNERS):
        assert provider.signs(SIGNERS[step]), "a signer of a petition"
    if step < len(TALKERS):
        taken, provider.thread = provider.answers(TALKERS[step], provider.thread)
        assert taken, "an answer to a list"
    if step == 7:
        assert all(provider.club_letter()), "a club's letter"


def arrived(provider: Outbreak) -> collections.Counter:
    return collections.Counter(to for mail in provider.sink.mails for to in mail.recipients)


def test_at_most_24_of_900_spam_mails_leave_and_one_release_brings_everybody_back(provider):
    daemon = provider.leumundd

    def standings() -> dict[str, str]:
        return {person(n): provider.standing(person(n)) for n in range(0, ACCOUNTS, 25)}

    def kill() -> None:
        provider.campaign, = provider.campaigns()
        time.sleep(CHECKPOINT)
        before = standings()
        rest = provider.half_a_mail(USUAL[0], ON_THE_WAY, letter(random.Random("half")))
        daemon.kill()
        daemon.start()
        assert provider.campaigns() == {provider.campaign: "suspended"}, "it stands after kill -9"
        assert standings() == before, "nobody is freed, nobody accused"
        # Taken, or the client has been told to try again.
        if not rest():
            assert provider.send(USUAL[0], home(USUAL[0]), ON_THE_WAY,
                                 letter(random.Random("half"))), "the second try"

    began = time.monotonic()
    taken = send_all(provider, kill)
    campaign = provider.campaign
    wait_until(lambda: len(provider.held()) + len(provider.left()) >= len(taken),
               "every spam mail on hold or gone")
    left = {mail.recipients[0] for mail in provider.left()}
    print(f"{len(left)} of {ROUNDS * ACCOUNTS} left, {len(provider.held())} on hold, "
          f"{ROUNDS * ACCOUNTS - len(taken)} refused, in {time.monotonic() - began:.0f} s")
    assert len(left) <= LEFT_MAX
    for to, times in {ON_THE_WAY: 1, DEPUTY: len(SIGNERS), LIST: len(TALKERS),
                      **dict.fromkeys(MEMBERS, 1)}.items():
        wait_until(lambda: arrived(provider)[to] >= times, f"honest mail to {to}")
        assert arrived(provider)[to] == times, to
    assert provider.held() <= taken, "nothing else is on hold"
    assert len(provider.held()) >= len(taken) - len(left), "what was taken and did not leave"
    assert provider.campaigns() == {campaign: "suspended"}, "one campaign, one case"

    # All its members are known and restricted; nobody else is.
    facts = daemon.leumund_json("explain", campaign)["habits"]
    print(f"{facts['members_known']} members known, {facts['members_restricted']} restricted, "
          f"{facts['restricted_only_by_it']} only by it")
    assert int(facts["members_known"]) == ACCOUNTS
    assert int(facts["members_restricted"]) >= ACCOUNTS - LOST_MAX
    assert {provider.standing(person(n)) for n in range(ACCOUNTS, ACCOUNTS + OTHERS)} == {"good"}
    why = daemon.leumund("explain", campaign).stdout
    assert "url_domain" in facts["shared"] and "[...]" in facts["template"], facts
    assert facts["not_one_recipient"] and facts["without_strongest_term"] and campaign in why
    [first] = [one for one in daemon.get("/v1/events?limit=1000")["decisions"]
               if one["subject"] == campaign and one["decision"] == "restricted"]
    # Those whose mail went out before anybody could know are named with it or after it.
    for name in {person(int(to[5:to.index("@")]) % ACCOUNTS) for to in left}:
        terms = daemon.leumund_json("explain", name)["terms"]
        assert "campaign" in [term["name"] for term in terms], (name, terms)
    assert len(first["accounts"]) >= 3 and len(first["messages"]) >= 3, first

    # A notice for the admin says what it is and how to end it.
    notices = provider.mailbox.mails
    assert any(campaign in mail.text for mail in notices), [mail.text[:300] for mail in notices]

    # One order ends it for all: mail that was held goes out, accounts send again.
    done = daemon.leumund("release", campaign)
    assert done.returncode == 0, done.stdout + done.stderr
    assert provider.campaigns() == {campaign: "good"}
    wait_until(lambda: provider.held() == set(), "the held mail to go")
    # Each exactly once, also where the hold came while Postfix was delivering.
    wait_until(lambda: len(provider.left()) >= len(taken), "the held mail to arrive", 180)
    assert len({mail.recipients[0] for mail in provider.left()}) == len(provider.left())
    assert {provider.standing(person(n)) for n in range(ACCOUNTS)} <= {"good", "watched"}
    assert provider.honest_from(25, 7), "a member sends again"
    assert provider.spam_from(26, 9), "and what was released is known as honest"


def test_in_observe_mode_a_campaign_is_only_told(peers):
    provider = Outbreak(peers, mode="observe", accounts=60)
    taken = provider.spam_round(0)
    assert all(taken)
    wait_until(lambda: len(provider.left()) == 60, "all mail to leave")
    assert provider.held() == set()
    told = [one for one in provider.leumundd.get("/v1/events?limit=100")["decisions"]
            if one["subject"].startswith("campaign:")]
    assert [one["decision"] for one in told] == ["would_restrict"], told
    assert provider.standing(person(5)) in ("good", "watched")
