# The service image: the engine, and bubblewrap for hosts that allow it. `make image` builds it
# anywhere; on a machine whose containers reach PyPI, `docker build -t veristone:dev .` does too.
#
# `make image` downloads the wheels outside and hands them in under wheels/, checked against the same
# hashes. So an index, a proxy or a certificate that only this machine has is never seen by the build,
# let alone kept in the image; and it works with BuildKit and with the older builder alike.
ARG BASE=debian:trixie-slim

FROM ${BASE} AS build
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3 python3-venv \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
# The trailing star makes the folder optional: COPY wants at least one match.
COPY requirements-base.lock wheels* wheels/
RUN python3 -m venv /opt/veristone \
 && if ls wheels/*.whl >/dev/null 2>&1; then offline="--no-index --find-links wheels"; fi \
 && /opt/veristone/bin/pip install --no-cache-dir ${offline:-} \
      --require-hashes -r wheels/requirements-base.lock
COPY pyproject.toml README.md ./
# The package links to the rooms beside it.
COPY veristone veristone
COPY engine engine
COPY service service
COPY integrations integrations
COPY sandbox_images sandbox_images
COPY generators generators
COPY training training
COPY loop loop
COPY audit audit
COPY cli cli
COPY recipes recipes
# The locked requirements contain the build back end, so this step fetches nothing.
RUN /opt/veristone/bin/pip install --no-cache-dir --no-index --no-deps --no-build-isolation .

FROM ${BASE}
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      bubblewrap python3 python3-numpy \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/log/* \
 && useradd --create-home --uid 10001 veristone \
 && install --directory --owner veristone --mode 700 /var/lib/veristone
COPY --from=build /opt/veristone /opt/veristone
ENV PATH=/opt/veristone/bin:${PATH} PYTHONUNBUFFERED=1
USER 10001
WORKDIR /home/veristone
# Wardens that somebody else started (back end `attached`, examples/compose) need nothing more; jobs may
# be kept in a volume at /var/lib/veristone. Bubblewrap needs what
# Docker's defaults forbid, user namespaces and mounts, so for that back end start the container with
#   --security-opt seccomp=unconfined --security-opt systempaths=unconfined
# and, where AppArmor is on, --security-opt apparmor=unconfined. A capability alone (SYS_ADMIN) is not
# enough, --privileged is more than needed. It is a trade: this container is then less closed itself.
ENTRYPOINT ["veristone"]
CMD ["doctor"]
