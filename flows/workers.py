"""Who maps the passes of a rating over shards: threads or processes here, a Dask or Ray cluster, by setting.

A task is an errand and the number of a shard (models.rating.passes); it may be lost and done again. Prefect's task
runner brings the Dask or Ray cluster up and takes it down with the flow; the shards themselves are not Prefect tasks
(160 ms each), they are mapped by the cluster's own scheduler (3 ms each). Outside a flow one is made for the time.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any, cast

from config.errors import UsageError, WorkerError
from config.settings import Settings
from flows.run import code_digest
from models.rating.errand import Mapper, Task, threads

if TYPE_CHECKING:
    from prefect.task_runners import TaskRunner

ATTEMPTS = 4  # a shard is given up when so many workers were lost over it
EXTRA = "pip install -r requirements/cluster.txt, or set EVENHAND_TASK_RUNNER to thread or process"
LOST = "see the workers' memory (docs/cluster.md), then give the same command again: nothing was half written"


@dataclass(frozen=True)
class SameProgram:
    """A task that is refused where the worker runs another version of the program than the one that sent it."""

    task: Task
    code: str

    def __call__(self, number: int) -> int:
        if code_digest() != self.code:
            raise another_version(f"{code_digest()[:12]} instead of {self.code[:12]}")
        return self.task(number)


def another_version(found: str) -> WorkerError:
    """The worker's program cannot do what it was sent."""
    message = f"worker on {socket.gethostname()} has another version of evenhand: {found}."
    return WorkerError(message, remedy="install the same version on every worker and start the workers again")


@contextmanager
def mapper(settings: Settings) -> Iterator[Mapper]:
    """The mapper of EVENHAND_TASK_RUNNER; in a flow over the cluster of its task runner.

    Raises UsageError where the library of that cluster is missing or nothing answers at its address; the mapper
    itself WorkerError where a worker has another version of the program or too many workers were lost.
    """
    kinds: dict[str, Callable[[Settings], AbstractContextManager[Mapper]]] = {
        "thread": lambda settings: nullcontext(threads(settings.workers)),
        "process": _processes,
        "dask": _dask,
        "ray": _ray,
    }
    with _few_threads(settings), kinds[settings.task_runner](settings) as over:
        yield over


def task_runner(settings: Settings) -> TaskRunner[Any]:
    """Prefect's task runner for the flow: it owns the Dask or Ray cluster, else threads."""
    from prefect.task_runners import ThreadPoolTaskRunner

    if settings.task_runner == "dask":
        prefect_dask = _library("prefect_dask")
        where = {"address": settings.cluster_address} if settings.cluster_address else {}
        local = {} if where else {"cluster_kwargs": _local_dask(settings)}
        dask_runner: TaskRunner[Any] = prefect_dask.DaskTaskRunner(**where, **local)
        return dask_runner
    if settings.task_runner == "ray" and settings.cluster_address:  # one of this machine is started by the mapper
        prefect_ray = _library("prefect_ray")
        ray_runner: TaskRunner[Any] = prefect_ray.RayTaskRunner(init_kwargs=_ray_options(settings))
        return ray_runner
    return ThreadPoolTaskRunner(max_workers=settings.workers)


def _library(name: str) -> Any:
    from importlib import import_module

    try:
        return import_module(name)
    except ImportError as error:
        raise UsageError(f"{name.replace('_', '-')} is not installed.", remedy=EXTRA) from error


@contextmanager
def _few_threads(settings: Settings) -> Iterator[None]:
    """Worker processes made here share the cores: polars otherwise starts a thread per core in each of them."""
    name = "POLARS_MAX_THREADS"
    if settings.task_runner == "thread" or name in os.environ:
        yield
        return
    os.environ[name] = str(max(1, len(os.sched_getaffinity(0)) // settings.workers))
    try:
        yield
    finally:
        del os.environ[name]


@contextmanager
def _processes(settings: Settings) -> Iterator[Mapper]:
    """Processes of this machine, spawned (polars must not be forked); a pool that lost one is made again."""
    pool = _pool(settings)

    def over(task: Task, shards: Sequence[int]) -> list[int]:
        nonlocal pool
        counts: dict[int, int] = {}
        for _ in range(ATTEMPTS):
            left = [number for number in shards if number not in counts]
            try:
                counts |= _counts(pool, SameProgram(task, code_digest()), left)
            except _Lost as lost:
                counts |= lost.counts
                pool.shutdown(wait=False, cancel_futures=True)
                pool = _pool(settings)
            else:
                return [counts[number] for number in shards]
        raise WorkerError(f"worker processes died {ATTEMPTS} times over shards {left[:5]}.", remedy=LOST)

    try:
        yield over
    finally:
        pool.shutdown(cancel_futures=True)


class _Lost(Exception):
    """The pool broke; what was done before stands."""

    def __init__(self, counts: dict[int, int]) -> None:
        super().__init__("a worker process died")
        self.counts = counts


def _pool(settings: Settings) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(settings.workers, mp_context=get_context("spawn"))


def _counts(pool: Executor, task: Task, shards: Sequence[int]) -> dict[int, int]:
    futures: dict[int, Future[int]] = {}
    try:
        futures |= {number: pool.submit(task, number) for number in shards}
        return {number: future.result() for number, future in futures.items()}
    except BrokenProcessPool as error:
        done = {n: f.result() for n, f in futures.items() if f.done() and not f.cancelled() and f.exception() is None}
        raise _Lost(done) from error


@contextmanager
def _dask(settings: Settings) -> Iterator[Mapper]:
    """A Dask cluster: that of the flow, that at the address, or one of this machine for the time being."""
    distributed = _library("distributed")
    with _dask_client(settings, distributed) as client:

        def over(task: Task, shards: Sequence[int]) -> list[int]:
            futures = client.map(SameProgram(task, code_digest()), list(shards), pure=False)
            try:
                return list(client.gather(futures))
            except distributed.KilledWorker as error:
                raise WorkerError(f"Dask workers died over and over: {error}.", remedy=LOST) from error
            except (ImportError, AttributeError) as error:  # it could not even be unpacked there
                raise another_version(str(error)) from error

        yield over


@contextmanager
def _dask_client(settings: Settings, distributed: Any) -> Iterator[Any]:
    from prefect.context import FlowRunContext

    context = FlowRunContext.get()
    if context is not None and type(context.task_runner).__name__ == "DaskTaskRunner":
        with _reached(settings):
            client = cast(Any, context.task_runner).client  # DaskTaskRunner, which is not installed everywhere
        yield client
        return
    with _reached(settings):
        made = None if settings.cluster_address else distributed.LocalCluster(**_local_dask(settings))
        client = distributed.Client(made or settings.cluster_address, set_as_default=False)
    try:
        yield client
    finally:
        client.close()
        if made is not None:
            made.close()


@contextmanager
def _reached(settings: Settings) -> Iterator[None]:
    try:
        yield
    except (OSError, TimeoutError, ConnectionError, ValueError) as error:
        where = f"{settings.task_runner} cluster at {settings.cluster_address or 'this machine'}"
        raise UsageError(f"{where}: {error}.", remedy="see EVENHAND_CLUSTER_ADDRESS and whether it runs") from error


def _local_dask(settings: Settings) -> dict[str, Any]:
    """One thread to a worker (polars has its own), no page, nothing that listens beyond this machine."""
    return {
        "n_workers": settings.workers,
        "threads_per_worker": 1,
        "processes": True,
        "dashboard_address": None,
        "host": "127.0.0.1",
        "local_directory": str(settings.root / "dask"),
    }


@contextmanager
def _ray(settings: Settings) -> Iterator[Mapper]:
    """A Ray cluster: that of the flow, that at the address, or one of this machine for the time being."""
    ray = _library("ray")
    ours = not ray.is_initialized()
    if ours:
        with _reached(settings):
            _start_ray(ray, settings)

    def over(task: Task, shards: Sequence[int]) -> list[int]:
        called = ray.remote(_call).options(num_cpus=1, max_retries=ATTEMPTS - 1)
        try:
            return list(ray.get([called.remote(SameProgram(task, code_digest()), number) for number in shards]))
        except ray.exceptions.WorkerCrashedError as error:
            raise WorkerError("Ray workers died over and over.", remedy=LOST) from error
        except ray.exceptions.RayTaskError as error:
            raise _cause(error) from None

    try:
        yield over
    finally:
        if ours:
            ray.shutdown()


def _start_ray(ray: Any, settings: Settings) -> None:
    """A head of this machine gives its helpers 15 s, which a loaded machine may miss: then once more."""
    for attempt in range(ATTEMPTS):
        try:
            ray.init(**_ray_options(settings))
            return
        except Exception as error:  # ray raises a bare Exception
            ray.shutdown()
            if settings.cluster_address or attempt == ATTEMPTS - 1:
                raise ConnectionError(str(error)) from error
            _end_helpers()


def _end_helpers() -> None:
    """What a start that failed leaves running: ray ends it only with this process."""
    psutil = _library("psutil")
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            if "/ray/" in " ".join(child.cmdline()):
                child.kill()


def _call(task: Task, number: int) -> int:
    return task(number)


def _cause(error: Any) -> BaseException:
    cause: BaseException = error.cause
    return another_version(str(cause)) if isinstance(cause, (ImportError, AttributeError)) else cause


def _ray_options(settings: Settings) -> dict[str, Any]:
    """Of this machine: so many processors, little shared memory (tasks pass names only), no page, no report of use."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    quiet = {"log_to_driver": False, "logging_level": "error"}
    if settings.cluster_address:
        return {"address": settings.cluster_address} | quiet
    here = {"include_dashboard": False, "_node_ip_address": "127.0.0.1", "object_store_memory": 100 << 20}
    return {"num_cpus": settings.workers} | here | quiet
