"""Every setting of the system, read once from the environment.

A setting's variable is its name in upper case behind `LMS_`; the two servers have the names that
everybody gives them, `DATABASE_URL` and `NATS_URL`. What is unset takes its default here, or is
generated once into the data folder.
"""

import difflib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args
from urllib.parse import quote, urlsplit, urlunsplit

import msgspec
from msgspec import Meta
from msgspec.structs import FieldInfo, fields

from domain.roles import Role
from event_store.master_key import MasterKey
from lms.data_folder import LOOPBACK, DataFolder
from lms.master_key import OTHER_MASTER_KEYS, master_key, master_key_problems

PROJECT = Path(__file__).resolve().parent.parent
Fill = Callable[[Mapping[str, Any], DataFolder], Any]
OWN_NAMES = {
    "database_url": "DATABASE_URL",
    "nats_url": "NATS_URL",
    "master_keys": "LMS_MASTER_KEY",
}


_ROLE = "|".join(role for role in Role if role is not Role.SYSTEM)


def _expects(what: str, **limits: Any) -> Meta:
    return Meta(extra={"expects": what}, **limits)


Port = Annotated[int, _expects("a port from 1 to 65535", ge=1, le=65535)]
PostgresUrl = Annotated[
    str, _expects("like postgresql://user:password@host:5432/name", pattern="^postgres(ql)?://.+")
]
NatsUrl = Annotated[
    str, _expects("like nats://user:password@host:4222", pattern="^(nats|tls|ws|wss)://.+")
]
HttpUrl = Annotated[
    str, _expects("like http://host:8080, without a slash at the end", pattern="^https?://.*[^/]$")
]
FirstPort = Annotated[int, _expects("a port from 0 to 65000", ge=0, le=65000)]
Share = Annotated[float, _expects("a number from 0 to 1", ge=0, le=1)]
Switch = Annotated[Literal["on", "off"], _expects("on or off")]
Keys = Annotated[
    str,
    _expects(
        "32 bytes in base64",
        pattern="^[A-Za-z0-9+/]{43}=( *, *[A-Za-z0-9+/]{43}=)*$",
    ),
]
Count = Annotated[int, _expects("a whole number from 1", ge=1)]
LogLevel = Annotated[
    Literal["DEBUG", "INFO", "WARNING", "ERROR"], _expects("DEBUG, INFO, WARNING or ERROR")
]
Score = Annotated[int, _expects("a number from 0 to 4", ge=0, le=4)]
Remembered = Annotated[int, _expects("a number from 0 to 24", ge=0, le=24)]
Days = Annotated[int, _expects("a whole number from 0", ge=0)]
SmtpUrl = Annotated[str, _expects("like smtp://user:password@host:587", pattern="^smtps?://[^/]+")]
MailAddress = Annotated[
    str, _expects("like LMS <lms@example.com>", pattern=r"^([^<>\r\n]+<)?[^<>@\s]+@[^<>@\s]+>?$")
]
Text = Annotated[str, _expects("a text that is not empty", min_length=1)]
Networks = Annotated[
    str,
    _expects(
        "networks like 10.0.0.0/8,::1/128",
        pattern=r"^[0-9a-fA-F.:]+/\d+( *, *[0-9a-fA-F.:]+/\d+)*$",
    ),
]
RoleNames = Annotated[
    str,
    _expects(
        "roles like admin,auditor",
        pattern=f"^({_ROLE})( *, *({_ROLE}))*$",
    ),
]
SECRET = Meta(extra={"secret": True})


def _says(description: str) -> Meta:
    return Meta(description=description)


class SettingsError(Exception):
    """Some variables don't hold what they must. `problems` has one sentence for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the whole program is told from outside."""

    data_dir: Annotated[Path, _says("Folder of everything that outlives the program")]
    host: Annotated[Text, _says("Address that the HTTP servers listen on")] = LOOPBACK
    gateway_port: Annotated[Port, _says("Port of the gateway, the one door for clients")] = 8080
    write_api_port: Annotated[Port, _says("Port of the API that takes commands")] = 8081
    read_api_port: Annotated[Port, _says("Port of the API that answers queries")] = 8082
    analytics_port: Annotated[Port, _says("Port where the read API asks the analytics process")]
    quack_port: Annotated[Port, _says("Port where analysts reach DuckDB by its Quack protocol")]

    public_url: Annotated[HttpUrl, _says("Address of the gateway as clients see it; token issuer")]
    write_api_url: Annotated[HttpUrl, _says("Where the gateway finds the write API")]
    read_api_url: Annotated[HttpUrl, _says("Where the gateway finds the read API")]
    analytics_url: Annotated[HttpUrl, _says("Where the read API finds the analytics process")]

    gateway_networks: Annotated[
        Networks, _says("Networks that the gateway calls the APIs from")
    ] = "127.0.0.0/8,::1/128"
    proxy_networks: Annotated[
        Networks, _says("Networks of the proxies in front of the gateway; unset: none")
    ] = ""

    database_url: Annotated[
        PostgresUrl,
        SECRET,
        _says("Postgres as its owner; unset: one is started here"),
    ]
    write_database_url: Annotated[
        PostgresUrl, SECRET, _says("The same database as lms_write, who can only add events")
    ]
    read_database_url: Annotated[
        PostgresUrl, SECRET, _says("The same database as lms_read, who can only read")
    ]
    project_database_url: Annotated[
        PostgresUrl, SECRET, _says("The same database as lms_project, who writes read models")
    ]
    seal_database_url: Annotated[
        PostgresUrl, SECRET, _says("The same database as lms_seal, who seals the log")
    ]
    nats_url: Annotated[NatsUrl, SECRET, _says("NATS with JetStream; unset: one is started here")]

    master_keys: Annotated[
        Keys,
        SECRET,
        _says("Wraps all other keys: 32 bytes, base64; behind a comma those it replaces"),
    ]
    master_key_file: Annotated[
        Text, _says("File with the master key instead, nobody else's to read; unset: none")
    ] = ""
    kms_key: Annotated[
        Text, _says("Key in AWS KMS to be the master key: id, ARN or alias; unset: none")
    ] = ""
    former_kms_key: Annotated[
        Text, _says("Key in AWS KMS that the one in the environment or file replaces; unset: none")
    ] = ""
    kms_endpoint: Annotated[
        HttpUrl, _says("Where another service speaks like AWS KMS; unset: AWS itself")
    ] = ""
    internal_token: Annotated[Text, SECRET, _says("Shared by our processes when they ask another")]
    quack_token: Annotated[Text, SECRET, _says("What analysts show to attach to DuckDB")]
    seed_password: Annotated[Text, SECRET, _says("One password for all seeded people")]

    access_token_minutes: Annotated[Count, _says("Minutes that an access token is good for")] = 15
    refresh_token_days: Annotated[Count, _says("Days that a refresh token is good for")] = 30
    second_factor_roles: Annotated[
        RoleNames, _says("Roles whose holders need a second factor; unset: none")
    ] = ""
    step_up_minutes: Annotated[
        Count, _says("Minutes after a log-in in which sensitive commands need no new proof")
    ] = 10
    erasure_two_persons: Annotated[
        Switch, _says("Whether an erasure needs another person than the one who asks for it")
    ] = "on"
    password_score: Annotated[
        Score, _says("Least strength of a password, as zxcvbn scores it, from 0 to 4")
    ] = 3
    password_history: Annotated[
        Remembered, _says("How many last passwords, the present one too, can't be chosen again")
    ] = 5
    password_days: Annotated[
        Days, _says("Days after which a password must be changed; 0: never")
    ] = 0
    password_reset_minutes: Annotated[
        Count, _says("Minutes that a mailed link to a new password is good for")
    ] = 30
    import_report_days: Annotated[
        Days, _says("Days that the report of an import is kept; 0: for ever")
    ] = 90
    password_reset_url: Annotated[
        HttpUrl, _says("Page that such a link leads to, followed by # and the token")
    ]

    smtp_url: Annotated[
        SmtpUrl,
        SECRET,
        _says("Mail server, by STARTTLS or smtps; unset: the folder outbox instead"),
    ] = ""
    mail_from: Annotated[MailAddress, _says("Sender of all mail")] = "LMS <lms@localhost>"

    sso_file: Annotated[
        Text, _says("JSON file of identity providers and the directory to log in by; unset: none")
    ] = ""
    log_level: Annotated[LogLevel, _says("Least severity that is logged")] = "INFO"

    metrics: Annotated[Switch, _says("Whether each process serves metrics to Prometheus")] = "on"
    metrics_port: Annotated[
        FirstPort, _says("First of their ports, one for each process; 0: free ones, remembered")
    ] = 0

    otlp_endpoint: Annotated[
        HttpUrl,
        _says("OpenTelemetry collector, by OTLP over HTTP, for traces; unset: none"),
    ] = ""
    traced_share: Annotated[Share, _says("Share of requests that are traced, from 0 to 1")] = 1.0

    embedded_postgres: bool = False
    embedded_nats: bool = False

    def __repr__(self) -> str:
        """Without the secrets, so that they never get into a log."""
        return f"Settings(data_dir={str(self.data_dir)!r}, gateway_port={self.gateway_port})"

    @classmethod
    def load(cls, environment: Mapping[str, str]) -> Self:
        """Reads all variables; an empty one counts as unset.

        Raises SettingsError with every problem found.
        """
        given = _given(environment)
        folder = DataFolder(Path(given.get("data_dir", _default_data_dir())).absolute())
        given["data_dir"] = folder.path
        given["embedded_postgres"] = "database_url" not in given
        given["embedded_nats"] = "nats_url" not in given
        for name, fill in FILLED.items():
            if name not in given:
                given[name] = fill(given, folder)
        return cls(**given)

    def environment(self) -> dict[str, str]:
        """The variables that make another process load these same settings."""
        values = msgspec.to_builtins(self, enc_hook=str)
        return {variable_of(name): str(values[name]) for name, _ in variables()}

    @property
    def duckdb_file(self) -> Path:
        """The analytics database: one file, written by the analytics process only."""
        return self.data_dir / "analytics" / "lms.duckdb"

    @property
    def witness_file(self) -> Path:
        """The log's signed checkpoints, outside the database; written by the sealer."""
        return self.data_dir / "seals" / "checkpoints.ndjson"

    @property
    def peers_of_apis(self) -> tuple[str, ...]:
        """Whom the APIs believe about the address that a request came from."""
        return _parts(self.gateway_networks)

    @property
    def peers_of_gateway(self) -> tuple[str, ...]:
        """Whom the gateway believes about the address that a request came from."""
        return _parts(self.proxy_networks)

    @property
    def roles_with_second_factor(self) -> frozenset[Role]:
        """Whoever holds one of these must show a second factor."""
        return frozenset(Role(name) for name in _parts(self.second_factor_roles))

    @property
    def master_key(self) -> MasterKey:
        """What wraps all other keys. Raises SettingsError."""
        return master_key(
            self.master_keys,
            self.master_key_file,
            self.kms_key,
            self.former_kms_key,
            self.kms_endpoint,
        )

    def data_folder(self) -> DataFolder:
        """The folder behind `data_dir`."""
        return DataFolder(self.data_dir)


def variables() -> list[tuple[str, FieldInfo]]:
    """Every setting that has a variable, with its description, in the order they are declared."""
    return [(field.name, field) for field in fields(Settings) if _described(field)]


def variable_of(name: str) -> str:
    """The environment variable of a setting."""
    return OWN_NAMES.get(name, f"LMS_{name.upper()}")


def description_of(field: FieldInfo) -> str:
    """What a setting is for, in a few words."""
    return next(meta.description for meta in _metas(field) if meta.description)


def is_secret(field: FieldInfo) -> bool:
    """Whether a setting's value must not be shown."""
    return SECRET in _metas(field)


def misspelt(environment: Mapping[str, str]) -> list[str]:
    """A sentence for each `LMS_*` variable that is no setting."""
    known = [variable_of(name) for name, _ in variables()]
    sentences = []
    for variable in environment:
        if variable.startswith("LMS_") and variable not in known:
            close = difflib.get_close_matches(variable, known, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            sentences.append(f"{variable} is no setting{hint}")
    return sentences


def _given(environment: Mapping[str, str]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    problems = []
    for name, field in variables():
        text = environment.get(variable_of(name), "").strip()
        if not text:
            continue
        try:
            given[name] = msgspec.convert(text, field.type, strict=False, dec_hook=_path)
        except msgspec.ValidationError:
            got = "" if is_secret(field) else f", not {text!r}"
            problems.append(f"{variable_of(name)} must be {_expected(field)}{got}")
    problems += _clashes(given) + master_key_problems(given)
    if problems:
        raise SettingsError(problems)
    return given


def _clashes(given: Mapping[str, Any]) -> list[str]:
    user_of: dict[int, str] = {}
    problems = []
    for field in fields(Settings):
        if not field.name.endswith("_port"):
            continue
        port = given.get(field.name, field.default)
        if port in user_of:
            one, other = variable_of(user_of[port]), variable_of(field.name)
            problems.append(f"{other} must be another port than {one}: both are {port}")
        elif isinstance(port, int):
            user_of[port] = field.name
    return problems


def _default_data_dir() -> Path:
    from_source = (PROJECT / "pyproject.toml").exists()
    return (PROJECT if from_source else Path.cwd()) / ".data"


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _path(wanted: type, text: Any) -> Any:
    return wanted(text)


def _metas(field: FieldInfo) -> list[Meta]:
    return [meta for meta in get_args(field.type) if isinstance(meta, Meta)]


def _described(field: FieldInfo) -> bool:
    return any(meta.description for meta in _metas(field))


def _expected(field: FieldInfo) -> str:
    extras = [meta.extra or {} for meta in _metas(field)]
    return next(str(extra["expects"]) for extra in extras if "expects" in extra)


def as_role(owner_url: str, role: str, password: str) -> str:
    """The URL of the same database for another login role."""
    parts = urlsplit(owner_url)
    server = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{role}:{quote(password, safe='')}@{server}"))


def _local(port_of: str) -> Fill:
    default = {field.name: field.default for field in fields(Settings)}
    return lambda given, _: f"http://{LOOPBACK}:{given.get(port_of, default[port_of])}"


def _remembered_port(name: str) -> Fill:
    return lambda _, folder: folder.ports(name)[name]


def _role(role: str, password: str) -> Fill:
    return lambda given, folder: as_role(
        given["database_url"], role, getattr(folder.secrets(), password)
    )


def _embedded_postgres_url(_: Mapping[str, Any], folder: DataFolder) -> str:
    port, password = folder.ports("postgres")["postgres"], folder.secrets().owner_password
    return f"postgresql://lms:{password}@{LOOPBACK}:{port}/lms"


def _embedded_nats_url(_: Mapping[str, Any], folder: DataFolder) -> str:
    port, password = folder.ports("nats")["nats"], folder.secrets().nats_password
    return f"nats://lms:{password}@{LOOPBACK}:{port}"


FILLED: dict[str, Fill] = {
    "analytics_port": _remembered_port("analytics"),
    "quack_port": _remembered_port("quack"),
    "public_url": _local("gateway_port"),
    "password_reset_url": lambda given, _: f"{given['public_url']}/password-reset",
    "write_api_url": _local("write_api_port"),
    "read_api_url": _local("read_api_port"),
    "analytics_url": _local("analytics_port"),
    "database_url": _embedded_postgres_url,
    "write_database_url": _role("lms_write", "write_password"),
    "read_database_url": _role("lms_read", "read_password"),
    "project_database_url": _role("lms_project", "project_password"),
    "seal_database_url": _role("lms_seal", "seal_password"),
    "nats_url": _embedded_nats_url,
    "master_keys": lambda given, folder: (
        "" if OTHER_MASTER_KEYS & given.keys() else folder.secrets().master_key
    ),
    "internal_token": lambda _, folder: folder.secrets().internal_token,
    "quack_token": lambda _, folder: folder.secrets().quack_token,
    "seed_password": lambda _, folder: folder.secrets().seed_password,
}
"""What an unset variable becomes, in this order: later ones may use earlier ones."""
