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
                          env={**os.environ, "LC_ALL": "C.UTF-8"}, check=False)
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


def main() -> None:
    print((Path(__file__).parent / "commands_page_head.md").read_text())
    print("\n".join(section(2, "leumund") + section(2, "leumundd")).rstrip())


if __name__ == "__main__":
    main()
