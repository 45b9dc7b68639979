package telemetry

import (
	"maps"
	"slices"

	common "go.opentelemetry.io/proto/slim/otlp/common/v1"
	resource "go.opentelemetry.io/proto/slim/otlp/resource/v1"
)

const scope = "destination-webhook"

func text(key, value string) *common.KeyValue {
	return &common.KeyValue{Key: key, Value: &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: value}}}
}

func number(key string, value int) *common.KeyValue {
	return &common.KeyValue{Key: key, Value: &common.AnyValue{Value: &common.AnyValue_IntValue{IntValue: int64(value)}}}
}

// describe says who sends the telemetry.
func (s *Settings) describe(version string) *resource.Resource {
	all := maps.Clone(s.resource)
	all["service.name"] = s.service
	if all["service.version"] == "" {
		all["service.version"] = version
	}
	r := &resource.Resource{}
	for _, key := range slices.Sorted(maps.Keys(all)) {
		r.Attributes = append(r.Attributes, text(key, all[key]))
	}
	return r
}

func (t *Telemetry) scope() *common.InstrumentationScope {
	return &common.InstrumentationScope{Name: scope, Version: t.options.Version}
}
