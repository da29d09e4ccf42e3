package registry

import "strings"

// challenge is the list of parameters of a Bearer challenge, in their order.
type challenge [][2]string

// parseChallenge reads what the registry behind writes: always quoted.
func parseChallenge(header string) challenge {
	var parameters challenge
	rest := strings.TrimPrefix(header, "Bearer ")
	for rest != "" {
		name, after, ok := strings.Cut(rest, `="`)
		if !ok {
			break
		}
		value, next, ok := strings.Cut(after, `"`)
		if !ok {
			break
		}
		parameters = append(parameters, [2]string{strings.Trim(name, ", "), value})
		rest = next
	}
	return parameters
}

func (c challenge) set(name, value string) {
	for i := range c {
		if c[i][0] == name {
			c[i][1] = value
		}
	}
}

// write gives one of the two notations that are on record for the real service:
// quoted with bare commas, or unquoted with a space after each comma. A value
// that has a comma or a space in it can only be quoted.
func (c challenge) write(style string) string {
	var parts []string
	for _, parameter := range c {
		value := parameter[1]
		if style != "unquoted" || strings.ContainsAny(value, `, "`) {
			value = `"` + value + `"`
		}
		parts = append(parts, parameter[0]+"="+value)
	}
	separator := ","
	if style == "unquoted" {
		separator = ", "
	}
	return "Bearer " + strings.Join(parts, separator)
}
