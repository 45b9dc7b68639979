package disk

import (
	"errors"
	"fmt"
	"strconv"
)

var (
	// ErrInUse is the error of opening what another sync works on.
	ErrInUse = errors.New("another sync is using it: let it finish, or give each connection a folder of its own")
	// ErrForeign is the error of a folder or object that is no snapshot of this version.
	ErrForeign = errors.New("it is not a snapshot that this version reads")
	// ErrFull is the error of a disk without room for the snapshot.
	ErrFull = errors.New("its disk is full")
	// ErrFailed is the error of a disk that fails in another way.
	ErrFailed = errors.New("its disk fails")
	// errStalled is the error of a call to the disk that did not return.
	errStalled = fmt.Errorf("no answer within %v", stallTime)
)

// StartOver ends the message about a snapshot that cannot be used. It is not done silently: all
// rows are sent again, and rows that left meanwhile are never removed.
const StartOver = "to start over, delete it, and every row is sent again"

// ShownVersion shows a version that was found, or only its length if it cannot be one. It does not
// cut: secrets are masked later, and half a secret would not be recognised.
func ShownVersion[T ~string | ~[]byte](found T) string {
	if len(found) > 40 {
		return fmt.Sprintf("a text of %d bytes", len(found))
	}
	return strconv.Quote(string(found))
}
