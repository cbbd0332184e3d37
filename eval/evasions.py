"""Streams whose campaigns use what somebody would try who has read the rules: addresses of his own
on every mail, text below a quote line or a signature mark, common links in front of his."""
import hashlib
import json
import os
import random

import paraphrase

BOXES = [f"box{i}@collected.example" for i in range(4)]
COMMON = ["google.com", "youtube.com", "facebook.com", "twitter.com", "instagram.com",
          "linkedin.com", "microsoft.com", "apple.com", "amazon.de", "wikipedia.org"]
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

    def below(self, line):
        def change(event):
            event["body"] = self.own_words() + line + event["body"]

        return change

    def links_in_front(self, event):
        hosts = self.rng.sample(COMMON, 5)
        links = "".join(f"http://{h}/{self.rng.randrange(10**6)}\n" for h in hosts)
        event["body"] = links + event["body"]


def ways(evader):
    return {
        "four drop boxes beside each victim": evader.drop_boxes,
        "text below a quote line": evader.below(QUOTE_LINE),
        "text below a signature mark": evader.below(SIGNATURE),
        "five common links in front": evader.links_in_front,
    }


NAMES = list(ways(Evader([], None)))


def make(stream, name, stream_class):
    """The stream with its campaigns sent this way, beside the one it is made from."""
    key = hashlib.sha256(json.dumps([name, BOXES, COMMON]).encode()).hexdigest()[:8]
    folder = f"{stream.folder}-evades-{key}"
    if not os.path.isfile(os.path.join(folder, "complete")):
        os.makedirs(folder, exist_ok=True)
        injected = {i for c in stream.truth["campaigns"] for i in c["ids"]}
        change = ways(Evader(paraphrase.vocabulary(stream), random.Random(7)))[name]
        with (
            open(stream.events) as f,
            open(os.path.join(folder, "events.jsonl"), "w") as out,
        ):
            for line in f:
                if line.startswith('{"type":"submission"'):
                    event = json.loads(line)
                    if event["id"] in injected:
                        change(event)
                        line = json.dumps(event, ensure_ascii=False, separators=(",", ":")) + "\n"
                out.write(line)
        with open(os.path.join(folder, "truth.json"), "w") as f:
            json.dump(stream.truth, f)
        with open(os.path.join(folder, "complete"), "w") as f:
            f.write(name)
    return stream_class(folder, f"{stream.arguments}, {name}")
