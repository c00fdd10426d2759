# Leadhand without an agent: add the one you use on top of this image.
FROM python:3.12-slim AS build
WORKDIR /src
COPY requirements/build.txt requirements/build.txt
RUN pip install --no-cache-dir --require-hashes -r requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY core core
COPY locales locales
RUN pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /dist .

FROM python:3.12-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends git \
    && rm -rf /var/lib/apt/lists/*
COPY requirements/runtime.txt /tmp/runtime.txt
RUN pip install --no-cache-dir --require-hashes -r /tmp/runtime.txt
COPY --from=build /dist /tmp/dist
RUN pip install --no-cache-dir --no-deps --no-index /tmp/dist/*.whl && rm -r /tmp/dist /tmp/runtime.txt
RUN useradd --create-home --uid 1000 leadhand \
    && install --directory --owner leadhand --group leadhand --mode 0700 /data
USER leadhand
ENV LEADHAND_HOME=/data
VOLUME /data
ENTRYPOINT ["leadhand"]
CMD ["run"]
