package measure

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// Machine names what the numbers were measured on.
type Machine struct {
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	Memory string `json:"memory"`
	System string `json:"system"`
	Kernel string `json:"kernel"`
}

// ThisMachine reads /proc and /etc.
func ThisMachine() Machine {
	return Machine{
		CPU:    field("/proc/cpuinfo", "model name", ":"),
		Cores:  runtime.NumCPU(),
		Memory: memory(),
		System: strings.Trim(field("/etc/os-release", "PRETTY_NAME", "="), `"`),
		Kernel: firstLine("/proc/sys/kernel/osrelease"),
	}
}

func memory() string {
	kib, err := strconv.Atoi(strings.TrimSuffix(field("/proc/meminfo", "MemTotal", ":"), " kB"))
	if err != nil {
		return "unknown"
	}
	return strconv.Itoa((kib+1<<19)>>20) + " GiB"
}

func field(file, key, separator string) string {
	text, _ := os.ReadFile(file)
	for line := range strings.Lines(string(text)) {
		name, value, ok := strings.Cut(line, separator)
		if ok && strings.TrimSpace(name) == key {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

func firstLine(file string) string {
	text, _ := os.ReadFile(file)
	line, _, _ := strings.Cut(string(text), "\n")
	return line
}

// busy is the time that all processors of the machine were not idle, time that
// a hypervisor took away included.
func busy() time.Duration {
	const (
		idle   = 3
		iowait = 4
		guest  = 8                     // and what follows is counted in others already
		tick   = 10 * time.Millisecond // USER_HZ is 100 everywhere
	)
	var ticks int
	fields := strings.Fields(firstLine("/proc/stat"))
	for i, text := range fields[1:] {
		if i == idle || i == iowait || i >= guest {
			continue
		}
		value, _ := strconv.Atoi(text)
		ticks += value
	}
	return time.Duration(ticks) * tick
}
