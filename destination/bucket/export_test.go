package bucket

// ErrTooLarge is the error of an answer that is larger than it can rightly be.
var ErrTooLarge = errTooLarge
