"""Listed, from the hacked account to the end of the case: its burst brings our address onto a
foreign list, a provider refuses the egress because of that list, nothing takes the detour before
the account is stopped, and nothing of that account takes it afterwards. The list and the provider
forgive, mail returns by itself, and the case has told all of it in order."""

from component.listed.world import (ADDRESS, CRACKED, LIST, LIST_PARTY, OTHER, PROVIDER,
                                    PROVIDER_PARTY, REFUSED, VICTIMS, ListedWorld)
from peers.ground import wait_until
from peers.swaks import swaks

WARM_UP = 6


def spam(world: ListedWorld) -> list:
    return [mail for mail in world.sink.mails if mail.envelope_sender == CRACKED]


def story_of(case: dict) -> list[tuple]:
    """The timeline without reminders: event, whom it is about, and of a detour how it stood."""
    return [(line["event"], line["party"], line["text"] if line["event"] == "detour" else "")
            for line in case["lines"] if line["event"] != "reminder"]


def check_order(found: list, wanted: list) -> None:
    """`wanted` stands in `found` in this order, other things may stand between."""
    rest = iter(found)
    for one in wanted:
        assert any(one == other for other in rest), f"{one} is missing or too late in {found}"


def test_from_the_hacked_account_to_the_end_of_the_case(peers):
    # Nothing but leumundd tries deferred mail again, so that each delivery is its doing.
    world = ListedWorld(peers, cap=400, minimal_backoff_time="2000s",
                        maximal_backoff_time="4000s")
    first, second = world.postfix.egress_address, world.postfix.egress2_address
    world.set_config(warm_up=f'"{WARM_UP}", "50"')
    world.wait_for_list_state("well")
    world.send(OTHER, 1)

    # The account is hacked: some of its spam arrives, some waits in the queue.
    world.live_weeks()
    world.sink.replies[VICTIMS] = "450 4.2.0 Come back later"
    taken = world.burst(6, "hotmail.com") + world.burst(14, VICTIMS, first=6)
    assert all(taken), [sent.refusal for sent in taken]
    wait_until(lambda: len(spam(world)) == 6, "the spam that was taken", 60, 0.2)
    about = world.about(CRACKED)
    assert about["score"] >= about["threshold"], about
    assert world.decisions("would_restrict") and not world.decisions("restricted")

    # The list has noticed; the provider asks it.
    world.put(ADDRESS)
    wait_until(world.listings, "the listing", 60, 0.3)
    [listing] = world.listings()
    assert (listing["list"], listing["place"], listing["egress"]) == (LIST, ADDRESS, "default")
    world.refuse(first, REFUSED)
    world.wait_for_a_new_incident()
    more = world.burst(3, "hotmail.com", first=20)
    world.send("hotmail.com", 5)
    world.wait_for_a_new_incident()
    world.send("hotmail.com", 4)
    world.send("club.example", 3)
    waiting_mails, waiting_spam = 12, 3

    # The gate: known, and nothing moves, as long as its cause goes on.
    waiting = world.wait_for_phase("waiting")
    assert CRACKED in waiting["reason"], waiting
    cell = world.refused_cell()
    assert cell["lists"] == ["spamhaus"], cell
    wait_until(lambda: world.refused_cell()["mails"] == waiting_mails + waiting_spam,
               "all refused mails to be counted", 60, 0.5)
    assert world.refused_cell()["recipients"] == waiting_mails + waiting_spam
    assert world.table() == "" and world.ways("club.example") == set()
    assert world.ways("hotmail.com") == {first}, "what was taken before"

    # Stopped: refused, and all that waits of it is on hold.
    done = world.leumundd.leumund("suspend", CRACKED, "--reason", "password guessed")
    assert done.returncode == 0, done.stdout + done.stderr
    its_queue = {sent.queue_id for sent in [*taken[6:], *more]}
    wait_until(lambda: world.held() == its_queue, f"{its_queue} on hold: {world.held()}", 60, 0.3)
    assert not swaks(world.postfix.submission_port, "x@hotmail.com", user=CRACKED)
    assert not swaks(world.postfix.submission_port, "x@firma.example", user=CRACKED)

    # The detour, as far as the other address is warm.
    world.wait_for_phase("capped")
    capped = world.detour()
    assert (capped["home"], capped["via"], capped["cap"]) == ("default", "egress2", WARM_UP)
    assert capped["delivered"] == WARM_UP, capped
    world.let_postfix_look()
    world.check_put_off()
    assert world.detour()["delivered"] == WARM_UP, world.detour()
    detoured = [mail for mail in world.sink.mails if mail.client == second]
    assert len(detoured) == WARM_UP, [mail.recipients for mail in detoured]
    world.set_config(warm_up="")
    world.wait_for_phase("open")
    world.check_nothing_lost()
    assert world.ways("club.example") == {second}
    world.send(OTHER, 2)
    world.check_nothing_lost()
    assert world.ways(OTHER) == {first}, "another provider's mail"

    # They forgive us: the list, then the provider.
    world.put()
    wait_until(lambda: not world.listings(), "the entry to go", 60, 0.3)
    assert world.detour()["phase"] == "open", "the provider still refuses"
    world.sink.refusals.clear()
    world.wait_for_return()
    world.check_nothing_lost()
    world.let_postfix_look()
    before = len(world.sink.mails)
    world.send("hotmail.com", 2)
    world.send("club.example", 2)
    world.check_nothing_lost()
    assert {mail.client for mail in world.sink.mails[before:]} == {first}
    assert world.table() == ""

    # Of the suspended account nothing has left since, by no way.
    assert len(spam(world)) == 6 and {mail.client for mail in spam(world)} == {first}
    wait_until(lambda: {entry["queue_id"] for entry in world.postfix.queue()} == its_queue,
               f"no other mail in the queue than {its_queue}")
    assert world.held() == its_queue
    assert "status=bounced" not in world.postfix.log()

    # The case has told it.
    wait_until(lambda: world.cases()[0]["state"] == "closed", "the end of the case", 90, 0.5)
    assert len(world.cases()) == 1, "one trouble, one case"
    case = world.leumundd.leumund_json("case", "1")
    account = f"account:{CRACKED}"
    check_order(story_of(case), [
        ("began", LIST_PARTY, ""), ("began", PROVIDER_PARTY, ""),
        ("detour", PROVIDER_PARTY, "waiting"), ("stopped", account, ""),
        ("detour", PROVIDER_PARTY, "open egress2"), ("detour", PROVIDER_PARTY, "capped egress2"),
        ("detour", PROVIDER_PARTY, "open egress2"), ("ended", LIST_PARTY, ""),
        ("ended", PROVIDER_PARTY, ""), ("quiet", "", ""), ("detour", PROVIDER_PARTY, "none"),
        ("closed", "", "")])
    times = [line["at"] for line in case["lines"]]
    assert times == sorted(times), case["lines"]
    assert case["subject"] == "egress:default"
    assert [one["subject"] for one in case["causes"]] == [account]
    by_list, by_provider = (next(one for one in case["parties"] if one["party"] == party)
                            for party in (LIST_PARTY, PROVIDER_PARTY))
    assert by_list["until"] and by_provider["until"] and by_list["words"].endswith(ADDRESS)
    assert "blocked using Spamhaus" in by_provider["words"] and by_list["mails"] == 0
    probes = world.decisions("detour")[-1]["detour"]["probes_refused"]
    assert by_provider["mails"] == waiting_mails + waiting_spam + probes, by_provider
    assert by_provider["recipients"] == by_provider["mails"], by_provider

    german = world.leumundd.leumund("--lang", "de", "case", "1").stdout
    check_order_of_words(german.partition("Verlauf")[2], [
        f"steht jetzt gegen uns: {LIST_PARTY}", f"steht jetzt gegen uns: {PROVIDER_PARTY}",
        f"Umweg für {PROVIDER_PARTY}: wartet", f"Absender gestoppt: {account}",
        f"Umweg für {PROVIDER_PARTY}: Umweg läuft egress2", f"beendet: {LIST_PARTY}",
        f"beendet: {PROVIDER_PARTY}", "niemand steht mehr gegen uns", "abgeschlossen"])
    assert f"{by_provider['mails']} Mails an {by_provider['recipients']} Empfänger" in german


def check_order_of_words(text: str, wanted: list[str]) -> None:
    at = 0
    for words in wanted:
        found = text.find(words, at)
        assert found >= 0, f"{words!r} is missing or too late in:\n{text}"
        at = found + len(words)
