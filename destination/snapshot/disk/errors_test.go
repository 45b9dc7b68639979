package disk

import (
	"strings"
	"testing"
)

func TestForeignVersionIsNotCut(t *testing.T) {
	if got := ShownVersion("another 1"); got != `"another 1"` {
		t.Errorf("got %s", got)
	}
	if got := ShownVersion([]byte(strings.Repeat("s3cret", 20))); strings.Contains(got, "s3cret") {
		t.Errorf("half a text is shown: %s", got)
	}
}
