{{/*
Not empty when the chart's hook removes what the operator wrote before Helm uninstalls the release.

A renderer that ignores hooks would apply its Job at once, so with `auto` there is none unless Helm
talks to a cluster.
*/}}
{{- define "icr-pull-secrets.cleansUp" -}}
{{- $wish := toString .Values.cleanup.onUninstall }}
{{- if .Values.cleanup.now }}
{{- else if eq $wish "true" }}yes
{{- else if and (eq $wish "auto") (include "icr-pull-secrets.atCluster" .) }}yes
{{- end }}
{{- end }}

{{/*
Not empty when everything is to be removed now. Two values say it, since one may be set by mistake.
*/}}
{{- define "icr-pull-secrets.cleansUpNow" -}}
{{- if .Values.cleanup.now }}
{{- if gt (int .Values.replicaCount) 0 }}
{{- fail "cleanup.now removes every pull secret that the operator wrote, and the operator must not run then: set replicaCount to 0, too" }}
{{- end }}yes
{{- end }}
{{- end }}

{{/*
The name of Helm's record of this release, and of later ones up to a number: a rollback makes a new record,
but no new hook, so that the one in force may be later than the one that this is rendered for. One a line.
Takes root (the chart's context) and number.
*/}}
{{- define "icr-pull-secrets.helmRecords" -}}
{{- range $later := until .number }}
{{- printf "sh.helm.release.v1.%s.v%d\n" $.root.Release.Name (add $.root.Release.Revision $later) }}
{{- end }}
{{- end }}

{{/*
What the Job, its Role and its RoleBinding are to Helm: a hook of an uninstall. When everything is to be
removed now, they are objects like others. Takes root (the chart's context), weight and more.
*/}}
{{- define "icr-pull-secrets.cleanupAnnotations" -}}
{{- $more := .more | default dict }}
{{- if include "icr-pull-secrets.cleansUp" .root }}
{{- $more = merge (dict "helm.sh/hook" "pre-delete" "helm.sh/hook-weight" .weight "helm.sh/hook-delete-policy" "before-hook-creation,hook-succeeded") $more }}
{{- end }}
{{- include "icr-pull-secrets.annotations" (dict "root" .root "more" $more) }}
{{- end }}

{{/*
Who may ask for the clean-up, as arguments of the Job: Helm, by its record, or whoever has stopped the
operator.
*/}}
{{- define "icr-pull-secrets.cleanupLock" -}}
{{- $deployment := include "icr-pull-secrets.fullname" . -}}
{{- if .Values.cleanup.now -}}
- --if-stopped={{ $deployment }}
{{- else -}}
- --stop-deployment={{ $deployment }}
- --helm-record={{ .Release.Namespace }}/{{ include "icr-pull-secrets.helmRecords" (dict "root" . "number" 1) | trim }}
{{- end }}
{{- end }}

{{/*
The labels of the Job's pod: those that its users ask for on every pod, and none by which it would be a
pod of the operator, since the Job waits for the end of those. A sidecar would keep the Job from ending.
*/}}
{{- define "icr-pull-secrets.cleanupPodLabels" -}}
{{- $ours := dict "app.kubernetes.io/name" (include "icr-pull-secrets.cleanupName" .) "app.kubernetes.io/component" "cleanup" }}
{{- $sidecar := dict "sidecar.istio.io/inject" "false" }}
{{- merge $ours (.Values.podLabels | default dict) (include "icr-pull-secrets.labels" . | fromYaml) $sidecar | toYaml }}
{{- end }}

{{- define "icr-pull-secrets.cleanupPodAnnotations" -}}
{{- $sidecar := dict "linkerd.io/inject" "disabled" }}
{{- merge dict (.Values.podAnnotations | default dict) $sidecar | toYaml }}
{{- end }}

{{- define "icr-pull-secrets.cleanupName" -}}
{{- include "icr-pull-secrets.name" . | trunc 55 | trimSuffix "-" }}-cleanup
{{- end }}
