//go:build !linux

package protocol

import "io"

// EnlargePipe does nothing: only Linux lets a reader choose the size of its pipe.
func EnlargePipe(io.Reader) {}
