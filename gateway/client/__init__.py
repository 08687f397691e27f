"""The gateway's Python client: `api` and `rollbacks` say what can be asked, the two clients ask it.

    with Client("http://127.0.0.1:8080", token) as client:
        dataset = client.do(api.create_dataset("crossing", policy="street"))
        asset = client.do(api.upload(dataset.id, Path("photo.jpg")))
        asset = client.do(api.settled(asset.id))

    async with AsyncClient("http://127.0.0.1:8080", token) as client:
        datasets = await client.do(api.list_datasets())

Everything that is decided (requests, answers, retries, waiting) is in `api` and `flow`, which do no I/O; the
two clients only carry it out. Errors are those of `gateway.errors`, with the problem document as their cause.
"""

from gateway.client import api, rollbacks
from gateway.client.answers import (
    Asset,
    Category,
    Copy,
    CopyPage,
    Dataset,
    Grant,
    LabelFormat,
    Submission,
    Task,
    TaskPage,
)
from gateway.client.asynchronous import AsyncClient
from gateway.client.batch_answers import (
    Batch,
    BatchAsset,
    BatchAssetPage,
    Event,
    Received,
    Standing,
    Webhook,
)
from gateway.client.flow import Flow, Pieces, patiently
from gateway.client.problems import Problem, ServerFault, UnexpectedAnswer, Unreachable
from gateway.client.proof_answers import Proof, ProofPage
from gateway.client.rollbacks import Applied, Rollback
from gateway.client.synchronous import Client

__all__ = [
    "Applied",
    "Asset",
    "AsyncClient",
    "Batch",
    "BatchAsset",
    "BatchAssetPage",
    "Category",
    "Client",
    "Copy",
    "CopyPage",
    "Dataset",
    "Event",
    "Flow",
    "Grant",
    "LabelFormat",
    "Pieces",
    "Problem",
    "Proof",
    "ProofPage",
    "Received",
    "Rollback",
    "ServerFault",
    "Standing",
    "Submission",
    "Task",
    "TaskPage",
    "UnexpectedAnswer",
    "Unreachable",
    "Webhook",
    "api",
    "patiently",
    "rollbacks",
]
