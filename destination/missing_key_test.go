package destination

import (
	"fmt"
	"strings"
	"testing"
)

const adsRefresh = `{"streams":[{"stream":{"name":"users","json_schema":{}},"sync_mode":"full_refresh","destination_sync_mode":"overwrite","primary_key":[["shop"],["ad"]]}]}`

// With on_missing_key: send null is a value of a composite key like others, in all that a mirror
// does.
func TestPartOfAKeyIsSent(t *testing.T) {
	r := newRig(t)
	r.catalog = adsRefresh
	row := func(data, operation, key string) string {
		return fmt.Sprintf(`{"data":%s,"operation":%q,"primary_key":%s}`, data, operation, key)
	}
	const options = `,"on_missing_key":"send","allow_mass_removal":true`
	first := []string{`{"shop":7,"ad":null}`, `{"shop":7,"ad":"null"}`, `{"shop":null,"ad":7}`, `{"shop":8}`}
	r.want(options, table(first...), envelope("mirror",
		row(first[0], "added", `["7",null]`), row(first[1], "added", `["7","null"]`), row(first[2], "added", `[null,"7"]`), row(first[3], "added", `["8",null]`)))
	r.want(options, table(first...))
	r.want(options, table(`{"shop":7.0,"ad":null,"v":1}`, first[1], first[2], `{"shop":8,"ad":null,"v":1}`), envelope("mirror",
		row(`{"shop":7.0,"ad":null,"v":1}`, "changed", `["7",null]`), row(`{"shop":8,"ad":null,"v":1}`, "changed", `["8",null]`)))
	r.want(options, table(first[1]), envelope("mirror",
		row(`{"shop":7.0,"ad":null,"v":1}`, "removed", `["7",null]`), row(`{"shop":8,"ad":null,"v":1}`, "removed", `["8",null]`), row(first[2], "removed", `[null,"7"]`)))
}

// A row that was sent with a part of its key, and is rejected now, is still in the source: it has
// not left.
func TestRowThatIsRejectedForItsKeyHasNotLeft(t *testing.T) {
	r := newRig(t)
	r.catalog = adsRefresh
	rows := []string{`{"shop":7,"ad":null}`, `{"shop":8,"ad":null}`, `{"shop":9,"ad":1}`}
	if _, err := r.sync(`,"on_missing_key":"send"`, table(rows...)...); err != nil {
		t.Fatal(err)
	}
	letters := fmt.Sprintf(`,"on_rejected_rows":"dead_letter","dead_letter":{"type":"local","path":%q},"allow_mass_removal":true`, t.TempDir())
	r.want(letters, table(rows...))
	r.want(letters, table(rows[0], rows[2]), envelope("mirror", `{"data":{"shop":8,"ad":null},"operation":"removed","primary_key":["8",null]}`))
}

func TestPartOfAKeyIsSentWithoutASnapshot(t *testing.T) {
	for mode, operation := range map[string]string{"upsert": "", "insert": `,"operation":"added"`} {
		r := newRig(t)
		r.snapshot, r.catalog = `{"type":"none"}`, adsRefresh
		r.want(`,"on_missing_key":"send","sync_mode":"`+mode+`"`, table(`{"shop":7}`),
			envelope(mode, `{"data":{"shop":7}`+operation+`,"primary_key":["7",null]}`))
	}
}

// A row without any part of its key, or a key of one field, is not sent.
func TestKeyOfNullsIsNoKey(t *testing.T) {
	for name, test := range map[string]struct{ catalog, options, row, want string }{
		"all parts":       {adsRefresh, `,"on_missing_key":"send"`, `{"shop":null}`, `no value for ["shop"] of its primary key: fix the record, choose`},
		"one field":       {usersRefresh, `,"on_missing_key":"send"`, `{"id":null}`, `no value for ["id"] of its primary key: fix the record, choose`},
		"the default":     {adsRefresh, ``, `{"shop":7,"ad":null}`, `no value for ["ad"] of its primary key: fix the record, set on_missing_key to send, choose`},
		"reject, by name": {adsRefresh, `,"on_missing_key":"reject"`, `{"shop":7}`, `no value for ["ad"] of its primary key: fix the record, set on_missing_key to send, choose`},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.catalog = test.catalog
			if bodies, err := r.sync(test.options, table(test.row)...); err == nil || !strings.Contains(err.Error(), test.want) || len(bodies) > 0 {
				t.Errorf("%s were sent, error %v, want %s", bodies, err, test.want)
			}
		})
	}
}
