"""Fixtures of every component story: real private servers, see tests/peers/README.md."""
from peers.fixtures import *  # noqa: F401,F403  (pytest finds fixtures by name in conftest)
