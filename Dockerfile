# One image for every process; `docker-compose.yml` says which one a container becomes.

FROM python:3.13-slim AS build
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /app
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-dev --no-install-project --compile-bytecode
COPY . .
RUN uv sync --frozen --no-dev --compile-bytecode

FROM python:3.13-slim
# Certificates name people and courses in every script.
RUN apt-get update \
    && apt-get install -y --no-install-recommends fonts-noto-core fonts-noto-cjk \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --home-dir /data --no-create-home lms \
    && install --directory --owner=lms --group=lms --mode=0700 /data
COPY --from=build /app /app
ENV PATH=/app/.venv/bin:$PATH LMS_DATA_DIR=/data
USER lms
WORKDIR /data
VOLUME /data
ENTRYPOINT ["lms"]
CMD ["--help"]
