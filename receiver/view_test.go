package receiver_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"destination-webhook/destination/signature"
	"destination-webhook/destination/signature/signaturetest"
	"destination-webhook/receiver"
)

// object is a JSON object as the page reads it.
type object = map[string]any

func askObject(t *testing.T, r http.Handler, target string) object {
	t.Helper()
	resp := ask(r, "GET", target, "localhost", "")
	if resp.StatusCode != 200 {
		t.Fatalf("%s: status %d", target, resp.StatusCode)
	}
	var o object
	if err := json.Unmarshal([]byte(text(t, resp)), &o); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestDetailOfARequest(t *testing.T) {
	r := receiver.New(receiver.Options{Faults: receiver.Faults{RejectField: "id", RejectValue: "2", RejectRows: true}})
	body := `{"sync_mode":"upsert","sync_id":7,"generation_id":8,"rows":[` +
		`{"data":{"id":9007199254740993,"name":"Ada \u00e9","ok":true,"none":null,"deep":{"a": [1.0]}},"operation":"added","primary_key":"1"},` +
		`{"data":{"id":2},"primary_key":["a","b"]}]}`
	post(t, r, body, "Airbyte-Stream", "users", "Authorization", "Bearer abc", "X-Api-Key", "k", "X-Shop-Token", "t", "Content-Type", "application/json")

	d := askObject(t, r, "/_/requests/1")
	wantRows := []any{
		object{"index": 0.0, "hidden": 0.0, "operation": "added", "key": "1", "rejected": "", "cells": []any{
			object{"name": "id", "kind": "number", "text": "9007199254740993", "cut": false},
			object{"name": "name", "kind": "string", "text": "Ada é", "cut": false},
			object{"name": "ok", "kind": "boolean", "text": "true", "cut": false},
			object{"name": "none", "kind": "null", "text": "null", "cut": false},
			object{"name": "deep", "kind": "nested", "text": `{"a": [1.0]}`, "cut": false},
		}},
		object{"index": 1.0, "hidden": 0.0, "operation": "", "key": "a · b", "rejected": `id is "2"`, "cells": []any{
			object{"name": "id", "kind": "number", "text": "2", "cut": false},
		}},
	}
	if diff := cmp.Diff(wantRows, d["rows_shown"]); diff != "" {
		t.Error(diff)
	}
	const dots = "••••••••"
	wantHeaders := []any{
		object{"name": "Airbyte-Stream", "value": "users", "masked": false},
		object{"name": "Authorization", "value": "Bearer " + dots, "masked": true},
		object{"name": "Content-Type", "value": "application/json", "masked": false},
		object{"name": "X-Api-Key", "value": dots, "masked": true},
		object{"name": "X-Shop-Token", "value": dots, "masked": true},
	}
	if diff := cmp.Diff(wantHeaders, d["headers"]); diff != "" {
		t.Error(diff)
	}
	if d["body"] != body || d["url"] != "/hook?key="+dots || d["sync_id"] != 7.0 || d["generation_id"] != 8.0 || d["rejected"] != 1.0 {
		t.Errorf("%v", d)
	}
}

func TestDetailIsBounded(t *testing.T) {
	r := receiver.New(receiver.Options{KeepRequests: 1})
	row := `{"data":{"long":"` + strings.Repeat("é", 1000) + `"}}`
	post(t, r, `{"sync_mode":"insert","rows":[`+strings.Repeat(row+",", 300)+row+`]}`)
	d := askObject(t, r, "/_/requests/1")
	if n := len(d["rows_shown"].([]any)); n != 200 || d["rows"] != 301.0 {
		t.Errorf("%d rows shown of %v", n, d["rows"])
	}
	cell := d["rows_shown"].([]any)[0].(object)["cells"].([]any)[0].(object)["text"].(string)
	if cell != strings.Repeat("é", 250)+"…" {
		t.Errorf("cell %q", cell)
	}
	if n := len(d["body"].(string)); n != 256<<10 && n != 256<<10-1 || d["body_cut"] != true {
		t.Errorf("%d bytes of the body, cut: %v", n, d["body_cut"])
	}

	if d["rows_next"] != 200.0 {
		t.Errorf("the next rows begin at %v", d["rows_next"])
	}

	post(t, r, "gone")
	if resp := ask(r, "GET", "/_/requests/1", "localhost", ""); resp.StatusCode != 404 {
		t.Errorf("status %d for a request that is no longer kept", resp.StatusCode)
	}
}

// An answer about one request is bounded, whatever its rows consist of.
func TestAnswersOfThePageAreBounded(t *testing.T) {
	x := strings.Repeat("x", 4<<20)
	tests := map[string]string{
		"fields":  `{"data":{` + strings.Repeat(`"a":1,`, 500_000) + `"b":2}}`,
		"names":   `{"data":{"` + x + `":1}}`,
		"key":     `{"data":{},"primary_key":"` + x + `"}`,
		"deep":    `{"data":{"a":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}}`,
		"escapes": `{"data":{"a":"` + strings.Repeat("\\u0001", 100_000) + `"}}`,
		"many":    strings.Repeat(`{"data":{"a":"`+x[:400]+`","b":"`+x[:400]+`","c":"`+x[:400]+`"}},`, 30_000) + `{"data":{}}`,
	}
	for name, rows := range tests {
		t.Run(name, func(t *testing.T) {
			r := receiver.New(receiver.Options{KeepBytes: 1 << 30})
			if resp := post(t, r, `{"sync_mode":"insert","rows":[`+rows+`]}`, "Webhook-Id", x[:60_000], "Airbyte-Stream", x[:60_000]); resp.StatusCode != 200 {
				t.Fatalf("status %d: it has no rows to show", resp.StatusCode)
			}
			d := ask(r, "GET", "/_/requests/1", "localhost", "")
			if n := len(text(t, d)); n > 4<<20 {
				t.Errorf("%d bytes", n)
			}
		})
	}
}

func TestSignaturesAreVerified(t *testing.T) {
	signer, err := signature.New(rightSecret)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	tests := map[string]struct {
		headers []string
		says    string
		status  int
	}{
		"valid":    {[]string{"Webhook-Signature", signer.Sign("a", now, []byte(twoRows)), "Webhook-Timestamp", signature.Timestamp(now)}, "valid", 200},
		"unsigned": {nil, "not signed", 401},
		"changed":  {[]string{"Webhook-Signature", signer.Sign("a", now, []byte("{}")), "Webhook-Timestamp", signature.Timestamp(now)}, "no signature matches", 401},
		"old": {[]string{"Webhook-Signature", signer.Sign("a", now.Add(-time.Hour), []byte(twoRows)),
			"Webhook-Timestamp", signature.Timestamp(now.Add(-time.Hour))}, "older than", 401},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := receiver.New(receiver.Options{SigningSecrets: []string{wrongSecret, rightSecret}})
			resp := post(t, r, twoRows, append(tt.headers, "Webhook-Id", "a")...)
			if got := r.Requests()[0].Signature; resp.StatusCode != tt.status || !strings.Contains(got, tt.says) {
				t.Errorf("status %d, signature %q", resp.StatusCode, got)
			}
		})
	}
}

// A receiver that holds the old and the new public key takes what either private key has signed.
func TestKeyPairsAreRotated(t *testing.T) {
	r := receiver.New(receiver.Options{SigningSecrets: []string{signaturetest.OtherPublicKey, signaturetest.PublicKey}})
	now := time.Now()
	for name, tt := range map[string]struct {
		signs  []string
		status int
	}{
		"old":    {[]string{signaturetest.PrivateKey}, 200},
		"new":    {[]string{signaturetest.OtherPrivateKey}, 200},
		"both":   {[]string{signaturetest.OtherPrivateKey, signaturetest.PrivateKey}, 200},
		"secret": {[]string{rightSecret}, 401},
	} {
		signer, err := signature.New(tt.signs...)
		if err != nil {
			t.Fatal(err)
		}
		resp := post(t, r, twoRows, "Webhook-Id", name, "Webhook-Signature", signer.Sign(name, now, []byte(twoRows)), "Webhook-Timestamp", signature.Timestamp(now))
		if resp.StatusCode != tt.status {
			t.Errorf("%s: status %d", name, resp.StatusCode)
		}
	}
}

// events reads the page's stream.
func events(t *testing.T, url string) (next func() object) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, "GET", url+"/_/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	if got := resp.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Fatalf("content type %s", got)
	}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 10<<20)
	return func() object {
		t.Helper()
		for lines.Scan() {
			if data, found := strings.CutPrefix(lines.Text(), "data: "); found {
				var o object
				if err := json.Unmarshal([]byte(data), &o); err != nil {
					t.Fatal(err)
				}
				return o
			}
		}
		t.Fatal("the stream has ended:", lines.Err())
		return nil
	}
}

func TestEventsTellWhatHasChanged(t *testing.T) {
	s := listen(t, receiver.Options{})
	post(t, s, twoRows, "Airbyte-Stream", "users")
	next := events(t, s.URL())
	ids := func(e object) (ids []any) {
		requests, _ := e["requests"].([]any)
		for _, q := range requests {
			ids = append(ids, q.(object)["id"])
		}
		return ids
	}

	if e := next(); !slices.Equal(ids(e), []any{1.0}) || e["totals"].(object)["rows"] != 2.0 || e["in_force"] != "" {
		t.Errorf("first event %v", e)
	}
	post(t, s, twoRows)
	if e := next(); !slices.Equal(ids(e), []any{2.0}) || e["totals"].(object)["rows"] != 4.0 {
		t.Errorf("event of the second request %v", e)
	}
	s.SetFaults(receiver.Faults{Status: 503})
	if e := next(); len(ids(e)) != 0 || e["in_force"] != "status=503" || e["faults"].(object)["status"] != "503" {
		t.Errorf("event of the faults %v", e)
	}
}

func TestEveryKeptRequestIsReachable(t *testing.T) {
	s := listen(t, receiver.Options{})
	for range 700 {
		post(t, s, `{"sync_mode":"insert","rows":[]}`)
	}
	next := events(t, s.URL())
	first, more := next()["requests"].([]any), next()["requests"].([]any)
	if last := more[len(more)-1].(object)["id"]; len(first) != 500 || len(more) != 200 || last != 700.0 {
		t.Errorf("%d requests and %d more, the last is %v", len(first), len(more), last)
	}
}

func TestFaultsByForm(t *testing.T) {
	tests := map[string]struct {
		form   string
		status int
		want   string // what the answer says
		faults receiver.Faults
	}{
		"all of the form":  {`{"status":"503","every":"3","latency":"","reject":"name=Ben Nevis"}`, 200, `"every":"3"`, receiver.Faults{Status: 503, Every: 3, RejectField: "name", RejectValue: "Ben Nevis"}},
		"nothing":          {`{}`, 200, `"status":""`, receiver.Faults{}},
		"wrong value":      {`{"status":"99"}`, 422, `"field":"status"`, receiver.Faults{Capacity: 9}},
		"unknown name":     {`{"mood":"bad"}`, 422, "there is no such fault", receiver.Faults{Capacity: 9}},
		"no object":        {`[]`, 400, "expected an object", receiver.Faults{Capacity: 9}},
		"larger than ours": {`{"status":"` + strings.Repeat("5", 20<<10) + `"}`, 400, "expected an object", receiver.Faults{Capacity: 9}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := receiver.New(receiver.Options{Faults: receiver.Faults{Capacity: 9}})
			resp := ask(r, "POST", "/_/faults", "localhost", tt.form)
			if body := text(t, resp); resp.StatusCode != tt.status || !strings.Contains(body, tt.want) {
				t.Errorf("status %d, %s", resp.StatusCode, body)
			}
			if diff := cmp.Diff(tt.faults, r.Faults()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFormHasEveryFault(t *testing.T) {
	page, err := os.ReadFile("page/static/index.html")
	if err != nil {
		t.Fatal(err)
	}
	var inForm, want []string
	for _, match := range regexp.MustCompile(`<(?:input|select)[^>]* name="([^"]+)"`).FindAllStringSubmatch(string(page), -1) {
		inForm = append(inForm, match[1])
	}
	for _, s := range (receiver.Faults{}).Settings() {
		want = append(want, s.Name)
	}
	slices.Sort(inForm)
	slices.Sort(want)
	if diff := cmp.Diff(want, inForm); diff != "" {
		t.Error(diff)
	}
	for _, match := range regexp.MustCompile(`data-preset="([^"]*)"`).FindAllStringSubmatch(string(page), -1) {
		if _, err := receiver.ParseFaults(match[1]); err != nil {
			t.Errorf("preset: %v", err)
		}
	}
}

func TestPageFilesLoadNothingFromElsewhere(t *testing.T) {
	r := receiver.New(receiver.Options{})
	for _, name := range []string{"", "page.css", "parts.css", "page.js", "dom.js", "list.js", "line.js", "rows.js", "history.js", "body.js", "detail.js", "chart.js", "totals.js", "faults.js", "icon.svg"} {
		resp := ask(r, "GET", "/_/"+name, "localhost", "")
		body := strings.ReplaceAll(text(t, resp), "http://www.w3.org/2000/svg", "")
		for _, never := range []string{"//cdn", "http://", "https://", "innerHTML", "outerHTML", "insertAdjacentHTML", "eval(", "style=\"", "onclick="} {
			if strings.Contains(body, never) {
				t.Errorf("%s holds %s", name, never)
			}
		}
		if resp.StatusCode != 200 {
			t.Errorf("%s: status %d", name, resp.StatusCode)
		}
	}
	if resp := ask(r, "GET", "/_/absent", "localhost", ""); resp.StatusCode != 404 {
		t.Errorf("status %d", resp.StatusCode)
	}
	if got := r.Totals().Requests; got != 0 {
		t.Errorf("the page's own requests are counted: %d", got)
	}
}
