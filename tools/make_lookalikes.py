#!/usr/bin/python3
"""Writes src/wire/lookalikes_table.cc: which Unicode letters read as which Latin ones.

    make_lookalikes.py >src/wire/lookalikes_table.cc

Takes the confusables of Unicode TR 39 as ICU's spoof checker holds them (package libicu72), and the
compatibility decompositions of Python's unicodedata (fullwidth, mathematical, circled, accented).
Characters that nobody sees are marked as such. Needed only when a newer Unicode shall be read; the
table is part of the sources.
"""
import ctypes
import ctypes.util
import unicodedata

LAST = 0x1FFFF
IGNORED = 1
# A letter whose case pair or ICU's choice is not what a reader sees in running text.
OVERRIDES = {0x131: "i", 0x237: "j", 0x3BF: "o", 0xDF: "ss", 0xE6: "ae", 0x153: "oe", 0xF8: "o",
             0x111: "d", 0x142: "l", 0xFE: "p", 0xF0: "d", 0x456: "i", 0x458: "j", 0x4CF: "l",
             0x3B5: "e", 0x3B7: "n", 0x3BA: "k", 0x3C4: "t", 0x3C7: "x", 0x3C9: "w", 0x3B2: "b",
             0x43A: "k", 0x442: "t", 0x43C: "m", 0x432: "b", 0x43D: "h", 0x454: "e", 0x44C: "b"}


def skeleton_of():
    icu = ctypes.CDLL(ctypes.util.find_library("icui18n"))
    suffix = "_" + ctypes.util.find_library("icui18n").rpartition(".")[2]
    opened = getattr(icu, "uspoof_open" + suffix)
    skeleton = getattr(icu, "uspoof_getSkeletonUTF8" + suffix)
    opened.restype = ctypes.c_void_p
    status = ctypes.c_int(0)
    checker = ctypes.c_void_p(opened(ctypes.byref(status)))
    out = ctypes.create_string_buffer(256)

    def read(char):
        text = char.encode()
        state = ctypes.c_int(0)
        size = skeleton(checker, 0, text, len(text), out, len(out), ctypes.byref(state))
        return out.raw[:size].decode() if state.value <= 0 else char

    return read


def ignored(point, char):
    """Zero-width characters, soft hyphen, bidi controls, variation selectors, tags, accents."""
    if point in (0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0, 0xFEFF):
        return True
    return unicodedata.category(char) in ("Cf", "Mn", "Me")


def latin(text):
    return text != "" and len(text) <= 3 and all(c.isascii() and c.isalnum() for c in text)


def fold(point, skeleton):
    """What the character reads as: ASCII, another code point, IGNORED, or None for itself."""
    char = chr(point)
    if point in OVERRIDES:
        return OVERRIDES[point]
    if 0xD800 <= point < 0xE000 or unicodedata.category(char) in ("Cn", "Co"):
        return None
    if ignored(point, char):
        return IGNORED
    plain = "".join(c for c in unicodedata.normalize("NFKD", char)
                    if unicodedata.category(c) not in ("Mn", "Me", "Cf")).lower()
    if latin(plain):
        return plain
    if unicodedata.category(char)[0] not in "LN" and not plain.isalnum():
        return None
    lower = char.lower()
    if lower != char and len(lower) == 1:
        small = fold(ord(lower), skeleton)
        if small is not None and small != IGNORED and not isinstance(small, int):
            return small
    seen = skeleton(char).lower()
    if latin(seen):
        return "l" if seen == "1" and unicodedata.category(char)[0] == "L" else seen
    if len(plain) == 1 and plain != char:
        below = fold(ord(plain), skeleton) if ord(plain) != point else None
        return below if below is not None else ord(plain)
    return None


def entries():
    skeleton = skeleton_of()
    for point in range(0x80, LAST + 1):
        if 0x3400 <= point < 0xA000 or 0xAC00 <= point < 0xD7A4:
            continue
        to = fold(point, skeleton)
        if to is None:
            continue
        if isinstance(to, int):
            yield point, to if to == IGNORED else to
        else:
            yield point, sum(ord(c) << (8 * i) for i, c in enumerate(to)) | 0x80000000


def main():
    runs = []  # first, last, value, step: value of point i is value + step * (i - first)
    for point, value in entries():
        if runs:
            first, last, begin, step = runs[-1]
            if point == last + 1 and last == first and value - begin in (0, 1):
                runs[-1] = (first, point, begin, value - begin)
                continue
            if point == last + 1 and last > first and value == begin + step * (point - first):
                runs[-1] = (first, point, begin, step)
                continue
        runs.append((point, point, value, 0))
    # A run is DELTA[*MORE]OP: DELTA from the end of the run before, MORE code points behind the
    # first; "!" ignored, "=abc" reads so, "~a" the same and rising, "@hex" another code point,
    # "^hex" rising.
    text, end = [], 0
    for first, last, value, step in runs:
        more = f"*{last - first:x}" if last > first else ""
        if value == IGNORED:
            to = "!"
        elif value & 0x80000000:
            letters = (value & 0x7FFFFFFF).to_bytes(4, "little").rstrip(b"\0").decode()
            to = "=~"[step] + letters
        else:
            to = f"{'@^'[step]}{value:x}"
        text.append(f"{first - end:x}{more}{to} ")
        end = last
    print("// Generated by tools/make_lookalikes.py from Unicode "
          f"{unicodedata.unidata_version} and its confusables (TR 39).\n"
          '#include "wire/lookalikes_table.h"\n\nnamespace leumund::wire {\n\n'
          "// clang-format off\nconst std::string_view lookalike_runs =")
    line = ""
    for item in text:
        if len(line) + len(item) > 96:
            print(f'"{line}"')
            line = ""
        line += item
    print(f'"{line}";\n// clang-format on\n\n' + "}  // namespace leumund::wire")


if __name__ == "__main__":
    main()
