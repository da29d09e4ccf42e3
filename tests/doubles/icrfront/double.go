package main

import (
	"net"
	"net/http"
	"slices"
	"strings"

	"icr-pull-secrets/tests/doubles/internal/accesslog"
	"icr-pull-secrets/tests/doubles/internal/faults"
	"icr-pull-secrets/tests/doubles/internal/iam"
	"icr-pull-secrets/tests/doubles/internal/keys"
	"icr-pull-secrets/tests/doubles/internal/registry"
)

// Where IAM is in the real world.
var iamHosts = []string{"iam.cloud.ibm.com", "private.iam.cloud.ibm.com", "iam.test.cloud.ibm.com"}

// double is IAM and the registry, and what tests do to them.
type double struct {
	keys  keys.File
	log   *accesslog.Log
	rules faults.Rules
	store *iam.Store
	iam   *iam.Server
	front *registry.Front
	// signer signs service-account tokens too, when there is no cluster.
	signer    *registry.Signer
	ownTokens bool
	moreHosts []string
}

func newDouble(o *options, log *accesslog.Log) (*double, error) {
	file := keys.File(o.keys)
	if _, err := file.Load(); err != nil {
		return nil, err
	}
	signer, err := registry.NewSigner(o.tokenCert, o.tokenKey)
	if err != nil {
		return nil, err
	}
	accounts := iam.NewVerifier(signer.Public())
	if o.accountKey != "" {
		if accounts, err = iam.LoadVerifier(o.accountKey); err != nil {
			return nil, err
		}
	}
	store := iam.NewStore()
	return &double{
		keys: file, log: log, store: store, signer: signer, ownTokens: o.accountKey == "", moreHosts: o.iamHosts,
		iam:   iam.NewServer(file, store, signer.SignClaims, accounts),
		front: registry.NewFront(file, store, signer, o.behind),
	}, nil
}

// handler is what clients see.
func (d *double) handler() http.Handler { return d.log.Wrap(d.rules.Wrap(http.HandlerFunc(d.route))) }

// route tells IAM from the registry by the host. A further host of IAM's, such
// as localhost, is both.
func (d *double) route(w http.ResponseWriter, r *http.Request) {
	host := strings.ToLower(r.Host)
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if slices.Contains(iamHosts, host) || slices.Contains(d.moreHosts, host) && iam.Serves(r.URL.Path) {
		d.iam.ServeHTTP(w, r)
		return
	}
	d.front.ServeHTTP(w, r)
}
