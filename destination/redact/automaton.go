package redact

import "slices"

// automaton finds forms in a text in one pass. It is Aho and Corasick's, "Efficient string
// matching: an aid to bibliographic search", 1975. Its nodes are the beginnings of forms, shorter
// ones first, and those of one length in alphabetical order; the first one is the empty text.
type automaton struct {
	nodes []node
	first [256]int32 // the children of the first node
}

type node struct {
	child    int32  // the first of its children, which are next to one another
	fail     int32  // the longest end of this beginning that is one itself
	depth    int32  // length of this beginning
	form     int32  // length of the longest form that it ends with
	children uint16 // how many it has
	char     byte   // the last one of this beginning
}

// bounds are where the forms with a common beginning are in a sorted list.
type bounds struct{ from, to int }

// newAutomaton returns an automaton for forms, which it sorts. The work is in proportion to their
// length, and the memory is allocated once.
func newAutomaton(forms []string) *automaton {
	slices.Sort(forms)
	a := &automaton{nodes: make([]node, 1, 1+beginnings(forms))}
	level := []bounds{{0, len(forms)}} // of the nodes of one length
	for at := 0; len(level) > 0; {
		var deeper []bounds
		for _, b := range level {
			deeper = a.grow(deeper, at, forms[b.from:b.to], b.from)
			at++
		}
		level = deeper
	}
	return a
}

// beginnings returns how many different beginnings sorted forms have.
func beginnings(forms []string) (count int) {
	for i, form := range forms {
		shared := 0
		if i > 0 {
			for before := forms[i-1]; shared < min(len(before), len(form)) && before[shared] == form[shared]; {
				shared++
			}
		}
		count += len(form) - shared
	}
	return count
}

// grow adds the children of the node at, whose beginning the forms have, and appends their bounds
// to those of their level. The first of the forms is at from in the list of all.
func (a *automaton) grow(level []bounds, at int, forms []string, from int) []bounds {
	n := a.nodes[at]
	n.child, n.form = int32(len(a.nodes)), a.nodes[n.fail].form //nolint:gosec // bounded by the weight of the secrets
	for i, form := range forms {
		switch {
		case len(form) == int(n.depth):
			n.form = n.depth
		case n.children > 0 && form[n.depth] == a.nodes[len(a.nodes)-1].char:
			level[len(level)-1].to = from + i + 1
		default:
			a.addChild(at, n, form[n.depth])
			level = append(level, bounds{from + i, from + i + 1})
			n.children++
		}
	}
	a.nodes[at] = n
	return level
}

// addChild adds a child of the node n, which is at at. The nodes of shorter beginnings have theirs.
func (a *automaton) addChild(at int, n node, char byte) {
	child := node{char: char, depth: n.depth + 1}
	if at == 0 {
		a.first[char] = int32(len(a.nodes)) //nolint:gosec // one of 256
	} else {
		child.fail = a.step(n.fail, char)
	}
	a.nodes = append(a.nodes, child)
}

// next returns the child of the node at that ends with char; 0 if there is none.
func (a *automaton) next(at int32, char byte) int32 {
	if at == 0 {
		return a.first[char]
	}
	n := &a.nodes[at]
	from, to := n.child, n.child+int32(n.children)
	for from < to {
		if middle := (from + to) / 2; a.nodes[middle].char < char {
			from = middle + 1
		} else {
			to = middle
		}
	}
	if from < n.child+int32(n.children) && a.nodes[from].char == char {
		return from
	}
	return 0
}

// step returns the longest beginning that a text ends with after char.
func (a *automaton) step(at int32, char byte) int32 {
	for {
		if next := a.next(at, char); next != 0 || at == 0 {
			return next
		}
		at = a.nodes[at].fail
	}
}

// matcher finds forms in a text whose bytes come one after the other.
type matcher struct {
	known *automaton
	at    int32
}

// next takes the next byte, and returns the length of the longest form that the text ends with; 0
// if it ends with none.
func (m *matcher) next(char byte) (length int) {
	if m.at == 0 { // as it mostly is
		m.at = m.known.first[char]
	} else {
		m.at = m.known.step(m.at, char)
	}
	return int(m.known.nodes[m.at].form)
}

// begun returns how much of the text's end could be the beginning of a form.
func (m *matcher) begun() int { return int(m.known.nodes[m.at].depth) }

// find calls found with the bounds of every form in a text, and returns how much of the text's end
// could be the beginning of one.
func (a *automaton) find(text string, found func(from, to int)) (begun int) {
	m := matcher{known: a}
	for i := range len(text) {
		if n := m.next(text[i]); n > 0 {
			found(i+1-n, i+1)
		}
	}
	return m.begun()
}
