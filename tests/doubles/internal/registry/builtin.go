package registry

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"icr-pull-secrets/tests/doubles/internal/keys"
)

const manifestType = "application/vnd.oci.image.manifest.v1+json"

// builtIn is a registry that has the manifests of the images in the settings
// and nothing else.
func (f *Front) builtIn(w http.ResponseWriter, r *http.Request, settings keys.Settings) {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	access, valid := f.signer.Access(token, time.Now())
	w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
	name, reference := manifestOf(r.URL.Path)
	if !valid {
		f.challenge(w, r, settings, name, "")
		return
	}
	if strings.TrimSuffix(r.URL.Path, "/") == "/v2" {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, "{}")
		return
	}
	known, found := find(settings.Images, hostname(r), name, reference)
	switch {
	case !known:
		fail(w, http.StatusNotFound, "NAME_UNKNOWN", "repository name not known to registry")
	case !pulls(access, name):
		f.challenge(w, r, settings, name, "insufficient_scope")
	case r.Method != http.MethodHead && r.Method != http.MethodGet:
		fail(w, http.StatusMethodNotAllowed, "UNSUPPORTED", "method not allowed")
	case !found:
		fail(w, http.StatusNotFound, "MANIFEST_UNKNOWN", "manifest unknown")
	default:
		manifest(w, r, name)
	}
}

// challenge refuses and says where a token is to be had, for a repository with
// the scope that it needs.
func (f *Front) challenge(w http.ResponseWriter, r *http.Request, settings keys.Settings, name, reason string) {
	parameters := challenge{{"realm", realm(r.Host, settings)}, {"service", Service}}
	if name != "" {
		parameters = append(parameters, [2]string{"scope", "repository:" + name + ":pull"})
	}
	if reason != "" {
		parameters = append(parameters, [2]string{"error", reason})
	}
	w.Header().Set("WWW-Authenticate", parameters.write(settings.Challenge))
	fail(w, http.StatusUnauthorized, "UNAUTHORIZED", authorizationRequired)
}

// manifestOf reads /v2/NAME/manifests/REFERENCE.
func manifestOf(path string) (name, reference string) {
	before, reference, ok := cutLast(strings.TrimPrefix(path, "/v2/"), "/")
	name, isManifest := strings.CutSuffix(before, "/manifests")
	if !ok || !isManifest {
		return "", ""
	}
	return name, reference
}

// find tells whether the repository is there, and whether the reference is.
func find(images []keys.Image, host, name, reference string) (known, found bool) {
	for _, image := range images {
		if image.Name != name || image.Host != "" && image.Host != Canonical(host) {
			continue
		}
		known = true
		_, digest := content(name)
		found = found || image.Reference == reference || digest == reference
	}
	return known, found
}

func pulls(access []Access, name string) bool {
	for _, one := range access {
		for _, action := range one.Actions {
			if one.Type == "repository" && one.Name == name && action == "pull" {
				return true
			}
		}
	}
	return false
}

// content is a manifest without layers, and its digest.
func content(name string) (manifest, digest string) {
	manifest = fmt.Sprintf(`{"schemaVersion":2,"mediaType":%q,"layers":[],"annotations":{"name":%q}}`, manifestType, name)
	return manifest, fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(manifest)))
}

func manifest(w http.ResponseWriter, r *http.Request, name string) {
	body, digest := content(name)
	w.Header().Set("Content-Type", manifestType)
	w.Header().Set("Docker-Content-Digest", digest)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodGet {
		fmt.Fprint(w, body)
	}
}

// images is the list of images of the management API, for a token of IAM.
func (f *Front) images(w http.ResponseWriter, r *http.Request, settings keys.Settings) {
	host, namespace := hostname(r), r.URL.Query().Get("namespace")
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	login, ok := f.logins.Login(settings, host, "iambearer", token)
	switch {
	case r.Header.Get("Account") == "":
		fail(w, http.StatusBadRequest, "CRG0002E", "The account is missing.")
		return
	case !ok:
		fail(w, http.StatusUnauthorized, "CRG0014E", "You are not authorized to access the specified account.")
		return
	case namespace != "" && !login.ListsImages(namespace):
		fail(w, http.StatusForbidden, "CRG0020E", "You are not authorized to access the specified resource.")
		return
	}
	found := []map[string]any{}
	for _, image := range settings.Images {
		here := image.Host == "" || image.Host == Canonical(host)
		if here && (namespace == "" || strings.HasPrefix(image.Name, namespace+"/")) {
			_, digest := content(image.Name)
			name := Canonical(host) + "/" + image.Name
			found = append(found, map[string]any{"Id": digest, "RepoTags": []string{name + ":" + image.Reference}, "RepoDigests": []string{name + "@" + digest}})
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(found)
}
