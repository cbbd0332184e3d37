"""Streams that are made from others: only the campaigns' mails are changed, and once."""
import json
import pathlib
import re
import sys

PROJECT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "eval"))

import evasions  # noqa: E402
import paraphrase  # noqa: E402
import streams  # noqa: E402

# The writer of paraphrases takes his words from honest mail: more than one list of them.
WORDS = " ".join(a + b + "ing" for a in "bcdfghkl" for b in "aeiou") + " then.\n"
LINES = [
    {"type": "login", "at": 1, "account": "a@x.example", "client": "203.0.113.7", "ok": True},
    {"type": "submission", "at": 2, "id": "honest", "recipients": ["b@y.example"],
     "headers": [["Subject", "lunch tomorrow"]], "body": WORDS},
    {"type": "submission", "at": 3, "id": "spam", "recipients": ["v@z.example"],
     "headers": [["Subject", "win"]], "body": "Press http://shop.example/1 for money now\n"},
]


def a_stream(folder):
    stream = streams.Stream(str(folder / "stream"), "--seed 1")
    (folder / "stream").mkdir()
    with open(stream.events, "w") as f:
        f.writelines(json.dumps(x, separators=(",", ":")) + "\n" for x in LINES)
    truth = {"campaigns": [{"ids": ["spam"]}], "bursts": [], "negatives": []}
    (folder / "stream" / "truth.json").write_text(json.dumps(truth))
    return stream


def lines_of(stream):
    return pathlib.Path(stream.events).read_text().splitlines()


def test_only_mails_of_campaigns_are_changed(tmp_path):
    stream = a_stream(tmp_path)

    def with_a_box(event):
        event["recipients"].append("box@c.example")

    made = stream.changed("boxes", "with a box", lambda: with_a_box)
    assert lines_of(made)[:2] == lines_of(stream)[:2]
    changed = json.loads(lines_of(made)[2])
    assert changed == LINES[2] | {"recipients": ["v@z.example", "box@c.example"]}
    assert made.truth == stream.truth
    assert made.arguments == "--seed 1, with a box"


def test_what_was_made_is_kept(tmp_path):
    stream = a_stream(tmp_path)
    stream.changed("same", "same", lambda: lambda event: None)

    def not_again():
        raise AssertionError("made twice")

    again = stream.changed("same", "same", not_again)
    assert lines_of(again) == lines_of(stream)


def test_every_evasion_and_paraphrase_keeps_the_victim_and_honest_mail(tmp_path):
    stream = a_stream(tmp_path)
    made = [evasions.make(stream, name) for name in evasions.NAMES]
    made += [paraphrase.make(stream, name) for name in paraphrase.LEVELS]
    for other in made:
        assert lines_of(other)[:2] == lines_of(stream)[:2]
        assert "v@z.example" in json.loads(lines_of(other)[2])["recipients"]


def test_half_of_the_decoys_are_in_no_list_of_ours():
    source = (PROJECT / "src/fingerprint/facets.cc").read_text()
    known = set(re.findall(r'"([a-z0-9.-]+\.[a-z]+)"', source))
    assert set(evasions.COMMON) <= known
    assert not set(evasions.UNLISTED) & known
    assert len(evasions.UNLISTED) == len(evasions.COMMON)


def test_who_asks_while_a_stream_is_read_gets_it_whole(tmp_path, monkeypatch):
    stream, seen, loads = a_stream(tmp_path), [], json.loads

    def asked_meanwhile(line):
        if not seen:
            seen.append(None)  # what is asked now is not asked again
            seen[0] = dict(stream.submissions)
        return loads(line)

    monkeypatch.setattr(streams.json, "loads", asked_meanwhile)
    assert stream.submissions.keys() == seen[0].keys() == {"honest", "spam"}
