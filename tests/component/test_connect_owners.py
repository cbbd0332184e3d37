"""`leumund connect postfix` as root beside a daemon with a user of its own: what that user can
write is not obeyed, and its symbolic links lead root nowhere."""
import json
import os
import pwd
import shutil

import pytest

from component.connect_place import HELPDESK, Place
from peers.ground import require_root

NOBODY = pwd.getpwnam("nobody")


@pytest.fixture
def guarded(peers):
    """As packaged: the state folder is the daemon's, the configuration is root's."""
    require_root("what belongs to whom")
    place = Place(peers, overrides=False)
    etc = peers.ground.place("etc-leumund")
    place.config = shutil.move(place.config, etc / "leumund.toml")
    os.chown(place.state, NOBODY.pw_uid, NOBODY.pw_gid)
    return place


def forged(place, evil) -> bytes:
    """A record by which root would run scripts of `evil`, after connect and after disconnect."""
    main = (place.postfix.etc / "main.cf").read_text()
    return json.dumps({
        "version": 1, "folder": str(place.postfix.etc), "master_cf": None,
        "main_cf": {"before": f"{main}daemon_directory = {evil}\n", "after": main},
        "changes": [{"service": "", "parameter": "daemon_directory", "before": str(evil),
                     "after": place.postfix.command("postconf", "-xh",
                                                    "daemon_directory").stdout.strip(),
                     "elements": []}]}).encode()


@pytest.mark.parametrize("verb", ["connect", "disconnect"])
@pytest.mark.parametrize("owner", [NOBODY.pw_uid, 0])
def test_a_record_that_the_daemons_user_could_have_put_there_is_not_obeyed(guarded, verb, owner):
    before = guarded.files()
    records = guarded.state / "connect"
    records.mkdir(mode=0o700)
    record = records / (str(guarded.postfix.etc).replace("/", "_") + ".json")
    record.write_bytes(forged(guarded, guarded.state))
    for path in (records, record):
        os.chown(path, owner, -1)
    for arguments in ([], ["--dry-run"]):
        done = guarded.leumund(verb, "postfix", *arguments)
        assert done.returncode == 1, done.stdout + done.stderr
        assert f"{guarded.state} belongs to user {NOBODY.pw_uid}" in done.stderr
        assert f"move it to {guarded.config.parent}/connect/" in done.stderr
        assert guarded.files() == before
    # Somebody else's record beside root's own changes nothing any more.
    record.unlink()
    guarded.connect()
    record.write_bytes(forged(guarded, guarded.state))
    assert guarded.leumund("connect", "postfix").returncode == 0
    assert guarded.leumund("disconnect", "postfix").returncode == 0
    assert guarded.files() == before and record.exists()


@pytest.mark.parametrize("verb", ["connect", "disconnect"])
def test_a_configuration_that_others_can_write_is_not_obeyed_by_root(guarded, verb):
    before = guarded.files()
    for path, mode, why in ((guarded.config, 0o664, "can be written by others"),
                            (guarded.config.parent, 0o777, "can be written by others")):
        was = path.stat().st_mode & 0o7777
        path.chmod(mode)
        done = guarded.leumund(verb, "postfix")
        assert done.returncode == 1 and f"{path} {why}" in done.stderr, done
        path.chmod(was)
    os.chown(guarded.config, NOBODY.pw_uid, -1)
    done = guarded.leumund(verb, "postfix")
    assert done.returncode == 1 and f"{guarded.config} belongs to user" in done.stderr, done
    assert guarded.files() == before and not guarded.tables.exists()


def test_the_record_of_a_first_version_is_found_where_root_alone_can_write(guarded):
    before = guarded.files()
    guarded.connect()
    [record] = (guarded.config.parent / "connect").iterdir()
    assert record.stat().st_mode & 0o7777 == 0o600
    assert record.parent.stat().st_mode & 0o7777 == 0o700
    earlier = guarded.state / "connect"
    shutil.move(record.parent, earlier)
    refused = guarded.leumund("disconnect", "postfix")
    assert refused.returncode == 1 and "is not obeyed" in refused.stderr, refused
    os.chown(guarded.state, 0, 0)
    guarded.config.write_text(guarded.config.read_text().replace(str(guarded.policy_port), "10999"))
    guarded.connect()
    assert record.exists() and not list(earlier.iterdir()), "it moves with the next connect"
    shutil.move(record, earlier)
    assert guarded.leumund("disconnect", "postfix").returncode == 0
    assert guarded.files() == before and not list(earlier.iterdir())


def test_tables_are_made_with_the_rights_of_the_daemons_user(guarded, tmp_path):
    """Symbolic links in the daemon's folder lead root nowhere that user could not go itself."""
    secret = tmp_path / "shadow"
    secret.write_text("root's own\n")
    secret.chmod(0o600)
    guarded.connect()
    names = sorted(path.name for path in guarded.tables.iterdir())
    assert {"helpdesk.cdb", "suspended_users"} < set(names), names
    for path in (guarded.tables, *guarded.tables.iterdir()):
        about = path.stat()
        assert (about.st_uid, about.st_mode & 0o022) == (NOBODY.pw_uid, 0), path
    asked = guarded.postfix.command("postmap", "-q", HELPDESK, f"cdb:{guarded.tables}/helpdesk")
    assert asked.stdout.strip(), asked
    # The process id is not known beforehand; all that come next are taken.
    (guarded.tables / "helpdesk.cdb").unlink()
    (guarded.tables / "suspended_users").unlink()
    (guarded.tables / "suspended_users").symlink_to(tmp_path / "none")
    next_pid = int(open("/proc/loadavg", encoding="ascii").read().split()[-1])
    for pid in range(next_pid, next_pid + 2000):
        for name in (f"helpdesk.new{pid}", f"helpdesk.new{pid}.cdb", f"helpdesk.new{pid}.cdb.tmp"):
            (guarded.tables / name).symlink_to(secret)
    done = guarded.leumund("connect", "postfix")
    assert done.returncode in (0, 1), done
    assert secret.read_text() == "root's own\n"
    about = secret.stat()
    assert (about.st_uid, about.st_mode & 0o7777) == (0, 0o600)
    assert not (tmp_path / "none").exists()


def test_a_folder_of_tables_that_leads_away_is_not_followed_with_roots_rights(guarded, tmp_path):
    guarded.tables.symlink_to(tmp_path)
    os.chmod(tmp_path, 0o755)
    assert guarded.leumund("connect", "postfix").returncode != 0
    assert not list(tmp_path.iterdir()) and tmp_path.stat().st_uid == 0
