"""What HTTP commands are compared with: a handler that checks a JWT and does one INSERT."""

import os
from typing import Any
from uuid import UUID, uuid4

import jwt
import msgspec
import uvicorn
from litestar import Litestar, Request, patch
from litestar.exceptions import NotAuthorizedException
from psycopg_pool import ConnectionPool

INSERT = "INSERT INTO bare_progress (id, learner, data) VALUES (%s, %s, %s::json)"


class Progress(msgspec.Struct):
    enrollment_id: UUID
    lesson_id: UUID
    percent: int
    seconds: int


def main() -> None:
    """Serves on the port in `PORT`, with the key in `PUBLIC_KEY`, on `DATABASE_URL`."""
    public_key = os.environ["PUBLIC_KEY"]
    pool = ConnectionPool(os.environ["DATABASE_URL"], min_size=16, kwargs={"autocommit": True})

    @patch("/progress", sync_to_thread=True)
    def progress(request: Request[Any, Any, Any], data: Progress) -> dict[str, UUID]:
        token = request.headers["authorization"].removeprefix("Bearer ")
        try:
            claims = jwt.decode(token, public_key, algorithms=["EdDSA"], audience="lms")
        except jwt.InvalidTokenError as error:
            raise NotAuthorizedException from error
        id = uuid4()
        with pool.connection() as connection:
            values = (id, claims["sub"], msgspec.json.encode(data).decode())
            connection.execute(INSERT, values, prepare=True)
        return {"id": id}

    app = Litestar([progress], openapi_config=None)
    uvicorn.run(
        app,
        port=int(os.environ["PORT"]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )


if __name__ == "__main__":
    main()
