package manifest

import "testing"

// The digests are those that the Python line of docs/payload.md yields.
func TestDigest(t *testing.T) {
	names := []string{"msg_a", "msg_b", "msg_c"}
	var d, backwards Digest
	for i, name := range names {
		d.Add(name)
		backwards.Add(names[len(names)-1-i])
	}
	const want = "d58453eddee5d075a02d1f189e9c641f88d70efd83c8be48485fcfd0a49d408f"
	if d.String() != want || backwards.String() != want {
		t.Errorf("got %s and %s, want %s", d, backwards, want)
	}
	d.Add("msg_b")
	if d.String() == want {
		t.Error("a name that is added twice makes no difference")
	}
	for _, name := range append(names, "msg_b") {
		d.Remove(name)
	}
	if d != (Digest{}) || len(d.String()) != 64 {
		t.Errorf("without names %s", d)
	}
}
