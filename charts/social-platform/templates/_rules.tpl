{{- /*
What the operator does where platforms are, and nothing else. Every kind of object of a platform is listed and watched.
Server-side apply is a patch; that which makes an object needs create too.
*/ -}}
{{- define "operator.rules" -}}
- apiGroups: [socialplatform.dev]
  resources: [socialplatforms]
  verbs: [list, watch]
- apiGroups: [socialplatform.dev]
  resources: [socialplatforms/status]
  verbs: [patch]
# The schedule creates them, and deletes those that are too old.
- apiGroups: [socialplatform.dev]
  resources: [socialplatformbackups]
  verbs: [list, watch, create, delete]
- apiGroups: [socialplatform.dev]
  resources: [socialplatformbackups/status]
  verbs: [patch]
# Generated ones are its own; those that a spec refers to are read by name.
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, list, watch, create, patch, delete]
# Get is for private certificate authorities: a spec refers to theirs by name.
- apiGroups: [""]
  resources: [configmaps]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [""]
  resources: [serviceaccounts, services]
  verbs: [list, watch, create, patch, delete]
# Volumes are never deleted: their owner is, or a person does it.
- apiGroups: [""]
  resources: [persistentvolumeclaims]
  verbs: [list, watch, create, patch]
# The last words of a migration or a restore that failed, and of a backup.
- apiGroups: [""]
  resources: [pods]
  verbs: [list]
- apiGroups: [apps]
  resources: [deployments]
  verbs: [list, watch, create, patch, delete]
- apiGroups: [autoscaling]
  resources: [horizontalpodautoscalers]
  verbs: [list, watch, create, patch, delete]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [list, watch, create, patch, delete]
- apiGroups: [batch]
  resources: [jobs]
  verbs: [list, watch, create, patch, delete]
- apiGroups: [networking.k8s.io]
  resources: [ingresses, networkpolicies]
  verbs: [list, watch, create, patch, delete]
- apiGroups: [gateway.networking.k8s.io]
  resources: [httproutes]
  verbs: [list, watch, create, patch, delete]
# Where cert-manager is, and a platform has its certificate of it.
- apiGroups: [cert-manager.io]
  resources: [certificates]
  verbs: [list, watch, create, patch, delete]
# Where CloudNativePG is, and a platform asks for a database of it. Like volumes, it is never deleted by the operator.
- apiGroups: [postgresql.cnpg.io]
  resources: [clusters]
  verbs: [list, watch, create, patch]
# Where the Prometheus operator is, and a platform asks for alerts or ServiceMonitors.
- apiGroups: [monitoring.coreos.com]
  resources: [prometheusrules, servicemonitors]
  verbs: [list, watch, create, patch, delete]
# One that comes again is counted in the event that is there.
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end }}
