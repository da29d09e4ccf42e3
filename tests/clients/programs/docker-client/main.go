// docker's own code for auth files and credential helpers:
//
//	docker-client get HOST           who docker logs in as, by its configuration
//	docker-client store HOST USER N  what `docker login` does at its end, at N hosts HOST, HOST1, …
//	docker-client erase HOST         what `docker logout` does
//	docker-client helper VERB HOST   docker-credential-icr through docker's client: get, list, erase
package main

import (
	"fmt"
	"os"
	"strconv"

	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/config/types"
	"github.com/docker/docker-credential-helpers/client"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func store(host, user string, count int) {
	for i := 0; i < count; i++ {
		if i > 0 {
			host = fmt.Sprintf("h%d.example", i)
		}
		file, err := config.Load("")
		check(err)
		check(file.GetCredentialsStore(host).Store(types.AuthConfig{ServerAddress: host, Username: user, Password: "p"}))
	}
}

func helper(verb, host string) {
	program := client.NewShellProgramFunc("docker-credential-icr")
	switch verb {
	case "get":
		found, err := client.Get(program, host)
		check(err)
		fmt.Println(found.ServerURL, found.Username)
	case "list":
		users, err := client.List(program)
		check(err)
		fmt.Println(users)
	case "erase":
		check(client.Erase(program, host))
	}
}

func main() {
	switch os.Args[1] {
	case "get":
		file, err := config.Load("")
		check(err)
		found, err := file.GetAuthConfig(os.Args[2])
		check(err)
		fmt.Println(found.Username)
	case "store":
		count, err := strconv.Atoi(os.Args[4])
		check(err)
		store(os.Args[2], os.Args[3], count)
	case "erase":
		file, err := config.Load("")
		check(err)
		check(file.GetCredentialsStore(os.Args[2]).Erase(os.Args[2]))
	case "helper":
		helper(os.Args[2], os.Args[3])
	}
}
