{{/*
The chart's name, in labels.
*/}}
{{- define "icr-pull-secrets.name" -}}
{{- default .Chart.Name .Values.nameOverride | replace "." "-" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/*
The name of every object of the release: the release's name alone when it says what it is
already. 63 characters, because it's used as a label value too, and no dots, which a release's name may
have and a Service's may not.
*/}}
{{- define "icr-pull-secrets.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- $full := .Values.fullnameOverride | default (contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name)) }}
{{- $full | replace "." "-" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/*
The labels that tell this release's pods from others. They can't be changed after installation,
so nothing that a user may set is in them but the two names.
*/}}
{{- define "icr-pull-secrets.selectorLabels" -}}
app.kubernetes.io/name: {{ include "icr-pull-secrets.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{/*
The labels of every object. Merged as a map, because commonLabels may repeat one of ours: ours
stays, and the key isn't written twice.
*/}}
{{- define "icr-pull-secrets.labels" -}}
{{- $ours := include "icr-pull-secrets.selectorLabels" . | fromYaml }}
{{- $_ := set $ours "app.kubernetes.io/version" .Chart.AppVersion }}
{{- $_ := set $ours "app.kubernetes.io/component" "operator" }}
{{- $_ := set $ours "app.kubernetes.io/part-of" .Chart.Name }}
{{- $_ := set $ours "app.kubernetes.io/managed-by" .Release.Service }}
{{- $_ := set $ours "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-") }}
{{- merge $ours (.Values.commonLabels | default dict) | toYaml }}
{{- end }}

{{- define "icr-pull-secrets.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "icr-pull-secrets.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{/*
The image's repository. A registry for all charts, global.imageRegistry, takes the place of its host.
*/}}
{{- define "icr-pull-secrets.repository" -}}
{{- $host := include "icr-pull-secrets.imageHost" . }}
{{- $registry := dig "imageRegistry" "" (.Values.global | default dict) | default $host }}
{{- $path := not $host | ternary .Values.image.repository (trimPrefix (printf "%s/" $host) .Values.image.repository) }}
{{- not $registry | ternary $path (printf "%s/%s" (trimSuffix "/" $registry) $path) }}
{{- end }}

{{/*
The host in image.repository; empty when there is none, and the container runtime takes its own default.
*/}}
{{- define "icr-pull-secrets.imageHost" -}}
{{- $parts := splitList "/" .Values.image.repository }}
{{- $first := first $parts }}
{{- if and (gt (len $parts) 1) (or (contains "." $first) (contains ":" $first) (eq $first "localhost")) }}
{{- $first }}
{{- end }}
{{- end }}

{{/*
The image reference. A digest says exactly which image, so a tag beside it could only mislead. A tag may
carry its digest: 0.1.0@sha256:…
*/}}
{{- define "icr-pull-secrets.image" -}}
{{- $repository := include "icr-pull-secrets.repository" . }}
{{- if .Values.image.digest }}
{{- printf "%s@%s" $repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" $repository (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}

{{/*
Not empty when rescue is on. There is no such value when helm upgrade keeps the values of a release
that didn't know it yet.
*/}}
{{- define "icr-pull-secrets.rescue" -}}
{{- if dig "enabled" false (.Values.rescue | default dict) }}yes{{ end }}
{{- end }}

{{/*
The operator's configuration file: the value config, and what other values add to it. The value
rescue.enabled grants the rights as well, so the file can't say something else.
*/}}
{{- define "icr-pull-secrets.config" -}}
{{- $config := deepCopy .Values.config }}
{{- $enabled := include "icr-pull-secrets.rescue" . | eq "yes" }}
{{- $rescue := $config.rescue | default dict }}
{{- if not (hasKey $rescue "enabled") }}
{{- if $enabled }}
{{- $_ := set $config "rescue" (merge (dict "enabled" true) $rescue) }}
{{- end }}
{{- else if ne $rescue.enabled $enabled }}
{{- fail (printf "rescue.enabled is %t and config.rescue.enabled is %t: set rescue.enabled alone, which also grants the rights, and leave the other one out" $enabled $rescue.enabled) }}
{{- end }}
{{- toYaml $config }}
{{- end }}

{{/*
What the Secrets of a credential are called in namespaces: its secretName, or else icr-<name>. Takes a
credential, or an entry of config.retired, which may be a name alone.
*/}}
{{- define "icr-pull-secrets.copyName" -}}
{{- if kindIs "map" . }}{{ .secretName | default (printf "icr-%s" .name) }}{{ else }}icr-{{ . }}{{ end }}
{{- end }}

{{/*
The names of the Secrets that the operator writes, one a line, as "icr-pull-secrets.copyName" has them.
An empty list would be no limit at all in an RBAC rule, so it's an error here.
*/}}
{{- define "icr-pull-secrets.managedSecrets" -}}
{{- $names := list }}
{{- range .Values.config.credentials }}
{{- $names = append $names (include "icr-pull-secrets.copyName" .) }}
{{- end }}
{{- if not $names }}
{{- fail "config.credentials is empty: the operator needs at least one credential" }}
{{- end }}
{{- if ne (len $names) (len (uniq $names)) }}
{{- fail (printf "config.credentials: every credential needs a name and a secretName of its own, these write to the Secrets %s" (join ", " $names)) }}
{{- end }}
{{- join "\n" (sortAlpha $names) }}
{{- end }}

{{/*
The Secrets that the operator reads, "name key" one a line: every secretRef, at whatever depth
below the given part of the configuration.
*/}}
{{- define "icr-pull-secrets.secretRefs" -}}
{{- if kindIs "map" . }}
{{- range $key, $value := . }}
{{- if and (eq $key "secretRef") (kindIs "map" $value) }}
{{- $value.name }} {{ $value.key }}{{ "\n" }}
{{- else }}
{{- include "icr-pull-secrets.secretRefs" $value }}
{{- end }}
{{- end }}
{{- else if kindIs "slice" . }}
{{- range . }}
{{- include "icr-pull-secrets.secretRefs" . }}
{{- end }}
{{- end }}
{{- end }}

{{/*
Their names, sorted and without repetition. A source that carries the name of a Secret we write
would be readable and writable in every namespace under the rules for those: refused.
*/}}
{{- define "icr-pull-secrets.sourceSecrets" -}}
{{- $managed := include "icr-pull-secrets.copyNames" . | fromJsonArray }}
{{- $sources := list }}
{{- range include "icr-pull-secrets.secretRefs" .Values.config.credentials | splitList "\n" | compact }}
{{- $sources = append $sources (splitList " " . | first) }}
{{- end }}
{{- $sources = $sources | uniq | sortAlpha }}
{{- range $sources }}
{{- if has . $managed }}
{{- fail (printf "config.credentials: the Secret %q can't be a source, because a credential, which may be a retired one, has Secrets of that name in namespaces: rename one of them" .) }}
{{- end }}
{{- end }}
{{- join "\n" $sources }}
{{- end }}

{{/*
The names of the Secrets that the operator keeps the state of its rotations in, one a line.
*/}}
{{- define "icr-pull-secrets.stateSecrets" -}}
{{- $names := list }}
{{- range .Values.config.credentials }}
{{- if hasKey . "serviceId" }}
{{- $names = append $names (printf "icr-pull-secrets-state-%s" .name) }}
{{- end }}
{{- end }}
{{- join "\n" (sortAlpha $names) }}
{{- end }}

{{/*
Not empty when the fence around the operator's account is made. Helm knows which kinds are served
only with a cluster to ask. Without one this kind is taken to be there, as it is in every version
of Kubernetes that the chart is for.
*/}}
{{- define "icr-pull-secrets.fenced" -}}
{{- $wish := toString .Values.fence.enabled }}
{{- $kinds := .Capabilities.APIVersions }}
{{- if has $wish (list "on" "true") }}yes
{{- else if and (eq $wish "auto") .Values.rbac.create }}
{{- if or ($kinds.Has "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy") (not ($kinds.Has "v1/Secret")) }}yes{{ end }}
{{- end }}
{{- end }}

{{/*
The names of the Secrets that the operator may leave in namespaces: those that it writes, and those
of retired credentials. A list in JSON, which is one in CEL as well.
*/}}
{{- define "icr-pull-secrets.copyNames" -}}
{{- $names := include "icr-pull-secrets.managedSecrets" . | splitList "\n" }}
{{- range .Values.config.retired }}
{{- $name := include "icr-pull-secrets.copyName" . }}
{{- if has $name $names }}
{{- fail (printf "config.retired: Secrets called %q stand there twice, or are those of a credential of config.credentials" $name) }}
{{- end }}
{{- $names = append $names $name }}
{{- end }}
{{- $names | sortAlpha | toJson }}
{{- end }}

{{/*
Under which condition a policy is for the operator's requests.
*/}}
{{- define "icr-pull-secrets.byTheOperator" -}}
request.userInfo.username == {{ printf "system:serviceaccount:%s:%s" (include "icr-pull-secrets.namespace" .) (include "icr-pull-secrets.serviceAccountName" .) | toJson }}
{{- end }}

{{/*
Whether what an annotation of the marks says means the namespace that a CEL expression gives, as CEL. What
has none is from before there were marks. Takes the object, the annotation and the namespace's expression.
*/}}
{{- define "icr-pull-secrets.celMarked" -}}
{{- $text := printf "%s.metadata.?annotations[?'icr-pull-secrets/%s'].orValue('')" (index . 0) (index . 1) -}}
{{ $text }} in ['', {{ index . 2 }}] || {{ $text }}.startsWith({{ index . 2 }} + '/')
{{- end }}

{{/*
Where a trusted profile's token is unless its tokenFile says otherwise: mounted by the chart.
*/}}
{{- define "icr-pull-secrets.tokenFile" -}}
/var/run/secrets/tokens/sa-token
{{- end }}

{{/*
Not empty when a credential, or the manager of one, is a trusted profile with the token there.
*/}}
{{- define "icr-pull-secrets.needsToken" -}}
{{- $default := include "icr-pull-secrets.tokenFile" . }}
{{- range .Values.config.credentials }}
{{- range list . (dig "serviceId" "manager" dict .) }}
{{- if and (hasKey . "trustedProfile") (eq $default (dig "trustedProfile" "tokenFile" $default .)) }}yes{{ end }}
{{- end }}
{{- end }}
{{- end }}

{{/*
Name and key of the Secret that apiKey.create makes, as YAML: the source of the first credential
that comes from an API key.
*/}}
{{- define "icr-pull-secrets.apiKeyRef" -}}
{{- $ref := dict }}
{{- range .Values.config.credentials }}
{{- if not $ref }}
{{- $ref = dig "apiKey" "secretRef" dict . }}
{{- end }}
{{- end }}
{{- if not $ref }}
{{- fail "apiKey.create needs a credential with the source apiKey in config.credentials" }}
{{- end }}
{{- toYaml $ref }}
{{- end }}

{{/*
Those states and the states that retired credentials may have left: what the clean-up deletes.
*/}}
{{- define "icr-pull-secrets.stateSecretsToDelete" -}}
{{- $names := include "icr-pull-secrets.stateSecrets" . | splitList "\n" | compact }}
{{- range .Values.config.retired }}
{{- $names = append $names (printf "icr-pull-secrets-state-%s" (kindIs "map" . | ternary (get (kindIs "map" . | ternary . dict) "name") .)) }}
{{- end }}
{{- join "\n" (uniq $names | sortAlpha) }}
{{- end }}
