"""A real directory for tests: Debian's slapd on a loopback port, with a certificate of its own."""

import ipaddress
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from ldap3 import MODIFY_ADD, MODIFY_DELETE, MODIFY_REPLACE, Connection, Server

from lms.data_folder import free_port
from lms.service import Service

SUFFIX = "dc=example,dc=com"
ROOT = f"cn=root,{SUFFIX}"
READER = f"cn=reader,{SUFFIX}"
PEOPLE = f"ou=people,{SUFFIX}"
GROUPS = f"ou=groups,{SUFFIX}"
PASSWORD = "only-for-tests-of-slapd"
SCHEMAS = ("core", "cosine", "inetorgperson")

CONFIGURATION = """\
{schemas}
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/slapd.pid
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.key
security simple_bind=0
database mdb
suffix "{suffix}"
rootdn "{root}"
rootpw {password}
directory {folder}/data
limits dn.exact="{reader}" size.soft=unlimited size.hard=unlimited size.prtotal=unlimited
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{reader}" read by anonymous auth by * none
"""


def program(name: str) -> str | None:
    """Where a program of the directory is; Debian has it where only root looks."""
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")


class Slapd(Service):
    """An OpenLDAP server. `change` edits what is in it."""

    def __init__(self, folder: Path) -> None:
        super().__init__("slapd", folder / "slapd.log")
        self.folder = folder
        self.port = free_port()
        self.url = f"ldap://127.0.0.1:{self.port}"
        self.tls_url = f"ldaps://127.0.0.1:{free_port()}"
        self.ca_file = str(folder / "server.pem")
        (folder / "data").mkdir()
        write_certificate(folder)
        schemas = "\n".join(f"include /etc/ldap/schema/{each}.schema" for each in SCHEMAS)
        (folder / "slapd.conf").write_text(
            CONFIGURATION.format(
                schemas=schemas,
                folder=folder,
                suffix=SUFFIX,
                root=ROOT,
                reader=READER,
                password=PASSWORD,
            )
        )

    def command(self) -> Sequence[str]:
        """See Service."""
        slapd = program("slapd")
        assert slapd
        return [
            slapd,
            "-f",
            str(self.folder / "slapd.conf"),
            "-h",
            f"{self.url} {self.tls_url}",
            "-d",
            "0",
        ]

    def environment(self) -> Mapping[str, str]:
        """See Service."""
        return {"PATH": f"{os.defpath}:/usr/sbin", "LC_ALL": "C.UTF-8"}

    def is_ready(self) -> bool:
        """See Service."""
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return self.running

    def load(self, ldif: str) -> None:
        """Fills it while it is stopped."""
        adder = program("slapadd")
        assert adder
        configuration = str(self.folder / "slapd.conf")
        done = subprocess.run(
            [adder, "-q", "-f", configuration],
            input=ldif,
            text=True,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    @contextmanager
    def root(self) -> Iterator[Connection]:
        """A connection that may do anything."""
        server = Server("127.0.0.1", self.port, get_info="NO_INFO")
        root = Connection(server, ROOT, PASSWORD, auto_bind=True, raise_exceptions=True)
        yield root
        root.unbind()

    def adds(self, uid: str, **more: str) -> None:
        """A new person."""
        attributes = {**person(uid), **more}
        with self.root() as root:
            root.add(dn_of(uid), "inetOrgPerson", attributes)

    def changes(self, uid: str, **values: str) -> None:
        """New values of some attributes."""
        with self.root() as root:
            root.modify(dn_of(uid), {k: [(MODIFY_REPLACE, [v])] for k, v in values.items()})

    def loses(self, *uids: str) -> None:
        """People who leave."""
        with self.root() as root:
            for uid in uids:
                root.delete(dn_of(uid))

    def groups(self, name: str, *members: str) -> str:
        """A new group of entries; its DN."""
        dn = f"cn={name},{GROUPS}"
        with self.root() as root:
            root.add(dn, "groupOfNames", {"cn": name, "member": list(members)})
        return dn

    def joins(self, group: str, member: str) -> None:
        """One more member."""
        with self.root() as root:
            root.modify(group, {"member": [(MODIFY_ADD, [member])]})

    def parts(self, group: str, member: str) -> None:
        """One member less."""
        with self.root() as root:
            root.modify(group, {"member": [(MODIFY_DELETE, [member])]})


def dn_of(uid: str) -> str:
    return f"uid={uid},{PEOPLE}"


def password_of(uid: str) -> str:
    return f"secret of {uid}"


def person(uid: str) -> dict[str, str]:
    return {
        "uid": uid,
        "cn": f"{uid.title()} Able",
        "sn": "Able",
        "mail": f"{uid}@example.com",
        "departmentNumber": "Engineering",
        "userPassword": password_of(uid),
    }


def ldif(*uids: str) -> str:
    """The tree with some people in it."""
    heads = [
        {"dn": SUFFIX, "objectClass": "domain", "dc": "example"},
        {"dn": PEOPLE, "objectClass": "organizationalUnit", "ou": "people"},
        {"dn": GROUPS, "objectClass": "organizationalUnit", "ou": "groups"},
        {
            "dn": READER,
            "objectClass": "organizationalRole\nobjectClass: simpleSecurityObject",
            "cn": "reader",
            "userPassword": PASSWORD,
        },
    ]
    entries = ["\n".join(f"{name}: {value}" for name, value in head.items()) for head in heads]
    for uid in uids:
        lines = {"dn": dn_of(uid), "objectClass": "inetOrgPerson", **person(uid)}
        entries.append("\n".join(f"{name}: {value}" for name, value in lines.items()))
    return "\n\n".join(entries) + "\n"


def write_certificate(folder: Path) -> None:
    """A certificate for 127.0.0.1 that vouches for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a directory for tests")])
    today = datetime.now(UTC)
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=2))
        .add_extension(alternative, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "server.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "server.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


needs_slapd = pytest.mark.skipif(
    program("slapd") is None,
    reason="these tests need a directory server: apt-get install slapd (.ci/run does)",
)
