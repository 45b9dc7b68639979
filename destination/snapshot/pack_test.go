package snapshot

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"destination-webhook/destination/bucket/buckettest"
)

// What a bucket holds is not ours until it is read: none of it may take more room than it should.
func TestRemoteRefusesWhatIsTooLarge(t *testing.T) {
	point := func(size int64) []byte {
		return fmt.Appendf(nil, `{"version":"destination-webhook snapshot 3","sequence":1,"object":"data/x.tar","size":%d}`, size)
	}
	for name, objects := range map[string]map[string][]byte{
		"manifest": {manifestName: append(point(0), bytes.Repeat([]byte(" "), 32<<20)...)},
		"data":     {manifestName: point(100), dataFolder + "x.tar": make([]byte, 101)},
		"negative": {manifestName: point(-1), dataFolder + "x.tar": make([]byte, 101)},
	} {
		t.Run(name, func(t *testing.T) {
			b := connect(t, buckettest.Start(t))
			for object, content := range objects {
				put(t, b, object, content)
			}
			scratch := t.TempDir()
			if _, err := OpenRemote(t.Context(), b, scratch, Options{}); err == nil || !strings.Contains(err.Error(), "more than was asked for") {
				t.Errorf("OpenRemote = %v", err)
			}
			if left, _ := os.ReadDir(scratch); len(left) != 0 {
				t.Errorf("left %v", left)
			}
		})
	}
}
