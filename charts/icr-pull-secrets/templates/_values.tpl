{{/*
Gives .Values what the templates rely on and the values lack: `helm upgrade --reuse-values` keeps the
values of a release whose chart knew less. Called first by every template. What may be taken away by a
null is not in files/defaults.json, which tests/chart/values-table.py makes from values.yaml.
*/}}
{{- define "icr-pull-secrets.complete" -}}
{{- include "icr-pull-secrets.fill" (list .Values (.Files.Get "files/defaults.json" | fromJson)) }}
{{- end }}

{{/*
Takes a map and its defaults. Not merge, which takes false for nothing. A probe is there as a whole or not
at all, as a null takes a field away from it.
*/}}
{{- define "icr-pull-secrets.fill" -}}
{{- $into := index . 0 }}
{{- range $key, $value := index . 1 }}
{{- if not (hasKey $into $key) }}
{{- $_ := set $into $key $value }}
{{- else if and (kindIs "map" $value) (kindIs "map" (get $into $key)) (not (hasSuffix "Probe" $key)) }}
{{- include "icr-pull-secrets.fill" (list (get $into $key) $value) }}
{{- end }}
{{- end }}
{{- end }}

{{/*
The operator's own namespace: where it runs, and where sources and state are.
*/}}
{{- define "icr-pull-secrets.namespace" -}}
{{- .Values.namespaceOverride | default .Release.Namespace }}
{{- end }}

{{/*
The name of what belongs to no namespace: the operator's namespace is in it, and the part before it
has no dot, so that two installations never share one.
*/}}
{{- define "icr-pull-secrets.clusterWideName" -}}
{{- printf "%s.%s" (include "icr-pull-secrets.fullname" .) (include "icr-pull-secrets.namespace" .) }}
{{- end }}

{{/*
The name of one of the fence's policies and of its binding. Takes the chart's context and which one.
*/}}
{{- define "icr-pull-secrets.fenceName" -}}
{{- $root := index . 0 }}
{{- printf "%s-%s.%s" (include "icr-pull-secrets.fullname" $root) (index . 1) (include "icr-pull-secrets.namespace" $root) }}
{{- end }}

{{/*
The full name with a suffix, where Kubernetes takes 63 characters and no dot: Services, and what makes
pods. Takes the chart's context and the suffix.
*/}}
{{- define "icr-pull-secrets.suffixed" -}}
{{- $suffix := index . 1 }}
{{- printf "%s-%s" (include "icr-pull-secrets.fullname" (index . 0) | trunc (sub 62 (len $suffix) | int) | trimSuffix "-") $suffix }}
{{- end }}

{{/*
The annotations of an object, as lines of its metadata: those of every object, and more. Nothing when
there are none. Takes root (the chart's context) and more, which wins.
*/}}
{{- define "icr-pull-secrets.annotations" -}}
{{- with merge dict (.more | default dict) (.root.Values.commonAnnotations | default dict) }}
  annotations:
    {{- toYaml . | nindent 4 }}
{{- end }}
{{- end }}

{{/*
Not empty when Helm talks to a cluster as it renders, as install and upgrade do, and `helm template`, Argo CD
and Kustomize don't. Without one `lookup` finds nothing at all; with one it finds a list, even in a namespace
that isn't there yet. API versions would not tell: some renderers are given those of the cluster.
*/}}
{{- define "icr-pull-secrets.atCluster" -}}
{{- if lookup "apps/v1" "Deployment" (include "icr-pull-secrets.namespace" .) "" }}yes{{ end }}
{{- end }}
