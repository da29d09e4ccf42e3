#!/bin/bash
# shellcheck disable=SC2317 # functions that are called by name
#
# README's way from nothing to a pod that pulls, and back: its commands, as they are printed there,
# from "Use it" to "Uninstall", on a real node. IBM's side is the stand-in; what takes the place of
# Docker pushes the image of the test; helm gets the stand-ins' authority as well.
#
#   quick-start.sh            starts a sandbox with a node and runs the test in it
#   quick-start.sh --inside   runs it in the sandbox that is there
#
# Needs build/image.tar (make image) and build/icr-pull-secrets.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=steps.sh
. "$here/steps.sh"
# shellcheck source=checks.sh
. "$here/checks.sh"

readme=$root/README.md

# block LANGUAGE TEXT: the block of code in README that has the text.
block() {
	awk -v language="$1" -v text="$2" '
		$0 == "```" && inside { if (index(lines, text)) printf "%s", lines; inside = 0; next }
		inside { lines = lines $0 "\n" }
		$0 == "```" language { inside = 1; lines = "" }' "$readme" | grep . || { echo "README has no block with: $2"; return 1; }
}

# printed TEXT: runs the block of commands with the text, as somebody who has their own API key and a kubeconfig.
printed() {
	local commands
	commands=$(block sh "$1")
	awk '{ print "$ " $0 }' <<<"$commands"
	(
		cd "$work"
		unset KUBECONFIG
		export HOME=$work PATH=$work/stand-ins:$PATH
		IBMCLOUD_API_KEY=$person ICR_PULL_SECRETS_CA_FILE=$SANDBOX_REGISTRY_CA bash -euo pipefail <<<"$commands"
	)
}

# stand_in NAME: a program for PATH, from the standard input.
stand_in() {
	cat >"$work/stand-ins/$1"
	chmod +x "$work/stand-ins/$1"
}

# Where README has you stand: in the sources, with the program built, a kubeconfig and a cluster.
prepare() {
	mkdir -p "$work/stand-ins" "$work/build" "$work/.kube"
	ln -s "$root/charts" "$work/charts"
	ln -s "$root/build/icr-pull-secrets" "$work/build/icr-pull-secrets"
	kubectl config view --flatten --raw >"$work/.kube/config"
	chmod 600 "$work/.kube/config"
	stand_in make <<<'#!/bin/sh'
	stand_in ibmcloud <<<'#!/bin/sh'
	stand_in docker <<-END
		#!/bin/bash -e
		case \$1 in
		build) echo "\$*" >"$work/built" ;;
		push) grep --quiet "platform linux/amd64 -t \$2 " "$work/built"; "$registry" push "\${2#us.icr.io/}" "$image_archive_file" ;;
		*) exit 2 ;;
		esac
	END
	stand_in helm <<-END
		#!/bin/bash -e
		more=()
		[ "\$1" != install ] || more=(--values "$root/tests/e2e/values.yaml" --timeout 120s)
		exec "$(command -v helm)" "\$@" "\${more[@]}"
	END
}

# The operator trusts the stand-ins by a ConfigMap that must be there before its pods.
trust_stand_ins() {
	kubectl create configmap icr-ca --namespace "$operator_namespace" --from-file=ca.crt="$SANDBOX_REGISTRY_CA"
}

pods_pulled_their_image() {
	expect "us.icr.io/team/icr-pull-secrets:0.1.0 icr-pull-secrets-image" \
		"$(kubectl get deployment icr-pull-secrets --namespace "$operator_namespace" \
			--output 'jsonpath={.spec.template.spec.containers[0].image} {.spec.template.spec.imagePullSecrets[*].name}')"
}

notes_warn_of_nothing() { ! helm get notes icr-pull-secrets --namespace "$operator_namespace" | grep WARNING; }

no_key_is_left_in_a_file() { [[ ! -e $work/key.txt ]]; }

another_credential() {
	block yaml 'name: short-lived' >"$work/values.yaml"
	printed 'helm upgrade'
}

inside() {
	local work person
	work=$(mktemp --directory)
	# shellcheck disable=SC2064 # as it is now
	trap "rm -rf '$work'" EXIT
	person=$(new_key)
	prepare
	"$registry" push team/app:1
	"$registry" iam manager "$person" IBMid-somebody acct
	"$registry" set images '[{"name": "team/app", "reference": "1"}]'
	kubectl create namespace shop >/dev/null

	check "a service ID for the registry namespace, its key, its Secret" printed 'provision cluster-1'
	trust_stand_ins >/dev/null
	check "the operator's image at us.icr.io" printed 'docker push'
	check "helm install: ready, with its own image pulled by its own pull secret" printed 'helm install'
	check "the image is the one that was pushed" pods_pulled_their_image
	check "the notes warn of nothing" notes_warn_of_nothing
	check "no key is left in a file" no_key_is_left_in_a_file
	check "a namespace opts in, and everything is there to look at" printed 'kubectl wait --for=create'
	pull_pod shop web us.icr.io/team/app:1
	check "its pods pull" pod_running shop web
	check "another credential" another_credential
	check "the namespace has it" eventually 60 settled shop short-lived
	check "and not the former one" eventually 60 has_no_copy shop
	pull_pod shop later us.icr.io/team/app:1
	check "its pods pull with tokens" pod_running shop later
	check "helm uninstall" printed 'helm uninstall'
	check "nothing is left in the namespace" eventually 30 has_no_copy shop short-lived
	echo "quick start: all passed"
}

in_sandbox "$here/quick-start.sh" "$@"
