package payload

import (
	"bytes"
	"strings"

	"destination-webhook/batching"
	"destination-webhook/destination/config"
	"destination-webhook/destination/route"
	"destination-webhook/protocol"
)

// Frame returns what surrounds the rows of a batch. metadata adds to an envelope what names the
// stream and its sync.
func Frame(r *route.Route, metadata bool) batching.Frame {
	added := ""
	if metadata {
		added = envelopeMetadata(r)
	}
	return frame(r.Payload, r.Mode, r.Stream, added)
}

// frame returns what surrounds rows of a stream, in an envelope with added before them.
func frame(p config.Payload, mode config.SyncMode, stream protocol.StreamDescriptor, added string) batching.Frame {
	switch p.Format {
	case config.Array:
		return batching.Frame{Prefix: "[", Separator: ",", Suffix: "]"}
	case config.NDJSON:
		return batching.Frame{Separator: "\n", Suffix: "\n"}
	case config.Wrapped:
		return newWrapping(p.Wrapper, mode, stream).Frame
	case config.Single, config.Form:
		return batching.Frame{}
	}
	return envelope(mode, added)
}

// EmptyBody returns a body without rows, for a check of the connection. There is none if a body
// holds one row.
func EmptyBody(p config.Payload, mode config.SyncMode) []byte {
	if p.Format == config.NDJSON {
		return nil
	}
	f := frame(p, mode, protocol.StreamDescriptor{}, "")
	return []byte(f.Prefix + f.Suffix)
}

// wrapping is the frame that a wrapper of the user's makes, with places for the Webhook-Id.
type wrapping struct {
	batching.Frame
	before, after []int // places in the prefix and in the suffix
}

// noID takes the place of a Webhook-Id in a body of which the id is to be computed. All ids have
// its length.
var noID = "msg_" + strings.Repeat("0", 32)

// newWrapping fills the holes of a wrapper, which the config has checked.
func newWrapping(wrapper string, mode config.SyncMode, stream protocol.StreamDescriptor) *wrapping {
	parts, err := config.ParseWrapper(wrapper)
	if err != nil {
		return &wrapping{Frame: batching.Frame{Prefix: "[", Separator: ",", Suffix: "]"}}
	}
	texts := map[config.Hole]string{
		config.HoleStream: stream.Name, config.HoleNamespace: stream.Namespace,
		config.HoleSyncMode: string(mode), config.HoleWebhookID: noID,
	}
	w := &wrapping{Frame: batching.Frame{Separator: ","}}
	text, places := &w.Prefix, &w.before
	for _, part := range parts {
		*text += part.Text
		switch part.Hole {
		case "":
		case config.HoleRows:
			*text += "["
			text, places = &w.Suffix, &w.after
			*text = "]"
		case config.HoleWebhookID:
			*places = append(*places, len(*text)+1)
			fallthrough
		default:
			*text += string(quote(texts[part.Hole]))
		}
	}
	return w
}

// fill writes an id into its places in a body.
func (w *wrapping) fill(body []byte, id string) {
	for _, place := range w.before {
		copy(body[place:], id)
	}
	suffix := len(body) - len(w.Suffix)
	for _, place := range w.after {
		copy(body[suffix+place:], id)
	}
}

// oneLine returns a JSON text without the carriage returns that JSON allows between its tokens, and
// NDJSON does not allow within a row. There are no line feeds in it: it came in one line.
func oneLine(text []byte) []byte {
	if bytes.IndexByte(text, '\r') < 0 {
		return text
	}
	return bytes.ReplaceAll(text, []byte("\r"), []byte(" "))
}
