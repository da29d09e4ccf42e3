{{/*
The part of the configuration that is read at start only.
*/}}
{{- define "icr-pull-secrets.readAtStart" -}}
{{- list .Values.config.leaderElection (dig "log" "format" "" .Values.config) | toJson }}
{{- end }}

{{/*
Not empty when replicas elect a leader, as the configuration says.
*/}}
{{- define "icr-pull-secrets.electsLeader" -}}
{{- if dig "leaderElection" "enabled" false .Values.config }}yes{{ end }}
{{- end }}

{{/*
Not empty on OpenShift: the value, or with `auto` whether the cluster serves its security context
constraints.
*/}}
{{- define "icr-pull-secrets.onOpenShift" -}}
{{- $wish := toString .Values.openshift }}
{{- if or (eq $wish "true") (and (eq $wish "auto") (.Capabilities.APIVersions.Has "security.openshift.io/v1")) }}yes{{ end }}
{{- end }}

{{/*
The security context of a pod of this release. OpenShift gives each namespace user and group numbers
of its own and refuses others, so the chart's numbers are left out there; a number that was chosen
stays.
*/}}
{{- define "icr-pull-secrets.podSecurityContext" -}}
{{- $context := deepCopy (.Values.podSecurityContext | default dict) }}
{{- if include "icr-pull-secrets.onOpenShift" . }}
{{- range $field := list "runAsUser" "runAsGroup" "fsGroup" }}
{{- if eq "65532" (get $context $field | toString) }}
{{- $_ := unset $context $field }}
{{- end }}
{{- end }}
{{- end }}
{{- if $context }}
{{- toYaml $context }}
{{- end }}
{{- end }}

{{/*
How the replicas are spread: the constraints of the values, each about the operator's pods of one
version unless it says about which.
*/}}
{{- define "icr-pull-secrets.topologySpreadConstraints" -}}
{{- $constraints := list }}
{{- range .Values.topologySpreadConstraints }}
{{- $constraint := deepCopy . }}
{{- if not (hasKey . "labelSelector") }}
{{- $_ := set $constraint "labelSelector" (dict "matchLabels" (include "icr-pull-secrets.podSelector" $ | fromYaml)) }}
{{- if not (hasKey . "matchLabelKeys") }}
{{- $_ := set $constraint "matchLabelKeys" (list "pod-template-hash") }}
{{- end }}
{{- end }}
{{- $constraints = append $constraints $constraint }}
{{- end }}
{{- toYaml $constraints }}
{{- end }}

{{/*
The credential that `helm test` asks for: the value, else the first that every namespace may use.
Empty when there is none, or no test.
*/}}
{{- define "icr-pull-secrets.testCredential" -}}
{{- $found := .Values.helmTest.credential }}
{{- $wish := toString .Values.helmTest.enabled }}
{{- range .Values.config.credentials }}
{{- if and (not $found) (not (hasKey . "namespaces")) }}
{{- $found = .name }}
{{- end }}
{{- end }}
{{- if or (eq $wish "true") (and (eq $wish "auto") (include "icr-pull-secrets.atCluster" .)) }}
{{- $found }}
{{- end }}
{{- end }}

{{/*
The Secret that `helm test` waits for: that credential's.
*/}}
{{- define "icr-pull-secrets.testSecret" -}}
{{- $tested := include "icr-pull-secrets.testCredential" . }}
{{- range .Values.config.credentials }}
{{- if eq .name $tested }}{{ include "icr-pull-secrets.copyName" . }}{{ end }}
{{- end }}
{{- end }}

{{/*
A name that is made up for `helm test` and that nobody else has, since what it names is deleted: release
and namespace are in the last part of it.
*/}}
{{- define "icr-pull-secrets.testName" -}}
{{- $mark := printf "%s/%s" .Release.Namespace .Release.Name | sha256sum | trunc 10 }}
{{- include "icr-pull-secrets.suffixed" (list . (printf "test-%s" $mark)) }}
{{- end }}

{{/*
The labels of what `helm test` makes: no part of the operator.
*/}}
{{- define "icr-pull-secrets.testLabels" -}}
{{- merge (dict "app.kubernetes.io/component" "test") (include "icr-pull-secrets.labels" . | fromYaml) | toYaml }}
{{- end }}

{{/*
The pull secrets for the operator's own image: those of the values, and those for all charts, which may
be bare names.
*/}}
{{- define "icr-pull-secrets.ownPullSecrets" -}}
{{- $secrets := .Values.imagePullSecrets | default list }}
{{- range dig "imagePullSecrets" list (.Values.global | default dict) }}
{{- $secrets = append $secrets (kindIs "map" . | ternary . (dict "name" .)) }}
{{- end }}
{{- with uniq $secrets }}{{ toYaml . }}{{ end }}
{{- end }}

{{/*
What the pods of the operator and of its clean-up have in common, of what stands before their containers.
*/}}
{{- define "icr-pull-secrets.podSettings" -}}
serviceAccountName: {{ include "icr-pull-secrets.serviceAccountName" . | quote }}
automountServiceAccountToken: true
enableServiceLinks: false
{{- with include "icr-pull-secrets.ownPullSecrets" . }}
imagePullSecrets:
  {{- . | nindent 2 }}
{{- end }}
{{- with include "icr-pull-secrets.podSecurityContext" . }}
securityContext:
  {{- . | nindent 2 }}
{{- end }}
{{- range $field := list "priorityClassName" "runtimeClassName" "schedulerName" "dnsPolicy" }}
{{- with get $.Values $field }}
{{ $field }}: {{ . | quote }}
{{- end }}
{{- end }}
{{- range $field := list "dnsConfig" "hostAliases" "nodeSelector" "tolerations" "affinity" }}
{{- with get $.Values $field }}
{{ $field }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end }}

{{/*
The environment of the program, in every one of its pods.
*/}}
{{- define "icr-pull-secrets.environment" -}}
- name: POD_NAMESPACE
  valueFrom:
    fieldRef:
      fieldPath: metadata.namespace
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}
