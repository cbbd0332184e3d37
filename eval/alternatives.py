"""The registry's patterns taken apart into their alternatives, so that an evaluation can read
texts without just those that only certain texts show.

A pattern of `vocabulary.toml` or `list_names.toml` holds what many texts say. Dropping it whole
takes away too much; its alternatives are what somebody once added for one text or another.
"""
import json
import os
import tempfile
import tomllib

FOLDER = os.path.join(os.path.dirname(__file__), "..", "data", "registry")


def alternatives_of(pattern):
    """The alternatives at the top level of a pattern."""
    out, depth, in_class, begin, at = [], 0, False, 0, 0
    while at < len(pattern):
        c = pattern[at]
        if c == "\\":
            at += 2
            continue
        if in_class:
            in_class = c != "]"
        elif c == "[":
            in_class = True
            at += 1 if pattern[at + 1:at + 2] == "]" else 0
        elif c in "()":
            depth += 1 if c == "(" else -1
        elif c == "|" and depth == 0:
            out.append(pattern[begin:at])
            begin = at + 1
        at += 1
    return out + [pattern[begin:]]


class TakenApart:
    """Registry files in which every alternative is a pattern of its own."""

    def __init__(self):
        self.of = {}  # pattern -> its alternatives, where there are several
        self.owners = []  # kind of table, id, key, alternatives
        for name, kind, key in (("vocabulary.toml", "concept", "words"),
                                ("list_names.toml", "list_name", "names")):
            with open(os.path.join(FOLDER, name), "rb") as file:
                for table in tomllib.load(file)[kind]:
                    self.add(kind, table, key)

    def add(self, kind, table, key):
        for pattern in table.get(key, []):
            parts = alternatives_of(pattern["re"])
            if len(parts) > 1:
                self.of[pattern["re"]] = parts
                self.owners.append((kind, table["id"], key, parts))

    def text(self, without=()):
        """A registry file that takes the patterns apart and leaves out those in `without`."""
        gone = set(without)
        lines = []
        for kind, one, key, parts in self.owners:
            rest = [part for part in parts if part not in gone]
            if not rest:
                continue
            words = ", ".join("{ re = " + json.dumps(part) + " }" for part in rest)
            lines.append(f"[[{kind}]]\nid = {json.dumps(one)}\n{key} = [{words}]\n")
        whole = set(self.of) | (gone - {part for parts in self.of.values() for part in parts})
        lines += [f"[[drop]]\nre = {json.dumps(one)}\n" for one in sorted(whole)]
        return "".join(lines)

    def file(self, without=()):
        file = tempfile.NamedTemporaryFile("w", suffix=".toml", encoding="utf-8")
        file.write(self.text(without))
        file.flush()
        return file
