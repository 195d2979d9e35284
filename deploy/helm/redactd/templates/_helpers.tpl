{{- define "redactd.name" -}}
{{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "redactd.fullname" -}}
{{- $name := include "redactd.name" . -}}
{{- if .Values.fullnameOverride -}}
{{ .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains $name .Release.Name -}}
{{ .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "redactd.selector" -}}
app.kubernetes.io/name: {{ include "redactd.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "redactd.labels" -}}
{{ include "redactd.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "redactd.maskKeySecret" -}}
{{- if and .Values.maskKey.create .Values.maskKey.existingSecret -}}
{{- fail "maskKey: give existingSecret or create, not both" -}}
{{- end -}}
{{- if .Values.maskKey.create -}}
{{ include "redactd.fullname" . }}-mask-key
{{- else -}}
{{ .Values.maskKey.existingSecret }}
{{- end -}}
{{- end }}

{{- /* redactd.yaml: the configuration of the values, with what the other values add to it. */ -}}
{{- define "redactd.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- if .Values.rules -}}
{{- $rules := deepCopy ($config.rules | default dict) -}}
{{- $_ := set $rules "files" (concat ($rules.files | default list) (keys .Values.rules | sortAlpha)) -}}
{{- $_ := set $config "rules" $rules -}}
{{- end -}}
{{- if include "redactd.maskKeySecret" . -}}
{{- if $config.mask_key -}}{{- fail "config.mask_key and maskKey: give one of them" -}}{{- end -}}
{{- $_ := set $config "mask_key" (dict "id" .Values.maskKey.id "file" "/etc/redactd/mask.key") -}}
{{- end -}}
{{- if .Values.adminToken.existingSecret -}}
{{- $_ := set $config.admin "token" "${file:/etc/redactd/admin.token}" -}}
{{- end -}}
{{- if eq .Values.reload "live" -}}
{{- $_ := set $config "reload_on_change" true -}}
{{- end -}}
{{- toYaml $config -}}
{{- end }}

{{- /* All that lies in /etc/redactd, in one volume: what changes, changes at once. */ -}}
{{- define "redactd.configVolume" -}}
{{- if or (include "redactd.maskKeySecret" .) .Values.tls.existingSecret .Values.adminToken.existingSecret -}}
projected:
  defaultMode: 0440
  sources:
    - configMap: {name: {{ include "redactd.fullname" . }}}
    {{- with include "redactd.maskKeySecret" . }}
    - secret: {name: {{ . }}, items: [{key: key, path: mask.key}]}
    {{- end }}
    {{- with .Values.tls.existingSecret }}
    - secret: {name: {{ . }}}
    {{- end }}
    {{- with .Values.adminToken.existingSecret }}
    - secret: {name: {{ . }}, items: [{key: {{ $.Values.adminToken.key }}, path: admin.token}]}
    {{- end }}
{{- else -}}
configMap: {name: {{ include "redactd.fullname" . }}}
{{- end -}}
{{- end }}

{{- define "redactd.adminScheme" -}}
{{- if hasPrefix "tls://" .Values.config.admin.listen }}HTTPS{{ else }}HTTP{{ end }}
{{- end }}

{{- define "redactd.adminPort" -}}
{{- regexFind "[0-9]+$" .Values.config.admin.listen -}}
{{- end }}

{{- /* How Prometheus asks: for both kinds of monitor. */ -}}
{{- define "redactd.endpoint" -}}
port: admin
path: /metrics
{{- with .Values.monitor.interval }}
interval: {{ . }}
{{- end }}
{{- if eq (include "redactd.adminScheme" .) "HTTPS" }}
scheme: https
{{- with .Values.tls.existingSecret }}
tlsConfig:
  ca: {secret: {name: {{ . }}, key: ca.crt}}
  serverName: {{ include "redactd.fullname" $ }}.{{ $.Release.Namespace }}.svc
{{- end }}
{{- end }}
{{- with .Values.adminToken.existingSecret }}
authorization:
  credentials: {name: {{ . }}, key: {{ $.Values.adminToken.key }}}
{{- end }}
{{- end }}
