"""While a provider refuses us, mail of accounts in doubt waits for it on hold, so that the other
address is not burnt as well: released at the return, but not that of an account stopped meanwhile.
Mail of clean accounts, and what they all write to other providers, leaves at once. However a detour
ends, what was held goes only by the tables that say so."""
import time

from component.doubt import bring_into_doubt, check_in_doubt
from component.listed.world import OTHER, PROVIDER, ListedWorld
from peers.ground import wait_until
from peers.swaks import Sent, swaks

DOUBTFUL, STOPPED, CLEAN = "t1@c.test", "t2@c.test", "t3@c.test"


def write(world: ListedWorld, account: str, *recipients: str) -> Sent:
    sent = swaks(world.postfix.submission_port, list(recipients), user=account,
                 subject=f"of {account} to {recipients[0]}")
    assert sent, sent.transcript
    return sent


def test_mail_of_accounts_in_doubt_waits_for_the_return_and_clean_mail_does_not(peers):
    # Nothing but the detour tries deferred mail again.
    world = ListedWorld(peers, minimal_backoff_time="2000s", maximal_backoff_time="4000s")
    first, second = world.postfix.egress_address, world.postfix.egress2_address
    bring_into_doubt(world.leumundd, DOUBTFUL)
    bring_into_doubt(world.leumundd, STOPPED)

    # Before there is a detour nothing of them is held.
    write(world, DOUBTFUL, "before@hotmail.com")
    world.sink.wait_for("before@hotmail.com")
    world.refuse(first)
    queued = write(world, DOUBTFUL, "queued@hotmail.com").queue_id
    wait_until(lambda: world.postfix.queued("deferred"), "it to be deferred", 60, 0.2)
    world.block_first_egress()
    world.wait_for_phase("open")
    world.check_nothing_lost()
    wait_until(lambda: world.held() == {queued}, "what was deferred before to be held", 60, 0.2)

    held = {write(world, DOUBTFUL, "a@hotmail.com").queue_id,
            write(world, DOUBTFUL, "b@club.example").queue_id}
    of_stopped = write(world, STOPPED, "c@hotmail.com").queue_id
    held.add(queued)
    both = write(world, DOUBTFUL, f"d@{OTHER}", "d@hotmail.com").queue_id  # it cannot be cut in two
    write(world, DOUBTFUL, f"e@{OTHER}")
    write(world, CLEAN, "f@hotmail.com")
    world.sink.wait_for(f"e@{OTHER}")
    [clean] = world.sink.wait_for("f@hotmail.com")
    assert world.sink.mails_to(f"e@{OTHER}")[0].client == first
    check_in_doubt(world.leumundd, DOUBTFUL)
    check_in_doubt(world.leumundd, STOPPED)
    assert clean.client == second
    assert world.held() == {*held, both, of_stopped}, world.postfix.queue()
    why = world.postfix.wait_for_log("held until microsoft-consumer takes our mail again")
    assert "hold" in why, why

    # Kept over a kill, and a person that tries the queue again changes nothing.
    kept = world.leumundd.state / "detours.json"
    wait_until(lambda: all(name in kept.read_text() for name in [*held, both, of_stopped]),
               "the held mail on disk", 60, 0.2)
    world.leumundd.kill()
    world.leumundd.start()
    world.postfix.command("postqueue", "-f")
    done = world.leumundd.leumund("suspend", STOPPED, "--reason", "password guessed")
    assert done.returncode == 0, done.stdout + done.stderr
    world.send("hotmail.com", 3)
    world.check_nothing_lost()
    assert world.held() == {*held, both, of_stopped}, world.postfix.queue()
    names = ["queued", *"abcd"]
    assert not any(world.sink.mails_to(f"{name}@hotmail.com") for name in names)
    assert not world.sink.mails_to(f"d@{OTHER}")

    # Back: what was in doubt leaves by the usual way, what was stopped stays.
    world.sink.refusals.clear()
    world.wait_for_return()
    for name, domain in (("queued", "hotmail.com"), ("a", "hotmail.com"), ("b", "club.example"),
                         ("d", "hotmail.com"), ("d", OTHER)):
        [mail] = world.sink.wait_for(f"{name}@{domain}", seconds=90)
        assert mail.client == first, (name, mail.client)
    world.check_nothing_lost()
    assert world.held() == {of_stopped}, world.postfix.queue()
    assert not world.sink.mails_to("c@hotmail.com")

    # A person has the last word.
    done = world.leumundd.leumund("release", STOPPED, "--without-checklist", "--mail", "release")
    assert done.returncode == 0, done.stdout + done.stderr
    world.sink.wait_for("c@hotmail.com", seconds=90)
    world.check_nothing_lost()
    world.wait_for_an_empty_queue()


def hold_one(world: ListedWorld, name: str) -> str:
    """The recipient of a mail that a detour, set by hand, keeps on hold."""
    second = world.postfix.egress2_address
    done = world.leumundd.leumund("detour", PROVIDER, "--via", "egress2")
    assert done.returncode == 0, done.stdout + done.stderr
    world.let_postfix_look()
    recipient = f"{name}@hotmail.com"
    queue_id = write(world, DOUBTFUL, recipient).queue_id
    assert world.held() == {queue_id}, world.postfix.queue()
    write(world, CLEAN, f"clean-{name}@hotmail.com")
    [clean] = world.sink.wait_for(f"clean-{name}@hotmail.com")
    assert clean.client == second, "the table is in force"
    kept = world.leumundd.state / "detours.json"
    wait_until(lambda: queue_id in kept.read_text(), "the held mail on disk", 60, 0.2)
    return recipient


def test_held_mail_goes_by_the_tables_after_the_detour_however_that_ends(peers):
    world = ListedWorld(peers)
    first = world.postfix.egress_address
    bring_into_doubt(world.leumundd, DOUBTFUL)

    def check_left_by_the_usual_way(recipient: str) -> None:
        [mail] = world.sink.wait_for(recipient, seconds=90)
        assert mail.client == first, mail
        assert world.held() == set(), world.postfix.queue()

    # Killed at once after the end: the next run does not take Postfix's word for granted either.
    recipient = hold_one(world, "killed")
    assert world.leumundd.leumund("detour", PROVIDER, "--end").returncode == 0
    kept = world.leumundd.state / "detours.json"
    wait_until(lambda: "returning" in kept.read_text() and PROVIDER in kept.read_text()
               .partition("returning")[2], "the return on disk", step=0.05)
    world.leumundd.kill()
    world.leumundd.start()
    check_left_by_the_usual_way(recipient)

    # Switched off, or to observe mode, by a reload.
    for mode in ("off", "observe"):
        recipient = hold_one(world, mode)
        world.set_config(mode=mode)
        if mode == "observe":  # what a person has set stands there as well
            assert world.leumundd.leumund("detour", PROVIDER, "--end").returncode == 0
        check_left_by_the_usual_way(recipient)
        world.set_config(mode="enforce")

    # The helper is gone when the mail is to go: it goes once there is one.
    recipient, helper = hold_one(world, "helper"), world.config["helper"]
    world.set_config(helper="/nonexistent/leumund-queue")
    assert world.leumundd.leumund("detour", PROVIDER, "--end").returncode == 0
    time.sleep(15)
    assert len(world.held()) == 1, world.postfix.queue()
    world.set_config(helper=helper)
    [mail] = world.sink.wait_for(recipient, seconds=150)
    assert mail.client == first, mail
    world.wait_for_an_empty_queue()
