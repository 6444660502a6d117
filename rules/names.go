package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// namePattern is what targets, rules and queues may be called. Their names
// become tokens of bus subjects and keys in files, where a dot, a space or an
// upper-case letter would mean something else.
const namePattern = `^[a-z0-9][a-z0-9_-]{0,62}$`

var nameExpr = regexp.MustCompile(namePattern)

const nameRule = "lower-case letters, digits, - and _, starting with a letter or digit, 63 at most"

// suggestName makes an allowed name of one that is not; "" where nothing is
// left of it.
func suggestName(name string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(strings.TrimSpace(name)) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '_', r == '-':
			b.WriteRune(r)
		case r == ' ', r == '.', r == '/', r == ':':
			b.WriteByte('-')
		}
	}
	s := strings.TrimLeft(b.String(), "-_")
	if len(s) > 63 {
		s = s[:63]
	}
	return strings.TrimRight(s, "-_")
}

// nearest is the known name that the given one was probably meant to be.
func nearest(name string, known []string) (string, bool) {
	// Short names are near each other by chance: up to two letters none is
	// taken for another, up to five one letter may differ, beyond that two or three.
	allowed := min(3, (len(name)+1)/3)
	if len(name) < 3 {
		allowed = 0
	}
	best, bestDistance := "", 1+allowed
	for _, k := range slices.Sorted(slices.Values(known)) {
		if strings.EqualFold(k, name) {
			return k, true
		}
		if d := distance(strings.ToLower(name), strings.ToLower(k), bestDistance); d < bestDistance {
			best, bestDistance = k, d
		}
	}
	return best, best != ""
}

// distance is how many letters must be changed, added, left out or swapped
// with their neighbour to make b of a. It gives up at limit.
func distance(a, b string, limit int) int {
	ra, rb := []rune(a), []rune(b)
	if diff := len(ra) - len(rb); diff >= limit || -diff >= limit {
		return limit
	}
	var older []int
	old := make([]int, len(rb)+1)
	for j := range old {
		old[j] = j
	}
	for i := range ra {
		row := make([]int, len(rb)+1)
		row[0] = i + 1
		for j := range rb {
			cost := 1
			if ra[i] == rb[j] {
				cost = 0
			}
			row[j+1] = min(old[j+1]+1, row[j]+1, old[j]+cost)
			if i > 0 && j > 0 && ra[i] == rb[j-1] && ra[i-1] == rb[j] {
				row[j+1] = min(row[j+1], older[j-1]+1)
			}
		}
		older, old = old, row
	}
	return old[len(rb)]
}

// hintNearest proposes the nearest known name, or lists what there is.
func hintNearest(name string, known []string, noun string) string {
	if k, ok := nearest(name, known); ok {
		return fmt.Sprintf("did you mean %q?", k)
	}
	return hintList(known, noun)
}

const hintListMax = 12

func hintList(known []string, noun string) string {
	if len(known) == 0 {
		return ""
	}
	shown := slices.Sorted(slices.Values(known))
	more := ""
	if len(shown) > hintListMax {
		more = fmt.Sprintf(" and %d more", len(shown)-hintListMax)
		shown = shown[:hintListMax]
	}
	return fmt.Sprintf("%s: %s%s", noun, strings.Join(shown, ", "), more)
}

// quote shows a value in a message: quoted, and cut where it is long.
func quote(s string) string {
	const limit = 60
	if r := []rune(s); len(r) > limit {
		s = string(r[:limit]) + "…"
	}
	return fmt.Sprintf("%q", s)
}

// NearestName is the hint for a name that does not exist: the known one that was
// probably meant, or after noun those that there are.
func NearestName(name string, known []string, noun string) string {
	return hintNearest(name, known, noun)
}
