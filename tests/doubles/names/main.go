// Command names is a name server that knows what a hosts file says and nothing
// else. It reads the file again for each question.
package main

import (
	"encoding/binary"
	"errors"
	"flag"
	"log"
	"net"
	"os"
	"strings"
)

const (
	typeA     = 1
	typeANY   = 255
	classIN   = 1
	notFound  = 3 // NXDOMAIN
	notFormed = 1 // FORMERR
)

// lookup returns the IPv4 addresses of a name, and whether the name is there.
func lookup(hosts, name string) (addresses []net.IP, known bool) {
	for _, line := range strings.Split(hosts, "\n") {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		for i := 1; i < len(fields); i++ {
			if strings.EqualFold(fields[i], name) {
				known = true
				if ip := net.ParseIP(fields[0]).To4(); ip != nil {
					addresses = append(addresses, ip)
				}
			}
		}
	}
	return addresses, known
}

// question reads the only question of a query; end is the offset behind it.
func question(query []byte) (name string, kind, class uint16, end int, err error) {
	if len(query) < 12 || binary.BigEndian.Uint16(query[4:]) != 1 {
		return "", 0, 0, 0, errors.New("not a single question")
	}
	var labels []string
	at := 12
	for {
		if at >= len(query) {
			return "", 0, 0, 0, errors.New("cut short")
		}
		length := int(query[at])
		at++
		if length == 0 {
			break
		}
		if length > 63 || at+length > len(query) {
			return "", 0, 0, 0, errors.New("bad label")
		}
		labels = append(labels, string(query[at:at+length]))
		at += length
	}
	if at+4 > len(query) {
		return "", 0, 0, 0, errors.New("cut short")
	}
	return strings.Join(labels, "."), binary.BigEndian.Uint16(query[at:]), binary.BigEndian.Uint16(query[at+2:]), at + 4, nil
}

// answer builds the reply to a query; nil means that there is none.
func answer(hosts string, query []byte) []byte {
	if len(query) < 12 || query[2]&0x80 != 0 {
		return nil
	}
	reply := make([]byte, 12)
	copy(reply, query[:2])
	// A reply with authority, recursion copied from the query and offered.
	reply[2] = 0x84 | query[2]&0x79
	reply[3] = 0x80
	name, kind, class, end, err := question(query)
	if err != nil {
		reply[3] |= notFormed
		return reply
	}
	reply = append(reply, query[12:end]...)
	binary.BigEndian.PutUint16(reply[4:], 1)
	addresses, known := lookup(hosts, name)
	if !known {
		reply[3] |= notFound
		return reply
	}
	if class != classIN || (kind != typeA && kind != typeANY) {
		return reply // the name is there, but has no such record
	}
	for _, ip := range addresses {
		reply = append(reply, 0xc0, 12) // the name in the question
		reply = binary.BigEndian.AppendUint16(reply, typeA)
		reply = binary.BigEndian.AppendUint16(reply, classIN)
		reply = binary.BigEndian.AppendUint32(reply, 5) // seconds
		reply = binary.BigEndian.AppendUint16(reply, 4)
		reply = append(reply, ip...)
	}
	binary.BigEndian.PutUint16(reply[6:], uint16(len(addresses)))
	return reply
}

func main() {
	listen := flag.String("listen", ":53", "UDP address to listen on")
	file := flag.String("hosts", "/etc/hosts", "file with the names")
	flag.Parse()
	socket, err := net.ListenPacket("udp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	buffer := make([]byte, 4096)
	for {
		n, from, err := socket.ReadFrom(buffer)
		if err != nil {
			log.Fatal(err)
		}
		hosts, err := os.ReadFile(*file)
		if err != nil {
			log.Print(err)
			continue
		}
		if reply := answer(string(hosts), buffer[:n]); reply != nil {
			if _, err := socket.WriteTo(reply, from); err != nil {
				log.Print(err)
			}
		}
	}
}
