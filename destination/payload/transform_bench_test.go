package payload

import (
	"testing"

	"destination-webhook/bench/shape"
	"destination-webhook/destination/config"
	"destination-webhook/destination/jq"
	"destination-webhook/destination/route"
	"destination-webhook/protocol"
)

// BenchmarkFormats is what is done to a keyed record between the decoder and its batch, by format.
func BenchmarkFormats(b *testing.B) {
	const five = `{id, email, name, score, active}`
	for name, p := range map[string]config.Payload{
		"envelope": {}, "array": {Format: config.Array}, "ndjson": {Format: config.NDJSON}, "single": {Format: config.Single},
		"form": {Format: config.Form}, "array, transform of five fields": {Format: config.Array, Transform: five},
	} {
		b.Run(name, func(b *testing.B) {
			r := &route.Route{Mode: config.Upsert, Key: [][]string{{"id"}}, Payload: p}
			if p.Transform != "" {
				program, err := jq.Compile(p.Transform, config.TransformVariables...)
				if err != nil {
					b.Fatal(err)
				}
				r.Transform = program
			}
			e := NewEncoder(r, Options{})
			record := protocol.Record{Data: shape.Typical.AppendData(nil, 1)}
			record.Fields = e.Lookup().Find(record.Data, nil)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := e.Encode(&record); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
