#!/usr/bin/python3
"""Keeps the documents true where a machine can tell.

    check_docs.py [TREE]

Links between documents resolve, commands that documents show exist, the room table stands in one
shape everywhere, decisions are numbered and listed, and what a program generates is what the
committed page says (LEUMUND_BIN names the folder of the built programs).
"""
import os
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from check_layout import Findings, tracked  # noqa: E402

# Page and the script that writes it from the built programs, byte for byte. docs/reference/
# options.md is compared by the tests of src/config, which need no program.
GENERATED = (("docs/reference/commands.md", "tools/make_commands_page.py"),)


def anchors(path: Path) -> set[str]:
    """What GitHub makes of the headings."""
    headings = re.findall(r"^#+\s+(.*)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
            for heading in headings}


def check_links(tree: Path, findings: Findings) -> None:
    for path in tracked(tree):
        if path.suffix != ".md" or "corpus" in path.parts or "data" in path.parts:
            continue
        for number, line in enumerate(prose_lines(path), 1):
            for target in re.findall(r"\]\(([^)\s]+)\)", line):
                if re.match(r"[a-z]+:", target):
                    continue
                name, _, anchor = target.partition("#")
                goal = (path.parent / name).resolve() if name else path
                if not goal.exists():
                    findings.add(path, number, f"the link {target} leads nowhere")
                elif anchor and goal.suffix == ".md" and anchor not in anchors(goal):
                    findings.add(path, number, f"{goal.name} has no heading #{anchor}")


def prose_lines(path: Path) -> list[str]:
    """Lines with their numbers kept: code fences become empty lines."""
    inside, lines = False, []
    for line in path.read_text().splitlines():
        if line.lstrip().startswith(("```", "~~~")):
            inside = not inside
            lines.append("")
        else:
            lines.append("" if inside else re.sub(r"`[^`]*`", "", line))
    return lines


def check_dev_commands(tree: Path, findings: Findings) -> None:
    known = set(subprocess.run([str(tree / "dev"), "help"], capture_output=True, text=True,
                               check=True).stdout.split("./dev ")[1:])
    known = {text.split()[0] for text in known}
    for path in tracked(tree):
        if path.suffix != ".md":
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            for command in re.findall(r"\./dev ([a-z]+)", line):
                if command not in known:
                    findings.add(path, number, f"./dev knows no {command}")
    readme = tree / "README.md"
    for command in ("./dev run", "./dev test"):
        if not readme.is_file() or command not in readme.read_text():
            findings.add(readme, 1, f"does not show {command}")


def table_rows(path: Path) -> list[str]:
    """The rows `| rank | room | job |`; the links of src/README.md to the rooms do not count."""
    text = path.read_text() if path.is_file() else ""
    rows = re.findall(r"^\|\s*\d+\s*\|\s*\[?`\w+`.*\|\s*$", text, re.MULTILINE)
    return [re.sub(r"\[(`\w+`)\]\([^)]*\)", r"\1", row).strip() for row in rows]


def check_room_table(tree: Path, findings: Findings) -> None:
    page = tree / "ARCHITECTURE.md"
    if table_rows(page) != table_rows(tree / "src/README.md"):
        findings.add(page, 1, "its room table differs from src/README.md")


def check_decisions(tree: Path, findings: Findings) -> None:
    folder = tree / "docs/decisions"
    pages = sorted(path.name for path in folder.glob("*.md") if path.name != "README.md")
    numbers = [name[:4] for name in pages if re.match(r"\d{4}-", name)]
    if len(numbers) != len(pages) or len(set(numbers)) != len(pages):
        findings.add(folder, 1, "a page is not named NNNN-title.md with a number of its own")
    index = (folder / "README.md").read_text() if (folder / "README.md").is_file() else ""
    for name in pages:
        if name not in index:
            findings.add(folder / "README.md", 1, f"does not list {name}")


def check_generated(tree: Path, findings: Findings) -> None:
    for page, script in GENERATED:
        made = subprocess.run([sys.executable, str(tree / script)], capture_output=True, text=True,
                              check=False)
        there = (tree / page).read_text() if (tree / page).is_file() else None
        if made.returncode == 3 and not os.environ.get("CI"):
            print(f"{page}: not compared, {made.stderr.strip()}")
        elif made.returncode != 0:
            findings.add(tree / script, 1, made.stderr.strip())
        elif made.stdout != there:
            findings.add(tree / page, 1, f"is not what {script} writes; run {script} > {page}")


def main(arguments: list[str]) -> int:
    tree = Path(arguments[0] if arguments else Path(__file__).parents[2]).resolve()
    findings = Findings(tree)
    check_links(tree, findings)
    check_dev_commands(tree, findings)
    check_room_table(tree, findings)
    check_decisions(tree, findings)
    check_generated(tree, findings)
    for line in findings.lines:
        print(line)
    print(f"layout.docs: {len(findings.lines)} finding(s)")
    return 1 if findings.lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
