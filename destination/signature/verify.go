package signature

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// CheckVerifying returns an error if [Verify] cannot use one of the keys.
func CheckVerifying(keys ...string) error {
	_, err := parseAll(keys, parseVerifyingKey)
	return err
}

// Verify returns nil if header, the value of [HeaderSignature], has an entry by one of the keys for
// this id, timestamp and body, and if timestamp is within tolerance of now, before or after. The
// keys are secrets ("whsec_") and public keys ("whpk_"). The specification's libraries use a
// tolerance of five minutes.
//
// Entries of unknown versions are ignored, as the specification asks.
func Verify(keys []string, header, id, timestamp string, body []byte, now time.Time, tolerance time.Duration) error {
	if header == "" || id == "" || timestamp == "" {
		return fmt.Errorf("request is not signed: it needs %s, %s and %s", HeaderID, HeaderTimestamp, HeaderSignature)
	}
	parsed, err := parseAll(keys, parseVerifyingKey)
	if err != nil {
		return err
	}
	if err := checkTimestamp(timestamp, now, tolerance); err != nil {
		return err
	}
	m := message{id, timestamp, body}
	for _, key := range parsed {
		byKey := key.verifier(m)
		for entry := range strings.SplitSeq(header, " ") {
			if byKey(entry) {
				return nil
			}
		}
	}
	return errors.New("no signature matches: the key differs, or the body is not the one that was signed")
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
