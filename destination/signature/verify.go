package signature

import (
	"crypto/hmac"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Verify reports whether header, the value of [HeaderSignature], has an entry
// by one of the secrets for this id, timestamp and body, and whether the
// timestamp is within tolerance of now, before or after. The specification's
// libraries use a tolerance of five minutes.
//
// Entries of versions other than v1 are passed over, as it asks for.
func Verify(secrets []string, header, id, timestamp string, body []byte, now time.Time, tolerance time.Duration) error {
	if header == "" || id == "" || timestamp == "" {
		return fmt.Errorf("request is not signed: it needs %s, %s and %s", HeaderID, HeaderTimestamp, HeaderSignature)
	}
	keys, err := decodeKeys(secrets)
	if err != nil {
		return err
	}
	if err := checkTimestamp(timestamp, now, tolerance); err != nil {
		return err
	}
	for _, key := range keys {
		if contains(header, digest(key, id, timestamp, body)) {
			return nil
		}
	}
	return errors.New("no signature matches: the secret differs, or the body is not the one that was signed")
}

func checkTimestamp(timestamp string, now time.Time, tolerance time.Duration) error {
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || strconv.FormatInt(seconds, 10) != timestamp {
		return fmt.Errorf("%s is not a number of seconds", HeaderTimestamp)
	}
	switch age := now.Sub(time.Unix(seconds, 0)); {
	case age > tolerance:
		return fmt.Errorf("%s is older than %v: a replay, or a clock that is wrong", HeaderTimestamp, tolerance)
	case age < -tolerance:
		return fmt.Errorf("%s is more than %v ahead: a clock is wrong", HeaderTimestamp, tolerance)
	}
	return nil
}

// contains compares in constant time, so that the time taken does not tell how
// much of a guessed signature is right.
func contains(header, want string) bool {
	for entry := range strings.SplitSeq(header, " ") {
		got, ok := strings.CutPrefix(entry, version)
		if ok && hmac.Equal([]byte(got), []byte(want)) {
			return true
		}
	}
	return false
}
