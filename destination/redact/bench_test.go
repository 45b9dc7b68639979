package redact_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"destination-webhook/destination/redact"
)

func BenchmarkMask(b *testing.B) {
	redactor := redact.New("Bearer "+ascii, token, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZI")
	line := `{"error":"row 17 was refused: \"email\" is not valid","id":"0123456789abcdef"} `
	for name, text := range map[string]string{
		"line":    line,
		"message": strings.Repeat(line, 8),
		"page":    strings.Repeat(line, 100),
		"base64":  base64.StdEncoding.EncodeToString([]byte(strings.Repeat(line, 75))),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				redactor.String(text)
			}
		})
	}
}
