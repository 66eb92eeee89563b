"""The peer as a program: `python -m benchmarks.peer_app PORT DATABASE_URL`."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from benchmarks import peer_enrolled, peer_ingest


def make_app(url: str) -> FastAPI:
    """The application over this database, with a pool of 8 like the registry's."""

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        engine = create_async_engine(
            url.replace("postgresql://", "postgresql+asyncpg://"), pool_size=8, max_overflow=0
        )
        # As in FastAPI's tutorials, and better for the peer: with autoflush every merge of a
        # record would write the one before it in a statement of its own.
        app.state.sessions = async_sessionmaker(engine, expire_on_commit=False, autoflush=False)
        yield
        await engine.dispose()

    app = FastAPI(lifespan=life)
    app.include_router(peer_enrolled.router)
    app.include_router(peer_ingest.router)
    return app


if __name__ == "__main__":
    # The fastest ordinary server settings: uvloop, httptools, no access log.
    uvicorn.run(
        make_app(sys.argv[2]),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
