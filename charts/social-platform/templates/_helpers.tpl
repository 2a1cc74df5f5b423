{{- /* The name of every object of the operator. Helm lets a release's name have 53 characters, so 62 at the most. */ -}}
{{- define "operator.name" -}}
{{ .Release.Name }}-operator
{{- end }}

{{- /* Not social-platform: by that name the NetworkPolicies of platforms select their pods. */ -}}
{{- define "operator.selector" -}}
app.kubernetes.io/name: social-platform-operator
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- /* Of the pod of `helm test`, which is none of the operator's. */ -}}
{{- define "operator.test" -}}
app.kubernetes.io/name: social-platform-operator-test
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "operator.labels" -}}
{{ include "operator.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "operator.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end }}
{{- end }}

{{- /* The watched namespaces as a JSON list, if it is not all of them. */ -}}
{{- define "operator.namespaces" -}}
{{ .Values.watchNamespaces | default (list .Release.Namespace) | toJson }}
{{- end }}

{{- define "operator.subjects" -}}
- kind: ServiceAccount
  name: {{ include "operator.name" . }}
  namespace: {{ .Release.Namespace }}
{{- end }}
