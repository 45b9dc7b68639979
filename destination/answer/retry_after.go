package answer

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxRetryAfter caps what an endpoint may ask for: a pause of hours would look like a hung sync to
// the platform, which expects a checkpoint every 15 minutes.
const maxRetryAfter = 10 * time.Minute

// maxSuccessPause caps the pause after a success whose rate limit is used up. An endpoint that needs
// a longer one can answer the next request with 429.
const maxSuccessPause = time.Minute

// RetryAfter returns how long an answer asks to wait, 0 when it does not: the longest of
// Retry-After and the rate limit's reset, capped. It is a lower bound.
func RetryAfter(status int, h http.Header, now time.Time) time.Duration {
	limited := status == http.StatusTooManyRequests
	wait := rateLimit(h, limited, now)
	if status < 300 {
		return min(wait, maxSuccessPause)
	}
	return min(max(wait, retryAfterField(h.Get("Retry-After"), endpointTime(h, now))), maxRetryAfter)
}

// endpointTime returns the time by the clock that wrote the answer. A date in the answer refers to
// that clock, and ours may be wrong.
func endpointTime(h http.Header, now time.Time) time.Time {
	if t, err := http.ParseTime(h.Get("Date")); err == nil {
		return t
	}
	return now
}

// retryAfterField reads the two forms of RFC 9110, section 10.2.3: seconds, and a date in any of
// the three formats of section 5.6.7.
func retryAfterField(value string, now time.Time) time.Duration {
	if t, err := http.ParseTime(value); err == nil {
		return max(0, t.Sub(now))
	}
	return seconds(value)
}

// seconds reads a number of seconds, at most the cap. Any other text is 0.
func seconds(value string) time.Duration {
	n := number(value)
	return time.Duration(min(n, maxRetryAfter.Seconds()) * float64(time.Second))
}

// number reads digits and, which RFC 9110 does not have but some endpoints do, a fraction.
// strconv's other forms (signs, exponents, hexadecimal, Inf) are 0.
func number(value string) float64 {
	value = strings.TrimSpace(value)
	whole, fraction, point := strings.Cut(value, ".")
	if !digits(whole) || point && !digits(fraction) {
		return 0
	}
	n, _ := strconv.ParseFloat(value, 64) // of too many digits it is infinite, with an error
	return n
}

func digits(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' }) < 0
}

// rateLimit is how long a rate limit that is used up, or that this answer enforces, takes to be
// renewed. It knows the structured RateLimit field (draft-ietf-httpapi-ratelimit-headers-08 and
// later), its predecessors, and the X- forms in use.
func rateLimit(h http.Header, limited bool, now time.Time) time.Duration {
	var wait time.Duration
	if values := h["Ratelimit"]; values != nil {
		wait = rateLimitField(values, limited)
	}
	for i := range rateLimitForms {
		form := &rateLimitForms[i]
		if !limited && !isZero(first(h, form.remaining)) {
			continue
		}
		wait = max(wait, seconds(first(h, form.resetAfter)), reset(first(h, form.reset), now))
	}
	return wait
}

// rateLimitForms are the names of fields, as net/http spells them: it looks for each of them in each
// answer.
var rateLimitForms = [...]struct{ remaining, resetAfter, reset string }{
	{"Ratelimit-Remaining", "Ratelimit-Reset-After", "Ratelimit-Reset"},
	{"X-Ratelimit-Remaining", "X-Ratelimit-Reset-After", "X-Ratelimit-Reset"},
	{"X-Rate-Limit-Remaining", "X-Rate-Limit-Reset-After", "X-Rate-Limit-Reset"},
}

// first returns the first value of a field whose name is as net/http spells it; "" if there is none.
func first(h http.Header, name string) string {
	if values := h[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// reset reads a Reset value: seconds from now, or a point in time in seconds or milliseconds since
// 1970. No window of a rate limit is 30 years long, so the size tells them apart.
func reset(value string, now time.Time) time.Duration {
	n := number(value)
	switch {
	case n < 1e9:
		return seconds(value)
	case n >= 1e12:
		n /= 1000
	}
	wait := min(n-float64(now.UnixMilli())/1000, maxRetryAfter.Seconds())
	return time.Duration(max(0, wait) * float64(time.Second))
}

// rateLimitField reads `"policy";r=0;t=30` and, from earlier drafts, `limit=10, remaining=0,
// reset=30`.
func rateLimitField(values []string, limited bool) time.Duration {
	var wait, old time.Duration
	exhausted := limited
	for item := range strings.SplitSeq(strings.Join(values, ","), ",") {
		used, after := limited, time.Duration(0)
		for parameter := range strings.SplitSeq(item, ";") {
			name, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
			switch name {
			case "r":
				used = used || isZero(value)
			case "t":
				after = seconds(value)
			case "remaining":
				exhausted = exhausted || isZero(value)
			case "reset":
				old = seconds(value)
			}
		}
		if used {
			wait = max(wait, after)
		}
	}
	if exhausted {
		wait = max(wait, old)
	}
	return wait
}

func isZero(value string) bool { return strings.TrimSpace(value) == "0" }
