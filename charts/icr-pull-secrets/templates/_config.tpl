{{/*
What the operator refuses of a configuration and a schema can't say: bounds of durations and their order,
names of regions. tests/chart/agree.py holds this, the schema and the operator against each other.
*/}}
{{- define "icr-pull-secrets.checkConfig" -}}
{{- $config := .Values.config }}
{{- $election := $config.leaderElection | default dict }}
{{- $lease := include "icr-pull-secrets.within" (list "config.leaderElection.leaseDuration" (get $election "leaseDuration" | default "15s") "1s" "1h") | int64 }}
{{- $renew := include "icr-pull-secrets.within" (list "config.leaderElection.renewDeadline" (get $election "renewDeadline" | default "10s") "1s" "1h") | int64 }}
{{- $retry := include "icr-pull-secrets.within" (list "config.leaderElection.retryPeriod" (get $election "retryPeriod" | default "2s") "1s" "1h") | int64 }}
{{- if or (le $lease $renew) (lt $renew (mul 2 $retry)) }}
{{- fail "config.leaderElection: leaseDuration must be longer than renewDeadline, and renewDeadline at least twice retryPeriod" }}
{{- end }}
{{- range $part, $limit := $config.liveness }}
{{- $_ := include "icr-pull-secrets.within" (list (printf "config.liveness.%s" $part) $limit "10s" "24h") }}
{{- end }}
{{- with dig "rescue" "after" "" $config }}
{{- $_ := include "icr-pull-secrets.within" (list "config.rescue.after" . "1s" "1h") }}
{{- end }}
{{- $words := (include "icr-pull-secrets.regionWords" . | fromJson).words }}
{{- $table := (include "icr-pull-secrets.regionTable" . | fromJson).regions }}
{{- range dig "optIn" "regions" list $config }}
{{- include "icr-pull-secrets.knownRegion" (list "config.optIn.regions" . $words) }}
{{- end }}
{{- $names := list }}
{{- range $config.credentials }}
{{- if has .name $names }}
{{- fail (printf "config.credentials: two credentials are called %q" .name) }}
{{- end }}
{{- $names = append $names .name }}
{{- $where := printf "config.credentials: the credential %q" .name }}
{{- range .regions }}
{{- include "icr-pull-secrets.knownRegion" (list $where . $words) }}
{{- end }}
{{- include "icr-pull-secrets.checkSize" (list $where . $table) }}
{{- with .serviceId }}
{{- $every := include "icr-pull-secrets.within" (list (printf "%s, rotateEvery" $where) (.rotateEvery | default "720h") "1m" "8760h") | int64 }}
{{- $overlap := include "icr-pull-secrets.within" (list (printf "%s, overlap" $where) (.overlap | default "2h") "1s" "8760h") | int64 }}
{{- $_ := include "icr-pull-secrets.within" (list (printf "%s, propagation" $where) (.propagation | default "2m") "1s" "1h") }}
{{- if ge $overlap $every }}
{{- fail (printf "%s: overlap must be shorter than rotateEvery" $where) }}
{{- end }}
{{- end }}
{{- end }}
{{- range $config.retired }}
{{- if and (kindIs "string" .) (has . $names) }}
{{- fail (printf "config.retired: %q is a credential of config.credentials; for what its Secrets were called before, {name: %s, secretName: icr-%s}" . . .) }}
{{- end }}
{{- end }}
{{- if and (has (dig "optIn" "mode" "annotation" $config) (list "selector" "all")) (not (has "default" $names)) }}
{{- fail "config.optIn gives namespaces that ask for nothing the credential \"default\", which isn't in config.credentials" }}
{{- end }}
{{- end }}

{{/*
Fails for a credential whose Secrets could be larger than Kubernetes takes. Takes where it stands, the credential
and the table of regions. The bytes of an entry are those of operator/config/secret_size.cpp.
*/}}
{{- define "icr-pull-secrets.checkSize" -}}
{{- $credential := index . 1 }}
{{- $limited := include "icr-pull-secrets.limitedToRegions" $credential }}
{{- $hosts := list }}
{{- range index . 2 }}
{{- $asked := not $limited }}
{{- $words := .words }}
{{- range $credential.regions }}
{{- if has (toString . | trim | lower) $words }}{{ $asked = true }}{{ end }}
{{- end }}
{{- if $asked }}{{ $hosts = concat $hosts .hosts }}{{ end }}
{{- end }}
{{- $entry := 4096 }}
{{- if or $credential.apiKey $credential.profileKey $credential.serviceId }}{{ $entry = 256 }}{{ end }}
{{- with $credential.basic }}
{{- $entry = 2560 }}
{{- $hosts = .hosts }}
{{- end }}
{{- $count := uniq $hosts | len }}
{{- $spaces := max 1 (uniq ($credential.registryNamespaces | default list) | len) }}
{{- $sum := mul $count $spaces $entry }}
{{- if gt $sum 1048576 }}
{{- fail (printf "%s: it makes Secrets of up to %d bytes: %d hosts, %d registryNamespaces, %d bytes for each of both; accepted: at most 1048576 bytes" (index . 0) $sum $count $spaces $entry) }}
{{- end }}
{{- end }}

{{/*
The seconds of a duration, such as 1h30m.
*/}}
{{- define "icr-pull-secrets.seconds" -}}
{{- $sum := 0 }}
{{- range $unit, $seconds := dict "h" 3600 "m" 60 "s" 1 }}
{{- $number := regexFind (printf "[0-9]+%s" $unit) $ | trimSuffix $unit }}
{{- $sum = add $sum (mul $seconds (regexReplaceAll "^0+" $number "" | int64)) }}
{{- end }}
{{- $sum }}
{{- end }}

{{/*
The seconds of a duration, which must not be shorter than one bound or longer than another. Takes what it is,
the duration and the bounds.
*/}}
{{- define "icr-pull-secrets.within" -}}
{{- $seconds := include "icr-pull-secrets.seconds" (index . 1) | int64 }}
{{- if or (lt $seconds (include "icr-pull-secrets.seconds" (index . 2) | int64)) (gt $seconds (include "icr-pull-secrets.seconds" (index . 3) | int64)) }}
{{- fail (printf "%s is %s; accepted: %s to %s" (index . 0) (index . 1) (index . 2) (index . 3)) }}
{{- end }}
{{- $seconds }}
{{- end }}

{{/*
Fails for a region that nobody knows. Takes where it stands, the region and all words for regions.
*/}}
{{- define "icr-pull-secrets.knownRegion" -}}
{{- $word := toString (index . 1) | trim | lower }}
{{- if not (has $word (index . 2)) }}
{{- fail (printf "%s: nobody knows the region %q; config.regions can add it" (index . 0) $word) }}
{{- end }}
{{- end }}
