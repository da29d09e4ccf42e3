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
{{- $ref := include "icr-pull-secrets.apiKeyRef" . | fromYaml }}
WARNING: apiKey.create is true, so Helm keeps the API key in its record of the release. Good for a
trial. For more, keep the Secret and give it a new key, and then unset both values. In this order:

    kubectl annotate secret {{ $ref.name }} -n {{ include "icr-pull-secrets.namespace" . }} helm.sh/resource-policy=keep
    kubectl patch secret {{ $ref.name }} -n {{ include "icr-pull-secrets.namespace" . }} -p "{\"data\":{\"{{ $ref.key }}\":\"$(base64 <new-key.txt | tr -d '\n')\"}}"
    helm upgrade … --set apiKey.create=false --set apiKey.value=

Without the annotation Helm deletes the Secret, and with it the key.
{{ end }}
{{- if not (include "icr-pull-secrets.imageHost" .) }}
{{- if not (dig "imageRegistry" "" (.Values.global | default dict)) }}
WARNING: image.repository is {{ .Values.image.repository }}, without a host, so nodes look for the image at docker.io,
unless they have it already. Set it to where you pushed the image, such as us.icr.io/<namespace>/icr-pull-secrets.
{{ end }}
{{- end }}
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

{{/*
Names of Secrets that credentials of the release have had until now and have no more, unless they are retired:
those Secrets stay where they are, and nobody updates them.
*/}}
{{- define "icr-pull-secrets.forgotten" -}}
{{- $known := include "icr-pull-secrets.copyNames" . | fromJsonArray }}
{{- $names := list }}
{{- range .Values.config.credentials }}
{{- $names = append $names .name }}
{{- end }}
{{- $before := lookup "v1" "ConfigMap" (include "icr-pull-secrets.namespace" .) (include "icr-pull-secrets.fullname" .) | default dict }}
{{- $was := dig "data" "config.yaml" "" $before | fromYaml }}
{{- range get $was "credentials" | default list }}
{{- $secret := include "icr-pull-secrets.copyName" . }}
{{- if not (has $secret $known) }}
{{- if has .name $names }}
WARNING: the Secrets of the credential {{ .name }} were called {{ $secret }}, and have another name now. Those of the old name and
the references to them stay in namespaces, and nobody updates them. To have them removed when the new ones are there, put
{name: {{ .name }}, secretName: {{ $secret }}} into config.retired.
{{ else }}
WARNING: the credential {{ .name }} is gone from the configuration. Its Secrets and the references to them stay in
namespaces, and nobody updates them. To have them removed, put {name: {{ .name }}, secretName: {{ $secret }}} into config.retired.
{{ end }}
{{- end }}
{{- end }}
{{- end }}
