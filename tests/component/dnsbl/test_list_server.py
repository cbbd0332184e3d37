"""`leumundd dnsbl` as an operator meets it: reloads, TCP, files it writes, options it refuses."""
import os
import random
import signal
import socket
import shlex
import subprocess
import threading
from pathlib import Path

import pytest

from component.dnsbl.messages import Client, Query, TYPES, ask_by_tcp, parse, wire_name
from component.dnsbl.test_differential import place_of
from peers.ground import missing, require_program, require_root, wait_until
from peers.list_server import leumund

HEAD = "$SOA 60 ns.ex admin.ex 0 1h 1h 1w 5m\n"


def query(address: str, kind: str = "A", zone: str = "bl.ex") -> Query:
    return Query(wire_name(".".join(address.split(".")[::-1]) + "." + zone), TYPES[kind])


def put(folder: Path, name: str, text: str) -> None:
    """As an operator does: a new file under the old name."""
    (folder / "new").write_text(text)
    (folder / "new").chmod(0o644)
    os.rename(folder / "new", folder / name)


def listed(client: Client, address: str) -> bool:
    return bool(client.one(query(address)).answers)


def test_a_reload_of_a_million_entries_makes_nobody_wait(peers):
    dice = random.Random(3)
    lines = [f"{a >> 24}.{a >> 16 & 255}.{a >> 8 & 255}.{a & 255}\n"
             for a in (dice.randrange(1 << 31) for _ in range(1_000_000))]
    folder = place_of(peers, {"bl": HEAD + "".join(lines)})
    server = peers._keep("list", leumund(peers.ground, folder, ["bl.ex:ip4set:bl"],
                                         ("-c", "0", "--limit", "0")))
    put(folder, "bl", HEAD + "".join(lines) + "203.0.113.1\n")
    client, other = Client(server.port), Client(server.port)
    answered, slow, done = [0], [], threading.Event()

    def keep_asking():
        while not done.is_set():
            if other.ask([query("198.51.100.1")], patience=5.0)[0] is None:
                slow.append("no answer in five seconds")
            answered[0] += 1

    asker = threading.Thread(target=keep_asking)
    asker.start()
    server.reload()
    wait_until(lambda: listed(client, "203.0.113.1"), "the new file to be served")
    done.set()
    asker.join()
    assert not slow
    assert answered[0] > 50, "questions were answered while the file was read"


def test_a_bad_file_leaves_the_old_data_in_service(peers):
    folder = place_of(peers, {"bl": HEAD + "192.0.2.1\n"})
    server = peers._keep("list", leumund(peers.ground, folder, ["bl.ex:ip4set:bl"]))
    client = Client(server.port)
    put(folder, "bl", "$TIMESTAMP 2990:01:01\n192.0.2.9\n")
    server.reload()
    wait_until(lambda: "zone_not_loaded" in server.log(), "the fault to be told")
    assert listed(client, "192.0.2.1")
    put(folder, "bl", HEAD + "192.0.2.9\n")
    server.reload()
    wait_until(lambda: listed(client, "192.0.2.9"), "the good file to be served")


def test_tcp_answers_several_questions_and_whole_texts(peers):
    text = "\n".join(f"192.0.2.1 :{n}:{'x' * 200} {n}" for n in range(2, 12))
    folder = place_of(peers, {"bl": HEAD + text + "\n"})
    server = peers._keep("list", leumund(peers.ground, folder, ["bl.ex:ip4set:bl"]))
    cut = Client(server.port).one(query("192.0.2.1", "TXT"))
    assert cut.flags & 0x0200 and not cut.answers
    answers = ask_by_tcp(server.port, [query("192.0.2.1", "TXT").pack(1),
                                       query("192.0.2.2").pack(2)])
    assert len(parse(answers[0]).answers) == 10
    assert parse(answers[1]).code == 3
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(b"\xff\xff" + b"x" * 100)  # longer than any query
        assert connection.recv(10) == b""


def test_counts_and_log_are_those_of_rbldnsd(peers):
    folder = place_of(peers, {"bl": HEAD + "192.0.2.1\n"})
    folder.chmod(0o777)
    server = peers._keep("list", leumund(peers.ground, folder, ["bl.ex:ip4set:bl"],
                                         ("-c", "1s", "-s", "stats", "-l", "+log")))
    client = Client(server.port)
    client.ask([query("192.0.2.1"), query("192.0.2.2", "TXT")])
    wait_until(lambda: "bl.ex:2:1:1:" in (folder / "stats").read_text(), "the counts")
    log = (folder / "log").read_text()
    assert " 127.0.0.1 1.2.0.192.bl.ex A IN: NOERROR/1/" in log
    assert " 127.0.0.1 2.2.0.192.bl.ex TXT IN: NXDOMAIN/0/" in log
    server.signal(signal.SIGUSR1)
    wait_until(lambda: "event=client address=127.0.0.1" in server.log(), "the clients")


@pytest.mark.parametrize("arguments, told", [
    (["-d", "-b", "127.0.0.1/1", "bl:ip4set:f"], "-d"),
    (["-x", "mod.so", "-b", "127.0.0.1/1", "bl:ip4set:f"], "extensions"),
    (["bl:ip4set:f"], "-b"),
    (["-b", "127.0.0.1/1"], "no zone"),
    (["-b", "127.0.0.1/1", "-t", "5x", "bl:ip4set:f"], "-t"),
    (["-b", "127.0.0.1/1", "-Z", "bl:ip4set:f"], "-Z"),
    (["-b", "127.0.0.1/1", "bl:nosuch:f"], "nosuch"),
    (["-b", "127.0.0.1/1", "--limit", "much", "bl:ip4set:f"], "--limit"),
])
def test_wrong_command_lines_are_refused_by_name(arguments, told):
    program = Path(os.environ.get("LEUMUND_BIN", "build/dev/bin")) / "leumundd"
    if not program.is_file():
        missing(f"{program} is not built")
    done = subprocess.run([str(program), "dnsbl", "-n", *arguments], capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == 2
    assert told in done.stderr + done.stdout


ROOT = Path(__file__).parents[3]
DROP_IN = ROOT / "packaging/rbldnsd/leumund.conf"


class Notified:
    """A program started as systemd starts a unit of Type=notify."""

    def __init__(self, folder: Path, command: list[str]) -> None:
        path = folder / "notify"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        path.chmod(0o777)
        # A leak checker finds no /proc in a chroot, and fails.
        env = {**os.environ, "NOTIFY_SOCKET": str(path), "ASAN_OPTIONS": "detect_leaks=0"}
        self.process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __enter__(self) -> "Notified":
        return self

    def __exit__(self, *_) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(30)
        self._socket.close()

    def heard(self, state: str, seconds: float = 30.0) -> None:
        self._socket.settimeout(seconds)
        while state not in self._socket.recv(4096).decode().split():
            pass


def debian_start(wrapper: Path, program: str) -> list[str]:
    """What ExecStart= of Debian's rbldnsd.service runs, with `wrapper` in its place, and what our
    drop-in runs instead."""
    if program == "rbldnsd":
        return [str(wrapper)]
    line = [l for l in DROP_IN.read_text().splitlines() if l.startswith("ExecStart=/")][0]
    line = line.removeprefix("ExecStart=").replace("$$", "$").replace("%i", "")
    ours = Path(os.environ.get("LEUMUND_BIN", "build/dev/bin")).absolute() / "leumundd"
    if not ours.is_file():
        missing(f"{ours} is not built")
    return [word.replace("/usr/sbin/rbldnsd.wrapper", str(wrapper))
            .replace("/usr/sbin/leumundd", str(ours)) for word in shlex.split(line)]


@pytest.mark.parametrize("chroot", [False, True], ids=["in a folder", "in a chroot"])
@pytest.mark.parametrize("program", ["rbldnsd", "leumundd"])
def test_debians_unit_starts_it_with_its_own_wrapper(peers, program, chroot):
    """/etc/default/rbldnsd says no -n: who waits by NOTIFY_SOCKET gets a process that stays."""
    require_root("the wrapper's user")
    installed = Path(require_program("rbldnsd.wrapper"))
    folder = place_of(peers, {"bl": HEAD + "192.0.2.1\n"})
    port = peers.ground.ports.free()
    base = peers.ground.place("unit")
    defaults, wrapper = base / "rbldnsd", base / "rbldnsd.wrapper"
    defaults.write_text(f'RBLDNSD="- -u 65534 -{"r" if chroot else "w"} {folder}'
                        f' -b 127.0.0.1/{port} \\\n bl.ex:ip4set:bl \\\n"\n')
    wrapper.write_text(installed.read_text().replace("/etc/default/rbldnsd", str(defaults)))
    wrapper.chmod(0o755)
    with Notified(base, debian_start(wrapper, program)) as unit:
        unit.heard("READY=1")
        client = Client(port)
        assert listed(client, "192.0.2.1"), "it answers from its zone once it says READY=1"
        put(folder, "bl", HEAD + "192.0.2.9\n# another size\n")
        unit.process.send_signal(signal.SIGHUP)
        unit.heard("RELOADING=1")
        unit.heard("READY=1")
        wait_until(lambda: listed(client, "192.0.2.9"), "the new file to be served")
        assert unit.process.poll() is None, "it stays in the foreground"
        unit.process.terminate()
        unit.heard("STOPPING=1")
        assert unit.process.wait(30) == 0
