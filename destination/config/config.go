// Package config is the user's config: the struct, the parsing by spec.json, the rules that no
// schema can say, and its secrets. It knows what the settings mean to each other, and nothing of
// what is done with them.
package config

import (
	"io/fs"
	"strings"
	"time"

	"destination-webhook/destination/redact"
)

// Config is what the user filled in: spec.json's connectionSpecification with every default
// applied. It is read-only once Parse has made it, and so safe for concurrent use.
type Config struct {
	URL                     string          `json:"url"`
	Method                  string          `json:"method"`
	Operations              Operations      `json:"operations"`
	AuthorizationHeader     redact.Secret   `json:"authorization_header"`
	APIKey                  redact.Secret   `json:"api_key"`
	Authentication          Authentication  `json:"authentication"`
	Headers                 []Header        `json:"headers"`
	ConnectionCheck         ConnectionCheck `json:"connection_check"`
	SyncMode                SyncMode        `json:"sync_mode"`
	IncludeMetadata         bool            `json:"include_metadata"`
	Streams                 []Stream        `json:"streams"`
	Payload                 Payload         `json:"payload"`
	Snapshot                Snapshot        `json:"snapshot"`
	MaxRemovedPercent       float64         `json:"max_removed_percent"`
	AllowMassRemoval        bool            `json:"allow_mass_removal"`
	RemovalsWithoutComplete bool            `json:"removals_without_complete"`
	Signing                 Signing         `json:"signing"`
	TLS                     TLS             `json:"tls"`
	OnRejectedRows          RejectedRows    `json:"on_rejected_rows"`
	OnMissingKey            MissingKey      `json:"on_missing_key"`
	DeadLetter              Output          `json:"dead_letter"`
	RejectedRows            RejectedRetry   `json:"rejected_rows"`
	Answers                 Answers         `json:"answers"`
	Batching                Batching        `json:"batching"`
	Delivery                Delivery        `json:"delivery"`
	Report                  Output          `json:"report"`
	Manifest                Manifest        `json:"manifest"`

	// Warnings name the fields of the user's config that are not settings.
	Warnings []string `json:"-"`
}

// Header is one header that every request carries.
type Header struct {
	Name  string        `json:"name"`
	Value redact.Secret `json:"value"`
}

// Batching bounds a batch; bytes are those of the body before compression.
type Batching struct {
	MaxRows          int     `json:"max_rows"`
	MaxBytes         int     `json:"max_bytes"`
	MaxAgeSeconds    float64 `json:"max_age_seconds"`
	MaxBufferedBytes int     `json:"max_buffered_bytes"`
	Partitions       int     `json:"partitions"`
	Compact          bool    `json:"compact"`
}

// MaxAge returns how long a batch may stay open.
func (b Batching) MaxAge() time.Duration { return seconds(b.MaxAgeSeconds) }

// Delivery bounds the requests. RequestsPerSecond is 0 for no limit.
type Delivery struct {
	MaxConcurrentRequests int `json:"max_concurrent_requests"`
	// AdaptiveConcurrency makes MaxConcurrentRequests the upper limit of what is tried.
	AdaptiveConcurrency   bool        `json:"adaptive_concurrency"`
	RequestTimeoutSeconds float64     `json:"request_timeout_seconds"`
	RequestsPerSecond     float64     `json:"requests_per_second"`
	Compression           Compression `json:"compression"`
	Retry                 Retry       `json:"retry"`
}

// RequestTimeout returns how long one attempt may take, including its answer.
func (d Delivery) RequestTimeout() time.Duration { return seconds(d.RequestTimeoutSeconds) }

// Retry bounds the attempts of one request.
type Retry struct {
	MaxAttempts        int     `json:"max_attempts"`
	InitialIntervalMS  int     `json:"initial_interval_ms"`
	MaxIntervalSeconds float64 `json:"max_interval_seconds"`
	MaxElapsedSeconds  float64 `json:"max_elapsed_seconds"`
}

// InitialInterval returns the bound of the first wait.
func (r Retry) InitialInterval() time.Duration {
	return time.Duration(r.InitialIntervalMS) * time.Millisecond
}

// MaxInterval returns the bound that waits grow to.
func (r Retry) MaxInterval() time.Duration { return seconds(r.MaxIntervalSeconds) }

// MaxElapsed returns how long a request may fail before the sync does.
func (r Retry) MaxElapsed() time.Duration { return seconds(r.MaxElapsedSeconds) }

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// Parse decodes raw, the user's config. spec is the whole of spec.json; its connectionSpecification
// gives the schema and the defaults. A member that is null counts as absent.
//
// The error is an *Error, which lists every problem at once, if raw is at fault. Any other error is
// a fault of spec or of the program.
func Parse(spec, raw []byte) (*Config, error) { return ParseIn(nil, spec, raw) }

// ParseIn is Parse for a config with files beside it, in the folder.
func ParseIn(folder fs.FS, spec, raw []byte) (*Config, error) {
	root, err := parseSpec(spec)
	if err != nil {
		return nil, err
	}
	return root.parse(folder, raw)
}

// parse is ParseIn with a spec that is read.
func (n *specNode) parse(folder fs.FS, raw []byte) (*Config, error) {
	tree, err := parseTree(raw)
	if err != nil {
		return nil, err
	}
	var problems problemList
	checkSizes(&problems, tree, tree, nil)
	unknown := n.unknownFields(tree, nil)
	n = n.resolve(tree)
	violations, err := n.validate(tree)
	if err != nil {
		return nil, err
	}
	n.report(violations, tree, &problems)
	config, err := n.decode(tree)
	if err != nil {
		return nil, err
	}
	config.readSchemas(folder, &problems)
	config.check(&problems)
	n.reportPatterns(violations, &problems)
	hintURL(unknown, &problems)
	config.Warnings = unknownWarnings(unknown)
	if err := problems.err(); err != nil {
		return nil, err
	}
	return config, nil
}

// Error lists everything that is wrong with a config, so that it takes one round to put right. No
// problem contains a value of the config.
type Error struct {
	// Problems are lines such as "batching.max_rows: expected a whole number from 1 to 100000", in
	// alphabetical order. If there are more than 100, the last line says how many are left out.
	Problems []string
	// Unreadable reports whether the text as a whole is at fault: it is too large, or not a JSON
	// object.
	Unreadable bool
}

func (e *Error) Error() string {
	return "invalid config: " + strings.Join(e.Problems, "; ")
}
