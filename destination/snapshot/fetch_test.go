package snapshot

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"destination-webhook/destination/bucket"
	"destination-webhook/destination/bucket/buckettest"
)

// meeting is a service that answers no request for a file of a snapshot before a second one has come.
type meeting struct {
	buckettest.Memory
	once, again sync.Once
	second      chan struct{} // closed by it
	alone       atomic.Bool   // whether it did not come
}

func (m *meeting) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodGet && strings.Contains(r.URL.Path, filesFolder) {
		first := false
		m.once.Do(func() { first = true })
		if !first {
			m.again.Do(func() { close(m.second) })
		}
		select {
		case <-m.second:
		case <-time.After(time.Minute):
			m.alone.Store(true)
		}
	}
	return m.Memory.RoundTrip(r)
}

// An opening fetches several files at once.
func TestFetchingIsParallel(t *testing.T) {
	service := &meeting{second: make(chan struct{})}
	o := service.Options()
	o.Transport = service
	b, err := bucket.New(o)
	if err != nil {
		t.Fatal(err)
	}
	store := openRemote(t, b, t.TempDir())
	store.remote.Inline = 0
	refreshStore(t, store, 1000, 1, func(int) int { return 0 })
	closeStore(t, openRemote(t, b, t.TempDir()))
	select {
	case <-service.second:
	default:
		t.Error("it fetches one file")
	}
	if service.alone.Load() {
		t.Error("it fetches one file at a time")
	}
}
