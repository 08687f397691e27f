# One image for every process of the gateway: `privgate serve`, `worker`, `sequencer`, and the one-shot commands.
#
#   docker build --tag privgate .
#
# Linux x86-64. Python packages by hash from requirements.lock; the detection models, each checked against its hash,
# lie in the image, so that nothing is fetched when it runs. No key and no password is in it: keys are made by
# `privgate keys create` into a volume. Checked as a text by tests/setup; it was not built where it was written, for
# want of a Docker engine there.

FROM python:3.11-slim-bookworm AS base
# libgl1, libglib2.0-0: OpenCV. libegl1, libgles2: MediaPipe. postgresql-client: `privgate backup`; it must not be
# older than the server, which is why docker-compose.yml has this Debian's.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends libegl1 libgl1 libgles2 libglib2.0-0 postgresql-client \
 && rm -rf /var/lib/apt/lists/*

FROM base AS builder
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/privgate
WORKDIR /build
COPY requirements.lock requirements-build.lock ./
RUN /opt/privgate/bin/pip install --require-hashes --requirement requirements.lock
# The build backend in an environment of its own, which stays behind; so does Node, by which it gets the console's
# front-end packages from npm.
RUN python -m venv /opt/backend && /opt/backend/bin/pip install --require-hashes --requirement requirements-build.lock
COPY pyproject.toml README.md LICENSE ./
COPY audit audit
COPY gateway gateway
COPY policies policies
RUN /opt/backend/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
 && /opt/privgate/bin/pip install --no-deps --no-index /wheels/*.whl
RUN PRIVGATE_MODELS=/opt/privgate/models /opt/privgate/bin/privgate models fetch \
 && /opt/privgate/bin/pip uninstall --yes pip

FROM base
# A fixed number, so that volumes keep their owner when the image is built anew.
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /tmp --shell /usr/sbin/nologin privgate \
 && install --directory --owner privgate --group privgate --mode 0700 \
      /var/lib/privgate /var/lib/privgate/data /var/lib/privgate/blobs /var/lib/privgate/keys \
      /keys /keys/all /keys/gateway /keys/worker /keys/sequencer
COPY --from=builder /opt/privgate /opt/privgate
ENV PATH=/opt/privgate/bin:$PATH \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PRIVGATE_DATA=/var/lib/privgate/data \
    PRIVGATE_BLOBS=/var/lib/privgate/blobs \
    PRIVGATE_KEYS=/var/lib/privgate/keys \
    PRIVGATE_MODELS=/opt/privgate/models
USER privgate
WORKDIR /tmp
EXPOSE 8080
# Of the gateway; the services that listen on nothing switch it off.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]
ENTRYPOINT ["privgate"]
CMD ["--help"]
