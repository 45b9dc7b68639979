package payload

import (
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"destination-webhook/batching"
	"destination-webhook/destination/config"
	"destination-webhook/destination/route"
)

// envelope returns what surrounds the rows in an envelope. Its members and their order are part of
// the contract.
func envelope(mode config.SyncMode, added string) batching.Frame {
	return batching.Frame{Prefix: `{"sync_mode":` + string(quote(string(mode))) + added + `,"rows":[`, Separator: ",", Suffix: "]}"}
}

// envelopeMetadata returns the members of an envelope that name the stream and its sync.
func envelopeMetadata(r *route.Route) string {
	b := append([]byte(`,"stream":`), quote(r.Stream.Name)...)
	if r.Stream.Namespace != "" {
		b = append(append(b, `,"namespace":`...), quote(r.Stream.Namespace)...)
	}
	b = strconv.AppendInt(append(b, `,"sync_id":`...), r.Configured.SyncID, 10)
	return string(strconv.AppendInt(append(b, `,"generation_id":`...), r.Configured.GenerationID, 10))
}

// quote returns s as a JSON string. What is not UTF-8 becomes U+FFFD.
func quote(s string) []byte {
	b, _ := jsontext.AppendQuote(nil, s) // the error is about invalid UTF-8
	return b
}
