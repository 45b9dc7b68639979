// Package redact keeps credentials out of everything that leaves the process.
//
// It has two lines of defence: a [Secret] does not print by itself, and a [Redactor] masks the
// configured values in finished text, whoever put them there: an endpoint that echoes its request,
// or a library's error.
//
// The Redactor knows each secret and its parts as plain text. It removes from a text what may hide
// them: escapes and encodings, also around one another.
package redact

import (
	"fmt"
	"io"
	"log/slog"
)

// Mask replaces a secret.
const Mask = "[redacted]"

// Stars replace the value of a header that is not shown.
const Stars = "********"

// Secret is a string that cannot be printed, logged or marshalled by accident. It decodes from a
// plain string. Only [Secret.Reveal] returns the value.
//
// It cannot prevent two things: fmt calls no methods on unexported struct fields, so keep secrets
// in exported ones, and encoding/json calls none on map keys.
type Secret string

// Reveal returns the value itself, for the code that sends it.
func (s Secret) Reveal() string { return string(s) }

// String returns [Mask].
func (s Secret) String() string { return Mask }

// GoString returns [Mask], for %#v.
func (s Secret) GoString() string { return Mask }

// Format writes [Mask] for every verb: %x and %q would not call String.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Mask) }

// MarshalJSON returns [Mask] as a JSON string.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + Mask + `"`), nil }

// MarshalText returns [Mask], for text encodings other than JSON.
func (s Secret) MarshalText() ([]byte, error) { return []byte(Mask), nil }

// LogValue returns [Mask] to log/slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(Mask) }
