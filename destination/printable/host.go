package printable

import "net/url"

// Host returns scheme and host of a URL: all of it that a log may show.
func Host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "the endpoint"
	}
	return u.Scheme + "://" + u.Host
}
