"""While a provider refuses us, mail of accounts in doubt waits for it on hold, so that the other
address is not burnt as well: released at the return, but not that of an account stopped meanwhile.
Mail of clean accounts, and what they all write to other providers, leaves at once."""
import time

from component.listed.world import OTHER, ListedWorld
from peers.ground import wait_until
from peers.swaks import Sent, swaks

DOUBTFUL, STOPPED, CLEAN = "t1@c.test", "t2@c.test", "t3@c.test"


def bring_into_doubt(world: ListedWorld, account: str) -> None:
    """It writes to strangers that are not there, until half of what would restrict it is said."""
    for n in range(60):
        now, name, to = time.time(), f"{account}-{n}", f"x{n}@d{n}.example"
        world.leumundd.events([
            {"type": "submission", "at": now - 1, "id": name, "account": account,
             "client": f"198.51.{n % 40}.77", "envelope_sender": account, "recipients": [to]},
            {"type": "delivery", "at": now, "id": name, "recipient": to, "status": "bounced",
             "remote": "mx.d.example[203.0.113.9]", "stage": "rcpt",
             "reply": "550 5.1.1 User unknown"}])
        about = world.about(account)
        if about["score"] >= about["threshold"] / 2:
            break
    check_in_doubt(world, account)


def check_in_doubt(world: ListedWorld, account: str) -> None:
    about = world.about(account)
    assert about["threshold"] / 2 <= about["score"] < about["threshold"], about
    assert about["standing"] != "restricted", about


def write(world: ListedWorld, account: str, *recipients: str) -> Sent:
    sent = swaks(world.postfix.submission_port, list(recipients), user=account,
                 subject=f"of {account} to {recipients[0]}")
    assert sent, sent.transcript
    return sent


def test_mail_of_accounts_in_doubt_waits_for_the_return_and_clean_mail_does_not(peers):
    world = ListedWorld(peers)
    first, second = world.postfix.egress_address, world.postfix.egress2_address
    bring_into_doubt(world, DOUBTFUL)
    bring_into_doubt(world, STOPPED)

    # Before there is a detour nothing of them is held.
    write(world, DOUBTFUL, "before@hotmail.com")
    world.sink.wait_for("before@hotmail.com")
    world.block_first_egress()
    world.wait_for_phase("open")
    world.check_nothing_lost()

    held = {write(world, DOUBTFUL, "a@hotmail.com").queue_id,
            write(world, DOUBTFUL, "b@club.example").queue_id}
    of_stopped = write(world, STOPPED, "c@hotmail.com").queue_id
    both = write(world, DOUBTFUL, f"d@{OTHER}", "d@hotmail.com").queue_id  # it cannot be cut in two
    write(world, DOUBTFUL, f"e@{OTHER}")
    write(world, CLEAN, "f@hotmail.com")
    world.sink.wait_for(f"e@{OTHER}")
    [clean] = world.sink.wait_for("f@hotmail.com")
    assert world.sink.mails_to(f"e@{OTHER}")[0].client == first
    check_in_doubt(world, DOUBTFUL)
    check_in_doubt(world, STOPPED)
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
    names = "abcd"
    assert not any(world.sink.mails_to(f"{name}@hotmail.com") for name in names)
    assert not world.sink.mails_to(f"d@{OTHER}")

    # Back: what was in doubt leaves by the usual way, what was stopped stays.
    world.sink.refusals.clear()
    world.wait_for_return()
    for name, domain in (("a", "hotmail.com"), ("b", "club.example"), ("d", "hotmail.com"),
                         ("d", OTHER)):
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
    assert world.postfix.queue() == []
