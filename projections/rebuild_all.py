"""Rebuilds several projections at once, each in a process of its own."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from event_store.master_key import MasterKey
from projections.catalogue import named
from projections.rebuild import Rebuilt, rebuild
from projections.source import open_source


def rebuild_all(
    names: Iterable[str], conninfo: str, master_key: bytes | MasterKey, *, processes: int = 2
) -> Iterator[tuple[str, Rebuilt]]:
    """Rebuilds the named projections of the catalogue; yields each when it is done.

    Raises what the first of them to fail raises, after the others are done.
    """
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        tasks = {pool.submit(_rebuild, name, conninfo, master_key): name for name in names}
        for task in as_completed(tasks):
            yield tasks[task], task.result()


def _rebuild(name: str, conninfo: str, master_key: bytes | MasterKey) -> Rebuilt:
    with open_source(conninfo, master_key) as source:
        return rebuild(named(name), source)
