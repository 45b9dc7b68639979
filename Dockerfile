# Build:       docker build -t airbyte/destination-webhook:0.2.0 .
# Both at once: docker buildx build --platform linux/amd64,linux/arm64 .
#
# The bases are pinned by the digest of their image index, so that both platforms resolve; each tag
# is in the comment above its digest. CONTRIBUTING.md, "Images", says how to look one up.
# golang:1.26.5-alpine3.24
ARG GO_IMAGE=docker.io/library/golang@sha256:0178a641fbb4858c5f1b48e34bdaabe0350a330a1b1149aabd498d0699ff5fb2
# alpine:3.22
ARG BASE_IMAGE=docker.io/library/alpine@sha256:5291449c3df73caf6ed85e649dec1b9e818b39a5d8c871e97afc13e9cd5e8fa8

# The build stage runs on the builder's own platform and cross-compiles: no emulation, for any
# target.
FROM --platform=$BUILDPLATFORM ${GO_IMAGE} AS build
# The user is made here because the final stage runs no command: an arm64 image builds on an amd64
# machine.
RUN echo 'airbyte:x:1000:1000:airbyte:/dest:/sbin/nologin' >>/etc/passwd && echo 'airbyte:x:1000:' >>/etc/group
WORKDIR /src
# Modules first: they change less often than the code. --build-arg GOPROXY=… names a mirror; without
# it Go's default holds.
ARG GOPROXY
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG TARGETOS
ARG TARGETARCH
ARG VERSION=0.2.0
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=${TARGETOS} GOARCH=${TARGETARCH} \
    go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /out/destination-webhook .

# Not scratch and not distroless: the platform starts the connector through sh and uses [, echo,
# sleep and mv.
FROM ${BASE_IMAGE}
ARG VERSION=0.2.0
COPY --from=build /etc/passwd /etc/group /etc/
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY LICENSE /usr/share/licenses/destination-webhook/
COPY --from=build /out/destination-webhook /usr/local/bin/
# The platform sets its own working directory. Nothing is ever written to this one.
WORKDIR /dest
# By number, so that Kubernetes can see that runAsNonRoot holds.
USER 1000:1000
# The platform runs `sh -c 'eval "$AIRBYTE_ENTRYPOINT write …"'`; everybody else the ENTRYPOINT.
# They must be equal.
ENV AIRBYTE_ENTRYPOINT=/usr/local/bin/destination-webhook
ENTRYPOINT ["/usr/local/bin/destination-webhook"]
LABEL io.airbyte.name=airbyte/destination-webhook \
      io.airbyte.version=${VERSION} \
      org.opencontainers.image.title=destination-webhook \
      org.opencontainers.image.licenses=MIT
