{{/*
What the notes warn of: values that are right for somebody and wrong for most.
*/}}
{{- define "icr-pull-secrets.risks" -}}
{{- $replicas := int .Values.replicaCount }}
{{- if eq $replicas 0 }}
WARNING: replicaCount is 0, so no operator runs.
{{ else if eq $replicas 1 }}
WARNING: replicaCount is 1: while the pod is moved or restarted, new namespaces wait, and nothing else
takes over. With config.leaderElection.enabled=true and replicaCount=2 another one does.
{{ end }}
{{- if and (gt $replicas 1) (not .Values.podDisruptionBudget.enabled) }}
WARNING: podDisruptionBudget.enabled is false: draining nodes may take all replicas at once.
{{ end }}
{{- if .Values.apiKey.create }}
WARNING: apiKey.create is true, so Helm keeps the API key in its record of the release. Good for a
trial; for more, create the Secret yourself and unset both values.
{{ end }}
{{- if eq "adopt" (.Values.config.conflict | default "skip") }}
WARNING: config.conflict is adopt: Secrets of somebody else that have a name of ours are taken over.
{{ end }}
{{- if has (.Values.config.proof | toString) (list "off" "false") }}
WARNING: config.proof is off: a mistyped key replaces a good one everywhere.
{{ end }}
{{- if eq "debug" (dig "log" "level" "info" .Values.config) }}
WARNING: config.log.level is debug: a large cluster writes a large log.
{{ end }}
{{- if and (not .Values.image.digest) (has .Values.image.tag (list "latest" "main" "dev")) }}
WARNING: image.tag is {{ .Values.image.tag }}: replicas may run different programs, and a restart another one than before.
{{ end }}
{{- if not .Values.rbac.create }}
WARNING: rbac.create is false: make the roles yourself, and change them with config.credentials. Those
that the chart would make are shown by helm template --set rbac.create=true.
{{ end }}
{{- end }}
