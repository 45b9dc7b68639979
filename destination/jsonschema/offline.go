package jsonschema

import (
	"errors"
	"strings"

	"github.com/xeipuuv/gojsonreference"
	"github.com/xeipuuv/gojsonschema"
)

// offline is a document from which no other one can be reached: gojsonschema reads references with
// the loader of the document that has them, and would open files and dial hosts.
type offline struct{ gojsonschema.JSONLoader }

func (offline) LoaderFactory() gojsonschema.JSONLoaderFactory { return offlineFactory{} }

type offlineFactory struct{}

func (offlineFactory) New(source string) gojsonschema.JSONLoader {
	return unread{gojsonschema.NewStringLoader(""), strings.Clone(source)}
}

// unread is another document.
type unread struct {
	gojsonschema.JSONLoader
	source string
}

func (u unread) JsonReference() (gojsonreference.JsonReference, error) {
	return gojsonreference.NewJsonReference(u.source)
}

func (unread) LoadJSON() (any, error) { return nil, errors.New("no other document is read") }
