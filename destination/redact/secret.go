// Package redact keeps credentials out of everything that leaves the process.
//
// Two lines of defence: a [Secret] does not print by itself, and a [Redactor]
// masks the configured values in finished text, whoever put them there: an
// endpoint that echoes its request, a library's error, a panic.
package redact

import (
	"fmt"
	"io"
	"log/slog"
)

// Mask stands where a secret was.
const Mask = "[redacted]"

// Secret is a string that cannot be printed, logged or marshalled by accident.
// It decodes from a plain string. Only [Secret.Reveal] gives the value away.
//
// Two things it cannot hold: fmt calls no methods on unexported struct fields,
// so keep secrets in exported ones; encoding/json calls none on map keys.
type Secret string

// Reveal returns the value itself, for the place that needs it on the wire.
func (s Secret) Reveal() string { return string(s) }

// String returns [Mask].
func (s Secret) String() string { return Mask }

// GoString returns [Mask], for %#v.
func (s Secret) GoString() string { return Mask }

// Format writes [Mask] whatever the verb is: %x and %q would pass by String.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Mask) }

// MarshalJSON returns [Mask] as a JSON string.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + Mask + `"`), nil }

// MarshalText returns [Mask], for text encodings other than JSON.
func (s Secret) MarshalText() ([]byte, error) { return []byte(Mask), nil }

// LogValue returns [Mask] to log/slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(Mask) }
