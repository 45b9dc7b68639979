package payload

import (
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"destination-webhook/batching"
	"destination-webhook/destination/route"
)

// envelope returns what surrounds the rows in an envelope. Its members and their order are part of
// the contract. metadata adds what names the stream and its sync.
func envelope(r *route.Route, metadata bool) batching.Frame {
	b := append([]byte(`{"sync_mode":`), quote(string(r.Mode))...)
	if metadata {
		b = append(append(b, `,"stream":`...), quote(r.Stream.Name)...)
		if r.Stream.Namespace != "" {
			b = append(append(b, `,"namespace":`...), quote(r.Stream.Namespace)...)
		}
		b = strconv.AppendInt(append(b, `,"sync_id":`...), r.Configured.SyncID, 10)
		b = strconv.AppendInt(append(b, `,"generation_id":`...), r.Configured.GenerationID, 10)
	}
	return batching.Frame{Prefix: string(b) + `,"rows":[`, Separator: ",", Suffix: "]}"}
}

// quote returns s as a JSON string. What is not UTF-8 becomes U+FFFD.
func quote(s string) []byte {
	b, _ := jsontext.AppendQuote(nil, s) // the error is about invalid UTF-8
	return b
}
