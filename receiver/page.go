package receiver

import (
	"embed"
	"encoding/json"
	"io/fs"
	"net/http"
	"strconv"
)

// pagePath is where the page lives, out of the way of any endpoint's path.
const pagePath = "/_/"

//go:embed page
var pageFiles embed.FS

// page shows a Receiver to a person. It is safe for concurrent use.
type page struct {
	receiver *Receiver
	files    http.Handler
}

// newPage returns the page's handler behind its access rules.
func newPage(r *Receiver) http.Handler {
	files, err := fs.Sub(pageFiles, "page")
	if err != nil {
		panic(err) // the name is the one that is embedded
	}
	p := &page{r, http.StripPrefix(pagePath, http.FileServerFS(files))}
	mux := http.NewServeMux()
	mux.Handle("GET "+pagePath, p.files)
	mux.HandleFunc("GET "+pagePath+"events", p.events)
	mux.HandleFunc("GET "+pagePath+"requests/{id}", p.request)
	mux.HandleFunc("POST "+pagePath+"faults", p.setFaults)
	return access{loopbackOnly: !r.options.AllowRemote, token: r.options.Token, next: mux}
}

// request shows one kept request in full.
func (p *page) request(w http.ResponseWriter, req *http.Request) {
	id, err := strconv.ParseInt(req.PathValue("id"), 10, 64)
	if err == nil {
		if q, found := p.receiver.journal.request(id); found {
			writeJSON(w, http.StatusOK, detailOf(&q))
			return
		}
	}
	writeJSON(w, http.StatusNotFound, problem{Error: "this request is no longer kept"})
}

// problem is what went wrong, and with which field of the form.
type problem struct {
	Field string `json:"field,omitempty"`
	Error string `json:"error"`
}

// setFaults takes the whole form: a fault that it leaves out is cleared.
func (p *page) setFaults(w http.ResponseWriter, req *http.Request) {
	var form map[string]string
	if err := json.NewDecoder(http.MaxBytesReader(w, req.Body, 16<<10)).Decode(&form); err != nil {
		writeJSON(w, http.StatusBadRequest, problem{Error: "expected an object of fault names and values"})
		return
	}
	var f Faults
	for name, value := range form {
		if err := f.Set(name, value); err != nil {
			writeJSON(w, http.StatusUnprocessableEntity, problem{name, err.Error()})
			return
		}
	}
	p.receiver.SetFaults(f)
	writeJSON(w, http.StatusOK, formOf(f))
}

func writeJSON(w http.ResponseWriter, status int, content any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(content) // a person that is gone needs no answer
}
