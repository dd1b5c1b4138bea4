# docker build -t gongkai .
# The compiler is the one of rust-toolchain.toml: raise both together.
FROM rust:1.95.0-slim-bookworm AS build

# libpq, OpenSSL and SQLite are built from source: a C compiler is in the image, these are not.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends make perl \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /build
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/build/target \
    cargo build --release --locked \
    && install -D target/release/gongkai /out/gongkai \
    && install -d -o 65532 -g 65532 /out/data

FROM debian:bookworm-slim

LABEL org.opencontainers.image.title="gongkai" \
      org.opencontainers.image.description="Case management for the disclosure of government information on request" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"

# The faces in which letters are printed, until the bureau adds its licensed 仿宋 (GONGKAI_FONT_FANGSONG).
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends fonts-noto-cjk \
    && rm -rf /var/lib/apt/lists/*

COPY --from=build /out/gongkai /usr/local/bin/gongkai
COPY --from=build --chown=65532:65532 /out/data /data
COPY LICENSE-MIT LICENSE-APACHE /usr/share/doc/gongkai/

# The embedded database, when that is what GONGKAI_DATABASE_URL names. There are no default secrets:
# without GONGKAI_TOKEN_KEY and GONGKAI_DATA_KEY the container stops and says what is missing.
# Nothing but /data is written, so the root may be read-only (docker run --read-only).
ENV GONGKAI_DATABASE_URL=sqlite:/data/gongkai.db \
    GONGKAI_LISTEN=0.0.0.0:8080
VOLUME /data
EXPOSE 8080
USER 65532:65532
STOPSIGNAL SIGTERM

# The binary asks itself: the image needs no curl for it.
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 \
    CMD ["gongkai", "healthcheck"]

ENTRYPOINT ["gongkai"]
CMD ["serve"]
