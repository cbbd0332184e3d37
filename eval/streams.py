"""Event streams with truth, made by mix.py of the evaluation data and kept by their arguments."""
import hashlib
import json
import os
import subprocess
import sys

LEGIT = ["legit-lists.jsonl.zst", "legit-enron.jsonl.zst", "legit-misc.jsonl.zst"]


class DataMissing(Exception):
    pass


def data_folder(project):
    folder = os.path.abspath(
        os.environ.get("LEUMUND_DATA") or os.path.join(project, "..", "shared")
    )
    wanted = [os.path.join(folder, "tools", x) for x in ("mix.py", "score.py")]
    wanted += [os.path.join(folder, "data", "mail", x) for x in [*LEGIT, "spam.jsonl.zst"]]
    for path in wanted:
        if not os.path.isfile(path):
            raise DataMissing(
                f"evaluation data is missing: {path}\n"
                "set LEUMUND_DATA to the folder that holds data/mail "
                "and tools/mix.py (default: ../shared beside the project)"
            )
    return folder


class Stream:
    """One stream on disk: events.jsonl and truth.json in `folder`."""

    def __init__(self, folder, arguments):
        self.folder, self.arguments = folder, arguments
        self.events = os.path.join(folder, "events.jsonl")
        self._truth = self._submissions = None

    @property
    def truth(self):
        if self._truth is None:
            with open(os.path.join(self.folder, "truth.json")) as f:
                self._truth = json.load(f)
        return self._truth

    @property
    def submissions(self):
        """id -> (subject, at, recipients), of all submissions. For several threads: it is there
        only when it is whole."""
        if self._submissions is None:
            read = {}
            with open(self.events, "rb") as f:
                for line in f:
                    if line.startswith(b'{"type":"submission"'):
                        e = json.loads(line)
                        read[e["id"]] = (
                            e.get("account") or e.get("script"),
                            e["at"],
                            len(e["recipients"]),
                        )
            self._submissions = read
        return self._submissions

    @property
    def injected(self):
        return {i for c in self.truth["campaigns"] for i in c["ids"]}

    def changed(self, suffix, what, make_change):
        """This stream with every mail of its campaigns changed in place by the function that
        make_change() returns, kept beside this one; `suffix` names all that the change depends
        on."""
        made = Stream(f"{self.folder}-{suffix}", f"{self.arguments}, {what}")
        done = os.path.join(made.folder, "complete")
        if os.path.isfile(done):
            return made
        os.makedirs(made.folder, exist_ok=True)
        injected, change = self.injected, make_change()
        with open(self.events) as f, open(made.events, "w") as out:
            for line in f:
                if line.startswith('{"type":"submission"'):
                    event = json.loads(line)
                    if event["id"] in injected:
                        change(event)
                        line = json.dumps(event, ensure_ascii=False, separators=(",", ":")) + "\n"
                out.write(line)
        with open(os.path.join(made.folder, "truth.json"), "w") as f:
            json.dump(self.truth, f)
        with open(done, "w") as f:
            f.write(what)
        return made


def make(
    data,
    work,
    say,
    *,
    seed,
    part,
    days,
    bursts,
    clients="botnet",
    rewrite="light",
    campaigns=None,
):
    """With `campaigns` that many and no bursts: `bursts` then only passes over as many of the
    largest spam mailings, so that streams do not all inject the same ones."""
    mail = os.path.join(data, "data", "mail")
    arguments = [
        "--seed",
        str(seed),
        "--part",
        part,
        "--days",
        str(days),
        "--scenario",
        "bursts" if campaigns is None else "campaigns",
        "--bursts",
        str(bursts),
        "--clients",
        clients,
        "--rewrite",
        rewrite,
    ]
    if campaigns is not None:
        arguments += ["--campaigns", str(campaigns)]
    mixer = os.path.join(data, "tools", "mix.py")
    with open(mixer, "rb") as f:
        key = hashlib.sha256(f.read() + "\0".join(arguments).encode()).hexdigest()[:12]
    folder = os.path.join(work, f"stream-{key}")
    if not os.path.isfile(os.path.join(folder, "complete")):
        say(f"making the stream {' '.join(arguments)} (about half a minute)")
        os.makedirs(folder, exist_ok=True)
        command = [
            sys.executable,
            mixer,
            "--legit",
            *[os.path.join(mail, x) for x in LEGIT],
            "--spam",
            os.path.join(mail, "spam.jsonl.zst"),
            "--out",
            folder,
            *arguments,
        ]
        made = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if made.returncode != 0:
            raise DataMissing(f"mix.py failed:\n{made.stdout[-2000:]}")
        with open(os.path.join(folder, "complete"), "w") as f:
            f.write(made.stdout)
    return Stream(folder, " ".join(arguments))
