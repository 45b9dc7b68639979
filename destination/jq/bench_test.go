package jq

import "testing"

// BenchmarkRun is a transform of five fields of a typical row.
func BenchmarkRun(b *testing.B) {
	row := []byte(`{"id":12345,"email":"user@example.com","name":"Jane Doe","score":85.50,"country":"DE",` +
		`"created_at":"2026-01-01T00:00:00Z","active":true,"tags":["a","b"],"address":{"city":"Berlin","zip":"10115"}}`)
	p, err := Compile(`{id, mail: (.email | ascii_downcase), full: "\(.name) x", score: (.score * 2), city: .address.city}`)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	var output []byte
	for b.Loop() {
		err := p.Run(row, nil, func(v any) error {
			output = Append(output[:0], v)
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	for b.Loop() {
		if _, err := Compile(`{id, mail: (.email | ascii_downcase), tags: [.tags[] | sub("a"; "b")]}`); err != nil {
			b.Fatal(err)
		}
	}
}
