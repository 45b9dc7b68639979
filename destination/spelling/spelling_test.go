package spelling

import "testing"

func TestNearest(t *testing.T) {
	candidates := []string{"users", "orders", "order_items", "Invoices"}
	tests := map[string]string{
		"user":        "users",
		"usres":       "users",
		"USERS":       "users",
		"invoices":    "Invoices",
		"order-items": "order_items",
		"ordres":      "orders",
		"payments":    "",
		"x":           "",
		"":            "",
	}
	for name, want := range tests {
		if got := Nearest(name, candidates); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", name, got, want)
		}
	}
	if got := Nearest("users", nil); got != "" {
		t.Errorf("Nearest without candidates = %q, want none", got)
	}
}

func TestDistance(t *testing.T) {
	tests := []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "abc", 0},
		{"kitten", "sitting", 3}, {"flaw", "lawn", 2}, {"ab", "ba", 2},
	}
	for _, test := range tests {
		if got := Distance(test.a, test.b); got != test.want {
			t.Errorf("Distance(%q, %q) = %d, want %d", test.a, test.b, got, test.want)
		}
	}
}
