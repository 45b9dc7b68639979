// Package image holds the container image to its promises: it runs as uid 1000 on a read-only file
// system with every capability dropped, and works under the platform's wrapper. Its tests run if
// IMAGE names an image that podman has, as .ci/run does; without it they are skipped, and only the
// files of the release are compared with each other.
package image
