package redact

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"unsafe"
)

// The memory that a secret takes is in proportion to its length, and bounded whatever it is.
func TestAutomatonIsBounded(t *testing.T) {
	const perByte = 8 // nodes
	for name, secret := range map[string]string{
		"a value":          strings.Repeat("s3cr+t", maxSecret/6),
		"words":            strings.Repeat("s3cr+t/%41 ", maxSecret/11),
		"escapes":          strings.Repeat("%41\\u00e4", maxSecret/9),
		"not ASCII":        strings.Repeat("ä", maxSecret/2),
		"basic":            "Basic " + strings.Repeat("QUJD", maxSecret/4-2),
		"longer than that": strings.Repeat("s3cr+t", 4<<20/6),
	} {
		if n := len(New(secret).automaton().nodes); n > perByte*maxSecret {
			t.Errorf("%s: %d nodes for %d bytes", name, n, maxSecret)
		}
	}
}

// The memory of many secrets is in proportion to their weight, and allocated at once.
func TestManySecretsAreBounded(t *testing.T) {
	const bytesPerNode = 20
	var secrets []string
	for i := range 500 {
		digest := sha256.Sum256([]byte{byte(i), byte(i >> 8)})
		secrets = append(secrets, "Bearer "+hex.EncodeToString(digest[:]), "/hooks/"+base64.StdEncoding.EncodeToString(digest[:])+"%41+")
	}
	weight := Weight(1<<20, secrets...)
	nodes := New(secrets...).automaton().nodes
	if n := len(nodes); n < 100*len(secrets)/2 || n > weight+1 || cap(nodes) > n+n/8 {
		t.Errorf("%d nodes in room for %d, for a weight of %d", n, cap(nodes), weight)
	}
	if size := unsafe.Sizeof(nodes[0]); size > bytesPerNode {
		t.Errorf("a node has %d bytes", size)
	}
	if again := Weight(1<<20, append(secrets, secrets...)...); again != weight {
		t.Errorf("the same secrets twice weigh %d, once %d", again, weight)
	}
	if stopped := Weight(1000, secrets...); stopped <= 1000 || stopped > 2000 {
		t.Errorf("a count that stops beyond 1000 bytes is %d", stopped)
	}
}

// Nothing is compiled before a text is masked: the environment adds secrets one after the other.
func TestSecretsAreCompiledOnce(t *testing.T) {
	r := New("first-secret")
	r.Add("second-secret")
	r.Learn("third-secret")
	if r.known.Load() != nil {
		t.Error("there is an automaton already")
	}
	if got := r.String("first-secret second-secret third-secret"); got != Mask+" "+Mask+" "+Mask {
		t.Error(got)
	}
	known := r.known.Load()
	if r.String("text"); r.known.Load() != known {
		t.Error("it is compiled for each text")
	}
}

// What decodes to noise is not looked at further: an ordinary text takes its length as often as it
// has views without escapes, and few allocations.
func TestNoiseIsNotSearchedFurther(t *testing.T) {
	redactor := New("Bearer s3cr/et+token")
	for lines, most := range map[int]float64{1: 30, 100: 200} {
		var text strings.Builder
		for i := range lines {
			digest := sha256.Sum256([]byte{byte(i)})
			fmt.Fprintf(&text, `{"error":"row %d was refused: \"email\" is not valid","id":"%x"} `, i, digest[:8])
		}
		s := newSearch(redactor.automaton(), false, text.Len())
		all := s.work
		s.look(newView(text.String()), maxDecodes)
		if taken := all - s.work; taken > 5*text.Len()/2 {
			t.Errorf("%d bytes are looked at for %d bytes of text", taken, text.Len())
		}
		if n := testing.AllocsPerRun(10, func() { redactor.String(text.String()) }); n > most {
			t.Errorf("%d lines take %.0f allocations", lines, n)
		}
	}
}

// A text that was made to be decoded again and again is masked as a whole, after bounded work.
func TestIntricateTextIsMasked(t *testing.T) {
	redactor := New("s3cr/et+token")
	text := strings.Repeat("%", 125) + strings.Repeat("25", 125) + strings.Repeat(`\\u0041VVVV`, 60)
	for range 3 {
		text += base64.StdEncoding.EncodeToString([]byte(text[:len(text)/2])) + strings.Repeat("VVVVVVVV", 40)
	}
	s := newSearch(redactor.automaton(), true, len(text))
	s.look(newView(text), maxDecodes)
	if s.work >= 0 {
		t.Fatalf("%d bytes of work are left: the text is not intricate enough", s.work)
	}
	if got := redactor.Cut(text); got != Mask {
		t.Errorf("got %.100s", got)
	}
}
