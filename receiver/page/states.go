package page

import "net/http"

// maxOutput bounds a sync's output, in bytes.
const maxOutput = 256 << 20

// showStates answers with what arrived against what the states claim that were given.
func (p *page) showStates(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, p.Journal.Compare())
}

// addStates adds the states of a sync's output, and answers as showStates does.
func (p *page) addStates(w http.ResponseWriter, req *http.Request) {
	compared, err := p.Journal.Claim(http.MaxBytesReader(w, req.Body, maxOutput))
	if err != nil {
		writeJSON(w, http.StatusBadRequest, problem{Error: err.Error()})
		return
	}
	writeJSON(w, http.StatusOK, compared)
}
