"""DNS messages, as little as the list server's tests need."""
import socket
import struct
from typing import NamedTuple, Optional

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28,
         "OPT": 41, "TKEY": 249, "TSIG": 250, "IXFR": 251, "AXFR": 252, "ANY": 255}
IN, CHAOS, ANY_CLASS = 1, 3, 255
RECURSION = 0x0100


class Query(NamedTuple):
    name: bytes  # wire form
    type: int = 1
    klass: int = IN
    flags: int = RECURSION
    edns: Optional[tuple[int, int]] = None  # size, TTL field
    questions: int = 1

    def pack(self, number: int) -> bytes:
        message = struct.pack("!6H", number, self.flags, self.questions, 0, 0,
                              0 if self.edns is None else 1)
        message += self.name + struct.pack("!HH", self.type, self.klass)
        if self.edns is not None:
            message += b"\0" + struct.pack("!HHIH", 41, *self.edns, 0)
        return message


class Answer(NamedTuple):
    flags: int
    code: int
    answers: frozenset
    authority: frozenset
    additional: frozenset  # without OPT
    opt: Optional[tuple[int, int]]  # size, TTL field


def wire_name(text: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode("latin1")
                    for label in text.split(".") if label) + b"\0"


def _name(message: bytes, at: int) -> tuple[bytes, int]:
    labels, end = b"", None
    while True:
        length = message[at]
        if length >= 0xc0:
            end = end or at + 2
            at = (length & 0x3f) << 8 | message[at + 1]
            continue
        labels += message[at:at + 1 + length].lower()
        at += 1 + length
        if length == 0:
            return labels, end or at


def parse(message: bytes) -> Answer:
    _, flags, questions, *counts = struct.unpack_from("!6H", message)
    at = 12
    for _ in range(questions):
        at = _name(message, at)[1] + 4
    sections, opt = [], None
    for count in counts:
        records = set()
        for _ in range(count):
            owner, at = _name(message, at)
            kind, klass, ttl, length = struct.unpack_from("!HHIH", message, at)
            at += 10
            data = message[at:at + length]
            assert len(data) == length, "a record is cut off"
            if kind == 2:
                data = _name(message, at)[0]
            elif kind == 6:
                first, middle = _name(message, at)
                second, end = _name(message, middle)
                data = first + second + message[end:at + length]
            elif kind == 15:
                data = data[:2] + _name(message, at + 2)[0]
            at += length
            if kind == 41:
                opt = (klass, ttl)
            else:
                record = (owner, kind, klass, ttl, data)
                assert record not in records, "a record is there twice"
                records.add(record)
        sections.append(frozenset(records))
    assert at == len(message), "bytes behind the last record"
    return Answer(flags & ~0x0f, flags & 0x0f, *sections, opt)


class Client:
    """Asks one server, many questions at once."""

    def __init__(self, port: int, source: str = "127.0.0.1") -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((source, 0))
        self._socket.connect(("127.0.0.1", port))

    def ask(self, queries: list[Query], patience: float = 10.0) -> list[Optional[bytes]]:
        """The answers in the order of the questions; None where the server keeps silent.

        Two last questions close the lot, without a wait for answers that never come. A server may
        send the answers to what it read at once in any order, but not after those to what it read
        later: the second is asked when the first is answered.
        """
        out: list[Optional[bytes]] = [None] * len(queries)
        first = Query(wire_name("last.example")).pack(len(queries))
        second = Query(wire_name("last.example")).pack(len(queries) + 1)
        for number, query in enumerate(queries):
            self._socket.send(query.pack(number))
        self._socket.send(first)
        self._socket.settimeout(patience)
        while True:
            try:
                answer = self._socket.recv(65535)
            except TimeoutError:
                return out
            number = int.from_bytes(answer[:2], "big")
            if number == len(queries):
                self._socket.send(second)
            elif number > len(queries):
                return out
            else:
                out[number] = answer

    def one(self, query: Query) -> Answer:
        answer = self.ask([query])[0]
        assert answer is not None, f"no answer to {query}"
        return parse(answer)


def ask_by_tcp(port: int, messages: list[bytes], family: int = socket.AF_INET,
               source: Optional[str] = None) -> list[bytes]:
    host = "127.0.0.1" if family == socket.AF_INET else "::1"
    where = (source, 0) if source else None
    with socket.create_connection((host, port), timeout=10, source_address=where) as connection:
        connection.sendall(b"".join(struct.pack("!H", len(one)) + one for one in messages))
        stream = connection.makefile("rb")
        out = []
        for _ in messages:
            length = int.from_bytes(stream.read(2), "big")
            out.append(stream.read(length))
        return out
