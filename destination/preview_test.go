package destination

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"destination-webhook/destination/config"
	"destination-webhook/destination/config/configtest"
	"destination-webhook/destination/outbound"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestPreviewCountsAndSendsNothing(t *testing.T) {
	r := newRig(t)
	r.want("", firstTable, envelope("mirror", adaAdded, benAdded, chloéAdded))
	for range 2 { // it leaves the snapshot as it was
		p, config, catalog, out := r.program(`,"authorization_header":"Bearer very-secret-token"`, append(secondTable, user(`{"name":"no id"}`))...)
		if err := p.Preview(t.Context(), config, catalog, false); err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{"1 added, 1 changed, 1 removed, 0 upserted, 1 unchanged, 0 not sent, 1 without a primary key", `"operation": "changed"`, "Authorization: ********"} {
			if !strings.Contains(out.String(), part) {
				t.Errorf("%q is not in\n%s", part, out)
			}
		}
		if strings.Contains(out.String(), "very-secret-token") {
			t.Error("the preview shows the secret")
		}
	}
	if n := len(r.endpoint.Requests()); n != 1 {
		t.Errorf("%d requests reached the endpoint, want that of the sync alone", n)
	}
}

// preview returns what a preview for programs says of the stream.
func (r *rig) preview(options string, input ...string) StreamPreview {
	r.t.Helper()
	p, config, catalog, out := r.program(options, input...)
	if err := p.Preview(r.t.Context(), config, catalog, true); err != nil {
		r.t.Fatal(err)
	}
	var all struct {
		Streams []StreamPreview `json:"streams"`
	}
	if err := json.Unmarshal(out.Bytes(), &all); err != nil || len(all.Streams) != 1 {
		r.t.Fatalf("%v in %s", err, out)
	}
	return all.Streams[0]
}

// The request is the one that a sync makes, but for what is secret or not known before.
func TestPreviewShowsTheRequest(t *testing.T) {
	r := newRig(t)
	r.want("", firstTable, envelope("mirror", adaAdded, benAdded, chloéAdded))
	options := `,"sync_mode":"add","authentication":{"type":"basic","user":"jane","password":"very-secret"},"signing":{"secret":"whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"},"streams":[{"stream":"users"}]`
	input := slices.Concat(secondTable[:3], table(`{"id":5}`, `{"id":6}`, `{"id":6,"v":1}`, `{"id":7}`))
	got := r.preview(options, input...)

	bodies, err := r.sync(options, input...)
	if err != nil || len(bodies) != 1 {
		t.Fatalf("%d bodies, %v", len(bodies), err)
	}
	sent := r.endpoint.Requests()[1]
	want := StreamPreview{
		Stream: "users", SyncMode: config.Add, Added: 4, Unchanged: 1, Unsent: 3, Repeated: 1,
		Request: "POST " + r.endpoint.URL(), BatchRows: 4,
		Header: http.Header{
			"Content-Type": {"application/json"}, "User-Agent": {"destination-webhook/test"}, "Airbyte-Stream": {"users"},
			"Webhook-Id": {sent.WebhookID}, "Webhook-Timestamp": {"********"}, "Webhook-Signature": {"********"}, "Authorization": {"********"},
		},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(StreamPreview{}, "Envelope"), cmpopts.IgnoreUnexported(StreamPreview{})); diff != "" {
		t.Errorf("preview (-want +got):\n%s", diff)
	}
	if err := got.Envelope.Compact(); err != nil {
		t.Fatal(err)
	}
	begin, _, _ := strings.Cut(bodies[0], `,{"data":{"id":7}`)
	if diff := cmp.Diff(begin+"]}", string(got.Envelope)); diff != "" {
		t.Errorf("envelope (-want +got):\n%s", diff)
	}
}

// What an attempt adds to the header is named, and not shown.
func TestPreviewOfHeaders(t *testing.T) {
	for name, test := range map[string]struct {
		config string
		want   http.Header
	}{
		"plain":       {"", http.Header{}},
		"User-Agent":  {`,"headers":[{"name":"user-agent","value":"very-secret"}]`, http.Header{"User-Agent": {"********"}}},
		"compression": {`,"delivery":{"compression":"gzip"}`, http.Header{"Content-Encoding": {"gzip"}}},
		"bearer":      {`,"authentication":{"type":"bearer","token":"very-secret"}`, http.Header{"Authorization": {"********"}}},
		"sigv4": {
			`,"authentication":{"type":"aws_sigv4","service":"s","region":"r","access_key_id":"a","secret_access_key":"very-secret"}`,
			http.Header{"Authorization": {"********"}, "X-Amz-Date": {"********"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			v := &previewer{session: &session{config: configtest.Parse(t, test.config), network: &outbound.Network{}}}
			test.want["Webhook-Timestamp"], test.want["Webhook-Id"] = []string{"********"}, []string{"msg"}
			if diff := cmp.Diff(test.want, v.header(http.Header{}, "msg")); diff != "" {
				t.Errorf("header (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPreviewOfALongBatch(t *testing.T) {
	r := newRig(t)
	r.catalog = strings.Replace(usersRefresh, `"primary_key":[["id"]]`, `"primary_key":[]`, 1)
	p, config, catalog, out := r.program(`,"signing":{"secret":"whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"}`, table(numbered(5)...)...)
	if err := p.Preview(t.Context(), config, catalog, false); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"5 added", "Webhook-Signature: ********", "\n  … 5 rows in all\n"} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("%q is not in\n%s", part, out)
		}
	}
}

// A preview says what would keep a sync from removing rows.
func TestPreviewOfRemovals(t *testing.T) {
	all := table(numbered(300)...)
	for name, test := range map[string]struct {
		options                string
		input                  []string
		removed                int
		refused, kept, printed string // beginnings
	}{
		"some":       {"", append(all[:250:250], completed), 50, "", "", "0 added, 0 changed, 50 removed"},
		"too many":   {"", append(all[:100:100], completed), 200, "stream users: 200 of 300 rows would be removed", "", "  the sync would stop: stream users: 200"},
		"all":        {"", []string{completed}, 300, "stream users: all of its 300 rows would be removed", "", "  the sync would stop: stream users: all"},
		"allowed":    {`,"allow_mass_removal":true`, []string{completed}, 300, "", "", "300 removed"},
		"not whole":  {"", all[:250], 0, "", "the source has not said", "  rows that left would not be removed: the source has not said"},
		"incomplete": {"", append(all[:250:250], incompleted), 0, "", "the source says", "  rows that left would not be removed: the source says"},
		"not sent":   {`,"sync_mode":"upsert"`, all[:250], 0, "", "", "250 unchanged, 0 not sent"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			if _, err := r.sync("", all...); err != nil {
				t.Fatal(err)
			}
			got := r.preview(test.options, test.input...)
			if got.Removed != test.removed || !begins(got.Refused, test.refused) || !begins(got.Kept, test.kept) {
				t.Errorf("%d removed, refused %q, kept %q", got.Removed, got.Refused, got.Kept)
			}
			p, config, catalog, out := r.program(test.options, test.input...)
			if err := p.Preview(t.Context(), config, catalog, false); err != nil || !strings.Contains(out.String(), test.printed) {
				t.Errorf("%q is not in\n%s%v", test.printed, out, err)
			}
		})
	}
}

// begins reports whether a text has a beginning, and is empty if that is.
func begins(text, with string) bool {
	return strings.HasPrefix(text, with) && (text == "") == (with == "")
}
