# The server, for `docker run`: not as root, on a root that is read-only.
#
#   docker build -t placelens .
#   docker run --read-only --tmpfs /tmp -v placelens-cache:/cache -v ~/photos.pl:/data/photos.pl:ro \
#     -p 127.0.0.1:8000:8000 placelens
#
# What pip installs is pinned, with hashes, by `make lock`.
# tests/integration/test_dockerfile.py runs these steps without docker.

FROM node:24-bookworm-slim AS page
WORKDIR /source
COPY web web
RUN cd web && npm ci --no-audit --no-fund && npm run build

FROM python:3.11-slim-bookworm AS wheel
WORKDIR /source
COPY requirements-build.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements-build.lock
COPY pyproject.toml hatch_build.py README.md LICENSE ./
COPY src src
COPY --from=page /source/src/placelens/server/static src/placelens/server/static
RUN pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels .

FROM python:3.11-slim-bookworm
COPY requirements.lock ./
COPY --from=wheel /wheels /wheels
RUN pip install --no-cache-dir --require-hashes -r requirements.lock \
 && pip install --no-cache-dir --no-deps --no-index /wheels/*.whl \
 && useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin placelens \
 && mkdir /cache /data \
 && chown placelens /cache
USER 10001
# What is compiled and optimised once lasts as long as this volume.
ENV PLACELENS_CACHE=/cache PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
VOLUME /cache
WORKDIR /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/health', timeout=4)"]
ENTRYPOINT ["placelens"]
# In the container all addresses, so that a token is asked for: `docker logs` shows a URL that holds
# one of this run. The port is published to this machine only, see above.
CMD ["serve", "photos.pl", "--host", "0.0.0.0", "--port", "8000"]
