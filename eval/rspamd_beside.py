"""A real rspamd (of Debian) on the same stream: its ratelimit module, and its fuzzy storage, which
is taught campaign mail as its manual says (flag and weight to the controller at /fuzzyadd).

It runs on the loopback, with an own Redis, in a folder of its own, with these two modules alone. A
stream's days pass in minutes here while rspamd's buckets leak by the clock: its ratelimit is
stricter than it would be."""
import collections
import hashlib
import http.client
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time

SYMBOLS = ["FUZZY_CALLBACK", "LOCAL_FUZZY_DENIED", "RATELIMIT_CHECK", "RATELIMIT_UPDATE"]
ACCOUNTS_MOST = 500  # campaigns up to so many accounts: the larger ones would take an hour
HONEST_EVERY = 9
FLAG = 11
TAUGHT = 8
VISIBLE_AFTER = 1.5  # seconds; the storage writes every second


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Rspamd:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="rspamd-beside-")
        self.normal, self.controller, self.fuzzy, self.redis = (free_port() for _ in range(4))
        self.processes = []

    def write(self, name, text):
        path = os.path.join(self.folder, "etc", "local.d", name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(text)

    def configure(self):
        shutil.copytree("/etc/rspamd", os.path.join(self.folder, "etc"))
        for name in ("db", "run", "log"):
            os.makedirs(os.path.join(self.folder, name))
        self.write("redis.conf", f'servers = "127.0.0.1:{self.redis}";\n')
        # Compiling its patterns takes minutes on a busy machine, and no pattern is used here.
        self.write(
            "options.inc",
            'dns { nameserver = ["127.0.0.1:9"]; timeout = 0.1s; }\ndisable_hyperscan = true;\n',
        )
        self.write("worker-normal.inc", f'bind_socket = "127.0.0.1:{self.normal}";\ncount = 1;\n')
        self.write("worker-proxy.inc", "enabled = false;\n")
        self.write(
            "worker-controller.inc",
            f'bind_socket = "127.0.0.1:{self.controller}";\nsecure_ip = "127.0.0.1";\n',
        )
        self.write(
            "worker-fuzzy.inc",
            f'bind_socket = "127.0.0.1:{self.fuzzy}";\ncount = 1;\nbackend = "redis";\n'
            f'servers = "127.0.0.1:{self.redis}";\nsync = 1s;\nallow_update = ["127.0.0.1"];\n',
        )
        self.write(
            "fuzzy_check.conf",
            'rule "rspamd.com" { enabled = false; }\n'
            f'rule "local" {{ servers = "127.0.0.1:{self.fuzzy}"; symbol = "LOCAL_FUZZY"; '
            'mime_types = ["*"]; max_score = 20; read_only = no; skip_unknown = yes; '
            'algorithm = "mumhash"; fuzzy_map = { LOCAL_FUZZY_DENIED '
            f"{{ max_score = 20; flag = {FLAG}; }} }} }}\n",
        )
        self.write(
            "ratelimit.conf",
            'rates { user = { selector = "user.lower"; '
            'bucket = [ { burst = 200; rate = "200 / 1h"; } ] } }\n',
        )
        subprocess.run(["chown", "-R", "_rspamd:_rspamd", self.folder], check=True)
        os.chmod(self.folder, 0o755)

    def __enter__(self):
        self.configure()
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        redis = ["redis-server", "--port", str(self.redis), "--bind", "127.0.0.1", "--save", ""]
        self.processes.append(subprocess.Popen([*redis, "--dir", self.folder], **quiet))
        etc = os.path.join(self.folder, "etc")
        command = ["rspamd", "-f", "-i", "-u", "_rspamd", "-g", "_rspamd"]
        command += ["-c", os.path.join(etc, "rspamd.conf")]
        for name, place in (
            ("CONFDIR", "etc"),
            ("LOCAL_CONFDIR", "etc"),
            ("DBDIR", "db"),
            ("RUNDIR", "run"),
            ("LOGDIR", "log"),
        ):
            command.append(f"--var={name}={os.path.join(self.folder, place)}")
        self.processes.append(subprocess.Popen(command, **quiet))
        until = time.monotonic() + 900
        while True:
            try:
                if self.post(self.normal, "/checkv2", b"Subject: x\r\n\r\nx\r\n", {}):
                    return self
            except OSError:
                pass
            if time.monotonic() > until or self.processes[1].poll() is not None:
                self.__exit__()
                raise SystemExit("rspamd did not start")
            time.sleep(0.3)

    def __exit__(self, *_):
        for process in reversed(self.processes):
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def post(self, port, path, body, headers):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request("POST", path, body, headers)
            return json.loads(connection.getresponse().read() or b"{}")
        finally:
            connection.close()

    def forget(self):
        """Nothing learnt and no bucket filled."""
        subprocess.run(
            ["redis-cli", "-p", str(self.redis), "flushall"], stdout=subprocess.DEVNULL, check=True
        )

    def check(self, event, raw):
        headers = {
            "User": event.get("account") or event.get("script"),
            "IP": event["client"],
            "From": event["envelope_sender"] or "",
            "Settings": json.dumps({"symbols_enabled": SYMBOLS}),
        }
        got = self.post(self.normal, "/checkv2", raw, headers | {"Rcpt": event["recipients"][0]})
        by = []
        if "LOCAL_FUZZY_DENIED" in got.get("symbols", {}):
            by.append("fuzzy")
        if got.get("action") == "soft reject":
            by.append("ratelimit")
        return by

    def teach(self, raw):
        got = self.post(self.controller, "/fuzzyadd", raw, {"Flag": str(FLAG), "Weight": "10"})
        time.sleep(VISIBLE_AFTER)
        return bool(got.get("success"))


def raw_mail(event):
    lines = [f"{n}: {v}".replace("\n", " ").replace("\r", " ") for n, v in event["headers"]]
    sender = event["envelope_sender"] or "mailer-daemon@localhost"
    lines += [f"From: <{sender}>", f"To: <{event['recipients'][0]}>"]
    lines += [f"Message-ID: <{event['id']}@mail.example>", "MIME-Version: 1.0"]
    lines += ["Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit", ""]
    return ("\r\n".join(lines) + "\r\n" + event["body"]).encode()


def sample(stream):
    """Events of the smaller campaigns, their complaints, and a part of the honest mail."""
    truth = stream.truth
    chosen = [c for c in truth["campaigns"] if len(c["accounts"]) <= ACCOUNTS_MOST]
    of = {i: k for k, c in enumerate(chosen) for i in c["ids"]}
    skip = {i for c in truth["campaigns"] for i in c["ids"]} - set(of)
    skip |= {i for g in truth["negatives"] for i in g["ids"]}
    events, honest = [], 0
    with open(stream.events) as f:
        for line in f:
            if line.startswith(('{"type":"submission"', '{"type":"complaint"')):
                e = json.loads(line)
                if e["at"] < truth["test_from"] or e["id"] in skip:
                    continue
                if e["type"] == "submission" and e["id"] not in of:
                    honest += 1
                    if honest % HONEST_EVERY:
                        continue
                events.append(e)
    return events, of, len(chosen)


def one_pass(server, events, of, campaigns, first_ones):
    """`first_ones`: the first mails of every campaign are taught; else those complained of."""
    server.forget()
    mails, sent, leaked = {}, collections.Counter(), collections.Counter()
    out = {"honest": 0, "touched": 0, "taught": 0, "by": collections.Counter()}
    for event in events:
        if event["type"] == "complaint":
            if not first_ones and event["id"] in mails:
                out["taught"] += server.teach(mails[event["id"]])
            continue
        raw = raw_mail(event)
        by = server.check(event, raw)
        campaign = of.get(event["id"])
        if campaign is None:
            out["honest"] += 1
            out["touched"] += bool(by)
            continue
        mails[event["id"]] = raw
        out["by"].update(by)
        leaked[campaign] += not by
        if first_ones and sent[campaign] < TAUGHT:
            out["taught"] += server.teach(raw)
        sent[campaign] += 1
    out["shares"] = [leaked[k] / max(1, sent[k]) for k in range(campaigns)]
    return out | {"leaked": sum(leaked.values()), "mails": sum(sent.values())}


def compare(work, stream, say):
    if not (shutil.which("rspamd") and shutil.which("redis-server")) or os.geteuid() != 0:
        say("rspamd is left out: install rspamd and redis-server, and be root")
        return None
    # Kept beside the stream, as all that was measured on it is.
    with open(__file__, "rb") as f:
        made_by = hashlib.sha256(f.read()).hexdigest()[:12]
    path = os.path.join(stream.folder, f"rspamd-{made_by}.json")
    if os.path.exists(path):
        with open(path) as f:
            return json.load(f)
    events, of, campaigns = sample(stream)
    out = {"stream": stream.arguments, "campaigns": campaigns, "passes": {}}
    with Rspamd() as server:
        for name, first_ones in (
            ("taught what recipients complained of", False),
            (f"taught the first {TAUGHT} mails of every campaign", True),
        ):
            began = time.monotonic()
            out["passes"][name] = one_pass(server, events, of, campaigns, first_ones)
            say(f"rspamd, {name}: {len(events)} events in {time.monotonic() - began:.0f} s")
    with open(path, "w") as f:
        json.dump(out, f)
    return out


def rows(got, ours, table):
    small = [c for c in ours["campaigns"] if c["accounts"] <= ACCOUNTS_MOST]
    lines = [
        f"Beside rspamd (ratelimit 200 an hour and user; local fuzzy storage) on one stream "
        f"(`{got['stream']}`), campaigns",
        f"of up to {ACCOUNTS_MOST:,} accounts and one honest mail in {HONEST_EVERY}:",
        "",
    ]
    cells = []
    for name, p in got["passes"].items():
        cells.append(
            (
                f"rspamd, {name} ({p['taught']} mails)",
                f"{100 * p['leaked'] / p['mails']:.1f} %",
                ", ".join(f"{100 * s:.0f} %" for s in p["shares"]),
                f"{p['touched']} of {p['honest']:,}",
            )
        )
    leaked, mails = sum(c["leaked"] for c in small), sum(c["mails"] for c in small)
    cells.append(
        (
            "Leumund, taught nothing",
            f"{100 * leaked / mails:.1f} %",
            ", ".join(f"{100 * c['leaked_share']:.0f} %" for c in small),
            f"{len([h for h in ours['held'] if h[4]])} of {ours['honest']:,}",
        )
    )
    head = ("", "campaign mail leaked", "of each campaign", "honest mail held")
    return lines + table(head, ("---", "---:", "---", "---"), cells)
