package snapshot

import "testing"

func TestKeysAreInTheDigest(t *testing.T) {
	seen := map[Digest]bool{}
	var d Digester
	for _, pair := range [][2]string{{"", `{}`}, {"a", `{}`}, {"b", `{}`}, {"ab", `{}`}, {"", `{"a":1}`}, {"a", `{"a":1}`}} {
		digest, err := d.Of([]byte(pair[0]), []byte(pair[1]))
		if err != nil || seen[digest] || digest.uncertain() {
			t.Errorf("digest of key %q, row %s: seen before or %v", pair[0], pair[1], err)
		}
		seen[digest] = true
	}
}

func BenchmarkDigest(b *testing.B) {
	row := []byte(`{"id":1234567,"email":"jane.doe.1234567@example.com","name":"Jane Doe","score":85.25,"active":true}`)
	var d Digester
	b.SetBytes(int64(len(row)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Of(nil, row); err != nil {
			b.Fatal(err)
		}
	}
}
