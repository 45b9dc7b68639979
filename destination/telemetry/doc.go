// Package telemetry pushes spans and metrics of a sync to an OpenTelemetry collector, by OTLP over
// HTTP, if OpenTelemetry's standard environment variables ask for it. It never slows a sync and
// never fails one: its queue is bounded, what does not fit is dropped and counted, and the end of a
// sync waits five seconds for it at most.
//
// It has OTLP's messages (opentelemetry-proto) and not OpenTelemetry's SDK, which is five times as
// large; docs/decisions/0012-telemetry.md says more.
package telemetry
