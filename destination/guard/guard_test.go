package guard

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/idna"
)

// Every address here is judged by calling the guard; none is dialled.

var (
	open    = New(Options{})
	private = New(Options{DenyPrivate: true})
)

// refusedEverywhere holds in every mode, in every disguise.
var refusedEverywhere = map[string]string{
	"AWS, Google, Azure metadata": "169.254.169.254",
	"AWS container credentials":   "169.254.170.2",
	"link-local":                  "169.254.0.1",
	"Azure host agent":            "168.63.129.16",
	"Alibaba metadata":            "100.100.100.200",
	"Oracle metadata":             "192.0.0.192",
	"link-local multicast":        "224.0.0.251",
	"AWS metadata, IPv6":          "[fd00:ec2::254]",
	"AWS pod identity, IPv6":      "[fd00:ec2::23]",
	"Google metadata, IPv6":       "[fd20:ce::254]",
	"Oracle metadata, IPv6":       "[fd00:c1::a9fe:a9fe]",
	"Scaleway metadata, IPv6":     "[fd00:42::42]",
	"Akamai metadata, IPv6":       "[fd00:a9fe:a9fe::1]",
	"Alibaba metadata, IPv6":      "[fd00:100::100:200]",
	"OpenStack metadata, IPv6":    "[fe80::a9fe:a9fe]",
	"link-local, IPv6":            "[fe80::1]",
	"link-local with a zone":      "[fe80::1%eth0]",
	"metadata with a zone":        "[fd00:ec2::254%lo]",
	"multicast, IPv6":             "[ff02::1]",
	"mapped":                      "[::ffff:169.254.169.254]",
	"mapped in hexadecimal":       "[::ffff:a9fe:a9fe]",
	"mapped with a zone":          "[::ffff:169.254.169.254%1]",
	"compatible":                  "[::169.254.169.254]",
	"translated":                  "[::ffff:0:169.254.169.254]",
	"NAT64":                       "[64:ff9b::169.254.169.254]",
	"NAT64 local /96":             "[64:ff9b:1::168.63.129.16]",
	"NAT64 local /48":             "[64:ff9b:1:a83f:81:1000::]",
	"NAT64 local /56":             "[64:ff9b:1:a8:3f:8110::]",
	"NAT64 local /64":             "[64:ff9b:1::a8:3f81:1000:0]",
	"6to4":                        "[2002:a9fe:a9fe::1]",
	"Teredo server":               "[2001:0:a9fe:a9fe::1]",
	"Teredo client":               "[2001:0:808:808:0:0:5601:5601]",
	"Azure in NAT64":              "[64:ff9b::168.63.129.16]",
}

// privateRefused is refused in private mode alone.
var privateRefused = map[string]string{
	"loopback":            "127.0.0.1",
	"loopback's end":      "127.255.255.254",
	"ten":                 "10.0.0.1",
	"one seven two":       "172.16.0.1",
	"its end":             "172.31.255.255",
	"one nine two":        "192.168.1.1",
	"carrier-grade NAT":   "100.64.0.1",
	"its last":            "100.127.255.254",
	"unspecified":         "0.0.0.0",
	"this network":        "0.1.2.3",
	"multicast":           "239.1.1.1",
	"broadcast":           "255.255.255.255",
	"reserved":            "240.0.0.1",
	"benchmarks":          "198.18.0.1",
	"loopback, IPv6":      "[::1]",
	"unspecified, IPv6":   "[::]",
	"unique local":        "[fd12:3456::1]",
	"site-local":          "[fec0::1]",
	"multicast, IPv6":     "[ff05::1]",
	"mapped loopback":     "[::ffff:127.0.0.1]",
	"mapped private":      "[::ffff:10.0.0.1]",
	"mapped CGNAT":        "[::ffff:100.64.0.1]",
	"compatible loopback": "[::127.0.0.1]",
	"NAT64 private":       "[64:ff9b::10.0.0.1]",
	"NAT64 loopback":      "[64:ff9b::127.0.0.1]",
	"NAT64 local":         "[64:ff9b:1::10.0.0.1]",
	"6to4 private":        "[2002:0a00:0001::1]",
	"6to4 loopback":       "[2002:7f00:0001::1]",
	"Teredo":              "[2001:0:0a00:1::1]",
	"documentation":       "[2001:db8::1]",
}

var allowed = map[string]string{
	"public":            "93.184.215.14",
	"beside ten":        "11.0.0.1",
	"beside CGNAT":      "100.128.0.1",
	"beside one seven":  "172.32.0.1",
	"beside Azure":      "168.63.129.17",
	"beside link-local": "169.253.255.255",
	"public, IPv6":      "[2606:2800:21f:cb07::1]",
	"mapped public":     "[::ffff:93.184.215.14]",
}

func TestControl(t *testing.T) {
	for name, addr := range refusedEverywhere {
		wantRefused(t, open, name, addr)
		wantRefused(t, private, name, addr)
	}
	for name, addr := range privateRefused {
		wantAllowed(t, open, name, addr)
		wantRefused(t, private, name, addr)
	}
	for name, addr := range allowed {
		wantAllowed(t, open, name, addr)
		wantAllowed(t, private, name, addr)
	}
}

func TestAllowList(t *testing.T) {
	everything := New(Options{DenyPrivate: true, Allow: prefixes("0.0.0.0/0", "::/0")})
	for name, addr := range refusedEverywhere {
		wantRefused(t, everything, "allow-list of everything: "+name, addr)
	}
	for name, addr := range privateRefused {
		wantAllowed(t, everything, "allow-list of everything: "+name, addr)
	}

	some := New(Options{DenyPrivate: true, Allow: prefixes("10.1.0.0/16", "::1/128", "64:ff9b::/96")})
	for _, addr := range []string{"10.1.2.3", "[::ffff:10.1.2.3]", "[::1]", "[64:ff9b::93.184.215.14]", "[64:ff9b::10.1.2.3]"} {
		wantAllowed(t, some, "allowed", addr)
	}
	for _, addr := range []string{"10.2.0.1", "127.0.0.1", "[64:ff9b::10.2.0.1]", "[2002:0a01:0203::1]", "[::2]"} {
		wantRefused(t, some, "not allowed", addr)
	}
}

func TestAllowListIsCopied(t *testing.T) {
	list := prefixes("10.1.0.0/16")
	g := New(Options{DenyPrivate: true, Allow: list})
	list[0] = netip.MustParsePrefix("127.0.0.0/8")
	wantRefused(t, g, "changed later", "127.0.0.1")
}

func TestControlRefusesWhatItCannotRead(t *testing.T) {
	for _, address := range []string{"", "example.com:80", "1.2.3.4", "[::1", "127.1:80", "0x7f000001:80", "2130706433:80", "0177.0.0.1:80", "1.2.3.4:65536", "1.2.3.4:http"} {
		if err := open.Control("tcp4", address, nil); !errors.Is(err, errRefused) {
			t.Errorf("%q: %v", address, err)
		}
	}
	for _, network := range []string{"", "udp", "udp4", "unix", "ip4:icmp"} {
		if err := open.Control(network, "93.184.215.14:80", nil); !errors.Is(err, errRefused) {
			t.Errorf("network %q: %v", network, err)
		}
	}
}

// The refusal comes from the dialer, for the address of a name, and can
// still be told from a failure to connect.
func TestControlJudgesWhatIsDialled(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	_, port, _ := net.SplitHostPort(listener.Addr().String())

	dial := func(g *Guard) error {
		dialer := net.Dialer{Control: g.Control}
		conn, err := dialer.DialContext(context.Background(), "tcp4", net.JoinHostPort("localhost", port))
		if err == nil {
			_ = conn.Close()
		}
		return err
	}
	if err := dial(open); err != nil {
		t.Errorf("default mode refuses loopback: %v", err)
	}
	if err := dial(private); !errors.Is(err, errRefused) || !strings.Contains(err.Error(), "127.0.0.1") {
		t.Errorf("private mode: %v", err)
	}
}

var urlTests = []struct {
	url                   string
	openSafe, privateSafe bool
}{
	{"https://example.com/hook", true, true},
	{"http://example.com/hook", true, false},
	{"https://93.184.215.14/", true, true},
	{"https://127.0.0.1:8443/", true, false},
	{"https://[::1]:8443/", true, false},
	{"https://169.254.169.254/latest/meta-data", false, false},
	{"http://[fe80::1%25eth0]/", false, false},
	{"http://[::ffff:169.254.169.254]/", false, false},
	{"https://[::%25.]/", false, false},
	{"https://[fe80::1%25.]/", false, false},
	{"https://169.254.169.254./", false, false},
	{"https://169.254.169.254../", false, false},
	{"https://169.254.169.254......../", false, false},
	{"https://169。254。169。254。。/", false, false},
	{"https://169..254.169.254/", false, false},
	{"https://.metadata.google.internal/", false, false},
	{"https://metadata.google.internal../", false, false},
	{"https://api.metadata.cloud.ibm.com/", false, false},
	{"https://example.com../", false, false},
	{"https://../", false, false},
	{"https://example.com./", true, true},
	{"https://93.184.215.14./", true, true},
	{"https://127.0.0.1./", true, false},
	{"https://2852039166/", false, false},
	{"https://0xA9FEA9FE/", false, false},
	{"https://0xa9.0xfe.0xa9.0XFE/", false, false},
	{"https://169.254.43518/", false, false},
	{"https://0251.0376.0251.0376/", false, false},
	{"https://127.1/", false, false},
	{"https://127.0.0.08/", false, false},
	{"https://1.2.3.4.5/", false, false},
	{"https://example.0x/", false, false},
	{"https://example.12/", false, false},
	{"https://１６９.254.169.254/", false, false},
	{"https://169。254。169。254/", false, false},
	{"https://①②⑦.0.0.1/", true, false},
	{"https://169%E3%80%82254%E3%80%82169%E3%80%82254/", false, false},
	{"https://metadata.google.internal/", false, false},
	{"https://METADATA.google.internal./", false, false},
	{"https://instance-data/", false, false},
	{"https://ex\u0338ample\u2260.com./", false, false},
	{"https://" + strings.Repeat("ü", 1<<20) + "/", false, false},
	{"https://bücher.example/", true, true},
	{"https://my_host.example/", true, true},
	{"https://a1.example/", true, true},
	{"https://1.2.3.4.example/", true, true},
	{"https://0x.example/", true, true},
}

func TestCheckURL(t *testing.T) {
	for _, test := range urlTests {
		u, err := url.Parse(test.url)
		if err != nil {
			t.Fatal(err)
		}
		for mode, want := range map[*Guard]bool{open: test.openSafe, private: test.privateSafe} {
			err := mode.CheckURL(u)
			if (err == nil) != want || err != nil && !errors.Is(err, errRefused) {
				t.Errorf("%s (private %v): %v", test.url, mode == private, err)
			}
		}
	}
}

// A hosted user does not learn what internal names resolve to, nor which of them exist.
func TestHostedTellsNoAddress(t *testing.T) {
	for mode, shown := range map[string]bool{"CLOUD": false, "OSS": true} {
		env := map[string]string{"DEPLOYMENT_MODE": mode, "WEBHOOK_DENY_PRIVATE_NETWORKS": "true"}
		g, err := FromEnvironment(func(name string) string { return env[name] })
		if err != nil {
			t.Fatal(err)
		}
		texts := make(map[string]bool)
		for _, addr := range []string{"10.0.0.7", "169.254.169.254", "[64:ff9b::a00:7]"} {
			err := g.Control(network(addr), addr+":443", nil)
			if !errors.Is(err, errRefused) || strings.Contains(err.Error(), strings.Trim(addr, "[]")) != shown {
				t.Errorf("%s: %v", mode, err)
				continue
			}
			texts[err.Error()] = true
		}
		if unresolved := g.Unresolved(); shown != (unresolved == nil) {
			t.Errorf("%s: a name that does not exist: %v", mode, unresolved)
		} else if !shown {
			texts[unresolved.Error()] = true
		}
		if !shown && len(texts) != 1 {
			t.Errorf("refusals can be told apart: %v", texts)
		}
	}
}

func TestFromEnvironment(t *testing.T) {
	tests := []struct {
		name, mode, deny, allow string
		loopback, inTen         bool // allowed?
		problem                 string
	}{
		{name: "nothing set", loopback: true, inTen: true},
		{name: "open source", mode: "OSS", loopback: true, inTen: true},
		{name: "cloud", mode: "CLOUD"},
		{name: "cloud in small letters", mode: " cloud "},
		{name: "denied", deny: "true"},
		{name: "denied by one", deny: "1"},
		{name: "not denied", deny: "false", loopback: true, inTen: true},
		{name: "cloud is not opened", mode: "CLOUD", deny: "false"},
		{name: "allow-list", deny: "true", allow: " 10.0.0.0/8 ,, 192.168.0.0/16,", inTen: true},
		{name: "single addresses", deny: "true", allow: "127.0.0.1,::1", loopback: true},
		{name: "bits behind the prefix", deny: "true", allow: "10.1.2.3/8", inTen: true},
		{name: "deny is not a bool", deny: "yes please", problem: "WEBHOOK_DENY_PRIVATE_NETWORKS"},
		{name: "allow is not a network", deny: "true", allow: "10.0.0.0/8,localhost", problem: `"localhost"`},
		{name: "allow is too long", deny: "true", allow: "10.0.0.0/33", problem: "WEBHOOK_ALLOWED_NETWORKS"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			env := map[string]string{"DEPLOYMENT_MODE": test.mode, "WEBHOOK_DENY_PRIVATE_NETWORKS": test.deny, "WEBHOOK_ALLOWED_NETWORKS": test.allow}
			g, err := FromEnvironment(func(name string) string { return env[name] })
			if test.problem != "" {
				if err == nil || !strings.Contains(err.Error(), test.problem) {
					t.Fatalf("got %v, want an error with %s", err, test.problem)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := g.Control("tcp4", "127.0.0.1:1", nil) == nil; got != test.loopback {
				t.Errorf("loopback allowed: %v", got)
			}
			if got := g.Control("tcp4", "10.9.9.9:1", nil) == nil; got != test.inTen {
				t.Errorf("10.9.9.9 allowed: %v", got)
			}
		})
	}
}

// net/http ignores a proxy variable that cannot be parsed, and would dial the endpoint directly.
func TestProxies(t *testing.T) {
	for value, problem := range map[string]bool{
		"": false, "proxy:3128": false, "joe:hunter22@proxy:3128": false, "http://joe:hunter22@proxy:3128": false,
		"https://proxy": false, "socks5://proxy:1080": false, "socks5h://[::1]:1080": false, "HTTP://proxy": false,
		"http://x%zz@proxy:3128": true, " http://hunter22@proxy:3128": true, "http://hunter22@proxy:3128 ": true,
		"http://[::1": true, "ftp://hunter22@proxy": true, "http://": true, "http:///hunter22": true, "http://proxy:port": true,
		"http://joe:hunter22@": true, "\thttp://proxy": true,
	} {
		for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"} {
			proxies, err := Proxies(func(asked string) string {
				if asked == name {
					return value
				}
				return ""
			})
			if (err != nil) != problem || err == nil && (len(proxies) > 0) != (value != "") {
				t.Errorf("%s=%q: %v, %v", name, value, proxies, err)
			}
			if err != nil && (!strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "hunter22")) {
				t.Errorf("%s=%q: the message does not name the variable, or shows its value: %v", name, value, err)
			}
		}
	}
}

// A proxy for all schemes is not read, so it must not be all that is set.
func TestProxyForAllSchemes(t *testing.T) {
	for _, test := range []struct {
		set     []string
		problem bool
	}{
		{[]string{"ALL_PROXY"}, true},
		{[]string{"all_proxy"}, true},
		{[]string{"ALL_PROXY", "HTTP_PROXY"}, true},
		{[]string{"ALL_PROXY", "https_proxy"}, true},
		{[]string{"ALL_PROXY", "http_proxy", "HTTPS_PROXY"}, false},
	} {
		_, err := Proxies(func(asked string) string {
			if slices.Contains(test.set, asked) {
				return "socks5://joe:hunter22@proxy:1080"
			}
			return ""
		})
		if (err != nil) != test.problem || err != nil && strings.Contains(err.Error(), "hunter22") {
			t.Errorf("%v: got %v, want a problem: %t", test.set, err, test.problem)
		}
	}
}

// FuzzControl: no spelling of an address is safer than the address.
func FuzzControl(f *testing.F) {
	for _, table := range []map[string]string{refusedEverywhere, privateRefused, allowed} {
		for _, addr := range table {
			f.Add(addr + ":80")
		}
	}
	for _, address := range []string{"", ":", "localhost:80", "127.1:80", "[::1%25lo]:80", "１２７.0.0.1:80"} {
		f.Add(address)
	}
	f.Fuzz(func(t *testing.T, address string) {
		inOpen, inPrivate := open.Control("tcp", address, nil), private.Control("tcp", address, nil)
		if inOpen != nil && inPrivate == nil {
			t.Errorf("%q: private mode allows what the default refuses", address)
		}
		target, err := netip.ParseAddrPort(address)
		if err != nil {
			if inOpen == nil {
				t.Errorf("%q cannot be read and is allowed", address)
			}
			return
		}
		addr := target.Addr().Unmap()
		public := addr.IsGlobalUnicast() && !addr.IsPrivate() && !addr.IsLoopback()
		if inPrivate == nil && !public {
			t.Errorf("%q: private mode allows an address that is not public", address)
		}
		if inOpen == nil && addr.IsLinkLocalUnicast() {
			t.Errorf("%q: a link-local address is allowed", address)
		}
	})
}

// FuzzCheckURL: a host that net/http would dial as an address is judged like that address.
func FuzzCheckURL(f *testing.F) {
	for _, host := range []string{"", ".", "example.com", "127.0.0.1", "127.0.0.1.", "[::1]", "[fe80::1%25lo]", "0x7f.1", "１２７.0.0.1", "169。254。169。254", "a.0x", "xn--", "metadata"} {
		f.Add(host)
	}
	f.Fuzz(func(t *testing.T, host string) {
		u := &url.URL{Scheme: "https", Host: host}
		name := u.Hostname()
		if len(name) > 1<<10 { // the oracle takes as long as the guard would
			return
		}
		if ascii, err := idna.Lookup.ToASCII(name); err == nil {
			name = ascii
		}
		addr, err := netip.ParseAddr(name)
		if err != nil {
			_, _ = open.CheckURL(u), private.CheckURL(u) // whatever they say
			return
		}
		target := netip.AddrPortFrom(addr, 443).String()
		if private.Control("tcp", target, nil) != nil && private.CheckURL(u) == nil {
			t.Errorf("%q is %s and passes in private mode", host, addr)
		}
		if open.Control("tcp", target, nil) != nil && open.CheckURL(u) == nil {
			t.Errorf("%q is %s and passes", host, addr)
		}
	})
}

func wantRefused(t *testing.T, g *Guard, name, addr string) {
	t.Helper()
	if err := g.Control(network(addr), addr+":443", nil); !errors.Is(err, errRefused) {
		t.Errorf("%s (%s): want a refusal, got %v", name, addr, err)
	}
}

func wantAllowed(t *testing.T, g *Guard, name, addr string) {
	t.Helper()
	if err := g.Control(network(addr), addr+":443", nil); err != nil {
		t.Errorf("%s (%s): %v", name, addr, err)
	}
}

func network(addr string) string {
	if strings.HasPrefix(addr, "[") {
		return "tcp6"
	}
	return "tcp4"
}

func prefixes(texts ...string) []netip.Prefix {
	var list []netip.Prefix
	for _, text := range texts {
		list = append(list, netip.MustParsePrefix(text))
	}
	return list
}
