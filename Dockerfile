# The program and what it needs, from the locked requirements. docker build -t evenhand .
# A cluster's workers and whoever talks to them: docker build -t evenhand --build-arg REQUIREMENTS=cluster .
FROM python:3.11-slim-bookworm
ARG REQUIREMENTS=run
RUN apt-get update \
 && apt-get install --yes --no-install-recommends fontconfig fonts-noto-cjk \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --create-home evenhand
WORKDIR /app
COPY requirements/ requirements/
RUN pip install --no-cache-dir --disable-pip-version-check --no-deps --require-hashes -r requirements/${REQUIREMENTS}.txt
COPY pyproject.toml prefect.yaml README.md LICENSE ./
COPY config/ config/
COPY models/ models/
COPY exports/ exports/
COPY flows/ flows/
RUN pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation -e . \
 && chmod -R a+rX . \
 && mkdir /var/evenhand && chown evenhand /var/evenhand && chmod 700 /var/evenhand
# compiled loops are kept where the user may write: /app is root's, and read-only in compose.yaml
ENV EVENHAND_VAR=/var/evenhand NUMBA_CACHE_DIR=/var/evenhand/numba PYTHONUNBUFFERED=1
USER evenhand
VOLUME /var/evenhand
ENTRYPOINT []
CMD ["evenhand", "doctor"]
