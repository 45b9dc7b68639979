package answer

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, time.November, 24, 12, 0, 0, 0, time.UTC)

var retryAfterTests = []struct {
	name   string
	status int
	header []string
	want   time.Duration
}{
	{"nothing", 503, nil, 0},
	{"seconds", 503, []string{"Retry-After", "120"}, 2 * time.Minute},
	{"a fraction", 503, []string{"Retry-After", "1.5"}, 1500 * time.Millisecond},
	{"zero", 503, []string{"Retry-After", "0"}, 0},
	{"negative", 503, []string{"Retry-After", "-5"}, 0},
	{"nonsense", 503, []string{"Retry-After", "soon"}, 0},
	{"NaN", 503, []string{"Retry-After", "NaN"}, 0},
	{"a year is capped", 503, []string{"Retry-After", "31536000"}, maxRetryAfter},
	{"beyond int64", 503, []string{"Retry-After", "99999999999999999999999"}, maxRetryAfter},
	{"beyond float64", 503, []string{"Retry-After", strings.Repeat("9", 400)}, maxRetryAfter},
	{"an exponent", 503, []string{"Retry-After", "1e3"}, 0},
	{"infinity", 503, []string{"Retry-After", "inf"}, 0},
	{"hexadecimal", 503, []string{"Retry-After", "0x1p4"}, 0},
	{"with a sign", 503, []string{"Retry-After", "+5"}, 0},
	{"with an underscore", 503, []string{"Retry-After", "1_0"}, 0},
	{"a point alone", 503, []string{"Retry-After", "."}, 0},
	{"no whole part", 503, []string{"Retry-After", ".5"}, 0},
	{"two fractions", 503, []string{"Retry-After", "1.5.5"}, 0},
	{"with a unit", 503, []string{"Retry-After", "5s"}, 0},
	{"other digits", 503, []string{"Retry-After", "٥"}, 0},
	{"IMF-fixdate", 503, []string{"Retry-After", "Tue, 24 Nov 2026 12:01:00 GMT"}, time.Minute},
	{"RFC 850 date", 503, []string{"Retry-After", "Tuesday, 24-Nov-26 12:01:00 GMT"}, time.Minute},
	{"asctime date", 503, []string{"Retry-After", "Tue Nov 24 12:01:00 2026"}, time.Minute},
	{"a past date", 503, []string{"Retry-After", "Tue, 24 Nov 2026 11:00:00 GMT"}, 0},
	{"a far date is capped", 503, []string{"Retry-After", "Tue, 24 Nov 2099 11:00:00 GMT"}, maxRetryAfter},
	{"a date by the endpoint's own clock", 503, []string{"Date", "Tue, 24 Nov 2026 10:00:00 GMT", "Retry-After", "Tue, 24 Nov 2026 10:00:30 GMT"}, 30 * time.Second},
	{"on any failure", 500, []string{"Retry-After", "7"}, 7 * time.Second},
	{"not on a success", 202, []string{"Retry-After", "7"}, 0},
	{"RateLimit, used up", 200, []string{"RateLimit", `"hour";r=0;t=30`}, 30 * time.Second},
	{"X-RateLimit-Reset of an hour after a success", 200, []string{"X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "3600"}, maxSuccessPause},
	{"RateLimit, room left", 200, []string{"RateLimit", `"hour";r=5;t=30`}, 0},
	{"RateLimit, one of two used up", 200, []string{"RateLimit", `"hour";r=5;t=300, "second";r=0;t=1`}, time.Second},
	{"RateLimit, refused", 429, []string{"RateLimit", `"hour";r=5;t=30`}, 30 * time.Second},
	{"RateLimit of an old draft", 200, []string{"RateLimit", "limit=10, remaining=0, reset=40"}, 40 * time.Second},
	{"RateLimit of an old draft, room left", 200, []string{"RateLimit", "limit=10, remaining=1, reset=40"}, 0},
	{"RateLimit-Reset", 200, []string{"RateLimit-Remaining", "0", "RateLimit-Reset", "20"}, 20 * time.Second},
	{"RateLimit-Reset, room left", 200, []string{"RateLimit-Remaining", "1", "RateLimit-Reset", "20"}, 0},
	{"RateLimit-Reset, nothing said of what remains", 200, []string{"RateLimit-Reset", "20"}, 0},
	{"RateLimit-Reset, refused", 429, []string{"RateLimit-Reset", "20"}, 20 * time.Second},
	{"X-RateLimit-Reset in seconds from now", 429, []string{"X-RateLimit-Reset", "15"}, 15 * time.Second},
	{"X-RateLimit-Reset as a time", 429, []string{"X-RateLimit-Reset", unix(noon, 45)}, 45 * time.Second},
	{"X-RateLimit-Reset in milliseconds", 429, []string{"X-RateLimit-Reset", unix(noon, 45) + "000"}, 45 * time.Second},
	{"X-RateLimit-Reset in the past", 429, []string{"X-RateLimit-Reset", unix(noon, -45)}, 0},
	{"X-RateLimit-Reset beyond float64", 429, []string{"X-RateLimit-Reset", strings.Repeat("9", 400)}, maxRetryAfter},
	{"X-RateLimit-Reset-After", 429, []string{"X-RateLimit-Reset-After", "2.5"}, 2500 * time.Millisecond},
	{"X-Rate-Limit-Reset", 429, []string{"X-Rate-Limit-Reset", unix(noon, 9)}, 9 * time.Second},
	{"the longest counts", 429, []string{"Retry-After", "3", "RateLimit-Reset", "20"}, 20 * time.Second},
}

func TestRetryAfter(t *testing.T) {
	for _, test := range retryAfterTests {
		t.Run(test.name, func(t *testing.T) {
			h := make(http.Header)
			for i := 0; i < len(test.header); i += 2 {
				h.Add(test.header[i], test.header[i+1])
			}
			if got := RetryAfter(test.status, h, noon); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func unix(t time.Time, plus int64) string { return strconv.FormatInt(t.Unix()+plus, 10) }

// FuzzRetryAfter holds the wait to its bounds, and to what RFC 9110 says of Retry-After: digits, or
// a date. A fraction is taken too.
func FuzzRetryAfter(f *testing.F) {
	for _, seed := range [][2]string{
		{"120", `"p";r=0;t=30`}, {"Tue, 24 Nov 2026 12:01:00 GMT", "limit=10, remaining=0, reset=40"},
		{"-1", ""}, {"1e999", "r=0;t=1e99"}, {"NaN", ";;;,,=="}, {"0x10", "t"}, {"1.5", ""}, {"+3", "Inf"},
	} {
		f.Add(seed[0], seed[1])
	}
	number := regexp.MustCompile(`^[0-9]+(\.[0-9]+)?$`)
	f.Fuzz(func(t *testing.T, value, field string) {
		h := http.Header{"Retry-After": {value}, "Ratelimit": {field}, "X-Ratelimit-Reset": {value}, "Date": {field}}
		if got := RetryAfter(429, h, noon); got < 0 || got > maxRetryAfter {
			t.Errorf("%q %q: got %v, want 0 to %v", value, field, got, maxRetryAfter)
		}
		want := time.Duration(0)
		if at, err := http.ParseTime(value); err == nil {
			want = min(maxRetryAfter, max(0, at.Sub(noon)))
		} else if text := strings.TrimSpace(value); number.MatchString(text) {
			n, _ := strconv.ParseFloat(text, 64)
			want = time.Duration(min(n, maxRetryAfter.Seconds()) * float64(time.Second))
		}
		if got := RetryAfter(503, http.Header{"Retry-After": {value}}, noon); got != want {
			t.Errorf("Retry-After %q: got %v, want %v", value, got, want)
		}
	})
}
