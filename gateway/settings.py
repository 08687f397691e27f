"""The settings, frozen, from PRIVGATE_* variables; read by the composition roots and by nothing else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import Misconfigured

MAX_DAYS = 3650
MAX_IDLE_MINUTES = 720
MAX_SESSION_HOURS = 24
MAX_MEGAPIXELS = 400
MAX_DECODE_SECONDS = 300
MAX_SECONDS = 3600
MAX_CONNECTIONS = 65536


@dataclass(frozen=True, slots=True)
class Settings:
    """Where things are. A command's own options win over these.

    data: the folder of this installation (PRIVGATE_DATA).
    database: an SQLAlchemy URL (PRIVGATE_DATABASE); by default SQLite in the data folder.
    jobs_database: the URL of the job engine's own database (PRIVGATE_JOBS_DATABASE).
    keys: the keyring's folder (PRIVGATE_KEYS).
    blobs: a folder, or an obstore URL, under which `originals` and `copies` lie (PRIVGATE_BLOBS).
    models: the folder of the detection models (PRIVGATE_MODELS).
    precision: f32 or bf16 (PRIVGATE_PRECISION); by default the fastest that the CPU has.
    log_format, log_level: of the processes' logs (PRIVGATE_LOG_FORMAT, PRIVGATE_LOG_LEVEL).
    grant_days: how long a grant lasts at most (PRIVGATE_GRANT_DAYS).
    otlp_endpoint: where traces go, if anywhere (PRIVGATE_OTLP_ENDPOINT).
    webhook_networks: networks that webhooks may call although they are not public, by commas, such as
        10.1.0.0/16,127.0.0.0/8 (PRIVGATE_WEBHOOK_NETWORKS); none by default.
    max_megapixels, decode_seconds: how large an image may be, and how long its decoding may take
        (PRIVGATE_MAX_MEGAPIXELS, PRIVGATE_DECODE_SECONDS); memory grows with the first, see
        gateway/imaging/DECODING.md.
    session_idle_minutes, session_hours: when the console signs somebody out: without any activity, and
        however busy they are (PRIVGATE_SESSION_IDLE_MINUTES, PRIVGATE_SESSION_HOURS).
    head_seconds: within which a request's head is to be there (PRIVGATE_HEAD_SECONDS). stall_seconds: in each
        of which a body or the reading of an answer is to go on (PRIVGATE_STALL_SECONDS).
    connections: that the server has at a time (PRIVGATE_CONNECTIONS).
    """

    data: Path
    database: str
    jobs_database: str
    keys: Path
    blobs: str
    models: Path
    precision: str | None = None
    log_format: str = "plain"
    log_level: str | None = None
    otlp_endpoint: str | None = None
    grant_days: int = 90
    webhook_networks: str = ""
    session_idle_minutes: int = 30
    session_hours: int = 12
    head_seconds: int = 20
    stall_seconds: int = 60
    connections: int = 500
    max_megapixels: int = 100
    decode_seconds: int = 20

    @classmethod
    def read(cls, environment: Mapping[str, str], *, data: Path | None = None) -> Settings:
        """From the environment; `data` wins over PRIVGATE_DATA. Raises Misconfigured."""
        folder = (data or Path(environment.get("PRIVGATE_DATA", "data"))).absolute()
        if folder.exists() and not folder.is_dir():
            raise Misconfigured(f"{folder} is not a folder; name another one with --data")
        database = environment.get("PRIVGATE_DATABASE", f"sqlite:///{folder / 'privgate.db'}")
        jobs = environment.get("PRIVGATE_JOBS_DATABASE")
        if jobs is None:
            jobs = f"sqlite:///{folder / 'jobs.db'}" if database.startswith("sqlite") else database
        return cls(
            data=folder,
            database=database,
            jobs_database=jobs,
            keys=Path(environment.get("PRIVGATE_KEYS", folder / "keys")),
            blobs=environment.get("PRIVGATE_BLOBS", str(folder / "blobs")),
            models=models_folder(environment),
            precision=wanted_precision(environment),
            log_format=environment.get("PRIVGATE_LOG_FORMAT") or "plain",
            log_level=environment.get("PRIVGATE_LOG_LEVEL") or None,
            otlp_endpoint=environment.get("PRIVGATE_OTLP_ENDPOINT") or None,
            grant_days=_number(environment, "PRIVGATE_GRANT_DAYS", 90, most=MAX_DAYS, of="days"),
            webhook_networks=environment.get("PRIVGATE_WEBHOOK_NETWORKS", ""),
            session_idle_minutes=_number(
                environment, "PRIVGATE_SESSION_IDLE_MINUTES", 30, most=MAX_IDLE_MINUTES, of="minutes"
            ),
            session_hours=_number(
                environment, "PRIVGATE_SESSION_HOURS", 12, most=MAX_SESSION_HOURS, of="hours"
            ),
            head_seconds=_number(environment, "PRIVGATE_HEAD_SECONDS", 20, most=MAX_SECONDS, of="seconds"),
            stall_seconds=_number(environment, "PRIVGATE_STALL_SECONDS", 60, most=MAX_SECONDS, of="seconds"),
            connections=_number(
                environment, "PRIVGATE_CONNECTIONS", 500, most=MAX_CONNECTIONS, of="connections"
            ),
            max_megapixels=largest_image(environment),
            decode_seconds=longest_decode(environment),
        )

    @property
    def checkpoint_file(self) -> Path:
        """Where each checkpoint is appended, outside the database."""
        return self.data / "checkpoints.txt"


def _number(environment: Mapping[str, str], name: str, default: int, *, most: int, of: str) -> int:
    text = environment.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= most:
        raise Misconfigured(f"{name} is a number of {of}, 1 to {most}")
    return int(text)


def largest_image(environment: Mapping[str, str]) -> int:
    """PRIVGATE_MAX_MEGAPIXELS. Raises Misconfigured."""
    return _number(environment, "PRIVGATE_MAX_MEGAPIXELS", 100, most=MAX_MEGAPIXELS, of="megapixels")


def longest_decode(environment: Mapping[str, str]) -> int:
    """PRIVGATE_DECODE_SECONDS. Raises Misconfigured."""
    return _number(environment, "PRIVGATE_DECODE_SECONDS", 20, most=MAX_DECODE_SECONDS, of="seconds")


def wanted_precision(environment: Mapping[str, str]) -> str | None:
    """PRIVGATE_PRECISION, None where the fastest is wanted. Raises Misconfigured."""
    wanted = environment.get("PRIVGATE_PRECISION") or None
    if wanted not in (None, "f32", "bf16"):
        raise Misconfigured("PRIVGATE_PRECISION is f32 or bf16; left out, the fastest that this CPU has")
    return wanted


def models_folder(environment: Mapping[str, str]) -> Path:
    """PRIVGATE_MODELS, or the user's cache folder."""
    if given := environment.get("PRIVGATE_MODELS"):
        return Path(given)
    cache = environment.get("XDG_CACHE_HOME") or os.path.join(  # noqa: PTH118
        environment.get("HOME", "/var/cache"), ".cache"
    )
    return Path(cache) / "privgate" / "models"
