"""Streams whose campaigns use what somebody would try who has read the rules: addresses of his own
on every mail, text below a quote line or a signature mark, common links in front of his, more
levels of parts or more links than are read. What takes a milter to show (more header fields than an
event may have, 20,000 parts, a megabyte in front) is in src/fingerprint/wrapping_test.cc and
tests/component/campaign/test_wrapped.py."""
import base64
import hashlib
import json
import random

import paraphrase

BOXES = [f"box{i}@collected.example" for i in range(4)]
POOL = [f"pool{i}@collected.example" for i in range(40)]
# Hosts that everybody links to: those that src/fingerprint/facets.cc knows as such, and as many
# that no list of ours has, or the measure would be told beforehand what to look for.
COMMON = ["google.com", "youtube.com", "facebook.com", "microsoft.com", "wikipedia.org"]
UNLISTED = ["bbc.co.uk", "nytimes.com", "stackoverflow.com", "archive.org", "imdb.com"]
QUOTE_LINE = "-----Original Message-----\n"
SIGNATURE = "-- \n"


class Evader:
    def __init__(self, words, rng):
        self.words, self.rng = words, rng

    def own_words(self):
        """A text of nobody's: no two mails share three words of it."""
        return " ".join(self.rng.choices(self.words, k=14)) + ".\n"

    def drop_boxes(self, event):
        # In front, as a petition's recipient would be.
        event["recipients"] = [*BOXES, *event["recipients"]]

    def boxes_of_a_pool(self, event):
        event["recipients"] = [*self.rng.sample(POOL, 2), *event["recipients"]]

    def below(self, line):
        def change(event):
            event["body"] = self.own_words() + line + event["body"]

        return change

    def links_in_front(self, event):
        hosts = self.rng.sample([*COMMON, *UNLISTED], 5)
        links = "".join(f"http://{h}/{self.rng.randrange(10**6)}\n" for h in hosts)
        event["body"] = links + event["body"]

    def too_many_links_in_front(self, event):
        links = "".join(f"http://w3.org/{self.rng.randrange(10**9)}\n" for _ in range(300))
        event["body"] = links + event["body"]

    def below_levels(self, event):
        """The text in base64, and other bytes in each mail, in a part below 40 others."""
        tag = f"{self.rng.randrange(16**12):012x}"
        headers = {name.lower(): value for name, value in event["headers"]}
        kind = headers.get("content-type", "")
        if not kind.lower().startswith("text/"):
            if kind:
                return  # has parts of its own
            kind = "text/html" if "<html" in event["body"][:1000].lower() else "text/plain"
        text = f"{tag}\n{event['body']}".encode()
        part = (f"Content-Type: {kind.split(';')[0]}; charset=utf-8\n"
                "Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(text).decode())
        for level in range(40):
            mark = f"{tag}-{level}"
            body = f"--{mark}\n{part}\n--{mark}--\n"
            part = f'Content-Type: multipart/mixed; boundary="{mark}"\n\n{body}'
        event["headers"] = [h for h in event["headers"] if not h[0].lower().startswith("content-")]
        event["headers"].append(["Content-Type", f'multipart/mixed; boundary="{mark}"'])
        event["body"] = body


def ways(evader):
    return {
        "four drop boxes beside each victim": evader.drop_boxes,
        "two drop boxes of forty beside each victim": evader.boxes_of_a_pool,
        "text below a quote line": evader.below(QUOTE_LINE),
        "text below a signature mark": evader.below(SIGNATURE),
        "five common links in front": evader.links_in_front,
        "300 links of one host in front": evader.too_many_links_in_front,
        "text in base64 below 40 levels of parts": evader.below_levels,
    }


NAMES = list(ways(Evader([], None)))


def make(stream, name):
    """The stream with its campaigns sent this way, beside the one it is made from."""
    key = hashlib.sha256(json.dumps([name, BOXES, POOL, COMMON, UNLISTED]).encode()).hexdigest()[:8]

    def make_change():
        return ways(Evader(paraphrase.vocabulary(stream), random.Random(7)))[name]

    return stream.changed(f"evades-{key}", name, make_change)
