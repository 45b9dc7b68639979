package config

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Hole is a string in a wrapper whose place something else takes.
type Hole string

// The holes of a wrapper. HoleRows is there once, the others as often as anybody likes.
const (
	HoleRows      Hole = "$rows" // an array of the rows
	HoleStream    Hole = "$stream"
	HoleNamespace Hole = "$namespace"
	HoleSyncMode  Hole = "$sync_mode"
	HoleWebhookID Hole = "$webhook_id"
)

var holes = []Hole{HoleRows, HoleStream, HoleNamespace, HoleSyncMode, HoleWebhookID}

// Wrapper is a JSON text with holes, in its order. It stays valid whatever JSON values fill them.
type Wrapper []WrapperPart

// WrapperPart is some text of a wrapper, and the hole after it; "" if it is the last part.
type WrapperPart struct {
	Text string
	Hole Hole
}

// ParseWrapper finds the holes in a JSON text. The error names line and column.
func ParseWrapper(text string) (Wrapper, error) {
	var w Wrapper
	begin, rows := 0, 0
	d := jsontext.NewDecoder(strings.NewReader(text))
	for values := 0; ; {
		token, err := d.ReadToken()
		if errors.Is(err, io.EOF) && rows == 1 {
			return append(w, WrapperPart{Text: text[begin:]}), nil
		}
		if d.StackDepth() == 0 && err == nil {
			values++
		}
		if values > 1 {
			return nil, fmt.Errorf("expected one JSON value, more follows at %s", position([]byte(text), d.InputOffset()))
		}
		if err != nil {
			return nil, wrapperError(text, err, rows)
		}
		end := int(d.InputOffset())
		hole := holeIn(d, token, text[:end])
		if hole == "" {
			continue
		}
		if hole == HoleRows {
			if rows++; rows > 1 {
				return nil, fmt.Errorf(`expected "$rows" once, a second one ends at %s`, position([]byte(text), int64(end)))
			}
		}
		w = append(w, WrapperPart{text[begin : end-len(hole)-2], hole})
		begin = end
	}
}

// holeIn returns the hole that the token just read is, with which the text read so far ends; "" if
// it is not one. The name of a member never is.
func holeIn(d *jsontext.Decoder, token jsontext.Token, read string) Hole {
	kind, length := d.StackIndex(d.StackDepth())
	if token.Kind() != '"' || kind == '{' && length%2 == 1 {
		return ""
	}
	for _, hole := range holes {
		if strings.HasSuffix(read, `"`+string(hole)+`"`) {
			return hole
		}
	}
	return ""
}

func wrapperError(text string, err error, rows int) error {
	broken := (*jsontext.SyntacticError)(nil)
	switch {
	case strings.TrimSpace(text) == "":
		return errors.New(`required, expected JSON with the string "$rows" in it, such as {"records":"$rows"}`)
	case errors.Is(err, io.EOF) && rows == 0:
		return errors.New(`expected the string "$rows" once as a value, in whose place the rows come`)
	case errors.Is(err, jsontext.ErrDuplicateName) && errors.As(err, &broken):
		return fmt.Errorf("expected each member once, a name is given twice at %s", position([]byte(text), broken.ByteOffset))
	case errors.As(err, &broken):
		return fmt.Errorf("expected one JSON value, it is broken at %s", position([]byte(text), broken.ByteOffset))
	}
	return errors.New("expected one JSON value, it ends too early")
}
