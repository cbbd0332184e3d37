"""leumund-queue on a real queue, and what it does not let through."""
import os
import resource
import shutil
import socket
import subprocess

import pytest

from peers.ground import wait_until
from peers.leumundd import built


@pytest.fixture(scope="module")
def postfix(story_peers):
    """Nothing listens at its next hop, so all mail stays, where it is: nobody tries it again."""
    return story_peers.postfix(nexthop=f"[127.0.0.1]:{story_peers.ground.ports.free()}",
                               main={"minimal_backoff_time": "2000s",
                                     "maximal_backoff_time": "4000s"})


def helper(*arguments, ids="", **options):
    return subprocess.run([built("leumund-queue"), *arguments], input=ids, capture_output=True,
                          text=True, timeout=60, check=False, **options)


def queued(postfix, count):
    before = {mail["queue_id"] for mail in postfix.queue()}
    for number in range(count):
        done = postfix.sendmail("s@c.test", [f"x{number}@y.test"], "Subject: x\n\nx\n")
        assert done.returncode == 0, done.stderr

    def deferred():
        return [m for m in postfix.queued("deferred") if m["queue_id"] not in before]
    wait_until(lambda: len(deferred()) == count, f"{count} mails in the queue")
    return [mail["queue_id"] for mail in postfix.queue() if mail["queue_id"] not in before]


def test_holds_releases_and_deletes_what_it_is_told_and_nothing_else(postfix):
    ids = queued(postfix, 4)
    folder = ("--config-dir", str(postfix.etc))
    held = helper("hold", *folder, ids="\n".join(ids[:3]) + "\n")
    assert held.returncode == 0 and f"{ids[0]}: placed on hold" in held.stderr, held
    assert {mail["queue_id"] for mail in postfix.queued("hold")} == set(ids[:3])
    helper("release", *folder, ids=ids[0] + "\n")
    assert {mail["queue_id"] for mail in postfix.queued("hold")} == set(ids[1:3])
    # Only what is on hold is deleted: a queue id may have been used again.
    helper("delete", *folder, ids="\n".join(ids) + "\n")
    left = {mail["queue_id"] for mail in postfix.queue()}
    assert ids[0] in left and ids[3] in left and not left & set(ids[1:3])
    listed = helper("list", *folder)
    assert listed.returncode == 0 and ids[0] in listed.stdout


def test_the_callers_limits_do_not_reach_postsuper(postfix):
    mail = queued(postfix, 1)[0]

    def stingy():
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    held = helper("hold", "--config-dir", str(postfix.etc), ids=mail + "\n", preexec_fn=stingy)
    assert held.returncode == 0, held
    assert mail in {one["queue_id"] for one in postfix.queued("hold")}
    helper("release", "--config-dir", str(postfix.etc), ids=mail + "\n")


@pytest.mark.parametrize("ids", ["ALL\n", "-r\n", "", "ABCDEF; rm -rf /\n", "../../etc/passwd\n",
                                 "ABCDEF\x00\n", "ABCDE" * 5 + "\n", "abc def\n"])
def test_refuses_what_is_no_queue_id_and_does_nothing(postfix, ids):
    good = queued(postfix, 1)[0]
    done = helper("hold", "--config-dir", str(postfix.etc), ids=f"{good}\n{ids}" if ids else "")
    assert done.returncode == 2, done
    assert good not in {mail["queue_id"] for mail in postfix.queued("hold")}


def test_refuses_other_verbs_and_endless_input(postfix):
    for arguments in (["purge"], [], ["hold", "-c", str(postfix.etc)], ["hold", "--config-dir"],
                      ["hold", "--config-dir", "etc"], ["hold", "--config-dir",
                                                        "/etc/../etc/postfix"]):
        assert helper(*arguments, ids="ABCDEF\n").returncode == 2, arguments
    assert helper("hold", ids="ABCDEF\n" * 200_000).returncode == 2
    folder = ("--config-dir", str(postfix.etc))
    for ids in ("ABCDEF\nABCDE2\n", "ALL\n", ""):
        assert helper("flush", *folder, ids=ids).returncode == 2, "one mail at a time: " + ids


def test_refuses_a_folder_that_others_can_write(postfix, tmp_path):
    folder = tmp_path / "etc"
    shutil.copytree(postfix.etc, folder)
    done = helper("hold", "--config-dir", str(folder), ids="ABCDEF\n")
    assert "must belong to root" not in done.stderr, done
    (folder / "main.cf").chmod(0o666)
    done = helper("hold", "--config-dir", str(folder), ids="ABCDEF\n")
    assert done.returncode == 3 and "must belong to root" in done.stderr, done
    (folder / "main.cf").chmod(0o644)
    os.chown(folder, 65534, 65534)
    assert helper("hold", "--config-dir", str(folder), ids="ABCDEF\n").returncode == 3
    assert helper("hold", "--config-dir", str(tmp_path / "none"), ids="ABCDEF\n").returncode == 3
    # Who owns a folder above can put another one in its place.
    os.chown(folder, 0, 0)
    os.chown(tmp_path, 65534, 65534)
    done = helper("hold", "--config-dir", str(folder), ids="ABCDEF\n")
    assert done.returncode == 3 and "must lie where root alone can write" in done.stderr, done


def test_setuid_it_serves_only_folders_that_root_allowed(postfix):
    """As packaged: setuid root, called by the daemon's user."""
    program = postfix.folder / "leumund-queue"
    shutil.copy(built("leumund-queue"), program)
    program.chmod(0o4755)
    ids = queued(postfix, 1)

    def as_nobody(etc_leumund):
        script = ("mkdir -p /etc/leumund && mount -t tmpfs -o mode=755 none /etc/leumund && "
                  f"printf '%s' '{etc_leumund}' > /etc/leumund/queue.conf && "
                  f"exec setpriv --reuid=65534 --regid=65534 --clear-groups {program} hold "
                  f"--config-dir {postfix.etc}")
        made = not os.path.exists("/etc/leumund")
        try:
            return subprocess.run(["unshare", "-m", "sh", "-c", script], input=ids[0] + "\n",
                                  capture_output=True, text=True, timeout=60, check=False,
                                  env={"PATH": os.environ["PATH"], "MAIL_CONFIG": "/tmp"})
        finally:
            if made:
                os.rmdir("/etc/leumund")

    refused = as_nobody("# nothing\n/etc/other\n")
    assert refused.returncode == 3 and "queue.conf" in refused.stderr, refused
    done = as_nobody(f"{postfix.etc}\n")
    assert done.returncode == 0 and "placed on hold" in done.stderr, done


def test_works_behind_a_socket_where_setuid_is_forbidden(postfix):
    """As a socket unit runs it: one connection, standard input and output are the socket."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        process = subprocess.Popen([built("leumund-queue"), "request"], stdin=theirs, stdout=theirs,
                                   stderr=subprocess.DEVNULL)
        theirs.close()
        ours.sendall(f"hold {postfix.etc}\nABCDEF\n".encode())
        ours.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: ours.recv(4096), b"")).decode()
        # Whoever speaks there is not root, although the program is: the folder must be allowed.
        assert process.wait(30) == 3 and "does not stand in" in answer, answer
        assert answer.endswith("\nleumund-queue: status 3\n"), answer
