"""Traces by OpenTelemetry, sent over HTTP to a collector of the operator's choice, where one is named."""

from __future__ import annotations

import atexit
import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from gateway.errors import Misconfigured
from gateway.services.tracing import Attributes, send_spans_to
from gateway.version import VERSION

INSTALL = "pip install 'privgate[otel]'"


def start_traces(endpoint: str, process: str) -> None:
    """From now on this process's spans go to `endpoint`/v1/traces.

    process: which of ours it is, such as "serve". Raises Misconfigured for another address than https, or
    http to this machine, and where the extra is not installed.
    """
    check_endpoint(endpoint)
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.trace import StatusCode
    except ImportError as exc:
        raise Misconfigured(f"PRIVGATE_OTLP_ENDPOINT asks for traces; install the extra: {INSTALL}") from exc
    # Resource(), not Resource.create(): that would add what the environment and the machine say.
    about = Resource({"service.name": f"privgate-{process}", "service.version": VERSION})
    provider = TracerProvider(resource=about, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces")))
    atexit.register(provider.shutdown)
    tracer = provider.get_tracer("privgate", VERSION)

    @contextmanager
    def open_span(name: str, attributes: Attributes) -> Iterator[None]:
        # An exception's words may hold anything, so that only its type is told.
        with tracer.start_as_current_span(
            name, record_exception=False, set_status_on_exception=False
        ) as opened:
            try:
                yield
            except BaseException as exc:
                opened.set_attribute("error.type", type(exc).__name__)
                opened.set_status(StatusCode.ERROR)
                raise
            finally:
                for key, value in attributes.items():
                    opened.set_attribute(f"privgate.{key}", value)

    send_spans_to(open_span)


def check_endpoint(endpoint: str) -> None:
    """Raises Misconfigured where spans would travel in the clear beyond this machine."""
    parts = urlsplit(endpoint)
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme == "http" and _is_loopback(parts.hostname or ""):
        return
    raise Misconfigured("PRIVGATE_OTLP_ENDPOINT is https://HOST[:PORT], or http:// to this machine")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
