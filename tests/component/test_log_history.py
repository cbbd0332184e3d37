"""The first start learns from what the logs hold already, where that is wanted: the rotated file
first, each line once, and nobody is restricted for what is long over."""
import datetime
import gzip

import pytest
from peers.ground import wait_until

CONFIG = """\
log_sources = ["file:{log}"]
log_history = {history}
detectors.default_mode = "enforce"
[api]
listen = ""
[postfix]
config_dirs = []
queue_helper = ""
"""
DAYS = 20


def day_of_mail(days_ago: int) -> str:
    lines = []
    for n in range(4):
        at = (datetime.datetime.now(datetime.timezone.utc)
              - datetime.timedelta(days=days_ago, minutes=-7 * n)).isoformat()
        queue = f"4jXd1c{days_ago:02d}{n:02d}zxz1bZ6R"
        # What of it were a burst today: two hundred strangers, a fortnight ago.
        count = 200 if days_ago == 14 and n == 0 else 1
        lines += [f"{at} mx postfix/submission/smtpd[11]: {queue}: client=pc[198.51.100.7], "
                  f"sasl_method=PLAIN, sasl_username=anna@c.test",
                  f"{at} mx postfix/qmgr[13]: {queue}: from=<anna@c.test>, size=900, "
                  f"nrcpt={count} (queue active)"]
        lines += [f"{at} mx postfix/smtp[14]: {queue}: to=<r{n}x{i}@d.test>, "
                  f"relay=mx.d.test[203.0.113.5]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, "
                  f"status=sent (250 ok)" for i in range(count)]
        lines += [f"{at} mx postfix/qmgr[13]: {queue}: removed"]
    return "\n".join(lines) + "\n"


@pytest.fixture
def mail_log(tmp_path):
    log = tmp_path / "mail.log"
    with gzip.open(tmp_path / "mail.log.1.gz", "wt") as rotated:
        rotated.writelines(day_of_mail(day) for day in range(DAYS, 9, -1))
    log.write_text("".join(day_of_mail(day) for day in range(9, 0, -1)))
    return log


def test_what_the_logs_hold_is_learnt_once_and_restricts_nobody(peers, mail_log):
    daemon = peers.leumundd(CONFIG.format(log=mail_log, history="true"))

    def counted() -> int:
        return daemon.get("/v1/status")["counters"]["recipients"]

    wait_until(lambda: counted() >= 4 * DAYS + 199, "all that was sent", 60, 0.2)
    about = daemon.get("/v1/explain?subject=anna@c.test")
    assert about["known"] and about["standing"] == "good", about
    assert daemon.get("/v1/events")["decisions"] == []
    assert daemon.stop() == 0
    daemon.start()
    assert counted() == 0, "a later start reads nothing twice"
    assert daemon.get("/v1/explain?subject=anna@c.test")["known"]


def test_by_default_only_what_comes_is_read(peers, mail_log):
    daemon = peers.leumundd(CONFIG.format(log=mail_log, history="false"))
    # Where it began to read it writes down within a second.
    wait_until(lambda: daemon.mark(f"log/file:{mail_log}"), "the reader to stand at the log's end")
    with mail_log.open("a") as log:
        log.write(day_of_mail(0))
    wait_until(lambda: daemon.get("/v1/status")["counters"]["recipients"] >= 4, "today's mail", 60,
               0.2)
    assert daemon.get("/v1/status")["counters"]["recipients"] == 4
