#!/usr/bin/python3
"""Keeps the tree as its documents say it is. CTest runs each command as layout.COMMAND.

    check_layout.py rooms  [TREE]   rooms.txt, room table, includes, NEEDS, READMEs, targets
    check_layout.py style  [TREE]   lengths, banned words and includes, reminders, private paths
    check_layout.py format [TREE]   clang-format-19 over the C++ sources

Prints one line per finding, `file:line: what`, and ends with 1 if there is any.
"""
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from cpp_text import functions, without_comments_and_strings  # noqa: E402

LINE_COLUMNS_MAX = 100
FUNCTION_LINES_MAX = 70
SOURCE_LINES_MAX = 500
HEADER_LINES_MAX = 250

# exceptions.txt beside this file may only shrink: lower this number with it, never raise it.
EXCEPTIONS_MAX = 0

TEST_SUFFIXES = ("_test.cc", "_bench.cc", "_fuzz.cc")

ROOM_README_PARTS = ("What it does", "What comes in", "What goes out", "What it never does",
                     "Where to start reading")
BANNED_ROOM_NAMES = ("util", "utils", "common", "misc", "helper", "helpers", "manager")

# Heavy headers stay in as few .cc files as possible: one file with Asio costs 15 s to compile.
HEAVY_INCLUDES = ("boost/", "httplib.h", "CLI/", "nlohmann/", "toml++/", "spdlog/", "simdjson")

# In code, comments and string literals apart: pattern, why not, rooms that may all the same.
# The last ones bind tests, benchmarks and fuzz targets as well.
BANNED_CODE = (
    (r"\busing\s+namespace\b", "`using namespace` hides where a name comes from", set()),
    (r"\bthrow\b", "exceptions of our own; return a Result", set()),
    (r"\bsystem_clock\s*::\s*now\b|\bsystem_now\s*\(|\btime\s*\(\s*nullptr",
     "time is an argument; the clock is read at the edge",
     {"base", "net", "intake", "storage", "face", "apps"}),
    # For the patience with a program or a peer, in the rooms that talk to them.
    (r"\bsteady_clock\s*::\s*now\b", "time is an argument; the clock is read at the edge",
     {"base", "net", "intake", "action", "storage", "face", "apps"}),
)
BANNED_EVERYWHERE = (
    (r"\bstd::(recursive_|shared_|timed_)?mutex\b", "a bare mutex; use base::Guarded", {"base"}),
    (r"^(?!.*unique_ptr).*\bnew\s+[A-Za-z_:]", "naked new; unique_ptr owns", set()),
    (r"\bdelete\s*(\[\s*\])?\s+[A-Za-z_*(]", "naked delete; unique_ptr owns", set()),
    (r"\b(strcpy|strcat|sprintf|gets|rand|srand)\s*\(", "an unbounded or unseeded C function",
     set()),
    (r"\w*([Bb]lack|[Ww]hite)_?[Ll]ist\w*", "denylist and allowlist are our words", set()),
)

# Rooms that only turn values into values.
PURE_ROOMS = ("model", "wire", "verdict")
IMPURE_INCLUDES = ("<mutex>", "<thread>", "<fstream>", "<filesystem>", "<condition_variable>",
                   "<sys/socket.h>", "<unistd.h>", '"base/log.h"', '"base/guarded.h"',
                   '"base/bounded_queue.h"')

# Put together from pieces, so that this file does not find itself.
_REMINDERS = ("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK")
# "// words. Limits:  more": a tool has joined the lines of a header comment.
JOINED_LABEL = re.compile(r"^\s*// .*\S (Flow|Time|Limits|Threads|Owner|Errors):(  |$)")
REMINDERS = re.compile(rf"\b({'|'.join(_REMINDERS)})\b")
_PRIVATE = ("wo" + "rk", "ho" + "me", "ro" + "ot", "Us" + "ers")
PRIVATE_PATHS = re.compile(rf"(?<![\w.}}\])])/({'|'.join(_PRIVATE)})/\w")
# What strangers wrote, or what must look like a stranger's: paths in it are theirs.
FOREIGN_TEXT = ("tests/corpus/", "tests/golden/", "data/", "LICENSE")


class Findings:
    def __init__(self, tree: Path) -> None:
        self.tree = tree
        self.lines: list[str] = []

    def add(self, path: Path, line: int, what: str) -> None:
        self.lines.append(f"{path.relative_to(self.tree)}:{line}: {what}")


def read_rooms(tree: Path) -> dict[str, tuple[int, list[str]]]:
    """src/rooms.txt: room -> (rank, rooms it may include)."""
    rooms = {}
    for line in (tree / "src/rooms.txt").read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            head, _, needs = line.partition(":")
            rank, room = head.split()
            rooms[room] = (int(rank), needs.split())
    return rooms


def cpp_files(tree: Path, below: str = "src") -> list[Path]:
    return sorted(path for path in (tree / below).rglob("*") if path.suffix in (".h", ".cc"))


def room_of(tree: Path, path: Path) -> str:
    return path.relative_to(tree / "src").parts[0]


def tracked(tree: Path) -> list[Path]:
    """Files of the project: what git knows or would add. Where there is no git, or it does not
    trust
    the folder (root in somebody's clone), everything but the build folder."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=tree, capture_output=True, check=True).stdout.decode()
        names = [name for name in listed.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        names = [str(path.relative_to(tree)) for path in tree.rglob("*") if path.is_file()
                 and not {"build", ".git", "__pycache__"} & set(path.relative_to(tree).parts)]
    return sorted(tree / name for name in names if (tree / name).is_file())


# --- rooms ----------------------------------------------------------------------------------------

def check_includes(tree: Path, rooms: dict, findings: Findings) -> None:
    for room, (rank, needs) in rooms.items():
        for need in needs:
            if need not in rooms:
                findings.add(tree / "src/rooms.txt", 1, f"{room} needs {need}, which is no room")
            elif rooms[need][0] >= rank:
                findings.add(tree / "src/rooms.txt", 1,
                             f"{room} (rank {rank}) may not need {need} (rank {rooms[need][0]})")
    for path in cpp_files(tree):
        room = room_of(tree, path)
        for number, line in enumerate(path.read_text().splitlines(), 1):
            included = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
            if not included:
                continue
            target = included.group(1)
            other = target.split("/")[0]
            if not (tree / "src" / target).is_file():
                if not is_generated(tree, target):
                    findings.add(path, number, f'"{target}" is no file below src/')
            elif other != room and other not in rooms.get(room, (0, []))[1]:
                findings.add(path, number, f"{room} may not include {other} (src/rooms.txt)")


def is_generated(tree: Path, included: str) -> bool:
    """Whether the room's CMake files or those in cmake/ name it as one they make."""
    room = tree / "src" / included.split("/")[0]
    makers = [room / "CMakeLists.txt", *room.rglob("*.cmake"), *(tree / "cmake").glob("*.cmake")]
    return any(maker.is_file() and f"/{included}" in maker.read_text() for maker in makers)


def check_room_folders(tree: Path, rooms: dict, findings: Findings) -> None:
    folders = {path.name for path in (tree / "src").iterdir() if path.is_dir()}
    table_file = tree / "src/README.md"
    table = room_table(table_file) if table_file.is_file() else {}
    for room in sorted(folders | set(rooms) | set(table)):
        place = tree / "src" / room
        if room not in folders:
            findings.add(table_file, 1, f"the room {room} has no folder")
        if room not in rooms:
            findings.add(tree / "src/rooms.txt", 1, f"the room {room} is not listed")
        if room not in table:
            findings.add(table_file, 1, f"the room {room} is missing from the table")
        elif room in rooms and table[room] != rooms[room][0]:
            findings.add(table_file, 1, f"{room} has rank {rooms[room][0]} in rooms.txt")
        if room in BANNED_ROOM_NAMES:
            findings.add(place, 1, "a name that says nothing about its job")
        if room in folders:
            check_room_readme(place / "README.md", findings)


def room_table(path: Path) -> dict[str, int]:
    """The rows `| rank | `room` | job |` of src/README.md."""
    return {room: int(rank) for rank, room in
            re.findall(r"^\|\s*(\d+)\s*\|\s*\[?`(\w+)`[^|]*\|", path.read_text(), re.MULTILINE)}


def check_room_readme(path: Path, findings: Findings) -> None:
    if not path.is_file():
        findings.add(path, 1, "the room has no README")
        return
    text = path.read_text().lower()
    for part in ROOM_README_PARTS:
        if part.lower() not in text:
            findings.add(path, 1, f"the part \"{part}\" is missing")


def check_targets(tree: Path, rooms: dict, findings: Findings) -> None:
    for room, (_, needs) in rooms.items():
        lists = tree / "src" / room / "CMakeLists.txt"
        if not lists.is_file():
            findings.add(lists, 1, "the room has no CMakeLists.txt")
            continue
        text = re.sub(r"#.*", "", lists.read_text())
        words = set(re.findall(r"[\w./+-]+", text))
        check_listed(tree, cpp_files(tree, f"src/{room}"), lists, words, findings)
        for word in sorted(words):
            if word.endswith((".cc", ".h")) and "generated/" not in word and \
                    not (lists.parent / word).is_file():
                findings.add(lists, 1, f"lists {word}, which is not there")
        call = re.search(rf"leumund_room\(\s*NAME\s+{room}\b([^)]*)\)", text)
        if call:
            listed = re.search(r"\bNEEDS\b([a-z_\s]*)", call.group(1))
            if sorted((listed.group(1) if listed else "").split()) != sorted(needs):
                findings.add(lists, 1, f"NEEDS differ from rooms.txt: {' '.join(needs)}")
        elif cpp_files(tree, f"src/{room}"):
            findings.add(lists, 1, f"no leumund_room(NAME {room} ...)")


def check_listed(tree: Path, files: list[Path], lists: Path, words: set[str],
                 findings: Findings) -> None:
    """Every file stands in `lists`; a header that only tests and benchmarks include need not."""
    for path in files:
        if str(path.relative_to(lists.parent)) in words:
            continue
        users = [other for other in files if other != path and path.suffix == ".h"
                 and re.search(rf'#include "(\w+/)?{path.name}"', other.read_text())]
        if users and all(other.name.endswith(TEST_SUFFIXES) or other.name.startswith("test_")
                         or other.parent.name == "bench" for other in users):
            continue
        findings.add(path, 1, f"belongs to no target of {lists.relative_to(tree)}")


def check_tests(tree: Path, findings: Findings) -> None:
    """Every story is run by CTest, every fuzz target has seeds, every corpus a target."""
    lists = tree / "tests/CMakeLists.txt"
    text = lists.read_text() if lists.is_file() else ""
    bench = tree / "bench/CMakeLists.txt"
    if bench.is_file():
        words = set(re.findall(r"[\w./+-]+", bench.read_text()))
        check_listed(tree, cpp_files(tree, "bench"), bench, words, findings)
    for kind in ("component", "sabotage"):
        for path in sorted((tree / "tests" / kind).rglob("test_*.py")):
            if str(path.relative_to(tree / "tests")) not in text:
                findings.add(path, 1, "is not listed in tests/CMakeLists.txt")
    fuzzed = {path.name.removesuffix("_fuzz.cc") for path in cpp_files(tree)
              if path.name.endswith("_fuzz.cc")}
    corpora = {path.name for path in (tree / "tests/corpus").iterdir()} \
        if (tree / "tests/corpus").is_dir() else set()
    for name in sorted(fuzzed ^ corpora):
        what = "has no seeds" if name in fuzzed else "has no fuzz target"
        findings.add(tree / "tests/corpus" / name, 1, f"{name} {what}")


def rooms_command(tree: Path, findings: Findings) -> None:
    rooms = read_rooms(tree)
    check_includes(tree, rooms, findings)
    check_room_folders(tree, rooms, findings)
    check_targets(tree, rooms, findings)
    check_tests(tree, findings)


# --- style ----------------------------------------------------------------------------------------

class Exceptions:
    """Lines `kind path value reason` of exceptions.txt; one that is not used any more must go."""

    def __init__(self, tree: Path, findings: Findings) -> None:
        self._path = tree / "tests/layout/exceptions.txt"
        self._findings = findings
        self._allowed: dict[tuple[str, str], int] = {}
        self._used: set[tuple[str, str]] = set()
        lines = self._path.read_text().splitlines() if self._path.is_file() else []
        for number, line in enumerate(lines, 1):
            if not line.strip() or line.startswith("#"):
                continue
            kind, path, value, *reason = line.split()
            if not reason:
                findings.add(self._path, number, "an exception needs a reason")
            self._allowed[(kind, path)] = int(value)
        if len(self._allowed) > EXCEPTIONS_MAX:
            findings.add(self._path, 1, f"{len(self._allowed)} exceptions, at most "
                                        f"{EXCEPTIONS_MAX}: the list may only shrink")

    def allows(self, kind: str, path: str, value: int) -> bool:
        allowed = self._allowed.get((kind, path))
        if allowed is None:
            return False
        self._used.add((kind, path))
        return value <= allowed

    def close(self) -> None:
        for kind, path in sorted(set(self._allowed) - self._used):
            self._findings.add(self._path, 1, f"{kind} {path} keeps the limit now; delete its line")


def check_lengths(tree: Path, path: Path, exceptions: Exceptions, findings: Findings) -> None:
    name = str(path.relative_to(tree))
    text = path.read_text()
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        if len(line) > LINE_COLUMNS_MAX and not exceptions.allows("columns", name, len(line)):
            findings.add(path, number, f"{len(line)} columns, at most {LINE_COLUMNS_MAX}")
    most = HEADER_LINES_MAX if path.suffix == ".h" else SOURCE_LINES_MAX
    if len(lines) > most and not exceptions.allows("file", name, len(lines)):
        findings.add(path, 1, f"{len(lines)} lines, at most {most}")
    if path.suffix not in (".h", ".cc"):
        return
    for function in functions(text):
        if function.lines > FUNCTION_LINES_MAX and \
                not exceptions.allows("function", f"{name}:{function.name}", function.lines):
            findings.add(path, function.line, f"{function.name} has {function.lines} lines, "
                                              f"at most {FUNCTION_LINES_MAX}")


def check_code(tree: Path, path: Path, findings: Findings) -> None:
    room = room_of(tree, path)
    is_test = path.name.endswith(TEST_SUFFIXES)
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if JOINED_LABEL.match(line):
            findings.add(path, number, "a label of a header comment begins a line")
        included = re.match(r'\s*#\s*include\s+([<"][^>"]+[>"])', line)
        if not included:
            continue
        name = included.group(1)
        heavy = next((heavy for heavy in HEAVY_INCLUDES if name[1:].startswith(heavy)), None)
        if heavy and path.suffix == ".h":
            findings.add(path, number, f"{name} in a header; keep it in one .cc file")
        if heavy == "spdlog/" and str(path.relative_to(tree)) != "src/base/log.cc":
            findings.add(path, number, "spdlog belongs to src/base/log.cc alone")
        if room in PURE_ROOMS and name in IMPURE_INCLUDES and not is_test:
            findings.add(path, number, f"{room} is pure; {name} is not")
    code = without_comments_and_strings(path.read_text())
    for number, line in enumerate(code.splitlines(), 1):
        for pattern, why, rooms in BANNED_EVERYWHERE + (() if is_test else BANNED_CODE):
            if room not in rooms and re.search(pattern, line):
                findings.add(path, number, why)


def check_words(tree: Path, path: Path, findings: Findings) -> None:
    name = str(path.relative_to(tree))
    if name.startswith(FOREIGN_TEXT):
        return
    try:
        text = path.read_text()
    except UnicodeDecodeError:
        return
    for number, line in enumerate(text.splitlines(), 1):
        if REMINDERS.search(line):
            findings.add(path, number, "a reminder left behind; do it or open an issue")
        if PRIVATE_PATHS.search(line) and not path.name.endswith(("_test.cc", ".py")):
            findings.add(path, number, "a path of somebody's own machine")


def style_command(tree: Path, findings: Findings) -> None:
    exceptions = Exceptions(tree, findings)
    for path in tracked(tree):
        name = str(path.relative_to(tree))
        check_words(tree, path, findings)
        if name.startswith(FOREIGN_TEXT):
            continue
        if path.suffix in (".h", ".cc", ".py") or path.name == "dev":
            check_lengths(tree, path, exceptions, findings)
        if path.suffix in (".h", ".cc") and name.startswith("src/"):
            check_code(tree, path, findings)
    exceptions.close()


# --- format ---------------------------------------------------------------------------------------

def format_command(tree: Path, findings: Findings) -> int:
    if shutil.which("clang-format-19") is None:
        print("clang-format-19 is not installed")
        return 1 if os.environ.get("CI") else 77
    files = [path for below in ("src", "bench", "tests") for path in cpp_files(tree, below)]
    done = subprocess.run(["clang-format-19", "--dry-run", "-Werror", *map(str, files)],
                          capture_output=True, text=True, check=False)
    places: dict[str, set[int]] = {}
    for line in done.stderr.splitlines():
        found = re.match(r"(.*?):(\d+):\d+: error: ", line)
        if found:
            places.setdefault(found.group(1), set()).add(int(found.group(2)))
    for name, lines in places.items():
        findings.add(Path(name), min(lines), f"{len(lines)} place(s) to format; run ./dev fmt")
    if done.returncode != 0 and not findings.lines:
        print(done.stderr)
        return 1
    return 0


def main(arguments: list[str]) -> int:
    commands = {"rooms": rooms_command, "style": style_command, "format": format_command}
    if not arguments or arguments[0] not in commands:
        print(__doc__, file=sys.stderr)
        return 2
    tree = Path(arguments[1] if len(arguments) > 1 else Path(__file__).parents[2]).resolve()
    findings = Findings(tree)
    status = commands[arguments[0]](tree, findings) or 0
    for line in findings.lines:
        print(line)
    print(f"layout.{arguments[0]}: {len(findings.lines)} finding(s)")
    return status or (1 if findings.lines else 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
