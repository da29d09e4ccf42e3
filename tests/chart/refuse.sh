#!/usr/bin/env bash
# Wrong values are refused, each for the reason that is wrong with it, and right values that look
# unusual are not.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC1091
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

count=0
mkdir "$SCRATCH/examples"

render() {
  helm template icr-pull-secrets "$CHART" --namespace icr-pull-secrets --values "$SCRATCH/values.yaml" \
    ${kubernetes:+--kube-version "$kubernetes"} >"$SCRATCH/out" 2>&1
}

# refuse TITLE WHERE REASON <VALUES: both WHERE and REASON must stand in one line of the answer.
# With of_chart=yes it is the chart's own reason, about rights or pods, and not the operator's.
refuse() {
  cat >"$SCRATCH/values.yaml"
  say "refused: $1"
  count=$((count + 1))
  [ -n "${of_chart:-}" ] || cp "$SCRATCH/values.yaml" "$SCRATCH/examples/refused-$count"
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
  cp "$SCRATCH/values.yaml" "$SCRATCH/examples/accepted-$count"
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
refuse "unknown key in optIn" "at '/config/optIn'" "additional properties 'labels' not allowed" <<<'config: {optIn: {labels: {}}}'
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
refuse "a dozen replicas" "at '/replicaCount'" "maximum: got 12, want 10" <<<'replicaCount: 12'
of_chart=yes refuse "several replicas and no election" "deployment.yaml" "replicaCount is 2 and config.leaderElection.enabled isn't true" <<<'config: {leaderElection: {enabled: false}}'
refuse "a budget of nothing" "at '/podDisruptionBudget/maxUnavailable'" "minimum: got 0, want 1" <<<'podDisruptionBudget: {maxUnavailable: 0}'
refuse "a budget of nothing in a hundred" "at '/podDisruptionBudget/maxUnavailable'" "does not match pattern" <<<'podDisruptionBudget: {maxUnavailable: 0%}'
refuse "a test that nobody can wait for" "at '/helmTest/timeoutSeconds'" "minimum: got 0, want 10" <<<'helmTest: {timeoutSeconds: 0}'
refuse "port 0" "at '/metrics/service/port'" "minimum: got 0, want 1" <<<'metrics: {service: {port: 0}}'
refuse "no worker" "at '/config/workers'" "minimum: got 0, want 1" <<<'config: {workers: 0}'
refuse "65 workers" "at '/config/workers'" "maximum: got 65, want 64" <<<'config: {workers: 65}'
refuse "negative grace period" "at '/terminationGracePeriodSeconds'" "minimum: got -1, want 0" <<<'terminationGracePeriodSeconds: -1'

# Around it: leader election, metrics, the test.
refuse "unknown key in leaderElection" "at '/config/leaderElection'" "additional properties 'leaseName' not allowed" <<<'config: {leaderElection: {leaseName: a}}'
refuse "leaderElection as a word" "at '/config/leaderElection'" "got boolean, want object" <<<'config: {leaderElection: true}'
refuse "a lease of a number" "at '/config/leaderElection/leaseDuration'" "got number, want string" <<<'config: {leaderElection: {leaseDuration: 15}}'
refuse "a lease of half a second" "at '/config/leaderElection/leaseDuration'" "does not match pattern" <<<'config: {leaderElection: {leaseDuration: 500ms}}'
refuse "a spread over nothing" "at '/topologySpreadConstraints/0'" "missing property 'topologyKey'" <<<'topologySpreadConstraints: [{maxSkew: 1, whenUnsatisfiable: ScheduleAnyway}]'
refuse "unknown key in a monitor" "at '/metrics/serviceMonitor'" "additional properties 'enable' not allowed" <<<'metrics: {serviceMonitor: {enable: true}}'
refuse "an interval without a unit" "at '/metrics/podMonitor/interval'" "does not match pattern" <<<'metrics: {podMonitor: {interval: "30"}}'
refuse "both monitors" "podmonitor.yaml" "would be counted twice" <<<'metrics: {serviceMonitor: {enabled: true}, podMonitor: {enabled: true}}'
refuse "a label of alerts that Prometheus refuses" "at '/metrics/prometheusRule/alertLabels'" "additional properties 'a.b' not allowed" <<<'metrics: {prometheusRule: {alertLabels: {a.b: c}}}'
refuse "an alert that isn't there" "prometheusrule.yaml" 'there is no alert "Watchdog"' <<<'metrics: {prometheusRule: {enabled: true, disabled: [Watchdog]}}'
refuse "no alert at all" "prometheusrule.yaml" "names all alerts" \
  < <(printf 'metrics: {prometheusRule: {enabled: true, disabled: [%s]}}\n' "$(sed -n 's/.*- alert: //p' "$CHART/files/alerts.yaml" | paste -sd,)")
refuse "the test in a namespace that can't be" "at '/helmTest/namespace'" "does not match pattern" <<<'helmTest: {namespace: a.b}'

# One of a few words.
refuse "another apiVersion" "at '/config/apiVersion'" "value must be 'icr-pull-secrets/v1alpha1'" <<<'config: {apiVersion: icr-pull-secrets/v1}'
refuse "another kind" "at '/config/kind'" "value must be 'OperatorConfiguration'" <<<'config: {kind: ConfigMap}'
refuse "unknown endpoints" "at '/config/endpoints'" "value must be one of 'public', 'private', 'all'" <<<'config: {endpoints: both}'
refuse "endpoints in capitals" "at '/config/endpoints'" "value must be one of 'public', 'private', 'all'" <<<'config: {endpoints: Public}'
refuse "conflict: overwrite" "at '/config/conflict'" "value must be one of 'skip', 'adopt'" <<<'config: {conflict: overwrite}'
refuse "unknown optIn.mode" "at '/config/optIn/mode'" "value must be one of 'annotation', 'selector', 'all'" <<<'config: {optIn: {mode: some}}'
refuse "unknown attach" "at '/config/attach'" "value must be one of 'serviceAccounts', 'podsOnly'" <<<'config: {attach: pods}'
refuse "unknown podAdmission" "at '/podAdmission'" "value must be one of 'auto', 'on', 'off'" <<<'podAdmission: always'
refuse "a retired name that no credential can have" "at '/config/retired/0'" "does not match pattern" <<<'config: {retired: [Old_Team]}'
refuse "a Secret's name that can't be one" "at '/config/credentials/0/secretName'" "does not match pattern" < <(credential "{name: a, secretName: A_b, $key}")
refuse "a Secret's name that is too long" "at '/config/credentials/0/secretName'" "maxLength: got 254, want 253" < <(credential "{name: a, secretName: $(printf 'a%.0s' {1..254}), $key}")
refuse "the name of a state" "at '/config/credentials/0/secretName'" "'not' failed" < <(credential "{name: a, secretName: icr-pull-secrets-state-a, $key}")
refuse "another credential's Secret" "config.credentials" "every credential needs a name and a secretName of its own" <<<"config: {credentials: [{name: a, $key}, {name: b, secretName: icr-a, $key}]}"
refuse "one name for two credentials" "config.credentials" 'two credentials are called "a"' <<<"config: {credentials: [{name: a, $key}, {name: a, secretName: b, $key}]}"
refuse "the name of a source" "config.credentials" 'the Secret "icr-api-key" can'"'"'t be a source' < <(credential "{name: a, secretName: icr-api-key, $key}")
refuse "a retired Secret of a credential" "config.retired" 'Secrets called "icr-default" stand there twice' <<<'config: {retired: [{name: old, secretName: icr-default}]}'
refuse "a credential as a retired one" "config.retired" '"default" is a credential of config.credentials' <<<"config: {credentials: [{name: default, secretName: b, $key}], retired: [default]}"
refuse "a retired Secret without a credential" "at '/config/retired/0'" "missing property 'name'" <<<'config: {retired: [{secretName: a}]}'
accept "a Secret with a name of its own, and what it was called before" <<<"config: {credentials: [{name: default, secretName: a.b-c, $key}], retired: [{name: default, secretName: icr-default}, {name: default, secretName: d}, old]}"
refuse "a retired name twice" "at '/config/retired'" "items at 0 and 1 are equal" <<<'config: {retired: [old, old]}'
refuse "cleanup.onUninstall that is neither" "at '/cleanup/onUninstall'" "value must be one of" <<<'cleanup: {onUninstall: sometimes}'
refuse "a clean-up without time" "at '/cleanup/timeoutSeconds'" "minimum: got 0, want 60" <<<'cleanup: {timeoutSeconds: 0}'
refuse "a clean-up now, while the operator runs" "cleanup.now removes every pull secret" "set replicaCount to 0, too" <<<'cleanup: {now: true}'
refuse "a probe that asks something else" "at '/livenessProbe'" "additional properties 'httpGet' not allowed" <<<'livenessProbe: {httpGet: {path: /}}'
refuse "an address with a port" "at '/listenAddress'" "does not match pattern" <<<'listenAddress: "0.0.0.0:9090"'
refuse "a registry for all charts with a scheme" "at '/global/imageRegistry'" "does not match pattern" <<<'global: {imageRegistry: "https://us.icr.io/"}'
refuse "a tag with half a digest" "at '/image/tag'" "does not match pattern" <<<'image: {tag: "1@sha256:abc"}'
refuse "unknown log level" "at '/config/log/level'" "value must be one of 'debug', 'info', 'warn', 'error'" <<<'config: {log: {level: trace}}'
refuse "unknown log format" "at '/config/log/format'" "value must be one of 'auto', 'json', 'text'" <<<'config: {log: {format: xml}}'
refuse "unknown pull policy" "at '/image/pullPolicy'" "value must be one of" <<<'image: {pullPolicy: Sometimes}'

# Credentials.
refuse "no credentials" "at '/config/credentials'" "minItems: got 0, want 1" <<<'config: {credentials: []}'
refuse "credentials taken away" "at '/config'" "missing property 'credentials'" <<<'config: {credentials: null}'
refuse "credential without a name" "at '/config/credentials/0'" "missing property 'name'" < <(credential "{$key}")
refuse "credential without a source" "at '/config/credentials/0'" "missing property 'apiKey'" < <(credential '{name: a}')
refuse "credential with two sources" "at '/config/credentials/0'" "'oneOf' failed, subschemas 0, 3 matched" \
  < <(credential "{name: a, $key, trustedProfile: {id: Profile-1}}")
refuse "source that nobody knows" "at '/config/credentials/0'" "additional properties 'vault' not allowed" \
  < <(credential '{name: a, vault: {id: Profile-1}}')
refuse "the key itself in the place of its source" "at '/config/credentials/0/apiKey'" "got string, want object" < <(credential '{name: a, apiKey: not-a-real-key}')
refuse "apiKey without secretRef" "at '/config/credentials/0/apiKey'" "missing property 'secretRef'" < <(credential '{name: a, apiKey: {}}')
refuse "secretRef without key" "at '/config/credentials/0/apiKey/secretRef'" "missing property 'key'" < <(credential '{name: a, apiKey: {secretRef: {name: b}}}')
refuse "secretRef with an empty name" "at '/config/credentials/0/apiKey/secretRef/name'" "does not match pattern" < <(credential '{name: a, apiKey: {secretRef: {name: "", key: c}}}')
refuse "secretRef with a name no Secret can have" "at '/config/credentials/0/apiKey/secretRef/name'" "does not match pattern" < <(credential '{name: a, apiKey: {secretRef: {name: A_B, key: c}}}')
refuse "secretRef with a key no Secret can have" "at '/config/credentials/0/apiKey/secretRef/key'" "does not match pattern" < <(credential '{name: a, apiKey: {secretRef: {name: b, key: "c d"}}}')

# The other sources.
refuse "accessToken without apiKey" "at '/config/credentials/0/accessToken'" "missing property 'apiKey'" < <(credential '{name: a, accessToken: {}}')
refuse "the key itself for a refreshToken" "at '/config/credentials/0/refreshToken/apiKey'" "got string, want object" \
  < <(credential '{name: a, refreshToken: {apiKey: not-a-real-key}}')
for id in "''" Profile- 'Profile-1 2' Profile_1 iam-ServiceId-1; do
  refuse "trusted profile with the id $id" "at '/config/credentials/0/trustedProfile/id'" "does not match pattern" \
    < <(credential "{name: a, trustedProfile: {id: $id}}")
done
refuse "trusted profile without an id" "at '/config/credentials/0/trustedProfile'" "missing property 'id'" < <(credential '{name: a, trustedProfile: {}}')
refuse "token file without a path" "at '/config/credentials/0/trustedProfile/tokenFile'" "does not match pattern" \
  < <(credential '{name: a, trustedProfile: {id: Profile-1, tokenFile: token}}')
refuse "profileKey without a Secret" "at '/config/credentials/0/profileKey'" "missing property 'secretRef'" < <(credential '{name: a, profileKey: {id: Profile-1}}')

# service_id LINE: a credential of a service ID with these further keys.
service_id() {
  credential "{name: a, serviceId: {iamId: iam-ServiceId-1, accountId: 0a, $1}}"
}
manager='manager: {apiKey: {secretRef: {name: m, key: k}}}'
refuse "service ID without a manager" "at '/config/credentials/0/serviceId'" "missing property 'manager'" < <(service_id 'overlap: 1h')
refuse "service ID with two managers" "at '/config/credentials/0/serviceId/manager'" "'oneOf' failed, subschemas 0, 1 matched" \
  < <(service_id 'manager: {apiKey: {secretRef: {name: m, key: k}}, trustedProfile: {id: Profile-1}}')
refuse "service ID by its other id" "at '/config/credentials/0/serviceId/iamId'" "does not match pattern" \
  < <(credential "{name: a, serviceId: {iamId: ServiceId-1, accountId: 0a, $manager}}")
refuse "account with a hyphen" "at '/config/credentials/0/serviceId/accountId'" "does not match pattern" \
  < <(credential "{name: a, serviceId: {iamId: iam-ServiceId-1, accountId: 0-a, $manager}}")
refuse "seconds as a number" "at '/config/credentials/0/serviceId/rotateEvery'" "got number, want string" < <(service_id "rotateEvery: 3600, $manager")
for duration in 30d 1.5h '1h 30m' 30m1h 1h1h -1h h "''" 100ms; do
  refuse "duration $duration" "at '/config/credentials/0/serviceId/overlap'" "does not match pattern" < <(service_id "overlap: $duration, $manager")
done

password='password: {secretRef: {name: b, key: c}}'
refuse "basic without hosts" "at '/config/credentials/0/basic'" "missing property 'hosts'" < <(credential "{name: a, basic: {username: cp, $password}}")
refuse "basic for no host" "at '/config/credentials/0/basic/hosts'" "minItems: got 0, want 1" < <(credential "{name: a, basic: {username: cp, hosts: [], $password}}")
refuse "basic for a URL" "at '/config/credentials/0/basic/hosts/0'" "does not match pattern" < <(credential "{name: a, basic: {username: cp, hosts: ['https://cp.icr.io'], $password}}")
refuse "user name with a colon" "at '/config/credentials/0/basic/username'" "does not match pattern" < <(credential "{name: a, basic: {username: 'a:b', hosts: [cp.icr.io], $password}}")
refuse "user name that is empty" "at '/config/credentials/0/basic/username'" "does not match pattern" < <(credential "{name: a, basic: {username: '', hosts: [cp.icr.io], $password}}")
refuse "the password itself" "at '/config/credentials/0/basic/password'" "got string, want object" < <(credential '{name: a, basic: {username: cp, hosts: [cp.icr.io], password: x}}')
refuse "basic with regions" "at '/config/credentials/0/regions'" "false schema" < <(credential "{name: a, basic: {username: cp, hosts: [cp.icr.io], $password}, regions: [all]}")

# Limits.
refuse "namespaces as text" "at '/config/credentials/0/namespaces'" "got string, want array or object" < <(credential "{name: a, $key, namespaces: '*'}")
refuse "no namespace" "at '/config/credentials/0/namespaces'" "minItems: got 0, want 1" < <(credential "{name: a, $key, namespaces: []}")
refuse "namespace in capitals" "at '/config/credentials/0/namespaces/0'" "does not match pattern" < <(credential "{name: a, $key, namespaces: [Shop]}")
refuse "namespace with a dot" "at '/config/credentials/0/namespaces/0'" "does not match pattern" < <(credential "{name: a, $key, namespaces: ['a.*']}")
refuse "selector that selects nothing in particular" "at '/config/credentials/0/namespaces'" "minProperties: got 0, want 1" < <(credential "{name: a, $key, namespaces: {}}")
refuse "unknown key in a selector" "at '/config/credentials/0/namespaces'" "additional properties 'labels' not allowed" < <(credential "{name: a, $key, namespaces: {labels: {}}}")
refuse "label's key with two slashes" "at '/config/credentials/0/namespaces/matchLabels'" "additional properties 'a/b/c' not allowed" < <(credential "{name: a, $key, namespaces: {matchLabels: {a/b/c: d}}}")
refuse "label's value with a blank" "at '/config/credentials/0/namespaces/matchLabels/a'" "does not match pattern" < <(credential "{name: a, $key, namespaces: {matchLabels: {a: b c}}}")
refuse "unknown operator" "at '/config/credentials/0/namespaces/matchExpressions/0/operator'" "value must be one of" \
  < <(credential "{name: a, $key, namespaces: {matchExpressions: [{key: a, operator: Is}]}}")
refuse "In without values" "at '/config/credentials/0/namespaces/matchExpressions/0'" "missing property 'values'" \
  < <(credential "{name: a, $key, namespaces: {matchExpressions: [{key: a, operator: In}]}}")
refuse "Exists with values" "at '/config/credentials/0/namespaces/matchExpressions/0/values'" "maxItems: got 1, want 0" \
  < <(credential "{name: a, $key, namespaces: {matchExpressions: [{key: a, operator: Exists, values: [b]}]}}")
refuse "no region" "at '/config/credentials/0/regions'" "minItems: got 0, want 1" < <(credential "{name: a, $key, regions: []}")
refuse "the version of an API as a registry namespace" "at '/config/credentials/0/registryNamespaces/0'" "'not' failed" < <(credential "{name: a, $key, registryNamespaces: [v2]}")
refuse "a Secret that Kubernetes would not take" "config.credentials" "makes Secrets of up to" \
  < <(credential "{name: a, accessToken: {$key}, registryNamespaces: [$(printf 'n%d, ' {1..9})m]}")
accept "one that it takes" < <(credential "{name: a, accessToken: {$key}, regions: [us-south, eu-de], registryNamespaces: [$(printf 'n%d, ' {1..9})m]}")
refuse "region none" "at '/config/credentials/0/regions/0'" "'not' failed" < <(credential "{name: a, $key, regions: [none]}")
refuse "two regions in one entry" "at '/config/credentials/0/regions/0'" "does not match pattern" < <(credential "{name: a, $key, regions: ['us-south,eu-de']}")
refuse "all beside another region" "at '/config/credentials/0/regions'" "maxItems: got 2, want 1" < <(credential "{name: a, $key, regions: [all, eu-de]}")
refuse "registry namespace with a slash" "at '/config/credentials/0/registryNamespaces/0'" "does not match pattern" < <(credential "{name: a, $key, registryNamespaces: [team/]}")
refuse "registry namespace in capitals" "at '/config/credentials/0/registryNamespaces/0'" "does not match pattern" < <(credential "{name: a, $key, registryNamespaces: [Team]}")
refuse "probe image without a host" "at '/config/credentials/0/probeImage'" "does not match pattern" < <(credential "{name: a, $key, probeImage: 'team/app:1'}")
refuse "probe image with a URL" "at '/config/credentials/0/probeImage'" "does not match pattern" < <(credential "{name: a, $key, probeImage: 'https://us.icr.io/team/app:1'}")

# IAM, registries, proof.
refuse "IAM without encryption" "at '/config/iam/endpoint'" "does not match pattern" <<<'config: {iam: {endpoint: "http://iam.cloud.ibm.com"}}'
refuse "IAM with a path" "at '/config/iam/endpoint'" "does not match pattern" <<<'config: {iam: {endpoint: "https://iam.cloud.ibm.com/identity"}}'
refuse "IAM with a user" "at '/config/iam/endpoint'" "does not match pattern" <<<'config: {iam: {endpoint: "https://me@iam.cloud.ibm.com"}}'
refuse "IAM by a word" "at '/config/iam/endpoint'" "does not match pattern" <<<'config: {iam: {endpoint: vpe}}'
refuse "a proxy with a password" "at '/config/proxy/url'" "does not match pattern" <<<'config: {proxy: {url: "http://me:secret@proxy:3128"}}'
refuse "a proxy by SOCKS" "at '/config/proxy/url'" "does not match pattern" <<<'config: {proxy: {url: "socks5://proxy:1080"}}'
refuse "a proxy without an address" "at '/config/proxy'" "missing property 'url'" <<<'config: {proxy: {noProxy: [.svc]}}'
refuse "a proxy for IAM" "at '/config/iam'" "additional properties 'proxy' not allowed" <<<'config: {iam: {proxy: "http://proxy:3128"}}'
refuse "certificates of IAM by a relative path" "at '/config/iam/caFile'" "does not match pattern" <<<'config: {iam: {caFile: ca.pem}}'
refuse "certificates of registries in a folder" "at '/config/registry/caFile'" "does not match pattern" <<<'config: {registry: {caFile: /etc/ca/}}'
refuse "unknown proof" "at '/config/proof'" "value must be one of" <<<'config: {proof: optional}'
refuse "proof: true" "at '/config/proof'" "value must be one of" <<<'config: {proof: true}'
refuse "liveness as a word" "at '/config/liveness'" "got boolean, want object" <<<'config: {liveness: false}'
refuse "unknown key in liveness" "at '/config/liveness'" "additional properties 'election' not allowed" <<<'config: {liveness: {election: 1m}}'
refuse "a limit of a number" "at '/config/liveness/watch'" "got number, want string" <<<'config: {liveness: {watch: 600}}'
refuse "rescue: true" "at '/rescue'" "got boolean, want object" <<<'rescue: true'
refuse "rescue as text" "at '/rescue/enabled'" "got string, want boolean" <<<'rescue: {enabled: "true"}'
refuse "rescue after a number" "at '/config/rescue/after'" "got number, want string" <<<'config: {rescue: {after: 10}}'
refuse "unknown key in rescue" "at '/config/rescue'" "additional properties 'every' not allowed" <<<'config: {rescue: {every: 1h}}'
of_chart=yes refuse "rescue without the rights" "rescue.enabled is false" "config.rescue.enabled is true" <<<'config: {rescue: {enabled: true}}'
of_chart=yes refuse "the rights without rescue" "rescue.enabled is true" "config.rescue.enabled is false" <<<'{rescue: {enabled: true}, config: {rescue: {enabled: false}}}'
refuse "token that lives for two hours" "at '/serviceAccountToken/expirationSeconds'" "maximum: got 7,200, want 3,600" <<<'serviceAccountToken: {expirationSeconds: 7200}'
refuse "token that lives for a minute" "at '/serviceAccountToken/expirationSeconds'" "minimum: got 60, want 600" <<<'serviceAccountToken: {expirationSeconds: 60}'
refuse "token for nobody" "at '/serviceAccountToken/audience'" "minLength: got 0, want 1" <<<'serviceAccountToken: {audience: ""}'

# Names.
for name in "''" Default team_a team.a -a a- '"*"' 'a b'; do
  refuse "credential called $name" "at '/config/credentials/0/name'" "does not match pattern" < <(credential "{name: $name, $key}")
done
refuse "credential whose Secret's name would be too long" "at '/config/credentials/0/name'" "maxLength: got 60, want 59" < <(credential "{name: a$long59, $key}")
refuse "credential that would write the operator's own state" "at '/config/credentials/0/name'" "'not' failed" < <(credential "{name: pull-secrets-state-a, $key}")
refuse "the operator's own state as a source" "at '/config/credentials/0/apiKey/secretRef/name'" "'not' failed" \
  < <(credential '{name: a, apiKey: {secretRef: {name: icr-pull-secrets-state-b, key: c}}}')
refuse "two credentials of one name" "config.credentials" "every credential needs a name and a secretName of its own" < <(credential "{name: a, $key}, {name: a, $key}")
of_chart=yes refuse "source with the name of a Secret that is written" "config.credentials" 'the Secret "icr-api-key" can'"'"'t be a source' < <(credential "{name: api-key, $key}")

# Regions, service accounts.
refuse "region with a URL for a host" "at '/config/regions/eu-xx'" "does not match pattern" <<<'config: {regions: {eu-xx: "https://xx.icr.io"}}'
refuse "region with a path" "at '/config/regions/eu-xx'" "does not match pattern" <<<'config: {regions: {eu-xx: xx.icr.io/team}}'
refuse "region with a host of one part" "at '/config/regions/eu-xx'" "does not match pattern" <<<'config: {regions: {eu-xx: xx}}'
refuse "region without a host" "at '/config/regions/eu-xx'" "does not match pattern" <<<'config: {regions: {eu-xx: ""}}'
refuse "region in capitals" "at '/config/regions'" "additional properties 'EU-XX' not allowed" <<<'config: {regions: {EU-XX: xx.icr.io}}'
refuse "region called all" "at '/config/regions/all'" "false schema" <<<'config: {regions: {all: xx.icr.io}}'
refuse "region by its old name" "at '/config/regions/eu-central'" "false schema" <<<'config: {regions: {eu-central: xx.icr.io}}'
refuse "opt-in of all, without regions" "at '/config/optIn'" "missing property 'regions'" <<<'config: {optIn: {mode: all}}'
refuse "opt-in by label, without a selector" "at '/config/optIn'" "missing property 'selector'" <<<'config: {optIn: {mode: selector, regions: [us-south]}}'
refuse "opt-in of all, with a selector" "at '/config/optIn/selector'" "false schema" \
  <<<'config: {optIn: {mode: all, regions: [us-south], selector: {matchLabels: {a: b}}}}'
refuse "opt-in by annotation, with regions" "at '/config/optIn/regions'" "false schema" <<<'config: {optIn: {mode: annotation, regions: [us-south]}}'
refuse "opt-in with regions: none" "at '/config/optIn/regions/0'" "'not' failed" <<<'config: {optIn: {mode: all, regions: [none]}}'
refuse "opt-in that excludes a name no namespace has" "at '/config/optIn/exclude/0'" "does not match pattern" \
  <<<'config: {optIn: {mode: all, regions: [us-south], exclude: [kube.*]}}'
of_chart=yes refuse "attach: podsOnly, and podAdmission off" "config.attach is podsOnly" "podAdmission is off" <<<'{podAdmission: off, config: {attach: podsOnly}}'
refuse "opt-in without a mode" "at '/config/optIn'" "missing property 'mode'" <<<'config: {optIn: {mode: null}}'
refuse "service account in capitals" "at '/config/serviceAccounts/0'" "does not match pattern" <<<'config: {serviceAccounts: [Default]}'
refuse "service account without a name" "at '/config/serviceAccounts/0'" "does not match pattern" <<<'config: {serviceAccounts: [""]}'
refuse "service account that ends in a dot" "at '/config/serviceAccounts/0'" "does not match pattern" <<<'config: {serviceAccounts: [default.]}'
refuse "none in a list of service accounts" "at '/config/serviceAccounts/1'" "'not' failed" <<<'config: {serviceAccounts: [default, none]}'

# What a schema can't say.
refuse "region that nobody knows, in a limit" 'the credential "a"' 'nobody knows the region "us-sooth"' < <(credential "{name: a, $key, regions: [us-south, us-sooth]}")
refuse "region that nobody knows, for those who say nothing" "config.optIn.regions" 'nobody knows the region "nowhere"' <<<'config: {optIn: {mode: all, regions: [nowhere]}}'
refuse "a lease as long as its renewal" "config.leaderElection" "leaseDuration must be longer than renewDeadline" <<<'config: {leaderElection: {leaseDuration: 10s}}'
refuse "a renewal without a second try" "config.leaderElection" "at least twice retryPeriod" <<<'config: {leaderElection: {renewDeadline: 3s}}'
refuse "a lease of a day" "config.leaderElection.leaseDuration is 24h" "accepted: 1s to 1h" <<<'config: {leaderElection: {leaseDuration: 24h}}'
refuse "a watch that may never be silent" "config.liveness.watch is 5s" "accepted: 10s to 24h" <<<'config: {liveness: {watch: 5s}}'
refuse "a rescue after a day" "config.rescue.after is 24h" "accepted: 1s to 1h" <<<'config: {rescue: {after: 24h}}'
refuse "an overlap as long as a key lives" 'the credential "a"' "overlap must be shorter than rotateEvery" < <(service_id "rotateEvery: 2h, overlap: 120m, $manager")
refuse "an overlap longer than the default" 'the credential "a"' "overlap must be shorter than rotateEvery" < <(service_id "rotateEvery: 1h, $manager")
refuse "a rotation each second" "rotateEvery is 1s" "accepted: 1m to 8760h" < <(service_id "rotateEvery: 1s, overlap: 1s, $manager")
refuse "an IAM that takes a day" "propagation is 24h" "accepted: 1s to 1h" < <(service_id "propagation: 24h, $manager")
refuse "a cluster-wide opt-in without its credential" "config.optIn" 'the credential "default"' \
  <<<'config: {optIn: {mode: all, regions: [us-south]}, credentials: [{name: a, apiKey: {secretRef: {name: b, key: c}}}]}'
accept "a region of one's own, in a limit" <<<'config: {regions: {eu-xx: xx.icr.io}, credentials: [{name: a, apiKey: {secretRef: {name: b, key: c}}, regions: [EU-XX, xx.icr.io, private.xx.icr.io]}]}'
accept "durations in the order that they must have" <<<'config: {leaderElection: {leaseDuration: 1h, renewDeadline: 59m59s, retryPeriod: 29m}, liveness: {watch: 10s, worker: 24h}, rescue: {after: 1h}}'

# Around the configuration.
refuse "digest that is none" "at '/image/digest'" "does not match pattern" <<<'image: {digest: latest}'
refuse "image with a space" "at '/image/repository'" "does not match pattern" <<<'image: {repository: "us.icr.io/a b"}'
refuse "tag in the repository's place" "at '/image/tag'" "does not match pattern" <<<'image: {tag: "a:b"}'
refuse "volume without a name" "at '/extraVolumes/0'" "missing property 'name'" <<<'extraVolumes: [{emptyDir: {}}]'
refuse "apiKey.create without a value" "apikey-secret.yaml" "apiKey.create needs the key in apiKey.value" <<<'apiKey: {create: true}'
refuse "apiKey.create with an empty file" "apikey-secret.yaml" "apiKey.create needs the key in apiKey.value" <<<'apiKey: {create: true, value: "\n"}'
refuse "apiKey.value without apiKey.create" "apikey-secret.yaml" "apiKey.value is used only together with apiKey.create=true" <<<'apiKey: {value: not-a-real-key}'

refuse "fence that is neither on nor off" "at '/fence/enabled'" "value must be one of" <<<'fence: {enabled: maybe}'
refuse "fence that isn't a map" "at '/fence'" "got string, want object" <<<'fence: auto'
refuse "network without ports" "at '/networkPolicy/ports'" "minItems: got 0, want 1" <<<'networkPolicy: {ports: []}'
refuse "port by its name" "at '/networkPolicy/ports/0'" "got string, want integer" <<<'networkPolicy: {ports: [https]}'
refuse "port that is none" "at '/networkPolicy/dnsPorts/0'" "maximum: got 65,536, want 65,535" <<<'networkPolicy: {dnsPorts: [65536]}'

# What is unusual and right.
accept "no values at all" <<<'{}'
accept "the longest name of a credential" < <(credential "{name: $long59, $key}")
accept "a credential that is called like a number" < <(credential "{name: '1', $key}")
accept "limits that limit nothing" < <(credential "{name: a, $key, namespaces: ['*'], regions: [all], registryNamespaces: []}")
accept "globs over namespaces" < <(credential "{name: a, $key, namespaces: [shop, 'team-*', '?', '*-ci']}")
accept "labels with and without a prefix" < <(credential "{name: a, $key, namespaces: {matchLabels: {a: '', b.c/d: E_f.g}, matchExpressions: [{key: x, operator: Exists, values: []}]}}")
accept "regions by every kind of name" < <(credential "{name: a, $key, regions: [us-south, EU-Central, private.jp.icr.io, registry.bluemix.net, global]}")
accept "old and short registry namespaces" < <(credential "{name: a, $key, registryNamespaces: [ibm, a_b-c.d]}")
accept "a probe image by digest" < <(credential "{name: a, $key, probeImage: 'us.icr.io/team/app@sha256:$(printf 'a%.0s' {1..64})'}")
for duration in 1h 1h30m 90s 1h0m5s 0720h; do
  accept "duration $duration" < <(service_id "rotateEvery: $duration, overlap: 1s, $manager")
done
accept "IAM at an IPv6 address" <<<'config: {iam: {endpoint: "https://[fd00::1]:8443"}}'
accept "a proxy" <<<'config: {proxy: {url: "http://proxy.example:3128", noProxy: [.svc, 10.0.0.0/8, "us.icr.io:443"], credentialsFile: /etc/icr-proxy/login}}'
accept "no proxy, whatever the environment says" <<<'config: {proxy: {url: none}}'
accept "IAM at an address" <<<'config: {iam: {endpoint: "https://IAM.example.com:8443", caFile: /etc/ca/ca.pem}, registry: {caFile: /etc/ca/ca.pem}}'
accept "podAdmission: on and off, which YAML takes for true and false" <<<'podAdmission: on'
accept "podAdmission: off" <<<'podAdmission: off'
accept "opt-in of all, with nothing excluded" <<<'config: {optIn: {mode: all, regions: [us-south, eu-central, de.icr.io], exclude: []}}'
accept "opt-in by label" <<<'config: {optIn: {mode: selector, selector: {matchLabels: {a: b}}, regions: [ALL]}}'
accept "attach: podsOnly, and podAdmission on" <<<'{podAdmission: on, config: {attach: podsOnly}}'
accept "proof: off, which YAML takes for false" <<<'config: {proof: off}'
accept "fence: off, which YAML takes for false" <<<'fence: {enabled: off}'
accept "globs over service accounts" <<<'config: {serviceAccounts: ["build-*", "*.ci", "runner-?", "a.b-c"]}'
accept "no service account by default" <<<'config: {serviceAccounts: []}'
accept "all service accounts" <<<'config: {serviceAccounts: ["*"]}'
accept "a host with a port" <<<'config: {regions: {test: "registry.test:5000"}}'
accept "no replica, to stop the operator for a while" <<<'replicaCount: 0'
accept "a chart that has this one as a dependency" <<<'global: {imageRegistry: us.icr.io}'
accept "a dependency with its condition and pull secrets for all charts" <<<'{enabled: true, global: {imageRegistry: "us.icr.io:443/a", imagePullSecrets: [a, {name: b}], more: {}}}'
accept "a tag with its digest" <<<"image: {tag: '0.1.0@sha256:$(printf 'a%.0s' {1..64})'}"
accept "a long name with dots" <<<"fullnameOverride: '$(printf 'a%.0s' {1..70}).b'"
accept "Events for what went well" <<<'config: {events: {success: true}}'
accept "a clean-up when nobody knows of a cluster" <<<'cleanup: {onUninstall: "true"}'
accept "everything removed now" <<<'{cleanup: {now: true}, replicaCount: 0}'
accept "no security context, for platforms that assign one" <<<'{podSecurityContext: null, securityContext: null, resources: null}'

# The version of Kubernetes.
kubernetes=1.30.14 refuse "Kubernetes 1.30" "kubeVersion" "incompatible with Kubernetes v1.30.14" <<<'{}'
for version in 1.31.0 1.33.4-eks-1a2b3c 1.34.1+IKS 1.37.2; do
  kubernetes=$version accept "Kubernetes $version" <<<'{}'
done

say "$count sets of values"

if [ -n "${1:-}" ]; then
  say "the operator says the same"
  "$CHART_TEST_PYTHON" "$ROOT/tests/chart/agree.py" "$1/icr-pull-secrets" "$SCRATCH/examples"
fi
