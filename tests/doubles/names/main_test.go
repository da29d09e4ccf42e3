package main

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"testing"
)

func query(name string) []byte {
	message := []byte{0x12, 0x34, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0}
	for _, label := range []string{name, "test"} {
		message = append(message, byte(len(label)))
		message = append(message, label...)
	}
	return append(message, 0, 0, 1, 0, 1)
}

func TestAnswer(t *testing.T) {
	hosts := "10.0.0.1 one.test # a comment two.test\n::1 six.test\n"
	for name, want := range map[string]struct{ code, answers byte }{
		"one": {0, 1}, "ONE": {0, 1}, "six": {0, 0}, "two": {notFound, 0},
	} {
		reply := answer(hosts, query(name))
		if reply[3]&0x0f != want.code || reply[7] != want.answers {
			t.Errorf("%s: code %d and %d answers, want %v", name, reply[3]&0x0f, reply[7], want)
		}
	}
}

func TestAnswerToNonsense(t *testing.T) {
	whole := query("one")
	for n := range whole {
		reply := answer("", whole[:n])
		if n >= 12 && reply[3]&0x0f != notFormed {
			t.Errorf("%d bytes: code %d", n, reply[3]&0x0f)
		}
	}
}

// The resolver of the standard library must understand the replies.
func TestResolver(t *testing.T) {
	file := filepath.Join(t.TempDir(), "hosts")
	if err := os.WriteFile(file, []byte("10.0.0.1 us.icr.io\n10.0.0.2 us.icr.io\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	go func() {
		buffer := make([]byte, 4096)
		for {
			n, from, err := socket.ReadFrom(buffer)
			if err != nil {
				return
			}
			hosts, _ := os.ReadFile(file)
			_, _ = socket.WriteTo(answer(string(hosts), buffer[:n]), from)
		}
	}()
	resolver := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", socket.LocalAddr().String())
	}}
	got, err := resolver.LookupHost(context.Background(), "us.icr.io.")
	if err != nil || len(got) != 2 || got[0] != "10.0.0.1" {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err := resolver.LookupHost(context.Background(), "example.org."); err == nil {
		t.Errorf("an unknown name has %v", got)
	}
}
