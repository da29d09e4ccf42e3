{{/*
Labels of an object beside those of every object, such as a Prometheus or a Grafana selects it by.
Takes root (the chart's context) and more. Ours stay.
*/}}
{{- define "icr-pull-secrets.labelsAnd" -}}
{{- merge (include "icr-pull-secrets.labels" .root | fromYaml) (.more | default dict) | toYaml }}
{{- end }}

{{/*
The labels that tell the operator's pods from those of other programs of this release.
*/}}
{{- define "icr-pull-secrets.podSelector" -}}
{{ include "icr-pull-secrets.selectorLabels" . }}
app.kubernetes.io/component: operator
{{- end }}

{{/*
How a ServiceMonitor or a PodMonitor scrapes, from its values.
*/}}
{{- define "icr-pull-secrets.endpoint" -}}
path: /metrics
{{- with .interval }}
interval: {{ . }}
{{- end }}
{{- with .scrapeTimeout }}
scrapeTimeout: {{ . }}
{{- end }}
{{- with .relabelings }}
relabelings:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .metricRelabelings }}
metricRelabelings:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/*
The groups of alerts as a PrometheusRule has them: files/alerts.yaml without those of
metrics.prometheusRule.disabled, with the labels and links of the values. The file isn't a template:
what stands in braces there is for Prometheus.
*/}}
{{- define "icr-pull-secrets.alertGroups" -}}
{{- $values := .Values.metrics.prometheusRule }}
{{- $disabled := $values.disabled | default list }}
{{- $known := list }}
{{- $groups := list }}
{{- range ($.Files.Get "files/alerts.yaml" | fromYaml).groups }}
{{- $rules := list }}
{{- range .rules }}
{{- $known = append $known .alert }}
{{- if not (has .alert $disabled) }}
{{- $_ := set . "labels" (merge dict .labels ($values.alertLabels | default dict)) }}
{{- $_ := set .annotations "runbook_url" (printf "%s%s" $values.runbookBase .annotations.runbook_url) }}
{{- $rules = append $rules . }}
{{- end }}
{{- end }}
{{- if $rules }}
{{- $groups = append $groups (dict "name" .name "rules" $rules) }}
{{- end }}
{{- end }}
{{- range $disabled }}
{{- if not (has . $known) }}
{{- fail (printf "metrics.prometheusRule.disabled: there is no alert %q; there are %s" . (join ", " $known)) }}
{{- end }}
{{- end }}
{{- if not $groups }}
{{- fail "metrics.prometheusRule.disabled names all alerts: set metrics.prometheusRule.enabled to false" }}
{{- end }}
{{- toYaml $groups }}
{{- end }}
