"""Streams whose campaigns are written anew: every sentence is made from word lists, so that no two
mails have a run of words in common. What is left to see beside the text is set by a level."""
import hashlib
import json
import random
import re

# What the writer changes from mail to mail: words, each by one of so many; the subject; the
# registrable domain of links; the client address.
LEVELS = {
    "every 4th word": dict(share=0.25, subject=False, domains=False),
    "every 2nd word": dict(share=0.5, subject=False, domains=False),
    "every word, one subject and link": dict(share=1.0, subject=False, domains=False),
    "every word and subject, one link": dict(share=1.0, subject=True, domains=False),
    "every word, subject and link": dict(share=1.0, subject=True, domains=True),
}
# So many words stand for each other in a list.
LIST = 40


class Writer:
    def __init__(self, words, level, rng):
        self.words, self.level, self.rng = words, level, rng

    def instead(self, word):
        """Another word of the list that the word stands in: lists are the same for all mails."""
        place = int.from_bytes(hashlib.sha256(word.lower().encode()).digest()[:6], "big")
        base = place % max(1, len(self.words) - LIST)
        return self.words[base + self.rng.randrange(LIST)]

    def words_of(self, text):
        def other(match):
            word = match.group()
            if len(word) > 2 and self.rng.random() < self.level["share"]:
                return self.instead(word)
            return word

        # Links and addresses are not words.
        parts = re.split(r"(\S*(?:://|@|www\.)\S*)", text)
        return "".join(
            p if i % 2 else re.sub(r"[^\W\d_]+", other, p) for i, p in enumerate(parts)
        )

    def links(self, text):
        def host(match):
            name = "".join(self.rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(9))
            return f"{match.group(1)}{name}.{self.rng.choice(['com', 'net', 'info', 'de'])}"

        return re.sub(r"(https?://)[^\s/\"'<>]+", host, text)

    def mail(self, event):
        event["body"] = self.words_of(event["body"])
        if self.level["domains"]:
            event["body"] = self.links(event["body"])
        if self.level["subject"]:
            for header in event["headers"]:
                if header[0] == "Subject":
                    header[1] = self.words_of(header[1])


def vocabulary(stream, most=20_000):
    """Words of honest mail, each once, in no order that means anything."""
    injected = stream.injected
    words = set()
    with open(stream.events) as f:
        for line in f:
            if not line.startswith('{"type":"submission"'):
                continue
            e = json.loads(line)
            if e["id"] not in injected:
                words |= {w.lower() for w in re.findall(r"[^\W\d_]{3,12}", e["body"][:2000])}
            if len(words) >= most:
                break
    return sorted(words, key=lambda w: hashlib.sha256(w.encode()).digest())


def make(stream, name):
    """The stream with its campaigns written anew, beside the one it is made from."""
    level = LEVELS[name]
    key = hashlib.sha256(json.dumps([level, LIST]).encode()).hexdigest()[:8]

    def make_change():
        return Writer(vocabulary(stream), level, random.Random(5)).mail

    return stream.changed(f"words-{key}", name, make_change)
