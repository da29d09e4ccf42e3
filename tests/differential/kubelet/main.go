// Holds a program's answers against the kubelet's own code: random pull secrets, random images.
//
//	kubelet-differential CASES SEED PROGRAM
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand"
	"net/url"
	"os"
	"os/exec"
	"reflect"
	"sort"
	"strconv"
	"strings"

	"github.com/go-logr/logr"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/credentialprovider"
	"k8s.io/kubernetes/pkg/credentialprovider/secrets"
	"k8s.io/kubernetes/pkg/util/parsers"
)

type secret struct {
	Type    string `json:"type"`
	Content []byte `json:"content"`
}

type question struct {
	Secrets []secret `json:"secrets"`
	Images  []string `json:"images"`
}

type login struct {
	Secret   string `json:"secret"`
	User     []byte `json:"user"`
	Password []byte `json:"password"`
}

type answer struct {
	Failed bool      `json:"failed"`
	Images [][]login `json:"images"`
}

// ---- what is asked -----------------------------------------------------------

type dice struct {
	*rand.Rand
	keys map[string]string // user → the key that it is at
}

func (d *dice) of(words ...string) string { return words[d.Intn(len(words))] }

func (d *dice) one(in int) bool { return d.Intn(in) == 0 }

func (d *dice) host() string {
	return d.of("us.icr.io", "us.icr.io", "us.icr.io", "de.icr.io", "icr.io", "private.us.icr.io", "docker.io",
		"index.docker.io", "registry-1.docker.io", "localhost", "cp.icr.io", "US.icr.io", "127.0.0.1", "[::1]",
		"[fe80::1%25en0]", "us.icr.io.", "a_b.c", "-us.icr.io", "us..icr.io", "[::1", "x@us.icr.io")
}

func (d *dice) glob() string {
	return d.of("*.icr.io", "*.*.icr.io", "*", "*.*.*", "?s.icr.io", "u*.icr.io", "[tu]s.icr.io", "[^d]*.icr.io",
		"[a-u]s.icr.io", "[", "us.icr.i[", "\\us.icr.io", "*s.i*.io", "[]a].icr.io", "[a-].icr.io", "us.[!i]cr.io", "u\\*.icr.io",
		"u[*s].icr.io", "[ä-ü]s.icr.io", "us.*")
}

func (d *dice) port() string {
	return d.of("", "", "", "", "", "", "", "", "", "", ":443", ":5000", ":", ":x", ":5000:1")
}

func (d *dice) path() string {
	path := ""
	for d.one(3) {
		path += "/" + d.of("team", "team-b", "team/", "app", "v1", "v2", "v1/team", "*", "te", "t%65am", "%zz", "a?b=c", "a#f", "a#%zz", "library",
			"", "a b", "team%2Fapp", "ä", "team_b", "te..am", "\x01")
	}
	return path
}

func (d *dice) key() string {
	host := d.host()
	if d.one(3) {
		host = d.glob()
	}
	scheme := d.of("", "", "", "https://", "http://", "HTTPS://", "ftp://", "user:pw@")
	return scheme + host + d.port() + d.path()
}

func (d *dice) image() string {
	name := d.host() + d.port()
	if d.one(6) {
		name = d.of("nginx", "team", "library", "team/app", "Team")
	}
	for i := 0; i < 1+d.Intn(3); i++ {
		name += "/" + d.of("team", "team", "team-b", "app", "te", "library", "v1", "a.b", "a__b", "a___b", "a--b", "a..b", "App", "", "tea_m", "ä")
	}
	if d.one(3) {
		name += d.of(":1", ":latest", ":", ":-x", ":A_b.c-1", ":1:2", ":"+strings.Repeat("x", 129))
	}
	if d.one(5) {
		name += d.of("@sha256:"+strings.Repeat("a", 64), "@sha256:abc", "@", "@sha512:"+strings.Repeat("0", 128), "@md5:"+strings.Repeat("a", 32),
			"@sha256:"+strings.Repeat("A", 64))
	}
	return d.of(name, name, name, name, name, name, name, strings.Repeat("a", 64), "", " ", "nginx", "nginx:1", "localhost", "docker.io/nginx",
		"docker.io/"+strings.Repeat("a", 256), "https://us.icr.io/a")
}

// An image that the key is likely to be for.
func (d *dice) near(key string) string {
	_, rest, found := strings.Cut(key, "://")
	if !found {
		rest = key
	}
	rest = strings.NewReplacer("*", "us", "?", "u", "[tu]", "t", "%65", "e", "%2F", "/", "user:pw@", "").Replace(rest)
	return strings.TrimSuffix(rest, "/") + d.of("/app", "/team/app", "-b/app", "/app:1")
}

// The user tells the entry, and some have a password that must not be cut.
func (d *dice) auth(user string) string {
	both := user + ":" + d.of("p", "", "p:w", "p\x00", "\xff", "pässword")
	if d.one(60) {
		both = d.of("nocolon", "")
	}
	text := base64.StdEncoding.EncodeToString([]byte(both))
	switch d.Intn(24) {
	case 0:
		text = base64.RawStdEncoding.EncodeToString([]byte(both))
	case 1:
		text = text[:len(text)/2] + "\n" + text[len(text)/2:] + "\r\n"
	case 2:
		if d.one(8) {
			text += d.of("=", " ", "A", "\t", "====", "-_")
		}
	case 3:
		if d.one(30) {
			text = d.of("!", "=", "QQ=", "Q", "QQ==QQ==", "QTpR\x00", "\u00a0", "Q\u2028")
		}
	case 4:
		text = strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(both+"x")), "=")
	}
	return text
}

func (d *dice) quoted(text string) string {
	bytes, _ := json.Marshal(text)
	return string(bytes)
}

func (d *dice) entry(user string) string {
	fields := []string{}
	add := func(name, value string) { fields = append(fields, d.quoted(name)+d.of(":", ": ", " : ")+value) }
	if d.one(12) {
		add(d.of("username", "Username", "USERNAME"), d.quoted(user))
		add(d.of("password", "Password", "pa\u017fsword"), d.quoted("plain"))
	} else {
		add(d.of("auth", "auth", "auth", "Auth", "AUTH"), d.quoted(d.auth(user)))
	}
	if d.one(8) {
		add(d.of("email", "identitytoken", "x", "auth", "username"), d.of(d.quoted("a@b"), "null", `""`))
	}
	if d.one(90) {
		add(d.of("email", "username", "password", "auth", "x"), d.of("1", "true", "[]", "{}"))
	}
	if d.one(100) {
		return d.of("null", "[]", `"x"`, "1", "{}", "")
	}
	return "{" + strings.Join(fields, d.of(",", ", ", ",\n\t")) + "}"
}

func (d *dice) entries(secret int) string {
	all := []string{}
	for i := d.Intn(5); i >= 0; i-- {
		key, user := d.key(), fmt.Sprintf("u%d-%d", secret, i)
		d.keys[user] = key
		all = append(all, d.quoted(key)+":"+d.entry(user))
		if d.one(20) {
			d.keys[user+"x"] = key
			all = append(all, d.quoted(key)+":"+d.entry(user+"x"))
		}
	}
	return "{" + strings.Join(all, ",") + "}"
}

func (d *dice) secret(number int) secret {
	if d.one(8) {
		return secret{"cfg", []byte(d.entries(number))}
	}
	text := d.quoted(d.of("auths", "auths", "auths", "auths", "AUTHS", "auth\u017f")) + ":" + d.entries(number)
	if d.one(10) {
		text += `,"HttpHeaders":` + d.of(`{"a":"b"}`, "null", "{}", `{"a":"b"}`, "[]", `{"a":1}`)
	}
	if d.one(10) {
		text = d.of(`"credsStore":"pass"`, `"x":[1,-2.5e3,true,null]`, `"auths":null`, `"n":-0`) + "," + text
	}
	text = "{" + text + "}"
	if d.one(60) {
		text = d.of("", "null", "[]", "{", text+"x", "\ufeff"+text, " "+text+"\n", "{}", text[:len(text)/2], `{"auths":[]}`, `{"auths":null}`)
	}
	return secret{"json", []byte(text)}
}

func (d *dice) question() question {
	q := question{}
	for i := d.Intn(3); i >= 0; i-- {
		q.Secrets = append(q.Secrets, d.secret(len(q.Secrets)))
	}
	keys := []string{}
	for _, key := range d.keys {
		keys = append(keys, key)
	}
	sort.Strings(keys) // a map's order is no dice
	for i := 0; i < 8; i++ {
		q.Images = append(q.Images, d.image())
		q.Images = append(q.Images, d.near(keys[d.Intn(len(keys))]))
	}
	return q
}

// ---- what the kubelet says -----------------------------------------------------

func kubelet(q question) answer {
	all := []v1.Secret{}
	for i, s := range q.Secrets {
		made := v1.Secret{ObjectMeta: metav1.ObjectMeta{Name: strconv.Itoa(i)}}
		if s.Type == "cfg" {
			made.Type, made.Data = v1.SecretTypeDockercfg, map[string][]byte{v1.DockerConfigKey: s.Content}
		} else {
			made.Type, made.Data = v1.SecretTypeDockerConfigJson, map[string][]byte{v1.DockerConfigJsonKey: s.Content}
		}
		all = append(all, made)
	}
	keyring, err := secrets.MakeDockerKeyring(all, &credentialprovider.BasicDockerKeyring{})
	a := answer{Failed: err != nil}
	for _, image := range q.Images {
		if err != nil {
			a.Images = append(a.Images, []login{})
			continue
		}
		repository, _, _, wrong := parsers.ParseImageName(image)
		if wrong != nil {
			a.Images = append(a.Images, nil)
			continue
		}
		found := []login{}
		configs, _ := keyring.Lookup(repository)
		for _, c := range configs {
			found = append(found, login{c.Source.Secret.Name, []byte(c.Username), []byte(c.Password)})
		}
		a.Images = append(a.Images, found)
	}
	return a
}

// Keys of one secret that mean the same come in the order of a Go map: by chance.
func (d *dice) settled(logins []login) []login {
	meaning := func(l login) string {
		key := d.keys[string(l.User)]
		if !strings.HasPrefix(key, "https://") && !strings.HasPrefix(key, "http://") {
			key = "https://" + key
		}
		parsed, err := url.Parse(key)
		if err != nil {
			return l.Secret + " " + key
		}
		path := parsed.Path
		if strings.HasPrefix(path, "/v1/") || strings.HasPrefix(path, "/v2/") {
			path = path[3:]
		}
		if path == "/" {
			path = ""
		}
		return l.Secret + " " + parsed.Host + path
	}
	// Without a user nobody knows by which key it was found: only how many there are is compared.
	sort.SliceStable(logins, func(i, j int) bool { return len(logins[i].User) > 0 && len(logins[j].User) == 0 })
	for begin := 0; begin < len(logins); {
		end := begin
		for end < len(logins) && meaning(logins[end]) == meaning(logins[begin]) {
			end++
		}
		run := logins[begin:end]
		sort.Slice(run, func(i, j int) bool { return string(run[i].User) < string(run[j].User) })
		begin = end
	}
	return logins
}

// ---- both side by side -----------------------------------------------------------

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	cases, err := strconv.Atoi(os.Args[1])
	check(err)
	seed, err := strconv.ParseInt(os.Args[2], 10, 64)
	check(err)
	klog.SetLogger(logr.Discard())
	program := exec.Command(os.Args[3])
	program.Stderr = os.Stderr
	input, err := program.StdinPipe()
	check(err)
	output, err := program.StdoutPipe()
	check(err)
	check(program.Start())
	questions, answers := json.NewEncoder(input), json.NewDecoder(bufio.NewReader(output))

	logins, failed, differences := 0, 0, 0
	for i := 0; i < cases; i++ {
		d := &dice{rand.New(rand.NewSource(seed + int64(i))), map[string]string{}}
		q := d.question()
		check(questions.Encode(q))
		ours, theirs := answer{}, kubelet(q)
		check(answers.Decode(&ours))
		if theirs.Failed {
			failed++
		}
		for n := range theirs.Images {
			logins += len(theirs.Images[n])
			theirs.Images[n], ours.Images[n] = d.settled(theirs.Images[n]), d.settled(ours.Images[n])
		}
		if reflect.DeepEqual(ours, theirs) {
			continue
		}
		differences++
		if differences > 5 {
			continue
		}
		fmt.Printf("seed %d: kubelet %t, ours %t\n", seed+int64(i), theirs.Failed, ours.Failed)
		for _, s := range q.Secrets {
			fmt.Printf("  secret %s %q\n", s.Type, s.Content)
		}
		for n, image := range q.Images {
			if !reflect.DeepEqual(ours.Images[n], theirs.Images[n]) {
				fmt.Printf("  %q\n    kubelet %s\n    ours    %s\n", image, theirs.Images[n], ours.Images[n])
			}
		}
	}
	fmt.Printf("%d cases from seed %d: %d logins found, %d look-ups failed, %d differences\n", cases, seed, logins, failed, differences)
	if differences > 0 || logins == 0 {
		os.Exit(1)
	}
}
