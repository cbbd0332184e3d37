"""The checker finds what it is for: each test breaks one rule in a small sound tree."""
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
import check_layout  # noqa: E402
from cpp_text import functions, without_comments_and_strings  # noqa: E402

README = """# base
**What it does.** x **What comes in.** x **What goes out.** x **What it never does.** x
**Where to start reading.** x
"""


@pytest.fixture
def tree(tmp_path):
    """Two rooms, one including the other, as the rules want them."""
    write(tmp_path, "src/rooms.txt", "0 base:\n1 model: base\n")
    write(tmp_path, "src/README.md", "| rank | room | job |\n|---|---|---|\n| 0 | `base` | x |\n"
                                     "| 1 | `model` | x |\n")
    for room, needs in (("base", ""), ("model", " NEEDS base")):
        write(tmp_path, f"src/{room}/README.md", README)
        write(tmp_path, f"src/{room}/CMakeLists.txt",
              f"leumund_room(NAME {room} SOURCES {room}.cc HEADERS {room}.h{needs})\n")
        write(tmp_path, f"src/{room}/{room}.h", "int f();\n")
        write(tmp_path, f"src/{room}/{room}.cc", '#include "base/base.h"\nint f() { return 1; }\n')
    write(tmp_path, "tests/CMakeLists.txt", "")
    return tmp_path


def write(tree, name, text):
    path = tree / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def check(command, tree):
    findings = check_layout.Findings(tree)
    getattr(check_layout, f"{command}_command")(tree, findings)
    return "\n".join(findings.lines)


def test_a_sound_tree_has_no_findings(tree):
    assert check("rooms", tree) == "" and check("style", tree) == ""


@pytest.mark.parametrize("name, text, finding", [
    ("src/base/base.cc", '#include "model/model.h"\n', "base may not include model"),
    ("src/base/base.cc", '#include "base/gone.h"\n', "is no file below src/"),
    ("src/rooms.txt", "0 base: model\n1 model: base\n", "may not need model"),
    ("src/rooms.txt", "0 base:\n1 model:\n", "NEEDS differ"),
    ("src/rooms.txt", "0 base:\n1 model: base\n2 gone: base\n", "the room gone has no folder"),
    ("src/util/README.md", README, "a name that says nothing"),
    ("src/new/README.md", README, "the room new is not listed"),
    ("src/README.md", "| 0 | `base` | x |\n", "model is missing from the table"),
    ("src/README.md", "| 0 | `base` | x |\n| 2 | `model` | x |\n", "model has rank 1"),
    ("src/base/README.md", README.replace("What it never does", ""), "What it never does"),
    ("src/base/dead.cc", "\n", "belongs to no target"),
    ("src/base/CMakeLists.txt", "leumund_room(NAME base SOURCES base.cc gone.cc HEADERS base.h)\n",
     "lists gone.cc, which is not there"),
    ("tests/component/story/test_x.py", "", "is not listed in tests/CMakeLists.txt"),
    ("src/base/x_fuzz.cc", "\n", "x has no seeds"),
    ("tests/corpus/x/seed", "", "x has no fuzz target"),
])
def test_rooms_finds(tree, name, text, finding):
    write(tree, name, text)
    assert finding in check("rooms", tree)


def test_a_header_that_only_tests_include_and_a_generated_one_need_no_list(tree):
    write(tree, "src/base/fake.h", "int fake();\n")
    write(tree, "src/base/base_test.cc", '#include "base/fake.h"\n#include "base/made.h"\n')
    write(tree, "src/base/CMakeLists.txt", "configure_file(made.in ${B}/generated/base/made.h)\n"
          "leumund_room(NAME base SOURCES base.cc HEADERS base.h TESTS base_test.cc)\n")
    assert check("rooms", tree) == ""
    write(tree, "src/base/base.cc", '#include "base/fake.h"\n')
    assert "fake.h:1: belongs to no target" in check("rooms", tree)


@pytest.mark.parametrize("name, text, finding", [
    ("src/base/base.cc", "// " + "x" * 98, "101 columns"),
    ("src/base/base.h", "\n" * 251, "251 lines, at most 250"),
    ("src/base/base.cc", "\n" * 501, "501 lines, at most 500"),
    ("src/base/base.cc", "int f() {\n" + "  g();\n" * 69 + "}\n", "f has 71 lines"),
    ("src/model/model.h", "#include <mutex>\nstd::mutex m;\n", "a bare mutex"),
    ("src/model/model.h", "#include <mutex>\n", "model is pure"),
    ("src/model/model.h", "#include <nlohmann/json.hpp>\n", "in a header"),
    ("src/model/model.cc", "#include <spdlog/spdlog.h>\n", "spdlog belongs to"),
    ("src/model/model.cc", "int f() { throw 1; }\n", "exceptions of our own"),
    ("src/model/model.cc", "int* f() { return new int; }\n", "naked new"),
    ("src/model/model.cc", "void f(int* a) { delete a; }\n", "naked delete"),
    ("src/model/model.cc", "auto f() { return std::chrono::steady_clock::now(); }\n", "time is"),
    ("src/model/model.cc", "bool is_blacklisted();\n", "denylist"),
    ("src/model/model.h", "// Flow:    a -> b. Limits:  none.\n", "begins a line"),
    ("docs/x.md", "TO" + "DO: write\n", "a reminder"),
    ("docs/x.md", "see /ho" + "me/me/x\n", "somebody's own machine"),
    ("tests/layout/exceptions.txt", "file src/base/base.h 300 long story\n", "may only shrink"),
])
def test_style_finds(tree, name, text, finding, monkeypatch):
    monkeypatch.setattr(check_layout, "EXCEPTIONS_MAX", 0)
    write(tree, name, text)
    assert finding in check("style", tree)


def test_words_in_comments_and_strings_are_not_code(tree):
    write(tree, "src/model/model.cc",
          '// new std::mutex in the blacklist\nconst char* a = "throw new x // ";\n'
          'const char* b = R"(delete p;\n throw 1)";\nchar c = \'"\'; int d = 1\'000\'000;\n')
    assert check("style", tree) == ""


def test_an_exception_that_is_not_needed_any_more_must_go(tree, monkeypatch):
    monkeypatch.setattr(check_layout, "EXCEPTIONS_MAX", 1)
    write(tree, "tests/layout/exceptions.txt", "file src/base/base.h 300 a table of codes\n")
    assert "delete its line" in check("style", tree)
    write(tree, "src/base/base.h", "\n" * 300)
    assert check("style", tree) == ""
    write(tree, "src/base/base.h", "\n" * 301)
    assert "301 lines" in check("style", tree)


def test_functions_are_told_from_types_blocks_and_initialisers():
    code = """\
namespace a {
#define X(y) \\
  { y }
struct S : B {
  S(int x) : a_{x}, b_(x) {
    if (x) { g(); }
  }
  bool operator()(int) const noexcept { return true; }
  std::array<int, 2> list_{{1, 2}};
};
constexpr Row rows[] = {
    {"a", f(1)},
};
template <typename T>
auto h(T&& t, Options o = {}) -> int {
  return t([&] {
    return S{1};
  });
}
}  // namespace a
"""
    assert [(each.name, each.line, each.lines) for each in functions(code)] == [
        ("S", 5, 3), ("operator()", 8, 1), ("h", 14, 6)]
    assert without_comments_and_strings(code).count("\n") == code.count("\n")


def test_the_program_ends_with_1_on_a_finding_and_2_on_wrong_use(tree):
    def status(*arguments):
        return subprocess.run([sys.executable, str(HERE / "check_layout.py"), *arguments],
                              capture_output=True, check=False).returncode
    assert status("rooms", str(tree)) == 0
    write(tree, "src/base/dead.cc", "")
    assert status("rooms", str(tree)) == 1
    assert status("nonsense") == 2
