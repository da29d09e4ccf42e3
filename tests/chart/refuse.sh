#!/usr/bin/env bash
# Wrong values are refused, each for the reason that is wrong with it, and right values that look
# unusual are not.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC1091
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

count=0

render() {
  helm template icr-pull-secrets "$CHART" --namespace icr-pull-secrets --values "$SCRATCH/values.yaml" \
    ${kubernetes:+--kube-version "$kubernetes"} >"$SCRATCH/out" 2>&1
}

# refuse TITLE WHERE REASON <VALUES: both WHERE and REASON must stand in one line of the answer.
refuse() {
  cat >"$SCRATCH/values.yaml"
  say "refused: $1"
  count=$((count + 1))
  if render; then
    cat "$SCRATCH/values.yaml" >&2
    die "these values are accepted: $1"
  fi
  # Only the lines that name both: another mistake in the example mustn't pass for this one.
  if ! grep -F -e "$2" "$SCRATCH/out" | grep -q -F -e "$3"; then
    cat "$SCRATCH/values.yaml" "$SCRATCH/out" >&2
    die "refused, but not for this reason: $1: expected a line with \"$2\" and \"$3\""
  fi
}

accept() {
  cat >"$SCRATCH/values.yaml"
  say "accepted: $1"
  count=$((count + 1))
  if ! render; then
    cat "$SCRATCH/values.yaml" "$SCRATCH/out" >&2
    die "these values are refused: $1"
  fi
}

# One credential with whatever is given, a line of YAML in braces.
credential() {
  printf 'config: {credentials: [%s]}\n' "$1"
}

key='apiKey: {secretRef: {name: icr-api-key, key: apikey}}'
long59=$(printf 'a%.0s' {1..59})

# Keys that nobody knows, at every level.
refuse "unknown value" "at ''" "additional properties 'replicas' not allowed" <<<'replicas: 1'
refuse "unknown key below image" "at '/image'" "additional properties 'registry' not allowed" <<<'image: {registry: us.icr.io}'
refuse "unknown key in config" "at '/config'" "additional properties 'regoins' not allowed" <<<'config: {regoins: {}}'
refuse "unknown key in optIn" "at '/config/optIn'" "additional properties 'selector' not allowed" <<<'config: {optIn: {selector: {}}}'
refuse "unknown key in log" "at '/config/log'" "additional properties 'colour' not allowed" <<<'config: {log: {colour: never}}'
refuse "unknown key in a credential" "at '/config/credentials/0'" "additional properties 'user' not allowed" < <(credential "{name: a, $key, user: me}")
refuse "unknown key in a secretRef" "at '/config/credentials/0/apiKey/secretRef'" "additional properties 'namespace' not allowed" \
  < <(credential '{name: a, apiKey: {secretRef: {name: b, key: c, namespace: kube-system}}}')
refuse "unknown key in a host alias" "at '/hostAliases/0'" "additional properties 'hosts' not allowed" <<<'hostAliases: [{ip: 10.0.0.1, hostnames: [a], hosts: [b]}]'

# Types.
refuse "config as text" "at '/config'" "got string, want object" <<<'config: "credentials: []"'
refuse "credentials as a map" "at '/config/credentials'" "got object, want array" <<<'config: {credentials: {default: {}}}'
refuse "replicaCount as text" "at '/replicaCount'" "got string, want integer" <<<'replicaCount: "1"'
refuse "apiKey.create as text" "at '/apiKey/create'" "got string, want boolean" <<<'apiKey: {create: "yes"}'
refuse "API key as a number" "at '/apiKey/value'" "got number, want string" <<<'apiKey: {create: true, value: 12345}'
refuse "workers as text" "at '/config/workers'" "got string, want integer" <<<'config: {workers: "8"}'
refuse "half a worker" "at '/config/workers'" "got number, want integer" <<<'config: {workers: 1.5}'
refuse "service accounts as text" "at '/config/serviceAccounts'" "got string, want array" <<<'config: {serviceAccounts: default}'
refuse "a label that is a number" "at '/podLabels/a'" "got number, want string" <<<'podLabels: {a: 1}'
refuse "an argument that is a number" "at '/extraArgs/0'" "got number, want string" <<<'extraArgs: [1]'

# Numbers out of range.
refuse "two replicas" "at '/replicaCount'" "maximum: got 2, want 1" <<<'replicaCount: 2'
refuse "no worker" "at '/config/workers'" "minimum: got 0, want 1" <<<'config: {workers: 0}'
refuse "65 workers" "at '/config/workers'" "maximum: got 65, want 64" <<<'config: {workers: 65}'
refuse "negative grace period" "at '/terminationGracePeriodSeconds'" "minimum: got -1, want 0" <<<'terminationGracePeriodSeconds: -1'

# One of a few words.
refuse "another apiVersion" "at '/config/apiVersion'" "value must be 'icr-pull-secrets/v1alpha1'" <<<'config: {apiVersion: icr-pull-secrets/v1}'
refuse "another kind" "at '/config/kind'" "value must be 'OperatorConfiguration'" <<<'config: {kind: ConfigMap}'
refuse "unknown endpoints" "at '/config/endpoints'" "value must be one of 'public', 'private', 'all'" <<<'config: {endpoints: both}'
refuse "endpoints in capitals" "at '/config/endpoints'" "value must be one of 'public', 'private', 'all'" <<<'config: {endpoints: Public}'
refuse "conflict: overwrite" "at '/config/conflict'" "value must be 'skip'" <<<'config: {conflict: overwrite}'
refuse "optIn.mode: all, which the operator doesn't have yet" "at '/config/optIn/mode'" "value must be 'annotation'" <<<'config: {optIn: {mode: all}}'
refuse "unknown log level" "at '/config/log/level'" "value must be one of 'debug', 'info', 'warn', 'error'" <<<'config: {log: {level: trace}}'
refuse "unknown log format" "at '/config/log/format'" "value must be one of 'auto', 'json', 'text'" <<<'config: {log: {format: xml}}'
refuse "unknown pull policy" "at '/image/pullPolicy'" "value must be one of" <<<'image: {pullPolicy: Sometimes}'

# Credentials.
refuse "no credentials" "at '/config/credentials'" "minItems: got 0, want 1" <<<'config: {credentials: []}'
refuse "credentials taken away" "at '/config'" "missing property 'credentials'" <<<'config: {credentials: null}'
refuse "credential without a name" "at '/config/credentials/0'" "missing property 'name'" < <(credential "{$key}")
refuse "credential without a source" "at '/config/credentials/0'" "missing property 'apiKey'" < <(credential '{name: a}')
refuse "credential with two sources" "at '/config/credentials/0'" "additional properties 'basic' not allowed" \
  < <(credential "{name: a, $key, basic: {username: cp}}")
refuse "source that the operator doesn't have yet" "at '/config/credentials/0'" "additional properties 'trustedProfile' not allowed" \
  < <(credential '{name: a, trustedProfile: {id: Profile-1}}')
refuse "the key itself in the place of its source" "at '/config/credentials/0/apiKey'" "got string, want object" < <(credential '{name: a, apiKey: not-a-real-key}')
refuse "apiKey without secretRef" "at '/config/credentials/0/apiKey'" "missing property 'secretRef'" < <(credential '{name: a, apiKey: {}}')
refuse "secretRef without key" "at '/config/credentials/0/apiKey/secretRef'" "missing property 'key'" < <(credential '{name: a, apiKey: {secretRef: {name: b}}}')
refuse "secretRef with an empty name" "at '/config/credentials/0/apiKey/secretRef/name'" "does not match pattern" < <(credential '{name: a, apiKey: {secretRef: {name: "", key: c}}}')
refuse "secretRef with a name no Secret can have" "at '/config/credentials/0/apiKey/secretRef/name'" "does not match pattern" < <(credential '{name: a, apiKey: {secretRef: {name: A_B, key: c}}}')
refuse "secretRef with a key no Secret can have" "at '/config/credentials/0/apiKey/secretRef/key'" "does not match pattern" < <(credential '{name: a, apiKey: {secretRef: {name: b, key: "c d"}}}')
refuse "credential limited to namespaces, which the operator can't do yet" "at '/config/credentials/0/namespaces/0'" "value must be '*'" < <(credential "{name: a, $key, namespaces: [shop]}")
refuse "credential limited to regions" "at '/config/credentials/0/regions/0'" "value must be 'all'" < <(credential "{name: a, $key, regions: [eu-de]}")
refuse "credential limited to registry namespaces" "at '/config/credentials/0/registryNamespaces'" "maxItems: got 1, want 0" < <(credential "{name: a, $key, registryNamespaces: [team]}")
for name in "''" Default team_a team.a -a a- '"*"' 'a b'; do
  refuse "credential called $name" "at '/config/credentials/0/name'" "does not match pattern" < <(credential "{name: $name, $key}")
done
refuse "credential whose Secret's name would be too long" "at '/config/credentials/0/name'" "maxLength: got 60, want 59" < <(credential "{name: a$long59, $key}")
refuse "two credentials of one name" "config.credentials" "every credential needs a name of its own" < <(credential "{name: a, $key}, {name: a, $key}")
refuse "source with the name of a Secret that is written" "config.credentials" 'the Secret "icr-api-key" can'"'"'t be a source' < <(credential "{name: api-key, $key}")

# Regions, service accounts.
refuse "region with a URL for a host" "at '/config/regions/eu-xx'" "does not match pattern" <<<'config: {regions: {eu-xx: "https://xx.icr.io"}}'
refuse "region with a path" "at '/config/regions/eu-xx'" "does not match pattern" <<<'config: {regions: {eu-xx: xx.icr.io/team}}'
refuse "region with a host of one part" "at '/config/regions/eu-xx'" "does not match pattern" <<<'config: {regions: {eu-xx: xx}}'
refuse "region without a host" "at '/config/regions/eu-xx'" "does not match pattern" <<<'config: {regions: {eu-xx: ""}}'
refuse "region in capitals" "at '/config/regions'" "additional properties 'EU-XX' not allowed" <<<'config: {regions: {EU-XX: xx.icr.io}}'
refuse "region called all" "at '/config/regions/all'" "false schema" <<<'config: {regions: {all: xx.icr.io}}'
refuse "region by its old name" "at '/config/regions/eu-central'" "false schema" <<<'config: {regions: {eu-central: xx.icr.io}}'
refuse "opt-in without a mode" "at '/config/optIn'" "missing property 'mode'" <<<'config: {optIn: {mode: null}}'
refuse "service account in capitals" "at '/config/serviceAccounts/0'" "does not match pattern" <<<'config: {serviceAccounts: [Default]}'
refuse "service account without a name" "at '/config/serviceAccounts/0'" "does not match pattern" <<<'config: {serviceAccounts: [""]}'
refuse "service account that ends in a dot" "at '/config/serviceAccounts/0'" "does not match pattern" <<<'config: {serviceAccounts: [default.]}'
refuse "none in a list of service accounts" "at '/config/serviceAccounts/1'" "'not' failed" <<<'config: {serviceAccounts: [default, none]}'

# Around the configuration.
refuse "digest that is none" "at '/image/digest'" "does not match pattern" <<<'image: {digest: latest}'
refuse "image with a space" "at '/image/repository'" "does not match pattern" <<<'image: {repository: "us.icr.io/a b"}'
refuse "tag in the repository's place" "at '/image/tag'" "does not match pattern" <<<'image: {tag: "a:b"}'
refuse "volume without a name" "at '/extraVolumes/0'" "missing property 'name'" <<<'extraVolumes: [{emptyDir: {}}]'
refuse "apiKey.create without a value" "apikey-secret.yaml" "apiKey.create needs the key in apiKey.value" <<<'apiKey: {create: true}'
refuse "apiKey.create with an empty file" "apikey-secret.yaml" "apiKey.create needs the key in apiKey.value" <<<'apiKey: {create: true, value: "\n"}'
refuse "apiKey.value without apiKey.create" "apikey-secret.yaml" "apiKey.value is used only together with apiKey.create=true" <<<'apiKey: {value: not-a-real-key}'

# What is unusual and right.
accept "no values at all" <<<'{}'
accept "the longest name of a credential" < <(credential "{name: $long59, $key}")
accept "a credential that is called like a number" < <(credential "{name: '1', $key}")
accept "limits that limit nothing" < <(credential "{name: a, $key, namespaces: ['*'], regions: [all], registryNamespaces: []}")
accept "globs over service accounts" <<<'config: {serviceAccounts: ["build-*", "*.ci", "runner-?", "a.b-c"]}'
accept "no service account by default" <<<'config: {serviceAccounts: []}'
accept "all service accounts" <<<'config: {serviceAccounts: ["*"]}'
accept "a host with a port" <<<'config: {regions: {test: "registry.test:5000"}}'
accept "no replica, to stop the operator for a while" <<<'replicaCount: 0'
accept "a chart that has this one as a dependency" <<<'global: {imageRegistry: us.icr.io}'
accept "no security context, for platforms that assign one" <<<'{podSecurityContext: null, securityContext: null, resources: null}'

# The version of Kubernetes.
kubernetes=1.30.14 refuse "Kubernetes 1.30" "kubeVersion" "incompatible with Kubernetes v1.30.14" <<<'{}'
for version in 1.31.0 1.33.4-eks-1a2b3c 1.34.1+IKS 1.37.2; do
  kubernetes=$version accept "Kubernetes $version" <<<'{}'
done

say "$count sets of values"
