"""A small API of books on a shelf, with every feature that the edge gives to a real one."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar
from uuid import UUID

import msgspec
import psycopg
from litestar import Controller, Litestar, Response, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody
from prometheus_client import CollectorRegistry

from access.actor import Actor
from access.tokens import InvalidToken
from domain.roles import Role
from edge.app import edge_app
from edge.authentication import OPEN, Verifier
from edge.cursor import DEFAULT_LIMIT, CursorParameter, Keyset, Limit, Page
from edge.etag import IfMatch, IfNoneMatch, conditional, etag, expected_version
from edge.health import Check
from edge.idempotency import IdempotencyKey, idempotency_key
from edge.metrics import RequestMetrics
from edge.openapi import THROTTLED
from edge.problem import described
from edge.request import EdgeRequest

READER = Actor(UUID(int=1), frozenset({Role.EMPLOYEE}), UUID(int=2))
WITH_TOKEN = {"Authorization": "Bearer reader"}
BOOK = UUID("018f0000-0000-7000-8000-000000000001")
BOOKS_BY_TITLE = Keyset("books by title", tuple[str, UUID])


class KnownTokens:
    """A verifier of one token, for tests that aren't about tokens."""

    def verify(self, token: str) -> Actor:
        if token != "reader":
            raise InvalidToken("The token is malformed.")
        return READER

    def knows(self, token: str) -> bool:
        return token == "reader"


class ShelfIsFull(Exception):
    code = "shelf-is-full"
    detail = "The shelf has no place left."


class Chapter(msgspec.Struct, forbid_unknown_fields=True):
    title: Annotated[str, msgspec.Meta(min_length=1)]
    pages: Annotated[int, msgspec.Meta(ge=1)] = 1


class NewBook(msgspec.Struct, forbid_unknown_fields=True):
    title: str
    chapters: list[Chapter] = []


class Book(msgspec.Struct):
    id: UUID
    title: str


class Added(msgspec.Struct):
    id: UUID
    version: int
    key: str | None = None


class Reading(Controller):
    path = "/books"
    titles: ClassVar[list[str]] = [f"Book {number:03}" for number in range(120)]

    @get(operation_id="ListBooks")
    async def list_books(
        self,
        limit: Limit = DEFAULT_LIMIT,
        cursor: CursorParameter = None,
        q: FromQuery[str | None] = None,
    ) -> Page[Book]:
        """The books by title."""
        after = BOOKS_BY_TITLE.decode(cursor)
        books = [Book(UUID(int=index), title) for index, title in enumerate(self.titles)]
        rest = [book for book in books if after is None or (book.title, book.id) > after]
        return BOOKS_BY_TITLE.page(
            rest[: limit + 1], limit, lambda book: (book.title, book.id), lambda book: book
        )

    @get("/{book_id:uuid}", operation_id="GetBook")
    async def get_book(
        self, book_id: FromPath[UUID], if_none_match: IfNoneMatch = None
    ) -> Response[Book]:
        """One book."""
        return conditional(Book(book_id, "Book"), 3, if_none_match)

    @get("/whoami", operation_id="WhoAmI")
    async def whoami(self, request: EdgeRequest[Actor, Any]) -> dict[str, str]:
        """Who asks."""
        return {"id": str(request.user.id)}

    @get("/broken", operation_id="Break")
    async def broken(self) -> None:
        """Fails."""
        raise RuntimeError("a secret of ours")

    @get("/unreachable", operation_id="Unreach")
    async def unreachable(self) -> None:
        """Finds the database down."""
        raise psycopg.OperationalError("connection to 10.0.0.1 failed")


class Writing(Controller):
    path = "/books"

    @post(operation_id="AddBook")
    async def add_book(
        self, data: JSONBody[NewBook], key: IdempotencyKey = None
    ) -> Response[Added]:
        """Put a book on the shelf."""
        if data.title == "One too many":
            raise ShelfIsFull
        added = Added(BOOK, 1, idempotency_key(key))
        return Response(added, status_code=201, headers={"ETag": etag(1)})

    @patch("/{book_id:uuid}", operation_id="ChangeBook")
    async def change_book(
        self, book_id: FromPath[UUID], data: JSONBody[Chapter], if_match: IfMatch = None
    ) -> Added:
        """Add a chapter."""
        return Added(book_id, (expected_version(if_match) or 3) + 1)


class Shelf(Reading, Writing):
    """Both halves in one: an app has one controller per path."""


@post("/enter", operation_id="Enter", opt={OPEN: True, THROTTLED: True})
async def enter(data: JSONBody[Chapter]) -> Added:
    """Needs no token."""
    return Added(BOOK, data.pages)


async def always_ready() -> None:
    return None


def shelf_api(
    *controllers: Any,
    verifier: Verifier | None = None,
    checks: Mapping[str, Check] | None = None,
    metrics: RequestMetrics | None = None,
) -> Litestar:
    return edge_app(
        controllers or (Shelf, enter),
        title="Shelf",
        version="1.2.3",
        verifier=verifier or KnownTokens(),
        faults={ShelfIsFull: described(409)},
        checks={"database": always_ready} if checks is None else checks,
        metrics=metrics or RequestMetrics(CollectorRegistry()),
    )
