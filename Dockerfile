# The operator's image: one static binary and the files it reads; no shell, no package manager.
#
#   docker build --tag icr-pull-secrets:dev .
#
# `make image` builds the same file without a Docker daemon.

ARG BASE=debian:bookworm-slim

FROM ${BASE} AS libraries

# A volume mounted at /ccache makes later builds faster; nothing else depends on it.
ENV CCACHE_DIR=/ccache DEBIAN_FRONTEND=noninteractive

# Debian has no static archives of cpprest and prometheus-cpp: these two are built here from
# Debian's own source packages. apt verifies them.
WORKDIR /libraries
RUN sed --in-place 's/^Types: deb$/Types: deb deb-src/' /etc/apt/sources.list.d/*.sources \
    && apt-get update \
    && apt-get install --yes --no-install-recommends \
        ca-certificates ccache cmake dpkg-dev g++ ninja-build \
        libboost-atomic-dev libboost-chrono-dev libboost-date-time-dev libboost-filesystem-dev \
        libboost-random-dev libboost-regex-dev libboost-system-dev libboost-thread-dev libc-ares-dev \
        libcli11-dev libexpected-dev libfmt-dev libssl-dev libyaml-cpp-dev nlohmann-json3-dev \
    && apt-get source cpprest prometheus-cpp \
    && mv cpprest-*/ cpprest && mv prometheus-cpp-*/ prometheus-cpp \
    && rm --recursive ./*.dsc ./*.tar.* /var/lib/apt/lists/*

# Hardened like the operator itself (cmake/flags.cmake).
ARG LIBRARY_FLAGS="-O2 -DNDEBUG -fstack-protector-strong -D_FORTIFY_SOURCE=2 -ffunction-sections -fdata-sections"

RUN cmake -S prometheus-cpp -B prometheus-cpp/build -G Ninja \
        -DCMAKE_CXX_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_FLAGS="${LIBRARY_FLAGS}" \
        -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DBUILD_SHARED_LIBS=OFF \
        -DENABLE_PULL=OFF -DENABLE_PUSH=OFF -DENABLE_COMPRESSION=OFF -DENABLE_TESTING=OFF \
        -DUSE_THIRDPARTY_LIBRARIES=OFF \
    && cmake --build prometheus-cpp/build --parallel "$(nproc)" \
    && cmake --install prometheus-cpp/build \
    && rm --recursive prometheus-cpp/build

RUN cmake -S cpprest/Release -B cpprest/build -G Ninja \
        -DCMAKE_CXX_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_FLAGS="${LIBRARY_FLAGS}" \
        -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DBUILD_SHARED_LIBS=OFF \
        -DCPPREST_EXCLUDE_WEBSOCKETS=ON -DCPPREST_EXCLUDE_COMPRESSION=ON -DCPPREST_EXPORT_DIR=cmake/cpprestsdk \
        -DBUILD_TESTS=OFF -DBUILD_SAMPLES=OFF -DWERROR=OFF -DBoost_USE_STATIC_LIBS=ON \
    && cmake --build cpprest/build --parallel "$(nproc)" \
    && cmake --install cpprest/build \
    && rm --recursive cpprest/build

# What the binary finds around itself: certificates where OpenSSL looks for them, a user, the
# order of name resolution (it looks into /etc/hosts first; c-ares reads the same file), and the licenses of what is linked
# into it (Boost's asks for no notice in binaries).
WORKDIR /image
RUN mkdir --parents etc/ssl/certs usr/lib/ssl usr/share/licenses \
    && install --directory --mode=1777 tmp \
    && cp /etc/ssl/certs/ca-certificates.crt etc/ssl/certs/ \
    && ln --symbolic /etc/ssl/certs usr/lib/ssl/certs \
    && ln --symbolic /etc/ssl/certs/ca-certificates.crt usr/lib/ssl/cert.pem \
    && echo 'hosts: files dns' >etc/nsswitch.conf \
    && printf '%s\n' 'root:x:0:0:root:/:/sbin/nologin' 'nonroot:x:65532:65532:nonroot:/:/sbin/nologin' >etc/passwd \
    && printf '%s\n' 'root:x:0:' 'nonroot:x:65532:' >etc/group \
    && for package in ca-certificates libc-ares-dev libc6 libcli11-dev libexpected-dev libfmt-dev \
        libssl-dev libstdc++-12-dev libyaml-cpp-dev nlohmann-json3-dev; do \
        cp --dereference "/usr/share/doc/$package/copyright" "usr/share/licenses/$package" || exit; \
    done \
    && for source in cpprest prometheus-cpp; do \
        cp "/libraries/$source/debian/copyright" "usr/share/licenses/$source" || exit; \
    done

FROM libraries AS build
WORKDIR /src
COPY CMakeLists.txt CMakePresets.json LICENSE ./
COPY cmake cmake
COPY operator operator
ARG REVISION=unknown
# Time stamp of the files in the image, so that the same sources make the same layer.
ARG SOURCE_DATE_EPOCH=0
RUN cmake --preset image -DICRPS_REVISION="${REVISION}" \
    && cmake --build build-image --target icr-pull-secrets --parallel "$(nproc)" \
    && strip --strip-all -o /image/icr-pull-secrets build-image/icr-pull-secrets \
    && rm --recursive build-image \
    && cp LICENSE /image/usr/share/licenses/icr-pull-secrets \
    && find /image -exec touch --no-dereference --date "@${SOURCE_DATE_EPOCH}" {} + \
    && /image/icr-pull-secrets version

FROM scratch
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG SOURCE=""
LABEL org.opencontainers.image.title="icr-pull-secrets" \
      org.opencontainers.image.description="Keeps image pull secrets for IBM Cloud Container Registry in the namespaces that ask for them" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /image/ /
USER 65532:65532
ENTRYPOINT ["/icr-pull-secrets"]
