package destination

import (
	"strings"
	"time"

	"destination-webhook/destination/redact"
)

// Config is what the user filled in: spec.json's connectionSpecification with
// every default applied. ParseConfig makes it; it is read-only from then on and
// so safe for concurrent use.
type Config struct {
	URL                     string               `json:"url"`
	Method                  string               `json:"method"`
	AuthorizationHeader     redact.Secret        `json:"authorization_header"`
	APIKey                  redact.Secret        `json:"api_key"`
	Authentication          AuthenticationConfig `json:"authentication"`
	Headers                 []HeaderConfig       `json:"headers"`
	ConnectionCheck         string               `json:"connection_check"`
	SyncMode                string               `json:"sync_mode"`
	IncludeMetadata         bool                 `json:"include_metadata"`
	Streams                 []StreamConfig       `json:"streams"`
	Snapshot                SnapshotConfig       `json:"snapshot"`
	MaxRemovedPercent       float64              `json:"max_removed_percent"`
	AllowMassRemoval        bool                 `json:"allow_mass_removal"`
	RemovalsWithoutComplete bool                 `json:"removals_without_complete"`
	Signing                 SigningConfig        `json:"signing"`
	TLS                     TLSConfig            `json:"tls"`
	OnRejectedRows          string               `json:"on_rejected_rows"`
	DeadLetter              DeadLetterConfig     `json:"dead_letter"`
	Batching                BatchingConfig       `json:"batching"`
	Delivery                DeliveryConfig       `json:"delivery"`
}

// HeaderConfig is one header that every request carries.
type HeaderConfig struct {
	Name  string        `json:"name"`
	Value redact.Secret `json:"value"`
}

// BatchingConfig bounds a batch; bytes are those of the body before compression.
type BatchingConfig struct {
	MaxRows          int     `json:"max_rows"`
	MaxBytes         int     `json:"max_bytes"`
	MaxAgeSeconds    float64 `json:"max_age_seconds"`
	MaxBufferedBytes int     `json:"max_buffered_bytes"`
}

// MaxAge returns how long a batch may stay open.
func (b BatchingConfig) MaxAge() time.Duration { return seconds(b.MaxAgeSeconds) }

// DeliveryConfig bounds the requests. RequestsPerSecond is 0 for no limit.
type DeliveryConfig struct {
	MaxConcurrentRequests int `json:"max_concurrent_requests"`
	// AdaptiveConcurrency makes MaxConcurrentRequests the most that is tried.
	AdaptiveConcurrency   bool        `json:"adaptive_concurrency"`
	RequestTimeoutSeconds float64     `json:"request_timeout_seconds"`
	RequestsPerSecond     float64     `json:"requests_per_second"`
	Compression           string      `json:"compression"`
	Retry                 RetryConfig `json:"retry"`
}

// RequestTimeout returns how long one attempt may take, its answer included.
func (d DeliveryConfig) RequestTimeout() time.Duration { return seconds(d.RequestTimeoutSeconds) }

// RetryConfig bounds the attempts of one request.
type RetryConfig struct {
	MaxAttempts        int     `json:"max_attempts"`
	InitialIntervalMS  int     `json:"initial_interval_ms"`
	MaxIntervalSeconds float64 `json:"max_interval_seconds"`
	MaxElapsedSeconds  float64 `json:"max_elapsed_seconds"`
}

// InitialInterval returns the bound of the first wait.
func (r RetryConfig) InitialInterval() time.Duration {
	return time.Duration(r.InitialIntervalMS) * time.Millisecond
}

// MaxInterval returns the bound that waits grow to.
func (r RetryConfig) MaxInterval() time.Duration { return seconds(r.MaxIntervalSeconds) }

// MaxElapsed returns how long a request may fail before the sync does.
func (r RetryConfig) MaxElapsed() time.Duration { return seconds(r.MaxElapsedSeconds) }

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// ParseConfig decodes raw, the user's config, as spec demands: spec is the whole
// of spec.json, whose connectionSpecification gives the schema and the defaults.
// A member that is null counts as absent.
//
// What is wrong with raw is a *ConfigError that lists every problem at once; any
// other error is a fault of spec or of ours.
func ParseConfig(spec, raw []byte) (*Config, error) {
	root, err := parseSpec(spec)
	if err != nil {
		return nil, err
	}
	tree, err := parseTree(raw)
	if err != nil {
		return nil, err
	}
	root = root.resolve(tree)
	misfits, err := root.validate(tree)
	if err != nil {
		return nil, err
	}
	problems := root.report(misfits, tree)
	config, err := root.decode(tree)
	if err != nil {
		return nil, err
	}
	config.check(&problems)
	root.reportPatterns(misfits, &problems)
	if err := problems.err(); err != nil {
		return nil, err
	}
	return config, nil
}

// ConfigError lists everything that is wrong with a config, so that it takes one
// round to put right. No problem holds a value out of the config.
type ConfigError struct {
	// Problems are lines such as "batching.max_rows: expected a whole number
	// from 1 to 100000", in alphabetical order.
	Problems []string
}

func (e *ConfigError) Error() string {
	return "invalid config: " + strings.Join(e.Problems, "; ")
}
