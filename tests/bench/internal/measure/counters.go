package measure

import (
	"bufio"
	"bytes"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Counters are requests by "VERB resource", or "VERB resource code".
type Counters map[string]int

// Sum adds up the samples of one metric in the Prometheus text format, by the
// values of some labels. Samples for which keep is false are left out.
func Sum(text []byte, metric string, labels []string, keep func(map[string]string) bool) Counters {
	total := Counters{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		rest, ok := strings.CutPrefix(lines.Text(), metric+"{")
		if !ok {
			continue
		}
		all, value, ok := strings.Cut(rest, "} ")
		if !ok {
			continue
		}
		set := labelSet(all)
		if !keep(set) {
			continue
		}
		number, err := strconv.ParseFloat(strings.Fields(value)[0], 64)
		if err != nil {
			continue
		}
		var key []string
		for _, label := range labels {
			key = append(key, set[label])
		}
		total[strings.Join(key, " ")] += int(number)
	}
	return total
}

// labelSet splits `a="b",c="d"`; no value here holds a quote.
func labelSet(text string) map[string]string {
	set := map[string]string{}
	for text != "" {
		name, rest, ok := strings.Cut(text, `="`)
		if !ok {
			break
		}
		value, after, _ := strings.Cut(rest, `"`)
		set[name] = value
		text = strings.TrimPrefix(after, ",")
	}
	return set
}

// Since is what was added after the earlier counters, without what stood still.
func (c Counters) Since(earlier Counters) Counters {
	news := Counters{}
	for key, value := range c {
		if value != earlier[key] {
			news[key] = value - earlier[key]
		}
	}
	return news
}

// Of adds up the counters of some verbs, over all resources.
func (c Counters) Of(verbs ...string) int {
	total := 0
	for key, value := range c {
		if verb, _, _ := strings.Cut(key, " "); slices.Contains(verbs, verb) {
			total += value
		}
	}
	return total
}

// Keys are in the order of the alphabet.
func (c Counters) Keys() []string { return slices.Sorted(maps.Keys(c)) }
