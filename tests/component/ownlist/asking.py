"""What the stories of our own lists share: questions by DNS, and a mail that is spam."""
import random
import socket
import struct
import time

A, TXT, SOA = 1, 16, 6
NO_ERROR, NO_SUCH_NAME = 0, 3

SPAM = "From: x@bank.test\r\nSubject: win\r\n\r\nwin\r\n"


class Answer:
    def __init__(self, packet: bytes) -> None:
        flags, questions, records, authority = struct.unpack(">HHHH", packet[2:10])
        self.code = flags & 15
        self.authoritative = bool(flags & 0x400)
        at = 12
        for _ in range(questions):
            at = packet.index(b"\0", at) + 5
        self.records, self.authority = [], []
        for number in range(records + authority):
            at += 2 if packet[at] >= 0xc0 else packet.index(b"\0", at) + 1 - at
            kind, _, ttl, size = struct.unpack(">HHIH", packet[at:at + 10])
            data = packet[at + 10:at + 10 + size]
            at += 10 + size
            (self.records if number < records else self.authority).append((kind, ttl, data))

    @property
    def ttl(self) -> int:
        return self.records[0][1]

    @property
    def text(self) -> str:
        return self.records[0][2][1:].decode()


def ask(where: tuple[str, int], name: str, kind: int = A) -> Answer:
    """One question by UDP; a lost one is asked again."""
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    query = struct.pack(">HHHHHH", random.randrange(65536), 0x100, 1, 0, 0, 0)
    query += labels + b"\0" + struct.pack(">HH", kind, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect(where)
        client.settimeout(5)
        for _ in range(12):
            client.send(query)
            try:
                packet = client.recv(2048)
            except (TimeoutError, ConnectionRefusedError):
                time.sleep(0.1)
                continue
            if packet[:2] == query[:2]:
                return Answer(packet)
    raise AssertionError(f"no answer about {name}")
