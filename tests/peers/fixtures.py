"""The fixtures. Each story names the servers it needs; `peers` starts as many as it wants.

    def test_x(peers):
        sink = peers.smtp_sink()
        auth = peers.dovecot_auth({"a@c.test": "secret"})
        postfix = peers.postfix(sasl_path=auth.sasl_path, nexthop=sink.nexthop)

`postfix`, `dovecot_auth`, `smtp_sink` and `leumundd` are the same calls as fixtures of their own;
`story_peers` lives for a whole file, where starting afresh for each test would cost too much.
"""
from contextlib import ExitStack
from typing import Optional

import pytest

from peers.dovecot import DovecotAuth
from peers.exim import Exim
from peers.ground import Ground
from peers.leumundd import Leumundd
from peers.name_server import NameServer
from peers.postfix import Postfix
from peers.smtp_sink import SmtpSink
from peers.swaks import swaks as send_by_swaks

SKIPPED_STATUS = 77  # what CTest shows as "Skipped"


class Peers:
    """Starts servers on one ground and stops them in reverse order."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self.ground = Ground()
        self._stack.callback(self.ground.close)
        self._logs: list[tuple[str, object]] = []

    def _keep(self, name: str, server):
        self._stack.callback(server.stop)
        if hasattr(server, "log"):
            self._logs.append((name, server))
        return server

    def smtp_sink(self) -> SmtpSink:
        return self._keep("sink", SmtpSink(self.ground))

    def dovecot_auth(self, users: dict[str, str], **parameters) -> DovecotAuth:
        return self._keep("dovecot", DovecotAuth(self.ground, users, **parameters))

    def name_server(self, zones: dict[str, str], **parameters) -> NameServer:
        return self._keep("nsd", NameServer(self.ground, zones, **parameters))

    def postfix(self, **parameters) -> Postfix:
        return self._keep("postfix", Postfix(self.ground, **parameters))

    def exim(self, **parameters) -> Exim:
        return self._keep("exim", Exim(self.ground, **parameters))

    def leumundd(self, config: str, **parameters) -> Leumundd:
        return self._keep("leumundd", Leumundd(self.ground, config, **parameters))

    def logs(self) -> list[tuple[str, str]]:
        return [(name, server.log()) for name, server in self._logs]

    def close(self) -> None:
        self._stack.close()


def _lend(request):
    lent = Peers()
    request.node.lent_peers = lent
    try:
        yield lent
    finally:
        lent.close()


@pytest.fixture
def peers(request):
    yield from _lend(request)


@pytest.fixture(scope="module")
def story_peers(request):
    yield from _lend(request)


@pytest.fixture
def postfix(peers):
    return peers.postfix


@pytest.fixture
def dovecot_auth(peers):
    return peers.dovecot_auth


@pytest.fixture
def smtp_sink(peers) -> SmtpSink:
    return peers.smtp_sink()


@pytest.fixture
def leumundd(peers):
    return peers.leumundd


@pytest.fixture
def swaks():
    return send_by_swaks


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test is reported with the end of its servers' logs."""
    report = (yield).get_result()
    if report.when == "call" and report.failed:
        for node in item.listchain():
            lent: Optional[Peers] = getattr(node, "lent_peers", None)
            if lent is not None:
                report.sections += [(f"log of {name}", text) for name, text in lent.logs()]


def pytest_sessionfinish(session, exitstatus):
    """Only skips: CTest shall say so instead of "Passed"."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if exitstatus == 0 and reporter and not reporter.stats.get("passed"):
        session.exitstatus = SKIPPED_STATUS
