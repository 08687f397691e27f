"""The settings, frozen, from PRIVGATE_* variables; read by the composition roots and by nothing else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class Settings:
    """Where things are. A command's own options win over these.

    data: the folder of this installation (PRIVGATE_DATA).
    database: an SQLAlchemy URL (PRIVGATE_DATABASE); by default SQLite in the data folder.
    jobs_database: the URL of the job engine's own database (PRIVGATE_JOBS_DATABASE).
    keys: the keyring's folder (PRIVGATE_KEYS).
    blobs: a folder, or an obstore URL, under which `originals` and `copies` lie (PRIVGATE_BLOBS).
    models: the folder of the detection models (PRIVGATE_MODELS).
    log_format, log_level: of the processes' logs (PRIVGATE_LOG_FORMAT, PRIVGATE_LOG_LEVEL).
    otlp_endpoint: where traces go, if anywhere (PRIVGATE_OTLP_ENDPOINT).
    webhook_networks: networks that webhooks may call although they are not public, by commas, such as
        10.1.0.0/16,127.0.0.0/8 (PRIVGATE_WEBHOOK_NETWORKS); none by default.
    """

    data: Path
    database: str
    jobs_database: str
    keys: Path
    blobs: str
    models: Path
    log_format: str = "plain"
    log_level: str | None = None
    otlp_endpoint: str | None = None
    webhook_networks: str = ""

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
            log_format=environment.get("PRIVGATE_LOG_FORMAT") or "plain",
            log_level=environment.get("PRIVGATE_LOG_LEVEL") or None,
            otlp_endpoint=environment.get("PRIVGATE_OTLP_ENDPOINT") or None,
            webhook_networks=environment.get("PRIVGATE_WEBHOOK_NETWORKS", ""),
        )

    @property
    def checkpoint_file(self) -> Path:
        """Where each checkpoint is appended, outside the database."""
        return self.data / "checkpoints.txt"


def models_folder(environment: Mapping[str, str]) -> Path:
    """PRIVGATE_MODELS, or the user's cache folder."""
    if given := environment.get("PRIVGATE_MODELS"):
        return Path(given)
    cache = environment.get("XDG_CACHE_HOME") or os.path.join(  # noqa: PTH118
        environment.get("HOME", "/var/cache"), ".cache"
    )
    return Path(cache) / "privgate" / "models"
