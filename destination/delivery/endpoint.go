package delivery

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"sync/atomic"

	"destination-webhook/destination/answer"
)

// endpoint is what deliveries to one scheme, host and port share.
type endpoint struct {
	breaker *breaker
	slots   *slots
	plain   atomic.Bool // it answered 415 to a compressed body
	sizes   sizeLimit
}

// maxTargets is how many URLs are known at once, besides those of which more is known than what
// they are. URLs may be made of the values of rows, so that a sync has any number of them.
const maxTargets = 1024

// target is a URL, parsed once for the deliveries to it.
type target struct {
	url      *url.URL // shared by requests, never modified
	host     string   // scheme://host[:port], all that messages show of it
	endpoint *endpoint
	rows     sizeLimit
	checked  atomic.Pointer[http.Header] // the header that was found valid last
}

// checkHeader is checkHeader for a header that is the same map for most deliveries, and is never
// modified.
func (t *target) checkHeader(h http.Header) error {
	if known := t.checked.Load(); known != nil && reflect.ValueOf(*known).UnsafePointer() == reflect.ValueOf(h).UnsafePointer() {
		return nil
	}
	err := checkHeader(h)
	if err == nil {
		t.checked.Store(&h)
	}
	return err
}

// target finds or makes the target of a URL.
func (c *Client) target(raw string) (*target, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t, ok := c.targets[raw]; ok {
		return t, nil
	}
	u, err := parseURL(raw)
	if err != nil {
		return nil, err
	}
	host := u.Scheme + "://" + u.Host
	e, ok := c.endpoints[host]
	if !ok {
		e = &endpoint{breaker: newBreaker(c.options.Retry), slots: newSlots(c.options.Concurrency, c.options.Adaptive)}
		c.endpoints[host] = e
	}
	t := &target{url: u, host: host, endpoint: e}
	if len(c.targets) >= maxTargets {
		maps.DeleteFunc(c.targets, func(_ string, t *target) bool { return t.rows.most() == 0 })
	}
	c.targets[raw] = t
	return t, nil
}

// parseURL accepts what can be delivered to. Its errors hold no part of the URL but the scheme: the
// rest may hold a secret.
func parseURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, errors.New("the URL cannot be parsed")
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("unsupported scheme %q", u.Scheme)
	}
	if u.Host == "" {
		return nil, errors.New("the URL has no host")
	}
	u.RawQuery = asciiQuery(u.RawQuery)
	return u, nil
}

// asciiQuery percent-encodes what is not ASCII in a query, which net/http would send as it is. In a
// path net/http encodes it.
func asciiQuery(query string) string {
	var b strings.Builder
	for i := range len(query) {
		if query[i] < 0x80 {
			b.WriteByte(query[i])
		} else {
			fmt.Fprintf(&b, "%%%02X", query[i])
		}
	}
	return b.String()
}

// Fitting returns how many rows of a request for a URL, from its first one, may be sent together as
// far as the endpoint's answers tell, at least one. More can be delivered anyway.
func (c *Client) Fitting(url string, size, rows int) int {
	t, err := c.target(url)
	if err != nil {
		return rows // Deliver says what is wrong with the URL
	}
	if most := t.endpoint.sizes.most(); most > 0 && size > most {
		rows = max(1, rows/2)
	}
	if most := t.rows.most(); most > 0 {
		rows = min(rows, most)
	}
	return rows
}

// Passed notes that all rows of a request for a URL passed in smaller requests after it had failed.
// It reports whether its size may be the reason.
func (c *Client) Passed(f *Failure, url string) bool {
	t, err := c.target(url)
	switch {
	case err != nil:
		return false
	case f.Kind == answer.Severed:
		return t.endpoint.sizes.suspect(f.Size, enoughBytes)
	case f.Kind == answer.Refused:
		return t.rows.suspect(f.Rows, enoughRows)
	}
	return false
}
