"""Mail on hold waits for a person. Meanwhile thousands of others pass, the campaign ends by itself
and the daemon starts anew: one release still lets all of it go, each mail once."""
import time

import pytest

from component.campaign import story
from component.campaign.story import Outbreak, friends, home, person
from peers.ground import wait_until

ACCOUNTS = 60
# More messages than the daemon may remember pass after the spam was held.
REMEMBERED = 1000
PASSING = 1200


def outbreak(peers, monkeypatch, more: str) -> tuple[Outbreak, str, set[str]]:
    """The provider, its campaign, and the queue ids that are on hold."""
    monkeypatch.setattr(story, "MORE", story.MORE + more)
    provider = Outbreak(peers, accounts=ACCOUNTS)
    # One by one: what is put on hold while it is delivered is on hold and has arrived.
    for number in range(ACCOUNTS):
        left, queue_id = len(provider.left()), provider.spam_from(number, 0)
        wait_until(lambda: queue_id in provider.held() or len(provider.left()) > left,
                   "a spam mail on hold or gone")
    campaign, = provider.campaigns()
    held = provider.held()
    assert len(held) >= ACCOUNTS // 2, "most of it is on hold"
    return provider, campaign, held


def others_pass(provider: Outbreak) -> None:
    """Mail of accounts that are no members, told by the API."""
    now = time.time()
    events = []
    for n in range(PASSING):
        number = ACCOUNTS + 10 + n % 10
        events.append({"type": "submission", "at": now, "id": f"other{n}",
                       "account": person(number), "client": home(number), "helo": "pc",
                       "envelope_sender": person(number), "recipients": [friends(number)[0]],
                       "size": 1500})
    provider.leumundd.events(events)


def listed(provider: Outbreak, subject: str) -> set[str]:
    return {one["queue_id"] for one in provider.leumundd.leumund_json("queue", subject)["held"]}


def all_arrive(provider: Outbreak, held: set[str], left_before: int) -> None:
    wait_until(lambda: provider.held() == set(), "nothing stays on hold")
    wait_until(lambda: len(provider.left()) >= left_before + len(held), "the held mail to arrive",
               180)
    assert len(provider.left()) == left_before + len(held)
    assert len({mail.recipients[0] for mail in provider.left()}) == len(provider.left()), "once"


def test_the_release_lets_all_go_though_thousands_passed_meanwhile(peers, monkeypatch):
    provider, campaign, held = outbreak(peers, monkeypatch,
                                        f"\n[limits]\nmessages = {REMEMBERED}\n")
    left = len(provider.left())
    others_pass(provider)
    provider.wait_for_checkpoint()
    assert listed(provider, campaign) == held
    provider.leumundd.kill()
    provider.leumundd.start()
    assert listed(provider, campaign) == held, "after a restart too"
    done = provider.leumundd.leumund("release", campaign)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(held)} held mails let go, 0 failed" in done.stdout, done.stdout
    all_arrive(provider, held, left)


def test_an_accounts_mail_is_found_though_thousands_passed_meanwhile(peers, monkeypatch):
    monkeypatch.setattr(story, "MORE", story.MORE + f"\n[limits]\nmessages = {REMEMBERED}\n")
    provider = Outbreak(peers, accounts=0)
    number = 5
    provider.suspend("account:" + person(number), "--level", "hold")
    sent = {provider.honest_from(number, round_) for round_ in range(3)}
    wait_until(lambda: provider.held() == sent, "its mail on hold")
    others_pass(provider)
    provider.wait_for_checkpoint()
    assert listed(provider, "account:" + person(number)) == sent
    # Let go while it stays suspended: the log of its delivery does not put it on hold again.
    done = provider.leumundd.leumund("queue", "account:" + person(number), "--release")
    assert done.returncode == 0 and "3 held mails let go" in done.stdout, done.stdout + done.stderr
    wait_until(lambda: len(provider.sink.mails) >= 3, "the mail to arrive")
    assert provider.held() == set()


@pytest.mark.parametrize("killed", [False, True], ids=["running", "started-anew"])
def test_a_campaign_that_is_over_is_told_and_still_released_as_one(peers, monkeypatch, killed):
    monkeypatch.setattr(story, "MORE", story.MORE.replace("keep_texts", 'span = "1m"\nkeep_texts'))
    provider, campaign, held = outbreak(peers, monkeypatch, "")
    left = len(provider.left())
    wait_until(lambda: provider.campaigns()[campaign] != "suspended", "the campaign to end", 120)
    assert provider.held() == held, "its mail stays on hold"

    def told() -> list:
        return [mail for mail in provider.mailbox.mails
                if campaign in mail.text and "is over" in mail.text]

    wait_until(lambda: told() != [], "a notice")
    assert f"{len(held)} mails on hold" in told()[0].text, told()[0].text
    wait_until(lambda: f"{len(held)} mails on hold" in provider.leumundd.leumund("status").stdout,
               "the status to tell of it")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    german = provider.leumundd.leumund("status").stdout
    assert f"{len(held)} Mails angehalten" in german, german
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    if killed:
        provider.leumundd.kill()
        provider.leumundd.start()
    assert listed(provider, campaign) == held
    done = provider.leumundd.leumund("release", campaign)
    assert done.returncode == 0, done.stdout + done.stderr
    all_arrive(provider, held, left)
    assert provider.spam_from(26, 9), "and what was released is known as honest"
    again = provider.leumundd.leumund("release", campaign)
    assert "is not restricted" in again.stderr, "it is done"


def test_what_a_restriction_that_ended_leaves_on_hold_is_told_and_released(peers):
    provider = Outbreak(peers, accounts=0)
    account = "account:" + person(5)
    provider.suspend(account, "--level", "hold", "--for", "30s")
    sent = {provider.honest_from(5, round_) for round_ in range(2)}
    wait_until(lambda: provider.held() == sent, "its mail on hold")
    provider.wait_for_checkpoint()

    def told() -> list:
        return [mail for mail in provider.mailbox.mails
                if account in mail.text and "no longer restricted" in mail.text]

    wait_until(lambda: told() != [], "a notice", 90)
    assert "mails on hold   2" in told()[0].text, told()[0].text
    assert provider.held() == sent, "its mail stays on hold"
    wait_until(lambda: "2 mails on hold" in provider.leumundd.leumund("status").stdout,
               "the status to tell of it")
    done = provider.leumundd.leumund("release", account, "--mail", "release")
    assert done.returncode == 0 and "2 held mails let go" in done.stdout, done.stdout + done.stderr
    wait_until(lambda: len(provider.sink.mails) >= 2, "the mail to arrive")
    assert provider.held() == set()
    wait_until(lambda: "on hold" not in provider.leumundd.leumund("status").stdout,
               "the status to be done with it")
