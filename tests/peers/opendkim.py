"""A real signer (opendkim) as a milter: signs what one domain sends."""
import socket
import subprocess

from peers.ground import Ground, require_program, tail, wait_until

CONFIG = """\
Mode s
Domain {domain}
Selector {selector}
KeyFile {folder}/key
Socket inet:{port}@127.0.0.1
InternalHosts 0.0.0.0/0
Background no
RequireSafeKeys no
Syslog no
PidFile {folder}/pid
"""


class OpenDkim:
    def __init__(self, ground: Ground, domain: str, selector: str) -> None:
        program = require_program("opendkim")
        folder = ground.place("opendkim")
        private = subprocess.run(["openssl", "genrsa", "-traditional", "2048"],
                                 capture_output=True, check=True).stdout
        (folder / "key").write_bytes(private)
        (folder / "key").chmod(0o600)
        public = subprocess.run(["openssl", "rsa", "-pubout"], input=private, capture_output=True,
                                check=True).stdout.decode()
        text = "".join(line for line in public.splitlines() if not line.startswith("-"))
        cut = '" "'.join(text[at:at + 200] for at in range(0, len(text), 200))
        # For a zone file.
        self.record = f'{selector}._domainkey IN TXT ( "v=DKIM1; k=rsa; p={cut}" )\n'
        self.port = ground.ports.free()
        (folder / "conf").write_text(CONFIG.format(domain=domain, selector=selector, folder=folder,
                                                   port=self.port))
        self._log_path = folder / "log"
        with open(self._log_path, "wb") as log:
            self._process = subprocess.Popen([program, "-f", "-x", str(folder / "conf")],
                                             stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(self._answers, "opendkim to listen")

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def log(self) -> str:
        return tail(self._log_path)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)
