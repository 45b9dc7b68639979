package destination

import (
	"errors"
	"fmt"
	"testing"

	"destination-webhook/destination/bucket"
	"destination-webhook/destination/delivery"
	"destination-webhook/protocol"
)

// What the platform does about a failed sync hangs on its type alone.
func TestFailureType(t *testing.T) {
	of := func(kind delivery.Kind) error {
		return undelivered(&route{name: "users"}, 3, &delivery.Failure{Kind: kind, Advice: "advice"})
	}
	tests := map[string]struct {
		err  error
		want protocol.FailureType
	}{
		"invalid config":          {&ConfigError{Problems: []string{"url: required"}}, protocol.ConfigError},
		"endpoint misconfigured":  {of(delivery.Misconfigured), protocol.ConfigError},
		"payload refused":         {of(delivery.Refused), protocol.ConfigError},
		"payload too large":       {of(delivery.TooLarge), protocol.ConfigError},
		"endpoint down":           {of(delivery.Transient), protocol.TransientError},
		"delivery given up":       {of(delivery.Canceled), protocol.SystemError},
		"broken line":             {&protocol.SyntaxError{Line: 3, Problem: "not valid JSON"}, protocol.SystemError},
		"anything else":           {errors.New("no space left on device"), protocol.SystemError},
		"a key that is missing":   {fmt.Errorf("line 3: %w", &missingKey{stream: "users", field: []string{"id"}}), protocol.ConfigError},
		"told to be one":          {fmt.Errorf("sync: %w", configError(of(delivery.Transient))), protocol.ConfigError},
		"the first of several":    {errors.Join(configError(errors.New("a")), errors.New("b")), protocol.ConfigError},
		"a bucket that is silent": {placeError(fmt.Errorf("snapshot: %w", bucket.ErrSilent)), protocol.TransientError},
		"a bucket that refuses":   {placeError(fmt.Errorf("snapshot: %w", &bucket.Refused{Status: 403})), protocol.ConfigError},
		"behind an error unnamed": {errors.Join(errors.New("b"), of(delivery.Transient)), protocol.TransientError},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := failureType(test.err); got != test.want {
				t.Errorf("%v is a %s, want %s", test.err, got, test.want)
			}
		})
	}
}

func TestConfigErrorKeepsItsCause(t *testing.T) {
	cause := errors.New("cause")
	if err := configError(cause); !errors.Is(err, cause) || err.Error() != "cause" {
		t.Errorf("%v does not unwrap to its cause", err)
	}
}
