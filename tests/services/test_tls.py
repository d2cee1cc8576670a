"""Connections by TLS: brokers, which may ask for a certificate of the client, and PostgreSQL."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from nashforge.archive import Archive, ArchiveError
from nashforge.archive.stores.notices import Notices
from nashforge.evolve.service.broker import Broker
from nashforge.evolve.service.executor import CeleryExecutor
from nashforge.evolve.service.servers import PostgreSQL, RabbitMQ, Redis, Server
from nashforge.evolve.service.settings import ServiceError, ServiceSettings, service_settings

from .conftest import Service, missing
from .test_runs import task


@dataclass(frozen=True)
class Certificates:
    """An authority, and the certificates with keys that it gave to a server and to a client."""

    folder: Path

    @property
    def ca(self) -> Path:
        """Certificate of the authority."""
        return self.folder / "ca.pem"

    def of(self, name: str) -> tuple[Path, Path]:
        """Return the certificate and the key of ``server`` or ``client``."""
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"

    def make(self) -> None:
        """Make all of them; the server is called 127.0.0.1."""
        new = "req -x509 -newkey rsa:2048 -nodes -days 2"
        self._openssl(f"{new} -subj /CN=authority -keyout ca.key -out ca.pem")
        for name, extension in (
            ("server", "subjectAltName=IP:127.0.0.1"),
            ("client", "extendedKeyUsage=clientAuth"),
        ):
            (self.folder / f"{name}.ext").write_text(f"{extension}\nbasicConstraints=CA:FALSE\n")
            request = f"req -newkey rsa:2048 -nodes -subj /CN={name} -keyout {name}.key -out {name}.csr"
            self._openssl(request)
            signed = f"x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2"
            self._openssl(f"{signed} -extfile {name}.ext -out {name}.pem")

    def _openssl(self, words: str) -> None:
        subprocess.run(["openssl", *words.split()], check=True, capture_output=True, cwd=self.folder)


@pytest.fixture(scope="module")
def certificates(place: Path) -> Certificates:
    """Certificates of this session."""
    if shutil.which("openssl") is None:
        missing("openssl is not installed")
    folder = place / "certificates"
    folder.mkdir()
    made = Certificates(folder)
    made.make()
    return made


class SecureRedis(Redis):
    """Redis that speaks nothing but TLS, with clients that show who they are."""

    certificates: Certificates

    @property
    def url(self) -> str:
        """URL to reach it."""
        return super().url.replace("redis:", "rediss:")

    def _answers(self) -> bool:
        return self._listens()  # it answers nobody who speaks plainly

    def _prepare(self) -> None:
        super()._prepare()
        certificate, key = self.certificates.of("server")
        config = self.folder / "redis.conf"
        plain = config.read_text().replace(f"port {self.port}\n", f"port 0\ntls-port {self.port}\n")
        config.write_text(
            f"{plain}tls-cert-file {certificate}\ntls-key-file {key}\n"
            f"tls-ca-cert-file {self.certificates.ca}\ntls-auth-clients yes\n"
        )


class SecureRabbitMQ(RabbitMQ):
    """RabbitMQ that speaks nothing but TLS, with clients that show who they are."""

    certificates: Certificates

    @property
    def url(self) -> str:
        """URL to reach it."""
        return super().url.replace("amqp:", "amqps:")

    def _prepare(self) -> None:
        super()._prepare()
        certificate, key = self.certificates.of("server")
        options = {"certfile": certificate, "keyfile": key, "cacertfile": self.certificates.ca}
        options |= {"verify": "verify_peer", "fail_if_no_peer_cert": "true"}
        config = self.folder / "rabbitmq.conf"
        plain = config.read_text().replace("listeners.tcp.1", "listeners.tcp = none\nlisteners.ssl.1")
        config.write_text(
            plain + "".join(f"ssl_options.{name} = {value}\n" for name, value in options.items())
        )

    def _options(self) -> dict[str, Any]:
        options = super()._options()
        # Where this is set, the node listens there without TLS whatever its file says.
        options["env"].pop("RABBITMQ_NODE_PORT", None)
        return options


@pytest.fixture(params=[SecureRedis, SecureRabbitMQ], ids=["redis", "rabbitmq"], scope="module")
def secured(request: pytest.FixtureRequest, certificates: Certificates, place: Path) -> Any:
    """A broker behind TLS."""
    kind: type[Server] = request.param
    if not kind.installed():
        missing(f"{kind.binary} is not installed")
    server: Any = kind(place / kind.__name__)
    server.certificates = certificates
    with server:
        yield server


def known(secured: Server, certificates: Certificates) -> ServiceSettings:
    """Return settings with everything that the broker asks for."""
    certificate, key = certificates.of("client")
    return service_settings(secured.url, broker_ca=certificates.ca, broker_cert=certificate, broker_key=key)


def test_messages_go_through_tls(secured: Server, certificates: Certificates) -> None:
    broker = Broker(known(secured, certificates), "a" * 32)
    broker.require()
    assert broker.wake("evaluate", 3) == 3
    assert broker.length("evaluate") == 3
    broker.close()


def test_a_broker_that_nobody_vouches_for_is_refused(secured: Server, certificates: Certificates) -> None:
    certificate, key = certificates.of("client")
    broker = Broker(service_settings(secured.url, broker_cert=certificate, broker_key=key), "a" * 32)
    with pytest.raises(ServiceError, match=r"cannot be reached .*certificate verify failed"):
        broker.require()
    broker.close()


def test_a_broker_of_another_name_is_refused(secured: Server, certificates: Certificates) -> None:
    settings = known(secured, certificates)
    elsewhere = settings.model_copy(update={"broker": settings.broker.replace("127.0.0.1", "localhost")})
    broker = Broker(elsewhere, "a" * 32)
    with pytest.raises(ServiceError, match=r"cannot be reached .*[Hh]ostname"):
        broker.require()
    broker.close()


def test_a_client_without_a_certificate_is_refused(secured: Server, certificates: Certificates) -> None:
    broker = Broker(service_settings(secured.url, broker_ca=certificates.ca), "a" * 32)
    with pytest.raises(ServiceError, match="cannot be reached"):
        broker.require()
    assert broker.length("evaluate") is None
    broker.close()


def test_a_worker_works_behind_tls(
    secured: Server, certificates: Certificates, postgresql: str, tmp_path: Path
) -> None:
    certificate, key = certificates.of("client")
    service = Service(postgresql, secured.url, tmp_path)
    with Archive.open(postgresql) as archive:
        files = (
            "--broker-ca",
            str(certificates.ca),
            "--broker-cert",
            str(certificate),
            "--broker-key",
            str(key),
        )
        try:
            service.worker("w1", *files)
            settings = known(secured, certificates)
            executor = CeleryExecutor(archive, settings, run=archive.runs.create("cfr", {}))
            executor.submit(task())
            assert len(executor.wait(60.0)) == 1
            executor.close()
        finally:
            service.end()


class SecurePostgreSQL(PostgreSQL):
    """PostgreSQL that offers TLS."""

    certificates: Certificates

    def _prepare(self) -> None:
        super()._prepare()
        account = self._account()
        certificate, key = self.certificates.of("server")
        for path, name in ((certificate, "server.crt"), (key, "server.key")):
            copy = self._data / name
            copy.write_bytes(path.read_bytes())
            copy.chmod(0o600)
            if account:
                os.chown(copy, account["user"], account["group"])

    def _command(self) -> list[str]:
        return [*super()._command(), "-c", "ssl=on"]


def test_a_database_behind_tls(certificates: Certificates, place: Path) -> None:
    if not PostgreSQL.installed():
        missing("PostgreSQL's programs are not installed")
    cluster = SecurePostgreSQL(place / "secure-postgresql")
    cluster.certificates = certificates
    with cluster:
        secured = f"{cluster.url}?sslmode=verify-full&sslrootcert={certificates.ca}"
        with Archive.open(secured) as archive:
            run = archive.runs.create("cfr", {})
            with archive.database.reading() as connection:
                assert connection.scalar(text("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"))
            # The connection that waits for news is the same kind of connection.
            notices = Notices(archive.database.url, "anything")
            notices.listen()
            notices.close()
            assert archive.runs.get(run) == run
        with pytest.raises(ArchiveError, match="certificate"):
            Archive.open(f"{cluster.url}?sslmode=verify-full&sslrootcert=system")
