#!/usr/bin/python3
"""Prints docs/reference/commands.md from the help of the built programs.

    LEUMUND_BIN=build/release/bin tools/make_commands_page.py > docs/reference/commands.md

Ends with 3 when the programs are not built.
"""
import os
import re
import subprocess
import sys
from pathlib import Path

FOLDER = Path(os.environ.get("LEUMUND_BIN", "build/release/bin"))


def help_of(*command: str) -> str:
    path = FOLDER / command[0]
    if not path.is_file():
        print(f"{command[0]} is not built in {FOLDER}", file=sys.stderr)
        sys.exit(3)
    done = subprocess.run([str(path), *command[1:], "--help"], capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        print(f"{' '.join(command)} --help failed: {done.stderr}", file=sys.stderr)
        sys.exit(1)
    # The program's own path is where this machine built it.
    return done.stdout.replace(str(path), command[0]).strip()


def verbs(text: str) -> list[str]:
    """The first words of the lines below "Verbs:"."""
    below = re.split(r"^Verbs:.*$", text, maxsplit=1, flags=re.MULTILINE)[1:]
    return re.findall(r"^  ([a-z][\w-]*)", below[0], re.MULTILINE) if below else []


def section(level: int, *command: str) -> list[str]:
    text = help_of(*command)
    lines = [f"{'#' * level} {' '.join(command)}", "", "```", text, "```", ""]
    for verb in verbs(text):
        lines += section(min(level + 1, 4), *command, verb)
    return lines


OF_ALL_VERBS = """\
# Commands

Written by `tools/make_commands_page.py` from the programs' own help; a test compares.

Options of `leumund` itself may stand before or behind the verb. Help and answers for people are English or German (`--lang`,
else the environment's `LC_ALL`, `LC_MESSAGES` or `LANG`); what is typed is the same in both.

**Subjects.** `account:NAME`, `script:uid33`, `script:uid33:/path/of/script`, `client:ADDRESS`, `forward:NAME`; a name without a
kind is an account. An unknown kind, an address that is none, an empty name or one with control characters is wrong use.

**Status.** 0 done; 1 the answer is no, or something is left to do (then `trouble` stands in the answer); 2 wrong use or bad
input; 3 leumundd or its store is not reachable.

**JSON.** With `--json` an answer is one object a line on standard output. Every error is too, whole and in English, and standard
error stays empty:

```
{"error":{"code":"not_found","message":"account:a@verein.example is not restricted"}}
```

| code | status | what it means |
| --- | --- | --- |
| `wrong_use` | 2 | the command line is wrong |
| `malformed`, `too_large` | 2 | the daemon does not take this input |
| `configuration` | 2 | the configuration file is wrong; `config check` lists `problems` as well |
| `not_found` | 1 | nothing stands there to be released or undone |
| `refused`, `not_allowed` | 1 | a clear no, with its reason |
| `unreachable` | 3 | leumundd does not answer |
| `unavailable`, `timed_out`, `exhausted`, `internal` | 3 | a part of it does not; 2 for a file that `replay` cannot open |

`connect` and `disconnect` list their reports in `postfix` beside the error. `explain` of an unknown subject is no error: it
answers `"known":false` with status 1. `events --follow` and `replay` print one object for each event.
"""


def main() -> None:
    print(OF_ALL_VERBS)
    print("\n".join(section(2, "leumund") + section(2, "leumundd")).rstrip())


if __name__ == "__main__":
    main()
