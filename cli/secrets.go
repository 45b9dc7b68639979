package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"destination-webhook/destination/folder"
)

// Where receive finds what the command line should not hold: every user of a machine can read the
// arguments of a process.
const (
	envToken   = "RECEIVER_TOKEN"
	envSecrets = "WEBHOOK_SECRET" // as in the examples
)

// maxSecretFile is more than any token or list of secrets has.
const maxSecretFile = 64 << 10

// readToken returns the token of the flag, the file or the environment, in this order.
func (c *commands) readToken(flag, file string) (string, error) {
	if flag != "" || file == "" {
		return cmp.Or(flag, c.process.Getenv(envToken)), nil
	}
	text, err := readSecretFile(file)
	return strings.TrimRight(text, "\r\n"), err
}

// readSecrets returns the signing secrets of the flags, the file or the environment, in this order.
// The file and the variable hold several with white space between them.
func (c *commands) readSecrets(flags []string, file string) ([]string, error) {
	switch {
	case len(flags) > 0:
		return flags, nil
	case file == "":
		return strings.Fields(c.process.Getenv(envSecrets)), nil
	}
	text, err := readSecretFile(file)
	return strings.Fields(text), err
}

func readSecretFile(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("reading a secret: %w", err)
	}
	defer func() { _ = file.Close() }()
	if err := checkSecretFile(file); err != nil {
		return "", fmt.Errorf("reading a secret: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(file, maxSecretFile))
	switch {
	case err != nil:
		return "", fmt.Errorf("reading a secret: %w", err)
	case strings.TrimSpace(string(text)) == "":
		return "", fmt.Errorf("reading a secret: the file %s is empty", path)
	}
	return string(text), nil
}

// checkSecretFile refuses a file of this user that others can read, as ssh does. One of another
// user is theirs to protect: secrets that Kubernetes mounts belong to root, and are open to all of
// the container.
func checkSecretFile(file *os.File) error {
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return err
	}
	if folder.Ours(info) && info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("other users can read %s: take that right away (chmod 600)", file.Name())
	}
	return nil
}

// appendPrivate opens a file for rows or requests: never through a link that somebody else may have
// made, nor a file of another user or in another user's folder, and readable by this user alone.
func appendPrivate(path string) (*os.File, error) {
	if err := folder.CheckParents(path); err != nil {
		return nil, fmt.Errorf("the folder of %s is not safe: %w", path, err)
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_RDWR|syscall.O_NOFOLLOW, 0o600)
	if errors.Is(err, syscall.ELOOP) {
		return nil, fmt.Errorf("%s is a link: give the path of the file itself", path)
	}
	if err != nil {
		return nil, err
	}
	if err := makePrivate(file); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("making %s readable by this user alone: %w", path, err)
	}
	return file, nil
}

// appendPrivateFile is appendPrivate for what is read as well: a pipe has no end.
func appendPrivateFile(path string) (*os.File, error) {
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() && info.Mode()&os.ModeSymlink == 0 {
		return nil, notAFile(path)
	}
	return appendPrivate(path)
}

func notAFile(path string) error {
	return fmt.Errorf("%s is a pipe, a device or a folder: give the path of a file", path)
}

// makePrivate takes the rights of all others from a file, and refuses one of another user, who
// could give them back, or read a pipe. A pipe or a terminal of ours stays as it is.
func makePrivate(file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if err := folder.Owned(info); err != nil {
		return err
	}
	if !info.Mode().IsRegular() || info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	return file.Chmod(0o600)
}
