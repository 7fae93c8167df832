"""One LDAP directory (OpenLDAP, Active Directory, …): who there is, and in which groups.

Only over TLS, except on this machine. Everything blocks, and each call has a connection of its own:
a directory is asked at log-ins and now and then for everybody.
"""

import contextlib
import logging
import secrets
import socket
import ssl
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec
from ldap3 import (
    NONE,
    SUBTREE,
    Connection,
    Server,
    Tls,
)
from ldap3.core.exceptions import LDAPException, LDAPInvalidCredentialsResult
from ldap3.utils.conv import escape_filter_chars
from ldap3.utils.dn import parse_dn

logger = logging.getLogger(__name__)

CONNECT_SECONDS = 5
ANSWER_SECONDS = 15
PAGE = 500
LONGEST_NAME = 256
LONGEST_PASSWORD = 1_024
DEEPEST = 20
"""Groups in groups: more levels are a mistake in the directory."""
IN_CHAIN = "1.2.840.113556.1.4.1941"
"""Active Directory's LDAP_MATCHING_RULE_IN_CHAIN: it looks into nested groups by itself."""


class DirectoryUnreachable(Exception):
    """The directory can't be asked: it is down, not trusted, or we may not ask it."""


class Attributes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands where in a person's entry. `id` must never change or be given again."""

    id: str = "entryUUID"
    username: str = "uid"
    email: str = "mail"
    full_name: str = "cn"
    department: str = "departmentNumber"


class Groups(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where groups are. `nested` says how groups in groups are found at a log-in."""

    base_dn: str
    filter: str = "(objectClass=groupOfNames)"
    name: str = "cn"
    member: str = "member"
    nested: Literal["walk", "chain", "no"] = "walk"

    def filter_for(self, member: str) -> str:
        """The search filter for the groups that a DN stands in, in which it is only text."""
        rule = f":{IN_CHAIN}:" if self.nested == "chain" else ""
        return f"(&{self.filter}({self.member}{rule}={escape_filter_chars(member)}))"


class DirectoryServer(msgspec.Struct, frozen=True, kw_only=True):
    """Where the directory is, and what it looks like. `ca_file` (PEM) replaces the system's CAs."""

    url: str
    base_dn: str
    bind_dn: str
    bind_password: str
    start_tls: bool = True
    ca_file: str | None = None
    filter: str = "(objectClass=inetOrgPerson)"
    login_attributes: tuple[str, ...] = ("uid", "mail")
    attributes: Attributes = Attributes()
    groups: Groups | None = None

    def __repr__(self) -> str:
        return f"DirectoryServer(url={self.url!r})"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One person; `groups` are the names of all groups, those in which their groups are too."""

    dn: str
    id: str
    username: str | None
    email: str | None
    full_name: str | None
    department: str | None
    groups: frozenset[str] = frozenset()


class Directory:
    """Asks one directory; thread-safe."""

    def __init__(self, server: DirectoryServer) -> None:
        """Raises ValueError for an address that won't do, OSError for a missing `ca_file`."""
        parts = urlsplit(server.url)
        if parts.scheme not in {"ldap", "ldaps"} or not parts.hostname:
            raise ValueError("A directory's address is like ldap://host or ldaps://host.")
        self._asked = server
        self._host = parts.hostname
        self._over_tls = parts.scheme == "ldaps"
        self._plain = not (self._over_tls or server.start_tls)
        if self._plain and self._host not in {"127.0.0.1", "::1", "localhost"}:
            raise ValueError("Passwords go to another machine by TLS only: start_tls or ldaps.")
        self._context = ssl.create_default_context(cafile=server.ca_file)
        self._port = parts.port or (636 if self._over_tls else 389)

    def authenticate(self, name: str, password: str) -> Entry | None:
        """The one person of that name whose password it is. Raises `DirectoryUnreachable`.

        Takes as long for names that nobody has: a bind is tried in any case.
        """
        with self._connected() as connection:
            entry = self._find(connection, name)
            if entry is None:
                self._decoy()
                return None
            if not self._is_password(entry.dn, password):
                return None
            groups = self._groups_of(connection, entry.dn)
        return msgspec.structs.replace(entry, groups=groups)

    def pretend(self, name: str) -> None:
        """Does what `authenticate` does for a name that nobody has, and sends no password."""
        with self._connected() as connection:
            self._find(connection, name)
            self._decoy()

    def people(self) -> list[Entry]:
        """Everybody, with their groups. Raises `DirectoryUnreachable`."""
        with self._connected() as connection:
            entries = [
                self._entry(each)
                for each in self._search(connection, self._asked.base_dn, self._asked.filter)
            ]
            above = self._all_groups(connection)
        return [
            msgspec.structs.replace(entry, groups=_closure(entry.dn, above))
            for entry in entries
            if entry is not None
        ]

    def _find(self, connection: Connection, name: str) -> Entry | None:
        """Whoever has that name, if it is one person alone."""
        if not 0 < len(name.strip()) <= LONGEST_NAME:
            return None
        found = list(self._search(connection, self._asked.base_dn, self.filter_for(name)))
        return self._entry(found[0]) if len(found) == 1 else None

    def filter_for(self, name: str) -> str:
        """The search filter for a name, in which whatever it holds is only text (RFC 4515)."""
        text = escape_filter_chars(name.strip())
        names = "".join(f"({attribute}={text})" for attribute in self._asked.login_attributes)
        return f"(&{self._asked.filter}(|{names}))"

    def _decoy(self) -> None:
        nobody = f"{self._asked.attributes.username}=nobody,{self._asked.base_dn}"
        self._is_password(nobody, secrets.token_hex(8))

    def _is_password(self, dn: str, password: str) -> bool:
        # An empty password would be an anonymous bind, which succeeds (RFC 4513, 5.1.2).
        if not 0 < len(password) <= LONGEST_PASSWORD or "\x00" in password:
            password = secrets.token_hex(8)
        try:
            with self._connected(dn, password):
                return True
        except _WrongPassword:
            return False

    def _groups_of(self, connection: Connection, dn: str) -> frozenset[str]:
        groups = self._asked.groups
        if groups is None:
            return frozenset()
        names: set[str] = set()
        seen, level = {_key(dn)}, [dn]
        for _ in range(DEEPEST):
            above: list[str] = []
            for member in level:
                wanted = groups.filter_for(member)
                for found in self._search(connection, groups.base_dn, wanted, [groups.name]):
                    names.update(_texts(found, groups.name))
                    if _key(found["dn"]) not in seen:
                        seen.add(_key(found["dn"]))
                        above.append(found["dn"])
            level = above
            if groups.nested != "walk" or not level:
                break
        return frozenset(names)

    def _all_groups(self, connection: Connection) -> Mapping[str, list[tuple[str, str]]]:
        """For each member the groups (key, name) that it stands in."""
        groups, above = self._asked.groups, dict[str, list[tuple[str, str]]]()
        if groups is None:
            return above
        wanted = [groups.name, groups.member]
        for found in self._search(connection, groups.base_dn, groups.filter, wanted):
            names = _texts(found, groups.name)
            for member in _texts(found, groups.member):
                above.setdefault(_key(member), []).extend((_key(found["dn"]), n) for n in names)
        return above

    def _search(
        self, connection: Connection, base: str, filter: str, attributes: list[str] | None = None
    ) -> Iterator[dict[str, Any]]:
        found = connection.extend.standard.paged_search(
            base,
            filter,
            SUBTREE,
            attributes=attributes or self._attributes(),
            paged_size=PAGE,
            generator=True,
        )
        return (each for each in found if each["type"] == "searchResEntry")

    def _attributes(self) -> list[str]:
        return list(msgspec.structs.asdict(self._asked.attributes).values())

    def _entry(self, found: dict[str, Any]) -> Entry | None:
        names = self._asked.attributes
        id = _id(found, names.id)
        if id is None:
            logger.warning("an entry of the directory has no %s", names.id)
            return None
        return Entry(
            dn=found["dn"],
            id=id,
            username=_first(found, names.username),
            email=_first(found, names.email),
            full_name=_first(found, names.full_name),
            department=_first(found, names.department),
        )

    @contextmanager
    def _connected(
        self, dn: str | None = None, password: str | None = None
    ) -> Iterator[Connection]:
        tls = None if self._plain else _VerifiedTls(self._host, self._context)
        server = Server(
            self._host,
            self._port,
            use_ssl=self._over_tls,
            tls=tls,
            get_info=NONE,
            connect_timeout=CONNECT_SECONDS,
        )
        # Not bound by its constructor, which would leave the socket open when it fails.
        connection = Connection(
            server,
            user=dn or self._asked.bind_dn,
            password=password or self._asked.bind_password,
            auto_referrals=False,
            raise_exceptions=True,
            receive_timeout=ANSWER_SECONDS,
        )
        try:
            connection.open(read_server_info=False)
            # Short questions, each waiting for its answer: don't collect them.
            connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if tls is not None and not self._over_tls:
                connection.start_tls(read_server_info=False)
            connection.bind(read_server_info=False)
            yield connection
        except LDAPInvalidCredentialsResult as error:
            if dn is not None:
                raise _WrongPassword from None
            raise DirectoryUnreachable("The directory doesn't let us ask it.") from error
        except (LDAPException, OSError) as error:
            what = type(error).__name__
            raise DirectoryUnreachable(f"The directory can't be asked: {what}.") from error
        finally:
            _close(connection)


def _close(connection: Connection) -> None:
    with contextlib.suppress(LDAPException, OSError):
        connection.unbind()
    if connection.socket is not None:
        connection.socket.close()


class _WrongPassword(Exception):
    pass


class _VerifiedTls(Tls):
    """TLS as Python's own defaults have it: the certificate and the host's name are checked."""

    def __init__(self, host: str, context: ssl.SSLContext) -> None:
        super().__init__(validate=ssl.CERT_REQUIRED)
        self._host = host
        self._context = context

    def wrap_socket(self, connection: Any, do_handshake: bool = False) -> None:
        """See Tls."""
        plain: socket.socket = connection.socket
        connection.socket = self._context.wrap_socket(plain, server_hostname=self._host)


def _closure(dn: str, above: Mapping[str, list[tuple[str, str]]]) -> frozenset[str]:
    """The names of all groups above an entry; cycles do no harm."""
    names: set[str] = set()
    seen, open_ = {_key(dn)}, [_key(dn)]
    while open_:
        for key, name in above.get(open_.pop(), ()):
            names.add(name)
            if key not in seen:
                seen.add(key)
                open_.append(key)
    return frozenset(names)


def _key(dn: str) -> str:
    """The form in which two spellings of one name are equal."""
    try:
        parts = parse_dn(dn, escape=False, strip=True)
    except LDAPException:
        return dn.casefold()
    return ",".join(f"{name}={value}{joint == '+'}" for name, value, joint in parts).casefold()


def _id(found: dict[str, Any], name: str) -> str | None:
    """An id as text; Active Directory's objectGUID is binary."""
    raw = found["raw_attributes"].get(name) or [b""]
    value: bytes = raw[0]
    if len(value) == 16 and name.lower() == "objectguid":
        return str(uuid.UUID(bytes_le=value))
    return value.decode(errors="replace") or None


def _first(found: dict[str, Any], name: str) -> str | None:
    return next(iter(_texts(found, name)), None)


def _texts(found: dict[str, Any], name: str) -> Iterable[str]:
    """The values of an attribute; what isn't text is left out."""
    for raw in found["raw_attributes"].get(name, ()):
        try:
            text = raw.decode().strip()
        except UnicodeDecodeError:
            continue
        if text and "\x00" not in text:
            yield text
