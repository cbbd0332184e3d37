"""Reads C++ just far enough for the style checks: no preprocessor, no types, no guessing beyond."""
import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<delimiter>[^()\\\s]{0,16})\(.*?\)(?P=delimiter)"'
    r'|"(?:\\.|[^"\\\n])*"|(?<![0-9A-Fa-f])\'(?:\\.|[^\'\\\n])+\'', re.DOTALL)


def without_comments_and_strings(text: str) -> str:
    """The same text with comments gone and literals empty; lines keep their numbers."""

    def replacement(match: re.Match) -> str:
        token = match.group(0)
        lines = "\n" * token.count("\n")
        if token.startswith("/"):
            return " " + lines
        return ('""' if token[0] in 'R"' else "' '") + lines

    return _TOKEN.sub(replacement, text)


@dataclass
class Function:
    name: str
    line: int   # of its signature
    lines: int  # from the signature to the closing brace


_TYPE_OR_NAMESPACE = re.compile(r"\b(namespace|class|struct|union|enum)\b|\bextern\s+\"")
_NAME = re.compile(r"((?:[\w:~]+::)?(?:operator\(\)|operator\s*[^\s(]+|~?\w+))\s*\(")


def functions(text: str) -> list[Function]:
    """Every function with a body that is not inside another one; lambdas belong to theirs."""
    code = re.sub(r"^\s*#.*(?:\\\n.*)*", lambda gone: "\n" * gone.group(0).count("\n"),
                  without_comments_and_strings(text), flags=re.MULTILINE)
    found: list[Function] = []
    stack: list[str] = []  # what each open brace is: "scope", "function" or "block"
    open_function = ("", 0)
    start = 0  # where the text before the next brace began
    for match in re.finditer(r"[{};]", code):
        mark, at = match.group(0), match.start()
        before = code[start:at]
        if mark == "{":
            if "function" in stack:
                stack.append("block")
            elif _opens_scope(before):
                stack.append("scope")
            elif "(" in before and not re.search(r"=\s*$", before) and not _in_parentheses(before) \
                    and not _in_initializers(before):
                first = start + len(before) - len(before.lstrip())
                name = _NAME.search(before)
                open_function = (name.group(1) if name else "?", code.count("\n", 0, first) + 1)
                stack.append("function")
            else:
                stack.append("block")
                continue  # an initialiser: what stood before it still counts
        elif mark == "}" and stack:
            kind = stack.pop()
            if kind == "function":
                line = open_function[1]
                found.append(Function(open_function[0], line, code.count("\n", 0, at) + 2 - line))
            elif kind == "block" and "function" not in stack:
                continue
        start = match.end()
    return found


def _opens_scope(before: str) -> bool:
    """A namespace or a type; not a function that takes or returns `struct X`."""
    return bool(_TYPE_OR_NAMESPACE.search(before)) and \
        re.search(r"\)\s*(const|noexcept)?\s*$", before) is None


def _in_parentheses(before: str) -> bool:
    """Whether the brace stands inside a call: `f(Thing{...})`."""
    return before.count("(") > before.count(")")


def _in_initializers(before: str) -> bool:
    """Whether the brace initialises a member in a constructor's list: `X() : a_{1}, b_(2) {`."""
    return re.search(r"\)\s*(noexcept\s*)?:.*[\w>]$", before, re.DOTALL) is not None
