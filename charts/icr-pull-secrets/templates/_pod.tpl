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
The security context of a pod of this release. OpenShift gives each namespace user and group numbers
of its own and refuses others, so the chart's numbers are left out there; a number that was chosen
stays.
*/}}
{{- define "icr-pull-secrets.podSecurityContext" -}}
{{- $context := deepCopy (.Values.podSecurityContext | default dict) }}
{{- if .Capabilities.APIVersions.Has "security.openshift.io/v1" }}
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
Empty when there is none.
*/}}
{{- define "icr-pull-secrets.testCredential" -}}
{{- $found := .Values.helmTest.credential }}
{{- range .Values.config.credentials }}
{{- if and (not $found) (not (hasKey . "namespaces")) }}
{{- $found = .name }}
{{- end }}
{{- end }}
{{- $found }}
{{- end }}

{{/*
The labels of what `helm test` makes: no part of the operator.
*/}}
{{- define "icr-pull-secrets.testLabels" -}}
{{- merge (dict "app.kubernetes.io/component" "test") (include "icr-pull-secrets.labels" . | fromYaml) | toYaml }}
{{- end }}
