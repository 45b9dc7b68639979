// Package postgrestest runs a PostgreSQL server for tests.
package postgrestest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"destination-webhook/destination/folder/foldertest"
	"destination-webhook/destination/loopbacktest"
)

// Server is a server with a folder and a port of its own. Its user is postgres, and any password
// will do.
type Server struct {
	tb   testing.TB
	dir  string
	bin  string
	port uint16
}

// Start starts a server that ends with the test, or skips the test if PostgreSQL is not installed.
func Start(tb testing.TB) *Server {
	tb.Helper()
	return start(tb, func(string) {})
}

// StartOnSmallDisk starts a server whose disk holds this many bytes; an empty one takes about 45
// MB.
func StartOnSmallDisk(tb testing.TB, bytes int) *Server {
	tb.Helper()
	return start(tb, func(dir string) { foldertest.Mount(tb, dir, bytes) })
}

// start calls prepare with the server's folder before there is anything in it.
func start(tb testing.TB, prepare func(dir string)) *Server {
	tb.Helper()
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		tb.Skip("PostgreSQL is not installed: apt-get install postgresql")
	}
	slices.Sort(found)
	dir, err := os.MkdirTemp("", "postgres-") //nolint:usetesting // root alone may enter that of the test
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	prepare(dir)
	s := &Server{tb: tb, dir: dir, bin: filepath.Dir(found[len(found)-1]), port: loopbacktest.FreeAddress(tb).Port()}
	s.own(dir)
	s.initialize()
	s.Restart()
	tb.Cleanup(func() { s.Stop() })
	return s
}

// cluster is the archive of a data folder in which no server has run. It takes PostgreSQL seconds to
// make one, so that the servers of a process begin with copies of the first.
var cluster struct {
	sync.Mutex
	archive []byte
}

// initialize makes the data folder.
func (s *Server) initialize() {
	s.tb.Helper()
	cluster.Lock()
	defer cluster.Unlock()
	if cluster.archive == nil {
		s.run("initdb", "-D", s.data(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--wal-segsize=1")
		archive, err := s.owned("tar", "-c", filepath.Base(s.data())).Output()
		if err != nil {
			s.tb.Fatalf("archiving the data folder: %v", err)
		}
		cluster.archive = archive
		return
	}
	unpack := s.owned("tar", "-x", "-p")
	unpack.Stdin = bytes.NewReader(cluster.archive)
	if out, err := unpack.CombinedOutput(); err != nil {
		s.tb.Fatalf("copying the data folder: %v\n%s", err, out)
	}
}

// own gives a folder to the server's user.
func (s *Server) own(dir string) {
	s.tb.Helper()
	c := s.credential()
	if c == nil {
		return
	}
	if err := os.Chown(dir, int(c.Uid), int(c.Gid)); err != nil {
		s.tb.Fatal(err)
	}
}

// SmallTablespace puts the tables of later sessions on a disk that holds this many bytes.
func (s *Server) SmallTablespace(bytes int) {
	s.tb.Helper()
	dir := filepath.Join(s.dir, "small")
	if err := os.Mkdir(dir, 0o700); err != nil {
		s.tb.Fatal(err)
	}
	foldertest.Mount(s.tb, dir, bytes)
	s.own(dir)
	s.Psql("CREATE TABLESPACE small LOCATION '" + dir + "'")
	s.Psql("ALTER DATABASE postgres SET default_tablespace = small")
}

// Suspend stops the processes of all sessions, so that they hang. resume lets them go on.
func (s *Server) Suspend() (resume func()) {
	s.tb.Helper()
	var sessions []int
	for _, field := range strings.Fields(s.Psql("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()")) {
		pid, err := strconv.Atoi(field)
		if err != nil {
			s.tb.Fatal(err)
		}
		sessions = append(sessions, pid)
	}
	signal := func(sig syscall.Signal) {
		for _, pid := range sessions {
			_ = syscall.Kill(pid, sig) // it may have ended
		}
	}
	signal(syscall.SIGSTOP)
	resume = sync.OnceFunc(func() { signal(syscall.SIGCONT) })
	s.tb.Cleanup(resume)
	return resume
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// Restart starts the server, which is stopped.
func (s *Server) Restart() {
	s.tb.Helper()
	options := fmt.Sprintf("-c listen_addresses=127.0.0.1 -c port=%d -c unix_socket_directories=%s -c fsync=off -c max_connections=40", s.port, s.dir)
	s.run("pg_ctl", "-D", s.data(), "-w", "-t", "120", "-l", filepath.Join(s.dir, "log"), "-o", options, "start")
}

// Stop ends the server at once, as a crash does. A second call does nothing. A server whose disk is
// full may end by itself meanwhile.
func (s *Server) Stop() {
	s.tb.Helper()
	if !s.runs() {
		return
	}
	if out, err := s.command("pg_ctl", "-D", s.data(), "-w", "-m", "immediate", "stop").CombinedOutput(); err != nil && s.runs() {
		s.tb.Fatalf("stopping the server: %v\n%s", err, out)
	}
}

// runs reports whether there is a server that has not ended.
func (s *Server) runs() bool {
	_, err := os.Stat(filepath.Join(s.data(), "postmaster.pid"))
	return err == nil
}

// URL returns the address of the server's database.
func (s *Server) URL() string {
	return fmt.Sprintf("postgres://postgres:pass-W0rd-of-tests@127.0.0.1:%d/postgres?sslmode=disable", s.port)
}

// Psql runs statements and returns what they print.
func (s *Server) Psql(statements string) string {
	s.tb.Helper()
	return s.run("psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", strconv.Itoa(int(s.port)), "-U", "postgres", "-c", statements)
}

func (s *Server) run(name string, args ...string) string {
	s.tb.Helper()
	out, err := s.command(name, args...).Output()
	if err != nil {
		log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
		s.tb.Fatalf("%s: %v\n%s\n%s", name, err, out, log)
	}
	return string(out)
}

// command returns a command of the server's.
func (s *Server) command(name string, args ...string) *exec.Cmd {
	return s.owned(filepath.Join(s.bin, name), args...)
}

// owned returns a command that runs in the server's folder, as the user who owns its files.
func (s *Server) owned(name string, args ...string) *exec.Cmd {
	c := exec.Command(name, args...)
	c.Dir = s.dir
	c.SysProcAttr = &syscall.SysProcAttr{Credential: s.credential()}
	return c
}

// credential is a user other than root, for whom the server does not start; nil if this process is
// not root's.
func (s *Server) credential() *syscall.Credential {
	if os.Getuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		s.tb.Fatal(err)
	}
	uid, _ := strconv.ParseUint(u.Uid, 10, 32)
	gid, _ := strconv.ParseUint(u.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}
