{{/*
Helpers of pod-admission.yaml: the operator's rules (docs/annotations.md, docs/configuration.md) in
the language of admission policies, CEL.

Whatever comes from the values gets into an expression through celString, celStrings or globs only,
so that it stays a text there, whatever is in it.
*/}}

{{/*
The value podAdmission. In YAML an on or off without quotes is true or false; and there is none
when helm upgrade keeps the values of a release that didn't know it yet.
*/}}
{{- define "icr-pull-secrets.podAdmissionGiven" -}}
{{- $given := .Values.podAdmission }}
{{- if kindIs "invalid" $given }}auto
{{- else if kindIs "bool" $given }}{{ ternary "on" "off" $given }}
{{- else }}{{ $given }}
{{- end }}
{{- end }}

{{/*
Not empty when the policy is rendered.
*/}}
{{- define "icr-pull-secrets.podAdmission" -}}
{{- $given := include "icr-pull-secrets.podAdmissionGiven" . }}
{{- if not (has $given (list "auto" "on" "off")) }}
{{- fail (printf "podAdmission is %q; accepted: auto, on, off" $given) }}
{{- end }}
{{- $served := .Capabilities.APIVersions.Has "admissionregistration.k8s.io/v1/MutatingAdmissionPolicy" }}
{{- if or (eq $given "on") (and (eq $given "auto") $served) }}yes
{{- else if eq "podsOnly" (dig "attach" "serviceAccounts" .Values.config) }}
{{- $why := "podAdmission is off: set it to auto or on, or" }}
{{- if eq $given "auto" }}
{{- $why = "this cluster doesn't serve admissionregistration.k8s.io/v1/MutatingAdmissionPolicy, new in Kubernetes 1.36 (helm template needs --api-versions to know that it does, or podAdmission=on):" }}
{{- end }}
{{- fail (printf "config.attach is podsOnly, so pods would get no pull secrets at all without the admission policy, and %s set config.attach to serviceAccounts" $why) }}
{{- end }}
{{- end }}

{{/*
A text, as a literal of CEL. What JSON escapes CEL reads alike.
*/}}
{{- define "icr-pull-secrets.celString" -}}
{{- toString . | toJson }}
{{- end }}

{{/*
A list of texts, as a literal of CEL.
*/}}
{{- define "icr-pull-secrets.celStrings" -}}
{{- $literals := list }}
{{- range . }}
{{- $literals = append $literals (include "icr-pull-secrets.celString" .) }}
{{- end }}
{{- printf "[%s]" (join ", " $literals) }}
{{- end }}

{{/*
Names and globs, as the literal of one regular expression for the whole of a name. No names: it
matches nothing that is a name.
*/}}
{{- define "icr-pull-secrets.globs" -}}
{{- $patterns := list }}
{{- range . }}
{{- $patterns = append $patterns (toString . | regexQuoteMeta | replace "\\*" ".*" | replace "\\?" ".") }}
{{- end }}
{{- printf "^(%s)$" (join "|" $patterns) | include "icr-pull-secrets.celString" }}
{{- end }}

{{/*
A label selector, as a condition on variables.labels.
*/}}
{{- define "icr-pull-secrets.celSelector" -}}
{{- $conditions := list }}
{{- range $key, $value := .matchLabels }}
{{- $conditions = append $conditions (dict "key" $key "operator" "In" "values" (list $value) | include "icr-pull-secrets.celRequirement") }}
{{- end }}
{{- range .matchExpressions }}
{{- $conditions = append $conditions (include "icr-pull-secrets.celRequirement" .) }}
{{- end }}
{{- join " && " $conditions | default "true" }}
{{- end }}

{{/*
One condition of it. NotIn and DoesNotExist also hold where there is no such label.
*/}}
{{- define "icr-pull-secrets.celRequirement" -}}
{{- $key := include "icr-pull-secrets.celString" .key }}
{{- $exists := printf "%s in variables.labels" $key }}
{{- $listed := printf "(%s && variables.labels[%s] in %s)" $exists $key (include "icr-pull-secrets.celStrings" .values) }}
{{- if eq .operator "In" }}{{ $listed }}
{{- else if eq .operator "NotIn" }}!{{ $listed }}
{{- else if eq .operator "Exists" }}({{ $exists }})
{{- else if eq .operator "DoesNotExist" }}!({{ $exists }})
{{- else }}
{{- fail (printf "config: a label selector has the operator %q; accepted: In, NotIn, Exists, DoesNotExist" (toString .operator)) }}
{{- end }}
{{- end }}

{{/*
The regions by all their names, as JSON: for each region its hosts, and the words that mean it.
*/}}
{{- define "icr-pull-secrets.regionTable" -}}
{{- $regions := (.Files.Get "files/built-in.json" | fromJson).regions }}
{{- range $id, $host := .Values.config.regions }}
{{- $_ := set $regions $id (merge (dict "host" $host) (get $regions $id | default dict)) }}
{{- end }}
{{- $table := list }}
{{- range $id, $region := $regions }}
{{- $hosts := list $region.host (printf "private.%s" (trimPrefix "private." $region.host)) }}
{{- with $region.legacyHost }}{{ $hosts = append $hosts . }}{{ end }}
{{- $table = append $table (dict "hosts" $hosts "words" (concat (list $id) ($region.aliases | default list) $hosts)) }}
{{- end }}
{{- dict "regions" $table | toJson }}
{{- end }}

{{/*
Every word that means a region, as JSON: {"words": […]}.
*/}}
{{- define "icr-pull-secrets.regionWords" -}}
{{- $words := list "all" }}
{{- range (include "icr-pull-secrets.regionTable" . | fromJson).regions }}
{{- $words = concat $words .words }}
{{- end }}
{{- dict "words" (uniq $words | sortAlpha) | toJson }}
{{- end }}

{{/*
Those of them that ask for something that a credential is for, which is limited to regions: whatever
shares a host with one of these. Takes root (the chart's context) and credential; the same JSON.
*/}}
{{- define "icr-pull-secrets.wordsWithin" -}}
{{- $credential := .credential }}
{{- $table := (include "icr-pull-secrets.regionTable" .root | fromJson).regions }}
{{- $hosts := list }}
{{- range $credential.regions }}
{{- $word := toString . | trim | lower }}
{{- $known := false }}
{{- range $table }}
{{- if has $word .words }}
{{- $known = true }}
{{- $hosts = concat $hosts .hosts }}
{{- end }}
{{- end }}
{{- if not $known }}
{{- fail (printf "config.credentials: the credential %q is limited to the region %q, which nobody knows; config.regions can add it" $credential.name $word) }}
{{- end }}
{{- end }}
{{- $words := list "all" }}
{{- range $table }}
{{- $region := . }}
{{- range .hosts }}
{{- if has . $hosts }}{{ $words = concat $words $region.words }}{{ end }}
{{- end }}
{{- end }}
{{- dict "words" (uniq $words | sortAlpha) | toJson }}
{{- end }}

{{/*
Not empty when a credential is limited to regions.
*/}}
{{- define "icr-pull-secrets.limitedToRegions" -}}
{{- $regions := .regions | default list }}
{{- if and $regions (ne "all" (first $regions | toString | trim | lower)) }}yes{{ end }}
{{- end }}

{{/*
The limits of a credential, as a condition on the namespace. Takes root and credential.
*/}}
{{- define "icr-pull-secrets.celLimits" -}}
{{- $conditions := list }}
{{- $namespaces := .credential.namespaces }}
{{- if kindIs "map" $namespaces }}
{{- $conditions = append $conditions (include "icr-pull-secrets.celSelector" $namespaces) }}
{{- else if and $namespaces (not (has "*" $namespaces)) }}
{{- $conditions = append $conditions (printf "namespaceObject.metadata.name.matches(%s)" (include "icr-pull-secrets.globs" $namespaces)) }}
{{- end }}
{{- if include "icr-pull-secrets.limitedToRegions" .credential }}
{{- $words := (include "icr-pull-secrets.wordsWithin" . | fromJson).words }}
{{- $conditions = append $conditions (printf "(!variables.clear || variables.regions.exists(entry, entry in %s))" (include "icr-pull-secrets.celStrings" $words)) }}
{{- end }}
{{- join " && " $conditions | default "true" }}
{{- end }}

{{/*
Whether the configuration opts a namespace in that doesn't say, as a condition on it; empty: never.
The operator's own namespace is never chosen: the sources of credentials are there.
*/}}
{{- define "icr-pull-secrets.celChosen" -}}
{{- $optIn := .Values.config.optIn | default dict }}
{{- if has ($optIn.mode | default "annotation") (list "selector" "all") }}
{{- $exclude := (.Files.Get "files/built-in.json" | fromJson).exclude }}
{{- if hasKey $optIn "exclude" }}{{ $exclude = $optIn.exclude }}{{ end }}
{{- $excluded := append ($exclude | default list) (include "icr-pull-secrets.namespace" .) | include "icr-pull-secrets.globs" }}
{{- $conditions := list (printf "!namespaceObject.metadata.name.matches(%s)" $excluded) }}
{{- if eq $optIn.mode "selector" }}
{{- $conditions = append $conditions (include "icr-pull-secrets.celSelector" ($optIn.selector | default dict)) }}
{{- end }}
{{- join " && " $conditions }}
{{- end }}
{{- end }}

{{/*
What the API server fills in where an admission policy says nothing. Said here, so that tools which compare
what is there with what is rendered see no difference.
*/}}
{{- define "icr-pull-secrets.matchDefaults" -}}
matchPolicy: Equivalent
namespaceSelector: {}
objectSelector: {}
{{- end }}
