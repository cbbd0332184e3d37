"""The queued mail of a suspended sender: also mail of before a restart, and mail that was taken in
for review."""
import pytest

from component.hundredfold.story import CRACKED, HONEST, Provider
from peers.ground import PATIENCE, wait_until
from peers.leumundd import built

LATER = "450 4.2.0 Come back later"


@pytest.fixture
def provider(peers):
    return Provider(peers)


def test_mail_of_before_a_kill_is_held_at_a_later_suspension_and_let_go_at_the_release(
        provider, swaks):
    provider.sink.replies.update(dict.fromkeys(
        ("dead.test", "honest.dead.test", "other.dead.test"), LATER))
    port = provider.postfix.submission_port
    old = {account: swaks(port, f"x@{account.partition('@')[0]}.dead.test", user=account).queue_id
           for account in (HONEST, "other@c.test")}
    script = provider.postfix.sendmail("www@c.test", ["w@dead.test"], "Subject: x\n\nx\n",
                                       user="nobody")
    assert script.returncode == 0, script.stderr
    by_script = wait_until(lambda: [entry["queue_id"] for entry in provider.postfix.queue()
                                    if entry["sender"] == "www@c.test"], "the script's mail")
    waiting = {*old.values(), *by_script}
    wait_until(lambda: waiting <= provider.kept_queue(), "the queue on disk", PATIENCE)

    provider.leumundd.kill()
    provider.leumundd.start()
    provider.suspend(HONEST)
    wait_until(lambda: provider.held() == {old[HONEST]}, "the old mail on hold", PATIENCE)
    provider.suspend("script:uid65534")
    wait_until(lambda: provider.held() == {old[HONEST], *by_script}, "the script's too", PATIENCE)

    provider.sink.replies.clear()
    provider.release(HONEST, "--mail", "release")
    provider.postfix.command("postqueue", "-f")
    provider.sink.wait_for("x@honest.dead.test", seconds=PATIENCE)
    # What has left is forgotten on disk as well; what is on hold is not.
    wait_until(lambda: provider.kept_queue() == set(by_script), "the store to forget what left",
               PATIENCE)
    provider.release("script:uid65534", "--mail", "delete")
    wait_until(lambda: provider.postfix.queue() == [], "an empty queue", PATIENCE)
    wait_until(lambda: provider.kept_queue() == set(), "an empty store of it", PATIENCE)


def test_mail_held_for_review_is_listed_let_go_and_deleted_also_after_a_kill(provider, swaks):
    provider.suspend(CRACKED, "--level", "hold")
    port = provider.postfix.submission_port

    def send(to: str) -> str:
        sent = swaks(port, to, user=CRACKED)
        assert sent, sent.transcript
        return sent.queue_id

    def listed() -> set[str]:
        return {mail["queue_id"]
                for mail in provider.leumundd.leumund_json("queue", CRACKED)["held"]}

    first = send("a@victims.test")
    assert provider.held() == {first}
    wait_until(lambda: listed() == {first}, "the review's list", PATIENCE)
    explained = provider.leumundd.leumund_json("explain", CRACKED)
    assert first in str(explained["queued"]), explained
    done = provider.leumundd.leumund("queue", CRACKED, "--release")
    assert done.returncode == 0, done.stdout + done.stderr
    provider.sink.wait_for("a@victims.test", seconds=PATIENCE)
    wait_until(lambda: listed() == set(), "nothing left to review", PATIENCE)

    second = send("b@victims.test")
    wait_until(lambda: second in provider.kept_queue(), "the held mail on disk", PATIENCE)
    provider.leumundd.kill()
    provider.leumundd.start()
    assert listed() == {second}
    done = provider.leumundd.leumund("queue", CRACKED, "--delete")
    assert done.returncode == 0, done.stdout + done.stderr
    wait_until(lambda: provider.postfix.queue() == [], "the mail deleted", PATIENCE)
    assert provider.sink.mails_to("b@victims.test") == []


def test_mail_whose_hold_failed_is_held_by_the_next_run(provider, swaks):
    config = provider.leumundd.config_path
    good = config.read_text()
    config.write_text(good.replace(built("leumund-queue"), "/nonexistent/leumund-queue"))
    provider.leumundd.restart()
    provider.sink.replies["honest.dead.test"] = LATER
    waiting = {swaks(provider.postfix.submission_port, "x@honest.dead.test", user=HONEST).queue_id
               for _ in range(3)}
    wait_until(lambda: waiting <= provider.kept_queue(), "the queue on disk", PATIENCE)
    suspended = provider.leumundd.leumund("suspend", HONEST, "--reason", "test")
    assert "not held" in suspended.stdout + suspended.stderr, suspended
    assert provider.held() == set()

    provider.leumundd.kill()
    config.write_text(good)
    provider.leumundd.start()
    wait_until(lambda: provider.held() == waiting, "the mail on hold", PATIENCE)
